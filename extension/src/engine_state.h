/*
 * engine_state.h
 *	  What the files behind engine.h share: the engine's memory, and the verbs by
 *	  which they change it.  Nobody else includes this, the consistency check of the tests
 *	  excepted.
 *
 * Each kind of state has one file that changes it:
 *	  order.c		an order's life: open, resting, closed, and what it reserves
 *	  trigger.c		where untriggered orders wait, and what fires them
 *	  link.c		pairs, parents and children
 *	  settle.c		money and positions
 *	  batch.c		events, and the lists of what changed
 * and the commands are sentences of those verbs: accept.c, amend.c, cancel.c,
 * market.c, liquidation.c, with execute.c as the one loop in which orders trade.
 */
#ifndef TRADEPOST_ENGINE_STATE_H
#define TRADEPOST_ENGINE_STATE_H

#include "account.h"
#include "engine.h"
#include "lifetime.h"
#include "match.h"
#include "risk.h"
#include "vec.h"

/* The cold side of an order: same handle as its TpBookOrder. */
typedef struct TpOrder
{
	TpOrderState state;
	TpHolding *holding; /* NULL: rejected before it had one */
	tp_int128 reserved; /* its part of the balance's, while it rests */
	uint32_t previous;  /* among the holding's open orders */
	uint32_t next;
	uint64_t hash; /* its part of the checksum */
	uint32_t tie;  /* to other orders, of link.c; TP_NONE: none */
	bool dirty;
	bool stored;
} TpOrder;

/* What an order is tied to, if anything; all are orders.  link.c alone changes them. */
typedef struct TpTie
{
	uint32_t partner;
	uint32_t parent; /* TP_NONE: it has none, or none yet, or stands alone */
	uint32_t first_child;
	uint32_t previous; /* siblings */
	uint32_t next;
	bool awaits; /* its parent has not come */
} TpTie;

/* An order whose turn to trigger comes. */
typedef struct TpDue
{
	uint32_t order;
	int64_t rank;
	int64_t price; /* the last trade's, that fired it */
} TpDue;

typedef struct TpNamedOrder
{
	int64_t id; /* what it is sorted by: its id or rank */
	uint32_t order;
} TpNamedOrder;

struct TpEngine
{
	TpOrders orders;
	TpSlab details;   /* TpOrder */
	size_t n_open;    /* with the untriggered */
	size_t n_waiting; /* the untriggered */
	TpSlab ties;      /* link.c */
	TpKeymap awaited; /* by the id of a parent to come: its first child */
	size_t n_orphans; /* children of parents to come */
	TpVec due;        /* TpDue: trigger.c's list, empty between commands */
	size_t due_next;
	TpAccounts accounts;
	TpSlab markets;
	TpKeymap by_instrument;
	TpLifetime lifetime;
	int64_t seq;
	uint64_t checksum;

	/* The command at work. */
	const TpCommand *command;
	int64_t now;

	/* The batch. */
	TpVec events;         /* TpEvent */
	TpVec closed;         /* uint32_t: orders to be forgotten */
	TpVec dirty_orders;   /* uint32_t */
	TpVec dirty_balances; /* TpBalance * */
	TpVec dirty_holdings; /* TpHolding * */
	TpVec dirty_markets;  /* TpMarket * */
	TpVec out_orders;     /* what the host was shown of them */
	TpVec out_balances;
	TpVec out_positions;
	TpVec out_instruments;

	TpVec loading; /* TpNamedOrder by rank: loaded orders that do not stand yet */
};

static inline TpOrder *
tp_details(const TpEngine *engine, uint32_t order)
{
	return tp_slab_at(&engine->details, order);
}

static inline TpBookOrder *
tp_order(const TpEngine *engine, uint32_t order)
{
	return tp_order_at(&engine->orders, order);
}

static inline bool
tp_waits(const TpEngine *engine, uint32_t order)
{
	return tp_details(engine, order)->state.status == TP_ORDER_UNTRIGGERED;
}

