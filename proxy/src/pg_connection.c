/*
 * pg_connection.c
 *	  A connection's states, and the bytes to and from libpq; see pg_connection.h.
 *
 * libpq closes and opens sockets as it tries one host after the other, and the new one
 * may have the old one's number: while it connects the poll handle is made anew at
 * each step. Name resolution blocks inside libpq; addresses or a local resolver are
 * quick. Nothing that libpq says of the connection string is logged: it may quote it.
 */
#include "pg_connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "log.h"
#include "settings.h"

/* Of a whole attempt, all hosts together. */
#define CONNECT_TIMEOUT_MS 15000

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS 5000

static void on_poll(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *timer);

void
tp_pg_calls_init(TpPgCalls *calls)
{
	calls->head = NULL;
	calls->tail = &calls->head;
	calls->count = 0;
}

void
tp_pg_calls_add(TpPgCalls *calls, TpPgCall *call)
{
	call->next = NULL;
	*calls->tail = call;
	calls->tail = &call->next;
	calls->count++;
}

void
tp_pg_calls_add_first(TpPgCalls *calls, TpPgCall *call)
{
	call->next = calls->head;
	calls->head = call;
	if (call->next == NULL)
		calls->tail = &call->next;
	calls->count++;
}

TpPgCall *
tp_pg_calls_take(TpPgCalls *calls)
{
	TpPgCall *call = calls->head;

	if (call == NULL)
		return NULL;
	calls->head = call->next;
	if (calls->head == NULL)
		calls->tail = &calls->head;
	calls->count--;
	return call;
}

static void
poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void
unwatch(TpPgConnection *c)
{
	if (c->poll == NULL)
		return;
	uv_poll_stop(c->poll);
	uv_close((uv_handle_t *) c->poll, poll_closed);
	c->poll = NULL;
	c->watched = 0;
}

/* False: there is no socket, or the loop does not take it. */
static bool
watch(TpPgConnection *c, int events)
{
	if (c->poll == NULL)
	{
		int fd = PQsocket(c->conn);

		if (fd < 0)
			return false;
		c->poll = tp_alloc(sizeof(uv_poll_t));
		if (uv_poll_init(c->loop, c->poll, fd) != 0)
		{
			free(c->poll);
			c->poll = NULL;
			return false;
		}
		c->poll->data = c;
	}
	if (c->watched == events)
		return true;
	c->watched = events;
	return uv_poll_start(c->poll, events, on_poll) == 0;
}

/* The one place where the state changes. */
static void
change_state(TpPgConnection *c, TpPgState state)
{
	bool was_ready = c->state == TP_PG_READY;

	c->state = state;
	switch (state)
	{
		case TP_PG_READY:
			uv_timer_stop(&c->timer);
			if (c->attempts > 1)
				tp_log(TP_LOG_INFO, "connected to the database again", "connection", c->name, "#attempts",
					   (int64_t) c->attempts, NULL);
			c->attempts = 0;
			c->owner->ready(c);
			break;
		default:
			if (was_ready)
				c->owner->down(c);
			break;
	}
}

static uint64_t
backoff_ms(int attempts)
{
	uint64_t delay = BACKOFF_FIRST_MS;
	uint32_t dice = 0;

	for (int i = 1; i < attempts && delay < BACKOFF_LAST_MS; i++)
		delay *= 2;
	if (delay > BACKOFF_LAST_MS)
		delay = BACKOFF_LAST_MS;
	(void) uv_random(NULL, NULL, &dice, sizeof(dice), 0, NULL);
	return delay / 2 + dice % delay;
}

static void
go_down(TpPgConnection *c, const char *why)
{
	TpPgCalls lost = c->flying;

	unwatch(c);
	if (c->conn != NULL)
		PQfinish(c->conn);
	c->conn = NULL;
	c->broken = false;
	if (lost.count == 0)
		lost.tail = &lost.head;
	tp_pg_calls_init(&c->flying);
	if (c->prepared != NULL)
		memset(c->prepared, 0, (size_t) c->prepared_size * sizeof(int));
	/* The first failure is told, then every tenth: minutes of them are one fact. */
	if (why != NULL && c->attempts++ % 10 == 0)
		tp_log(TP_LOG_WARN, "the database connection is down", "connection", c->name, "reason", why, "#attempts",
			   (int64_t) c->attempts, NULL);
	change_state(c, TP_PG_DOWN);
	if (!c->closing)
		uv_timer_start(&c->timer, on_timer, why == NULL ? 0 : backoff_ms(c->attempts), 0);
	for (TpPgCall *call = tp_pg_calls_take(&lost); call != NULL; call = tp_pg_calls_take(&lost))
		c->owner->lost(c, call);
}

