/*
 * commission_slices.c
 *	  However a fill is sliced, in one role it costs the same, and no more than was
 *	  set aside.
 *
 * A program that prints TAP.  An order of a random size meets others of random
 * sizes, as maker, as taker, or first as the one and then as the other; what it
 * paid must be ceil(rate * notional) in each role, whatever the slices were, and
 * what all have paid must be with the house.  No slice leaves it less free money
 * than it had before.
 */
#include "generator.h"
#include "tap.h"

#include <stdlib.h>

#define SUBJECT 11
#define OTHER 12
#define HOUSE 2
#define EXTERNAL 900
#define MONEY 1
#define THING 2
#define INSTRUMENT 5

typedef struct TpTrial
{
	TpRandom random;
	TpEngine *engine;
	TpInstrument spec;
	TpSide side; /* the subject's */
	int32_t maker_rate;
	int32_t taker_rate;
	int64_t lots;
	int64_t next_id;
	int64_t subject; /* its order */
	tp_int128 paid_by_others;
	tp_int128 free; /* the subject's money, once its whole order is reserved for */
	bool dearer;    /* a slice cost some of that */
} TpTrial;

static void
apply(TpTrial *trial, TpCommand command)
{
	const TpEvent *events;
	size_t n;

	command.id = trial->next_id++;
	tradepost_engine_apply(trial->engine, &command, 1000);
	n = tradepost_engine_events(trial->engine, &events);
	for (size_t i = 0; i < n; i++)
		if (events[i].kind == TP_EV_TRADE)
			trial->paid_by_others += events[i].account == SUBJECT ? events[i].counter_commission : events[i].commission;
	tradepost_engine_end_batch(trial->engine);
}

static void
enrich(TpTrial *trial, int64_t account)
{
	for (int32_t asset = MONEY; asset <= THING; asset++)
		apply(trial, (TpCommand){ .kind = TP_CMD_DEPOSIT,
								  .account = account,
								  .counter_account = EXTERNAL,
								  .asset = asset,
								  .quantity = INT64_C(4000000000000000000) });
}

/* The tick is one unit of money a lot, so that hardly a fee comes out even. */
static void
set_up(TpTrial *trial, uint64_t seed, int64_t number)
{
	static const int64_t units[] = { 1, 100, 1000000, TRADEPOST_ONE };

	*trial = (TpTrial){ .engine = tradepost_engine_create(), .next_id = 1 };
	tradepost_random_seed(&trial->random, seed, (uint64_t) number);
	trial->spec = (TpInstrument){ .id = INSTRUMENT,
								  .kind = (uint8_t) tradepost_random_between(&trial->random, TP_SPOT, TP_FUTURE),
								  .quote_asset = MONEY,
								  .lot = TRADEPOST_ONE,
								  .multiplier = TRADEPOST_ONE,
								  .quote_unit = units[tradepost_random_between(&trial->random, 0, 3)],
								  .house_account = HOUSE,
								  .insurance_account = HOUSE,
								  .expires_at = TRADEPOST_TIME_NEVER };
	trial->spec.base_asset = trial->spec.kind == TP_SPOT ? THING : 0;
	trial->spec.tick = trial->spec.quote_unit;
	trial->spec.mark = trial->spec.reference = tradepost_random_between(&trial->random, 1, 700) * trial->spec.tick;
	trial->spec.band = trial->spec.max_price = 1000 * trial->spec.tick;
	trial->spec.max_quantity = 10000 * trial->spec.lot;
	tradepost_engine_add_instrument(trial->engine, &trial->spec);
	tradepost_engine_loaded(trial->engine);
	trial->side = (TpSide) tradepost_random_between(&trial->random, TP_BUY, TP_SELL);
	trial->maker_rate = (int32_t) tradepost_random_between(&trial->random, 0, 3000000);
	trial->taker_rate = (int32_t) tradepost_random_between(&trial->random, 0, 3000000);
	trial->lots = tradepost_random_between(&trial->random, 1, 60);
	enrich(trial, SUBJECT);
	enrich(trial, OTHER);
}

