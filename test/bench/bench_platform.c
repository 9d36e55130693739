/*
 * bench_platform.c
 *	  Lists of signals, and a user's performance, where there are many.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.  100,000 signals and 1,000,000 trades
 * (QUICK: a tenth), all of them one user's, who has it worst.  Signals are posted and
 * trades made through the functions that everybody calls, so that what is measured is
 * what the follower has made of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../client/session.h"
#include "sql_bench.h"

#define SIGNALS_A_CALL 500
#define TRADES_A_CALL 2000
#define REPEATS 20 /* of a question, for its median */

static const char *const setup[] = {
	"SELECT tradepost.create_asset('EUR')",
	"SELECT tradepost.create_asset('USD')",
	"SELECT tradepost.create_instrument('EURUSD', 'spot', 'EUR', 'USD', 0.0001, 1000, 1.185, contract_size => 100000)",
	"SELECT tradepost_edge.register('bench@example.org', 'none', 'Bench', 'Mark', 'pro', '127.0.0.1', 'bench')",
	"SELECT tradepost_edge.login_done('bench@example.org', (SELECT id FROM tradepost.users), true, '127.0.0.1', "
	"'bench',"
	" sha256('bench'))",
	"SELECT tradepost.deposit(account, 'USD', 1000000000) FROM tradepost.users",
	"SELECT tradepost.deposit(tradepost.open_account('maker'), 'USD', 1000000000)",
	"SELECT tradepost.deposit(id, 'EUR', 10000000000) FROM tradepost.accounts WHERE name = 'maker'",
};

/* Half of a call's orders rest, the other half meets them; sides change from call to call, the price wanders. */
static const char trades[] =
	"WITH who AS (SELECT (SELECT account FROM tradepost.users) AS me, (SELECT id FROM tradepost.accounts WHERE name = "
	"'maker') AS maker),"
	" flow AS (SELECT n, CASE WHEN n <= $2::int THEN maker ELSE me END AS account,"
	"  CASE WHEN (n <= $2::int) = ($1::int % 2 = 0) THEN 'sell' ELSE 'buy' END::tradepost.side AS side,"
	"  1.185 + round((0.01 * sin($1::int / 7.0))::numeric, 4) + 0.0001 * ((n % 7)::numeric - 3) AS price"
	"  FROM who, generate_series(1, 2 * $2::int) n)"
	" SELECT max(id) FROM (SELECT unnest(tradepost.place_orders(array_agg(account ORDER BY n), ARRAY['EURUSD'],"
	" array_agg(side ORDER BY n), ARRAY(SELECT 1000::numeric FROM generate_series(1, 2 * $2::int)),"
	" array_agg(CASE WHEN n <= $2::int THEN price WHEN side = 'buy' THEN 1.21 ELSE 1.16 END ORDER BY n))) AS id FROM "
	"flow) x";

static const char signals[] =
	"SELECT tradepost_edge.signals_post(u.id, s.id, jsonb_build_object('body', jsonb_build_object('signals',"
	" (SELECT jsonb_agg(jsonb_build_object('symbol', 'EURUSD', 'type', CASE n % 2 WHEN 0 THEN 'buy' ELSE 'sell' END, "
	"'entry_price', 1.185,"
	" 'stop_loss', CASE n % 2 WHEN 0 THEN 1.0 ELSE 1.4 END, 'take_profit', CASE n % 2 WHEN 0 THEN 1.4 ELSE 1.0 END,"
	" 'volume', 0.1, 'confidence', n % 101, 'reasoning', 'measured')) FROM generate_series(1, $1::int) n))))::text <> "
	"''"
	" FROM tradepost_internal.users u JOIN tradepost_internal.sessions s ON s.user_id = u.id";

/* The median of REPEATS calls as the client sees them, in milliseconds, behind one that warms up. */
static void
measure(PGconn *conn, const char *name, const char *sql, double goal)
{
	TpSamples times = { 0 };
	TpBenchRow *row;

	tradepost_execute(conn, sql, NULL);
	for (int i = 0; i < REPEATS; i++)
	{
		double start = tradepost_seconds();

		tradepost_execute(conn, sql, NULL);
		tradepost_samples_add(&times, (tradepost_seconds() - start) * 1000);
	}
	row = tradepost_bench_add(name, "ms", &times, NULL);
	tradepost_bench_goal(row, goal, true);
	row->goal_of_value = true;
}

