/*
 * pg_pool.c
 *	  Calls to the database: their queue, their connections, and what becomes of them
 *	  when one breaks; see pg.h.
 *
 * First come, first served, to the first idle connection, so that few are kept warm;
 * only when all are busy do calls share one. A listener is a pool of one connection
 * that LISTENs (pg_listener.c).
 */
#include "pg_pool.h"

#include <stdlib.h>

#include "buffer.h"
#include "metrics.h"
#include "settings.h"

/* Calls that may wait for a connection: at some thousands a second more would not make it in time. */
#define WAITING_LIMIT 8192

/* How much longer than its deadline an answer may be under way before its connection counts as dead. */
#define GRACE_MS 1000

#define TICK_MS 50
#define TRIES 3

static void on_deferred(uv_idle_t *idle);
static void on_tick(uv_timer_t *timer);

static const char unavailable_text[] = "the database cannot be reached, or takes no writes now";

static void
tell_failure(TpPgCall *call, TpPgFailure failure, const char *message)
{
	TpPgError error = { .failure = failure, .message = message, .retry_after = failure == TP_PG_UNAVAILABLE ? 1 : 0 };

	if (call->done != NULL)
		call->done(call->context, NULL, &error);
	call->done = NULL;
}

static void
end_call(TpPgCall *call)
{
	PQclear(call->result);
	free(call);
}

static void
fail_call(TpPg *pg, TpPgCall *call)
{
	pg->failures++;
	if (call->unsure)
		tell_failure(call, TP_PG_LOST, "the connection to the database broke before it answered");
	else
		tell_failure(call, TP_PG_UNAVAILABLE, unavailable_text);
	end_call(call);
}

/* Idle first; else the least busy that has room. */
static TpPgConnection *
find_connection(TpPg *pg)
{
	TpPgConnection *best = NULL;

	for (int i = 0; i < pg->size; i++)
	{
		TpPgConnection *c = &pg->connections[i];

		if (c->state != TP_PG_READY || c->broken || c->flying.count >= TP_PG_PIPELINE)
			continue;
		if (c->flying.count == 0)
			return c;
		if (best == NULL || c->flying.count < best->flying.count)
			best = c;
	}
	return best;
}

static void
dispatch(TpPg *pg)
{
	TpPgConnection *connection;

	while (pg->waiting.head != NULL && (connection = find_connection(pg)) != NULL)
		tp_pg_connection_send(connection, tp_pg_calls_take(&pg->waiting));
}

/* Its callback is for a later turn of the loop. */
static void
defer_failure(TpPg *pg, TpPgCall *call)
{
	tp_pg_calls_add(&pg->failing, call);
	uv_idle_start(&pg->idle, on_deferred);
}

static void
on_deferred(uv_idle_t *idle)
{
	TpPg *pg = idle->data;
	TpPgCall *call;

	uv_idle_stop(idle);
	for (int n = pg->failing.count; n > 0 && (call = tp_pg_calls_take(&pg->failing)) != NULL; n--)
		fail_call(pg, call);
	if (pg->failing.count > 0)
		uv_idle_start(idle, on_deferred);
}

static void
connection_ready(TpPgConnection *connection)
{
	TpPg *pg = connection->pool;

	pg->connected++;
	pg->reconnects += connection->was_ready;
	connection->was_ready = true;
	if (pg->on_ready != NULL)
		pg->on_ready(pg->listener);
	dispatch(pg);
}

/* What waits fails at once when the last connection is gone; what is to be tried again may wait for the next. */
static void
connection_down(TpPgConnection *connection)
{
	TpPg *pg = connection->pool;
	TpPgCalls kept;
	TpPgCall *call;

	pg->connected--;
	if (pg->on_down != NULL)
		pg->on_down(pg->listener);
	if (pg->connected > 0)
		return;
	tp_pg_calls_init(&kept);
	while ((call = tp_pg_calls_take(&pg->waiting)) != NULL)
	{
		if (call->tries > 0)
			tp_pg_calls_add(&kept, call);
		else
			defer_failure(pg, call);
	}
	while ((call = tp_pg_calls_take(&kept)) != NULL)
		tp_pg_calls_add(&pg->waiting, call);
}

static void
connection_lost(TpPgConnection *connection, TpPgCall *call)
{
	TpPg *pg = connection->pool;

	call->unsure = true;
	if (call->done != NULL && call->statement.idempotent && call->tries < TRIES && !pg->closing)
	{
		PQclear(call->result);
		call->result = NULL;
		tp_pg_calls_add(&pg->waiting, call);
		return;
	}
	if (call->done == NULL)
		end_call(call);
	else
		defer_failure(pg, call);
}

static bool
in_class(const char *sqlstate, const char *class)
{
	return memcmp(sqlstate, class, 2) == 0;
}

static bool
says_server_goes(const char *sqlstate)
{
	return in_class(sqlstate, "08") || strcmp(sqlstate, "25006") == 0 || strcmp(sqlstate, "57P01") == 0 ||
		   strcmp(sqlstate, "57P02") == 0 || strcmp(sqlstate, "57P03") == 0 || strcmp(sqlstate, "57P05") == 0;
}

