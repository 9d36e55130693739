/*
 * test_trade.c
 *	  Orders meet: price and time, limits, time in force, self-trade prevention,
 *	  seen from the engine's outside.
 */
#include "unit_engine.h"

static void
priority(TpUnit *u)
{
	TpOrderState state;

	tradepost_unit_open(u, "price, then time");
	tradepost_unit_place(u, 1, 10, TP_SELL, 5, 101);
	tradepost_unit_place(u, 2, 10, TP_SELL, 5, 100);
	tradepost_unit_place(u, 3, 11, TP_SELL, 5, 100);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 4, 12, TP_BUY, 2, 101);
	tradepost_unit_expect(u, "the best price first, at the maker's price", "accepted 4 buy 2 @101; trade 4 2 2 @100");
	tradepost_unit_place(u, 5, 12, TP_BUY, 9, 101);
	tradepost_unit_expect(u, "a partly filled maker keeps its place",
						  "accepted 5 buy 9 @101; trade 5 2 3 @100; trade 5 3 5 @100; trade 5 1 1 @101");
	tradepost_unit_place(u, 6, 12, TP_BUY, 9, 100.99);
	tradepost_unit_expect(u, "no order trades past its limit", "accepted 6 buy 9 @100.99");
	tradepost_unit_expect_book(u, WHEAT, "what remains rests", "100.99 x 9 (1) | 101 x 4 (1)");
	tradepost_unit_place(u, 7, 13, TP_SELL, 20, 100);
	tradepost_unit_expect(u, "sells mirror it", "accepted 7 sell 20 @100; trade 7 6 9 @100.99");
	tradepost_unit_ok(u,
					  tradepost_engine_order(u->engine, 7, &state) && state.status == TP_ORDER_PARTIALLY_FILLED &&
						  state.filled == 9 * TRADEPOST_ONE && state.quantity == 20 * TRADEPOST_ONE,
					  "and rest partly filled");
	tradepost_unit_ok(u, tradepost_engine_instrument(u->engine, WHEAT)->last_price == tradepost_unit_units(100.99),
					  "the last price is the last trade's");
}

static void
time_in_force(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(3, 12, TP_BUY, 8, 100);
	TpOrderState state;

	tradepost_unit_open(u, "time in force");
	tradepost_unit_place(u, 1, 10, TP_SELL, 5, 100);
	tradepost_unit_place(u, 2, 10, TP_SELL, 5, 101);
	tradepost_unit_skip(u);
	c.time_in_force = TP_IOC;
	tradepost_unit_apply(u, c);
	tradepost_engine_order(u->engine, 3, &state);
	tradepost_unit_ok(u,
					  state.status == TP_ORDER_CANCELLED && state.reason == TP_REASON_IOC &&
						  state.quantity == 8 * TRADEPOST_ONE && state.filled == 5 * TRADEPOST_ONE,
					  "a cancelled order keeps its quantity");
	tradepost_unit_expect(u, "the rest of an IOC is cancelled",
						  "accepted 3 buy 8 @100; trade 3 1 5 @100; cancelled 3 buy 3 @100 ioc");
	c = tradepost_unit_order(4, 12, TP_BUY, 6, 101);
	c.time_in_force = TP_FOK;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "FOK: not in part", "rejected 4 buy 6 @101 fill");
	c.id = 5;
	c.quantity = 5 * TRADEPOST_ONE;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "FOK: all", "accepted 5 buy 5 @101; trade 5 2 5 @101");
}

static void
market_orders(TpUnit *u)
{
	tradepost_unit_open(u, "market orders");
	tradepost_unit_place(u, 1, 10, TP_SELL, 5, 149);
	tradepost_unit_mark(u, WHEAT, 110);
	tradepost_unit_place(u, 2, 10, TP_SELL, 5, 155);
	tradepost_unit_mark(u, WHEAT, 100);
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, tradepost_unit_market(3, 11, TP_BUY, 8));
	tradepost_unit_expect(u, "bounded by the band, the rest is cancelled",
						  "accepted 3 buy 8; trade 3 1 5 @149; cancelled 3 buy 3 unfilled");
	tradepost_unit_expect_book(u, WHEAT, "it never rests", " | 155 x 5 (1)");
}

/* Account 10 sells 2 at 100 (ids 1), 11 sells 3 at 100 (2), 10 sells 2 at 101 (3); then 10 buys. */
static void
meet_oneself(TpUnit *u, TpStp stp, double quantity, const char *what, const char *events, const char *book)
{
	TpCommand c = tradepost_unit_order(4, 10, TP_BUY, quantity, 101);

	tradepost_unit_open(u, what);
	tradepost_unit_place(u, 1, 10, TP_SELL, 2, 100);
	tradepost_unit_place(u, 2, 11, TP_SELL, 3, 100);
	tradepost_unit_place(u, 3, 10, TP_SELL, 2, 101);
	tradepost_unit_skip(u);
	c.stp = (uint8_t) stp;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, what, events);
	tradepost_unit_expect_book(u, WHEAT, "the book afterwards", book);
}