static void
fill(const TpBenchOptions *options, PGconn *conn)
{
	char count[24];
	int64_t last = 0;

	for (size_t i = 0; i < sizeof(setup) / sizeof(setup[0]); i++)
		tradepost_execute(conn, setup[i], NULL);
	for (int i = 0; i < options->platform_trades / TRADES_A_CALL; i++)
	{
		char number[24];

		snprintf(number, sizeof(number), "%d", i);
		snprintf(count, sizeof(count), "%d", TRADES_A_CALL);
		last = tradepost_query_int64(conn, trades, number, count, NULL);
		if (i % 16 == 15)
			tradepost_bench_wait(conn, last);
	}
	if (last > 0)
		tradepost_bench_wait(conn, last);
	tradepost_bench_say("platform: %lld trades were made",
						(long long)
							tradepost_query_int64(conn, "SELECT count(*) FROM tradepost_internal.events WHERE kind = 3",
												  NULL));
}

/* Seconds of CPU that the follower takes for a fill of a user's, its notifications included. */
static void
follow(PGconn *conn, int64_t trades_made)
{
	static const char behind[] = "SELECT coalesce(max(lag), 0) FROM tradepost.follower_status";
	int64_t pid = tradepost_query_int64(conn, "SELECT pid FROM tradepost.follower_status", NULL);
	double cpu = tradepost_bench_cpu(pid);
	int64_t before = tradepost_query_int64(conn, behind, NULL);
	TpSamples cost = { 0 };

	while (tradepost_query_int64(conn, behind, NULL) > 0)
		tradepost_execute(conn, "SELECT pg_sleep(0.2)", NULL);
	if (before > trades_made / 10)
	{
		/* what it still had to do when the trades were made: three events each, one of which is the trade */
		tradepost_samples_add(&cost, (tradepost_bench_cpu(pid) - cpu) * 1e6 / ((double) before / 3));
		tradepost_bench_add("follower_fill", "us CPU/user's fill", &cost, NULL);
	}
}

void
tradepost_bench_platform(const TpBenchOptions *options, PGconn *conn)
{
	char count[24];

	tradepost_bench_say("platform: %d trades of one user", options->platform_trades);
	fill(options, conn);
	tradepost_bench_say("platform: the follower reads them");
	follow(conn, options->platform_trades);
	tradepost_bench_say("platform: %d signals", options->platform_signals);
	snprintf(count, sizeof(count), "%d", SIGNALS_A_CALL);
	for (int i = 0; i < options->platform_signals / SIGNALS_A_CALL; i++)
		tradepost_execute(conn, signals, count, NULL);
	tradepost_execute(conn, "VACUUM ANALYZE", NULL);

#define ASK(function, query)                                                  \
	"SELECT tradepost_edge." function "(u.id, s.id, '{\"query\":" query "}')" \
	" FROM tradepost_internal.users u JOIN tradepost_internal.sessions s ON s.user_id = u.id"
	/* An answer about nothing would be quick. */
	if (tradepost_query_int64(
			conn,
			"SELECT (tradepost_edge.performance(u.id, s.id, '{}') -> 'performance' ->> 'trades')::bigint"
			" FROM tradepost_internal.users u JOIN tradepost_internal.sessions s ON s.user_id = u.id",
			NULL) < options->platform_trades / 4)
		tradepost_die("the report knows too few of the trades");
	measure(conn, "signal_list", ASK("signals_list", "{}"), 10);
	measure(conn, "signal_list_200", ASK("signals_list", "{\"limit\":\"200\"}"), 10);
	measure(conn, "signal_list_filtered",
			ASK("signals_list", "{\"symbol\":\"EURUSD\",\"status\":\"active\",\"minConfidence\":\"90\"}"), 10);
	measure(conn, "performance_30d", ASK("performance", "{}"), 50);
	measure(conn, "performance_all", ASK("performance", "{\"period\":\"all\"}"), 50);
}
