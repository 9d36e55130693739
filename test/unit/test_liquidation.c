/*
 * test_liquidation.c
 *	  Marks, halts, and what happens to those below maintenance.
 */
#include "unit_engine.h"

/* Account 20 has `cash` and buys 10 wheat from 11 at 100. */
static void
long_account(TpUnit *u, double cash, const char *title)
{
	tradepost_unit_open(u, title);
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, cash);
	tradepost_unit_place(u, 1, 20, TP_BUY, 10, 100);
	tradepost_unit_place(u, 2, 11, TP_SELL, 10, 100);
	tradepost_unit_skip(u);
}

static void
marks(TpUnit *u)
{
	tradepost_unit_open(u, "marks");
	tradepost_unit_mark(u, WHEAT, 130);
	tradepost_unit_mark(u, WHEAT, 160.01);
	tradepost_unit_mark(u, WHEAT, 99.99);
	tradepost_unit_mark(u, 77, 100);
	tradepost_unit_expect(u, "each step is bounded",
						  "marked i2 @130; rejected @160.01 step; rejected @99.99 step; rejected @100 no_instrument");
	tradepost_unit_apply(u, (TpCommand){ .kind = TP_CMD_MARK, .instrument = WHEAT, .price = 1 });
	tradepost_unit_mark(u, WHEAT, 0);
	tradepost_unit_mark(u, SPOT, 101);
	tradepost_unit_expect(u, "on tick and above zero; spot too",
						  "rejected @1e-08 range; rejected @0 range; marked i1 @101");
	tradepost_unit_place(u, 1, 10, TP_BUY, 1, 150);
	tradepost_unit_place(u, 2, 10, TP_BUY, 1, 180.01);
	tradepost_unit_expect(u, "the band follows the mark", "accepted 1 buy 1 @150; rejected 2 buy 1 @180.01 band");
}

static void
halts(TpUnit *u)
{
	TpCommand settle = { .kind = TP_CMD_SETTLE, .instrument = WHEAT, .price = 100 * TRADEPOST_ONE };

	tradepost_unit_open(u, "halts");
	tradepost_unit_simple(u, TP_CMD_LIST, WHEAT);
	tradepost_unit_simple(u, TP_CMD_LIST, 77);
	tradepost_unit_simple(u, TP_CMD_HALT, WHEAT);
	tradepost_unit_simple(u, TP_CMD_HALT, WHEAT);
	tradepost_unit_mark(u, WHEAT, 101);
	tradepost_unit_simple(u, TP_CMD_RESUME, WHEAT);
	tradepost_unit_simple(u, TP_CMD_HALT, 77);
	tradepost_unit_simple(u, TP_CMD_RESUME, 77);
	tradepost_unit_expect(u, "also when it is already",
						  "listed i2; rejected no_instrument; halted i2; halted i2; marked i2 @101; resumed i2; "
						  "rejected no_instrument; rejected no_instrument");
	tradepost_unit_apply(u, settle);
	tradepost_unit_simple(u, TP_CMD_HALT, WHEAT);
	tradepost_unit_simple(u, TP_CMD_RESUME, WHEAT);
	tradepost_unit_mark(u, WHEAT, 101);
	tradepost_unit_expect(u, "not once it expired",
						  "ended i2 @100; rejected expired; rejected expired; rejected @101 expired");
}

static void
taker_rate(TpInstrument *spec)
{
	spec->taker_rate = HALF_PERCENT;
}

