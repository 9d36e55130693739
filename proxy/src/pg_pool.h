/*
 * pg_pool.h
 *	  The pool's inside: for pg_pool.c, and pg_listener.c, which makes one of its own.
 */
#ifndef TRADEPOST_PROXY_PG_POOL_H
#define TRADEPOST_PROXY_PG_POOL_H

#include "pg_connection.h"

struct TpPg
{
	uv_loop_t *loop;
	const struct TpSettings *settings;
	TpPgConnection *connections;
	int size;
	int connected;
	TpPgCalls waiting;
	TpPgCalls failing; /* to be told in the next turn of the loop */
	uv_idle_t idle;
	uv_timer_t timer;
	int handles; /* that still close */
	bool closing;
	const char **known; /* texts of statements */
	int statements;
	uint64_t calls;
	uint64_t failures;
	uint64_t reconnects;

	/* A listener's pool of one: */
	TpPgListener *listener;
	void (*on_ready)(TpPgListener *listener);
	void (*on_down)(TpPgListener *listener);
	void (*on_notified)(TpPgListener *listener, const PGnotify *notify);
};

/* listener not NULL: its connections LISTEN. name is kept. */
extern TpPg *
tp_pg_pool_open(uv_loop_t *loop, const struct TpSettings *settings, int size, const char *name, TpPgListener *listener);

#endif
