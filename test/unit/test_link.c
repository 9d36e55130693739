/*
 * test_link.c
 *	  Pairs of which one cancels the other, and entries with the orders that
 *	  protect them.
 */
#include "engine_check.h"
#include "unit_engine.h"

static TpCommand
linked(TpCommand command, int64_t link_id)
{
	command.link_id = link_id;
	return command;
}

static TpCommand
child(int64_t id, int64_t account, TpOrderType type, double quantity, double stop_price, int64_t parent_id)
{
	TpCommand command = tradepost_unit_stop(id, account, type, TP_SELL, quantity, stop_price);

	command.parent_id = parent_id;
	return command;
}

/* Account 10 has 5, may sell at 110, and has a stop at 90. */
static void
open_pair(TpUnit *u, const char *title)
{
	tradepost_unit_open(u, title);
	tradepost_unit_place(u, 1, 11, TP_SELL, 5, 100);
	tradepost_unit_place(u, 2, 10, TP_BUY, 5, 100);
	tradepost_unit_place(u, 3, 10, TP_SELL, 5, 110);
	tradepost_unit_apply(u, linked(tradepost_unit_stop(4, 10, TP_STOP, TP_SELL, 5, 90), 3));
	tradepost_unit_ok(u, tradepost_unit_state(u, 3).link_id == 4 && tradepost_unit_state(u, 4).link_id == 3,
					  "both rows name the other");
	tradepost_unit_skip(u);
}

static void
pairs(TpUnit *u)
{
	open_pair(u, "a pair: the limit order trades");
	tradepost_unit_place(u, 5, 12, TP_BUY, 1, 110);
	tradepost_unit_expect(u, "a part of it, as a maker",
						  "accepted 5 buy 1 @110; trade 5 3 1 @110; cancelled 4 sell 5 linked");
	tradepost_unit_expect_book(u, WHEAT, "the rest stays", " | 110 x 4 (1)");

	open_pair(u, "a pair: the stop triggers");
	tradepost_unit_place(u, 5, 12, TP_BUY, 1, 90);
	tradepost_unit_place(u, 6, 13, TP_SELL, 1, 90);
	tradepost_unit_expect(
		u, "whatever then becomes of it",
		"accepted 5 buy 1 @90; accepted 6 sell 1 @90; trade 6 5 1 @90; cancelled 3 sell 5 @110 linked; "
		"triggered 4 sell 5 @90; cancelled 4 sell 5 liquidity");

	open_pair(u, "a pair: one is cancelled");
	tradepost_unit_cancel(u, 4, 10);
	tradepost_unit_expect(u, "the decision first", "cancelled 4 sell 5 requested; cancelled 3 sell 5 @110 linked");

	open_pair(u, "a pair: one is amended to nothing");
	tradepost_unit_place(u, 5, 13, TP_SELL, 1, 110);
	tradepost_unit_apply(u, (TpCommand){ .kind = TP_CMD_CANCEL_ALL, .account = 10 });
	tradepost_unit_expect(
		u, "all cancelled: by id, and what each takes along at once",
		"accepted 5 sell 1 @110; cancelled_all of 10; cancelled 3 sell 5 @110 all; cancelled 4 sell 5 linked");
}

static void
taking(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(6, 10, TP_SELL, 5, 99);

	tradepost_unit_open(u, "a taker with a partner");
	tradepost_unit_apply(u, tradepost_unit_stop(1, 10, TP_STOP, TP_SELL, 5, 90));
	tradepost_unit_place(u, 2, 11, TP_BUY, 1, 101);
	tradepost_unit_place(u, 3, 11, TP_BUY, 1, 100);
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, linked(c, 1));
	tradepost_unit_expect(u, "its first fill cancels the other, before the next",
						  "accepted 6 sell 5 @99; trade 6 2 1 @101; cancelled 1 sell 5 linked; trade 6 3 1 @100");
	tradepost_unit_apply(u, tradepost_unit_stop(7, 10, TP_STOP, TP_SELL, 5, 90));
	c.id = 8;
	c.price = 100 * TRADEPOST_ONE;
	c.time_in_force = TP_IOC;
	tradepost_unit_apply(u, linked(c, 7));
	tradepost_unit_expect(
		u, "an end without a fill too",
		"accepted 7 sell 5; accepted 8 sell 5 @100; cancelled 8 sell 5 @100 ioc; cancelled 7 sell 5 linked");
	tradepost_unit_apply(u, tradepost_unit_stop(9, 10, TP_STOP, TP_SELL, 5, 90));
	tradepost_unit_cancel(u, 6, 10);
	tradepost_unit_skip(u);
	c.id = 10;
	c.quantity = 1;
	tradepost_unit_apply(u, linked(c, 9));
	tradepost_unit_expect(u, "a refusal does nothing", "rejected 10 sell 1e-08 @100 range");
	tradepost_unit_apply(u, linked(tradepost_unit_stop(11, 10, TP_TAKE_PROFIT, TP_SELL, 5, 101), 9));
	tradepost_unit_place(u, 12, 12, TP_BUY, 1, 102);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 13, 13, TP_SELL, 1, 102);
	tradepost_unit_expect(u, "two that wait",
						  "accepted 13 sell 1 @102; trade 13 12 1 @102; cancelled 9 sell 5 linked; "
						  "triggered 11 sell 5 @102; cancelled 11 sell 5 liquidity");
}

