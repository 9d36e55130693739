/*
 * stream.c
 *	  Reads the events and hands them out; see stream.h.
 *
 *		DISCONNECTED --> LOADING (newest seq, tenants, instruments) --> IDLE <--> READING
 *		      ^             |  ^                                         |          |
 *		      |          FAILED, for a look's time                       |          |
 *		      +---------------- the connection is lost ------------------+----------+
 *
 * One page is under way at a time, over the listener's own connection. Events are
 * handed out in the order of their seq; a page that names an instrument that is not
 * known yet is dropped, and read again when the instruments were.
 */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "edge.h"
#include "event_row.h"
#include "instrument_table.h"
#include "log.h"
#include "metrics.h"
#include "pushes.h"
#include "revoked.h"
#include "tenants.h"

#define PAGE_ROWS 2000
#define LOOK_MS 200
#define SUBSCRIBERS 8

typedef enum State
{
	DISCONNECTED,
	LOADING,
	FAILED,
	IDLE,
	READING
} State;

typedef struct Subscription
{
	TpStreamEvent on_event;
	void *context;
} Subscription;

struct TpStream
{
	TpEdge *edge;
	TpPgListener *listener;
	State state;
	bool again;   /* something came while a page was under way */
	bool full;    /* the last page was */
	bool started; /* seq is set */
	bool strange; /* the instruments were read for the sake of the next page */
	bool resync;  /* revoked sessions are to be read, as soon as the pool is there */
	int64_t seq;
	int64_t lag_us;
	char database[64];
	TpInstrumentTable instruments;
	Subscription subscriptions[SUBSCRIBERS];
	int subscribed;
	uv_timer_t timer;
};

static const TpStatement page_statement = { .sql = "SELECT " TP_EVENT_COLUMNS
												   " FROM tradepost_edge.events_page($1::bigint, $2::int)",
											.parameters = 2 };
static const TpStatement instruments_statement = {
	.sql = "SELECT id, symbol, asset, contract, mark, last, tenant FROM tradepost_edge.instruments_raw()",
	.parameters = 0
};
static const TpStatement newest_statement = {
	.sql = "SELECT tradepost_edge.newest_seq(), c.system_identifier::text || '/' || d.oid::text"
		   " FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d"
		   " WHERE d.datname = pg_catalog.current_database()",
	.parameters = 0
};

static void read_page(TpStream *stream);
static void load(TpStream *stream);

static void
change_state(TpStream *stream, State state)
{
	stream->state = state;
}

static void
failed(TpStream *stream, const char *what, const TpPgError *error)
{
	/* A lost connection is told by pg_connection.c; the timer tries again. */
	if (error->failure == TP_PG_REFUSED)
		tp_log(TP_LOG_ERROR, "the stream of events stands still", "reading", what, "sqlstate", error->sqlstate, "text",
			   error->message, NULL);
	if (stream->state != DISCONNECTED)
		change_state(stream, stream->state == READING ? IDLE : FAILED);
}

static const TpInstrumentInfo *
instrument_of(const TpStream *stream, const TpEvent *event)
{
	return event->instrument == 0 ? NULL : tp_instruments_by_id(&stream->instruments, event->instrument);
}

static void
hand_out(TpStream *stream, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	for (int i = 0; i < stream->subscribed; i++)
		stream->subscriptions[i].on_event(stream->subscriptions[i].context, event, instrument);
}

static bool
names_a_stranger(TpStream *stream, const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++)
	{
		int id = tp_event_row_instrument(result, row);

		if (id != 0 && tp_instruments_by_id(&stream->instruments, id) == NULL)
			return true;
	}
	return false;
}

static void
measure(TpStream *stream, const TpEvent *newest, int n)
{
	int64_t lag_us = tp_wall_us() - newest->time_us;

	stream->lag_us = lag_us < 0 ? 0 : lag_us;
	tp_count(TP_M_EVENTS, n);
	tp_gauge(TP_M_EVENTS_SEQ, stream->seq);
	tp_gauge(TP_M_EVENTS_LAG_US, stream->lag_us);
	tp_time(TP_T_EVENT_LAG, (uint64_t) stream->lag_us * 1000);
}

