/*
 * bench_market.c
 *	  What the measured orders are placed in: an instrument and funded accounts.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../client/session.h"
#include "sql_bench.h"

void
tradepost_bench_wait(PGconn *conn, int64_t id)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long) id);
	tradepost_execute(conn, "CALL tradepost.wait_for_order($1, '10 minutes')", text, NULL);
}

double
tradepost_bench_cpu(int64_t pid)
{
	char path[64];
	FILE *file;
	double value = NAN;

	/* In nanoseconds where the kernel keeps them, else in clock ticks. */
	snprintf(path, sizeof(path), "/proc/%lld/schedstat", (long long) pid);
	file = fopen(path, "r");
	if (file != NULL)
	{
		unsigned long long ns;

		if (fscanf(file, "%llu", &ns) == 1 && ns > 0)
			value = ns / 1e9;
		fclose(file);
		if (!isnan(value))
			return value;
	}
	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long) pid);
	file = fopen(path, "r");
	if (file != NULL)
	{
		unsigned long long user;
		unsigned long long system;

		if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) == 2)
			value = (double) (user + system) / sysconf(_SC_CLK_TCK);
		fclose(file);
	}
	if (isnan(value))
		tradepost_die("cannot read what CPU process %lld used", (long long) pid);
	return value;
}

static int64_t
open_account(PGconn *conn, const char *what, int number, const char *asset)
{
	char text[64];
	int64_t account;
	int64_t id = 0;

	snprintf(text, sizeof(text), "%s %d", what, number);
	account = tradepost_query_int64(conn, "SELECT tradepost.open_account($1)", text, NULL);
	snprintf(text, sizeof(text), "%lld", (long long) account);
	id = tradepost_query_int64(conn, "SELECT tradepost.deposit($1, $2, 80000000000)", text, asset, NULL);
	if (number == BENCH_CLIENTS - 1)
		tradepost_bench_wait(conn, id);
	return account;
}

void
tradepost_bench_market_open(TpBenchMarket *market, PGconn *conn)
{
	memset(market, 0, sizeof(*market));
	market->random = 7;
	strcpy(market->symbol, "BENCH");
	tradepost_execute(conn, "SELECT tradepost.create_asset('GOODS', 0)", NULL);
	tradepost_execute(conn, "SELECT tradepost.create_asset('MONEY', 2)", NULL);
	market->instrument = tradepost_query_int64(
		conn,
		"SELECT tradepost.create_instrument(symbol => $1, kind => 'spot', asset => 'GOODS', quote => 'MONEY',"
		" tick => 0.01, lot => 1, reference_price => 100, max_price => 1000, max_quantity => 1000000)",
		market->symbol, NULL);
	for (int i = 0; i < BENCH_CLIENTS; i++)
	{
		market->buyers[i] = open_account(conn, "buyer", i, "MONEY");
		market->sellers[i] = open_account(conn, "seller", i, "GOODS");
	}
}

/*
 * Buys and sells at three prices, at random: what comes finds what rests half
 * of the time, and the book stays small.
 */
TpBenchOrder
tradepost_bench_order(TpBenchMarket *market, int client)
{
	uint64_t z = (market->random += UINT64_C(0x9E3779B97F4A7C15));
	TpBenchOrder order;

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	z ^= z >> 31;
	order.buy = z & 1;
	order.account = order.buy ? market->buyers[client] : market->sellers[client];
	order.quantity = 1 + (int) ((z >> 8) % 10);
	order.cents = 9999 + (int) ((z >> 20) % 3);
	return order;
}
