/*
 * catchup.c
 *	  tp_hub_resume(): what a subscriber has missed, from the database; then what came
 *	  meanwhile; then live.
 *
 *		WAITING --turn--> READING --page, there is more, or it failed--> WAITING
 *		                     +--up to where the kept events began--> done
 *
 * From a moment on, when the stream is live, the subscriber's live messages are kept, so
 * reading ends at the stream's seq of that moment: between the two nothing is missing
 * and nothing twice. If they become too many, they are dropped, and the moment is now. A
 * subscriber never goes live over a gap: while the database is away it waits. Only a few
 * pages are read at a time: after a restart all clients come at once. Who has heard of more
 * than this worker heard it from another one, or from a database that is no more: the
 * database says which.
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
#define RETRY_MS 200

typedef struct TpResume TpResume;
struct TpResume
{
	TpResume *next;
	TpHub *hub;
	TpSubscriber *subscriber; /* NULL: it left */
	bool reading;
	bool nothing; /* to be read: its channels have states alone */
	bool ahead;   /* and rightly: the database has its since */
	int64_t since;
	int64_t after;
	int64_t target; /* 0: the stream was not live yet */
	void (*done)(void *context, const char *code, int64_t seq);
	TpBuffer instruments; /* array literals */
	TpBuffer accounts;
	TpMessage **kept;
	int kept_count;
	int kept_capacity;
	uint64_t not_before_ms;
};

static const TpStatement page_statement = { .sql = "SELECT " TP_EVENT_COLUMNS
												   " FROM tradepost_edge.events_catchup($1::bigint, " PAGE_ROWS
												   ", $2::integer[], $3::bigint[])",
											.parameters = 3,
											.idempotent = true };

static const TpStatement newest_statement = { .sql = "SELECT tradepost_edge.newest_seq()",
											  .parameters = 0,
											  .idempotent = true };

static bool is_done(TpResume *resume);
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

/* Every event up to the stream's seq is to be read: what was kept of them is not needed. */
static void
aim(TpResume *resume)
{
	for (int i = 0; i < resume->kept_count; i++)
		tp_message_release(resume->kept[i]);
	resume->kept_count = 0;
	resume->target = tp_stream_seq(resume->hub->edge->stream);
}

/* Prices and books are told by states, which are not read again with the events. */
static void
tell_states_again(TpSubscriber *subscriber)
{
	for (int i = 0; i < subscriber->count; i++)
	{
		TpSubscription *subscription = subscriber->subscriptions[i];

		if (subscription->channel->market == NULL)
			continue;
		subscription->wants_snapshot = subscription->channel->kind == TP_CHANNEL_BOOK;
		tp_market_joined(subscription->channel->market, subscription->channel->kind);
	}
}

void
tp_resume_keep(TpSubscriber *subscriber, TpMessage *message)
{
	TpResume *resume = subscriber->resume;

	if (resume->kept_count == KEPT)
	{
		aim(resume);
		tell_states_again(subscriber);
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
	int64_t seq = code == NULL && resume->since > resume->target ? resume->since : resume->target;

	/* It may have heard them from another worker that was a moment ahead of this one. */
	if (code == NULL && resume->since > resume->target)
		subscriber->skip_to = resume->since;
	subscriber->resume = NULL;
	make_old(subscriber);
	tp_hub_begin(hub);
	for (int i = 0; i < resume->kept_count && !subscriber->gone; i++)
	{
		if (resume->kept[i]->of == 0 || resume->kept[i]->seq > seq)
			subscriber->events.deliver(subscriber->context, resume->kept[i]);
	}
	if (!subscriber->gone)
		resume->done(subscriber->context, code, seq);
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
		resume->not_before_ms = uv_now(&hub->edge->loop) + RETRY_MS;
	else
		(void) is_done(resume);
	read_next(hub);
	tp_hub_free_when_done(hub);
}

static void
newest_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpResume *resume = context;
	TpHub *hub = resume->hub;

	hub->resuming--;
	resume->reading = false;
	if (resume->subscriber == NULL)
		free_resume(resume);
	else if (error != NULL)
		resume->not_before_ms = uv_now(&hub->edge->loop) + RETRY_MS;
	else if (strtoll(PQgetvalue(result, 0, 0), NULL, 10) < resume->since)
		finish(resume, "since_unknown");
	else
	{
		resume->ahead = true;
		(void) is_done(resume);
	}
	read_next(hub);
	tp_hub_free_when_done(hub);
}