static void
self_trades(TpUnit *u)
{
	TpOrderState state;

	meet_oneself(u, TP_STP_CANCEL_TAKER, 6, "cancel taker", "accepted 4 buy 6 @101; cancelled 4 buy 6 @101 self",
				 " | 100 x 5 (2), 101 x 2 (1)");
	meet_oneself(u, TP_STP_CANCEL_MAKER, 6, "cancel maker",
				 "accepted 4 buy 6 @101; cancelled 1 sell 2 @100 self; trade 4 2 3 @100; cancelled 3 sell 2 @101 self",
				 "101 x 3 (1) | ");
	meet_oneself(u, TP_STP_CANCEL_BOTH, 6, "cancel both",
				 "accepted 4 buy 6 @101; cancelled 1 sell 2 @100 self; cancelled 4 buy 6 @101 self",
				 " | 100 x 3 (1), 101 x 2 (1)");
	meet_oneself(u, TP_STP_DECREMENT, 6, "decrement",
				 "accepted 4 buy 6 @101; cancelled 1 sell 2 @100 self; decremented 4 buy 2 @101 self; "
				 "trade 4 2 3 @100; decremented 3 sell 1 @101 self; cancelled 4 buy 1 @101 self",
				 " | 101 x 1 (1)");
	tradepost_engine_order(u->engine, 3, &state);
	tradepost_unit_ok(u, state.quantity == TRADEPOST_ONE && state.filled == 0, "a decrement is no fill");
	meet_oneself(u, TP_STP_DECREMENT, 2, "decrement, both gone",
				 "accepted 4 buy 2 @101; cancelled 1 sell 2 @100 self; cancelled 4 buy 2 @101 self",
				 " | 100 x 3 (1), 101 x 2 (1)");
	meet_oneself(u, TP_STP_NONE, 6, "none",
				 "accepted 4 buy 6 @101; trade 4 1 2 @100; trade 4 2 3 @100; trade 4 3 1 @101", " | 101 x 1 (1)");
}

/* 11 sells 3 at 100, then 10 sells 2 at 100 and 11 sells 3 at 101; then 10 fills or kills. */
static void
fok_and_oneself(TpUnit *u, TpStp stp, double quantity, const char *what, const char *events)
{
	TpCommand c = tradepost_unit_order(4, 10, TP_BUY, quantity, 101);

	tradepost_unit_open(u, what);
	tradepost_unit_place(u, 1, 11, TP_SELL, 3, 100);
	tradepost_unit_place(u, 2, 10, TP_SELL, 2, 100);
	tradepost_unit_place(u, 3, 11, TP_SELL, 3, 101);
	tradepost_unit_skip(u);
	c.stp = (uint8_t) stp;
	c.time_in_force = TP_FOK;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, what, events);
}

static void
fill_or_kill_and_self(TpUnit *u)
{
	fok_and_oneself(u, TP_STP_CANCEL_TAKER, 4, "cancel taker ends the count", "rejected 4 buy 4 @101 fill");
	fok_and_oneself(u, TP_STP_CANCEL_BOTH, 4, "so does cancel both", "rejected 4 buy 4 @101 fill");
	fok_and_oneself(u, TP_STP_DECREMENT, 4, "and decrement", "rejected 4 buy 4 @101 fill");
	fok_and_oneself(u, TP_STP_CANCEL_TAKER, 3, "what comes before counts", "accepted 4 buy 3 @101; trade 4 1 3 @100");
	fok_and_oneself(u, TP_STP_CANCEL_MAKER, 6, "cancel maker skips its own",
					"accepted 4 buy 6 @101; trade 4 1 3 @100; cancelled 2 sell 2 @100 self; trade 4 3 3 @101");
	fok_and_oneself(u, TP_STP_CANCEL_MAKER, 7, "and cancels none if it cannot fill", "rejected 4 buy 7 @101 fill");
	tradepost_unit_expect_book(u, WHEAT, "they stand", " | 100 x 5 (2), 101 x 3 (1)");
	fok_and_oneself(u, TP_STP_NONE, 8, "none counts them",
					"accepted 4 buy 8 @101; trade 4 1 3 @100; trade 4 2 2 @100; trade 4 3 3 @101");
}

static void
last_trade(TpUnit *u)
{
	const TpInstrument *wheat;
	const TpEvent *events;

	tradepost_unit_open(u, "the instrument's last trade");
	wheat = tradepost_engine_instrument(u->engine, WHEAT);
	tradepost_unit_ok(u, wheat->last_price == 0 && wheat->last_trade_seq == 0, "none yet");
	tradepost_unit_place(u, 1, 10, TP_SELL, 5, 100);
	tradepost_unit_place(u, 2, 11, TP_BUY, 5, 100);
	tradepost_engine_events(u->engine, &events);
	tradepost_unit_ok(u, wheat->last_trade_seq == events[2].seq && events[2].kind == TP_EV_TRADE,
					  "its seq is the trade's");
	tradepost_unit_ok(u, events[2].account == 11 && events[2].counter_account == 10 && events[2].side == TP_BUY,
					  "a trade names the taker's account and side, then the maker's");
	tradepost_unit_ok(u, events[0].decision == 1 && events[1].decision == 1 && events[2].decision == 0,
					  "one decision a command");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	priority(&unit);
	time_in_force(&unit);
	market_orders(&unit);
	self_trades(&unit);
	fill_or_kill_and_self(&unit);
	last_trade(&unit);
	return tradepost_unit_done(&unit);
}
