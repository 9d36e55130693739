/*
 * bench_matcher.c
 *	  What the matcher spends on an order: CPU time and WAL.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.  A backlog is made in one
 * transaction, so that the matcher cannot begin before all of it is there;
 * then nothing else runs while it drains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "sql_bench.h"

#define CALL_ORDERS 1000

static void
place_backlog(TpBenchMarket *market, PGconn *conn, int orders, int64_t *last)
{
	TpText texts[4] = { 0 };

	for (int done = 0; done < orders; done += CALL_ORDERS)
	{
		PGresult *result;
		const char *comma;

		for (int i = 0; i < 4; i++)
			tradepost_text_reset(&texts[i]);
		for (int i = 0; i < CALL_ORDERS; i++)
		{
			TpBenchOrder order = tradepost_bench_order(market, i % BENCH_CLIENTS);

			tradepost_text_printf(&texts[0], "%c%lld", i ? ',' : '{', (long long) order.account);
			tradepost_text_printf(&texts[1], "%c%s", i ? ',' : '{', order.buy ? "buy" : "sell");
			tradepost_text_printf(&texts[2], "%c%d", i ? ',' : '{', order.quantity);
			tradepost_text_printf(&texts[3], "%c%d.%02d", i ? ',' : '{', order.cents / 100, order.cents % 100);
		}
		for (int i = 0; i < 4; i++)
			tradepost_text_add(&texts[i], "}");
		result = tradepost_query(conn,
								 "SELECT tradepost.place_orders($1, ARRAY['BENCH'], $2::tradepost.side[], $3, $4, "
								 "times_in_force => ARRAY['gtc']::tradepost.time_in_force[])",
								 texts[0].data, texts[1].data, texts[2].data, texts[3].data, NULL);
		comma = strrchr(PQgetvalue(result, 0, 0), ',');
		*last = strtoll(comma + 1, NULL, 10);
		PQclear(result);
	}
	for (int i = 0; i < 4; i++)
		tradepost_text_free(&texts[i]);
}

static int64_t
wal_position(PGconn *conn)
{
	return tradepost_query_int64(conn, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint", NULL);
}

void
tradepost_bench_matcher(const TpBenchOptions *options, TpBenchMarket *market, PGconn *conn)
{
	TpSamples cpu = { 0 };
	TpSamples wal = { 0 };
	TpSamples rate = { 0 };
	TpSamples trades = { 0 };

	for (int round = 0; round <= options->rounds; round++)
	{
		int orders = (options->drain_orders + CALL_ORDERS - 1) / CALL_ORDERS * CALL_ORDERS;
		int64_t pid = tradepost_query_int64(conn, "SELECT pid FROM tradepost.engine_status", NULL);
		int64_t last = 0;
		int64_t seq;
		int64_t wal_before;
		double cpu_before;
		double start;

		tradepost_bench_say("matcher, %d orders, %s", orders, round ? "measured" : "to warm up");
		tradepost_execute(conn, "BEGIN", NULL);
		place_backlog(market, conn, orders, &last);
		cpu_before = tradepost_bench_cpu(pid);
		seq = tradepost_query_int64(conn, "SELECT last_seq FROM tradepost.engine_status", NULL);
		/* The backlog's own commit record is no more than noise. */
		wal_before = wal_position(conn);
		start = tradepost_seconds();
		tradepost_execute(conn, "COMMIT", NULL);
		tradepost_bench_wait(conn, last);
		if (round == 0)
			continue;
		tradepost_samples_add(&rate, orders / (tradepost_seconds() - start));
		tradepost_samples_add(&cpu, (tradepost_bench_cpu(pid) - cpu_before) * 1e6 / orders);
		tradepost_samples_add(&wal, (double) (wal_position(conn) - wal_before) / orders);
		{
			char text[24];

			snprintf(text, sizeof(text), "%lld", (long long) seq);
			tradepost_samples_add(&trades,
								  (double) tradepost_query_int64(conn,
																 "SELECT count(*) FROM tradepost.trades WHERE seq > $1",
																 text, NULL) /
									  orders);
		}
	}
	tradepost_bench_add("matcher alone, draining a backlog", "orders/s", &rate, NULL);
	tradepost_bench_add("matcher, CPU an order", "us", &cpu, NULL);
	tradepost_bench_add("matcher, WAL an order", "bytes", &wal, NULL);
	tradepost_bench_add("  of those orders' flow: fills an order", "fills", &trades, NULL);
}
