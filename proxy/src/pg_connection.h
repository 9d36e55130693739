/*
 * pg_connection.h
 *	  One connection to the database and the calls that fly on it: between
 *	  pg_connection.c, which moves it through its states, and pg_pool.c, which owns it.
 *
 *		DOWN --timer--> CONNECTING --> SETTING_UP --> READY --25006, 57P01--> RETIRING
 *		  ^                 |               |           |                        |
 *		  +-----------------+---------------+-----------+------------------------+
 *
 * RETIRING takes no new calls and ends when those under way are answered. A call is
 * answered at its pipeline's synchronization point, never before: only there it is
 * committed.
 */
#ifndef TRADEPOST_PROXY_PG_CONNECTION_H
#define TRADEPOST_PROXY_PG_CONNECTION_H

#include "pg.h"

/* What may fly on a connection at once: enough to hide a round trip, too little to wait long behind. */
#define TP_PG_PIPELINE 8

typedef struct TpPgCall TpPgCall;
struct TpPgCall
{
	TpPgCall *next;
	TpStatement statement;
	int known;     /* number of the statement in the pool */
	TpPgDone done; /* NULL: it was told already */
	void *context;
	uint64_t deadline; /* milliseconds of the loop's clock */
	uint64_t asked_ns;
	int tries;
	bool unsure;      /* was lost once: it may have been done */
	bool prepares;    /* its statement goes before it */
	PGresult *result; /* what came so far */
	const char *values[];
};

typedef struct TpPgCalls
{
	TpPgCall *head;
	TpPgCall **tail;
	int count;
} TpPgCalls;

extern void tp_pg_calls_init(TpPgCalls *calls);
extern void tp_pg_calls_add(TpPgCalls *calls, TpPgCall *call);
extern void tp_pg_calls_add_first(TpPgCalls *calls, TpPgCall *call);
extern TpPgCall *tp_pg_calls_take(TpPgCalls *calls);

typedef enum TpPgState
{
	TP_PG_DOWN,
	TP_PG_CONNECTING,
	TP_PG_SETTING_UP,
	TP_PG_READY,
	TP_PG_RETIRING
} TpPgState;

typedef struct TpPgConnection TpPgConnection;

/* How it speaks to its owner. None of these may close it. */
typedef struct TpPgOwner
{
	void (*ready)(TpPgConnection *connection);
	void (*down)(TpPgConnection *connection);                             /* it was ready and is not */
	void (*done)(TpPgConnection *connection, TpPgCall *call);             /* call->result is the answer, or the error */
	void (*lost)(TpPgConnection *connection, TpPgCall *call);             /* it was sent; nobody knows more */
	void (*notified)(TpPgConnection *connection, const PGnotify *notify); /* NULL: does not listen */
} TpPgOwner;

struct TpPgConnection
{
	const TpPgOwner *owner;
	void *pool;
	uv_loop_t *loop;
	const struct TpSettings *settings;
	const char *name; /* application_name */
	TpPgState state;
	PGconn *conn;
	uv_poll_t *poll;
	int watched; /* events that poll waits for */
	uv_timer_t timer;
	int attempts; /* to connect, without success */
	bool broken;  /* a write failed: it goes down in the next turn of the loop */
	bool closing;
	bool was_ready; /* once */
	TpPgCalls flying;
	int *prepared; /* by number of statement: generation + 1; 0: not here */
	int prepared_size;
	int generation;
};

extern void tp_pg_connection_open(TpPgConnection *connection);
extern void tp_pg_connection_close(TpPgConnection *connection, uv_close_cb closed);

/* Takes the call: it will be done or lost. */
extern void tp_pg_connection_send(TpPgConnection *connection, TpPgCall *call);

/* The statement is to be prepared anew. */
extern void tp_pg_connection_forget(TpPgConnection *connection, int known);

/* No new calls; reconnects when those under way are done. */
extern void tp_pg_connection_retire(TpPgConnection *connection);

/* Goes down now, losing what flies. */
extern void tp_pg_connection_break(TpPgConnection *connection, const char *why);

#endif
