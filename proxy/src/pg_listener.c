/*
 * pg_listener.c
 *	  The connection that LISTENs; see pg.h.
 *
 * A pool of one: it reconnects as the pool does, and the stream's own calls go over it,
 * so that a busy pool does not hold up the events.
 */
#include <stdlib.h>

#include "buffer.h"
#include "pg_pool.h"

struct TpPgListener
{
	TpPg *pg;
	TpPgListenerEvents events;
	void *context;
};

static void
on_ready(TpPgListener *listener)
{
	listener->events.connected(listener->context);
}

static void
on_down(TpPgListener *listener)
{
	listener->events.lost(listener->context);
}

static void
on_notified(TpPgListener *listener, const PGnotify *notify)
{
	listener->events.notified(listener->context, notify->relname, notify->extra);
}

TpPgListener *
tp_pg_listen(uv_loop_t *loop, const struct TpSettings *settings, const TpPgListenerEvents *events, void *context)
{
	TpPgListener *listener = tp_alloc(sizeof(TpPgListener));

	listener->events = *events;
	listener->context = context;
	listener->pg = tp_pg_pool_open(loop, settings, 1, "tradepost-proxy events", listener);
	listener->pg->on_ready = on_ready;
	listener->pg->on_down = on_down;
	listener->pg->on_notified = on_notified;
	return listener;
}

void
tp_pg_listener_call(TpPgListener *listener, const TpStatement *statement, const char *const *values, TpPgDone done,
					void *context)
{
	tp_pg_call(listener->pg, statement, values, done, context);
}

void
tp_pg_listener_close(TpPgListener *listener)
{
	tp_pg_close(listener->pg);
	free(listener);
}
