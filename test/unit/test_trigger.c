/*
 * test_trigger.c
 *	  Stop, stop limit and take profit orders: when they fire, in which order, as what.
 */
#include "engine_check.h"
#include "unit_engine.h"

/* Accounts 13 and 14 make one trade at this price. */
static void
print(TpUnit *u, int64_t id, double price)
{
	tradepost_unit_place(u, id, 13, TP_SELL, 1, price);
	tradepost_unit_place(u, id + 1, 14, TP_BUY, 1, price);
}

static void
wait(TpUnit *u, int64_t id, int64_t account, TpOrderType type, TpSide side, double quantity, double stop_price)
{
	tradepost_unit_apply(u, tradepost_unit_stop(id, account, type, side, quantity, stop_price));
}

static TpCommand
stop_limit(int64_t id, int64_t account, TpSide side, double quantity, double stop_price, double price)
{
	TpCommand command = tradepost_unit_stop(id, account, TP_STOP_LIMIT, side, quantity, stop_price);

	command.price = tradepost_unit_units(price);
	return command;
}

static void
conditions(TpUnit *u)
{
	tradepost_unit_open(u, "conditions");
	wait(u, 1, 10, TP_STOP, TP_BUY, 1, 105);
	wait(u, 2, 10, TP_STOP, TP_SELL, 1, 95);
	wait(u, 3, 10, TP_TAKE_PROFIT, TP_BUY, 1, 94);
	wait(u, 4, 10, TP_TAKE_PROFIT, TP_SELL, 1, 106);
	tradepost_unit_expect(u, "they wait, without a price",
						  "accepted 1 buy 1; accepted 2 sell 1; accepted 3 buy 1; accepted 4 sell 1");
	tradepost_unit_expect_book(u, WHEAT, "in no book", " | ");
	tradepost_unit_ok(u,
					  tradepost_unit_state(u, 1).status == TP_ORDER_UNTRIGGERED &&
						  tradepost_unit_state(u, 1).price == 0,
					  "untriggered");
	tradepost_unit_is(u, tradepost_unit_free(u, 10, USD), 1000000, "they cost nothing");
	tradepost_unit_ok(u, tradepost_engine_open_orders(u->engine) == 4, "and are open orders");
	tradepost_unit_place(u, 10, 11, TP_SELL, 9, 120);
	tradepost_unit_place(u, 11, 11, TP_BUY, 9, 80);
	tradepost_unit_skip(u);
	print(u, 20, 104.99);
	print(u, 22, 95.01);
	tradepost_unit_expect(u, "a tick short of them nothing happens",
						  "accepted 20 sell 1 @104.99; accepted 21 buy 1 @104.99; trade 21 20 1 @104.99; "
						  "accepted 22 sell 1 @95.01; accepted 23 buy 1 @95.01; trade 23 22 1 @95.01");
	print(u, 24, 105);
	tradepost_unit_expect(
		u, "a buy stop fires at its price, after the trade, and trades at the maker's",
		"accepted 24 sell 1 @105; accepted 25 buy 1 @105; trade 25 24 1 @105; triggered 1 buy 1 @105; "
		"trade 1 10 1 @120; triggered 4 sell 1 @120; trade 4 11 1 @80; "
		"triggered 2 sell 1 @80; trade 2 11 1 @80; triggered 3 buy 1 @80; trade 3 10 1 @120");
}

static void
cascade(TpUnit *u)
{
	tradepost_unit_open(u, "a fall that fires one after the other");
	wait(u, 1, 10, TP_STOP, TP_SELL, 1, 90);
	wait(u, 2, 10, TP_STOP, TP_SELL, 1, 95);
	wait(u, 3, 10, TP_STOP, TP_SELL, 1, 99);
	tradepost_unit_place(u, 4, 11, TP_BUY, 1, 89);
	tradepost_unit_place(u, 5, 11, TP_BUY, 1, 88);
	tradepost_unit_place(u, 6, 11, TP_BUY, 2, 98);
	tradepost_unit_place(u, 7, 11, TP_BUY, 2, 87);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 8, 12, TP_SELL, 1, 98);
	tradepost_unit_expect(u, "one deep fall: those that it reaches by rank, each at what the book then offers",
						  "accepted 8 sell 1 @98; trade 8 6 1 @98; triggered 3 sell 1 @98; trade 3 6 1 @98");
	tradepost_unit_place(u, 9, 12, TP_SELL, 1, 89);
	tradepost_unit_expect(u, "by rank, not by price",
						  "accepted 9 sell 1 @89; trade 9 4 1 @89; triggered 1 sell 1 @89; trade 1 5 1 @88; "
						  "triggered 2 sell 1 @89; trade 2 7 1 @87");
}