static void
both_due(TpUnit *u)
{
	tradepost_unit_open(u, "both fire at once");
	tradepost_unit_apply(u, tradepost_unit_stop(1, 10, TP_STOP, TP_SELL, 5, 100));
	tradepost_unit_apply(u, linked(tradepost_unit_stop(2, 10, TP_TAKE_PROFIT, TP_SELL, 5, 100), 1));
	tradepost_unit_place(u, 3, 11, TP_BUY, 9, 100);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 4, 12, TP_SELL, 1, 100);
	tradepost_unit_expect(
		u, "the first by rank does",
		"accepted 4 sell 1 @100; trade 4 3 1 @100; cancelled 2 sell 5 linked; triggered 1 sell 5 @100; "
		"trade 1 3 5 @100");
}

static void
refusals(TpUnit *u)
{
	TpCommand oil = tradepost_unit_stop(26, 10, TP_STOP, TP_SELL, 1, 90);
	TpCommand plain = tradepost_unit_order(32, 10, TP_SELL, 1, 90);

	tradepost_unit_open(u, "what may not be linked");
	tradepost_unit_place(u, 1, 10, TP_BUY, 1, 80);
	tradepost_unit_apply(u, tradepost_unit_stop(2, 10, TP_STOP, TP_SELL, 1, 70));
	tradepost_unit_apply(u, child(3, 10, TP_STOP, 1, 70, 50));
	tradepost_unit_skip(u);
	tradepost_unit_refused(u, linked(tradepost_unit_order(20, 10, TP_BUY, 1, 80), 1), TP_REASON_LINKED,
						   "two limit orders");
	tradepost_unit_refused(u, linked(tradepost_unit_order(21, 11, TP_BUY, 1, 80), 2), TP_REASON_LINKED,
						   "another account's");
	tradepost_unit_refused(u, linked(tradepost_unit_order(22, 10, TP_BUY, 1, 80), 99), TP_REASON_LINKED,
						   "one that does not exist");
	tradepost_unit_refused(u, linked(tradepost_unit_stop(23, 10, TP_STOP, TP_SELL, 1, 90), 23), TP_REASON_LINKED,
						   "itself");
	tradepost_unit_refused(u, linked(tradepost_unit_stop(24, 10, TP_STOP, TP_SELL, 1, 90), 3), TP_REASON_LINKED,
						   "a child of another parent");
	oil.instrument = OIL;
	tradepost_unit_refused(u, linked(oil, 2), TP_REASON_LINKED, "another instrument's");
	tradepost_unit_apply(u, linked(tradepost_unit_stop(27, 10, TP_STOP, TP_SELL, 1, 60), 2));
	tradepost_unit_refused(u, linked(tradepost_unit_stop(28, 10, TP_STOP, TP_SELL, 1, 60), 2), TP_REASON_LINKED,
						   "one that has a partner");
	tradepost_unit_cancel(u, 2, 10);
	tradepost_unit_refused(u, linked(tradepost_unit_stop(29, 10, TP_STOP, TP_SELL, 1, 60), 2), TP_REASON_LINKED,
						   "one that is done");
	tradepost_unit_refused(u, child(31, 10, TP_STOP, 1, 90, 30), TP_REASON_LINKED, "a parent with a lower id");
	tradepost_unit_refused(u, child(31, 10, TP_STOP, 1, 90, 31), TP_REASON_LINKED, "as its own parent");
	plain.parent_id = 99;
	tradepost_unit_refused(u, plain, TP_REASON_LINKED, "a limit order as a child");
	tradepost_unit_place(u, 99, 10, TP_BUY, 1, 80);
	tradepost_unit_refused(u, child(33, 10, TP_STOP, 1, 90, 99), TP_REASON_LINKED, "a parent that has come");
}

