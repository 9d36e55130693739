/*
 * bench_orders.c
 *	  Orders in: single calls and arrays, beside raw inserts of the same rows.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.  The matcher works on the
 * orders while they come in, on the same CPUs: that is part of what they
 * cost.  Before the raw inserts' turn it has caught up.  The turns are short and
 * many, so that what else the machine does falls on both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "sql_bench.h"

#define BULK_CLIENTS 4
#define MAX_BULK 1000

static const char place_one[] = "SELECT tradepost.place_order($1::bigint, 'BENCH', $2::tradepost.side, $3::numeric, "
								"$4::numeric, time_in_force => 'gtc')";
static const char place_many[] =
	"SELECT tradepost.place_orders($1::bigint[], ARRAY['BENCH'], $2::tradepost.side[], $3::numeric[], $4::numeric[], "
	"times_in_force => ARRAY['gtc']::tradepost.time_in_force[])";

/* The same columns filled as place_order() fills them. */
#define RAW_COLUMNS                                                                                              \
	"id, account, created_at, instrument, maker_rate, taker_rate, actor, kind, side, type, time_in_force, stp, " \
	"flags, quantity, price"
static const char raw_one[] = "INSERT INTO bench_raw (" RAW_COLUMNS ")"
							  " VALUES (nextval('bench_raw_seq'), $1::bigint, now(), 1, 100000, 100000, 10, 1, "
							  "$2::smallint, 0, 1, 0, 0, $3::numeric, $4::numeric) RETURNING id";
static const char raw_many[] =
	"INSERT INTO bench_raw (" RAW_COLUMNS ")"
	" SELECT nextval('bench_raw_seq'), a, now(), 1, 100000, 100000, 10, 1, s, 0, 1, 0, 0, q, p"
	" FROM unnest($1::bigint[], $2::smallint[], $3::numeric[], $4::numeric[]) AS u (a, s, q, p)";

/* Texts of one client's next call. */
typedef struct Filler
{
	TpBenchMarket *market;
	bool raw; /* sides as codes */
	int bulk; /* 0: a single order */
	TpText texts[BENCH_CLIENTS][4];
} Filler;

static void
fill(void *arg, int client, const char **values)
{
	Filler *filler = arg;
	TpText *texts = filler->texts[client];
	const char *opening = filler->bulk ? "{" : "";

	for (int i = 0; i < 4; i++)
		tradepost_text_reset(&texts[i]);
	for (int n = 0; n < (filler->bulk ? filler->bulk : 1); n++)
	{
		TpBenchOrder order = tradepost_bench_order(filler->market, client);

		tradepost_text_printf(&texts[0], "%s%lld", opening, (long long) order.account);
		tradepost_text_printf(&texts[1], "%s%s", opening,
							  filler->raw ? (order.buy ? "0" : "1")
							  : order.buy ? "buy"
										  : "sell");
		tradepost_text_printf(&texts[2], "%s%d", opening, order.quantity);
		tradepost_text_printf(&texts[3], "%s%d.%02d", opening, order.cents / 100, order.cents % 100);
		opening = ",";
	}
	for (int i = 0; i < 4; i++)
	{
		if (filler->bulk)
			tradepost_text_add(&texts[i], "}");
		values[i] = texts[i].data;
	}
}

static void
prepare(PGconn *conn, const char *name, const char *sql)
{
	PGresult *result = PQprepare(conn, name, sql, 0, NULL);

	tradepost_check_result(conn, result, sql);
	PQclear(result);
}

/*
 * One measurement; returns calls a second.  *decided: orders a second until
 * the last one is decided.
 */
static double
measure(const TpBenchOptions *options, Filler *filler, PGconn **conns, int clients, const char *statement,
		double *decided)
{
	TpLoad load = { .conns = conns,
					.clients = clients,
					.statement = statement,
					.parameters = 4,
					.fill = fill,
					.arg = filler,
					.seconds = options->seconds };
	double start = tradepost_seconds();

	tradepost_load_run(&load);
	if (decided != NULL)
	{
		tradepost_bench_wait(conns[0], load.last_value);
		*decided = (double) load.calls * (filler->bulk ? filler->bulk : 1) / (tradepost_seconds() - start);
	}
	return (double) load.calls / load.elapsed;
}

