/*
 * edge.c
 *	  A worker process: opens its parts in order, runs the loop, drains, and closes them
 *	  in the reverse order.
 *
 * Called by the supervisor in the forked process.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "buffer.h"
#include "edge.h"
#include "gzip.h"
#include "http.h"
#include "rate_limits.h"
#include "listener.h"
#include "log.h"
#include "metrics.h"
#include "pg.h"
#include "publisher.h"
#include "redis.h"
#include "revoked.h"
#include "settings.h"
#include "shared.h"
#include "tls.h"
#include "token.h"
#include "upgrade.h"
#include "stream.h"
#include "decisions.h"
#include "hub.h"

#define DRAIN_LOOK_MS 20

typedef struct TpWorker
{
	TpEdge edge;
	TpSettings *settings;
	TpListener *listener;
	uv_signal_t signals[3];
	uv_prepare_t before_sleep;
	uv_timer_t drain;
	uint64_t drain_until;
	bool closed;
} TpWorker;

static TpWorker worker;

static void
close_parts(void)
{
	TpEdge *edge = &worker.edge;

	worker.closed = true;
	tp_http_close(edge->http);
	tp_upgrades_close(edge->upgrades);
	tp_tls_close(edge->tls);
	if (edge->publisher != NULL)
		tp_publisher_close(edge->publisher);
	tp_tokens_close(edge->tokens);
	tp_sessions_close(edge->sessions);
	tp_limits_close(edge->limits);
	if (edge->redis != NULL)
		tp_redis_close(edge->redis);
	tp_pg_close(edge->pg);
	tp_metrics_close(edge);
	uv_close((uv_handle_t *) &worker.drain, NULL);
	uv_close((uv_handle_t *) &worker.before_sleep, NULL);
	for (int i = 0; i < 3; i++)
		uv_close((uv_handle_t *) &worker.signals[i], NULL);
}

static void
on_drain(uv_timer_t *timer)
{
	TpEdge *edge = &worker.edge;
	bool time_is_up = uv_now(&edge->loop) >= worker.drain_until;

	tp_http_drain(edge->http);
	if (tp_http_connections(edge->http) > 0 && !time_is_up)
		return;
	if (time_is_up)
		tp_log(TP_LOG_WARN, "DRAIN_TIMEOUT is over: connections are cut off", "#connections",
			   (int64_t) tp_http_connections(edge->http), NULL);
	uv_timer_stop(timer);
	close_parts();
}

static void
drain(void)
{
	TpEdge *edge = &worker.edge;

	if (edge->draining)
		return;
	tp_log(TP_LOG_INFO, "stopping", "#connections", (int64_t) tp_http_connections(edge->http), NULL);
	edge->draining = true;
	edge->shared->ready[edge->worker] = 0;
	tp_listener_close(worker.listener);
	tp_http_drain(edge->http);
	worker.drain_until = uv_now(&edge->loop) + (uint64_t) edge->settings->drain_s * 1000;
	uv_timer_start(&worker.drain, on_drain, 0, DRAIN_LOOK_MS);
}

static void
reload(void)
{
	TpBuffer kept = { 0 };
	TpBuffer problem = { 0 };

	if (tp_settings_reload(worker.settings, &kept, &problem))
	{
		tp_buffer_add(&kept, "", 1);
		tp_log_open(worker.settings->log_level, worker.edge.worker);
		tp_log(TP_LOG_INFO, "settings read again", "want_restart", kept.data, NULL);
	}
	else
	{
		tp_buffer_add(&problem, "", 1);
		tp_log(TP_LOG_ERROR, "settings were not read again, the old ones stay", "why", problem.data, NULL);
	}
	tp_buffer_free(&kept);
	tp_buffer_free(&problem);
	if (worker.edge.tls != NULL)
		(void) tp_tls_reload(worker.edge.tls);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	(void) handle;
	if (number == SIGHUP)
		reload();
	else
		drain();
}

/* The loop would sleep now: the log leaves. */
static void
on_before_sleep(uv_prepare_t *handle)
{
	(void) handle;
	tp_log_flush();
}

static void
watch_signals(void)
{
	static const int numbers[3] = { SIGTERM, SIGINT, SIGHUP };
	TpEdge *edge = &worker.edge;

	for (int i = 0; i < 3; i++)
	{
		uv_signal_init(&edge->loop, &worker.signals[i]);
		uv_signal_start(&worker.signals[i], on_signal, numbers[i]);
	}
	uv_prepare_init(&edge->loop, &worker.before_sleep);
	uv_prepare_start(&worker.before_sleep, on_before_sleep);
	uv_timer_init(&edge->loop, &worker.drain);
}

/* In the order of edge.h. */
static bool
open_parts(int listener)
{
	TpEdge *edge = &worker.edge;

	tp_metrics_open(edge);
	edge->pg = tp_pg_open(&edge->loop, edge->settings);
	if (*edge->settings->redis_url != '\0')
		edge->redis = tp_redis_open(edge);
	edge->limits = tp_limits_open(edge, edge->shared->limits);
	edge->sessions = tp_sessions_open(edge);
	edge->tokens = tp_tokens_open(edge);
	if (edge->redis != NULL)
		edge->publisher = tp_publisher_open(edge);
	edge->upgrades = tp_upgrades_open(edge);
	edge->http = tp_http_open(edge);
	if (*edge->settings->tls_certificate != '\0')
		edge->tls = tp_tls_open(edge);
	if (edge->upgrades == NULL || (edge->tls == NULL && *edge->settings->tls_certificate != '\0'))
		return false;
	worker.listener = tp_listener_open(edge, listener);
	return true;
}

int
tp_edge_run(const TpSettings *settings, TpShared *shared, int number, int listener)
{
	TpEdge *edge = &worker.edge;

	worker.settings = (TpSettings *) (uintptr_t) settings; /* this process' own copy */
	edge->settings = settings;
	edge->shared = shared;
	edge->worker = number;
	tp_log_open(settings->log_level, number);
	tp_log_defer(true);
	uv_loop_init(&edge->loop);
	watch_signals();
	if (!open_parts(listener))
	{
		tp_log_flush();
		return 1;
	}
	shared->ready[number] = getpid();
	tp_log(TP_LOG_INFO, "worker takes requests", NULL);
	uv_run(&edge->loop, UV_RUN_DEFAULT);
	tp_log(TP_LOG_INFO, "worker has stopped", NULL);
	uv_loop_close(&edge->loop);
	tp_gzip_close();
	tp_log_defer(false);
	return 0;
}