/* What libpq says, without the line's end; a connection string is never quoted here, for it was parsed before. */
static void
go_down_saying(TpPgConnection *c)
{
	char why[256];

	snprintf(why, sizeof(why), "%s", PQerrorMessage(c->conn));
	why[strcspn(why, "\n")] = '\0';
	go_down(c, why[0] == '\0' ? "connection closed" : why);
}

static void
connect_step(TpPgConnection *c)
{
	PostgresPollingStatusType status;
	char setup[256];

	unwatch(c);
	status = PQconnectPoll(c->conn);
	switch (status)
	{
		case PGRES_POLLING_READING:
		case PGRES_POLLING_WRITING:
			if (!watch(c, status == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE))
				go_down(c, "no socket");
			return;
		case PGRES_POLLING_OK:
			break;
		default:
			go_down_saying(c);
			return;
	}
	snprintf(setup, sizeof(setup), "SET statement_timeout = %d; SET jit = off%s", c->settings->database_timeout_ms,
			 c->owner->notified == NULL ? "" : "; LISTEN tradepost; LISTEN tradepost_edge");
	if (PQsetnonblocking(c->conn, 1) != 0 || !PQsendQuery(c->conn, setup) || PQflush(c->conn) < 0 ||
		!watch(c, UV_READABLE | UV_WRITABLE))
	{
		go_down_saying(c);
		return;
	}
	change_state(c, TP_PG_SETTING_UP);
}

static void
connect_start(TpPgConnection *c)
{
	char patience[16];
	/* Before dbname: what the URL may say otherwise. Behind it: what it may not. */
	const char *names[] = { "application_name",
							"keepalives_idle",
							"tcp_user_timeout",
							"client_encoding",
							"dbname",
							"target_session_attrs",
							NULL };
	const char *values[] = { c->name, "30", patience, "UTF8", c->settings->database_url, "read-write", NULL };

	snprintf(patience, sizeof(patience), "%d", c->settings->database_timeout_ms);
	c->conn = PQconnectStartParams(names, values, 1);
	if (c->conn == NULL)
	{
		go_down(c, "out of memory");
		return;
	}
	if (PQstatus(c->conn) == CONNECTION_BAD)
	{
		go_down_saying(c);
		return;
	}
	change_state(c, TP_PG_CONNECTING);
	uv_timer_start(&c->timer, on_timer, CONNECT_TIMEOUT_MS, 0);
	/* libpq: behave as if PQconnectPoll() had said that it waits to write. */
	if (!watch(c, UV_WRITABLE))
		go_down(c, "no socket");
}

static void
on_timer(uv_timer_t *timer)
{
	TpPgConnection *c = timer->data;

	if (c->broken)
		go_down_saying(c);
	else if (c->state == TP_PG_DOWN)
		connect_start(c);
	else if (c->state == TP_PG_CONNECTING || c->state == TP_PG_SETTING_UP)
		go_down(c, "connecting took too long");
}

static void
setup_step(TpPgConnection *c)
{
	while (!PQisBusy(c->conn))
	{
		PGresult *result = PQgetResult(c->conn);
		bool fine;

		if (result == NULL)
		{
			if (!PQenterPipelineMode(c->conn))
				go_down_saying(c);
			else
			{
				watch(c, UV_READABLE);
				change_state(c, TP_PG_READY);
			}
			return;
		}
		fine = PQresultStatus(result) == PGRES_COMMAND_OK;
		PQclear(result);
		if (!fine)
		{
			go_down_saying(c);
			return;
		}
	}
}

static void
watch_as_needed(TpPgConnection *c)
{
	int left = PQflush(c->conn);

	if (left < 0 || !watch(c, left > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE))
	{
		c->broken = true;
		uv_timer_start(&c->timer, on_timer, 0, 0);
	}
}