static void
page_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpStream *stream = context;
	int n;

	if (error != NULL)
	{
		failed(stream, "events", error);
		return;
	}
	n = PQntuples(result);
	if (!stream->strange && names_a_stranger(stream, result))
	{
		stream->strange = true;
		load(stream);
		return;
	}
	stream->strange = false;
	stream->full = n == PAGE_ROWS;
	if (n > 0)
	{
		TpEvent event;

		for (int row = 0; row < n; row++)
		{
			tp_event_read(result, row, &event);
			stream->seq = event.seq;
			hand_out(stream, &event, instrument_of(stream, &event));
			tp_count(TP_M_TRADES, event.kind == TP_EV_TRADE);
		}
		hand_out(stream, NULL, NULL);
		measure(stream, &event, n);
	}
	if (stream->state != READING)
		return;
	change_state(stream, IDLE);
	if (stream->full || stream->again)
		read_page(stream);
}

static void
read_page(TpStream *stream)
{
	char after[24];
	char rows[12];

	snprintf(after, sizeof(after), "%lld", (long long) stream->seq);
	snprintf(rows, sizeof(rows), "%d", PAGE_ROWS);
	stream->again = false;
	change_state(stream, READING);
	tp_pg_listener_call(stream->listener, &page_statement, (const char *const[]){ after, rows }, page_came, stream);
}

static const char *
text_or_null(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

static void
instruments_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpStream *stream = context;

	if (error != NULL)
	{
		failed(stream, "instruments", error);
		return;
	}
	for (int row = 0; row < PQntuples(result); row++)
	{
		TpInstrumentInfo instrument = { .id = atoi(PQgetvalue(result, row, 0)),
										.symbol = PQgetvalue(result, row, 1),
										.asset = PQgetvalue(result, row, 2),
										.contract = text_or_null(result, row, 3),
										.mark = text_or_null(result, row, 4),
										.last = text_or_null(result, row, 5),
										.tenant = strtoll(PQgetvalue(result, row, 6), NULL, 10) };

		tp_instruments_add(&stream->instruments, &instrument);
	}
	if (stream->state == LOADING)
		read_page(stream);
}

static void
tenants_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpStream *stream = context;

	if (error != NULL)
	{
		failed(stream, "tenants", error);
		return;
	}
	tp_tenants_took(stream->edge->tenants, result);
	/* Behind the seq: what instruments are told as, the events after it change. */
	if (stream->state == LOADING)
		tp_pg_listener_call(stream->listener, &instruments_statement, NULL, instruments_came, stream);
}

/* After a failover to a standby that was behind, events may be gone that were read: nothing brings them back. */
static void
newest_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpStream *stream = context;
	int64_t newest;

	if (error != NULL)
	{
		failed(stream, "the newest seq", error);
		return;
	}
	newest = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	if (stream->started && newest < stream->seq)
		tp_log(TP_LOG_ERROR, "the database knows fewer events than were read from it", "#read", stream->seq, "#newest",
			   newest, NULL);
	if (!stream->started || newest < stream->seq)
		stream->seq = newest;
	stream->started = true;
	tp_gauge(TP_M_EVENTS_SEQ, stream->seq);
	snprintf(stream->database, sizeof(stream->database), "%s", PQgetvalue(result, 0, 1));
	if (stream->state == LOADING)
		tp_pg_listener_call(stream->listener, &tp_tenants_statement, NULL, tenants_came, stream);
}

static void
load(TpStream *stream)
{
	change_state(stream, LOADING);
	tp_pg_listener_call(stream->listener, &newest_statement, NULL, newest_came, stream);
}

