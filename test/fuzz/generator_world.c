/*
 * generator_world.c
 *	  The random numbers, and the instruments and accounts of one stream.
 *
 * Instruments get odd ticks, lots, multipliers and currency scales, bound only
 * by the one rule that specifications have: tick * lot * multiplier is a whole
 * number of the quote currency's smallest amount, and the largest order's
 * value fits 64 bits.
 */
#include "generator.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(random, array) ((array)[tradepost_random_between(random, 0, COUNT(array) - 1)])

#define HOUSE 2
#define INSURANCE 3

/* A full period of 2^64: counter plus mixing (Steele and others' SplitMix64 constants). */
uint64_t
tradepost_random_next(TpRandom *random)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

void
tradepost_random_seed(TpRandom *random, uint64_t seed, uint64_t stream)
{
	random->state = seed;
	random->state = tradepost_random_next(random) ^ (stream * UINT64_C(0xD1342543DE82EF95));
	tradepost_random_next(random);
}

int64_t
tradepost_random_between(TpRandom *random, int64_t low, int64_t high)
{
	uint64_t span = (uint64_t) high - (uint64_t) low + 1;

	/* the bias of the remainder does not matter here */
	return (int64_t) ((uint64_t) low +
					  (span == 0 ? tradepost_random_next(random) : tradepost_random_next(random) % span));
}

bool
tradepost_random_chance(TpRandom *random, double percent)
{
	return (double) (tradepost_random_next(random) >> 11) < percent / 100 * 9007199254740992.0;
}

/* Tick, lot and multiplier whose product is a whole amount of money, and not a large one. */
static void
draw_grid(TpRandom *random, TpInstrument *instrument, tp_int128 largest)
{
	static const int64_t ticks[] = { 1, 3, 100, 2500, 10000, 1000000, 5000000, 25000000, TRADEPOST_ONE, 300000000 };
	static const int64_t lots[] = { 1, 7, 100, 10000, 1000000, 20000000, TRADEPOST_ONE, 500000000, 10000000000 };
	static const int64_t multipliers[] = { TRADEPOST_ONE, 1000000, 250000000, 300000000, 1000000000, 10000000000 };
	tp_int128 unit = (tp_int128) TRADEPOST_ONE * TRADEPOST_ONE * instrument->quote_unit;
	tp_int128 product;

	do
	{
		instrument->tick = PICK(random, ticks);
		instrument->lot = PICK(random, lots);
		instrument->multiplier = instrument->kind == TP_SPOT ? TRADEPOST_ONE : PICK(random, multipliers);
		product = (tp_int128) instrument->tick * instrument->lot * instrument->multiplier;
	} while (product % unit != 0 || product / TRADEPOST_ONE / TRADEPOST_ONE > largest);
}

static void
draw_limits(TpRandom *random, TpInstrument *instrument, bool deep)
{
	int64_t tick = instrument->tick;
	bool negative = instrument->allow_negative && instrument->kind == TP_FUTURE;
	tp_int128 lot_tick = (tp_int128) instrument->lot * tick * instrument->multiplier / TRADEPOST_ONE / TRADEPOST_ONE;
	int64_t ticks = tradepost_random_between(random, deep ? 1000 : 200, 3000);
	tp_int128 most = INT64_C(9000000000000000000) / (lot_tick * ticks);

	instrument->max_price = ticks * tick;
	if (tradepost_random_chance(random, 10))
		instrument->max_price += tick / 2;
	if (most > 100000)
		most = 100000;
	if (most > INT64_MAX / instrument->lot)
		most = INT64_MAX / instrument->lot;
	instrument->max_quantity = (int64_t) most * instrument->lot;
	if (negative)
		instrument->mark = tradepost_random_between(random, -15, 15) * tick;
	else
		instrument->mark = tradepost_random_between(random, 1, deep ? 1000 : 150) * tick;
	instrument->reference = tradepost_random_chance(random, 50)
								? instrument->mark
								: tradepost_random_between(random, negative ? -20 : 0, 40) * tick;
	instrument->band = tradepost_random_between(random, 3, 60) * tick;
	if (tradepost_random_chance(random, 10))
		instrument->band += tick / 3;
	if (tradepost_random_chance(random, deep ? 90 : 3))
		instrument->band = INT64_MAX;
	instrument->mark_step = tradepost_random_between(random, 2, 80) * tick;
	if (tradepost_random_chance(random, 5))
		instrument->mark_step = INT64_MAX;
}

/* Margins a fraction of what a unit is worth, both sides different, sometimes nothing. */
static void
draw_margins(TpRandom *random, TpInstrument *instrument, bool coarse)
{
	int64_t price = instrument->mark > 0 ? instrument->mark : instrument->tick * 20;
	int64_t worth = (int64_t) ((tp_int128) price * instrument->multiplier / TRADEPOST_ONE);

	if (instrument->kind != TP_FUTURE)
		return;
	instrument->im_long = worth / tradepost_random_between(random, 2, 20);
	instrument->im_long += tradepost_random_between(random, 0, 3);
	instrument->im_short = worth / tradepost_random_between(random, 2, 20);
	instrument->im_short += tradepost_random_between(random, 0, 3);
	if (coarse)
	{
		instrument->im_long = (int64_t) ((tp_int128) instrument->tick * instrument->multiplier / TRADEPOST_ONE) *
							  tradepost_random_between(random, 1, 6);
		instrument->im_short = instrument->im_long;
	}
	if (tradepost_random_chance(random, 5))
		instrument->im_short = 0;
	instrument->mm_long = instrument->im_long / tradepost_random_between(random, 1, 3);
	instrument->mm_short = instrument->im_short / tradepost_random_between(random, 1, 3);
	if (tradepost_random_chance(random, 10))
		instrument->mm_long = instrument->mm_short = 0;
}

