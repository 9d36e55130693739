/*
 * sql_bench.h
 *	  What the parts of build/bench/sql_bench share.
 *
 *	  sql_bench.c		options, the order of the measurements
 *	  bench_rows.c		results: the table and bench.json
 *	  bench_market.c	the instrument and accounts that orders are placed with
 *	  load_generator.c	many sessions from one thread
 *	  bench_orders.c	orders in, beside raw inserts
 *	  bench_matcher.c	what the matcher spends on an order
 *	  bench_pure.c		the engine without a database
 *	  bench_latency.c	commit to decision
 *	  bench_restart.c	start to the first decision
 *	  bench_platform.c	lists of signals, performance
 *
 * bench.sh starts the server and calls it.  Each measurement that has something
 * to be compared with takes turns with it, in the same run: on a noisy machine
 * only such ratios mean anything.
 */
#ifndef TRADEPOST_SQL_BENCH_H
#define TRADEPOST_SQL_BENCH_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "../client/text.h"

#define BENCH_CLIENTS 64 /* sessions at most; each has an account that buys and one that sells */

typedef struct TpBenchOptions
{
	double seconds;   /* of one closed-loop measurement */
	int slices;       /* of those, for each row */
	int rounds;       /* of everything else */
	int drain_orders; /* of one matcher measurement */
	double latency_seconds;
	int platform_trades;
	int platform_signals;
	int closed_orders; /* for the restart measurement */
	int open_orders;
	const char *json;        /* file to write */
	const char *book_bench;  /* program that measures the pure book; NULL: none */
	const char *stop_server; /* shell commands; NULL: cannot */
	const char *start_server;
	const char *settings; /* said in the table */
} TpBenchOptions;

/* bench_rows.c.  NAN: there is none. */
typedef struct TpBenchRow
{
	char name[80];
	double value;
	const char *unit;
	double baseline;
	double ratio;
	double goal;        /* for the ratio */
	bool goal_of_value; /* ... no, for the value */
	bool goal_is_most;  /* it may be at most that, not at least */
	int n;              /* measurements that value is the median of */
	double spread;      /* (largest - smallest) / median of them */
} TpBenchRow;

#define BENCH_MAX_SAMPLES 64

typedef struct TpSamples
{
	double values[BENCH_MAX_SAMPLES];
	int count;
} TpSamples;

extern void tradepost_samples_add(TpSamples *samples, double value);
extern double tradepost_samples_median(const TpSamples *samples);
extern double tradepost_samples_spread(const TpSamples *samples);

/* Adds a row; baseline may be NULL.  The ratio is the median of those of measurements that were neighbours. */
extern TpBenchRow *
tradepost_bench_add(const char *name, const char *unit, const TpSamples *value, const TpSamples *baseline);
extern void tradepost_bench_add_row(const TpBenchRow *row);
extern void tradepost_bench_goal(TpBenchRow *row, double goal, bool is_most);
extern void tradepost_bench_print(const TpBenchOptions *options);
extern void tradepost_bench_write(const char *path);

/* Says on stderr what is being measured. */
extern void tradepost_bench_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* bench_market.c */
typedef struct TpBenchMarket
{
	char symbol[32];
	int64_t instrument;
	int64_t buyers[BENCH_CLIENTS];
	int64_t sellers[BENCH_CLIENTS];
	uint64_t random;
} TpBenchMarket;

/* One order of the flow that is measured: sides and prices are balanced, about every second one trades. */
typedef struct TpBenchOrder
{
	int64_t account;
	bool buy;
	int quantity;
	int cents; /* price */
} TpBenchOrder;

extern void tradepost_bench_market_open(TpBenchMarket *market, PGconn *conn);
extern TpBenchOrder tradepost_bench_order(TpBenchMarket *market, int client);
extern void tradepost_bench_wait(PGconn *conn, int64_t id); /* until a command is decided */

/* CPU seconds that a process has used. */
extern double tradepost_bench_cpu(int64_t pid);

/* load_generator.c: closed loop, one statement at a time on each of the sessions. */
typedef struct TpLoad
{
	PGconn **conns;
	int clients;
	const char *statement; /* prepared under this name */
	int parameters;
	void (*fill)(void *arg, int client, const char **values); /* texts that live until the client's next call */
	void *arg;
	int64_t max_calls; /* 0: as many as time allows */
	double seconds;

	/* Results. */
	int64_t calls;
	double elapsed;
	int64_t last_value; /* largest number in the answers' first column */
} TpLoad;

extern void tradepost_load_run(TpLoad *load);

/* bench_orders.c: the raw table, and the statements "place_one", "place_many", "raw_one", "raw_many" in every session. */
extern void tradepost_bench_prepare(PGconn **conns);

/* The measurements. */
extern void tradepost_bench_orders(const TpBenchOptions *options, TpBenchMarket *market, PGconn **conns);
extern void tradepost_bench_matcher(const TpBenchOptions *options, TpBenchMarket *market, PGconn *conn);
extern void tradepost_bench_latency(const TpBenchOptions *options, TpBenchMarket *market, PGconn **conns);
extern void tradepost_bench_pure(const TpBenchOptions *options);
extern void tradepost_bench_platform(const TpBenchOptions *options, PGconn *conn);
extern void tradepost_bench_restart(const TpBenchOptions *options, PGconn *conn);

#endif
