/*
 * bench_latency.c
 *	  Commit to decision at a steady 1,000 orders a second, beside raw commits.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.  Orders are sent when their
 * time has come, not when the last one is done, over enough sessions that
 * none has to wait.  Two ways to learn of a decision are timed, both from the moment that the
 * commit is acknowledged: a CALL of wait_for_order() in the same session, and
 * the doorbell (NOTIFY) that another session listens to.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../client/session.h"
#include "sql_bench.h"

#define RATE 1000
#define SESSIONS 32

typedef struct Sent
{
	int64_t id;
	double sent;
	double acknowledged;
	double waited; /* when wait_for_order() returned */
	double rung;   /* when the doorbell told */
} Sent;

typedef struct Ring
{
	int64_t seq;
	double time;
} Ring;

typedef enum Phase
{
	IDLE,
	PLACING,
	WAITING
} Phase;

/* One run: its orders, its doorbells, what each session is doing. */
typedef struct Run
{
	TpBenchMarket *market;
	PGconn **conns;
	PGconn *listener;
	bool raw;
	Sent *orders;
	int count;
	int due;
	Ring *rings;
	int ring_count;
	int ring_room;
	Phase phase[SESSIONS];
	int current[SESSIONS];
} Run;

static void
send_order(Run *run, int session)
{
	TpBenchOrder order = tradepost_bench_order(run->market, session);
	char account[24];
	char quantity[24];
	char price[24];
	const char *values[4] = { account,
							  run->raw    ? (order.buy ? "0" : "1")
							  : order.buy ? "buy"
										  : "sell",
							  quantity, price };

	snprintf(account, sizeof(account), "%lld", (long long) order.account);
	snprintf(quantity, sizeof(quantity), "%d", order.quantity);
	snprintf(price, sizeof(price), "%d.%02d", order.cents / 100, order.cents % 100);
	run->current[session] = run->count;
	run->orders[run->count++].sent = tradepost_seconds();
	if (!PQsendQueryPrepared(run->conns[session], run->raw ? "raw_one" : "place_one", 4, values, NULL, NULL, 0))
		tradepost_die("cannot send: %s", PQerrorMessage(run->conns[session]));
	run->phase[session] = PLACING;
}

/*
 * A session's answer is there: the commit's, or the decision's.
 */
static void
take_answer(Run *run, int session)
{
	PGconn *conn = run->conns[session];
	Sent *order = &run->orders[run->current[session]];
	double now = tradepost_seconds();
	PGresult *result;

	while ((result = PQgetResult(conn)) != NULL)
	{
		tradepost_check_result(conn, result, "latency");
		if (run->phase[session] == PLACING)
			order->id = tradepost_int64(result, 0, 0);
		PQclear(result);
	}
	if (run->phase[session] == PLACING)
		order->acknowledged = now;
	else
		order->waited = now;
	if (run->phase[session] == PLACING && !run->raw)
	{
		char id[24];
		const char *values[1] = { id };

		snprintf(id, sizeof(id), "%lld", (long long) order->id);
		if (!PQsendQueryPrepared(conn, "wait", 1, values, NULL, NULL, 0))
			tradepost_die("cannot send: %s", PQerrorMessage(conn));
		run->phase[session] = WAITING;
	}
	else
		run->phase[session] = IDLE;
}

static void
take_rings(Run *run)
{
	PGnotify *notify;
	double now = tradepost_seconds();

	if (!PQconsumeInput(run->listener))
		tradepost_die("lost the listener: %s", PQerrorMessage(run->listener));
	while ((notify = PQnotifies(run->listener)) != NULL)
	{
		if (run->ring_count == run->ring_room)
		{
			run->ring_room = run->ring_room ? 2 * run->ring_room : 1024;
			run->rings = tradepost_realloc(run->rings, run->ring_room * sizeof(Ring));
		}
		run->rings[run->ring_count++] = (Ring){ .seq = strtoll(notify->extra, NULL, 10), .time = now };
		PQfreemem(notify);
	}
}

static void
watch(int epoll, PGconn *conn, uint32_t number)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = number };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, PQsocket(conn), &event) != 0)
		tradepost_die("epoll: %s", strerror(errno));
}

static void
steady_run(Run *run, double seconds)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	double start = tradepost_seconds();
	int busy = 0;

	if (epoll < 0)
		tradepost_die("epoll: %s", strerror(errno));
	run->due = (int) (seconds * RATE);
	run->count = 0;
	run->ring_count = 0;
	run->orders = tradepost_alloc(run->due * sizeof(Sent));
	for (int i = 0; i < SESSIONS; i++)
		watch(epoll, run->conns[i], (uint32_t) i);
	watch(epoll, run->listener, SESSIONS);
	do
	{
		struct epoll_event events[SESSIONS + 1];
		int count;

		for (int i = 0;
			 i < SESSIONS && run->count < run->due && tradepost_seconds() >= start + (double) run->count / RATE; i++)
		{
			if (run->phase[i] == IDLE)
				send_order(run, i);
		}
		count = epoll_wait(epoll, events, SESSIONS + 1, 1);
		if (count < 0 && errno != EINTR)
			tradepost_die("epoll: %s", strerror(errno));
		for (int i = 0; i < count; i++)
		{
			uint32_t session = events[i].data.u32;

			if (session == SESSIONS)
				take_rings(run);
			else
			{
				if (!PQconsumeInput(run->conns[session]))
					tradepost_die("lost a connection: %s", PQerrorMessage(run->conns[session]));
				if (run->phase[session] != IDLE && !PQisBusy(run->conns[session]))
					take_answer(run, (int) session);
			}
		}
		busy = 0;
		for (int i = 0; i < SESSIONS; i++)
			busy += run->phase[i] != IDLE;
	} while (busy > 0 || run->count < run->due);
	if (tradepost_seconds() - start > 1.05 * seconds + 0.1)
		tradepost_bench_say("only %.0f orders a second were reached", run->count / (tradepost_seconds() - start));
	close(epoll);
}