/* A result of the first call that flies. */
static void
take_result(TpPgConnection *c, PGresult *result)
{
	TpPgCall *call = c->flying.head;

	switch (PQresultStatus(result))
	{
		case PGRES_PIPELINE_SYNC:
			PQclear(result);
			tp_pg_calls_take(&c->flying);
			c->owner->done(c, call);
			return;
		case PGRES_COMMAND_OK:
			if (!call->prepares)
				break;
			call->prepares = false;
			PQclear(result);
			return;
		case PGRES_PIPELINE_ABORTED:
			PQclear(result);
			return;
		case PGRES_FATAL_ERROR:
			if (call->prepares)
				tp_pg_connection_forget(c, call->known);
			break;
		default:
			break;
	}
	/* An error that comes after an answer is the commit's: it counts. */
	PQclear(call->result);
	call->result = result;
}

static void
receive(TpPgConnection *c)
{
	PGnotify *notify;
	int nothing = 0;

	if (!PQconsumeInput(c->conn))
		c->broken = true;
	while (c->flying.head != NULL && nothing < 2 && !PQisBusy(c->conn))
	{
		PGresult *result = PQgetResult(c->conn);

		nothing = result == NULL ? nothing + 1 : 0;
		if (result != NULL)
			take_result(c, result);
	}
	while (c->owner->notified != NULL && (notify = PQnotifies(c->conn)) != NULL)
	{
		c->owner->notified(c, notify);
		PQfreemem(notify);
	}
	if (c->broken || PQstatus(c->conn) == CONNECTION_BAD)
		go_down_saying(c);
	else if (c->state == TP_PG_RETIRING && c->flying.count == 0)
		go_down(c, "the server takes no writes or shuts down");
	else
		watch_as_needed(c);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	TpPgConnection *c = poll->data;

	switch (c->state)
	{
		case TP_PG_DOWN:
			break;
		case TP_PG_CONNECTING:
			connect_step(c);
			break;
		case TP_PG_SETTING_UP:
			if (PQflush(c->conn) < 0 || !PQconsumeInput(c->conn))
				go_down_saying(c);
			else
			{
				watch(c, UV_READABLE);
				setup_step(c);
			}
			break;
		case TP_PG_READY:
		case TP_PG_RETIRING:
			if (status < 0 || (events & UV_READABLE) != 0)
				receive(c);
			else
				watch_as_needed(c);
			break;
	}
}

void
tp_pg_connection_open(TpPgConnection *c)
{
	uv_timer_init(c->loop, &c->timer);
	c->timer.data = c;
	tp_pg_calls_init(&c->flying);
	uv_timer_start(&c->timer, on_timer, 0, 0);
}

void
tp_pg_connection_close(TpPgConnection *c, uv_close_cb closed)
{
	c->closing = true;
	uv_timer_stop(&c->timer);
	go_down(c, NULL);
	free(c->prepared);
	c->prepared = NULL;
	c->prepared_size = 0;
	uv_close((uv_handle_t *) &c->timer, closed);
}

static int *
prepared_mark(TpPgConnection *c, int known)
{
	if (known >= c->prepared_size)
	{
		int size = known < 32 ? 64 : known * 2;

		c->prepared = tp_realloc(c->prepared, (size_t) size * sizeof(int));
		memset(c->prepared + c->prepared_size, 0, (size_t) (size - c->prepared_size) * sizeof(int));
		c->prepared_size = size;
	}
	return &c->prepared[known];
}

/*
 * Statements get a name by number and generation, so that one may be prepared anew
 * without a round trip to drop the old.
 */
void
tp_pg_connection_send(TpPgConnection *c, TpPgCall *call)
{
	int *mark = prepared_mark(c, call->known);
	char name[32];
	bool sent = true;

	call->tries++;
	call->prepares = *mark == 0;
	if (call->prepares)
		*mark = c->generation + 1;
	snprintf(name, sizeof(name), "tp%d_%d", call->known, *mark);
	if (call->prepares)
		sent = PQsendPrepare(c->conn, name, call->statement.sql, 0, NULL);
	sent = sent && PQsendQueryPrepared(c->conn, name, call->statement.parameters, call->values, NULL, NULL, 0) &&
		   PQpipelineSync(c->conn);
	tp_pg_calls_add(&c->flying, call);
	if (sent)
		watch_as_needed(c);
	else
	{
		c->broken = true;
		uv_timer_start(&c->timer, on_timer, 0, 0);
	}
}

void
tp_pg_connection_forget(TpPgConnection *c, int known)
{
	*prepared_mark(c, known) = 0;
	c->generation++;
}

void
tp_pg_connection_retire(TpPgConnection *c)
{
	if (c->state == TP_PG_READY)
		change_state(c, TP_PG_RETIRING);
}

void
tp_pg_connection_break(TpPgConnection *c, const char *why)
{
	go_down(c, why);
}
