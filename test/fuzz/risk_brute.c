/*
 * risk_brute.c
 *	  The acceptance rule against brute force.
 *
 * A program that prints TAP.  Random streams go through the engine; around each
 * place and amend the account is copied out (risk_copy.c), and it is checked that
 *	 - free funds are the formula's, and the answer is the rule's, neither laxer
 *	   nor stricter;
 *	 - once accepted, and were free funds exactly 0 in every asset, whichever
 *	   subset of the account's open orders fills, wholly, at their limits and in
 *	   whatever roles, they stay >= 0;
 *	 - the same for samples of partial fills and better prices, of which no single
 *	   one leaves less than there was before it.
 */
#include "risk_copy.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SUBSET_ORDERS 11
#define SAMPLES 40
#define STEPS 1500
#define GROUPS 10

typedef struct TpTally
{
	int64_t decisions;
	int64_t by_funds;
	int64_t by_margin;
	int64_t refused;
	int64_t subsets;
	int64_t samples;
	int64_t fills; /* in samples */
} TpTally;

static char message[400];

static bool
complain(const char *what, int64_t id, tp_int128 amount)
{
	snprintf(message, sizeof(message), "command %lld: %s (%lld)", (long long) id, what, (long long) amount);
	return false;
}

static bool
still_free(const TpCopy *copy)
{
	for (int32_t asset = 1; asset < TP_COPY_ASSETS; asset++)
		if (tradepost_risk_copy_free(copy, asset) < 0)
			return false;
	return true;
}

/* Whole fills at the limits: each subset, with each order making, taking, or half of each. */
static bool
every_subset_is_free(const TpCopy *copy, TpRandom *random, TpTally *tally)
{
	size_t n = copy->n_legs < MAX_SUBSET_ORDERS ? copy->n_legs : MAX_SUBSET_ORDERS;
	size_t first = copy->n_legs - n;

	for (uint32_t subset = 0; subset < (UINT32_C(1) << n); subset++)
	{
		TpCopy after;

		tradepost_risk_copy_duplicate(&after, copy);
		for (size_t i = 0; i < n; i++)
		{
			TpLeg *leg = &after.legs[first + i];
			int64_t left = tradepost_risk_copy_left(&leg->order);
			int64_t parts[] = { 0, left, left / leg->instrument->lot / 2 * leg->instrument->lot };

			if (subset & (UINT32_C(1) << i))
				tradepost_risk_copy_fill(&after, first + i, left, parts[tradepost_random_between(random, 0, 2)],
										 leg->order.price);
		}
		tally->subsets++;
		if (!still_free(&after))
			return false;
	}
	return true;
}

static int64_t
better_price(const TpLeg *leg, TpRandom *random)
{
	const TpInstrument *instrument = leg->instrument;
	int64_t by = tradepost_random_between(random, 0, 30) * instrument->tick;
	int64_t price = leg->order.side == TP_BUY ? leg->order.price - by : leg->order.price + by;
	bool exists = price <= instrument->max_price &&
				  (tradepost_risk_copy_negative(instrument) ? price >= -instrument->max_price : price > 0);

	return exists && tradepost_random_chance(random, 60) ? price : leg->order.price;
}

/* Neither what is paid nor what is paid with becomes less. */
static bool
fills_freely(TpCopy *copy, size_t leg, int64_t quantity, int64_t as_taker, int64_t price)
{
	const TpInstrument *instrument = copy->legs[leg].instrument;
	int32_t base = instrument->kind == TP_SPOT ? instrument->base_asset : instrument->quote_asset;
	tp_int128 of_base = tradepost_risk_copy_free(copy, base);
	tp_int128 of_quote = tradepost_risk_copy_free(copy, instrument->quote_asset);

	tradepost_risk_copy_fill(copy, leg, quantity, as_taker, price);
	return tradepost_risk_copy_free(copy, base) >= of_base &&
		   tradepost_risk_copy_free(copy, instrument->quote_asset) >= of_quote;
}

