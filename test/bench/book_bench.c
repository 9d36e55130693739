/*
 * book_bench.c
 *	  How fast the pure parts are, without a database.
 *
 * The book: a million live orders on 10,000 levels; new orders everywhere,
 * cancels and amends of uniformly chosen orders, the hardest case for a cache;
 * some new orders cross.  Messages are made beforehand.  Twice: one message after
 * the other, and with a look ahead at the ids to come, as a matcher can that has a
 * batch before it.
 *
 * The engine: whole commands with risk, events and the lists of what
 * changed, in batches.  And one fall of the price that fires a quarter of a million stops,
 * each by the trades of those before it.
 *
 * Over 500 lines, because its three parts share the messages, the clock and the report,
 * and one program stands in a tree of sources without PostgreSQL.
 *
 * Options: --json (one object a line), --quick, --runs=N.
 */
#define _POSIX_C_SOURCE 200809L
#include "engine.h"
#include "match.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEVELS 5000 /* a side */
#define MIDDLE 100000
#define LOOK_AHEAD 16
#define MAX_RUNS 15

typedef enum TpMessageKind
{
	MSG_NEW,
	MSG_CANCEL,
	MSG_AMEND, /* price and quantity: to the back */
	MSG_REDUCE /* keeps its place */
} TpMessageKind;

typedef struct TpMessage
{
	int64_t id;
	int32_t price;
	int32_t quantity;
	uint8_t kind;
	uint8_t side;
} TpMessage;

typedef struct TpOptions
{
	bool json;
	int runs;
	size_t orders;
	size_t messages;
} TpOptions;

static uint64_t random_state = UINT64_C(0x853c49e6748fea9b);

static uint32_t
random_below(uint32_t n)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t) ((tp_mix(random_state) >> 32) * n >> 32);
}

/* Of processor time: the machine may have other things to do. */
static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void *
allocate(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL)
		abort();
	return p;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* The median of several runs; `goal` 0: none. */
static void
report(const TpOptions *options, const char *key, const char *name, const char *unit, double *values, double goal)
{
	int n = options->runs;
	double median;
	double spread;

	qsort(values, (size_t) n, sizeof(double), by_value);
	median = values[n / 2];
	spread = (values[n - 1] - values[0]) / median;
	if (!options->json)
	{
		printf("%-58s %14.1f %-8s (%d runs, spread %.0f %%)\n", name, median, unit, n, spread * 100);
		return;
	}
	printf("{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"%s\", \"n\": %d, \"spread\": %.3f", name, median, unit, n,
		   spread);
	if (goal > 0)
		printf(", \"goal\": %.1f, \"met\": %s", goal,
			   (unit[0] == 'n' ? median <= goal : median >= goal) ? "true" : "false");
	printf(", \"%s\": %.1f}\n", key, median);
}

/* Messages -------------------------------------------------------------------- */

/* Away from the middle by 1 to LEVELS ticks; one in sixteen reaches a few ticks across. */
static void
make_new(TpMessage *message, int64_t id, bool may_cross)
{
	int32_t away = 1 + (int32_t) random_below(LEVELS);

	if (may_cross && random_below(16) == 0)
		away = -(int32_t) random_below(3);
	message->kind = MSG_NEW;
	message->id = id;
	message->side = (uint8_t) random_below(2);
	message->price = message->side == TP_BUY ? MIDDLE - away : MIDDLE + away;
	message->quantity = 2 + (int32_t) random_below(200);
}

/* 82 % cancels and amends: as many cancels as keep the number of orders, the rest amends. */
static TpMessage *
make_messages(const TpOptions *options)
{
	TpMessage *messages = allocate(options->orders + options->messages, sizeof(TpMessage));
	TpMessage *live = allocate(options->orders + options->messages, sizeof(TpMessage));
	size_t n_live = 0;
	int64_t id = 0;

	for (size_t i = 0; i < options->orders + options->messages; i++)
	{
		uint32_t dice = random_below(100);
		TpMessage *message = &messages[i];
		size_t at;

		if (i < options->orders || dice < 18)
		{
			make_new(message, ++id, i >= options->orders);
			live[n_live++] = *message;
			continue;
		}
		at = random_below((uint32_t) n_live);
		*message = live[at];
		if (dice < 36)
		{
			message->kind = MSG_CANCEL;
			live[at] = live[--n_live];
		}
		else if (dice < 68)
		{
			make_new(message, message->id, false);
			message->side = live[at].side;
			message->price = live[at].side == TP_BUY ? MIDDLE - 1 - (int32_t) random_below(LEVELS)
													 : MIDDLE + 1 + (int32_t) random_below(LEVELS);
			message->kind = MSG_AMEND;
			live[at] = *message;
		}
		else
		{
			message->kind = MSG_REDUCE;
			message->quantity = 1;
		}
	}
	free(live);
	return messages;
}