/*
 * Nothing was done and it may work at once: a statement that the connection does not
 * know, a plan whose answer changed its form, a transaction that gave way to another.
 */
static bool
worth_another_try(const char *sqlstate, const char *function)
{
	if (strcmp(sqlstate, "0A000") == 0)
		return strcmp(function, "RevalidateCachedQuery") == 0;
	return strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "40001") == 0 || strcmp(sqlstate, "40P01") == 0;
}

static const char *
error_field(const PGresult *result, int field)
{
	const char *text = PQresultErrorField(result, field);

	return text == NULL ? "" : text;
}

static void
answer_error(TpPg *pg, TpPgConnection *connection, TpPgCall *call)
{
	const char *sqlstate = error_field(call->result, PG_DIAG_SQLSTATE);
	TpPgError error = { .failure = TP_PG_REFUSED };

	if (strlen(sqlstate) != 5)
		sqlstate = "XX000";
	if (says_server_goes(sqlstate))
		tp_pg_connection_retire(connection);
	if (call->tries < TRIES && worth_another_try(sqlstate, error_field(call->result, PG_DIAG_SOURCE_FUNCTION)))
	{
		if (sqlstate[0] != '4')
			tp_pg_connection_forget(connection, call->known);
		PQclear(call->result);
		call->result = NULL;
		tp_pg_calls_add_first(&pg->waiting, call);
		return;
	}
	pg->failures++;
	/* 25006 comes before anything was done; 57P01 and its kin before the commit. */
	if (says_server_goes(sqlstate) || in_class(sqlstate, "53"))
		error.failure = TP_PG_UNAVAILABLE;
	else if (strcmp(sqlstate, "57014") == 0)
		error.failure = TP_PG_TIMEOUT;
	error.retry_after = error.failure == TP_PG_UNAVAILABLE ? 1 : 0;
	memcpy(error.sqlstate, sqlstate, 5);
	error.message = error_field(call->result, PG_DIAG_MESSAGE_PRIMARY);
	error.detail = PQresultErrorField(call->result, PG_DIAG_MESSAGE_DETAIL);
	error.hint = PQresultErrorField(call->result, PG_DIAG_MESSAGE_HINT);
	call->done(call->context, NULL, &error);
	end_call(call);
}

static void
connection_done(TpPgConnection *connection, TpPgCall *call)
{
	TpPg *pg = connection->pool;
	ExecStatusType status = PQresultStatus(call->result);

	if (call->done == NULL)
		end_call(call);
	else if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
	{
		tp_time(TP_T_DATABASE, uv_hrtime() - call->asked_ns);
		call->done(call->context, call->result, NULL);
		end_call(call);
	}
	else
		answer_error(pg, connection, call);
	dispatch(pg);
}

static void
connection_notified(TpPgConnection *connection, const PGnotify *notify)
{
	TpPg *pg = connection->pool;

	pg->on_notified(pg->listener, notify);
}

static const TpPgOwner owner = {
	.ready = connection_ready, .down = connection_down, .done = connection_done, .lost = connection_lost
};
static const TpPgOwner listening_owner = { .ready = connection_ready,
										   .down = connection_down,
										   .done = connection_done,
										   .lost = connection_lost,
										   .notified = connection_notified };

/*
 * A call whose time is up is told so; its answer, if it comes, is dropped. A
 * connection that is far behind is taken for dead: the server itself would have
 * cancelled the statement.
 */
static void
on_tick(uv_timer_t *timer)
{
	TpPg *pg = timer->data;
	uint64_t now = uv_now(pg->loop);
	TpPgCalls late;
	TpPgCalls kept;
	TpPgCall *call;

	tp_pg_calls_init(&late);
	tp_pg_calls_init(&kept);
	while ((call = tp_pg_calls_take(&pg->waiting)) != NULL)
		tp_pg_calls_add(call->deadline <= now ? &late : &kept, call);
	while ((call = tp_pg_calls_take(&kept)) != NULL)
		tp_pg_calls_add(&pg->waiting, call);
	for (int i = 0; i < pg->size; i++)
	{
		TpPgConnection *c = &pg->connections[i];

		if (c->flying.head != NULL && c->flying.head->deadline + GRACE_MS <= now)
			tp_pg_connection_break(c, "no answer in time");
		for (call = c->flying.head; call != NULL; call = call->next)
		{
			if (call->deadline <= now && call->done != NULL)
			{
				pg->failures++;
				tell_failure(call, TP_PG_TIMEOUT, "the database did not answer in time");
			}
		}
	}
	while ((call = tp_pg_calls_take(&late)) != NULL)
	{
		pg->failures++;
		tell_failure(call, call->unsure ? TP_PG_LOST : TP_PG_UNAVAILABLE, "no database connection was free in time");
		end_call(call);
	}
}

