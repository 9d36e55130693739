/*
 * test_settle.c
 *	  What a trade moves, what orders reserve, deposits and withdrawals.
 */
#include "unit_engine.h"

static TpCommand
spot_order(int64_t id, int64_t account, TpSide side, double quantity, double price, int32_t rate)
{
	TpCommand command = tradepost_unit_order(id, account, side, quantity, price);

	command.instrument = SPOT;
	command.maker_rate = command.taker_rate = rate;
	return command;
}

static void
spot(TpUnit *u)
{
	tradepost_unit_open(u, "spot");
	tradepost_unit_apply(u, spot_order(1, 10, TP_BUY, 100, 99, HALF_PERCENT));
	tradepost_unit_is(u, tradepost_unit_reserved(u, 10, USD), 9900 + 49.5 + 0.02,
					  "a bid reserves its value and commission");
	tradepost_unit_apply(u, spot_order(2, 11, TP_SELL, 150, 101, HALF_PERCENT));
	tradepost_unit_is(u, tradepost_unit_reserved(u, 11, EUR), 150, "an ask reserves what it sells");
	tradepost_unit_is(u, tradepost_unit_reserved(u, 11, USD), 0, "and no commission");
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, spot_order(3, 12, TP_SELL, 40, 90, 0));
	tradepost_unit_expect(u, "each side pays its rate", "accepted 3 sell 40 @90; trade 3 1 40 @99 fees 0 19.8");
	tradepost_unit_is(u, tradepost_unit_reserved(u, 10, USD), 5940 + 29.7 + 0.02, "less remains, less is reserved");
	tradepost_unit_is(u, tradepost_unit_total(u, 10, USD), 1000000 - 3960 - 19.8,
					  "the buyer pays price and commission");
	tradepost_unit_is(u, tradepost_unit_total(u, 10, EUR), 10040, "and has the goods");
	tradepost_unit_is(u, tradepost_unit_total(u, 12, USD), 1003960, "the seller is paid");
	tradepost_unit_is(u, tradepost_unit_total(u, 12, EUR), 9960, "and gave the goods");
	tradepost_unit_is(u, tradepost_unit_total(u, HOUSE, USD), 19.8, "the house has the commission");
	tradepost_unit_apply(u, spot_order(4, 13, TP_BUY, 10, 101, 2 * HALF_PERCENT));
	tradepost_unit_is(u, tradepost_unit_total(u, 11, USD), 1000000 + 1010 - 5.05,
					  "a sale pays its commission from what it brings");
	tradepost_unit_is(u, tradepost_unit_total(u, HOUSE, USD), 19.8 + 5.05 + 10.1, "both roles pay");
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_is(u, tradepost_unit_reserved(u, 10, USD), 0, "a cancel frees the rest");
	tradepost_unit_is(u, tradepost_unit_position(u, 10, SPOT), 0, "spot instruments have no positions");
	tradepost_unit_skip(u);
}

static void
spot_funds(TpUnit *u)
{
	tradepost_unit_open(u, "spot needs funds");
	tradepost_unit_apply(u, spot_order(1, 10, TP_SELL, 10001, 100, 0));
	tradepost_unit_apply(u, spot_order(2, 10, TP_SELL, 10000, 100, 0));
	tradepost_unit_apply(u, spot_order(3, 10, TP_SELL, 1, 100, 0));
	tradepost_unit_expect(u, "no shorting",
						  "rejected 1 sell 10001 @100 funds; accepted 2 sell 10000 @100; "
						  "rejected 3 sell 1 @100 funds");
	tradepost_unit_apply(u, spot_order(4, 10, TP_BUY, 10000, 100, 0));
	tradepost_unit_expect(u, "a bid needs value and commission", "rejected 4 buy 10000 @100 funds");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 10, USD, 0.02);
	tradepost_unit_apply(u, spot_order(5, 10, TP_BUY, 10000, 99.99, 0));
	tradepost_unit_amend(u, 5, 10, -1, 100);
	tradepost_unit_expect(u, "an amend that would trade with itself is stopped, all it had is enough",
						  "deposited of 10 0.02; accepted 5 buy 10000 @99.99; amended 5 buy 10000 @100; "
						  "cancelled 5 buy 10000 @100 self");
	tradepost_unit_cancel(u, 2, 10);
	tradepost_unit_apply(u, spot_order(6, 10, TP_SELL, 5000, 100, 0));
	tradepost_unit_amend(u, 6, 10, 10000, 101);
	tradepost_unit_amend(u, 6, 10, 10001, 101);
	tradepost_unit_expect(
		u, "an amend releases what the order had",
		"cancelled 2 sell 10000 @100 requested; accepted 6 sell 5000 @100; amended 6 sell 10000 @101; "
		"rejected 6 sell 10001 @101 funds");
}

