/*
 * system_metrics.c
 *	  GET system/metrics: the database answers, or refuses; what it says is joined by what
 *	  this proxy's workers count.
 *
 * Reads memory that others write meanwhile: each number is whole, a sum may be a moment
 * older than its parts.
 */
#include "system_metrics.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "edge.h"
#include "metrics.h"
#include "metrics_text.h"
#include "pg.h"
#include "problem.h"
#include "route.h"
#include "shared.h"
#include "version.h"

#define PREFIX "tradepost_proxy_"

static const TpStatement statement = { .sql = "SELECT tradepost_edge.system_metrics($1::bigint, $2::bigint, $3::jsonb)",
									   .parameters = 3,
									   .idempotent = true };

static const struct
{
	const char *name;
	const char *unit;
	bool highest;
} described[TP_METRIC_COUNT] = {
#define COUNTER false
#define COMMON true
#define GAUGE false
#define HIGHEST true
#define X(name, kind, text, unit, help) { text, unit, kind },
	TP_METRICS(X)
#undef X
#undef COUNTER
#undef COMMON
#undef GAUGE
#undef HIGHEST
};

/* tradepost_proxy_events_total is eventsTotal. */
static void
add_name(TpBuffer *out, const char *name)
{
	tp_buffer_text(out, ",\"");
	for (const char *c = name + strlen(PREFIX); *c != '\0'; c++)
	{
		char letter = *c == '_' ? (char) (*++c & ~0x20) : *c;

		tp_buffer_add(out, &letter, 1);
	}
	tp_buffer_text(out, "\":");
}

static void
add_counts(const TpShared *shared, TpBuffer *out)
{
	for (int i = 0; i < TP_METRIC_COUNT; i++)
	{
		int64_t all = 0;

		for (int worker = 0; worker < shared->workers; worker++)
		{
			int64_t one = shared->numbers[worker].metrics[i];

			all = !described[i].highest ? all + one : one > all ? one : all;
		}
		add_name(out, described[i].name);
		if (*described[i].unit == '\0')
			tp_buffer_integer(out, all);
		else
			tp_buffer_format(out, "%.6f", (double) all / 1e6);
	}
}

/* By the first digit of their status, and how long they took. */
static void
add_requests(const TpShared *shared, TpBuffer *out)
{
	uint64_t classes[6] = { 0 };
	uint64_t sum_ns = 0;
	uint64_t count = 0;

	for (int worker = 0; worker < shared->workers; worker++)
	{
		const TpNumbers *numbers = &shared->numbers[worker];

		for (int row = 0; row <= tp_route_count; row++)
		{
			for (int status = 0; status < TP_STATUS_COUNT; status++)
			{
				classes[tp_statuses[status].code / 100 % 6] += numbers->statuses[row][status];
				count += numbers->statuses[row][status];
			}
			sum_ns += numbers->latencies[row].sum_ns;
		}
	}
	tp_buffer_text(out, ",\"requests\":{\"total\":");
	tp_buffer_integer(out, (int64_t) count);
	for (int class = 2; class < 6; class ++)
		tp_buffer_format(out, ",\"%dxx\":%llu", class, (unsigned long long) classes[class]);
	tp_buffer_format(out, ",\"meanMs\":%.3f}", count == 0 ? 0.0 : (double) sum_ns / (double) count / 1e6);
}

static void
add_edge(const TpShared *shared, TpBuffer *out)
{
	int ready = 0;

	for (int worker = 0; worker < shared->workers; worker++)
		ready += shared->ready[worker] != 0;
	tp_buffer_format(out,
					 "{\"version\":\"%s\",\"uptime\":%lld,\"workers\":%d,\"workersReady\":%d,\"workerRestarts\":%lld",
					 TP_PROXY_VERSION, (long long) ((tp_wall_us() - shared->started_us) / 1000000), shared->workers,
					 ready, (long long) shared->restarts);
	add_requests(shared, out);
	add_counts(shared, out);
	tp_buffer_add(out, "}", 1);
}

static void
came(void *context, const PGresult *result, const TpPgError *error)
{
	TpCall *call = context;
	TpSlice json;

	if (error != NULL)
	{
		tp_problem_answer(call, error);
		return;
	}
	/* {"time":...}: one more member before its last brace. */
	json = tp_slice(PQgetvalue(result, 0, 0));
	tp_buffer_slice(&call->answer, (TpSlice){ json.data, json.length - 1 });
	tp_buffer_text(&call->answer, ",\"edge\":");
	add_edge(call->edge->shared, &call->answer);
	tp_buffer_add(&call->answer, "}", 1);
	tp_call_answer(call, 200, "application/json");
}

void
tp_system_metrics_get(TpCall *call)
{
	TpBuffer json = { 0 };
	char user[24];
	char session[24];

	if (tp_call_arguments(call, &json))
	{
		tp_buffer_add(&json, "", 1);
		snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
		snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
		tp_pg_call(call->edge->pg, &statement, (const char *const[]){ user, session, json.data }, came, call);
	}
	tp_buffer_free(&json);
}
