/*
 * bench_restart.c
 *	  Start to the first decision, with nothing closed and with very many closed
 *	  orders: recovery must not depend on history.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.  Recovery reads the open
 * orders and the events since the last checkpoint.  So two databases are
 * compared that have the same open orders and the same events since a
 * checkpoint, and differ in what was before: nothing, or very many closed orders.
 * What a whole interval between checkpoints adds is measured besides.
 * Two kinds of start: the matcher alone (pg_terminate_backend), and the whole
 * server after a clean stop; both until a new order is decided.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "sql_bench.h"

#define CALL_ORDERS 1000
#define GIVE_UP 600.0
#define STEADY_MS 2500 /* a matcher that ends sooner than this is started again with a delay */

static PGconn *
connect_to(const PGconn *other, const char *database)
{
	const char *const keywords[] = { "host", "port", "user", "dbname", NULL };
	const char *const values[] = { PQhost(other), PQport(other), PQuser(other), database, NULL };

	return PQconnectdbParams(keywords, values, 0);
}

/*
 * Places many orders of one kind and waits for the last.  Open ones are spread
 * over many prices, below the asks; closed ones find nothing and end at once.
 */
static void
place_orders(PGconn *conn, int count, bool open)
{
	static const char open_sql[] = "SELECT (tradepost.place_orders(ARRAY[(SELECT id FROM tradepost.accounts WHERE name "
								   "= 'restart')], ARRAY['BENCH'], ARRAY['buy']::tradepost.side[],"
								   " array_fill(1::numeric, ARRAY[$1::int]), (SELECT array_agg(50 + (i % 400) / 10.0) "
								   "FROM generate_series(1, $1::int) i),"
								   " times_in_force => ARRAY['gtc']::tradepost.time_in_force[]))[$1::int]";
	static const char closed_sql[] = "SELECT (tradepost.place_orders(ARRAY[(SELECT id FROM tradepost.accounts WHERE "
									 "name = 'restart')], ARRAY['BENCH'], ARRAY['buy']::tradepost.side[],"
									 " array_fill(1::numeric, ARRAY[$1::int]), ARRAY[100], times_in_force => "
									 "ARRAY['ioc']::tradepost.time_in_force[]))[$1::int]";
	int64_t last = 0;

	for (int done = 0; done < count; done += CALL_ORDERS)
	{
		char text[24];

		snprintf(text, sizeof(text), "%d", count - done < CALL_ORDERS ? count - done : CALL_ORDERS);
		last = tradepost_query_int64(conn, open ? open_sql : closed_sql, text, NULL);
		/* Far enough ahead that the matcher never idles, near enough that nothing overflows. */
		if (done / CALL_ORDERS % 100 == 99)
			tradepost_bench_wait(conn, last);
		if (done > 0 && done % 1000000 == 0)
			tradepost_bench_say("%s of %s orders placed", tradepost_thousands(done), tradepost_thousands(count));
	}
	if (last != 0)
		tradepost_bench_wait(conn, last);
}

/*
 * Tries, with a session that may be lost or refused at any time, until an order
 * is placed and decided.  Returns the session.
 */
static PGconn *
until_decided(PGconn *conn, PGconn *other)
{
	double give_up = tradepost_seconds() + GIVE_UP;
	char database[64];

	snprintf(database, sizeof(database), "%s", PQdb(conn));

	for (;;)
	{
		PGresult *result;
		char id[24] = "";

		if (tradepost_seconds() > give_up)
			tradepost_die("no decision within %.0f s of the restart: %s", GIVE_UP, PQerrorMessage(conn));
		if (PQstatus(conn) != CONNECTION_OK)
		{
			PQfinish(conn);
			conn = connect_to(other, database);
			if (PQstatus(conn) != CONNECTION_OK)
			{
				poll(NULL, 0, 2);
				continue;
			}
		}
		result = PQexec(conn, "SELECT tradepost.place_order((SELECT id FROM tradepost.accounts WHERE name = "
							  "'restart'), 'BENCH', 'buy', 1, 100, time_in_force => 'ioc')");
		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			snprintf(id, sizeof(id), "%s", PQgetvalue(result, 0, 0));
		PQclear(result);
		if (*id != '\0')
		{
			const char *values[1] = { id };
			bool decided;

			result = PQexecParams(conn, "CALL tradepost.wait_for_order($1, '60 seconds')", 1, NULL, values, NULL, NULL,
								  0);
			decided = PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK;
			PQclear(result);
			if (decided)
				return conn;
		}
		poll(NULL, 0, 2);
	}
}

/*
 * One restart of a database's matcher; returns the milliseconds until it has decided.
 */
static double
restart_matcher(PGconn **conn, PGconn *other)
{
	for (;;)
	{
		char pid[24];
		double start;

		poll(NULL, 0, STEADY_MS);
		snprintf(pid, sizeof(pid), "%lld",
				 (long long) tradepost_query_int64(*conn, "SELECT pid FROM tradepost.engine_status", NULL));
		start = tradepost_seconds();
		tradepost_execute(*conn, "SELECT pg_terminate_backend($1)", pid, NULL);
		*conn = until_decided(*conn, other);
		/* It may have decided one more before it saw the signal: then this was none. */
		if (tradepost_query_int64(*conn, "SELECT pid FROM tradepost.engine_status", NULL) != atoll(pid))
			return (tradepost_seconds() - start) * 1000;
	}
}

/*
 * One restart of the server, until this database has decided.
 */
static double
restart_server(const TpBenchOptions *options, PGconn **conn, PGconn *other)
{
	double start;

	if (PQstatus(*conn) == CONNECTION_OK)
		PQclear(PQexec(*conn, "CHECKPOINT"));
	if (system(options->stop_server) != 0)
		tradepost_die("cannot stop the server");
	start = tradepost_seconds();
	if (system(options->start_server) != 0)
		tradepost_die("cannot start the server");
	*conn = until_decided(*conn, other);
	return (tradepost_seconds() - start) * 1000;
}