/* An entry for 5 at 100, a stop at 90, a profit taken at 110. */
static void
open_bracket(TpUnit *u, const char *title)
{
	TpCommand profit = child(2, 10, TP_TAKE_PROFIT, 5, 110, 3);

	tradepost_unit_open(u, title);
	tradepost_unit_apply(u, child(1, 10, TP_STOP, 5, 90, 3));
	tradepost_unit_apply(u, linked(profit, 1));
	tradepost_unit_place(u, 3, 10, TP_BUY, 5, 100);
	tradepost_unit_ok(u, tradepost_unit_state(u, 1).rank < 0 && tradepost_unit_state(u, 2).rank < 0,
					  "the children are dormant");
	tradepost_unit_skip(u);
}

static void
dormant(TpUnit *u)
{
	open_bracket(u, "a bracket: dormant");
	tradepost_unit_place(u, 4, 11, TP_BUY, 1, 80);
	tradepost_unit_cancel(u, 3, 10);
	tradepost_unit_expect(u, "cancelled with the entry, the pair as a pair",
						  "accepted 4 buy 1 @80; cancelled 3 buy 5 @100 requested; cancelled 1 sell 5 linked; "
						  "cancelled 2 sell 5 linked");

	open_bracket(u, "a bracket: prices pass while it is dormant");
	tradepost_unit_place(u, 5, 11, TP_SELL, 1, 115);
	tradepost_unit_place(u, 6, 12, TP_BUY, 1, 115);
	tradepost_unit_expect(u, "and nothing fires", "accepted 5 sell 1 @115; accepted 6 buy 1 @115; trade 6 5 1 @115");
	tradepost_unit_amend(u, 2, 10, 4, -1);
	tradepost_unit_expect(u, "it can be amended", "amended 2 sell 4");
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_expect(u, "and cancelled, its partner too",
						  "cancelled 1 sell 5 requested; cancelled 2 sell 4 linked");
	tradepost_unit_place(u, 7, 12, TP_SELL, 5, 100);
	tradepost_unit_expect(u, "the entry goes on", "accepted 7 sell 5 @100; trade 7 3 5 @100");
}

static void
armed(TpUnit *u)
{
	open_bracket(u, "a bracket: armed by the first fill");
	tradepost_unit_place(u, 4, 11, TP_SELL, 2, 100);
	tradepost_unit_ok(u, tradepost_unit_state(u, 1).rank > 0 && tradepost_unit_state(u, 2).rank > 0,
					  "the children are armed");
	tradepost_unit_place(u, 5, 11, TP_BUY, 1, 90);
	tradepost_unit_place(u, 6, 11, TP_BUY, 9, 89);
	tradepost_unit_skip(u);
	tradepost_unit_cancel(u, 3, 10);
	tradepost_unit_expect(u, "and cut to it when the entry ends",
						  "cancelled 3 buy 3 @100 requested; decremented 1 sell 3 linked; decremented 2 sell 3 linked");
	tradepost_unit_place(u, 7, 12, TP_SELL, 1, 90);
	tradepost_unit_expect(u, "they stand alone, as a pair",
						  "accepted 7 sell 1 @90; trade 7 5 1 @90; cancelled 2 sell 2 linked; triggered 1 sell 2 @90; "
						  "trade 1 6 2 @89");
	tradepost_unit_is(u, tradepost_unit_position(u, 10, WHEAT), 0, "flat");

	open_bracket(u, "a bracket: one fires while the entry is still open");
	tradepost_unit_place(u, 4, 11, TP_SELL, 2, 100);
	tradepost_unit_place(u, 5, 11, TP_BUY, 9, 111);
	tradepost_unit_expect(u, "the entry's rest trades on",
						  "accepted 4 sell 2 @100; trade 4 3 2 @100; accepted 5 buy 9 @111");
	tradepost_unit_place(u, 6, 12, TP_SELL, 1, 111);
	tradepost_unit_expect(u, "the entry's rest is cancelled, then the pair's other",
						  "accepted 6 sell 1 @111; trade 6 5 1 @111; cancelled 3 buy 3 @100 linked; "
						  "decremented 1 sell 3 linked; decremented 2 sell 3 linked; cancelled 1 sell 2 linked; "
						  "triggered 2 sell 2 @111; trade 2 5 2 @111");

	open_bracket(u, "a bracket: the entry fills");
	tradepost_unit_place(u, 4, 11, TP_SELL, 5, 100);
	tradepost_unit_expect(u, "nothing is cut", "accepted 4 sell 5 @100; trade 4 3 5 @100");
	tradepost_unit_ok(u, tradepost_unit_state(u, 1).parent_id == 3, "its parent stays in its row");
	tradepost_unit_apply(u, (TpCommand){ .kind = TP_CMD_SETTLE, .instrument = WHEAT, .price = 100 * TRADEPOST_ONE });
	tradepost_unit_expect(u, "settled",
						  "ended i2 @100; cancelled 1 sell 5 settlement; cancelled 2 sell 5 linked; "
						  "settled of 10 buy 5 @100; settled of 11 sell 5 @100");
}