static void
draw_instrument(TpRandom *random, TpWorld *world, TpInstrumentKind kind, int32_t base, int32_t quote, int64_t unit,
				bool negative)
{
	static const int32_t rates[] = { 0, 0, 100000, 1000000, 33333333, TRADEPOST_ONE };
	TpInstrument *instrument = &world->instruments[world->n_instruments];

	*instrument = (TpInstrument){ .id = (int32_t) (world->n_instruments * 3 + 1), .kind = (uint8_t) kind };
	/* spot prices are positive whatever this says */
	instrument->allow_negative = negative || (kind == TP_SPOT && tradepost_random_chance(random, 10));
	instrument->base_asset = base;
	instrument->quote_asset = quote;
	instrument->quote_unit = unit;
	instrument->taker_rate = PICK(random, rates);
	instrument->expires_at = TRADEPOST_TIME_NEVER;
	if (tradepost_random_chance(random, 15))
		instrument->expires_at = world->start + tradepost_random_between(random, 1, INT64_C(100000000000));
	instrument->house_account = HOUSE;
	instrument->insurance_account = INSURANCE;
	if (tradepost_random_chance(random, 10))
		instrument->insurance_account = world->accounts[tradepost_random_between(random, 0, world->n_accounts - 1)];
	draw_grid(random, instrument, world->temper == TP_TEMPER_GIANT ? INT64_C(100000000000) : INT64_C(10000000000));
	draw_limits(random, instrument, world->temper == TP_TEMPER_DEEP);
	draw_margins(random, instrument, world->temper == TP_TEMPER_COARSE);
	world->n_instruments++;
}

/*
 * A contract of enormous lots: two orders reach the exposure limit, and what an
 * account owes may not fit 64 bits.
 */
static void
draw_giant(TpRandom *random, TpWorld *world)
{
	TpInstrument *instrument = &world->instruments[world->n_instruments];

	draw_instrument(random, world, TP_FUTURE, 0, 1, world->instruments[0].quote_unit, false);
	instrument->tick = tradepost_random_chance(random, 50) ? 1 : 100000;
	instrument->lot = INT64_C(100000000000000000);
	instrument->multiplier = TRADEPOST_ONE;
	if (instrument->quote_unit == 1 && tradepost_random_chance(random, 70))
	{
		/* 32 lots are the limit exactly */
		instrument->lot = TRADEPOST_MAX_EXPOSURE / 32;
		instrument->tick = 390625;
	}
	draw_limits(random, instrument, false);
	instrument->max_quantity = instrument->lot * 30;
	if (instrument->tick == 390625)
	{
		instrument->max_price = 400 * instrument->tick;
		instrument->max_quantity = instrument->lot * 20;
	}
	draw_margins(random, instrument, false);
	if (tradepost_random_chance(random, 50))
		instrument->mark_step = instrument->max_price;
	if (tradepost_random_chance(random, 60))
		instrument->im_long = instrument->im_short = instrument->mm_long = instrument->mm_short = 0;
}

static void
draw_accounts(TpRandom *random, TpWorld *world)
{
	static const int64_t names[] = { 101, 7, 1000000007, 55, 54, 9000000000000, 12, 4242, 33, 1 };
	size_t n = tradepost_random_between(random, 3, COUNT(names));

	if (world->temper == TP_TEMPER_SELF)
		n = 2;
	for (size_t i = 0; i < n; i++)
		world->accounts[world->n_accounts++] = names[i];
	/* house and insurance trade as well, now and then */
	if (tradepost_random_chance(random, 15))
		world->accounts[world->n_accounts++] = HOUSE;
	if (tradepost_random_chance(random, 15))
		world->accounts[world->n_accounts++] = INSURANCE;
	world->external = tradepost_random_chance(random, 5) ? world->accounts[0] : 900;
}

void
tradepost_generate_world(TpRandom *random, TpWorld *world)
{
	static const int64_t units[] = { 1, 100, 10000, 1000000, TRADEPOST_ONE };
	int64_t dollar = PICK(random, units);
	int64_t euro = PICK(random, units);

	memset(world, 0, sizeof(*world));
	world->temper = (TpTemper) tradepost_random_between(random, 0, TP_TEMPERS - 1);
	world->start = tradepost_random_between(random, 0, INT64_C(1000000000000000));
	world->first_seq = tradepost_random_chance(random, 50) ? 0 : tradepost_random_between(random, 1, INT64_C(1) << 40);
	draw_accounts(random, world);
	/* asset 1 is the first currency, 2 is both a currency and a thing traded, 11 is a thing */
	draw_instrument(random, world, TP_SPOT, 11, 1, dollar, false);
	draw_instrument(random, world, TP_FUTURE, 0, 1, dollar, false);
	if (tradepost_random_chance(random, 80))
		draw_instrument(random, world, TP_FUTURE, 0, 1, dollar, true);
	if (tradepost_random_chance(random, 60))
		draw_instrument(random, world, TP_SPOT, 2, 1, dollar, false);
	if (tradepost_random_chance(random, 40))
		draw_instrument(random, world, TP_FUTURE, 0, 2, euro, false);
	if (world->temper == TP_TEMPER_GIANT)
		draw_giant(random, world);
}