/* A statement's number: its text's address. There are some dozens. */
static int
statement_number(TpPg *pg, const char *sql)
{
	for (int i = 0; i < pg->statements; i++)
	{
		if (pg->known[i] == sql)
			return i;
	}
	if (pg->statements % 64 == 0)
		pg->known = tp_realloc(pg->known, (size_t) (pg->statements + 64) * sizeof(pg->known[0]));
	pg->known[pg->statements] = sql;
	return pg->statements++;
}

static TpPgCall *
make_call(TpPg *pg, const TpStatement *statement, const char *const *values, TpPgDone done, void *context)
{
	size_t n = (size_t) statement->parameters;
	size_t size = sizeof(TpPgCall) + n * sizeof(char *);
	size_t lengths[16];
	TpPgCall *call;
	char *text;

	for (size_t i = 0; i < n; i++)
	{
		lengths[i] = values[i] == NULL ? 0 : strlen(values[i]) + 1;
		size += lengths[i];
	}
	call = tp_realloc(NULL, size);
	*call = (TpPgCall){ .statement = *statement,
						.known = statement_number(pg, statement->sql),
						.done = done,
						.context = context,
						.asked_ns = uv_hrtime(),
						.deadline = uv_now(pg->loop) + (uint64_t) pg->settings->database_timeout_ms };
	text = (char *) &call->values[n];
	for (size_t i = 0; i < n; i++)
	{
		call->values[i] = values[i] == NULL ? NULL : memcpy(text, values[i], lengths[i]);
		text += lengths[i];
	}
	return call;
}

void
tp_pg_call(TpPg *pg, const TpStatement *statement, const char *const *values, TpPgDone done, void *context)
{
	TpPgCall *call = make_call(pg, statement, values, done, context);

	pg->calls++;
	if (pg->connected == 0 || pg->closing || pg->waiting.count >= WAITING_LIMIT)
	{
		defer_failure(pg, call);
		return;
	}
	tp_pg_calls_add(&pg->waiting, call);
	dispatch(pg);
}

bool
tp_pg_usable(const TpPg *pg)
{
	return pg->connected > 0;
}

void
tp_pg_stats(const TpPg *pg, TpPgStats *stats)
{
	*stats = (TpPgStats){ .connections = pg->size,
						  .connected = pg->connected,
						  .waiting = pg->waiting.count,
						  .calls = pg->calls,
						  .failures = pg->failures,
						  .reconnects = pg->reconnects };
	for (int i = 0; i < pg->size; i++)
		stats->in_flight += pg->connections[i].flying.count;
}

TpPg *
tp_pg_pool_open(uv_loop_t *loop, const TpSettings *settings, int size, const char *name, TpPgListener *listener)
{
	TpPg *pg = tp_alloc(sizeof(TpPg));

	pg->loop = loop;
	pg->settings = settings;
	pg->size = size;
	pg->listener = listener;
	pg->connections = tp_alloc((size_t) size * sizeof(TpPgConnection));
	tp_pg_calls_init(&pg->waiting);
	tp_pg_calls_init(&pg->failing);
	uv_idle_init(loop, &pg->idle);
	uv_timer_init(loop, &pg->timer);
	pg->idle.data = pg->timer.data = pg;
	uv_timer_start(&pg->timer, on_tick, TICK_MS, TICK_MS);
	for (int i = 0; i < size; i++)
	{
		TpPgConnection *c = &pg->connections[i];

		c->owner = listener == NULL ? &owner : &listening_owner;
		c->pool = pg;
		c->loop = loop;
		c->settings = settings;
		c->name = name;
		tp_pg_connection_open(c);
	}
	return pg;
}

/* One connection of a worker's share listens. */
TpPg *
tp_pg_open(uv_loop_t *loop, const TpSettings *settings)
{
	int share = settings->database_pool / settings->workers - 1;

	return tp_pg_pool_open(loop, settings, share < 1 ? 1 : share, "tradepost-proxy", NULL);
}

static void
handle_closed(uv_handle_t *handle)
{
	TpPg *pg = handle->data;

	if (--pg->handles > 0)
		return;
	free(pg->connections);
	free(pg->known);
	free(pg);
}

static void
connection_closed(uv_handle_t *handle)
{
	TpPgConnection *c = handle->data;

	handle->data = c->pool;
	handle_closed(handle);
}

void
tp_pg_close(TpPg *pg)
{
	TpPgCall *call;

	pg->closing = true;
	pg->on_ready = pg->on_down = NULL;
	pg->handles = pg->size + 2;
	for (int i = 0; i < pg->size; i++)
		tp_pg_connection_close(&pg->connections[i], connection_closed);
	while ((call = tp_pg_calls_take(&pg->waiting)) != NULL)
		fail_call(pg, call);
	while ((call = tp_pg_calls_take(&pg->failing)) != NULL)
		fail_call(pg, call);
	uv_idle_stop(&pg->idle);
	uv_close((uv_handle_t *) &pg->idle, handle_closed);
	uv_close((uv_handle_t *) &pg->timer, handle_closed);
}