static void
parents(TpUnit *u)
{
	TpCommand c = tradepost_unit_market(3, 10, TP_BUY, 5);

	tradepost_unit_open(u, "parents that end at once");
	tradepost_unit_apply(u, child(1, 10, TP_STOP, 5, 90, 3));
	tradepost_unit_apply(u, child(2, 11, TP_STOP, 5, 90, 3));
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(u, "refused: whose children they are is not asked",
						  "rejected 3 buy 5 liquidity; cancelled 1 sell 5 linked; cancelled 2 sell 5 linked");
	tradepost_unit_apply(u, child(11, 10, TP_STOP, 5, 90, 13));
	tradepost_unit_apply(u, child(12, 11, TP_STOP, 5, 90, 13));
	tradepost_unit_place(u, 4, 12, TP_SELL, 2, 100);
	tradepost_unit_skip(u);
	c.id = 13;
	tradepost_unit_apply(u, c);
	tradepost_unit_expect(
		u, "a market order: strangers go, its own are cut",
		"accepted 13 buy 5; cancelled 12 sell 5 linked; trade 13 4 2 @100; cancelled 13 buy 3 unfilled; "
		"decremented 11 sell 3 linked");
	tradepost_unit_cancel(u, 11, 10);
	tradepost_unit_apply(u, child(21, 10, TP_STOP, 5, 90, 22));
	tradepost_unit_apply(u, child(22, 10, TP_STOP, 5, 90, 23));
	tradepost_unit_expect(
		u, "a child is nobody's parent",
		"cancelled 11 sell 2 requested; accepted 21 sell 5; accepted 22 sell 5; cancelled 21 sell 5 linked");
	tradepost_unit_place(u, 23, 10, TP_BUY, 5, 100);
	tradepost_unit_cancel(u, 23, 10);
	tradepost_unit_expect(u, "but of its own it is a child",
						  "accepted 23 buy 5 @100; cancelled 23 buy 5 @100 requested; cancelled 22 sell 5 linked");
}

static void
stop_entry(TpUnit *u)
{
	TpCommand entry = tradepost_unit_stop(3, 10, TP_STOP, TP_BUY, 5, 105);

	tradepost_unit_open(u, "an entry by stop");
	tradepost_unit_apply(u, child(1, 10, TP_STOP, 5, 104, 3));
	tradepost_unit_apply(u, entry);
	tradepost_unit_place(u, 4, 11, TP_SELL, 1, 105);
	tradepost_unit_place(u, 5, 11, TP_SELL, 3, 106);
	tradepost_unit_place(u, 6, 11, TP_BUY, 1, 104);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 7, 12, TP_BUY, 1, 105);
	tradepost_unit_expect(u, "arms its children when it trades",
						  "accepted 7 buy 1 @105; trade 7 4 1 @105; triggered 3 buy 5 @105; trade 3 5 3 @106; "
						  "cancelled 3 buy 2 unfilled; decremented 1 sell 2 linked");
	tradepost_unit_place(u, 8, 12, TP_SELL, 1, 104);
	tradepost_unit_expect(
		u, "which fire by later trades",
		"accepted 8 sell 1 @104; trade 8 6 1 @104; triggered 1 sell 3 @104; cancelled 1 sell 3 liquidity");
}