static bool
samples_are_free(const TpCopy *copy, TpRandom *random, TpTally *tally)
{
	for (int i = 0; i < SAMPLES; i++)
	{
		TpCopy after;

		tradepost_risk_copy_duplicate(&after, copy);
		for (size_t j = 0; j < after.n_legs; j++)
		{
			TpLeg *leg = &after.legs[j];
			int64_t lot = leg->instrument->lot;
			int64_t lots = tradepost_risk_copy_left(&leg->order) / lot;

			for (int slice = 0; slice < 3 && tradepost_random_chance(random, 50) && lots > 0; slice++)
			{
				int64_t part = tradepost_random_between(random, 1, lots);
				int64_t taking = slice > 0 ? 0 : tradepost_random_between(random, 0, part);

				if (!fills_freely(&after, j, part * lot, taking * lot, better_price(leg, random)))
					return false;
				lots -= part;
				tally->fills++;
			}
		}
		tally->samples++;
	}
	return true;
}

/* An amend that keeps its place is asked for no funds. */
static bool
keeps_its_place(const TpLeg *old, const TpLeg *new)
{
	return old->order.price == new->order.price &&new->order.quantity <= old->order.quantity;
}

/* An order that waits for its trigger is asked for no funds, placed or amended. */
static bool
waits(const TpEngine *engine, const TpCommand *command)
{
	TpOrderState order;

	if (command->kind == TP_CMD_PLACE)
		return command->type > TP_MARKET;
	return tradepost_engine_order(engine, command->order_id, &order) && order.status == TP_ORDER_UNTRIGGERED;
}

static bool
judge(const TpCopy *before, const TpCommand *command, const TpEvent *decision, TpRandom *random, TpTally *tally)
{
	TpCopy after;
	size_t at;
	const TpInstrument *instrument;
	bool refused = decision->kind == TP_EV_REJECTED;
	bool enough;
	bool lighter;

	if (refused ? decision->reason != TP_REASON_INSUFFICIENT_FUNDS
				: decision->kind != TP_EV_ACCEPTED && decision->kind != TP_EV_AMENDED)
		return true;
	tradepost_risk_copy_duplicate(&after, before);
	if (!tradepost_risk_copy_stand_open(&after, command, &at))
		return complain("an order that is not open was amended", command->id, 0);
	if (command->kind == TP_CMD_AMEND && keeps_its_place(&before->legs[at], &after.legs[at]))
		return true;
	instrument = after.legs[at].instrument;
	enough = tradepost_risk_copy_free(&after, instrument->kind == TP_SPOT && after.legs[at].order.side == TP_SELL
												  ? instrument->base_asset
												  : instrument->quote_asset) >= 0;
	lighter = instrument->kind == TP_FUTURE && tradepost_risk_copy_margin(&after, instrument - after.instruments) <=
												   tradepost_risk_copy_margin(before, instrument - after.instruments);
	tally->decisions++;
	tally->refused += refused;
	tally->by_funds += enough && !refused;
	tally->by_margin += !enough && !refused;
	if (refused && (enough || lighter))
		return complain("refused for want of funds that are there", command->id, 0);
	if (!refused && !enough && !lighter)
		return complain("accepted without the funds", command->id, 0);
	if (refused)
		return true;
	/* an account that has just enough, of everything: if fills leave that whole, then any other account's too */
	for (int32_t asset = 1; asset < TP_COPY_ASSETS; asset++)
		after.cash[asset] -= tradepost_risk_copy_free(&after, asset);
	if (!every_subset_is_free(&after, random, tally))
		return complain("some subset of fills leaves less than nothing", command->id, after.n_legs);
	if (!samples_are_free(&after, random, tally))
		return complain("some partial or better fill leaves less than nothing", command->id, after.n_legs);
	return true;
}

static const TpEvent *
decision_of(const TpEngine *engine, size_t first)
{
	const TpEvent *events;
	size_t n = tradepost_engine_events(engine, &events);

	for (size_t i = first; i < n; i++)
		if (events[i].decision)
			return &events[i];
	return NULL;
}