/* The bare book ---------------------------------------------------------------- */

typedef struct TpBare
{
	TpOrders pool;
	TpBook book;
	uint64_t trades;
	uint64_t unknown; /* filled before their cancel came */
} TpBare;

/* Owners are the ids: nobody meets itself. */
static void
trade_and_rest(TpBare *bare, uint32_t order, TpSide side, int64_t limit)
{
	TpTaker taker = { .side = side, .limit = limit, .remaining = tp_order_at(&bare->pool, order)->remaining };
	TpMatch match;

	while (tradepost_match_next(&bare->book, &taker, &match))
	{
		taker.remaining -= match.quantity;
		bare->trades++;
		if (tp_order_at(&bare->pool, match.maker)->remaining > match.quantity)
			tradepost_book_reduce(&bare->book, match.maker, match.quantity);
		else
		{
			tradepost_book_remove(&bare->book, match.maker);
			tradepost_orders_drop(&bare->pool, match.maker);
		}
	}
	tp_order_at(&bare->pool, order)->remaining = taker.remaining;
	if (taker.remaining > 0)
		tradepost_book_rest(&bare->book, order, side, limit);
	else
		tradepost_orders_drop(&bare->pool, order);
}

static void
apply_message(TpBare *bare, const TpMessage *message)
{
	uint32_t order;

	if (message->kind == MSG_NEW)
	{
		order = tradepost_orders_add(&bare->pool, message->id, 1, message->quantity);
		trade_and_rest(bare, order, message->side, message->price);
		return;
	}
	order = tradepost_orders_find(&bare->pool, message->id);
	if (order == TP_NONE)
	{
		bare->unknown++;
		return;
	}
	if (message->kind == MSG_REDUCE && tp_order_at(&bare->pool, order)->remaining > message->quantity)
		tradepost_book_reduce(&bare->book, order, message->quantity);
	else if (message->kind == MSG_AMEND)
	{
		tradepost_book_remove(&bare->book, order);
		tp_order_at(&bare->pool, order)->remaining = message->quantity;
		trade_and_rest(bare, order, message->side, message->price);
	}
	else
	{
		tradepost_book_remove(&bare->book, order);
		tradepost_orders_drop(&bare->pool, order);
	}
}

/* Messages a second. */
static double
run_bare(const TpOptions *options, const TpMessage *messages, bool ahead, uint64_t *trades)
{
	TpBare bare = { .trades = 0 };
	const TpMessage *stream = messages + options->orders;
	size_t count = options->messages;
	double start;
	double taken;

	tradepost_orders_init(&bare.pool);
	tradepost_book_init(&bare.book, &bare.pool);
	for (size_t i = 0; i < options->orders; i++)
		apply_message(&bare, &messages[i]);
	start = seconds();
	for (size_t i = 0; i < count; i++)
	{
		if (ahead && i + LOOK_AHEAD < count)
		{
			tradepost_orders_prefetch_id(&bare.pool, stream[i + LOOK_AHEAD].id);
			tradepost_orders_prefetch_order(&bare.pool, stream[i + LOOK_AHEAD * 2 / 3].id);
			tradepost_orders_prefetch_neighbours(&bare.pool, stream[i + LOOK_AHEAD / 3].id);
		}
		apply_message(&bare, &stream[i]);
	}
	taken = seconds() - start;
	*trades = bare.trades;
	tradepost_book_destroy(&bare.book);
	tradepost_orders_destroy(&bare.pool);
	return (double) count / taken;
}

static void
bench_book(const TpOptions *options)
{
	TpMessage *messages = make_messages(options);
	double ahead[MAX_RUNS];
	double single[MAX_RUNS];
	uint64_t trades = 0;

	for (int run = 0; run < options->runs; run++)
	{
		ahead[run] = run_bare(options, messages, true, &trades);
		single[run] = run_bare(options, messages, false, &trades);
	}
	if (!options->json)
		printf("%zu live orders on %d levels; %zu messages, 82 %% cancels and amends, %" PRIu64 " trades\n",
			   options->orders, 2 * LEVELS, options->messages, trades);
	report(options, "msgs_per_second", "book, batch known ahead", "msgs/s", ahead, 5e6);
	report(options, "msgs_per_second_single", "book, one message at a time", "msgs/s", single, 0);
	free(messages);
}