/* Not closed, and no taker at work: it rests or waits. */
static inline bool
tp_stands(const TpEngine *engine, uint32_t order)
{
	return tp_order(engine, order)->level != TP_NONE || tp_waits(engine, order);
}

/* In the order book. */
static inline bool
tp_rests(const TpEngine *engine, uint32_t order)
{
	return tp_order(engine, order)->level != TP_NONE && !tp_waits(engine, order);
}

static inline bool
tp_is_triggered_kind(uint8_t type)
{
	return type >= TP_STOP && type <= TP_TAKE_PROFIT;
}

/* Those whose limit is the band's edge, and that never rest. */
static inline bool
tp_is_market_kind(uint8_t type)
{
	return type == TP_MARKET || type == TP_STOP || type == TP_TAKE_PROFIT;
}

/* market.c */
extern TpMarket *tradepost_market_find(const TpEngine *engine, int32_t instrument);
extern void tradepost_market_list(TpEngine *engine);
extern void tradepost_market_set_status(TpEngine *engine, TpInstrumentStatus status);
extern void tradepost_market_mark(TpEngine *engine);
extern void tradepost_market_settle(TpEngine *engine);
extern void tradepost_market_destroy_all(TpEngine *engine);
extern void tradepost_market_set_mark(TpMarket *market, int64_t mark);
extern bool tradepost_market_quantity_ok(const TpMarket *market, int64_t quantity);
extern bool tradepost_market_price_ok(const TpMarket *market, int64_t price);
extern bool tradepost_market_in_band(const TpMarket *market, int64_t price);

/*
 * batch.c.  An event's address is good until the next one.  The emit_ functions fill in
 * what the fields table of engine.h says.
 */
extern TpEvent *tradepost_emit(TpEngine *engine, TpEventKind kind);
extern TpEvent *
tradepost_emit_order(TpEngine *engine, TpEventKind kind, uint32_t order, int64_t quantity, TpReason reason);
extern TpEvent *tradepost_emit_market(TpEngine *engine, TpEventKind kind, const TpMarket *market);
extern TpEvent *tradepost_reject(TpEngine *engine, TpReason reason);
extern void tradepost_list_order(TpEngine *engine, uint32_t order); /* without the time: loading */
extern void tradepost_touch_order(TpEngine *engine, uint32_t order);
extern void tradepost_touch_balance(TpEngine *engine, TpBalance *balance);
extern void tradepost_touch_holding(TpEngine *engine, TpHolding *holding);
extern void tradepost_touch_market(TpEngine *engine, TpMarket *market);

/* checksum.c: count in what changed, forget that it did. */
extern void tradepost_checksum_update(TpEngine *engine);

/* order.c */
extern uint32_t tradepost_order_new(TpEngine *engine, const TpOrderState *state, TpHolding *holding);
extern uint32_t tradepost_order_find_own(const TpEngine *engine); /* the command's: open, and its account's */
extern void tradepost_order_rest(TpEngine *engine, uint32_t order);
extern void tradepost_order_lift(TpEngine *engine, uint32_t order); /* out of the book, to trade again */
extern void tradepost_order_wait(TpEngine *engine, uint32_t order); /* an untriggered one */
extern void tradepost_order_wake(TpEngine *engine, uint32_t order);
extern void tradepost_order_reduce(TpEngine *engine, uint32_t order, int64_t by); /* a resting one */
extern int64_t tradepost_order_fill(TpEngine *engine, uint32_t order, int64_t quantity, int64_t price,
									bool as_maker); /* its commission */
extern void tradepost_order_close(TpEngine *engine, uint32_t order, TpOrderStatus status, TpReason reason);
extern void tradepost_order_cancel(TpEngine *engine, uint32_t order, TpReason reason, bool decision);
extern TpTerms tradepost_order_terms(const TpEngine *engine, uint32_t order);

/* settle.c */
extern void tradepost_settle_pay(TpEngine *engine, TpBalance *from, TpBalance *to, tp_int128 amount);
extern void tradepost_settle_trade(TpEngine *engine, TpMarket *market, TpHolding *buyer, TpHolding *seller,
								   int64_t quantity, int64_t price);