static bool
do_step(const TpWorld *world, TpEngine *engine, const TpStep *step, TpRandom *random, TpTally *tally)
{
	static TpCopy before;
	const TpEvent *events;
	size_t first;
	bool looked = (step->command.kind == TP_CMD_PLACE || step->command.kind == TP_CMD_AMEND) && !step->command.poisoned;

	if (step->kind == TP_STEP_RESPECIFY)
		tradepost_engine_add_instrument(engine, &step->spec);
	if (step->kind == TP_STEP_END_BATCH || step->kind == TP_STEP_RECOVER)
	{
		tradepost_engine_end_batch(engine);
		return true;
	}
	/* what is due falls due first, so that the copy is what the command meets */
	tradepost_engine_apply(engine, &(TpCommand){ .id = INT64_C(1) << 40, .kind = TP_CMD_SWEEP }, step->now);
	looked = looked && !waits(engine, &step->command) &&
			 tradepost_risk_copy_take(world, engine, step->command.account, &before);
	if (looked && !tradepost_risk_copy_agrees(engine, step->command.account, &before))
		return complain("free funds are not what the formula says", step->command.id, 0);
	first = tradepost_engine_events(engine, &events);
	tradepost_engine_apply(engine, &step->command, step->now);
	return !looked || judge(&before, &step->command, decision_of(engine, first), random, tally);
}

static bool
run_stream(uint64_t seed, int64_t number, TpTally *tally)
{
	TpRandom random;
	TpWorld world;
	TpEngine *engine = tradepost_engine_create();
	TpStep *steps = calloc(STEPS, sizeof(TpStep));
	bool fine = true;

	if (steps == NULL)
		abort();
	tradepost_random_seed(&random, seed, (uint64_t) number);
	tradepost_generate_world(&random, &world);
	tradepost_generate_steps(&random, &world, steps, STEPS);
	for (size_t i = 0; i < world.n_instruments; i++)
		tradepost_engine_add_instrument(engine, &world.instruments[i]);
	tradepost_engine_loaded(engine);
	for (size_t i = 0; fine && i < STEPS; i++)
		fine = do_step(&world, engine, &steps[i], &random, tally);
	free(steps);
	tradepost_engine_destroy(engine);
	if (!fine)
		printf("# seed %llu, stream %lld: %s\n", (unsigned long long) seed, (long long) number, message);
	return fine;
}

/* risk_brute [SEED [STREAMS]] */
int
main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	const char *longer = getenv("TRADEPOST_TEST_LONG");
	int64_t streams = TRADEPOST_RISK_STREAMS * (longer != NULL && *longer == '1' ? 20 : 1);
	TpTally tally = { 0 };
	TpTap tap = { 0 };

	if (argc > 2)
		streams = strtoll(argv[2], NULL, 0);
	tradepost_tap_plan(GROUPS + 1);
	for (int64_t i = 0; i < GROUPS; i++)
	{
		bool fine = true;
		char what[100];

		for (int64_t j = streams * i / GROUPS; fine && j < streams * (i + 1) / GROUPS; j++)
			fine = run_stream(seed, j, &tally);
		snprintf(what, sizeof(what), "streams %lld to %lld: the rule exactly, and no fill breaks it",
				 (long long) (streams * i / GROUPS), (long long) (streams * (i + 1) / GROUPS - 1));
		tradepost_tap_ok(&tap, fine, what);
	}
	printf("# %lld decisions: %lld by funds, %lld by margin alone, %lld refused; %lld subsets, %lld samples of %lld "
		   "fills\n",
		   (long long) tally.decisions, (long long) tally.by_funds, (long long) tally.by_margin,
		   (long long) tally.refused, (long long) tally.subsets, (long long) tally.samples, (long long) tally.fills);
	tradepost_tap_ok(&tap, tally.by_funds > 0 && tally.by_margin > 0 && tally.refused > 0,
					 "all three kinds of answer occurred");
	return tap.failed == 0 ? 0 : 1;
}