static void
first_come(TpUnit *u)
{
	tradepost_unit_open(u, "what fires later goes behind");
	wait(u, 1, 10, TP_STOP, TP_SELL, 1, 85);
	wait(u, 2, 10, TP_STOP, TP_SELL, 1, 95);
	wait(u, 3, 10, TP_STOP, TP_SELL, 1, 95);
	tradepost_unit_place(u, 4, 11, TP_BUY, 1, 95);
	tradepost_unit_place(u, 5, 11, TP_BUY, 1, 84);
	tradepost_unit_place(u, 6, 11, TP_BUY, 9, 83);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 7, 12, TP_SELL, 1, 95);
	tradepost_unit_expect(u, "though its rank is lower",
						  "accepted 7 sell 1 @95; trade 7 4 1 @95; triggered 2 sell 1 @95; trade 2 5 1 @84; "
						  "triggered 3 sell 1 @95; trade 3 6 1 @83; triggered 1 sell 1 @84; trade 1 6 1 @83");
}

static void
at_once(TpUnit *u)
{
	tradepost_unit_open(u, "conditions that hold already");
	wait(u, 1, 10, TP_STOP, TP_SELL, 1, 100);
	tradepost_unit_expect(u, "before the first trade none does", "accepted 1 sell 1");
	print(u, 2, 101);
	tradepost_unit_place(u, 5, 11, TP_BUY, 1, 99);
	tradepost_unit_skip(u);
	wait(u, 6, 10, TP_STOP, TP_SELL, 1, 101);
	tradepost_unit_expect(u, "then they fire when accepted; the first fill reaches the next",
						  "accepted 6 sell 1; triggered 6 sell 1 @101; trade 6 5 1 @99; triggered 1 sell 1 @99; "
						  "cancelled 1 sell 1 liquidity");
	tradepost_unit_ok(u, tradepost_engine_open_orders(u->engine) == 0, "and are gone");
}

static void
stop_limits(TpUnit *u)
{
	TpOrderState state;

	tradepost_unit_open(u, "stop limit");
	print(u, 1, 100);
	tradepost_unit_apply(u, stop_limit(3, 10, TP_BUY, 5, 105, 104));
	tradepost_unit_place(u, 4, 11, TP_SELL, 2, 104);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 5, 11, TP_SELL, 1, 106);
	tradepost_unit_place(u, 6, 12, TP_BUY, 3, 106);
	tradepost_unit_expect(u, "its rest rests at its limit",
						  "accepted 5 sell 1 @106; accepted 6 buy 3 @106; trade 6 4 2 @104; trade 6 5 1 @106; "
						  "triggered 3 buy 5 @106");
	tradepost_unit_expect_book(u, WHEAT, "in the book", "104 x 5 (1) | ");
	state = tradepost_unit_state(u, 3);
	tradepost_unit_ok(u, state.status == TP_ORDER_OPEN && state.type == TP_STOP_LIMIT && state.rank > 0, "open");
	tradepost_unit_ok(u, tradepost_unit_free(u, 10, USD) < 1000000, "now it reserves");
	tradepost_unit_amend(u, 3, 10, 4, -1);
	tradepost_unit_expect(u, "and is amended as any", "amended 3 buy 4 @104");
	tradepost_unit_apply(u, stop_limit(7, 10, TP_SELL, 1, 90, 40));
	tradepost_unit_expect(u, "the band is not asked when it is accepted", "accepted 7 sell 1 @40");
	tradepost_unit_place(u, 8, 11, TP_BUY, 1, 90);
	tradepost_unit_cancel(u, 3, 10);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 9, 12, TP_SELL, 1, 90);
	tradepost_unit_expect(
		u, "but when it fires",
		"accepted 9 sell 1 @90; trade 9 8 1 @90; triggered 7 sell 1 @90; cancelled 7 sell 1 @40 band");
}

