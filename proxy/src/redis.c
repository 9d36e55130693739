/*
 * redis.c
 *	  One asynchronous connection to Redis; see redis.h.
 *
 * A Redis that is stopped rather than gone would keep every request waiting, so the
 * connection is given up when the oldest answer is overdue.
 */
#include "redis.h"

#include <hiredis/adapters/libuv.h>
#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "edge.h"
#include "log.h"
#include "settings.h"

#define OVERDUE_MS 500
#define CHECK_MS 100
#define FIRST_DELAY_MS 100
#define LONGEST_DELAY_MS 5000

struct TpRedis
{
	TpEdge *edge;
	char *host; /* begins with a slash: a socket's path */
	int port;
	char *user;
	char *password;
	char *database;
	redisAsyncContext *context; /* NULL: none */
	bool ready;
	bool said_gone;
	bool closing;
	uint64_t delay_ms;
	uint64_t connect_at;   /* loop time */
	uint64_t oldest_since; /* loop time when the oldest unanswered command became the oldest */
	uint64_t under_way;
	uv_timer_t timer;
	TpRedisStats stats;
};

typedef struct Pending
{
	TpRedis *redis;
	TpRedisDone done;
	void *context;
} Pending;

/* [redis://][user][:password@]host[:port][/database], or unix:///path. */
static bool
parse_url(TpRedis *redis, const char *url)
{
	const char *rest = url;
	const char *at;
	size_t length;

	if (strncmp(url, "unix://", 7) == 0)
	{
		redis->host = tp_strdup(url + 7);
		return redis->host[0] == '/';
	}
	if (strncmp(rest, "redis://", 8) == 0)
		rest += 8;
	else if (strstr(rest, "://") != NULL)
		return false;
	at = strrchr(rest, '@');
	if (at != NULL)
	{
		const char *colon = memchr(rest, ':', (size_t) (at - rest));

		if (colon == NULL)
			redis->password = tp_slice_dup((TpSlice){ rest, (size_t) (at - rest) });
		else
		{
			if (colon > rest)
				redis->user = tp_slice_dup((TpSlice){ rest, (size_t) (colon - rest) });
			redis->password = tp_slice_dup((TpSlice){ colon + 1, (size_t) (at - colon - 1) });
		}
		rest = at + 1;
	}
	length = strcspn(rest, ":/");
	if (length == 0)
		return false;
	redis->host = tp_slice_dup((TpSlice){ rest, length });
	rest += length;
	redis->port = 6379;
	if (*rest == ':')
		redis->port = (int) strtol(rest + 1, (char **) &rest, 10);
	if (*rest == '/' && rest[1] != '\0')
	{
		redis->database = tp_strdup(rest + 1);
		rest += strlen(rest);
	}
	return redis->port > 0 && redis->port < 65536 && (*rest == '\0' || *rest == '/');
}

static void
gone(TpRedis *redis, const char *why)
{
	redis->context = NULL;
	redis->ready = false;
	redis->connect_at = uv_now(&redis->edge->loop) + redis->delay_ms;
	redis->delay_ms = redis->delay_ms * 2 > LONGEST_DELAY_MS ? LONGEST_DELAY_MS : redis->delay_ms * 2;
	if (!redis->said_gone && !redis->closing)
	{
		redis->said_gone = true;
		tp_log(TP_LOG_WARN, "Redis cannot be reached; going on without", "host", redis->host, "reason", why, NULL);
	}
}

static void
on_disconnected(const redisAsyncContext *context, int status)
{
	TpRedis *redis = context->data;

	if (redis->context == context)
		gone(redis, status == REDIS_OK ? "closed" : context->errstr);
}

static void
on_connected(const redisAsyncContext *context, int status)
{
	TpRedis *redis = context->data;

	/* hiredis frees a context whose connect failed, without on_disconnected. */
	if (status != REDIS_OK && redis->context == context)
		gone(redis, context->errstr);
}

/* The answer to the first PING: now it is known that commands are taken. */
static void
greeted(redisAsyncContext *context, void *answer, void *unused)
{
	TpRedis *redis = context->data;
	const redisReply *reply = answer;

	(void) unused;
	if (redis->context != context || reply == NULL)
		return;
	if (reply->type == REDIS_REPLY_ERROR)
	{
		if (!redis->said_gone)
			tp_log(TP_LOG_ERROR, "Redis refuses us", "reason", reply->str, NULL);
		redis->said_gone = true;
		redisAsyncDisconnect(context);
		return;
	}
	redis->ready = true;
	redis->delay_ms = FIRST_DELAY_MS;
	redis->stats.reconnects++;
	if (redis->said_gone)
		tp_log(TP_LOG_INFO, "Redis is back", NULL);
	redis->said_gone = false;
}