static int64_t
place(TpTrial *trial, int64_t account, int64_t lots)
{
	bool subject = account == SUBJECT;
	TpSide side = subject ? trial->side : trial->side == TP_BUY ? TP_SELL : TP_BUY;
	TpCommand command = { .kind = TP_CMD_PLACE,
						  .id = trial->next_id,
						  .account = account,
						  .instrument = INSTRUMENT,
						  .side = (uint8_t) side,
						  .time_in_force = TP_GTC,
						  .quantity = lots * trial->spec.lot,
						  .price = trial->spec.mark,
						  .maker_rate = subject ? trial->maker_rate : 12345,
						  .taker_rate = subject ? trial->taker_rate : 54321 };
	TpPreview preview;

	tradepost_engine_preview(trial->engine, &command, 1000, &preview);
	if (subject)
	{
		/* a spot ask is paid for in things */
		trial->free = tradepost_engine_free_funds(trial->engine, SUBJECT, MONEY);
		trial->free -= trial->spec.kind == TP_SPOT && side == TP_SELL ? 0 : preview.requirement;
	}
	apply(trial, command);
	return command.id;
}

static void
note_free(TpTrial *trial)
{
	tp_int128 free = tradepost_engine_free_funds(trial->engine, SUBJECT, MONEY);

	if (trial->subject == 0)
		return;
	trial->dearer |= free < trial->free;
	trial->free = free;
}

static void
meet_in_slices(TpTrial *trial, int64_t lots)
{
	while (lots > 0)
	{
		int64_t slice = tradepost_random_between(&trial->random, 1,
												 tradepost_random_chance(&trial->random, 50) ? 1 : lots);

		place(trial, OTHER, slice);
		note_free(trial);
		lots -= slice;
	}
}

static tp_int128
expected(const TpTrial *trial, int32_t rate, int64_t lots)
{
	tp_int128 exact = (tp_int128) rate * lots * trial->spec.mark; /* a lot is 1.0 */
	tp_int128 step = (tp_int128) TRADEPOST_ONE * trial->spec.quote_unit;

	return (exact + step - 1) / step * trial->spec.quote_unit;
}

/* `taken` lots are there when the subject comes, the rest meets it as it rests. */
static bool
run_trial(uint64_t seed, int64_t number, int role)
{
	TpTrial trial;
	int64_t taken;
	TpBalanceState house;
	TpBalanceState cash;
	TpBalanceState other;
	tp_int128 fee;
	tp_int128 value;
	bool fine;

	set_up(&trial, seed, number);
	taken = role == 0 ? 0 : role == 1 ? trial.lots : tradepost_random_between(&trial.random, 0, trial.lots);
	meet_in_slices(&trial, taken);
	trial.subject = place(&trial, SUBJECT, trial.lots);
	note_free(&trial);
	meet_in_slices(&trial, trial.lots - taken);

	fee = expected(&trial, trial.taker_rate, taken) + expected(&trial, trial.maker_rate, trial.lots - taken);
	value = trial.spec.kind == TP_SPOT ? (tp_int128) trial.lots * trial.spec.mark : 0;
	tradepost_engine_balance(trial.engine, HOUSE, MONEY, &house);
	tradepost_engine_balance(trial.engine, SUBJECT, MONEY, &cash);
	tradepost_engine_balance(trial.engine, OTHER, MONEY, &other);
	fine = !trial.dearer &&
		   cash.total == INT64_C(4000000000000000000) + (trial.side == TP_BUY ? -value : value) - fee &&
		   cash.reserved == 0 && house.total == fee + trial.paid_by_others &&
		   other.total == INT64_C(4000000000000000000) + (trial.side == TP_BUY ? value : -value) - trial.paid_by_others;
	if (!fine)
		printf("# seed %llu, trial %lld, role %d: %lld lots at %lld, %lld of them taken\n", (unsigned long long) seed,
			   (long long) number, role, (long long) trial.lots, (long long) trial.spec.mark, (long long) taken);
	tradepost_engine_destroy(trial.engine);
	return fine;
}

/* commission_slices [SEED [TRIALS]] */
int
main(int argc, char **argv)
{
	static const char *const roles[] = { "as maker: slices cost what the whole costs",
										 "as taker: slices cost what the whole costs",
										 "first taker, then maker: each role by itself" };
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int64_t trials = argc > 2 ? strtoll(argv[2], NULL, 0) : 1500;
	TpTap tap = { 0 };

	tradepost_tap_plan(3);
	for (int role = 0; role < 3; role++)
	{
		bool fine = true;

		for (int64_t i = 0; fine && i < trials; i++)
			fine = run_trial(seed, i, role);
		tradepost_tap_ok(&tap, fine, roles[role]);
	}
	return tap.failed == 0 ? 0 : 1;
}