static void
checks(TpUnit *u)
{
	tradepost_unit_open(u, "checks when it fires");
	wait(u, 1, 10, TP_STOP, TP_SELL, 100000, 95);
	tradepost_unit_expect(u, "funds are not asked when it is accepted", "accepted 1 sell 100000");
	tradepost_unit_place(u, 2, 11, TP_BUY, 5, 95);
	tradepost_unit_place(u, 3, 12, TP_SELL, 1, 95);
	tradepost_unit_expect(u, "but when it fires",
						  "accepted 2 buy 5 @95; accepted 3 sell 1 @95; trade 3 2 1 @95; triggered 1 sell 100000 @95; "
						  "cancelled 1 sell 100000 funds");
	wait(u, 4, 11, TP_STOP, TP_SELL, 2, 95);
	tradepost_unit_expect(u, "its own orders are met as by any taker",
						  "accepted 4 sell 2; triggered 4 sell 2 @95; cancelled 4 sell 2 self");
	wait(u, 5, 10, TP_STOP, TP_SELL, 9, 95);
	tradepost_unit_expect(u, "a market kind's rest never rests",
						  "accepted 5 sell 9; triggered 5 sell 9 @95; trade 5 2 4 @95; cancelled 5 sell 5 unfilled");
}

static void
ranges(TpUnit *u)
{
	TpCommand good = tradepost_unit_stop(5, 10, TP_STOP, TP_SELL, 1, 95);
	TpCommand c;

	tradepost_unit_open(u, "ranges");
#define REFUSE(field, value, what) \
	(c = good, c.field = (value), tradepost_unit_refused(u, c, TP_REASON_OUT_OF_RANGE, what))
	REFUSE(stop_price, 0, "no stop price");
	REFUSE(stop_price, good.stop_price + 1, "off tick");
	REFUSE(stop_price, 20000 * TRADEPOST_ONE, "past the maximum");
	REFUSE(time_in_force, TP_IOC, "immediate or cancel");
	REFUSE(time_in_force, TP_FOK, "fill or kill");
	REFUSE(flags, TP_CMD_POST_ONLY, "post-only");
	REFUSE(max_open, -1, "a negative number of orders");
	REFUSE(type, TP_STOP_LIMIT, "a stop limit without its limit");
#undef REFUSE
	good.price = 77;
	tradepost_unit_apply(u, good);
	tradepost_unit_expect(u, "a stop's price is nobody's business", "accepted 5 sell 1");
	c = tradepost_unit_order(6, 10, TP_BUY, 1, 90);
	c.stop_price = 77;
	tradepost_unit_apply(u, c);
	tradepost_unit_ok(u, tradepost_unit_state(u, 6).stop_price == 0, "nor is a limit order's stop price");
	tradepost_unit_skip(u);
	tradepost_unit_simple(u, TP_CMD_HALT, WHEAT);
	wait(u, 7, 10, TP_STOP, TP_BUY, 1, 110);
	tradepost_unit_expect(u, "a halt refuses them too", "halted i2; rejected 7 buy 1 halted");
}

static void
amend_stop(TpUnit *u, int64_t id, int64_t account, uint8_t flags, double quantity, double price, double stop_price)
{
	TpCommand command = { .kind = TP_CMD_AMEND, .account = account, .order_id = id, .flags = flags };

	command.quantity = tradepost_unit_units(quantity);
	command.price = tradepost_unit_units(price);
	command.stop_price = tradepost_unit_units(stop_price);
	tradepost_unit_apply(u, command);
}

static void
amends(TpUnit *u)
{
	int64_t rank;

	tradepost_unit_open(u, "amend");
	print(u, 1, 100);
	wait(u, 3, 10, TP_STOP, TP_SELL, 5, 95);
	tradepost_unit_apply(u, stop_limit(4, 10, TP_SELL, 5, 95, 90));
	tradepost_unit_place(u, 5, 11, TP_BUY, 1, 85);
	tradepost_unit_skip(u);
	rank = tradepost_unit_state(u, 3).rank;
	amend_stop(u, 3, 10, TP_CMD_HAS_QUANTITY, 9, 0, 0);
	amend_stop(u, 4, 10, TP_CMD_HAS_PRICE, 0, 91, 0);
	tradepost_unit_expect(u, "quantity and limit", "amended 3 sell 9; amended 4 sell 5 @91");
	tradepost_unit_ok(u, tradepost_unit_state(u, 3).rank == rank, "it keeps its rank, also with more");
	amend_stop(u, 3, 10, TP_CMD_HAS_STOP_PRICE, 0, 0, 94);
	tradepost_unit_ok(u,
					  tradepost_unit_state(u, 3).rank > rank &&
						  tradepost_unit_state(u, 3).stop_price == 94 * TRADEPOST_ONE,
					  "not with another stop price");
	tradepost_unit_skip(u);
	amend_stop(u, 3, 10, TP_CMD_HAS_PRICE, 0, 90, 0);
	amend_stop(u, 3, 10, TP_CMD_HAS_STOP_PRICE, 0, 0, 94.001);
	amend_stop(u, 5, 11, TP_CMD_HAS_STOP_PRICE, 0, 0, 94);
	amend_stop(u, 3, 11, TP_CMD_HAS_QUANTITY, 1, 0, 0);
	tradepost_unit_expect(
		u, "a stop has no limit, a stop price is on tick, a limit order has none, nor a stranger a say",
		"rejected 3 sell @90 range; rejected 3 sell range; rejected 5 buy range; rejected 3 1 unknown");
	tradepost_unit_simple(u, TP_CMD_HALT, WHEAT);
	amend_stop(u, 3, 10, TP_CMD_HAS_STOP_PRICE, 0, 0, 93);
	amend_stop(u, 3, 10, TP_CMD_HAS_QUANTITY, 8, 0, 0);
	amend_stop(u, 3, 10, TP_CMD_HAS_QUANTITY, 9, 0, 0);
	tradepost_unit_expect(u, "a halt lets less pass",
						  "halted i2; rejected 3 sell halted; amended 3 sell 8; rejected 3 sell 9 halted");
	tradepost_unit_simple(u, TP_CMD_RESUME, WHEAT);
	tradepost_unit_skip(u);
	amend_stop(u, 3, 10, TP_CMD_HAS_STOP_PRICE, 0, 0, 100);
	tradepost_unit_expect(u, "and may fire by it",
						  "amended 3 sell 8; triggered 3 sell 8 @100; trade 3 5 1 @85; cancelled 3 sell 7 unfilled; "
						  "triggered 4 sell 5 @85");
}