static void
connect_now(TpRedis *redis)
{
	redisAsyncContext *context = redis->host[0] == '/' ? redisAsyncConnectUnix(redis->host)
													   : redisAsyncConnect(redis->host, redis->port);

	if (context == NULL)
		abort();
	if (context->err != 0)
	{
		gone(redis, context->errstr);
		redisAsyncFree(context);
		return;
	}
	context->data = redis;
	redis->context = context;
	redisLibuvAttach(context, &redis->edge->loop);
	redisAsyncSetConnectCallback(context, on_connected);
	redisAsyncSetDisconnectCallback(context, on_disconnected);
	if (redis->password != NULL && redis->user != NULL)
		redisAsyncCommand(context, NULL, NULL, "AUTH %s %s", redis->user, redis->password);
	else if (redis->password != NULL)
		redisAsyncCommand(context, NULL, NULL, "AUTH %s", redis->password);
	if (redis->database != NULL)
		redisAsyncCommand(context, NULL, NULL, "SELECT %s", redis->database);
	redisAsyncCommand(context, greeted, NULL, "PING");
	redis->oldest_since = uv_now(&redis->edge->loop);
}

static void
look(uv_timer_t *timer)
{
	TpRedis *redis = timer->data;
	uint64_t now = uv_now(&redis->edge->loop);

	if (redis->context == NULL)
	{
		if (now >= redis->connect_at)
			connect_now(redis);
	}
	else if ((redis->under_way > 0 || !redis->ready) && now > redis->oldest_since + OVERDUE_MS)
	{
		redisAsyncContext *context = redis->context;

		gone(redis, "it does not answer");
		redisAsyncFree(context);
	}
}

TpRedis *
tp_redis_open(TpEdge *edge)
{
	TpRedis *redis = tp_alloc(sizeof(*redis));

	redis->edge = edge;
	redis->delay_ms = FIRST_DELAY_MS;
	if (!parse_url(redis, edge->settings->redis_url))
	{
		tp_log(TP_LOG_ERROR, "REDIS_URL is not of the form redis://[user:password@]host[:port][/database]", NULL);
		free(redis->host);
		free(redis->user);
		free(redis->password);
		free(redis->database);
		free(redis);
		return NULL;
	}
	if (edge->settings->redis_password[0] != '\0')
	{
		free(redis->password);
		redis->password = tp_strdup(edge->settings->redis_password);
	}
	redis->timer.data = redis;
	uv_timer_init(&edge->loop, &redis->timer);
	uv_timer_start(&redis->timer, look, CHECK_MS, CHECK_MS);
	connect_now(redis);
	return redis;
}

static void
timer_closed(uv_handle_t *handle)
{
	TpRedis *redis = handle->data;

	free(redis->host);
	free(redis->user);
	free(redis->password);
	free(redis->database);
	free(redis);
}

void
tp_redis_close(TpRedis *redis)
{
	redisAsyncContext *context;

	if (redis == NULL)
		return;
	context = redis->context;
	redis->closing = true;
	gone(redis, "closed");
	if (context != NULL)
		redisAsyncFree(context);
	uv_timer_stop(&redis->timer);
	uv_close((uv_handle_t *) &redis->timer, timer_closed);
}

bool
tp_redis_usable(const TpRedis *redis)
{
	return redis->ready;
}

static void
answered(redisAsyncContext *context, void *reply, void *data)
{
	Pending *pending = data;
	TpRedis *redis = pending->redis;

	(void) context;
	redis->under_way--;
	redis->oldest_since = uv_now(&redis->edge->loop);
	if (reply == NULL)
		redis->stats.failures++;
	if (pending->done != NULL)
		pending->done(pending->context, reply);
	free(pending);
}

void
tp_redis_command(TpRedis *redis, TpRedisDone done, void *context, int argc, const char **argv, const size_t *lengths)
{
	Pending *pending;

	redis->stats.commands++;
	if (!redis->ready)
	{
		redis->stats.failures++;
		if (done != NULL)
			done(context, NULL);
		return;
	}
	pending = tp_alloc(sizeof(*pending));
	*pending = (Pending){ redis, done, context };
	if (redis->under_way++ == 0)
		redis->oldest_since = uv_now(&redis->edge->loop);
	if (redisAsyncCommandArgv(redis->context, answered, pending, argc, argv, lengths) != REDIS_OK)
		answered(redis->context, NULL, pending);
}

void
tp_redis_stats(const TpRedis *redis, TpRedisStats *stats)
{
	*stats = redis->stats;
}