static void
loading(TpUnit *u)
{
	TpEngine *copy;

	open_bracket(u, "recovery");
	tradepost_unit_apply(u, child(4, 11, TP_STOP, 5, 90, 50));
	tradepost_unit_apply(u, child(5, 12, TP_STOP, 5, 90, 7));
	tradepost_unit_place(u, 7, 12, TP_BUY, 5, 99);
	tradepost_unit_place(u, 8, 13, TP_SELL, 1, 100);
	tradepost_unit_skip(u);
	copy = tradepost_engine_reloaded(u->engine);
	tradepost_unit_ok(u, tradepost_engine_check(copy) == NULL, "what was loaded is consistent");
	tradepost_unit_ok(u, tradepost_engine_checksum(copy) == tradepost_engine_checksum(u->engine), "and the same");
	tradepost_engine_destroy(u->engine);
	u->engine = copy;
	tradepost_unit_cancel(u, 3, 10);
	tradepost_unit_cancel(u, 7, 12);
	tradepost_unit_cancel(u, 1, 10);
	tradepost_unit_expect(u, "who belongs to whom is in the rows",
						  "cancelled 3 buy 4 @100 requested; decremented 1 sell 4 linked; decremented 2 sell 4 linked; "
						  "cancelled 7 buy 5 @99 requested; cancelled 5 sell 5 linked; "
						  "cancelled 1 sell 1 requested; cancelled 2 sell 1 linked");
	tradepost_unit_place(u, 50, 11, TP_BUY, 1, 70);
	tradepost_unit_cancel(u, 50, 11);
	tradepost_unit_expect(u, "one that waits for its parent waits on",
						  "accepted 50 buy 1 @70; cancelled 50 buy 1 @70 requested; cancelled 4 sell 5 linked");
}

static void
previews(TpUnit *u)
{
	TpCommand stop = tradepost_unit_stop(4, 10, TP_STOP, TP_SELL, 5, 90);
	TpCommand buy = tradepost_unit_order(5, 11, TP_BUY, 5, 110);
	TpPreview p;

	tradepost_unit_open(u, "preview");
	tradepost_unit_place(u, 3, 10, TP_SELL, 5, 110);
	stop.time_in_force = TP_GTD;
	stop.expires_at = 5000;
	tradepost_unit_apply(u, linked(stop, 3));
	tradepost_unit_skip(u);
	tradepost_engine_preview(u->engine, &buy, 4999, &p);
	tradepost_unit_ok(u, p.filled == 5 * TRADEPOST_ONE, "a linked order is met as any");
	tradepost_engine_preview(u->engine, &buy, 5000, &p);
	tradepost_unit_ok(u, p.filled == 0 && p.resting == 5 * TRADEPOST_ONE, "but is gone with a partner that is due");
	tradepost_unit_cancel(u, 3, 10);
	tradepost_unit_skip(u);
	stop.id = 6;
	tradepost_unit_apply(u, stop);
	tradepost_unit_skip(u);
	buy = linked(tradepost_unit_order(7, 10, TP_SELL, 5, 110), 6);
	tradepost_engine_preview(u->engine, &buy, 4999, &p);
	tradepost_unit_ok(u, p.reason == TP_REASON_NONE && p.resting == 5 * TRADEPOST_ONE, "it may be linked");
	tradepost_engine_preview(u->engine, &buy, 5000, &p);
	tradepost_unit_ok(u, p.reason == TP_REASON_LINKED, "not to one that is due");
}

/* An entry may insist that its children are there. */
static void
insisting(TpUnit *u)
{
	TpCommand entry = tradepost_unit_order(9, 10, TP_BUY, 5, 100);

	tradepost_unit_open(u, "an entry that must be protected");
	entry.children = 2;
	tradepost_unit_apply(u, child(1, 10, TP_STOP, 5, 90, 9));
	tradepost_unit_apply(u, child(2, 11, TP_STOP, 5, 90, 9));
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, entry);
	tradepost_unit_expect(u, "a stranger is no child",
						  "rejected 9 buy 5 @100 linked; cancelled 1 sell 5 linked; cancelled 2 sell 5 linked");
	entry.id = 19;
	tradepost_unit_apply(u, child(11, 10, TP_STOP, 5, 90, 19));
	tradepost_unit_apply(u, child(12, 10, TP_TAKE_PROFIT, 5, 110, 19));
	tradepost_unit_apply(u, child(13, 10, TP_TAKE_PROFIT, 5, 120, 19));
	tradepost_unit_cancel(u, 13, 10);
	tradepost_unit_skip(u);
	tradepost_unit_apply(u, entry);
	tradepost_unit_expect(u, "those that are there suffice", "accepted 19 buy 5 @100");
}

int
main(void)
{
	TpUnit unit = { 0 };

	pairs(&unit);
	taking(&unit);
	both_due(&unit);
	refusals(&unit);
	dormant(&unit);
	armed(&unit);
	parents(&unit);
	stop_entry(&unit);
	loading(&unit);
	previews(&unit);
	insisting(&unit);
	return tradepost_unit_done(&unit);
}