static void
ends(TpUnit *u)
{
	TpCommand c = tradepost_unit_stop(3, 10, TP_STOP, TP_SELL, 1, 95);

	tradepost_unit_open(u, "ends");
	wait(u, 1, 10, TP_STOP, TP_SELL, 1, 95);
	tradepost_unit_place(u, 2, 10, TP_BUY, 1, 90);
	c.time_in_force = TP_GTD;
	c.expires_at = 5000;
	tradepost_unit_apply(u, c);
	wait(u, 4, 10, TP_STOP, TP_SELL, 1, 95);
	wait(u, 5, 10, TP_TAKE_PROFIT, TP_SELL, 1, 105);
	tradepost_unit_ok(u, tradepost_engine_next_expiry(u->engine) == 5000, "it is due when it says");
	tradepost_unit_skip(u);
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_cancel(u, 4, 11);
	tradepost_unit_expect(u, "cancelled", "cancelled 1 sell 1 requested; rejected 4 unknown");
	tradepost_unit_sweep_at(u, 5000);
	tradepost_unit_expect(u, "expired", "expired 3 sell 1 time; swept");
	tradepost_unit_apply(u, (TpCommand){ .kind = TP_CMD_CANCEL_ALL, .account = 10, .instrument = WHEAT });
	tradepost_unit_expect(
		u, "all of an account",
		"cancelled_all of 10; cancelled 2 buy 1 @90 all; cancelled 4 sell 1 all; cancelled 5 sell 1 all");
	wait(u, 6, 10, TP_STOP, TP_SELL, 1, 95);
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, (TpCommand){ .kind = TP_CMD_SETTLE, .instrument = WHEAT, .price = 100 * TRADEPOST_ONE });
	tradepost_unit_expect(u, "all of a contract", "ended i2 @100; cancelled 6 sell 1 settlement");
	tradepost_unit_ok(u, tradepost_engine_open_orders(u->engine) == 0, "none is left");
}

static void
limits(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(4, 10, TP_BUY, 1, 90);

	tradepost_unit_open(u, "the number of open orders");
	tradepost_unit_place(u, 1, 10, TP_BUY, 1, 90);
	tradepost_unit_place_in(u, OIL, 2, 10, TP_BUY, 1, 90);
	wait(u, 3, 10, TP_STOP, TP_SELL, 1, 80);
	tradepost_unit_skip(u);
	c.max_open = 3;
	tradepost_unit_apply(u, c);
	c.id = 5;
	c.max_open = 4;
	tradepost_unit_apply(u, c);
	c.id = 6;
	c.account = 11;
	c.max_open = 1;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "counts all instruments, open and untriggered, of the account",
						  "rejected 4 buy 1 @90 too_many; accepted 5 buy 1 @90; accepted 6 buy 1 @90");
}