static void
bench_single(const TpBenchOptions *options, Filler *place, Filler *raw, PGconn **conns)
{
	static const int clients[] = { 1, 8, 32, 64 };
	TpSamples placed[4] = { 0 };
	TpSamples decided[4] = { 0 };
	TpSamples inserted[4] = { 0 };

	place->bulk = raw->bulk = 0;
	for (int i = 0; i < 4; i++)
	{
		tradepost_bench_say("single orders, %d client%s", clients[i], clients[i] > 1 ? "s" : "");
		for (int slice = 0; slice < options->slices; slice++)
		{
			double rate;

			/* Now the one first, now the other. */
			if (slice % 2 == 0)
				tradepost_samples_add(&inserted[i], measure(options, raw, conns, clients[i], "raw_one", NULL));
			tradepost_samples_add(&placed[i], measure(options, place, conns, clients[i], "place_one", &rate));
			tradepost_samples_add(&decided[i], rate);
			if (slice % 2 == 1)
				tradepost_samples_add(&inserted[i], measure(options, raw, conns, clients[i], "raw_one", NULL));
		}
	}
	for (int i = 0; i < 4; i++)
	{
		char name[80];

		snprintf(name, sizeof(name), "place_order, %d client%s, against raw INSERT", clients[i],
				 clients[i] > 1 ? "s" : "");
		tradepost_bench_goal(tradepost_bench_add(name, "calls/s", &placed[i], &inserted[i]), 0.8, false);
	}
	for (int i = 0; i < 4; i++)
	{
		char name[80];

		snprintf(name, sizeof(name), "place_order, %d client%s, until all are decided", clients[i],
				 clients[i] > 1 ? "s" : "");
		tradepost_bench_add(name, "orders/s", &decided[i], &inserted[i]);
	}
}

static void
bench_bulk(const TpBenchOptions *options, Filler *place, Filler *raw, PGconn **conns)
{
	static const int bulks[] = { 100, MAX_BULK };

	for (int i = 0; i < 2; i++)
	{
		TpSamples placed = { 0 };
		TpSamples decided = { 0 };
		TpSamples inserted = { 0 };
		char name[80];

		tradepost_bench_say("%d orders a call, %d clients", bulks[i], BULK_CLIENTS);
		place->bulk = raw->bulk = bulks[i];
		for (int slice = 0; slice < options->slices; slice++)
		{
			double rate;

			if (slice % 2 == 0)
				tradepost_samples_add(&inserted,
									  bulks[i] * measure(options, raw, conns, BULK_CLIENTS, "raw_many", NULL));
			tradepost_samples_add(&placed,
								  bulks[i] * measure(options, place, conns, BULK_CLIENTS, "place_many", &rate));
			tradepost_samples_add(&decided, rate);
			if (slice % 2 == 1)
				tradepost_samples_add(&inserted,
									  bulks[i] * measure(options, raw, conns, BULK_CLIENTS, "raw_many", NULL));
		}
		snprintf(name, sizeof(name), "place_orders of %d, %d clients, against unnest INSERT", bulks[i], BULK_CLIENTS);
		tradepost_bench_add(name, "orders/s", &placed, &inserted);
		snprintf(name, sizeof(name), "place_orders of %d, %d clients, until decided", bulks[i], BULK_CLIENTS);
		tradepost_bench_add(name, "orders/s", &decided, &inserted);
	}
}

void
tradepost_bench_prepare(PGconn **conns)
{
	tradepost_execute(conns[0], "CREATE TABLE bench_raw (LIKE tradepost_internal.commands INCLUDING ALL)", NULL);
	tradepost_execute(conns[0], "CREATE SEQUENCE bench_raw_seq AS bigint", NULL);
	for (int i = 0; i < BENCH_CLIENTS; i++)
	{
		prepare(conns[i], "place_one", place_one);
		prepare(conns[i], "place_many", place_many);
		prepare(conns[i], "raw_one", raw_one);
		prepare(conns[i], "raw_many", raw_many);
	}
}

void
tradepost_bench_orders(const TpBenchOptions *options, TpBenchMarket *market, PGconn **conns)
{
	Filler *place = tradepost_alloc(sizeof(Filler));
	Filler *raw = tradepost_alloc(sizeof(Filler));

	place->market = raw->market = market;
	raw->raw = true;
	bench_single(options, place, raw, conns);
	bench_bulk(options, place, raw, conns);
	for (int i = 0; i < BENCH_CLIENTS; i++)
	{
		for (int j = 0; j < 4; j++)
		{
			tradepost_text_free(&place->texts[i][j]);
			tradepost_text_free(&raw->texts[i][j]);
		}
	}
	free(place);
	free(raw);
}
