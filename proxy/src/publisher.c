/*
 * publisher.c
 *	  Events to Redis channels, by one elected worker; see publisher.h.
 *
 *		following --lease taken--> reading where it ended --> catching up --> leading
 *		    ^-------------- lease lost, or Redis gone -----------------------------+
 *
 * change_state() alone changes the state.
 */
#include "publisher.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "edge.h"
#include "log.h"
#include "metrics.h"
#include "pg.h"
#include "redis.h"
#include "stream.h"

#define LEASE_MS "3000"
#define LOOK_MS 1000
#define PAGE "1000"
#define LEASE_KEY "tradepost:publisher"
#define SEQ_KEY "tradepost:published"
/* Who was away for longer reads the database; Redis is no archive. */
#define MAX_BEHIND 1000000

typedef enum State
{
	FOLLOWING,
	ASKING,
	CATCHING_UP,
	LEADING
} State;

struct TpPublisher
{
	TpEdge *edge;
	State state;
	char id[33];
	int64_t published; /* every event up to this seq is out */
	int64_t told;      /* what SEQ_KEY says */
	int64_t tenant;    /* of the event that is being published */
	uv_timer_t timer;
	TpBuffer scratch;
	TpBuffer text;
	int pending; /* callbacks that still name this publisher */
	bool closing;
	bool timer_closed;
};

static const TpStatement page = { .sql = "SELECT " TP_EVENT_COLUMNS
										 " FROM tradepost_edge.events_page($1::bigint, $2::int)",
								  .parameters = 2,
								  .idempotent = true };

/* Our lease: taken, renewed, or somebody else's. */
static const char lease_script[] = "local holder = redis.call('GET', KEYS[1])\n"
								   "if holder and holder ~= ARGV[1] then return 0 end\n"
								   "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
								   "return 1\n";

static void
change_state(TpPublisher *publisher, State state)
{
	if (state == LEADING)
		tp_log(TP_LOG_INFO, "this worker publishes the events in Redis", "#seq", publisher->published, NULL);
	else if (publisher->state == LEADING && state == FOLLOWING)
		tp_log(TP_LOG_INFO, "this worker does not publish the events any more", "#seq", publisher->published, NULL);
	publisher->state = state;
}

static void
free_when_idle(TpPublisher *publisher)
{
	if (!publisher->closing || publisher->pending > 0 || !publisher->timer_closed)
		return;
	tp_buffer_free(&publisher->scratch);
	tp_buffer_free(&publisher->text);
	free(publisher);
}

/* A callback has come; false if nobody is interested any more. */
static bool
returned(TpPublisher *publisher)
{
	publisher->pending--;
	if (!publisher->closing)
		return true;
	free_when_idle(publisher);
	return false;
}

static void
publish_message(void *context, const char *name, int64_t account, TpSlice data)
{
	TpPublisher *publisher = context;
	TpBuffer *text = &publisher->text;
	char channel[96];
	const char *words[] = { "PUBLISH", channel, NULL };
	size_t lengths[] = { 7, 0, 0 };

	/* Who listens to one tenant's channels hears no other's. */
	if (publisher->tenant == TP_TENANT_FIRST)
		snprintf(channel, sizeof(channel), "%s", name);
	else
		snprintf(channel, sizeof(channel), "tenant:%lld:%s", (long long) publisher->tenant, name);
	lengths[1] = strlen(channel);

	tp_buffer_clear(text);
	tp_buffer_format(text, "{\"event\":\"%s\",\"seq\":%lld,", name, (long long) publisher->published);
	if (account != 0)
		tp_buffer_format(text, "\"account\":%lld,", (long long) account);
	tp_buffer_text(text, "\"data\":");
	tp_buffer_slice(text, data);
	tp_buffer_text(text, "}");
	words[2] = text->data;
	lengths[2] = text->length;
	tp_redis_command(publisher->edge->redis, NULL, NULL, 3, words, lengths);
	tp_count(TP_M_PUBLISHED, 1);
}

static void
publish(TpPublisher *publisher, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	if (event->seq <= publisher->published)
		return;
	publisher->published = event->seq;
	publisher->tenant = instrument != NULL ? instrument->tenant : event->tenant;
	tp_event_messages(event, instrument, &publisher->scratch, publish_message, publisher);
}

static void
tell_seq(TpPublisher *publisher)
{
	char number[24];
	const char *words[] = { "SET", SEQ_KEY, number };

	if (publisher->told == publisher->published)
		return;
	publisher->told = publisher->published;
	snprintf(number, sizeof(number), "%lld", (long long) publisher->published);
	tp_redis_command(publisher->edge->redis, NULL, NULL, 3, words, NULL);
}

