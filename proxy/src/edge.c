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

#include "books.h"
#include "buffer.h"
#include "decisions.h"
#include "delivery.h"
#include "edge.h"
#include "edge_cache.h"
#include "edge_orders.h"
#include "gzip.h"
#include "health.h"
#include "http.h"
#include "hub.h"
#include "keyring.h"
#include "rate_limits.h"
#include "listener.h"
#include "key_identity.h"
#include "log.h"
#include "metrics.h"
#include "pg.h"
#include "publisher.h"
#include "pushes.h"
#include "redis.h"
#include "revoked.h"
#include "settings.h"
#include "shared.h"
#include "socket.h"
#include "stream.h"
#include "tenants.h"
#include "tls.h"
#include "token.h"
#include "upgrade.h"
#include "whatsapp_sender.h"
#include "voice_jobs.h"
#include "whatsapp_webhook.h"

#define DRAIN_LOOK_MS 20
#define START_LOOK_MS 10
/* So long clients wait in the listener's queue for the stream; then they are told that the database is gone. */
#define START_WAIT_MS 5000
#define START_WAIT_DOWN_MS 1000

typedef struct TpWorker
{
	TpEdge edge;
	TpSettings *settings;
	TpListener *listener; /* NULL: not yet */
	int descriptor;       /* what it will listen on */
	uv_timer_t start;
	uint64_t started_ms;
	uv_signal_t signals[3];
	uv_prepare_t before_sleep;
	uv_timer_t drain;
	uint64_t drain_until;
} TpWorker;

static TpWorker worker;

/* Who brings work first, then who fails what is under way, then those whose work it was. */
static void
close_parts(void)
{
	TpEdge *edge = &worker.edge;

	tp_http_close(edge->http);
	tp_tls_close(edge->tls);
	tp_upgrades_close(edge->upgrades);
	tp_sockets_close(edge->sockets);
	tp_publisher_close(edge->publisher);
	tp_whatsapp_sender_close(edge->whatsapp);
	tp_voice_close(edge->voice);
	tp_deliveries_close(edge->deliveries);
	tp_stream_close(edge->stream);
	tp_pushes_close(edge->pushes);
	tp_messages_close(edge->messages);
	tp_pg_close(edge->pg);
	tp_redis_close(edge->redis);
	tp_decisions_close(edge->decisions);
	tp_orders_close(edge->orders);
	tp_hub_close(edge->hub);
	tp_cache_close(edge->cache);
	tp_books_close(edge->books);
	tp_keyring_close(edge->keyring);
	tp_tokens_close(edge->tokens);
	tp_keys_close(edge->keys);
	tp_tenants_close(edge->tenants);
	tp_sessions_close(edge->sessions);
	tp_limits_close(edge->limits);
	tp_metrics_close(edge);
	uv_close((uv_handle_t *) &worker.start, NULL);
	uv_close((uv_handle_t *) &worker.drain, NULL);
	uv_close((uv_handle_t *) &worker.before_sleep, NULL);
	for (int i = 0; i < 3; i++)
		uv_close((uv_handle_t *) &worker.signals[i], NULL);
}

static void
on_drain(uv_timer_t *timer)
{
	TpEdge *edge = &worker.edge;
	int64_t left = tp_http_connections(edge->http) + (int64_t) tp_sockets_busy(edge->sockets) +
				   (edge->tls == NULL ? 0 : tp_tls_connections(edge->tls)) + tp_whatsapp_sender_drain(edge->whatsapp);

	tp_http_drain(edge->http);
	if (left > 0 && uv_now(&edge->loop) < worker.drain_until)
		return;
	uv_timer_stop(timer);
	if (left > 0)
	{
		/* Calls are under way in every part: closing them one by one would only be slower. */
		tp_log(TP_LOG_WARN, "DRAIN_TIMEOUT is over: connections are cut off", "#connections", left, NULL);
		tp_log_flush();
		_exit(0);
	}
	close_parts();
}

static void
drain(void)
{
	TpEdge *edge = &worker.edge;

	if (edge->draining)
		return;
	tp_log(TP_LOG_INFO, "stopping", "#connections", (int64_t) tp_http_connections(edge->http), NULL);
	edge->shared->ready[edge->worker] = 0;
	uv_timer_stop(&worker.start);
	if (worker.listener != NULL)
		tp_listener_close(worker.listener);
	edge->draining = true;
	tp_http_drain(edge->http);
	tp_sockets_close_all(edge, LWS_CLOSE_STATUS_GOINGAWAY);
	worker.drain_until = uv_now(&edge->loop) + (uint64_t) edge->settings->drain_s * 1000;
	uv_timer_start(&worker.drain, on_drain, 0, DRAIN_LOOK_MS);
}

