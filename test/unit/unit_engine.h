/*
 * unit_engine.h
 *	  What the engine's unit tests share: a small exchange, and expectations
 *	  written as text.
 *
 * A test gives commands and says in one line what must come out:
 *
 *		tradepost_unit_place(u, 1, 10, TP_SELL, 5, 100);
 *		tradepost_unit_place(u, 2, 11, TP_BUY, 5, 101);
 *		tradepost_unit_expect(u, "a trade is at the maker's price",
 *							  "accepted 1 sell 5 @100; accepted 2 buy 5 @101; trade 2 1 5 @100");
 *
 * After each expectation the engine's memory is checked for consistency too.  Quantities and
 * prices are whole numbers or doubles that 1e-8 divides.
 */
#ifndef TRADEPOST_UNIT_ENGINE_H
#define TRADEPOST_UNIT_ENGINE_H

#include "engine.h"
#include "tap.h"

#define SPOT 1  /* EUR for USD; tick 0.01, lot 1 */
#define WHEAT 2 /* a contract of 1; margins 10 long, 12 short, 6 and 8 to maintain */
#define OIL 3   /* a contract of 10 that may go below zero */
#define USD 1
#define EUR 2
#define HOUSE 1
#define INSURANCE 2
#define OUTSIDE 3
#define HALF_PERCENT 500000 /* of 1e8 */

typedef struct TpUnit
{
	TpTap tap;
	TpEngine *engine;
	int64_t now;
	int64_t last_id; /* of commands that are no orders: from 1000 */
	size_t seen;     /* events that were expected already */
} TpUnit;

/* A new exchange: accounts 10 to 14 have 1,000,000 USD and 10,000 EUR each; everything is at 100. */
extern void tradepost_unit_open(TpUnit *unit, const char *title);

/* Prints the plan; the program's exit status. */
extern int tradepost_unit_done(TpUnit *unit);

extern int64_t tradepost_unit_units(double amount);

/* Without side effects: a good-till-cancelled limit order, to be changed before it is sent. */
extern TpCommand tradepost_unit_order(int64_t id, int64_t account, TpSide side, double quantity, double price);
extern TpCommand tradepost_unit_market(int64_t id, int64_t account, TpSide side, double quantity);

/* TP_STOP or TP_TAKE_PROFIT; a stop limit is made of one. */
extern TpCommand
tradepost_unit_stop(int64_t id, int64_t account, TpOrderType type, TpSide side, double quantity, double stop_price);

/* In the instrument WHEAT unless the command says otherwise. */
extern void tradepost_unit_apply(TpUnit *unit, TpCommand command);
extern void tradepost_unit_place(TpUnit *unit, int64_t id, int64_t account, TpSide side, double quantity, double price);
extern void tradepost_unit_place_in(TpUnit *unit, int32_t instrument, int64_t id, int64_t account, TpSide side,
									double quantity, double price);
extern void tradepost_unit_cancel(TpUnit *unit, int64_t id, int64_t account);

/* A negative price or quantity stays as it is. */
extern void tradepost_unit_amend(TpUnit *unit, int64_t id, int64_t account, double quantity, double price);
extern void tradepost_unit_mark(TpUnit *unit, int32_t instrument, double price);
extern void tradepost_unit_simple(TpUnit *unit, TpCommandKind kind, int32_t instrument);
extern void tradepost_unit_transfer(TpUnit *unit, TpCommandKind kind, int64_t account, int32_t asset, double amount);

/* Time passes, and a sweep sees it. */
extern void tradepost_unit_sweep_at(TpUnit *unit, int64_t now);

/* One more contract, like WHEAT but for what `change` does. */
extern void tradepost_unit_list(TpUnit *unit, int32_t instrument, void (*change)(TpInstrument *));

/* Another specification for an instrument. */
extern void tradepost_unit_respecify(TpUnit *unit, int32_t instrument, void (*change)(TpInstrument *));

/* Exactly these events since the last expectation. */
extern void tradepost_unit_expect(TpUnit *unit, const char *what, const char *events);

/* Whatever came is not looked at. */
extern void tradepost_unit_skip(TpUnit *unit);

/* "bid price x quantity (orders), ... | ask ..." */
extern void tradepost_unit_expect_book(TpUnit *unit, int32_t instrument, const char *what, const char *book);

extern void tradepost_unit_ok(TpUnit *unit, bool fine, const char *what);

/* An order that the engine knows, open or closed in this batch. */
extern TpOrderState tradepost_unit_state(TpUnit *unit, int64_t id);

/* Applies a place and expects it to be rejected with this reason. */
extern void tradepost_unit_refused(TpUnit *unit, TpCommand command, TpReason reason, const char *what);
extern void tradepost_unit_is(TpUnit *unit, double got, double expected, const char *what);

extern double tradepost_unit_total(TpUnit *unit, int64_t account, int32_t asset);
extern double tradepost_unit_reserved(TpUnit *unit, int64_t account, int32_t asset);
extern double tradepost_unit_free(TpUnit *unit, int64_t account, int32_t asset);
extern double tradepost_unit_position(TpUnit *unit, int64_t account, int32_t instrument);

#endif
