/*
 * push_catchup.c
 *	  tp_hub_resume_pushes(): what a subscriber has missed of signals, notifications and
 *	  account, from the database; then live.
 *
 *		WAITING --turn--> READING --page, and there is more, or it failed--> WAITING
 *		                     +--up to where the live ones are, or further--> done
 *
 * While it lasts, live pushes on the channels that are caught up with pass it by: a page
 * says how far it covers, and when that is as far as the live ones have come, nothing lies
 * between.  What the page knew beyond them is not given twice (pushes_to).  A few pages are
 * read at a time; after a restart all clients come at once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "hub_parts.h"

#define PAGE_ROWS "500"
#define PAGES 4
#define RETRY_MS 200

typedef struct TpPushResume TpPushResume;
struct TpPushResume
{
	TpPushResume *next;
	TpHub *hub;
	TpSubscriber *subscriber; /* NULL: it left */
	unsigned channels;
	bool reading;
	int64_t after;
	uint64_t not_before_ms;
	void (*done)(void *context, const char *code, int64_t seq);
};

static const TpStatement page_statement = { .sql = "SELECT " TP_PUSH_COLUMNS
												   " FROM tradepost_edge.pushes_missed($1::bigint, " PAGE_ROWS
												   ", $2::bigint, $3::bigint)",
											.parameters = 3,
											.idempotent = true };

static void
free_resume(TpPushResume *resume)
{
	TpPushResume **at = &resume->hub->push_resumes;

	while (*at != resume)
		at = &(*at)->next;
	*at = resume->next;
	free(resume);
}

void
tp_push_resume_drop(TpSubscriber *subscriber)
{
	TpPushResume *resume = subscriber->push_resume;

	if (resume == NULL)
		return;
	subscriber->push_resume = NULL;
	resume->subscriber = NULL;
	if (!resume->reading)
		free_resume(resume);
}

unsigned
tp_push_resuming(const TpSubscriber *subscriber)
{
	return subscriber->push_resume == NULL ? 0 : subscriber->push_resume->channels;
}

static void
finish(TpPushResume *resume, const char *code)
{
	TpSubscriber *subscriber = resume->subscriber;
	int64_t live = tp_pushes_number(resume->hub->edge->pushes);
	int64_t number = code == NULL ? resume->after : live;

	subscriber->push_resume = NULL;
	subscriber->pushes_fresh = 0;
	for (int i = 0; i < TP_PUSH_CHANNELS; i++)
	{
		if ((resume->channels & 1U << i) != 0)
			subscriber->pushes_to[i] = number;
	}
	resume->done(subscriber->context, code, number);
	free_resume(resume);
}

/* Its last row has no channel: it says how far the page covers, or, as its event, why there is none. */
static const char *
take_page(TpPushResume *resume, const PGresult *result)
{
	for (int row = 0; row < PQntuples(result) && resume->subscriber != NULL; row++)
	{
		TpPush push;

		if (PQgetisnull(result, row, 4))
		{
			resume->after = strtoll(PQgetvalue(result, row, 0), NULL, 10);
			if (!PQgetisnull(result, row, 5))
				return strcmp(PQgetvalue(result, row, 5), "too_old") == 0 ? "since_too_old" : "since_unknown";
		}
		else if (tp_push_read(result, row, &push) && (push.channel & resume->channels) != 0 &&
				 tp_push_is_for(resume->subscriber, &push))
		{
			TpMessage *message = tp_message_of_push(&push);

			resume->subscriber->events.deliver(resume->subscriber->context, message);
			tp_message_release(message);
		}
	}
	return NULL;
}

static void
page_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpPushResume *resume = context;
	TpHub *hub = resume->hub;
	const char *code = NULL;

	hub->push_pages--;
	hub->resuming--;
	tp_hub_begin(hub);
	if (error == NULL)
		code = take_page(resume, result);
	resume->reading = false;
	if (resume->subscriber == NULL)
		free_resume(resume);
	else if (error != NULL)
		resume->not_before_ms = uv_now(&hub->edge->loop) + RETRY_MS;
	else if (code != NULL || resume->after >= tp_pushes_number(hub->edge->pushes))
		finish(resume, code);
	tp_hub_end(hub);
	tp_push_resume_look(hub);
	tp_hub_free_when_done(hub);
}

static void
read_page(TpPushResume *resume)
{
	char after[24];
	char tenant[24];
	char user[24];

	snprintf(after, sizeof(after), "%" PRId64, resume->after);
	snprintf(tenant, sizeof(tenant), "%" PRId64, resume->subscriber->tenant);
	snprintf(user, sizeof(user), "%" PRId64, resume->subscriber->identity.user);
	resume->reading = true;
	resume->hub->push_pages++;
	resume->hub->resuming++;
	tp_pg_call(resume->hub->edge->pg, &page_statement, (const char *const[]){ after, tenant, user }, page_came, resume);
}

static bool
may_read(const TpPushResume *resume)
{
	const TpSubscriber *subscriber = resume->subscriber;

	return !resume->reading && subscriber != NULL && tp_pushes_live(resume->hub->edge->pushes) &&
		   resume->not_before_ms <= uv_now(&resume->hub->edge->loop) &&
		   (subscriber->events.ready == NULL || subscriber->events.ready(subscriber->context));
}

void
tp_push_resume_look(TpHub *hub)
{
	for (TpPushResume *resume = hub->push_resumes; resume != NULL && !hub->closing; resume = resume->next)
	{
		if (hub->push_pages < PAGES && may_read(resume))
			read_page(resume);
	}
	if (hub->push_resumes != NULL && !hub->closing && !uv_is_active((uv_handle_t *) &hub->resume_timer))
		uv_timer_start(&hub->resume_timer, tp_resume_timer, RETRY_MS, 0);
}

void
tp_hub_resume_pushes(TpSubscriber *subscriber, int64_t since,
					 void (*done)(void *context, const char *code, int64_t seq))
{
	TpHub *hub = subscriber->hub;
	TpPushResume *resume;
	TpPushResume **end = &hub->push_resumes;

	if (subscriber->push_resume != NULL || subscriber->pushes_fresh == 0)
	{
		done(subscriber->context, subscriber->push_resume != NULL ? "resume_under_way" : NULL,
			 tp_pushes_number(hub->edge->pushes));
		return;
	}
	resume = tp_alloc(sizeof(*resume));
	*resume = (TpPushResume){
		.hub = hub, .subscriber = subscriber, .channels = subscriber->pushes_fresh, .after = since, .done = done
	};
	subscriber->push_resume = resume;
	while (*end != NULL)
		end = &(*end)->next;
	*end = resume;
	tp_push_resume_look(hub);
}
