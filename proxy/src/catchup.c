/*
 * catchup.c
 *	  tp_hub_resume(): what a subscriber has missed, from the database; then what came
 *	  meanwhile; then live.
 *
 *		WAITING --turn--> READING --page, there is more--> WAITING
 *		                     |                               ^
 *		                     |    the subscriber is full: PAUSED
 *		                     +--up to where the live events began--> done
 *
 * From the moment of the call on its live messages are kept, so reading ends at the
 * stream's seq of that moment: between the two nothing is missing and nothing twice.
 * Only a few pages are read at a time: after a restart all clients come at once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "hub_parts.h"
#include "stream.h"

#define FURTHEST 1000000 /* events back */
#define PAGE_ROWS "1000"
#define PAGES 4    /* under way at a time */
#define KEPT 50000 /* live messages for one subscriber */

typedef struct TpResume TpResume;
struct TpResume
{
	TpResume *next;
	TpHub *hub;
	TpSubscriber *subscriber; /* NULL: it left */
	bool reading;
	int64_t after;
	int64_t target;
	void (*done)(void *context, const char *code, int64_t seq);
	TpBuffer instruments; /* array literals */
	TpBuffer accounts;
	TpMessage **kept;
	int kept_count;
	int kept_capacity;
	bool overflown;
};

static const TpStatement page_statement = { .sql = "SELECT " TP_EVENT_COLUMNS
												   " FROM tradepost_edge.events_catchup($1::bigint, " PAGE_ROWS
												   ", $2::integer[], $3::bigint[])",
											.parameters = 3,
											.idempotent = true };

static void read_next(TpHub *hub);

static void
free_resume(TpResume *resume)
{
	TpResume **at = &resume->hub->resumes;

	while (*at != resume)
		at = &(*at)->next;
	*at = resume->next;
	for (int i = 0; i < resume->kept_count; i++)
		tp_message_release(resume->kept[i]);
	free(resume->kept);
	tp_buffer_free(&resume->instruments);
	tp_buffer_free(&resume->accounts);
	free(resume);
}

void
tp_resume_keep(TpSubscriber *subscriber, TpMessage *message)
{
	TpResume *resume = subscriber->resume;

	if (resume->kept_count == KEPT)
	{
		resume->overflown = true;
		return;
	}
	if (resume->kept_count == resume->kept_capacity)
	{
		resume->kept_capacity = resume->kept_capacity == 0 ? 64 : 2 * resume->kept_capacity;
		resume->kept = tp_realloc(resume->kept, (size_t) resume->kept_capacity * sizeof(TpMessage *));
	}
	resume->kept[resume->kept_count++] = tp_message_hold(message);
}

void
tp_resume_drop(TpSubscriber *subscriber)
{
	TpResume *resume = subscriber->resume;

	if (resume == NULL)
		return;
	subscriber->resume = NULL;
	resume->subscriber = NULL;
	if (!resume->reading)
		free_resume(resume);
}

/* All of its subscriptions are live now. */
static void
make_old(TpSubscriber *subscriber)
{
	for (int i = 0; i < subscriber->count; i++)
		subscriber->subscriptions[i]->fresh = false;
}

static void
finish(TpResume *resume, const char *code)
{
	TpSubscriber *subscriber = resume->subscriber;
	TpHub *hub = resume->hub;
	int64_t target = resume->target;

	if (code == NULL && resume->overflown)
		code = "unavailable";
	subscriber->resume = NULL;
	make_old(subscriber);
	tp_hub_begin(hub);
	for (int i = 0; code == NULL && i < resume->kept_count && !subscriber->gone; i++)
		subscriber->events.deliver(subscriber->context, resume->kept[i]);
	if (!subscriber->gone)
		resume->done(subscriber->context, code, target);
	free_resume(resume);
	tp_hub_end(hub);
}

/* For a channel that is new to it, and not heard already by one that is not. */
static bool
is_missed(const TpSubscriber *subscriber, const TpMarketHub *market, const TpDraft *draft)
{
	bool missed = false;

	for (int i = 0; i < subscriber->count; i++)
	{
		const TpSubscription *subscription = subscriber->subscriptions[i];

		if (!tp_channel_wants(subscription->channel, market, draft))
			continue;
		if (!subscription->fresh)
			return false;
		missed = true;
	}
	return missed;
}

static void
give_missed(TpResume *resume, const TpEvent *event)
{
	TpHub *hub = resume->hub;
	const TpInstrumentInfo *instrument = tp_stream_instrument(hub->edge->stream, event->instrument);
	const TpMarketHub *market = instrument == NULL ? NULL : tp_hub_market(hub, instrument);

	for (int i = 0, n = tp_hub_draft(hub, event, instrument); i < n && resume->subscriber != NULL; i++)
	{
		TpSubscriber *subscriber = resume->subscriber;
		TpMessage *message;

		if (!is_missed(subscriber, market, &hub->drafts[i]))
			continue;
		message = tp_hub_message(hub, i, event->seq);
		subscriber->events.deliver(subscriber->context, message);
		tp_message_release(message);
	}
}

