/*
 * test_amend.c
 *	  Amend, cancel and cancel all.
 */
#include "unit_engine.h"

static void
places(TpUnit *u)
{
	tradepost_unit_open(u, "an amended order's place");
	tradepost_unit_place(u, 1, 10, TP_BUY, 5, 99);
	tradepost_unit_place(u, 2, 11, TP_BUY, 5, 99);
	tradepost_unit_skip(u);
	tradepost_unit_amend(u, 1, 10, 3, -1);
	tradepost_unit_place(u, 3, 12, TP_SELL, 4, 99);
	tradepost_unit_expect(u, "less at the same price keeps it",
						  "amended 1 buy 3 @99; accepted 3 sell 4 @99; trade 3 1 3 @99; trade 3 2 1 @99");
	tradepost_unit_place(u, 4, 10, TP_BUY, 5, 99);
	tradepost_unit_amend(u, 2, 11, 6, 99);
	tradepost_unit_place(u, 5, 12, TP_SELL, 1, 99);
	tradepost_unit_expect(u, "more goes to the back",
						  "accepted 4 buy 5 @99; amended 2 buy 6 @99; accepted 5 sell 1 @99; trade 5 4 1 @99");
	tradepost_unit_amend(u, 4, 10, -1, 98);
	tradepost_unit_expect_book(u, WHEAT, "a new price moves it, with what is filled", "99 x 5 (1), 98 x 4 (1) | ");
	tradepost_unit_expect(u, "its quantity is the total", "amended 4 buy 5 @98");
	tradepost_unit_amend(u, 4, 10, -1, -1);
	tradepost_unit_place(u, 6, 13, TP_BUY, 1, 98);
	tradepost_unit_amend(u, 4, 10, 5, 98);
	tradepost_unit_place(u, 7, 12, TP_SELL, 9, 98);
	tradepost_unit_expect(u, "nothing new is no harm: it keeps its place",
						  "amended 4 buy 5 @98; accepted 6 buy 1 @98; amended 4 buy 5 @98; accepted 7 sell 9 @98; "
						  "trade 7 2 5 @99; trade 7 4 4 @98");
}

static void
crossing(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(1, 10, TP_BUY, 5, 99);
	TpOrderState state;

	tradepost_unit_open(u, "an amend that crosses");
	c.maker_rate = HALF_PERCENT;
	c.taker_rate = 2 * HALF_PERCENT;
	tradepost_unit_apply(u, c);
	tradepost_unit_place(u, 2, 11, TP_SELL, 2, 101);
	tradepost_unit_skip(u);
	tradepost_unit_amend(u, 1, 10, -1, 103);
	tradepost_unit_expect(u, "trades as the taker, at the maker's price and the taker's rate",
						  "amended 1 buy 5 @103; trade 1 2 2 @101 fees 2.02 0");
	tradepost_unit_expect_book(u, WHEAT, "and rests", "103 x 3 (1) | ");
	tradepost_unit_place(u, 3, 12, TP_SELL, 1, 103);
	tradepost_unit_expect(u, "later fills are the maker's", "accepted 3 sell 1 @103; trade 3 1 1 @103 fees 0 0.52");
	tradepost_engine_order(u->engine, 1, &state);
	tradepost_unit_ok(u,
					  state.maker_notional == 103 * TRADEPOST_ONE && state.taker_notional == 202 * TRADEPOST_ONE &&
						  state.filled_value == 305 * TRADEPOST_ONE && state.commission == tradepost_unit_units(2.54),
					  "notional is kept by role");
	tradepost_unit_place(u, 4, 10, TP_SELL, 5, 104);
	tradepost_unit_amend(u, 4, 10, -1, 103);
	tradepost_unit_expect(u, "self-trade prevention by the order's mode",
						  "accepted 4 sell 5 @104; amended 4 sell 5 @103; cancelled 4 sell 5 @103 self");
}

static void
below_filled(TpUnit *u)
{
	tradepost_unit_open(u, "at or below what is filled");
	tradepost_unit_place(u, 1, 10, TP_BUY, 5, 99);
	tradepost_unit_place(u, 2, 11, TP_SELL, 2, 99);
	tradepost_unit_skip(u);
	tradepost_unit_amend(u, 1, 10, 2, -1);
	tradepost_unit_expect(u, "cancels", "cancelled 1 buy 3 @99 below_filled");
	tradepost_unit_place(u, 3, 10, TP_BUY, 5, 99);
	tradepost_unit_place(u, 4, 11, TP_SELL, 2, 99);
	tradepost_unit_skip(u);
	tradepost_unit_amend(u, 3, 10, 1, 98);
	tradepost_unit_expect(u, "whatever the price", "cancelled 3 buy 3 @99 below_filled");
}