static void
closed_out(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(3, 12, TP_BUY, 4, 95);

	long_account(u, 110, "closed out in the book");
	tradepost_unit_respecify(u, WHEAT, taker_rate);
	c.maker_rate = HALF_PERCENT;
	tradepost_unit_apply(u, c);
	tradepost_unit_place(u, 4, 13, TP_BUY, 20, 94);
	tradepost_unit_place(u, 6, 20, TP_SELL, 1, 120);
	tradepost_unit_place_in(u, OIL, 5, 20, TP_SELL, 1, 120);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, WHEAT, 95);
	tradepost_unit_expect(u, "not at maintenance", "marked i2 @95");
	tradepost_unit_mark(u, WHEAT, 94.99);
	tradepost_unit_expect(u, "below it: its orders by id, then its position, best price first",
						  "marked i2 @94.99; cancelled 6 sell 1 @120 liquidation; "
						  "closed_out 3 of 20 sell 4 @95 fees 1.9 1.9; closed_out 4 of 20 sell 6 @94 fees 2.82 0");
	tradepost_unit_is(u, tradepost_unit_position(u, 20, WHEAT), 0, "nothing is left");
	tradepost_unit_is(u, tradepost_unit_total(u, 20, USD), 110 - 20 - 36 - 4.72, "it keeps the rest");
	tradepost_unit_is(u, tradepost_unit_total(u, HOUSE, USD), 1.9 + 1.9 + 2.82, "commission on both sides");
	tradepost_unit_is(u, tradepost_unit_position(u, 13, WHEAT), 6, "the makers have it");
	tradepost_unit_ok(u, tradepost_engine_instrument(u->engine, WHEAT)->last_price == 94 * TRADEPOST_ONE,
					  "a close-out is a trade");
}

static void
taken_over(TpUnit *u)
{
	long_account(u, 110, "taken over");
	tradepost_unit_mark(u, WHEAT, 110);
	tradepost_unit_place(u, 3, 12, TP_BUY, 4, 61);
	tradepost_unit_mark(u, WHEAT, 90);
	tradepost_unit_expect(u, "what the book takes within the band, the rest by the insurance account at the mark",
						  "marked i2 @110; accepted 3 buy 4 @61; marked i2 @90; closed_out 3 of 20 sell 4 @61; "
						  "taken_over of 20 by 2 sell 6 @90; covered of 20 by 2 106");
	tradepost_unit_is(u, tradepost_unit_total(u, 20, USD), 0, "the deficit is covered");
	tradepost_unit_is(u, tradepost_unit_total(u, INSURANCE, USD), 60 - 106,
					  "by the insurance account, which may be below zero");
	tradepost_unit_is(u, tradepost_unit_position(u, INSURANCE, WHEAT), 6, "it has the position");
	tradepost_unit_mark(u, WHEAT, 61);
	tradepost_unit_expect(u, "and is not liquidated itself", "marked i2 @61");
}

static void
narrow_band(TpInstrument *spec)
{
	spec->band = 5 * TRADEPOST_ONE;
}

static void
not_traded(TpUnit *u)
{
	long_account(u, 110, "outside the band");
	tradepost_unit_place(u, 3, 12, TP_BUY, 4, 88.99);
	tradepost_unit_place(u, 4, 12, TP_BUY, 4, 89);
	tradepost_unit_respecify(u, WHEAT, narrow_band);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, WHEAT, 94);
	tradepost_unit_expect(u, "nothing trades",
						  "marked i2 @94; closed_out 4 of 20 sell 4 @89; taken_over of 20 by 2 sell 6 @94");
	long_account(u, 140, "in a halted instrument");
	tradepost_unit_place(u, 3, 12, TP_BUY, 20, 91);
	tradepost_unit_simple(u, TP_CMD_HALT, WHEAT);
	tradepost_unit_mark(u, WHEAT, 91);
	tradepost_unit_expect(u, "nothing trades, all of it is taken over",
						  "accepted 3 buy 20 @91; halted i2; marked i2 @91; taken_over of 20 by 2 sell 10 @91");
	tradepost_unit_is(u, tradepost_unit_total(u, 20, USD), 50, "at the mark, without commission");
}