static void
loading(TpUnit *u)
{
	TpEngine *copy;

	tradepost_unit_open(u, "recovery");
	print(u, 1, 100);
	wait(u, 3, 10, TP_STOP, TP_SELL, 5, 95);
	wait(u, 4, 10, TP_TAKE_PROFIT, TP_SELL, 5, 95.5);
	tradepost_unit_apply(u, stop_limit(5, 10, TP_SELL, 5, 94, 93));
	wait(u, 6, 10, TP_STOP, TP_SELL, 5, 95);
	tradepost_unit_place(u, 7, 11, TP_BUY, 20, 94);
	tradepost_unit_skip(u);
	copy = tradepost_engine_reloaded(u->engine);
	tradepost_unit_ok(u, tradepost_engine_check(copy) == NULL, "what was loaded is consistent");
	tradepost_unit_ok(u, tradepost_engine_checksum(copy) == tradepost_engine_checksum(u->engine), "and the same");
	tradepost_engine_destroy(u->engine);
	u->engine = copy;
	tradepost_unit_place(u, 8, 12, TP_SELL, 1, 94);
	tradepost_unit_expect(u, "and fires as before",
						  "accepted 8 sell 1 @94; trade 8 7 1 @94; triggered 3 sell 5 @94; trade 3 7 5 @94; "
						  "triggered 5 sell 5 @94; trade 5 7 5 @94; triggered 6 sell 5 @94; trade 6 7 5 @94");
}

static void
previews(TpUnit *u)
{
	TpCommand c = tradepost_unit_stop(9, 10, TP_STOP, TP_BUY, 5, 101);
	TpPreview p;

	tradepost_unit_open(u, "preview");
	print(u, 1, 100);
	tradepost_unit_place(u, 3, 11, TP_SELL, 3, 102);
	tradepost_unit_skip(u);
	tradepost_engine_preview(u->engine, &c, u->now, &p);
	tradepost_unit_ok(u,
					  p.reason == TP_REASON_NONE && p.resting == 5 * TRADEPOST_ONE && p.filled == 0 &&
						  p.cancelled == 0 && p.requirement == 0 && p.free_before == 0,
					  "one that waits rests and needs nothing");
	c.stop_price = 100 * TRADEPOST_ONE;
	tradepost_engine_preview(u->engine, &c, u->now, &p);
	tradepost_unit_ok(u,
					  p.reason == TP_REASON_NONE && p.resting == 0 && p.filled == 3 * TRADEPOST_ONE &&
						  p.cancelled == 2 * TRADEPOST_ONE && p.cancel_reason == TP_REASON_UNFILLED &&
						  p.requirement > 0,
					  "one that fires at once is what it becomes");
	c.quantity = 100000 * TRADEPOST_ONE;
	tradepost_engine_preview(u->engine, &c, u->now, &p);
	tradepost_unit_ok(u,
					  p.reason == TP_REASON_NONE && p.filled == 0 && p.cancelled == c.quantity &&
						  p.cancel_reason == TP_REASON_INSUFFICIENT_FUNDS,
					  "or is cancelled for why that would be refused");
	c.stop_price = 1;
	tradepost_engine_preview(u->engine, &c, u->now, &p);
	tradepost_unit_ok(u, p.reason == TP_REASON_OUT_OF_RANGE && p.cancelled == 0, "a bad one is refused");
}

static void
liquidated(TpUnit *u)
{
	tradepost_unit_open(u, "liquidation");
	tradepost_unit_transfer(u, TP_CMD_WITHDRAW, 10, USD, 1000000 - 700);
	tradepost_unit_place(u, 1, 11, TP_SELL, 50, 100);
	tradepost_unit_place(u, 2, 10, TP_BUY, 50, 100);
	wait(u, 3, 10, TP_STOP, TP_SELL, 50, 60);
	wait(u, 4, 12, TP_STOP, TP_SELL, 1, 85);
	tradepost_unit_place(u, 5, 13, TP_BUY, 60, 80);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, WHEAT, 90);
	tradepost_unit_expect(u, "takes along what waits; a close-out's trades fire others as any do",
						  "marked i2 @90; cancelled 3 sell 50 liquidation; closed_out 5 of 10 sell 50 @80; "
						  "triggered 4 sell 1 @80; trade 4 5 1 @80; covered of 10 by 2 300");
}

int
main(void)
{
	TpUnit unit = { 0 };

	conditions(&unit);
	cascade(&unit);
	first_come(&unit);
	at_once(&unit);
	stop_limits(&unit);
	checks(&unit);
	ranges(&unit);
	amends(&unit);
	ends(&unit);
	limits(&unit);
	loading(&unit);
	previews(&unit);
	liquidated(&unit);
	return tradepost_unit_done(&unit);
}
