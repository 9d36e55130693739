/*
 * test_accept.c
 *	  What a place command is refused for, and in which order that is looked at.
 */
#include "unit_engine.h"

static void
known_instruments(TpUnit *u)
{
	tradepost_unit_open(u, "instruments");
	tradepost_unit_place_in(u, 99, 1, 10, TP_BUY, 1, 100);
	tradepost_unit_expect(u, "an unknown instrument", "rejected 1 buy 1 @100 no_instrument");
	tradepost_unit_simple(u, TP_CMD_HALT, WHEAT);
	tradepost_unit_place(u, 2, 10, TP_BUY, 0.5, 100);
	tradepost_unit_expect(u, "a halt comes before the range", "halted i2; rejected 2 buy 0.5 @100 halted");
	tradepost_unit_simple(u, TP_CMD_RESUME, WHEAT);
	tradepost_unit_place(u, 3, 10, TP_BUY, 1, 100);
	tradepost_unit_expect(u, "resumed, it takes orders", "resumed i2; accepted 3 buy 1 @100");
	tradepost_unit_apply(u, (TpCommand){ .kind = TP_CMD_SETTLE, .instrument = WHEAT, .price = 100 * TRADEPOST_ONE });
	tradepost_unit_place(u, 4, 10, TP_BUY, 1, 100);
	tradepost_unit_expect(u, "an expired instrument takes none",
						  "ended i2 @100; cancelled 3 buy 1 @100 settlement; rejected 4 buy 1 @100 expired");
}

static void
refuse_changed(TpUnit *u, TpCommand command, const char *what)
{
	TpOrderState state;

	tradepost_unit_apply(u, command);
	tradepost_unit_ok(u,
					  tradepost_engine_order(u->engine, command.id, &state) && state.status == TP_ORDER_REJECTED &&
						  state.reason == TP_REASON_OUT_OF_RANGE && state.side <= TP_SELL && state.type <= TP_MARKET &&
						  state.time_in_force <= TP_FOK && state.stp <= TP_STP_NONE && state.rank == 0,
					  what);
	tradepost_unit_skip(u);
}

static void
allow_negative(TpInstrument *spec)
{
	spec->allow_negative = true;
}

static void
ranges(TpUnit *u)
{
	TpCommand good = tradepost_unit_order(5, 10, TP_BUY, 1, 100);
	TpCommand c;

	tradepost_unit_open(u, "ranges");
#define REFUSE(field, value, what) (c = good, c.field = (value), refuse_changed(u, c, what))
	REFUSE(quantity, TRADEPOST_ONE / 2, "quantity off lot");
	REFUSE(quantity, 0, "no quantity");
	REFUSE(quantity, -TRADEPOST_ONE, "negative quantity");
	REFUSE(quantity, 100001 * TRADEPOST_ONE, "quantity past the maximum");
	REFUSE(price, 100 * TRADEPOST_ONE + 1, "price off tick");
	REFUSE(price, 0, "price zero");
	REFUSE(price, -TRADEPOST_ONE, "negative price where none may be");
	REFUSE(price, 10001 * TRADEPOST_ONE, "price past the maximum");
	REFUSE(side, 2, "no such side");
	REFUSE(type, 5, "no such type");
	REFUSE(time_in_force, 5, "no such time in force");
	REFUSE(stp, 5, "no such self-trade mode");
	REFUSE(maker_rate, -1, "a negative rate");
	REFUSE(taker_rate, (int32_t) TRADEPOST_ONE + 1, "a rate above all");
	c = good;
	c.time_in_force = TP_DAY;
	REFUSE(time_in_force, TP_DAY, "a day order without a lifetime");
	tradepost_unit_respecify(u, SPOT, allow_negative);
	good.instrument = SPOT;
	REFUSE(price, -TRADEPOST_ONE, "negative price of a spot instrument");
	good.instrument = OIL;
	good.price = 0;
	REFUSE(price, -10001 * TRADEPOST_ONE, "negative price past the maximum");
#undef REFUSE
	tradepost_unit_mark(u, OIL, 75);
	tradepost_unit_mark(u, OIL, 45);
	tradepost_unit_skip(u);
	tradepost_unit_place_in(u, OIL, 6, 10, TP_BUY, 1, -5);
	tradepost_unit_place_in(u, OIL, 7, 10, TP_BUY, 1, 0);
	tradepost_unit_expect(u, "zero and less, where the instrument allows it",
						  "accepted 6 buy 1 @-5; accepted 7 buy 1 @0");
}