/*
 * Which doorbell told of which order: the first one that names its decision's
 * seq or a later one.  Both lists rise.
 */
static void
match_rings(Run *run, int64_t first_seq)
{
	char after[24];
	PGresult *result;
	int ring = 0;

	snprintf(after, sizeof(after), "%lld", (long long) first_seq);
	result = tradepost_query(run->listener,
							 "SELECT seq, command_id FROM tradepost.events WHERE seq > $1 AND decision ORDER BY seq",
							 after, NULL);
	take_rings(run);
	for (int row = 0; row < PQntuples(result); row++)
	{
		int64_t seq = tradepost_int64(result, row, 0);
		int64_t id = tradepost_int64(result, row, 1);

		while (ring < run->ring_count && run->rings[ring].seq < seq)
			ring++;
		if (ring == run->ring_count)
			break;
		for (int i = 0; i < run->count; i++)
		{
			/* Ids and places differ by little: look around the row's own place first. */
			int at = (row + (i % 2 ? -(i + 1) / 2 : i / 2) + run->count) % run->count;

			if (run->orders[at].id == id)
			{
				run->orders[at].rung = run->rings[ring].time;
				break;
			}
		}
	}
	PQclear(result);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/*
 * p50 and p99 of the times between two moments, in milliseconds.
 */
static void
percentiles(const Run *run, size_t from, size_t to, TpSamples *p50, TpSamples *p99)
{
	double *times = tradepost_alloc((run->count + 1) * sizeof(double));
	int n = 0;

	for (int i = 0; i < run->count; i++)
	{
		double begin = *(const double *) ((const char *) &run->orders[i] + from);
		double end = *(const double *) ((const char *) &run->orders[i] + to);

		/* Told before the commit was acknowledged: no time at all. */
		if (end > 0)
			times[n++] = end > begin ? (end - begin) * 1000 : 0;
	}
	qsort(times, n, sizeof(double), compare);
	if (n > 0)
	{
		tradepost_samples_add(p50, times[n / 2]);
		tradepost_samples_add(p99, times[(int) (n * 0.99)]);
	}
	free(times);
}

void
tradepost_bench_latency(const TpBenchOptions *options, TpBenchMarket *market, PGconn **conns)
{
	enum
	{
		RAW,
		PLACE,
		WAIT,
		RING,
		KINDS
	};
	static const char *const names[KINDS] = { "", "commit of place_order", "commit to decision, wait_for_order",
											  "commit to decision, doorbell" };
	TpSamples p50[KINDS] = { 0 };
	TpSamples p99[KINDS] = { 0 };
	Run run = { .market = market, .conns = conns };

	run.listener = tradepost_connect();
	tradepost_execute(run.listener, "LISTEN tradepost", NULL);
	for (int i = 0; i < SESSIONS; i++)
	{
		PGresult *result = PQprepare(conns[i], "wait", "CALL tradepost.wait_for_order($1::bigint)", 0, NULL);

		tradepost_check_result(conns[i], result, "wait");
		PQclear(result);
	}
	for (int round = 0; round < 2 * options->rounds; round++)
	{
		int64_t seq = tradepost_query_int64(run.listener, "SELECT last_seq FROM tradepost.engine_status", NULL);

		run.raw = round % 2 == 0;
		tradepost_bench_say("latency at %d orders/s, %s, round %d of %d", RATE, run.raw ? "raw" : "orders",
							round / 2 + 1, options->rounds);
		steady_run(&run, options->latency_seconds);
		percentiles(&run, offsetof(Sent, sent), offsetof(Sent, acknowledged), &p50[run.raw ? RAW : PLACE],
					&p99[run.raw ? RAW : PLACE]);
		if (!run.raw)
		{
			match_rings(&run, seq);
			percentiles(&run, offsetof(Sent, acknowledged), offsetof(Sent, waited), &p50[WAIT], &p99[WAIT]);
			percentiles(&run, offsetof(Sent, acknowledged), offsetof(Sent, rung), &p50[RING], &p99[RING]);
		}
		free(run.orders);
	}
	/* The baseline of all of them is a raw commit. */
	for (int kind = PLACE; kind < KINDS; kind++)
	{
		char name[80];

		snprintf(name, sizeof(name), "%s, 1,000/s, p50", names[kind]);
		tradepost_bench_add(name, "ms", &p50[kind], &p50[RAW]);
		snprintf(name, sizeof(name), "%s, 1,000/s, p99", names[kind]);
		tradepost_bench_add(name, "ms", &p99[kind], &p99[RAW]);
	}
	free(run.rings);
	PQfinish(run.listener);
}
