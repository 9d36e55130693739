/*
 * engine_state.h
 *	  What the files behind engine.h share: the engine's memory, and the verbs by
 *	  which they change it.  Nobody else includes this, the consistency check of the tests
 *	  excepted.
 *
 * Each kind of state has one file that changes it:
 *	  order.c		an order's life: open, resting, closed, and what it reserves
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
	bool dirty;
	bool stored;
} TpOrder;

typedef struct TpNamedOrder
{
	int64_t id; /* what it is sorted by: its id or rank */
	uint32_t order;
} TpNamedOrder;

struct TpEngine
{
	TpOrders orders;
	TpSlab details; /* TpOrder */
	size_t n_open;
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
tp_rests(const TpEngine *engine, uint32_t order)
{
	return tp_order(engine, order)->level != TP_NONE;
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
extern void tradepost_order_lift(TpEngine *engine, uint32_t order);               /* out of the book, to trade again */
extern void tradepost_order_reduce(TpEngine *engine, uint32_t order, int64_t by); /* a resting one */
extern int64_t tradepost_order_fill(TpEngine *engine, uint32_t order, int64_t quantity, int64_t price,
									bool as_maker); /* its commission */
extern void tradepost_order_close(TpEngine *engine, uint32_t order, TpOrderStatus status, TpReason reason);
extern TpEvent *tradepost_order_cancel(TpEngine *engine, uint32_t order, TpReason reason);
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
extern void tradepost_liquidate(TpEngine *engine, TpMarket *market);

#endif
