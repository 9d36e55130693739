/*
 * test_lifetime.c
 *	  The heap of what ends when, against a list; and expiry in the engine.
 */
#include "lifetime.h"
#include "unit_engine.h"

#include <stdlib.h>

#define OBJECTS 300

typedef struct TpMortalModel
{
	bool present;
	int64_t time;
} TpMortalModel;

/* Handle and id are the same number here; orders are the even ones. */
static uint32_t
first_of(const TpMortalModel *model)
{
	uint32_t first = 0;

	for (uint32_t i = 1; i < OBJECTS; i++)
	{
		if (!model[i].present)
			continue;
		if (first == 0 || model[i].time < model[first].time ||
			(model[i].time == model[first].time && (i % 2 < first % 2 || (i % 2 == first % 2 && i < first))))
			first = i;
	}
	return first;
}

static void
against_a_list(TpUnit *u)
{
	TpLifetime lifetime = { .heap = { .count = 0 } };
	TpMortalModel model[OBJECTS] = { { .present = false } };
	bool same = true;

	srand(7);
	for (int step = 0; step < 20000 && same; step++)
	{
		uint32_t i = 1 + (uint32_t) rand() % (OBJECTS - 1);
		uint32_t first;

		if (model[i].present)
			tradepost_lifetime_remove(&lifetime, i % 2, i);
		else
			tradepost_lifetime_add(&lifetime, i % 2, i, i, model[i].time = rand() % 400);
		model[i].present = !model[i].present;
		first = first_of(model);
		same = first == 0 ? tp_lifetime_first(&lifetime) == NULL : tp_lifetime_first(&lifetime)->handle == first;
	}
	tradepost_unit_ok(u, same, "the heap's first is the list's, whatever comes and goes");
	for (uint32_t first; same && (first = first_of(model)) != 0;)
	{
		same = tp_lifetime_first(&lifetime)->handle == first;
		tradepost_lifetime_remove(&lifetime, first % 2, first);
		model[first].present = false;
		/* And one from somewhere: a hole whose filler belongs further up. */
		first = 1 + (uint32_t) rand() % (OBJECTS - 1);
		if (model[first].present)
			tradepost_lifetime_remove(&lifetime, first % 2, first);
		model[first].present = false;
	}
	tradepost_unit_ok(u, same, "until nothing is left");
	tradepost_lifetime_remove(&lifetime, TP_MORTAL_ORDER, 100000);
	tradepost_unit_ok(u, true, "what never was there can be removed");
	tradepost_lifetime_destroy(&lifetime);
	tradepost_lifetime_add(&lifetime, TP_MORTAL_ORDER, 2, 2, TRADEPOST_TIME_NEVER);
	tradepost_unit_ok(u, tp_lifetime_first(&lifetime) == NULL, "what never ends is not kept");
}

static TpCommand
good_till(int64_t id, int64_t account, TpSide side, double price, int64_t time)
{
	TpCommand command = tradepost_unit_order(id, account, side, 2, price);

	command.time_in_force = TP_GTD;
	command.expires_at = time;
	return command;
}

static void
before_matching(TpUnit *u)
{
	TpOrderState state;

	tradepost_unit_open(u, "expiry comes before matching");
	tradepost_unit_apply(u, good_till(1, 10, TP_SELL, 100, 2000));
	tradepost_unit_ok(u, tradepost_engine_next_expiry(u->engine) == 2000, "the next expiry is known");
	tradepost_unit_skip(u);
	u->now = 1999;
	tradepost_unit_place(u, 2, 11, TP_BUY, 1, 100);
	tradepost_unit_expect(u, "before its time it trades", "accepted 2 buy 1 @100; trade 2 1 1 @100");
	u->now = 2000;
	tradepost_unit_place(u, 3, 11, TP_BUY, 1, 100);
	tradepost_engine_order(u->engine, 1, &state);
	tradepost_unit_ok(u, state.status == TP_ORDER_EXPIRED && state.reason == TP_REASON_TIME && state.updated_at == 2000,
					  "it is expired, not cancelled");
	tradepost_unit_expect(u, "at its time it does not", "expired 1 sell 1 @100 time; accepted 3 buy 1 @100");
	tradepost_unit_ok(u, tradepost_engine_next_expiry(u->engine) == TRADEPOST_TIME_NEVER, "nothing else will end");
	tradepost_unit_apply(u, good_till(4, 10, TP_SELL, 101, 3000));
	u->now = 3000;
	tradepost_unit_apply(u, (TpCommand){ .kind = 99, .poisoned = 1 });
	tradepost_unit_expect(u, "whatever command notices",
						  "accepted 4 sell 2 @101; expired 4 sell 2 @101 time; rejected error");
}

