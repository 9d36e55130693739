/*
 * pushes.c
 *	  Reads the pushes and hands them to the hub; see pushes.h.
 *
 *		STARTING --newest number--> IDLE --> READING --page--> IDLE
 *		                              ^          +--some are for higher tiers--> CHECKING
 *		                              +----------------- users that have changed ---+
 *
 * A push for higher tiers goes out only after the users that have changed were read, behind
 * it: so nobody gets it by a tier that had gone when it was made.  change_state() alone
 * changes the state.
 */
#include "pushes.h"

#include <stdio.h>
#include <stdlib.h>

#include "edge.h"
#include "hub.h"
#include "log.h"
#include "metrics.h"
#include "revoked.h"

#define PAGE_ROWS 500
#define LOOK_MS 250

typedef enum State
{
	STARTING,
	IDLE,
	READING,
	CHECKING
} State;

struct TpPushes
{
	TpEdge *edge;
	State state;
	bool asking; /* for the newest number */
	bool again;  /* something came while a page was under way */
	bool started;
	int64_t number;
	PGresult *held; /* CHECKING: the page */
	bool checking;  /* the question is under way */
	bool closing;
	int pending; /* callbacks that still name it */
	bool timer_closed;
	uv_timer_t timer;
};

static const TpStatement page_statement = { .sql = "SELECT " TP_PUSH_COLUMNS
												   " FROM tradepost_edge.pushes_page($1::bigint, $2::integer)",
											.parameters = 2,
											.idempotent = true };
static const TpStatement newest_statement = { .sql = "SELECT tradepost_edge.newest_push()", .idempotent = true };

static void read_page(TpPushes *pushes);

static void
change_state(TpPushes *pushes, State state)
{
	pushes->state = state;
}

static void
free_when_done(TpPushes *pushes)
{
	if (!pushes->closing || pushes->pending > 0 || !pushes->timer_closed)
		return;
	PQclear(pushes->held);
	free(pushes);
}

/* A callback has come; false if nobody is interested any more. */
static bool
returned(TpPushes *pushes)
{
	pushes->pending--;
	if (!pushes->closing)
		return true;
	free_when_done(pushes);
	return false;
}

static void
hand_out(TpPushes *pushes, const PGresult *result)
{
	int n = PQntuples(result);

	for (int row = 0; row < n; row++)
	{
		TpPush push;
		bool known = tp_push_read(result, row, &push);

		pushes->number = push.number;
		if (known)
			tp_hub_push(pushes->edge->hub, &push);
	}
	tp_count(TP_M_PUSHES, n);
	tp_gauge(TP_M_PUSHES_NUMBER, pushes->number);
	change_state(pushes, IDLE);
	if (n == PAGE_ROWS || pushes->again)
		read_page(pushes);
}

/* Whether somebody may get it, or not, by his tier. */
static bool
depends_on_tiers(const TpPushes *pushes, const PGresult *result)
{
	TpPush push;

	if (!tp_hub_hears_pushes(pushes->edge->hub))
		return false;
	for (int row = 0; row < PQntuples(result); row++)
	{
		if (tp_push_read(result, row, &push) && push.tier > TP_TIER_FREE)
			return true;
	}
	return false;
}

static void
checked(void *context, bool known)
{
	TpPushes *pushes = context;
	PGresult *held;

	if (!returned(pushes))
		return;
	pushes->checking = false;
	/* The timer asks again. */
	if (!known || pushes->held == NULL)
		return;
	held = pushes->held;
	pushes->held = NULL;
	hand_out(pushes, held);
	PQclear(held);
}

static void
check(TpPushes *pushes)
{
	if (pushes->checking)
		return;
	pushes->checking = true;
	pushes->pending++;
	tp_sessions_changes(pushes->edge->sessions, checked, pushes);
}

static void
failed(const char *what, const TpPgError *error)
{
	if (error->failure == TP_PG_REFUSED)
		tp_log(TP_LOG_ERROR, "pushes stand still", "reading", what, "sqlstate", error->sqlstate, "text", error->message,
			   NULL);
}

static void
page_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpPushes *pushes = context;

	if (!returned(pushes) || pushes->state != READING)
		return;
	if (error != NULL)
	{
		failed("pushes", error);
		change_state(pushes, IDLE);
	}
	else if (depends_on_tiers(pushes, result) &&
			 (pushes->held = PQcopyResult(result, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES)) != NULL)
	{
		change_state(pushes, CHECKING);
		check(pushes);
	}
	else
		hand_out(pushes, result);
}

static void
read_page(TpPushes *pushes)
{
	char after[24];
	char rows[12];

	snprintf(after, sizeof(after), "%lld", (long long) pushes->number);
	snprintf(rows, sizeof(rows), "%d", PAGE_ROWS);
	pushes->again = false;
	pushes->pending++;
	change_state(pushes, READING);
	tp_pg_call(pushes->edge->pg, &page_statement, (const char *const[]){ after, rows }, page_came, pushes);
}

static void
newest_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpPushes *pushes = context;
	int64_t newest;

	if (!returned(pushes))
		return;
	pushes->asking = false;
	if (error != NULL)
	{
		failed("the newest number", error);
		return;
	}
	newest = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	/* After a failover to a standby that was behind, some may be gone that were read. */
	if (!pushes->started || newest < pushes->number)
		pushes->number = newest;
	pushes->started = true;
	if (pushes->state == STARTING)
		change_state(pushes, IDLE);
}

static void
ask_newest(TpPushes *pushes)
{
	if (pushes->asking)
		return;
	pushes->asking = true;
	pushes->pending++;
	tp_pg_call(pushes->edge->pg, &newest_statement, NULL, newest_came, pushes);
}

static void
on_timer(uv_timer_t *timer)
{
	TpPushes *pushes = timer->data;

	if (!tp_pg_usable(pushes->edge->pg))
		return;
	if (!pushes->started)
		ask_newest(pushes);
	else if (pushes->state == IDLE)
		read_page(pushes);
	else if (pushes->state == CHECKING)
		check(pushes);
}

void
tp_pushes_notified(TpPushes *pushes)
{
	if (pushes->state == IDLE)
		read_page(pushes);
	else
		pushes->again = true;
}

void
tp_pushes_resync(TpPushes *pushes)
{
	ask_newest(pushes);
}

int64_t
tp_pushes_number(const TpPushes *pushes)
{
	return pushes->number;
}

bool
tp_pushes_live(const TpPushes *pushes)
{
	return pushes->started;
}

TpPushes *
tp_pushes_open(TpEdge *edge)
{
	TpPushes *pushes = tp_alloc(sizeof(*pushes));

	pushes->edge = edge;
	uv_timer_init(&edge->loop, &pushes->timer);
	pushes->timer.data = pushes;
	uv_timer_start(&pushes->timer, on_timer, 10, LOOK_MS);
	return pushes;
}

static void
timer_closed(uv_handle_t *handle)
{
	TpPushes *pushes = handle->data;

	pushes->timer_closed = true;
	free_when_done(pushes);
}

void
tp_pushes_close(TpPushes *pushes)
{
	pushes->closing = true;
	uv_close((uv_handle_t *) &pushes->timer, timer_closed);
}