/* A new key is put into the same file: from then on it seals. One that cannot be read changes nothing. */
static void
reload_keyring(TpEdge *edge)
{
	TpBuffer problem = { 0 };
	TpKeyring *keyring;

	if (edge->keyring == NULL)
		return;
	keyring = tp_keyring_open(edge->settings->secrets_key_file, &problem);
	tp_buffer_add(&problem, "", 1);
	if (keyring == NULL)
		tp_log(TP_LOG_ERROR, "SECRETS_KEY_FILE was not read again, the old keys stay", "why", problem.data, NULL);
	else
	{
		tp_keyring_close(edge->keyring);
		edge->keyring = keyring;
	}
	tp_buffer_free(&problem);
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
	reload_keyring(&worker.edge);
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

/* Until the stream knows the instruments, a client that comes back after a restart would be told that there are none. */
static void
on_start(uv_timer_t *timer)
{
	TpEdge *edge = &worker.edge;
	uint64_t waited = uv_now(&edge->loop) - worker.started_ms;

	if (!tp_stream_live(edge->stream) && waited < (tp_pg_usable(edge->pg) ? START_WAIT_MS : START_WAIT_DOWN_MS))
		return;
	uv_timer_stop(timer);
	worker.listener = tp_listener_open(edge, worker.descriptor);
	edge->shared->ready[edge->worker] = getpid();
	tp_log(TP_LOG_INFO, "worker takes requests", NULL);
	if (edge->worker == 0)
	{
		TpBuffer missing = { 0 };

		tp_health_missing(edge, &missing);
		tp_buffer_add(&missing, "", 1);
		tp_log(TP_LOG_INFO, "runs without", "missing", missing.data, NULL);
		tp_buffer_free(&missing);
	}
}

/* The supervisor has found the file in order; false if it has changed since. */
static bool
open_keyring(TpEdge *edge)
{
	TpBuffer problem = { 0 };

	if (*edge->settings->secrets_key_file == '\0')
		return true;
	edge->keyring = tp_keyring_open(edge->settings->secrets_key_file, &problem);
	tp_buffer_add(&problem, "", 1);
	if (edge->keyring == NULL)
		tp_log(TP_LOG_ERROR, "SECRETS_KEY_FILE cannot be used", "why", problem.data, NULL);
	tp_buffer_free(&problem);
	return edge->keyring != NULL;
}

/* In the order of edge.h. */
static bool
open_parts(void)
{
	TpEdge *edge = &worker.edge;

	tp_metrics_open(edge);
	edge->pg = tp_pg_open(&edge->loop, edge->settings);
	if (*edge->settings->redis_url != '\0')
		edge->redis = tp_redis_open(edge);
	edge->limits = tp_limits_open(edge, edge->shared->limits);
	edge->sessions = tp_sessions_open(edge);
	edge->tenants = tp_tenants_open(edge);
	edge->keys = tp_keys_open(edge);
	edge->tokens = tp_tokens_open(edge);
	if (!open_keyring(edge))
		return false;
	edge->deliveries = tp_deliveries_open(edge);
	edge->whatsapp = tp_whatsapp_sender_open(edge);
	edge->voice = tp_voice_open(edge);
	edge->stream = tp_stream_open(edge);
	edge->decisions = tp_decisions_open(edge);
	edge->books = tp_books_open(edge);
	edge->cache = tp_cache_open(edge);
	edge->hub = tp_hub_open(edge);
	edge->pushes = tp_pushes_open(edge);
	edge->orders = tp_orders_open(edge);
	edge->messages = tp_messages_open(edge);
	if (edge->redis != NULL)
		edge->publisher = tp_publisher_open(edge);
	edge->sockets = tp_sockets_open(edge);
	edge->upgrades = tp_upgrades_open(edge);
	edge->http = tp_http_open(edge);
	if (*edge->settings->tls_certificate != '\0')
		edge->tls = tp_tls_open(edge);
	if (edge->upgrades == NULL || (edge->tls == NULL && *edge->settings->tls_certificate != '\0'))
		return false;
	uv_timer_init(&edge->loop, &worker.start);
	worker.started_ms = uv_now(&edge->loop);
	uv_timer_start(&worker.start, on_start, START_LOOK_MS, START_LOOK_MS);
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
	worker.descriptor = listener;
	if (!open_parts())
	{
		tp_log_flush();
		return 1;
	}
	uv_run(&edge->loop, UV_RUN_DEFAULT);
	tp_upgrades_free(edge->upgrades);
	tp_log(TP_LOG_INFO, "worker has stopped", NULL);
	(void) uv_loop_close(&edge->loop);
	tp_gzip_close();
	tp_log_defer(false);
	return 0;
}