/* Whether what the client has heard of is the future of this worker, or of nobody. */
static bool
is_unknown(const TpResume *resume)
{
	return resume->since > resume->target && !resume->ahead;
}

static void
read_page(TpResume *resume)
{
	char after[24];

	if (is_unknown(resume))
	{
		resume->reading = true;
		resume->hub->resuming++;
		tp_pg_call(resume->hub->edge->pg, &newest_statement, NULL, newest_came, resume);
		return;
	}
	snprintf(after, sizeof(after), "%" PRId64, resume->after);
	resume->reading = true;
	resume->hub->resuming++;
	tp_pg_call(resume->hub->edge->pg, &page_statement,
			   (const char *const[]){ after, resume->instruments.data, resume->accounts.data }, page_came, resume);
}

/* True: it has ended, and is gone. */
static bool
is_done(TpResume *resume)
{
	if (resume->reading || resume->subscriber == NULL || !tp_stream_live(resume->hub->edge->stream))
		return false;
	if (resume->target == 0)
		aim(resume);
	if (is_unknown(resume))
		return false;
	if (resume->after < resume->target - FURTHEST)
		finish(resume, "since_too_old");
	else if (resume->after >= resume->target || resume->nothing)
		finish(resume, NULL);
	else
		return false;
	return true;
}

/* Whether its next page can be asked for now. */
static bool
may_read(const TpResume *resume)
{
	return !resume->reading && resume->subscriber != NULL && tp_stream_live(resume->hub->edge->stream) &&
		   resume->not_before_ms <= uv_now(&resume->hub->edge->loop) && is_ready(resume->subscriber);
}

static void
to_the_end(TpResume **at)
{
	TpResume *resume = *at;
	TpResume **end = at;

	*at = resume->next;
	resume->next = NULL;
	while (*end != NULL)
		end = &(*end)->next;
	*end = resume;
}

/* In order of arrival; who gets a page goes to the end of the list. */
static void
read_next(TpHub *hub)
{
	TpResume **at = &hub->resumes;
	int left = 0;

	for (TpResume *resume = hub->resumes; resume != NULL; resume = resume->next)
		left++;
	while (left-- > 0 && *at != NULL && !hub->closing)
	{
		TpResume *resume = *at;

		if (hub->resuming < PAGES && may_read(resume))
		{
			to_the_end(at);
			read_page(resume);
		}
		else
			at = &resume->next;
	}
	if (hub->resumes != NULL && !hub->closing && !uv_is_active((uv_handle_t *) &hub->resume_timer))
		uv_timer_start(&hub->resume_timer, tp_resume_timer, RETRY_MS, 0);
}

/* Those for whom nothing is left to read end here alone: what they do then may change the list. */
void
tp_resume_timer(uv_timer_t *timer)
{
	TpHub *hub = timer->data;
	TpResume *resume = hub->resumes;

	while (resume != NULL)
		resume = is_done(resume) ? hub->resumes : resume->next;
	read_next(hub);
	tp_push_resume_look(hub);
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
	TpResume *resume;
	TpResume **end;

	if (subscriber->resume != NULL)
	{
		done(subscriber->context, "resume_under_way", tp_stream_seq(hub->edge->stream));
		return;
	}
	resume = tp_alloc(sizeof(TpResume));
	*resume = (TpResume){ .hub = hub, .subscriber = subscriber, .since = since, .after = since, .done = done };
	resume->nothing = !collect(subscriber, &resume->instruments, &resume->accounts);
	subscriber->resume = resume;
	for (end = &hub->resumes; *end != NULL; end = &(*end)->next)
		;
	*end = resume;
	if (!is_done(resume))
		read_next(hub);
}

void
tp_hub_ready(TpSubscriber *subscriber)
{
	if (subscriber->resume != NULL && !subscriber->resume->reading)
		read_next(subscriber->hub);
	if (subscriber->push_resume != NULL)
		tp_push_resume_look(subscriber->hub);
}
