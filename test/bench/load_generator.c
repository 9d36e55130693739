/*
 * load_generator.c
 *	  Many sessions, one statement at a time on each, from one thread.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.  epoll and libpq's
 * asynchronous calls: a generator with a thread a session would take more of
 * the CPUs that it shares with the server.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../client/session.h"
#include "sql_bench.h"

#define MAX_PARAMETERS 16

static void
send_call(TpLoad *load, int client)
{
	const char *values[MAX_PARAMETERS];

	load->fill(load->arg, client, values);
	if (!PQsendQueryPrepared(load->conns[client], load->statement, load->parameters, values, NULL, NULL, 0))
		tradepost_die("cannot send: %s", PQerrorMessage(load->conns[client]));
}

/*
 * Takes a finished call's results; remembers the largest id among them.
 */
static void
take_results(TpLoad *load, int client)
{
	PGconn *conn = load->conns[client];
	PGresult *result;

	while ((result = PQgetResult(conn)) != NULL)
	{
		tradepost_check_result(conn, result, load->statement);
		if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0))
		{
			const char *text = PQgetvalue(result, 0, 0);
			const char *comma = strrchr(text, ',');
			int64_t value = strtoll(comma ? comma + 1 : *text == '{' ? text + 1 : text, NULL, 10);

			if (value > load->last_value)
				load->last_value = value;
		}
		PQclear(result);
	}
	load->calls++;
}

void
tradepost_load_run(TpLoad *load)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	double start = tradepost_seconds();
	int64_t sent = 0;
	int busy = 0;

	if (epoll < 0)
		tradepost_die("epoll: %s", strerror(errno));
	load->calls = 0;
	load->last_value = 0;
	for (int i = 0; i < load->clients; i++)
	{
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t) i };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, PQsocket(load->conns[i]), &event) != 0)
			tradepost_die("epoll: %s", strerror(errno));
		if (load->max_calls != 0 && sent >= load->max_calls)
			continue;
		send_call(load, i);
		sent++;
		busy++;
	}
	while (busy > 0)
	{
		struct epoll_event events[BENCH_CLIENTS];
		int count = epoll_wait(epoll, events, BENCH_CLIENTS, 10000);
		bool more;

		if (count < 0 && errno != EINTR)
			tradepost_die("epoll: %s", strerror(errno));
		more = tradepost_seconds() - start < load->seconds;
		for (int i = 0; i < count; i++)
		{
			int client = (int) events[i].data.u32;

			if (!PQconsumeInput(load->conns[client]))
				tradepost_die("lost a connection: %s", PQerrorMessage(load->conns[client]));
			if (PQisBusy(load->conns[client]))
				continue;
			take_results(load, client);
			busy--;
			if (more && (load->max_calls == 0 || sent < load->max_calls))
			{
				send_call(load, client);
				sent++;
				busy++;
			}
		}
	}
	load->elapsed = tradepost_seconds() - start;
	close(epoll);
}
