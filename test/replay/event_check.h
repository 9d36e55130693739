/*
 * event_check.h
 *	  Reads the events of a replay and compares them with the known answers.
 *
 * Used by replay.c.  The events come from tradepost.events_since(), those of
 * other instruments among them; only what the replay's own commands did to its
 * own orders counts.  The first differences are printed, all are counted.
 */
#ifndef TRADEPOST_EVENT_CHECK_H
#define TRADEPOST_EVENT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "batch_feed.h"
#include "command_stream.h"
#include "mirror_book.h"

typedef struct TpEventCheck
{
	PGconn *conn;
	const TpStream *stream;
	const TpFeed *feed;
	TpMirrorBook *book;
	int64_t last_seq;   /* everything up to here is read */
	int32_t current;    /* command whose events are being read; -1: none yet */
	bool decided;       /* ... and whether its decision was among them */
	int32_t next_fill;  /* first known fill not compared yet */
	int32_t next_check; /* first known book row not compared yet */
	int fill_number;    /* of the current command, for messages */

	int32_t decisions;
	int32_t fills; /* that happened */
	int32_t fills_equal;
	int32_t rows_equal;
	int32_t rejected;
	int64_t differences;
} TpEventCheck;

extern void
tradepost_check_start(TpEventCheck *check, PGconn *conn, const TpStream *stream, const TpFeed *feed, int64_t first_seq);
extern void tradepost_check_free(TpEventCheck *check);

/* Reads one page of events; returns whether it brought anything. */
extern bool tradepost_check_read(TpEventCheck *check);

/* When every command is decided: the rest of the answers, and the server's own book. */
extern void tradepost_check_finish(TpEventCheck *check);
extern void tradepost_check_order_book(TpEventCheck *check, const char *symbol);

/* Counts a difference, and prints it if it is one of the first. */
extern void
tradepost_check_difference(TpEventCheck *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
