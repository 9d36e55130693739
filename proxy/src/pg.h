/*
 * pg.h
 *	  The database as the loop sees it: calls go in, results come back by callback.
 *
 * A pool of connections in pipeline mode, each with what it needs prepared on first
 * use. Every call is a transaction of its own: an error hurts no neighbour. When the
 * database is gone or read-only, waiting and new calls fail at once as `unavailable`
 * and the pool reconnects with growing delay, forever; a call that was under way when
 * the connection broke fails as `lost`: it may have been done or not.
 */
#ifndef TRADEPOST_PROXY_PG_H
#define TRADEPOST_PROXY_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

typedef struct TpPg TpPg;
struct TpSettings;

typedef enum TpPgFailure
{
	TP_PG_REFUSED,     /* the statement raised: sqlstate and message say why */
	TP_PG_UNAVAILABLE, /* not sent: no connection, read-only, or too many calls wait */
	TP_PG_LOST,        /* sent, outcome unknown */
	TP_PG_TIMEOUT      /* waited too long for its turn or its answer; outcome unknown */
} TpPgFailure;

typedef struct TpPgError
{
	TpPgFailure failure;
	char sqlstate[6];
	const char *message; /* never NULL */
	const char *detail;  /* or NULL, as hint */
	const char *hint;
	int retry_after; /* seconds, when unavailable */
} TpPgError;

/* Exactly one of result and error is not NULL; both are gone after the callback. */
typedef void (*TpPgDone)(void *context, const PGresult *result, const TpPgError *error);

/* A statement's text is its identity: use constants. Results come in text format. */
typedef struct TpStatement
{
	const char *sql;
	int parameters;
	bool idempotent; /* may be sent once more, by itself, after TP_PG_LOST */
} TpStatement;

extern TpPg *tp_pg_open(uv_loop_t *loop, const struct TpSettings *settings);
extern void tp_pg_close(TpPg *pg); /* fails what waits; the handles close on the loop */

/* values[i] NULL: null; text format. Copied. The callback never comes before this returns. */
extern void tp_pg_call(TpPg *pg, const TpStatement *statement, const char *const *values, TpPgDone done, void *context);

extern bool tp_pg_usable(const TpPg *pg);

/* For /metrics and /health/detailed. */
typedef struct TpPgStats
{
	int connections;
	int connected;
	int waiting;
	int in_flight;
	uint64_t calls;
	uint64_t failures;
	uint64_t reconnects;
} TpPgStats;
extern void tp_pg_stats(const TpPg *pg, TpPgStats *stats);

/*
 * A connection of its own that LISTENs on channels "tradepost" and "tradepost_edge":
 * `connected` at each (re)connect, when everything may have been missed.
 */
typedef struct TpPgListener TpPgListener;
typedef struct TpPgListenerEvents
{
	void (*connected)(void *context);
	void (*notified)(void *context, const char *channel, const char *payload);
	void (*lost)(void *context);
} TpPgListenerEvents;
extern TpPgListener *
tp_pg_listen(uv_loop_t *loop, const struct TpSettings *settings, const TpPgListenerEvents *events, void *context);
extern void tp_pg_listener_close(TpPgListener *listener);

/* A call over that connection, which no other call holds up. It fails as unavailable while there is none. */
extern void tp_pg_listener_call(TpPgListener *listener, const TpStatement *statement, const char *const *values,
								TpPgDone done, void *context);

#endif