extern void tradepost_settle_move(TpEngine *engine, TpHolding *holding, int64_t by);
extern TpVec tradepost_settle_holders(const TpMarket *market); /* TpHolding *, by account; to be freed */
extern void tradepost_settle_instrument(TpEngine *engine, TpMarket *market, int64_t price, bool decision);

/* execute.c */
extern void tradepost_execute(TpEngine *engine, uint32_t order);
extern int64_t
tradepost_execute_close_out(TpEngine *engine, TpMarket *market, TpHolding *holding, TpSide side, int64_t quantity);
extern void tradepost_expire_due(TpEngine *engine);

/*
 * trigger.c.  file and unfile: where an untriggered order waits, by its rank and
 * stop_price.  arm: dormant no more.  run: after an order is done.
 */
extern void tradepost_trigger_init(TpMarket *market, TpOrders *pool);
extern void tradepost_trigger_file(TpEngine *engine, uint32_t order);
extern void tradepost_trigger_unfile(TpEngine *engine, uint32_t order);
extern void tradepost_trigger_reduce(TpEngine *engine, uint32_t order, int64_t by);
extern void tradepost_trigger_arm(TpEngine *engine, uint32_t order);
extern bool tradepost_trigger_holds(const TpMarket *market, TpSide side, TpOrderType type, int64_t stop_price);
extern void tradepost_trigger_run(TpEngine *engine, TpMarket *market);

static inline void
tp_trigger(TpEngine *engine, TpMarket *market)
{
	if (market->spec.last_price >= market->rises_at || market->spec.last_price <= market->falls_at)
		tradepost_trigger_run(engine, market);
}

/*
 * link.c.  traded, ended, triggers: of an order that has a tie, after the event that
 * says so (triggers: before).  They cancel others, and say that of those.
 */
extern void tradepost_link_init(TpEngine *engine);
extern void tradepost_link_destroy(TpEngine *engine);
extern bool tradepost_link_allows(const TpEngine *engine, const TpCommand *command);
extern int64_t tradepost_link_expires_at(const TpEngine *engine, uint32_t order); /* it, or its partner */
extern void tradepost_link_placed(TpEngine *engine, uint32_t order);
extern void tradepost_link_refused(TpEngine *engine, int64_t id);
extern void tradepost_link_loaded(TpEngine *engine, uint32_t order);
extern void tradepost_link_traded(TpEngine *engine, uint32_t order);
extern void tradepost_link_ended(TpEngine *engine, uint32_t order);
extern void tradepost_link_triggers(TpEngine *engine, uint32_t order);

/* accept.c */
typedef struct TpPlan
{
	TpMarket *market;
	TpHolding *holding; /* NULL: none yet */
	TpTaker taker;
} TpPlan;

extern TpReason tradepost_accept_terms(const TpEngine *engine, const TpCommand *command, int64_t now, TpPlan *plan);
extern TpReason tradepost_accept_meeting(const TpCommand *command, bool meets, bool fills);
extern TpRiskAnswer tradepost_accept_risk(const TpEngine *engine, const TpCommand *command, const TpPlan *plan);
extern void tradepost_accept(TpEngine *engine);
extern void tradepost_accept_poisoned(TpEngine *engine);

/* amend.c, cancel.c (instrument 0: all), liquidation.c */
extern void tradepost_amend(TpEngine *engine);
extern void tradepost_cancel(TpEngine *engine);
extern void tradepost_cancel_all(TpEngine *engine);
extern void tradepost_cancel_account(TpEngine *engine, int64_t account, int32_t instrument, TpReason reason);
extern void tradepost_cancel_market(TpEngine *engine, TpMarket *market, TpReason reason);
extern void tradepost_note_order(const TpEngine *engine, TpVec *list, uint32_t order); /* TpNamedOrder */
extern void tradepost_cancel_noted(TpEngine *engine, TpVec *list, TpReason reason);    /* frees the list */
extern void tradepost_sort_named(TpVec *list);
extern void tradepost_liquidate(TpEngine *engine, TpMarket *market);

#endif