/*
 * Both kinds of start, in both databases by turns; the server's only if it can
 * be restarted.  samples[kind][database].
 */
static void
measure(const TpBenchOptions *options, PGconn *conns[2], PGconn *other, TpSamples samples[2][2])
{
	for (int i = 0; i < 2 * (options->rounds + 1); i++)
		tradepost_samples_add(&samples[0][i % 2], restart_matcher(&conns[i % 2], other));
	for (int i = 0; i < 2 * options->rounds && options->stop_server != NULL && options->start_server != NULL; i++)
		tradepost_samples_add(&samples[1][i % 2], restart_server(options, &conns[i % 2], other));

	/* The server's restarts have cut the other session. */
	for (int i = 0; i < 2; i++)
		conns[i] = until_decided(conns[i], other);
}

static PGconn *
open_database(PGconn *other, const char *database)
{
	char text[96];
	PGconn *conn;

	snprintf(text, sizeof(text), "CREATE DATABASE %s", database);
	tradepost_execute(other, text, NULL);
	conn = connect_to(other, database);
	if (PQstatus(conn) != CONNECTION_OK)
		tradepost_die("cannot connect: %s", PQerrorMessage(conn));
	tradepost_execute(conn, "SET client_min_messages = warning", NULL);
	tradepost_execute(conn, "CREATE EXTENSION tradepost", NULL);
	tradepost_execute(conn, "SELECT tradepost.create_asset('GOODS', 0)", NULL);
	tradepost_execute(conn, "SELECT tradepost.create_asset('MONEY', 2)", NULL);
	tradepost_execute(
		conn,
		"SELECT tradepost.create_instrument(symbol => 'BENCH', kind => 'spot', asset => 'GOODS', quote => 'MONEY',"
		" tick => 0.01, lot => 1, reference_price => 100, max_price => 1000, max_quantity => 1000000)",
		NULL);
	snprintf(text, sizeof(text), "%lld",
			 (long long) tradepost_query_int64(conn, "SELECT tradepost.open_account('restart')", NULL));
	tradepost_bench_wait(conn,
						 tradepost_query_int64(conn, "SELECT tradepost.deposit($1, 'MONEY', 80000000000)", text, NULL));
	return conn;
}

static int64_t
checkpoint_seq(PGconn *conn)
{
	return tradepost_query_int64(conn, "SELECT coalesce(checkpoint_seq, 0) FROM tradepost.engine_status", NULL);
}

/*
 * Events until the next checkpoint is taken.
 */
static int64_t
events_left(PGconn *conn)
{
	return tradepost_query_int64(
		conn,
		"SELECT greatest(current_setting('tradepost.checkpoint_events')::bigint, 4 * open_orders)"
		" - (last_seq - coalesce(checkpoint_seq, 0)) FROM tradepost.engine_status",
		NULL);
}

/*
 * Goes on closing orders, of two events each, until a checkpoint was just taken;
 * returns how many that took.
 */
static int
reach_checkpoint(PGconn *conn)
{
	int64_t before = checkpoint_seq(conn);
	int placed = 0;

	while (checkpoint_seq(conn) == before)
	{
		int64_t left = events_left(conn);
		int orders = left > 2 * CALL_ORDERS ? CALL_ORDERS / 2 : 20;

		place_orders(conn, orders, false);
		placed += orders;
	}
	return placed;
}

/*
 * Goes on closing orders until the next checkpoint is near: the most that a start may have to read.
 */
static void
fill_interval(PGconn *conn)
{
	int64_t left;

	while ((left = events_left(conn)) > 4 * CALL_ORDERS)
		place_orders(conn, (int) (left / 4), false);
}

static void
add_rows(const char *what, TpSamples samples[2][2], double goal)
{
	static const char *const starts[] = { "matcher restart", "server start" };

	for (int i = 0; i < 2; i++)
	{
		char name[80];
		TpBenchRow *row;

		if (samples[i][0].count == 0)
			continue;
		snprintf(name, sizeof(name), "%s, %s", starts[i], what);
		row = tradepost_bench_add(name, "ms", &samples[i][1], &samples[i][0]);
		if (!isnan(goal))
			tradepost_bench_goal(row, goal, true);
	}
}

void
tradepost_bench_restart(const TpBenchOptions *options, PGconn *other)
{
	TpSamples near[2][2] = { 0 };
	TpSamples far[2][2] = { 0 };
	PGconn *conns[2];
	int closed;
	char what[64];

	tradepost_bench_say("restart: placing %s open orders, and before them none or more than %s closed ones",
						tradepost_thousands(options->open_orders), tradepost_thousands(options->closed_orders));
	conns[0] = open_database(other, "bench_restart_without");
	conns[1] = open_database(other, "bench_restart_with");
	place_orders(conns[0], options->open_orders, true);
	place_orders(conns[1], options->closed_orders, false);
	closed = options->closed_orders + reach_checkpoint(conns[1]);
	place_orders(conns[1], options->open_orders, true);

	tradepost_bench_say("restart with %s closed orders against none", tradepost_thousands(closed));
	measure(options, conns, other, near);
	tradepost_bench_say("restart just before a checkpoint against just after");
	fill_interval(conns[1]);
	measure(options, conns, other, far);
	PQfinish(conns[0]);
	PQfinish(conns[1]);

	snprintf(what, sizeof(what), "%s closed against 0", tradepost_thousands(closed));
	add_rows(what, near, 1.3);
	add_rows("full checkpoint interval to read", far, NAN);
}
