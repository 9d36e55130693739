/*
 * demo_market.c
 *	  build/market: the demo market of `make run`.
 *
 * Options, signals and the phases: open the market, run a bounded number of
 * orders through it, show what became of it, keep it alive until told to stop.
 * Connects with the PG* environment.  Ends with 0 after SIGINT or SIGTERM, with
 * 1 if an invariant does not hold.  If the server goes away (a crash, a restart)
 * it waits for it and goes on.  The parts: demo_market.h.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../client/session.h"
#include "demo_market.h"

#define STEP 250                 /* orders in a batch of the bounded run */
#define PAUSE_MS 350             /* between the small batches of the gentle flow */
#define RECONNECT 120.0          /* seconds to wait for a server that went away */
#define MARKET_LOCK "7215463012" /* advisory lock: one market a database */

static volatile sig_atomic_t stop = 0;
static TpMarket market;
static jmp_buf lost;

/* Not local, because a lost connection jumps back into main(). */
static bool opened = false;
static bool reported = false;
static bool flowing = false;
static bool holds = true;

static void
on_signal(int number)
{
	(void) number;
	stop = 1;
}

static void
usage(FILE *out)
{
	fputs("Usage: market [--orders=N] [--seed=N] [--once] [--json]\n"
		  "  --orders=N  orders to run through the market before it is shown (50000)\n"
		  "  --seed=N    the same seed on a new database gives the same market (1)\n"
		  "  --once      stop after that, instead of keeping the market alive\n"
		  "  --json      print one JSON summary instead of tables; implies --once\n"
		  "Connects as PGHOST, PGPORT, PGUSER and PGDATABASE say.\n",
		  out);
}

/*
 * Waits for a server that went away.
 */
static void
reconnect(void)
{
	double give_up = tradepost_seconds() + RECONNECT;

	fputs("\nmarket: the server went away; waiting for it\n", stderr);
	while (!stop && tradepost_seconds() < give_up)
	{
		poll(NULL, 0, 500);
		PQreset(market.conn);
		if (PQstatus(market.conn) == CONNECTION_OK)
		{
			fputs("market: the server is back\n", stderr);
			return;
		}
	}
	if (!stop)
		tradepost_die("the server did not come back: %s", PQerrorMessage(market.conn));
}

static void
lock_market(void)
{
	PGresult *result = tradepost_query(market.conn, "SELECT pg_try_advisory_lock(" MARKET_LOCK ")", NULL);

	if (*PQgetvalue(result, 0, 0) != 't')
		tradepost_die("a market already runs in this database");
	PQclear(result);
}

/*
 * Everything before the gentle flow; may be entered again after a reconnect.
 */
static void
bounded_run(int64_t goal, uint64_t seed, bool json)
{
	double seconds;

	lock_market();
	tradepost_market_open(&market);
	tradepost_market_load(&market);
	if (!opened)
	{
		/* On what is there already it goes on, and does not repeat itself. */
		market.random = market.existed ? seed ^ (uint64_t) market.last_seq << 20 : seed;
		market.started = tradepost_seconds();
		opened = true;
		if (!json)
			printf("%s: %d instruments, %d accounts. Running %s orders (seed %llu) through the books.\n",
				   market.existed ? "The demo market is open already" : "Opened the demo market", MARKET_INSTRUMENTS,
				   MARKET_ACCOUNTS, tradepost_thousands(goal), (unsigned long long) seed);
		fflush(stdout);
	}
	if (reported)
		return;
	while (market.orders < goal && !stop)
	{
		tradepost_market_step(&market, goal - market.orders < STEP ? (int) (goal - market.orders) : STEP);
		if (!json)
			tradepost_market_progress(&market, goal, false);
	}
	seconds = tradepost_seconds() - market.started;
	if (json)
	{
		holds = tradepost_market_invariants(&market, false);
		tradepost_market_json(&market, seconds, holds);
	}
	else
	{
		tradepost_market_progress(&market, goal, true);
		if (!stop)
		{
			tradepost_market_report(&market);
			holds = tradepost_market_invariants(&market, true);
			tradepost_market_connect_hint(&market);
		}
	}
	fflush(stdout);
	reported = true;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "orders", required_argument, NULL, 'o' }, { "seed", required_argument, NULL, 's' },
		{ "once", no_argument, NULL, '1' },         { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },         { 0 }
	};
	static int64_t goal = 50000;
	static uint64_t seed = 1;
	static bool once = false;
	static bool json = false;
	struct sigaction action = { .sa_handler = on_signal };
	int option;

	tradepost_program("market");
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
	{
		switch (option)
		{
			case 'o':
				goal = strtoll(optarg, NULL, 10);
				break;
			case 's':
				seed = strtoull(optarg, NULL, 10);
				break;
			case 'j':
				json = true;
				once = true;
				break;
			case '1':
				once = true;
				break;
			case 'h':
				usage(stdout);
				return 0;
			default:
				usage(stderr);
				return TRADEPOST_EXIT_TROUBLE;
		}
	}
	if (optind != argc || goal < 0)
	{
		usage(stderr);
		return TRADEPOST_EXIT_TROUBLE;
	}

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	market.conn = tradepost_connect();
	if (setjmp(lost) != 0)
		reconnect();
	tradepost_lost = &lost;
	if (!stop)
		bounded_run(goal, seed, json);
	if (!once && !stop)
	{
		if (!flowing)
			printf("\nThe market stays open, with a few orders a second. Ctrl-C ends it.\n");
		flowing = true;
		while (!stop)
		{
			tradepost_market_step(&market, 1 + (int) tradepost_market_random(&market, 2));
			tradepost_market_status(&market, false);
			poll(NULL, 0, PAUSE_MS);
		}
		tradepost_market_status(&market, true);
	}
	if (stop && !json)
		puts("The market was told to stop; what it did stays in the database.");
	PQfinish(market.conn);
	return holds ? 0 : 1;
}
