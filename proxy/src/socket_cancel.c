/*
 * socket_cancel.c
 *	  Cancel on disconnect: when a socket that asked for it goes, for whatever reason, its
 *	  user's open orders are cancelled.
 *
 * Called by socket.c.  With a grace of some seconds, unless the user is back before it is
 * over, at whichever worker of whichever proxy: those that wait hear it by NOTIFY.  The database is asked without the session, which may have ended too, and asked
 * again while it is gone; no rate limit applies.  A worker that is killed cancels nothing:
 * who must be sure also gives his orders an end (timeInForce, expiresAt).
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "pg.h"
#include "revoked.h"
#include "socket_session.h"

#define GIVE_UP_MS (10 * 60 * 1000)
#define WAIT_MOST_MS 30000

typedef struct TpCancel
{
	struct TpCancel *next;
	TpSockets *sockets;
	int64_t user;
	int64_t asked_us; /* unix time: compared with that of another machine */
	uint64_t asked_ms;
	uint64_t due_ms;
	unsigned wait_ms;
	bool under_way;
	bool forgotten; /* the sockets are gone; the answer frees it */
} TpCancel;

static const TpStatement cancel_statement = { .sql = "SELECT tradepost_edge.cancel_on_disconnect($1)",
											  .parameters = 1,
											  .idempotent = true };

static const TpStatement return_statement = { .sql = "SELECT pg_notify('tradepost_edge', $1)",
											  .parameters = 1,
											  .idempotent = true };

static void
cancel_remove(TpCancel *cancel)
{
	for (TpCancel **at = &cancel->sockets->cancels; *at != NULL; at = &(*at)->next)
	{
		if (*at == cancel)
		{
			*at = cancel->next;
			cancel->sockets->cancel_count--;
			break;
		}
	}
	free(cancel);
}

static void
cancelled(void *context, const PGresult *result, const TpPgError *error)
{
	TpCancel *cancel = context;
	uint64_t now;

	if (cancel->forgotten)
	{
		free(cancel);
		return;
	}
	now = uv_now(&cancel->sockets->edge->loop);
	cancel->under_way = false;
	if (result != NULL)
		tp_log(TP_LOG_INFO, "orders cancelled on disconnect", "#user", cancel->user, NULL);
	else if (error->failure == TP_PG_REFUSED || now - cancel->asked_ms > GIVE_UP_MS)
		tp_log(TP_LOG_ERROR, "orders could not be cancelled on disconnect", "#user", cancel->user, "reason",
			   error->message, NULL);
	else
	{
		cancel->wait_ms = cancel->wait_ms == 0 ? 500 : cancel->wait_ms * 2;
		if (cancel->wait_ms > WAIT_MOST_MS)
			cancel->wait_ms = WAIT_MOST_MS;
		cancel->due_ms = now + cancel->wait_ms;
		return;
	}
	cancel_remove(cancel);
}

static void
cancel_now(TpCancel *cancel)
{
	char user[24];

	snprintf(user, sizeof(user), "%lld", (long long) cancel->user);
	cancel->under_way = true;
	tp_pg_call(cancel->sockets->edge->pg, &cancel_statement, (const char *const[]){ user }, cancelled, cancel);
}

void
tp_cancel_after(TpSockets *sockets, int64_t user, int grace_s)
{
	TpCancel *cancel = tp_alloc(sizeof(*cancel));

	cancel->sockets = sockets;
	cancel->user = user;
	cancel->asked_us = tp_wall_us();
	cancel->asked_ms = uv_now(&sockets->edge->loop);
	/* Who shuts down cannot wait for anybody's return. */
	cancel->due_ms = cancel->asked_ms + (sockets->edge->draining ? 0 : (uint64_t) grace_s * 1000);
	cancel->next = sockets->cancels;
	sockets->cancels = cancel;
	sockets->cancel_count++;
	if (cancel->due_ms == cancel->asked_ms)
		cancel_now(cancel);
}

static void
user_returned(void *context, int64_t user, int64_t at_us)
{
	TpSockets *sockets = context;
	TpCancel *next;

	for (TpCancel *cancel = sockets->cancels; cancel != NULL; cancel = next)
	{
		next = cancel->next;
		if (cancel->user == user && cancel->asked_us < at_us && !cancel->under_way && cancel->wait_ms == 0)
			cancel_remove(cancel);
	}
}

void
tp_cancel_open(TpSockets *sockets)
{
	tp_sessions_on_return(sockets->edge->sessions, user_returned, sockets);
}

static void
return_told(void *context, const PGresult *result, const TpPgError *error)
{
	(void) context;
	if (result == NULL)
		tp_log(TP_LOG_WARN, "other workers could not be told that a user is back", "reason", error->message, NULL);
}

void
tp_cancel_not(TpSockets *sockets, int64_t user)
{
	int64_t now_us = tp_wall_us();
	char payload[80];

	user_returned(sockets, user, now_us);
	snprintf(payload, sizeof(payload), "{\"back\":%lld,\"at\":%lld}", (long long) user, (long long) now_us);
	tp_pg_call(sockets->edge->pg, &return_statement, (const char *const[]){ payload }, return_told, NULL);
}

void
tp_cancel_tick(TpSockets *sockets)
{
	uint64_t now = uv_now(&sockets->edge->loop);

	/* Answers never come before tp_pg_call() returns, so the list does not change here. */
	for (TpCancel *cancel = sockets->cancels; cancel != NULL; cancel = cancel->next)
	{
		if (!cancel->under_way && (cancel->due_ms <= now || sockets->edge->draining))
			cancel_now(cancel);
	}
}

void
tp_cancel_forget(TpSockets *sockets)
{
	TpCancel *next;

	tp_sessions_on_return(sockets->edge->sessions, NULL, NULL);
	for (TpCancel *cancel = sockets->cancels; cancel != NULL; cancel = next)
	{
		next = cancel->next;
		tp_log(TP_LOG_ERROR, "orders could not be cancelled on disconnect", "#user", cancel->user, "reason",
			   "the proxy shuts down", NULL);
		if (cancel->under_way)
			cancel->forgotten = true;
		else
			free(cancel);
	}
	sockets->cancels = NULL;
	sockets->cancel_count = 0;
}