static void
shorts(TpUnit *u)
{
	tradepost_unit_open(u, "a short account");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 130);
	tradepost_unit_place(u, 1, 20, TP_SELL, 10, 100);
	tradepost_unit_place(u, 2, 11, TP_BUY, 10, 100);
	tradepost_unit_place(u, 3, 12, TP_SELL, 10, 106);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, WHEAT, 105);
	tradepost_unit_expect(u, "at its maintenance", "marked i2 @105");
	tradepost_unit_mark(u, WHEAT, 106);
	tradepost_unit_expect(u, "buys", "marked i2 @106; closed_out 3 of 20 buy 10 @106");
	tradepost_unit_is(u, tradepost_unit_total(u, 20, USD), 70, "and keeps the rest");
}

static void
several_contracts(TpUnit *u)
{
	tradepost_unit_open(u, "several contracts");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 300);
	tradepost_unit_place(u, 3, 20, TP_BUY, 10, 100);
	tradepost_unit_place(u, 4, 11, TP_SELL, 10, 100);
	tradepost_unit_place_in(u, OIL, 1, 20, TP_SELL, 5, 100);
	tradepost_unit_place_in(u, OIL, 2, 11, TP_BUY, 5, 100);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, OIL, 104);
	tradepost_unit_expect(u, "by instrument, until it has enough", "marked i3 @104");
	tradepost_unit_mark(u, OIL, 104.5);
	tradepost_unit_expect(u, "wheat, the lower id, was enough", "marked i3 @104.5; taken_over of 20 by 2 sell 10 @100");
	tradepost_unit_is(u, tradepost_unit_position(u, 20, OIL), -5, "the other position stays");
	tradepost_unit_mark(u, OIL, 105.5);
	tradepost_unit_mark(u, OIL, 110);
	tradepost_unit_expect(u, "until it has none",
						  "marked i3 @105.5; taken_over of 20 by 2 buy 5 @105.5; marked i3 @110");
	tradepost_unit_is(u, tradepost_unit_total(u, 20, USD), 25, "that was in time");
}

static void
chain_reaction(TpUnit *u)
{
	tradepost_unit_open(u, "by rising account, each when its turn comes");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 21, USD, 110);
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 110);
	tradepost_unit_place(u, 1, 21, TP_BUY, 10, 100);
	tradepost_unit_place(u, 2, 20, TP_BUY, 10, 100);
	tradepost_unit_place(u, 3, 11, TP_SELL, 20, 100);
	tradepost_unit_place(u, 4, 12, TP_BUY, 10, 93);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, WHEAT, 94);
	tradepost_unit_expect(u, "the first takes what there is",
						  "marked i2 @94; closed_out 4 of 20 sell 10 @93; taken_over of 21 by 2 sell 10 @94");
}

static void
giant(TpInstrument *spec)
{
	spec->lot = spec->max_quantity = 1000000 * TRADEPOST_ONE;
	spec->tick = spec->reference = spec->mark = 10000 * TRADEPOST_ONE;
	spec->band = spec->mark_step = spec->max_price = 90000 * TRADEPOST_ONE;
	spec->im_long = spec->im_short = spec->mm_long = spec->mm_short = 1;
}

/* One lot of it is worth up to 90 billion: two lots' loss does not fit 64 bits. */
static void
giant_deficit(TpUnit *u)
{
	const TpEvent *events;
	size_t count;
	tp_int128 covered = 0;
	int covers = 0;

	tradepost_unit_open(u, "a deficit beyond 64 bits");
	tradepost_unit_list(u, 9, giant);
	tradepost_unit_place_in(u, 9, 1, 10, TP_SELL, 1000000, 10000);
	tradepost_unit_place_in(u, 9, 2, 10, TP_SELL, 1000000, 10000);
	tradepost_unit_place_in(u, 9, 3, 11, TP_BUY, 1000000, 10000);
	tradepost_unit_place_in(u, 9, 4, 11, TP_BUY, 1000000, 10000);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, 9, 90000);
	count = tradepost_engine_events(u->engine, &events);
	for (size_t i = 0; i < count; i++)
		if (events[i].kind == TP_EV_COVERED)
		{
			covers++;
			covered += events[i].quantity;
		}
	tradepost_unit_ok(u, covers == 2, "is covered in two events");
	tradepost_unit_ok(u, covered == (tp_int128) 2000000 * 80000 * TRADEPOST_ONE - 1000000 * TRADEPOST_ONE,
					  "which sum to it");
	tradepost_unit_is(u, tradepost_unit_total(u, 10, USD), 0, "nothing is owed");
	tradepost_unit_skip(u);
}