/* What was revoked while nobody listened. It goes by the pool, which may connect a little later. */
static void
resync_sessions(TpStream *stream)
{
	if (!stream->resync || !tp_pg_usable(stream->edge->pg))
		return;
	stream->resync = false;
	tp_sessions_resync(stream->edge->sessions);
	tp_pushes_resync(stream->edge->pushes);
}

static void
on_connected(void *context)
{
	TpStream *stream = context;

	stream->resync = true;
	resync_sessions(stream);
	load(stream);
}

static void
on_lost(void *context)
{
	TpStream *stream = context;

	change_state(stream, DISCONNECTED);
}

static void
on_notified(void *context, const char *channel, const char *payload)
{
	TpStream *stream = context;

	if (strcmp(channel, "tradepost") == 0)
		tp_stream_poke(stream);
	else
		tp_sessions_notified(stream->edge->sessions, payload);
}

/* Also what starts again after an error. */
static void
on_timer(uv_timer_t *timer)
{
	TpStream *stream = timer->data;

	resync_sessions(stream);
	tp_tenants_look(stream->edge->tenants);
	if (stream->state == IDLE)
		read_page(stream);
	else if (stream->state == FAILED)
		load(stream);
}

void
tp_stream_poke(TpStream *stream)
{
	if (stream->state == IDLE)
		read_page(stream);
	else
		stream->again = true;
}

TpStream *
tp_stream_open(TpEdge *edge)
{
	static const TpPgListenerEvents events = { .connected = on_connected, .notified = on_notified, .lost = on_lost };
	TpStream *stream = tp_alloc(sizeof(TpStream));

	stream->edge = edge;
	uv_timer_init(&edge->loop, &stream->timer);
	stream->timer.data = stream;
	uv_timer_start(&stream->timer, on_timer, LOOK_MS, LOOK_MS);
	stream->listener = tp_pg_listen(&edge->loop, edge->settings, &events, stream);
	return stream;
}

static void
timer_closed(uv_handle_t *handle)
{
	TpStream *stream = handle->data;

	tp_instruments_free(&stream->instruments);
	free(stream);
}

void
tp_stream_close(TpStream *stream)
{
	stream->subscribed = 0;
	tp_pg_listener_close(stream->listener);
	uv_close((uv_handle_t *) &stream->timer, timer_closed);
}

void
tp_stream_subscribe(TpStream *stream, TpStreamEvent on_event, void *context)
{
	if (stream->subscribed == SUBSCRIBERS)
	{
		tp_log(TP_LOG_ERROR, "more parts want events than there is room for", NULL);
		abort();
	}
	stream->subscriptions[stream->subscribed++] = (Subscription){ on_event, context };
}

bool
tp_stream_goes_on(const TpStream *stream)
{
	return stream->full;
}

bool
tp_stream_live(const TpStream *stream)
{
	return stream->state == IDLE || stream->state == READING;
}

const char *
tp_stream_database(const TpStream *stream)
{
	return stream->database;
}

int64_t
tp_stream_seq(const TpStream *stream)
{
	return stream->seq;
}

int64_t
tp_stream_lag_us(const TpStream *stream)
{
	return stream->lag_us;
}

const TpInstrumentInfo *
tp_stream_instrument(const TpStream *stream, int id)
{
	return tp_instruments_by_id(&stream->instruments, id);
}

const TpInstrumentInfo *
tp_stream_instrument_by_symbol(const TpStream *stream, int64_t tenant, TpSlice symbol)
{
	return tp_instruments_by_symbol(&stream->instruments, tenant, symbol);
}

void
tp_stream_each_instrument(const TpStream *stream, int64_t tenant, TpSlice asset,
						  void (*each)(void *context, const TpInstrumentInfo *instrument), void *context)
{
	for (int i = 0; i < stream->instruments.count; i++)
	{
		const TpInstrumentInfo *instrument = stream->instruments.entries[i];

		if (instrument->tenant == tenant && (asset.data == NULL || tp_slice_is(asset, instrument->asset)))
			each(context, instrument);
	}
}