/* 297.03 and 1.49 and a unit a role; a third of it costs 0.49505. */
static void
exactly_enough(TpUnit *u)
{
	tradepost_unit_open(u, "all that an account has");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 298.54);
	tradepost_unit_apply(u, spot_order(1, 11, TP_SELL, 1, 99.01, 0));
	tradepost_unit_apply(u, spot_order(2, 20, TP_BUY, 3, 99.01, HALF_PERCENT));
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), 0, "nothing is free after it took");
	tradepost_unit_apply(u, spot_order(3, 11, TP_SELL, 1, 99.01, 0));
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), 0, "not less than nothing when it made too");
	tradepost_unit_is(u, tradepost_unit_reserved(u, 20, USD), 99.01 + 0.51, "for what was paid is not reserved again");
	tradepost_unit_apply(u, spot_order(4, 11, TP_SELL, 1, 99.01, 0));
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), 0.01, "what rounding did not need comes back");
	tradepost_unit_expect(
		u, "each role by itself",
		"deposited of 20 298.54; accepted 1 sell 1 @99.01; accepted 2 buy 3 @99.01; trade 2 1 1 @99.01 fees 0.5 0; "
		"accepted 3 sell 1 @99.01; trade 3 2 1 @99.01 fees 0 0.5; accepted 4 sell 1 @99.01; "
		"trade 4 2 1 @99.01 fees 0 0.5");
}

/*
 * Below zero a better price can be a larger notional.  At a rate of all of it, the
 * dearer commission costs exactly what the better price brings.
 */
static void
below_zero(TpUnit *u)
{
	TpCommand bid = tradepost_unit_order(2, 20, TP_BUY, 2, -1);

	tradepost_unit_open(u, "a bid below zero");
	for (double mark = 70; mark > 0; mark -= 30)
		tradepost_unit_mark(u, OIL, mark);
	tradepost_unit_mark(u, OIL, -5);
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 20 + 80 + 20.02);
	tradepost_unit_place_in(u, OIL, 1, 11, TP_SELL, 1, -5);
	tradepost_unit_skip(u);
	bid.instrument = OIL;
	bid.maker_rate = bid.taker_rate = (int32_t) TRADEPOST_ONE;
	tradepost_unit_apply(u, bid);
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), 0, "margin, loss and commission, and nothing more");
	tradepost_unit_place_in(u, OIL, 3, 11, TP_SELL, 1, -1);
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), 0.02, "and at its limit, as maker");
	tradepost_unit_expect(u, "one better, one at its limit",
						  "accepted 2 buy 2 @-1; trade 2 1 1 @-5 fees 50 0; accepted 3 sell 1 @-1; "
						  "trade 3 2 1 @-1 fees 0 10");
}