/* The engine -------------------------------------------------------------------- */

#define ACCOUNTS 64
#define BATCH 1000
#define ONE TRADEPOST_ONE

static TpEngine *
open_engine(void)
{
	TpEngine *engine = tradepost_engine_create();
	TpInstrument spec = { .id = 1, .kind = TP_FUTURE, .quote_asset = 1, .tick = ONE / 100, .lot = ONE };

	spec.multiplier = ONE;
	spec.quote_unit = ONE / 100;
	spec.reference = spec.mark = MIDDLE * (ONE / 100);
	spec.band = 2 * LEVELS * (ONE / 100);
	spec.mark_step = spec.band;
	spec.max_price = 1000000 * ONE;
	spec.max_quantity = 1000000 * ONE;
	spec.im_long = spec.im_short = 100 * ONE;
	spec.mm_long = spec.mm_short = 50 * ONE;
	spec.expires_at = TRADEPOST_TIME_NEVER;
	spec.house_account = 1;
	spec.insurance_account = 2;
	tradepost_engine_add_instrument(engine, &spec);
	for (int64_t account = 10; account < 10 + ACCOUNTS; account++)
		tradepost_engine_load_balance(engine, account, 1, (tp_int128) ONE * ONE * 1000);
	tradepost_engine_loaded(engine);
	return engine;
}

static TpCommand
command_of(const TpMessage *message)
{
	static const uint8_t kinds[] = { TP_CMD_PLACE, TP_CMD_CANCEL, TP_CMD_AMEND, TP_CMD_AMEND };
	TpCommand command = { .id = message->id, .kind = kinds[message->kind], .instrument = 1 };

	/* An order's account follows from its id. */
	command.account = 10 + message->id % ACCOUNTS;
	command.order_id = message->id;
	command.side = message->side;
	command.price = (int64_t) message->price * (ONE / 100);
	command.quantity = (int64_t) message->quantity * ONE;
	command.time_in_force = TP_DAY;
	command.expires_at = INT64_C(86400000000);
	command.stp = TP_STP_CANCEL_MAKER;
	command.maker_rate = command.taker_rate = 100000;
	command.flags = TP_CMD_HAS_QUANTITY | (message->kind == MSG_REDUCE ? 0 : TP_CMD_HAS_PRICE);
	return command;
}

/* As the host does at the end of a batch, without storing. */
static size_t
end_batch(TpEngine *engine)
{
	const TpDirtyOrder *orders;
	const TpDirtyBalance *balances;
	const TpDirtyPosition *positions;
	const int32_t *ids;
	size_t count = tradepost_engine_dirty_orders(engine, &orders) + tradepost_engine_dirty_balances(engine, &balances) +
				   tradepost_engine_dirty_positions(engine, &positions) +
				   tradepost_engine_dirty_instruments(engine, &ids);

	tradepost_engine_end_batch(engine);
	return count;
}

/* Nanoseconds a command: of apply alone, and with what a batch's end adds. */
static void
run_engine(const TpMessage *messages, size_t skip, size_t count, double *apply, double *whole)
{
	TpEngine *engine = open_engine();
	TpCommand *batch = allocate(BATCH, sizeof(TpCommand));
	double in_apply = 0;
	double in_end = 0;

	for (size_t done = 0; done < skip + count;)
	{
		size_t n = 0;
		double start;
		double applied;
		double ended;

		for (; n < BATCH && done < skip + count; n++)
			batch[n] = command_of(&messages[done++]);
		start = seconds();
		for (size_t i = 0; i < n; i++)
		{
			tradepost_engine_prefetch(engine, &batch[i], n - i);
			tradepost_engine_apply(engine, &batch[i], (int64_t) done);
		}
		applied = seconds();
		end_batch(engine);
		ended = seconds();
		if (done > skip)
		{
			in_apply += applied - start;
			in_end += ended - applied;
		}
	}
	*apply = in_apply / (double) count * 1e9;
	*whole = (in_apply + in_end) / (double) count * 1e9;
	free(batch);
	tradepost_engine_destroy(engine);
}