static void
on_event(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	TpPublisher *publisher = context;

	if (publisher->state != LEADING)
		return;
	/* What was sent on a connection that broke may not have arrived: whoever leads next starts from what Redis has. */
	if (!tp_redis_usable(publisher->edge->redis))
		change_state(publisher, FOLLOWING);
	else if (event != NULL)
		publish(publisher, event, instrument);
	else
		tell_seq(publisher);
}

static void catch_up(TpPublisher *publisher);

static void
page_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpPublisher *publisher = context;

	if (!returned(publisher) || publisher->state != CATCHING_UP)
		return;
	if (error != NULL || !tp_redis_usable(publisher->edge->redis))
	{
		change_state(publisher, FOLLOWING);
		return;
	}
	for (int row = 0; row < PQntuples(result); row++)
	{
		TpEvent event;

		tp_event_read(result, row, &event);
		publish(publisher, &event, tp_stream_instrument(publisher->edge->stream, event.instrument));
	}
	tell_seq(publisher);
	/* Both on this thread: nothing falls between the last page and the stream's next event. */
	if (publisher->published >= tp_stream_seq(publisher->edge->stream) || PQntuples(result) == 0)
		change_state(publisher, LEADING);
	else
		catch_up(publisher);
}

static void
catch_up(TpPublisher *publisher)
{
	char after[24];

	snprintf(after, sizeof(after), "%lld", (long long) publisher->published);
	publisher->pending++;
	tp_pg_call(publisher->edge->pg, &page, (const char *const[]){ after, PAGE }, page_came, publisher);
}

static void
seq_came(void *context, const redisReply *reply)
{
	TpPublisher *publisher = context;
	int64_t newest = tp_stream_seq(publisher->edge->stream);

	if (!returned(publisher) || publisher->state != ASKING)
		return;
	if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
	{
		change_state(publisher, FOLLOWING);
		return;
	}
	publisher->published = reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : newest;
	publisher->told = reply->type == REDIS_REPLY_STRING ? publisher->published : 0;
	if (publisher->published > newest || newest - publisher->published > MAX_BEHIND)
	{
		tp_log(TP_LOG_WARN, "events in Redis go on from now", "#published", publisher->published, "#seq", newest, NULL);
		publisher->published = newest;
	}
	change_state(publisher, CATCHING_UP);
	catch_up(publisher);
}

static void
lease_came(void *context, const redisReply *reply)
{
	TpPublisher *publisher = context;
	bool ours = reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
	const char *words[] = { "GET", SEQ_KEY };

	if (!returned(publisher))
		return;
	if (!ours && publisher->state != FOLLOWING)
		change_state(publisher, FOLLOWING);
	else if (ours && publisher->state == FOLLOWING)
	{
		change_state(publisher, ASKING);
		publisher->pending++;
		tp_redis_command(publisher->edge->redis, seq_came, publisher, 2, words, NULL);
	}
}

static void
look(uv_timer_t *timer)
{
	TpPublisher *publisher = timer->data;
	const char *words[] = { "EVAL", lease_script, "1", LEASE_KEY, publisher->id, LEASE_MS };

	if (!tp_redis_usable(publisher->edge->redis) || tp_stream_seq(publisher->edge->stream) == 0)
		return;
	publisher->pending++;
	tp_redis_command(publisher->edge->redis, lease_came, publisher, 6, words, NULL);
}

TpPublisher *
tp_publisher_open(TpEdge *edge)
{
	TpPublisher *publisher = tp_alloc(sizeof(*publisher));
	uint8_t random[16];

	publisher->edge = edge;
	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(publisher->id, sizeof(publisher->id), random, sizeof(random));
	publisher->timer.data = publisher;
	uv_timer_init(&edge->loop, &publisher->timer);
	uv_timer_start(&publisher->timer, look, 100, LOOK_MS);
	tp_stream_subscribe(edge->stream, on_event, publisher);
	return publisher;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	TpPublisher *publisher = handle->data;

	publisher->timer_closed = true;
	free_when_idle(publisher);
}

void
tp_publisher_close(TpPublisher *publisher)
{
	if (publisher == NULL)
		return;
	publisher->closing = true;
	publisher->state = FOLLOWING;
	uv_timer_stop(&publisher->timer);
	uv_close((uv_handle_t *) &publisher->timer, on_timer_closed);
}
