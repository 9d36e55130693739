/*
 * sql_bench.c
 *	  build/bench/sql_bench: measures the exchange through SQL.
 *
 * Called by bench.sh with a server of its own, as a superuser.  Options and the
 * order of the measurements; the parts: sql_bench.h.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "sql_bench.h"

static void
usage(FILE *out)
{
	fputs("Usage: sql_bench [--quick] [--long] [--only=PART,...] [--json=FILE] [--book=PROGRAM]\n"
		  "                 [--stop=COMMAND --start=COMMAND] [--settings=TEXT]\n"
		  "  PART: orders, matcher, latency, book, platform, restart\n"
		  "  --stop, --start: shell commands that stop and start the server\n"
		  "Connects as the PG* environment says, as superuser, to a database with nothing but the extension.\n",
		  out);
}

/*
 * Whether a comma-separated list names a part; no list names all.
 */
static bool
wanted(const char *only, const char *part)
{
	size_t length = strlen(part);

	if (only == NULL)
		return true;
	for (const char *p = only; p != NULL; p = strchr(p, ','))
	{
		p += *p == ',';
		if (strncmp(p, part, length) == 0 && (p[length] == ',' || p[length] == '\0'))
			return true;
	}
	return false;
}

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "quick", no_argument, NULL, 'q' },       { "long", no_argument, NULL, 'l' },
		{ "only", required_argument, NULL, 'o' },  { "json", required_argument, NULL, 'j' },
		{ "book", required_argument, NULL, 'b' },  { "stop", required_argument, NULL, 'x' },
		{ "start", required_argument, NULL, 's' }, { "settings", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },        { 0 }
	};
	TpBenchOptions options = { .seconds = 0.5,
							   .slices = 12,
							   .rounds = 3,
							   .drain_orders = 100000,
							   .latency_seconds = 6,
							   .platform_trades = 1000000,
							   .platform_signals = 100000,
							   .closed_orders = 300000,
							   .open_orders = 20000 };
	const char *only = NULL;
	PGconn *conns[BENCH_CLIENTS];
	TpBenchMarket market;
	int option;

	tradepost_program("bench");
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
	{
		switch (option)
		{
			case 'q':
				options.seconds = 0.4;
				options.slices = 6;
				options.rounds = 2;
				options.drain_orders = 16000;
				options.latency_seconds = 3;
				options.platform_trades = 100000;
				options.platform_signals = 10000;
				options.closed_orders = 30000;
				options.open_orders = 5000;
				break;
			case 'l':
				options.slices = 24;
				options.rounds = 5;
				options.closed_orders = 10000000;
				options.open_orders = 100000;
				break;
			case 'o':
				only = optarg;
				break;
			case 'j':
				options.json = optarg;
				break;
			case 'b':
				options.book_bench = optarg;
				break;
			case 'x':
				options.stop_server = optarg;
				break;
			case 's':
				options.start_server = optarg;
				break;
			case 't':
				options.settings = optarg;
				break;
			case 'h':
				usage(stdout);
				return 0;
			default:
				usage(stderr);
				return TRADEPOST_EXIT_TROUBLE;
		}
	}
	if (optind != argc)
	{
		usage(stderr);
		return TRADEPOST_EXIT_TROUBLE;
	}

	for (int i = 0; i < BENCH_CLIENTS; i++)
		conns[i] = tradepost_connect();
	tradepost_bench_market_open(&market, conns[0]);
	tradepost_bench_prepare(conns);
	if (wanted(only, "orders"))
		tradepost_bench_orders(&options, &market, conns);
	if (wanted(only, "matcher"))
		tradepost_bench_matcher(&options, &market, conns[0]);
	if (wanted(only, "latency"))
		tradepost_bench_latency(&options, &market, conns);
	if (wanted(only, "book"))
		tradepost_bench_pure(&options);
	for (int i = 1; i < BENCH_CLIENTS; i++)
		PQfinish(conns[i]);
	if (wanted(only, "platform"))
		tradepost_bench_platform(&options, conns[0]);
	if (wanted(only, "restart"))
		tradepost_bench_restart(&options, conns[0]);
	PQfinish(conns[0]);

	tradepost_bench_print(&options);
	if (options.json != NULL)
		tradepost_bench_write(options.json);
	return 0;
}