static void
contracts(TpUnit *u)
{
	tradepost_unit_open(u, "contracts");
	tradepost_unit_place_in(u, OIL, 1, 10, TP_SELL, 4, 103);
	tradepost_unit_place_in(u, OIL, 2, 11, TP_BUY, 4, 103);
	tradepost_unit_skip(u);
	tradepost_unit_is(u, tradepost_unit_position(u, 11, OIL), 4, "the buyer is long");
	tradepost_unit_is(u, tradepost_unit_position(u, 10, OIL), -4, "the seller is short");
	tradepost_unit_is(u, tradepost_unit_total(u, 11, USD), 1000000 - 4 * 10 * 3, "cash is kept against the reference");
	tradepost_unit_is(u, tradepost_unit_total(u, 10, USD), 1000000 + 4 * 10 * 3, "on both sides");
	tradepost_unit_mark(u, OIL, 105);
	tradepost_unit_is(u, tradepost_unit_free(u, 11, USD), 1000000 - 120 + 200 - 40,
					  "equity follows the mark, margin is taken off");
	tradepost_unit_is(u, tradepost_unit_total(u, 11, USD), 1000000 - 120, "a mark moves no cash");
	tradepost_unit_apply(u, (TpCommand){ .kind = TP_CMD_SETTLE, .instrument = OIL, .price = -2 * TRADEPOST_ONE });
	tradepost_unit_expect(u, "settled at the final mark, by account, also below zero",
						  "marked i3 @105; ended i3 @-2; settled of 10 sell 4 @-2; settled of 11 buy 4 @-2");
	tradepost_unit_is(u, tradepost_unit_total(u, 11, USD), 1000000 + 4 * 10 * (-2 - 103),
					  "it comes to final price less price paid");
	tradepost_unit_is(u, tradepost_unit_total(u, 10, USD), 1000000 - 4 * 10 * (-2 - 103), "for the short the same");
	tradepost_unit_is(u, tradepost_unit_position(u, 10, OIL), 0, "no position is left");
	tradepost_unit_ok(u,
					  tradepost_engine_instrument(u->engine, OIL)->mark == -2 * TRADEPOST_ONE &&
						  tradepost_engine_instrument(u->engine, OIL)->status == TP_INSTRUMENT_EXPIRED,
					  "the final price is the last mark");
}

static void
settle_command(TpUnit *u)
{
	TpCommand settle = { .kind = TP_CMD_SETTLE, .instrument = SPOT, .price = 95 * TRADEPOST_ONE + 1 };

	tradepost_unit_open(u, "settling by hand");
	tradepost_unit_place_in(u, SPOT, 2, 10, TP_SELL, 4, 103);
	tradepost_unit_place_in(u, SPOT, 1, 10, TP_BUY, 4, 101);
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, settle);
	tradepost_unit_expect(u, "at a price that cannot be", "rejected @95.00000001 range");
	settle.price = 95 * TRADEPOST_ONE;
	tradepost_unit_apply(u, settle);
	tradepost_unit_expect(u, "a spot instrument only cancels, by id",
						  "ended i1 @95; cancelled 1 buy 4 @101 settlement; cancelled 2 sell 4 @103 settlement");
	tradepost_unit_apply(u, settle);
	settle.instrument = 77;
	tradepost_unit_apply(u, settle);
	tradepost_unit_expect(u, "once", "rejected @95 expired; rejected @95 no_instrument");
}

static void
transfers(TpUnit *u)
{
	tradepost_unit_open(u, "deposits and withdrawals");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 100);
	tradepost_unit_is(u, tradepost_unit_total(u, OUTSIDE, USD), -5000100, "somebody has given it");
	tradepost_unit_transfer(u, TP_CMD_WITHDRAW, 20, USD, 100.01);
	tradepost_unit_transfer(u, TP_CMD_WITHDRAW, 20, USD, 60);
	tradepost_unit_transfer(u, TP_CMD_WITHDRAW, 21, USD, 1);
	tradepost_unit_expect(u, "no more than there is",
						  "deposited of 20 100; rejected 100.01 funds; withdrawn of 20 60; rejected 1 funds");
	tradepost_unit_is(u, tradepost_unit_total(u, 20, USD), 40, "what is left");
	tradepost_unit_place_in(u, WHEAT, 1, 20, TP_BUY, 2, 99);
	tradepost_unit_transfer(u, TP_CMD_WITHDRAW, 20, USD, 20);
	tradepost_unit_transfer(u, TP_CMD_WITHDRAW, 20, USD, 19.98);
	tradepost_unit_expect(u, "margin and reserves stay",
						  "accepted 1 buy 2 @99; rejected 20 funds; withdrawn of 20 19.98");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 0);
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, -1);
	tradepost_unit_transfer(u, TP_CMD_WITHDRAW, 20, USD, -1);
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, 0, 1);
	tradepost_unit_expect(u, "nothing, less, and no asset",
						  "rejected 0 range; rejected -1 range; rejected -1 range; rejected 1 range");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	spot(&unit);
	spot_funds(&unit);
	exactly_enough(&unit);
	below_zero(&unit);
	contracts(&unit);
	settle_command(&unit);
	transfers(&unit);
	return tradepost_unit_done(&unit);
}