static void
bench_engine(const TpOptions *options)
{
	TpOptions half = *options;
	TpMessage *messages;
	double rest[MAX_RUNS];
	double rest_whole[MAX_RUNS];
	double mixed[MAX_RUNS];
	double mixed_whole[MAX_RUNS];

	half.orders = options->orders / 2;
	half.messages = options->messages / 4;
	messages = make_messages(&half);
	for (int run = 0; run < options->runs; run++)
	{
		run_engine(messages, 0, half.orders, &rest[run], &rest_whole[run]);
		run_engine(messages, half.orders, half.messages, &mixed[run], &mixed_whole[run]);
	}
	report(options, "ns_per_resting_order", "engine, resting limit order, apply", "ns", rest, 500);
	report(options, "ns_per_resting_order_batch", "engine, resting limit order, with its batch's end", "ns", rest_whole,
		   0);
	report(options, "ns_per_mixed_command", "engine, mixed commands, apply", "ns", mixed, 0);
	report(options, "ns_per_mixed_command_batch", "engine, mixed commands, with their batch's end", "ns", mixed_whole,
		   0);
	free(messages);
}

static void
place_bid(TpEngine *engine, int64_t id, int32_t price, int64_t quantity)
{
	TpMessage message = { .id = id, .price = price, .quantity = 1, .kind = MSG_NEW, .side = TP_BUY };
	TpCommand command = command_of(&message);

	command.quantity = quantity * ONE;
	tradepost_engine_apply(engine, &command, 1);
}

/* Nanoseconds a stop: to place it, and to fire it in a fall that goes through all levels. */
static void
run_fall(size_t stops, double *place, double *fire)
{
	TpEngine *engine = open_engine();
	int64_t per_level = (int64_t) stops / LEVELS;
	int64_t id = 1;
	double start;

	for (int32_t level = 1; level < LEVELS; level++)
		place_bid(engine, id++, MIDDLE - level, per_level * 4 / 5);
	place_bid(engine, id++, MIDDLE - LEVELS, (int64_t) stops);
	end_batch(engine);
	start = seconds();
	for (size_t i = 0; i < stops; i++)
	{
		TpMessage message = { .id = id++, .quantity = 1, .kind = MSG_NEW, .side = TP_SELL };
		TpCommand command = command_of(&message);

		command.type = TP_STOP;
		command.stop_price = (MIDDLE - 1 - (int64_t) random_below(LEVELS)) * (ONE / 100);
		command.stp = TP_STP_NONE;
		tradepost_engine_apply(engine, &command, 1);
		if (i % BATCH == BATCH - 1)
			end_batch(engine);
	}
	end_batch(engine);
	*place = (seconds() - start) / (double) stops * 1e9;
	start = seconds();
	{
		TpMessage message = { .id = id, .price = MIDDLE - 1, .quantity = 1, .kind = MSG_NEW, .side = TP_SELL };
		TpCommand command = command_of(&message);

		tradepost_engine_apply(engine, &command, 1);
	}
	*fire = (seconds() - start) / (double) stops * 1e9;
	/* bids may be left, no stop */
	if (tradepost_engine_open_orders(engine) >= LEVELS)
		abort();
	tradepost_engine_destroy(engine);
}

static void
bench_triggers(const TpOptions *options)
{
	double place[MAX_RUNS];
	double fire[MAX_RUNS];

	for (int run = 0; run < options->runs; run++)
		run_fall(options->orders / 4, &place[run], &fire[run]);
	report(options, "ns_per_waiting_stop", "engine, stop order that waits, with its batch's end", "ns", place, 0);
	report(options, "ns_per_fired_stop", "engine, stop order fired in one deep fall", "ns", fire, 0);
}

int
main(int argc, char **argv)
{
	TpOptions options = { .runs = 3, .orders = 1000000, .messages = 4000000 };

	for (int i = 1; i < argc; i++)
	{
		if (strcmp(argv[i], "--json") == 0)
			options.json = true;
		else if (strcmp(argv[i], "--quick") == 0)
			options.messages = 1000000;
		else if (strncmp(argv[i], "--runs=", 7) == 0 && atoi(argv[i] + 7) > 0 && atoi(argv[i] + 7) <= MAX_RUNS)
			options.runs = atoi(argv[i] + 7);
		else
		{
			fprintf(stderr, "Usage: book_bench [--json] [--quick] [--runs=1..%d]\n", MAX_RUNS);
			return 2;
		}
	}
	bench_book(&options);
	bench_engine(&options);
	bench_triggers(&options);
	return 0;
}