static void
in_order(TpUnit *u)
{
	tradepost_unit_open(u, "in the order of time, then id");
	tradepost_unit_apply(u, good_till(5, 10, TP_SELL, 105, 3000));
	tradepost_unit_apply(u, good_till(4, 10, TP_SELL, 104, 3000));
	tradepost_unit_apply(u, good_till(6, 10, TP_SELL, 103, 2000));
	tradepost_unit_apply(u, good_till(7, 10, TP_SELL, 102, 4001));
	tradepost_unit_skip(u);
	tradepost_unit_sweep_at(u, 4000);
	tradepost_unit_expect(u, "a sweep does nothing else",
						  "expired 6 sell 2 @103 time; expired 4 sell 2 @104 time; expired 5 sell 2 @105 time; swept");
	tradepost_unit_is(u, tradepost_unit_free(u, 10, USD), 999975.98, "what expired reserves nothing");
}

static void
until_noon(TpInstrument *spec)
{
	spec->expires_at = 5000;
}

static void
instruments(TpUnit *u)
{
	tradepost_unit_open(u, "instruments end");
	tradepost_unit_respecify(u, WHEAT, until_noon);
	tradepost_unit_place(u, 1, 10, TP_BUY, 3, 100);
	tradepost_unit_place(u, 2, 11, TP_SELL, 1, 100);
	tradepost_unit_apply(u, good_till(3, 11, TP_SELL, 110, 5000));
	tradepost_unit_mark(u, WHEAT, 104);
	tradepost_unit_skip(u);
	tradepost_unit_ok(u, tradepost_engine_next_expiry(u->engine) == 5000, "when that is, is known");
	tradepost_unit_sweep_at(u, 6000);
	tradepost_unit_expect(u, "after orders of that time, at the mark",
						  "expired 3 sell 2 @110 time; ended i2 @104; cancelled 1 buy 2 @100 settlement; "
						  "settled of 10 buy 1 @104; settled of 11 sell 1 @104; swept");
	tradepost_unit_is(u, tradepost_unit_total(u, 10, USD), 1000004, "the long is paid");
	tradepost_unit_is(u, tradepost_unit_total(u, 11, USD), 999996, "by the short");
	tradepost_unit_sweep_at(u, 7000);
	tradepost_unit_expect(u, "once", "swept");
	tradepost_unit_respecify(u, WHEAT, until_noon);
	tradepost_unit_sweep_at(u, 8000);
	tradepost_unit_expect(u, "also when it is added again", "swept");
}

static void
amended(TpUnit *u)
{
	tradepost_unit_open(u, "an amend does not lengthen a life");
	tradepost_unit_apply(u, good_till(1, 10, TP_SELL, 105, 3000));
	tradepost_unit_amend(u, 1, 10, 5, 104);
	tradepost_unit_skip(u);
	tradepost_unit_sweep_at(u, 3000);
	tradepost_unit_expect(u, "it ends as it would have", "expired 1 sell 5 @104 time; swept");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	against_a_list(&unit);
	before_matching(&unit);
	in_order(&unit);
	instruments(&unit);
	amended(&unit);
	return tradepost_unit_done(&unit);
}