static void
taken_ids(TpUnit *u)
{
	tradepost_unit_open(u, "ids");
	tradepost_unit_place(u, 1, 10, TP_BUY, 1, 100);
	tradepost_unit_place(u, 1, 11, TP_SELL, 2, 100);
	tradepost_unit_expect(u, "an id that is an open order's", "accepted 1 buy 1 @100; rejected 1 sell 2 @100 range");
	tradepost_unit_expect_book(u, WHEAT, "and that order stands", "100 x 1 (1) | ");
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_place(u, 1, 10, TP_BUY, 1, 100);
	tradepost_unit_expect(u, "an id that closed in this batch",
						  "cancelled 1 buy 1 @100 requested; rejected 1 buy 1 @100 range");
}

static void
times(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(1, 10, TP_BUY, 1, 100);
	TpOrderState state;

	tradepost_unit_open(u, "times");
	c.time_in_force = TP_GTD;
	c.expires_at = 1000;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "good till now is past", "rejected 1 buy 1 @100 past");
	c.id = 2;
	c.price = 200 * TRADEPOST_ONE;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "and that comes before the band", "rejected 2 buy 1 @200 past");
	c = tradepost_unit_order(3, 10, TP_BUY, 1, 100);
	c.time_in_force = TP_DAY;
	c.expires_at = INT64_MAX;
	tradepost_unit_apply(u, c);
	tradepost_engine_order(u->engine, 3, &state);
	tradepost_unit_ok(u, state.expires_at == TRADEPOST_TIME_NEVER, "an endless day never ends");
	c.id = 4;
	c.expires_at = 500;
	tradepost_unit_apply(u, c);
	tradepost_engine_order(u->engine, 4, &state);
	tradepost_unit_ok(u, state.expires_at == 1500, "a day's lifetime counts from acceptance");
	tradepost_unit_ok(u, state.created_at == 1000 && state.rank == tradepost_engine_last_seq(u->engine),
					  "created now, ranked by its event");
	tradepost_unit_skip(u);
}

static void
odd_band(TpInstrument *spec)
{
	spec->band = tradepost_unit_units(0.505);
}

static void
wide_band(TpInstrument *spec)
{
	spec->band = INT64_MAX;
}

static void
bands(TpUnit *u)
{
	TpOrderState state;

	tradepost_unit_open(u, "bands");
	tradepost_unit_place(u, 1, 10, TP_BUY, 1, 150);
	tradepost_unit_place(u, 2, 10, TP_BUY, 1, 150.01);
	tradepost_unit_place(u, 3, 11, TP_SELL, 1, 49.99);
	tradepost_unit_expect(u, "the edge is inside",
						  "accepted 1 buy 1 @150; rejected 2 buy 1 @150.01 band; rejected 3 sell 1 @49.99 band");
	tradepost_unit_respecify(u, WHEAT, odd_band);
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_place(u, 4, 10, TP_SELL, 1, 100);
	tradepost_unit_apply(u, tradepost_unit_market(5, 11, TP_BUY, 2));
	tradepost_engine_order(u->engine, 5, &state);
	tradepost_unit_is(u, (double) state.price / 1e8, 100.5,
					  "a market order's limit is the band's edge, inwards to a tick");
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, tradepost_unit_market(8, 11, TP_SELL, 2));
	tradepost_unit_place(u, 9, 12, TP_BUY, 2, 99.5);
	tradepost_unit_apply(u, tradepost_unit_market(10, 11, TP_SELL, 1));
	tradepost_engine_order(u->engine, 10, &state);
	tradepost_unit_is(u, (double) state.price / 1e8, 99.5, "on the other side too");
	tradepost_unit_cancel(u, 9, 12);
	tradepost_unit_skip(u);
	tradepost_unit_respecify(u, WHEAT, wide_band);
	tradepost_unit_place(u, 6, 10, TP_BUY, 1, 50);
	tradepost_unit_apply(u, tradepost_unit_market(7, 11, TP_SELL, 1));
	tradepost_engine_order(u->engine, 7, &state);
	tradepost_unit_is(u, (double) state.price / 1e8, 0.01, "its lowest is one tick where prices are positive");
	tradepost_unit_skip(u);
}

static void
meetings(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(3, 10, TP_BUY, 1, 100);

	tradepost_unit_open(u, "post-only, market and FOK");
	tradepost_unit_place(u, 1, 10, TP_SELL, 5, 100);
	tradepost_unit_place(u, 2, 11, TP_SELL, 5, 160);
	tradepost_unit_skip(u);
	c.flags = TP_CMD_POST_ONLY;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "post-only counts one's own orders too", "rejected 3 buy 1 @100 cross");
	c.price = tradepost_unit_units(99.99);
	c.id = 4;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "below the best it rests", "accepted 4 buy 1 @99.99");
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_apply(u, tradepost_unit_market(5, 11, TP_BUY, 1));
	tradepost_unit_expect(u, "a market order and nothing inside the band",
						  "cancelled 1 sell 5 @100 requested; rejected 5 buy 1 liquidity");
	c = tradepost_unit_order(6, 12, TP_SELL, 2, 99);
	c.time_in_force = TP_FOK;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "FOK that cannot fill", "rejected 6 sell 2 @99 fill");
	c.id = 7;
	c.account = 99;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "the book comes before the funds", "rejected 7 sell 2 @99 fill");
	c.id = 8;
	c.quantity = TRADEPOST_ONE;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "an account with nothing", "rejected 8 sell 1 @99 funds");
}