static void
own_insurance(TpInstrument *spec)
{
	spec->insurance_account = 20;
}

static void
insurers(TpUnit *u)
{
	long_account(u, 110, "an account that insures another contract");
	tradepost_unit_respecify(u, OIL, own_insurance);
	tradepost_unit_place_in(u, OIL, 5, 20, TP_BUY, 1, 100);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, WHEAT, 94);
	tradepost_unit_expect(u, "is liquidated like others where it does not",
						  "marked i2 @94; taken_over of 20 by 2 sell 10 @94");
}

#define HUGE_CONTRACT 4

static void
huge(TpInstrument *spec)
{
	spec->max_quantity = TRADEPOST_MAX_EXPOSURE;
	spec->max_price = spec->reference = spec->mark = TRADEPOST_ONE;
	spec->im_long = spec->im_short = spec->mm_long = spec->mm_short = 0;
}

/* Two accounts whose positions together are more than the insurance account may hold. */
static void
full_insurance(TpUnit *u)
{
	double most = (double) ((TRADEPOST_MAX_EXPOSURE - 1) / TRADEPOST_ONE);
	double each = 34000000000;

	tradepost_unit_open(u, "more than the insurance account may hold");
	tradepost_unit_list(u, HUGE_CONTRACT, huge);
	for (int64_t n = 0; n < 2; n++)
	{
		tradepost_unit_place_in(u, HUGE_CONTRACT, 1 + 2 * n, 11 + n, TP_SELL, each, 1);
		tradepost_unit_place_in(u, HUGE_CONTRACT, 2 + 2 * n, 13 + n, TP_BUY, each, 1);
	}
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, HUGE_CONTRACT, 0.5);
	tradepost_unit_is(u, tradepost_unit_position(u, 13, HUGE_CONTRACT), 0, "the first is taken over whole");
	tradepost_unit_is(u, tradepost_unit_position(u, 14, HUGE_CONTRACT), 2 * each - most,
					  "the second in part, in whole lots");
	tradepost_unit_is(u, tradepost_unit_position(u, INSURANCE, HUGE_CONTRACT), most, "up to the limit");
	tradepost_unit_ok(u, tradepost_unit_total(u, 14, USD) < 0, "who holds a position is not covered yet");
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, HUGE_CONTRACT, 0.4);
	tradepost_unit_expect(u, "and nothing more goes there", "marked i4 @0.4");
}

static void
self_insurer(TpUnit *u)
{
	long_account(u, 240, "an account below maintenance by another contract than the one it insures");
	tradepost_unit_respecify(u, OIL, own_insurance);
	tradepost_unit_place_in(u, OIL, 5, 20, TP_BUY, 5, 100);
	tradepost_unit_place_in(u, OIL, 6, 11, TP_SELL, 5, 100);
	tradepost_unit_mark(u, OIL, 88);
	tradepost_unit_skip(u);
	tradepost_unit_mark(u, WHEAT, 99);
	tradepost_unit_expect(u, "keeps what it would take over from itself, and is not covered",
						  "marked i2 @99; taken_over of 20 by 2 sell 10 @99");
	tradepost_unit_is(u, tradepost_unit_position(u, 20, OIL), 5, "its other position");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	marks(&unit);
	halts(&unit);
	closed_out(&unit);
	taken_over(&unit);
	not_traded(&unit);
	shorts(&unit);
	several_contracts(&unit);
	chain_reaction(&unit);
	giant_deficit(&unit);
	insurers(&unit);
	full_insurance(&unit);
	self_insurer(&unit);
	return tradepost_unit_done(&unit);
}