static bool
is_ready(const TpSubscriber *subscriber)
{
	return subscriber->events.ready == NULL || subscriber->events.ready(subscriber->context);
}

static void
page_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpResume *resume = context;
	TpHub *hub = resume->hub;
	TpEvent event;

	hub->resuming--;
	tp_hub_begin(hub);
	for (int row = 0; error == NULL && row < PQntuples(result) && resume->subscriber != NULL; row++)
	{
		tp_event_read(result, row, &event);
		if (event.kind == 0)
			resume->after = event.seq;
		else if (event.seq <= resume->target)
			give_missed(resume, &event);
	}
	tp_hub_end(hub);
	/* While it was reading, one who left has not freed it. */
	resume->reading = false;
	if (resume->subscriber == NULL)
		free_resume(resume);
	else if (error != NULL)
		finish(resume, "unavailable");
	else if (resume->after >= resume->target)
		finish(resume, NULL);
	read_next(hub);
	tp_hub_free_when_done(hub);
}

static void
read_page(TpResume *resume)
{
	char after[24];

	snprintf(after, sizeof(after), "%" PRId64, resume->after);
	resume->reading = true;
	resume->hub->resuming++;
	tp_pg_call(resume->hub->edge->pg, &page_statement,
			   (const char *const[]){ after, resume->instruments.data, resume->accounts.data }, page_came, resume);
}

/* The list is in order of arrival, and who has had a page goes to its end. */
static void
read_next(TpHub *hub)
{
	TpResume **at = &hub->resumes;
	TpResume *first_read = NULL;

	while (*at != NULL && *at != first_read && hub->resuming < PAGES && !hub->closing)
	{
		TpResume *resume = *at;
		TpResume **end;

		if (resume->reading || resume->subscriber == NULL || !is_ready(resume->subscriber))
		{
			at = &resume->next;
			continue;
		}
		*at = resume->next;
		for (end = &hub->resumes; *end != NULL; end = &(*end)->next)
			;
		*end = resume;
		resume->next = NULL;
		if (first_read == NULL)
			first_read = resume;
		read_page(resume);
	}
}

static void
add_number(TpBuffer *array, int64_t number)
{
	tp_buffer_add(array, array->length == 0 ? "{" : ",", 1);
	tp_buffer_integer(array, number);
}

static void
end_array(TpBuffer *array)
{
	if (array->length == 0)
		tp_buffer_add(array, "{", 1);
	tp_buffer_add(array, "}", 2);
}

/* What its new channels are about; false: nothing that has events of its own. */
static bool
collect(const TpSubscriber *subscriber, TpBuffer *instruments, TpBuffer *accounts)
{
	bool something;

	for (int i = 0; i < subscriber->count; i++)
	{
		const TpSubscription *subscription = subscriber->subscriptions[i];
		const TpChannel *channel = subscription->channel;

		if (!subscription->fresh)
			continue;
		if (channel->kind == TP_CHANNEL_MARKET || channel->kind == TP_CHANNEL_TRADES)
			add_number(instruments, channel->market->instrument->id);
		else if (channel->kind == TP_CHANNEL_ORDERS)
			add_number(accounts, channel->account);
	}
	something = instruments->length + accounts->length > 0;
	end_array(instruments);
	end_array(accounts);
	return something;
}

void
tp_hub_resume(TpSubscriber *subscriber, int64_t since, void (*done)(void *context, const char *code, int64_t seq))
{
	TpHub *hub = subscriber->hub;
	int64_t newest = tp_stream_seq(hub->edge->stream);
	TpBuffer instruments = { 0 };
	TpBuffer accounts = { 0 };
	TpResume *resume;
	TpResume **end;

	if (subscriber->resume != NULL || !tp_stream_live(hub->edge->stream))
		done(subscriber->context, "unavailable", newest);
	else if (since < newest - FURTHEST)
		done(subscriber->context, "since_too_old", newest);
	else if (since >= newest || !collect(subscriber, &instruments, &accounts))
	{
		/* Another worker may have been a moment ahead of this one. */
		if (since > newest)
			subscriber->skip_to = since;
		make_old(subscriber);
		done(subscriber->context, NULL, since > newest ? since : newest);
	}
	else
	{
		resume = tp_alloc(sizeof(TpResume));
		*resume = (TpResume){ .hub = hub,
							  .subscriber = subscriber,
							  .after = since,
							  .target = newest,
							  .done = done,
							  .instruments = instruments,
							  .accounts = accounts };
		subscriber->resume = resume;
		for (end = &hub->resumes; *end != NULL; end = &(*end)->next)
			;
		*end = resume;
		read_next(hub);
		return;
	}
	tp_buffer_free(&instruments);
	tp_buffer_free(&accounts);
}

void
tp_hub_ready(TpSubscriber *subscriber)
{
	if (subscriber->resume != NULL && !subscriber->resume->reading)
		read_next(subscriber->hub);
}