#define HUGE_CONTRACT 4

/* Half the exposure limit, in whole lots. */
#define HALF ((double) (TRADEPOST_MAX_EXPOSURE / 2 / TRADEPOST_ONE))

static void
huge(TpInstrument *spec)
{
	spec->max_quantity = TRADEPOST_MAX_EXPOSURE;
	spec->max_price = spec->reference = spec->mark = TRADEPOST_ONE;
	spec->im_long = spec->im_short = spec->mm_long = spec->mm_short = 0;
}

static void
exposures(TpUnit *u)
{
	tradepost_unit_open(u, "exposure");
	tradepost_unit_list(u, HUGE_CONTRACT, huge);
	tradepost_unit_place_in(u, HUGE_CONTRACT, 1, 10, TP_BUY, HALF, 1);
	tradepost_unit_place_in(u, HUGE_CONTRACT, 2, 10, TP_BUY, HALF - 1000, 1);
	tradepost_unit_skip(u);
	tradepost_unit_place_in(u, HUGE_CONTRACT, 3, 10, TP_BUY, 100000, 1);
	tradepost_unit_ok(u, tradepost_engine_open_orders(u->engine) == 2, "open bids stay below the limit");
	tradepost_unit_skip(u);
	tradepost_unit_place_in(u, HUGE_CONTRACT, 4, 11, TP_SELL, HALF, 1);
	tradepost_unit_skip(u);
	tradepost_unit_place_in(u, HUGE_CONTRACT, 5, 10, TP_BUY, 100000, 1);
	tradepost_unit_expect(u, "a position counts with the bids", "rejected 5 buy 100000 @1 exposure");
	tradepost_unit_place_in(u, HUGE_CONTRACT, 6, 11, TP_SELL, HALF, 1);
	tradepost_unit_skip(u);
	tradepost_unit_place_in(u, HUGE_CONTRACT, 7, 11, TP_SELL, 100000, 1);
	tradepost_unit_expect(u, "a short one with the asks", "rejected 7 sell 100000 @1 exposure");
	tradepost_unit_place_in(u, HUGE_CONTRACT, 8, 11, TP_BUY, 100000, 0.5);
	tradepost_unit_expect(u, "the other side is free", "accepted 8 buy 100000 @0.5");
}

static void
rejected_rows(TpUnit *u)
{
	TpCommand c = tradepost_unit_market(1, 10, TP_SELL, 3);
	TpOrderState state;

	tradepost_unit_open(u, "rejected rows");
	c.price = 77;
	tradepost_unit_apply(u, c);
	tradepost_unit_ok(u,
					  tradepost_engine_order(u->engine, 1, &state) && state.status == TP_ORDER_REJECTED &&
						  state.price == 0 && state.quantity == 3 * TRADEPOST_ONE && state.filled == 0 &&
						  state.expires_at == TRADEPOST_TIME_NEVER,
					  "a rejected market order has no price");
	tradepost_unit_expect(u, "nor has its event", "rejected 1 sell 3 liquidity");
	tradepost_unit_ok(u, !tradepost_engine_order(u->engine, 1, &state), "after the batch it is forgotten");
	c = tradepost_unit_order(2, 10, TP_BUY, 1, 100);
	c.poisoned = 1;
	tradepost_unit_apply(u, c);
	tradepost_unit_ok(u,
					  tradepost_engine_order(u->engine, 2, &state) && state.status == TP_ORDER_REJECTED &&
						  state.reason == TP_REASON_ENGINE_ERROR,
					  "a poisoned place leaves a rejected order");
	tradepost_unit_expect(u, "and its decision", "rejected 2 buy 1 @100 error");
	tradepost_unit_apply(u, (TpCommand){ .kind = TP_CMD_MARK, .instrument = WHEAT, .price = 5, .poisoned = 1 });
	tradepost_unit_expect(u, "another poisoned command", "rejected @5e-08 error");
	tradepost_unit_apply(u, (TpCommand){ .kind = 77 });
	tradepost_unit_expect(u, "a kind that does not exist", "rejected range");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	known_instruments(&unit);
	ranges(&unit);
	taken_ids(&unit);
	times(&unit);
	bands(&unit);
	meetings(&unit);
	exposures(&unit);
	rejected_rows(&unit);
	return tradepost_unit_done(&unit);
}
