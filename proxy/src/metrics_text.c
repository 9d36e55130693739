/*
 * metrics_text.c
 *	  The numbers of all workers, as Prometheus reads them.
 *
 * Called by metrics.c.  Reads memory that others write meanwhile: each number is whole, a
 * sum may be a moment older than its parts.
 */
#include <inttypes.h>
#include <jansson.h>

#include "metrics_text.h"
#include "version.h"

static const struct
{
	const char *kind;
	const char *name;
	const char *unit;
	const char *help;
} described[TP_METRIC_COUNT] = {
#define COUNTER "counter"
#define COMMON "common"
#define GAUGE "gauge"
#define HIGHEST "highest"
#define X(name, kind, text, unit, help) { kind, text, unit, help },
	TP_METRICS(X)
#undef X
#undef COUNTER
#undef COMMON
#undef GAUGE
#undef HIGHEST
};

static const char *const method_names[] = { "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "other" };

static void
add_about(TpBuffer *out, const char *name, const char *kind, const char *help)
{
	tp_buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void
add_one(TpBuffer *out, const char *name, const char *kind, const char *help, int64_t value)
{
	add_about(out, name, kind, help);
	tp_buffer_format(out, "%s %" PRId64 "\n", name, value);
}

static void
add_plain(const TpShared *shared, TpBuffer *out)
{
	for (int i = 0; i < TP_METRIC_COUNT; i++)
	{
		const char *kind = described[i].kind;
		bool highest = strcmp(kind, "highest") == 0 || strcmp(kind, "common") == 0;
		int64_t all = 0;

		for (int w = 0; w < shared->workers; w++)
		{
			int64_t one = shared->numbers[w].metrics[i];

			all = !highest ? all + one : one > all ? one : all;
		}
		kind = strcmp(kind, "common") == 0 ? "counter" : highest ? "gauge" : kind;
		if (*described[i].unit == '\0')
			add_one(out, described[i].name, kind, described[i].help, all);
		else
		{
			add_about(out, described[i].name, kind, described[i].help);
			tp_buffer_format(out, "%s %.6f\n", described[i].name, (double) all / 1e6);
		}
	}
}

/* offset: where in TpNumbers the histogram is. labels: without braces, "" or ending in a comma. */
static void
add_histogram(const TpShared *shared, size_t offset, const char *name, const char *labels, TpBuffer *out)
{
	uint64_t running = 0;
	uint64_t sum_ns = 0;
	size_t bare = strlen(labels) > 0 ? strlen(labels) - 1 : 0;

	for (int bucket = 0; bucket < TP_BUCKETS; bucket++)
	{
		for (int w = 0; w < shared->workers; w++)
			running += ((const TpHistogram *) ((const char *) &shared->numbers[w] + offset))->buckets[bucket];
		if (bucket < TP_BUCKETS - 1)
			tp_buffer_format(out, "%s_bucket{%sle=\"%g\"} %" PRIu64 "\n", name, labels,
							 (double) tp_histogram_bound_us(bucket) / 1e6, running);
		else
			tp_buffer_format(out, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, running);
	}
	for (int w = 0; w < shared->workers; w++)
		sum_ns += ((const TpHistogram *) ((const char *) &shared->numbers[w] + offset))->sum_ns;
	tp_buffer_format(out, bare > 0 ? "%s_sum{%.*s} %.9f\n" : "%s_sum%.*s %.9f\n", name, (int) bare, labels,
					 (double) sum_ns / 1e9);
	tp_buffer_format(out, bare > 0 ? "%s_count{%.*s} %" PRIu64 "\n" : "%s_count%.*s %" PRIu64 "\n", name, (int) bare,
					 labels, running);
}

static void
add_times(const TpShared *shared, TpBuffer *out)
{
	static const struct
	{
		const char *name;
		const char *help;
	} times[TP_HISTOGRAM_COUNT] = {
		[TP_T_DATABASE] = { "tradepost_proxy_database_call_seconds", "From asking the database to its answer." },
		[TP_T_DECISION] = { "tradepost_proxy_order_decision_seconds", "From an order's request to its decision." },
		[TP_T_EVENT_LAG] = { "tradepost_proxy_event_lag_seconds", "From an event to its being handed out." },
	};

	for (int i = 0; i < TP_HISTOGRAM_COUNT; i++)
	{
		add_about(out, times[i].name, "histogram", times[i].help);
		add_histogram(shared, offsetof(TpNumbers, times) + (size_t) i * sizeof(TpHistogram), times[i].name, "", out);
	}
}

static uint64_t
requests(const TpShared *shared, int row, int status)
{
	uint64_t all = 0;

	for (int w = 0; w < shared->workers; w++)
		all += shared->numbers[w].statuses[row][status];
	return all;
}

static void
route_labels(int row, TpBuffer *out)
{
	const TpRoute *route = row == 0 ? NULL : &tp_routes[row - 1];

	tp_buffer_format(out, "method=\"%s\",route=\"%s%s\",", route == NULL ? "any" : method_names[route->method],
					 route == NULL || route->path[0] == '/' ? "" : "/api/v1/", route == NULL ? "none" : route->path);
	tp_buffer_add(out, "", 1);
}

static void
add_routes(const TpShared *shared, TpBuffer *out)
{
	static const char counter[] = "tradepost_proxy_http_requests_total";
	static const char latency[] = "tradepost_proxy_http_request_duration_seconds";
	TpBuffer labels = { 0 };

	add_about(out, counter, "counter", "Requests answered, by route and status.");
	for (int row = 0; row <= tp_route_count; row++)
	{
		tp_buffer_clear(&labels);
		route_labels(row, &labels);
		for (int status = 0; status < TP_STATUS_COUNT; status++)
		{
			uint64_t count = requests(shared, row, status);

			if (count > 0)
				tp_buffer_format(out, "%s{%sstatus=\"%d\"} %" PRIu64 "\n", counter, labels.data,
								 tp_statuses[status].code, count);
		}
	}
	add_about(out, latency, "histogram", "From the whole request to its answer, by route.");
	for (int row = 0; row <= tp_route_count; row++)
	{
		bool any = false;

		for (int status = 0; !any && status < TP_STATUS_COUNT; status++)
			any = requests(shared, row, status) > 0;
		if (!any)
			continue;
		tp_buffer_clear(&labels);
		route_labels(row, &labels);
		add_histogram(shared, offsetof(TpNumbers, latencies) + (size_t) row * sizeof(TpHistogram), latency, labels.data,
					  out);
	}
	tp_buffer_free(&labels);
}

static void
add_workers(const TpShared *shared, TpBuffer *out)
{
	int ready = 0;

	for (int i = 0; i < shared->workers; i++)
		ready += shared->ready[i] != 0;
	add_about(out, "tradepost_proxy_info", "gauge", "Version of this proxy.");
	tp_buffer_format(out, "tradepost_proxy_info{version=\"%s\"} 1\n", TP_PROXY_VERSION);
	add_one(out, "tradepost_proxy_workers", "gauge", "Workers that this proxy is to have.", shared->workers);
	add_one(out, "tradepost_proxy_workers_ready", "gauge", "Workers that take requests.", ready);
	add_one(out, "tradepost_proxy_worker_restarts_total", "counter", "Workers that died and were started again.",
			shared->restarts);
	add_one(out, "tradepost_proxy_start_time_seconds", "gauge", "When this proxy started, as seconds since 1970.",
			shared->started_us / 1000000);
}

/* camelCase and the like to a metric's name. */
static void
metric_name(const char *key, TpBuffer *name)
{
	tp_buffer_clear(name);
	tp_buffer_text(name, "tradepost_engine_");
	for (; *key != '\0'; key++)
	{
		char c = *key;

		if (c >= 'A' && c <= 'Z')
		{
			tp_buffer_add(name, "_", 1);
			c = (char) (c | 0x20);
		}
		else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			c = '_';
		tp_buffer_add(name, &c, 1);
	}
	tp_buffer_add(name, "", 1);
}

/* Every number and truth value of the engine's status is a gauge: what grows only is still true. */
static void
add_engine(const char *engine, TpBuffer *out)
{
	json_t *root = engine == NULL ? NULL : json_loads(engine, 0, NULL);
	TpBuffer name = { 0 };
	const char *key;
	json_t *value;

	add_one(out, "tradepost_proxy_database_up", "gauge", "Whether the database answered this scrape.", engine != NULL);
	json_object_foreach(root, key, value)
	{
		if (!json_is_number(value) && !json_is_boolean(value))
			continue;
		metric_name(key, &name);
		add_about(out, name.data, "gauge", "Of the engine's status in the database.");
		if (json_is_real(value))
			tp_buffer_format(out, "%s %.6f\n", name.data, json_real_value(value));
		else
			tp_buffer_format(out, "%s %lld\n", name.data,
							 json_is_boolean(value) ? (long long) json_is_true(value) : json_integer_value(value));
	}
	tp_buffer_free(&name);
	json_decref(root);
}

void
tp_metrics_text(const TpShared *shared, const char *engine, TpBuffer *out)
{
	add_workers(shared, out);
	add_plain(shared, out);
	add_times(shared, out);
	add_routes(shared, out);
	add_engine(engine, out);
}
