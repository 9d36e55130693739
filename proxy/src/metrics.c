/*
 * metrics.c
 *	  Counting, and GET /metrics: everything that is counted, as Prometheus reads it.
 *
 * Each worker samples its parts once a second into its own numbers; whichever worker is
 * asked adds up all of them, and asks the database for the engine's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "edge.h"
#include "health.h"
#include "http.h"
#include "metrics.h"
#include "metrics_text.h"
#include "pg.h"
#include "redis.h"
#include "settings.h"
#include "shared.h"

#define SAMPLE_MS 1000

static const uint64_t bucket_us[TP_BUCKETS - 1] = { 250,   500,    1000,   2500,   5000,    10000,  25000,
													50000, 100000, 250000, 500000, 1000000, 5000000 };

static TpNumbers nobody; /* counts before metrics are open */
TpNumbers *tp_numbers = &nobody;

static uv_timer_t sampler;
static uint64_t due_ns;

static void
observe(TpHistogram *histogram, uint64_t ns)
{
	int bucket = 0;

	while (bucket < TP_BUCKETS - 1 && ns > bucket_us[bucket] * 1000)
		bucket++;
	atomic_store_explicit(&histogram->buckets[bucket],
						  atomic_load_explicit(&histogram->buckets[bucket], memory_order_relaxed) + 1,
						  memory_order_relaxed);
	atomic_store_explicit(&histogram->sum_ns, atomic_load_explicit(&histogram->sum_ns, memory_order_relaxed) + ns,
						  memory_order_relaxed);
}

void
tp_time(TpHistogramId id, uint64_t ns)
{
	observe(&tp_numbers->times[id], ns);
}

void
tp_metrics_request(const TpRoute *route, int status, uint64_t ns)
{
	size_t row = route == NULL ? 0 : (size_t) (route - tp_routes) + 1;
	_Atomic uint64_t *at = &tp_numbers->statuses[row][tp_status_index(status)];

	atomic_store_explicit(at, atomic_load_explicit(at, memory_order_relaxed) + 1, memory_order_relaxed);
	observe(&tp_numbers->latencies[row], ns);
}

static int64_t
resident_bytes(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%*d %ld", &pages) != 1)
		pages = 0;
	fclose(file);
	return (int64_t) pages * sysconf(_SC_PAGESIZE);
}

static void
sample(TpEdge *edge)
{
	TpPgStats pool;
	struct rusage usage;

	tp_pg_stats(edge->pg, &pool);
	tp_gauge(TP_M_POOL_CONNECTIONS, pool.connections);
	tp_gauge(TP_M_POOL_CONNECTED, pool.connected);
	tp_gauge(TP_M_POOL_WAITING, pool.waiting);
	tp_gauge(TP_M_POOL_IN_FLIGHT, pool.in_flight);
	if (edge->redis != NULL)
	{
		TpRedisStats redis;

		tp_redis_stats(edge->redis, &redis);
		tp_gauge(TP_M_REDIS_COMMANDS, (int64_t) redis.commands);
		tp_gauge(TP_M_REDIS_FAILURES, (int64_t) redis.failures);
		tp_gauge(TP_M_REDIS_RECONNECTS, (int64_t) redis.reconnects);
	}
	tp_gauge(TP_M_POOL_CALLS, (int64_t) pool.calls);
	tp_gauge(TP_M_POOL_FAILURES, (int64_t) pool.failures);
	tp_gauge(TP_M_POOL_RECONNECTS, (int64_t) pool.reconnects);
	tp_gauge(TP_M_RESIDENT_BYTES, resident_bytes());
	tp_gauge(TP_M_CONNECTIONS, tp_http_connections(edge->http));
	if (getrusage(RUSAGE_SELF, &usage) == 0)
	{
		/* of a restarted worker this begins anew, as counters may */
		int64_t us = (int64_t) usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec +
					 (int64_t) usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;

		tp_gauge(TP_M_CPU_US, us);
	}
}

static void
on_sample(uv_timer_t *timer)
{
	uint64_t now = uv_hrtime();

	tp_gauge(TP_M_LOOP_DELAY_US, now > due_ns ? (int64_t) ((now - due_ns) / 1000) : 0);
	due_ns = now + (uint64_t) SAMPLE_MS * 1000000;
	sample(timer->data);
}

void
tp_metrics_open(TpEdge *edge)
{
	static const int gauges[] = {
#define COUNTER 0
#define COMMON 0
#define GAUGE 1
#define HIGHEST 1
#define X(name, kind, text, unit, help) kind,
		TP_METRICS(X)
#undef X
#undef COUNTER
#undef COMMON
#undef GAUGE
#undef HIGHEST
	};

	tp_numbers = &edge->shared->numbers[edge->worker];
	for (int i = 0; i < TP_METRIC_COUNT; i++)
		if (gauges[i])
			tp_gauge((TpMetric) i, 0);
	uv_timer_init(&edge->loop, &sampler);
	sampler.data = edge;
	due_ns = uv_hrtime() + (uint64_t) SAMPLE_MS * 1000000;
	uv_timer_start(&sampler, on_sample, SAMPLE_MS, SAMPLE_MS);
}

void
tp_metrics_close(TpEdge *edge)
{
	(void) edge;
	uv_close((uv_handle_t *) &sampler, NULL);
}

/* Reading ----------------------------------------------------------------------------- */

uint64_t
tp_histogram_bound_us(int bucket)
{
	return bucket_us[bucket];
}

static void
on_engine(void *context, const PGresult *result, const TpPgError *error)
{
	TpCall *call = context;
	bool up = error == NULL && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0);

	sample(call->edge);
	tp_metrics_text(call->edge->shared, up ? PQgetvalue(result, 0, 0) : NULL, &call->answer);
	tp_call_answer(call, 200, "text/plain; version=0.0.4; charset=utf-8");
}

void
tp_metrics_get(TpCall *call)
{
	tp_pg_call(call->edge->pg, &tp_engine_statement, NULL, on_engine, call);
}