static void
failed(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(1, 10, TP_BUY, 5, 99);

	tradepost_unit_open(u, "a failed amend changes nothing");
	c.flags = TP_CMD_POST_ONLY;
	tradepost_unit_apply(u, c);
	tradepost_unit_place(u, 2, 11, TP_SELL, 5, 101);
	tradepost_unit_skip(u);
	tradepost_unit_amend(u, 1, 10, -1, 101);
	tradepost_unit_expect(u, "post-only would cross", "rejected 1 buy @101 cross");
	tradepost_unit_amend(u, 1, 10, -1, 151);
	tradepost_unit_expect(u, "outside the band", "rejected 1 buy @151 band");
	tradepost_unit_amend(u, 1, 10, 99999, -1);
	tradepost_unit_expect(u, "as much as there is margin for", "amended 1 buy 99999 @99");
	tradepost_unit_amend(u, 1, 10, -1, 100.5);
	tradepost_unit_expect(u, "beyond the funds", "rejected 1 buy @100.5 funds");
	tradepost_unit_amend(u, 1, 10, 0.5, -1);
	tradepost_unit_expect(u, "off lot", "rejected 1 buy 0.5 range");
	tradepost_unit_amend(u, 1, 10, 0, -1);
	tradepost_unit_expect(u, "nothing", "rejected 1 buy 0 range");
	tradepost_unit_amend(u, 1, 11, 1, -1);
	tradepost_unit_expect(u, "another's order", "rejected 1 1 unknown");
	tradepost_unit_amend(u, 77, 11, 1, -1);
	tradepost_unit_expect(u, "no order", "rejected 77 1 unknown");
	tradepost_unit_expect_book(u, WHEAT, "the book is what it was", "99 x 99999 (1) | 101 x 5 (1)");
	tradepost_unit_mark(u, WHEAT, 115);
	tradepost_unit_mark(u, WHEAT, 140);
	tradepost_unit_mark(u, WHEAT, 150);
	tradepost_unit_skip(u);
	tradepost_unit_amend(u, 1, 10, 100001, -1);
	tradepost_unit_expect(u, "the maximum", "rejected 1 buy 100001 range");
	tradepost_unit_amend(u, 1, 10, 90000, -1);
	tradepost_unit_amend(u, 1, 10, 95000, -1);
	tradepost_unit_expect(u, "the band is asked only when the price changes",
						  "amended 1 buy 90000 @99; amended 1 buy 95000 @99");
}

static void
halted(TpUnit *u)
{
	tradepost_unit_open(u, "in a halted instrument");
	tradepost_unit_place(u, 1, 10, TP_BUY, 5, 99);
	tradepost_unit_simple(u, TP_CMD_HALT, WHEAT);
	tradepost_unit_skip(u);
	tradepost_unit_amend(u, 1, 10, 6, -1);
	tradepost_unit_expect(u, "no more", "rejected 1 buy 6 halted");
	tradepost_unit_amend(u, 1, 10, 3, 98);
	tradepost_unit_expect(u, "no other price", "rejected 1 buy 3 @98 halted");
	tradepost_unit_amend(u, 1, 10, 4, 99);
	tradepost_unit_expect(u, "less is allowed", "amended 1 buy 4 @99");
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_expect(u, "and cancelling", "cancelled 1 buy 4 @99 requested");
}

static void
cancels(TpUnit *u)
{
	tradepost_unit_open(u, "cancel");
	tradepost_unit_place(u, 1, 10, TP_BUY, 5, 99);
	tradepost_unit_place(u, 2, 11, TP_SELL, 2, 99);
	tradepost_unit_skip(u);
	tradepost_unit_cancel(u, 1, 11);
	tradepost_unit_expect(u, "another's", "rejected 1 unknown");
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_expect(u, "what remained", "cancelled 1 buy 3 @99 requested");
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_cancel(u, 2, 11);
	tradepost_unit_expect(u, "cancelled or filled already", "rejected 1 unknown; rejected 2 unknown");
	tradepost_unit_expect_book(u, WHEAT, "gone", " | ");
	tradepost_unit_is(u, tradepost_unit_reserved(u, 10, USD), 0, "nothing stays reserved");
}

static void
cancel_all(TpUnit *u)
{
	TpCommand all = { .kind = TP_CMD_CANCEL_ALL, .account = 10 };

	tradepost_unit_open(u, "cancel all");
	tradepost_unit_place_in(u, WHEAT, 4, 10, TP_BUY, 1, 99);
	tradepost_unit_place_in(u, SPOT, 2, 10, TP_SELL, 1, 101);
	tradepost_unit_place_in(u, WHEAT, 1, 10, TP_SELL, 1, 101);
	tradepost_unit_place_in(u, WHEAT, 6, 10, TP_SELL, 1, 101);
	tradepost_unit_place_in(u, OIL, 3, 10, TP_BUY, 1, 99);
	tradepost_unit_place_in(u, OIL, 5, 11, TP_BUY, 1, 99);
	tradepost_unit_skip(u);
	all.instrument = WHEAT;
	tradepost_unit_apply(u, all);
	tradepost_unit_expect(u, "in one instrument, by id",
						  "cancelled_all of 10; cancelled 1 sell 1 @101 all; cancelled 4 buy 1 @99 all; "
						  "cancelled 6 sell 1 @101 all");
	all.instrument = 0;
	tradepost_unit_apply(u, all);
	tradepost_unit_expect(u, "in all", "cancelled_all of 10; cancelled 2 sell 1 @101 all; cancelled 3 buy 1 @99 all");
	tradepost_unit_apply(u, all);
	all.account = 4711;
	tradepost_unit_apply(u, all);
	tradepost_unit_expect(u, "of none", "cancelled_all of 10; cancelled_all of 4711");
	tradepost_unit_ok(u, tradepost_engine_open_orders(u->engine) == 1, "others' orders stay");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	places(&unit);
	crossing(&unit);
	below_filled(&unit);
	failed(&unit);
	halted(&unit);
	cancels(&unit);
	cancel_all(&unit);
	return tradepost_unit_done(&unit);
}
