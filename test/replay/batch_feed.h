/*
 * batch_feed.h
 *	  Feeds a stream's commands to the server, batch after batch.
 *
 * Used by replay.c.  One call of submit_commands() is under way at a time;
 * while it is, and while the engine works, the caller reads events.
 */
#ifndef TRADEPOST_BATCH_FEED_H
#define TRADEPOST_BATCH_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "../client/text.h"
#include "command_stream.h"
#include "fresh_venue.h"

typedef struct TpFeed
{
	PGconn *conn;
	const TpStream *stream;
	const TpVenue *venue;
	int32_t batch_size;
	int32_t sent;         /* commands sent so far */
	int32_t acknowledged; /* commands whose commit is known */
	int64_t *ids;         /* the server's id of each acknowledged command, rising */
	TpText json;
} TpFeed;

extern void
tradepost_feed_start(TpFeed *feed, PGconn *conn, const TpStream *stream, const TpVenue *venue, int32_t batch_size);
extern void tradepost_feed_free(TpFeed *feed);

/*
 * Sends and receives what can be without waiting longer than this.  It stays
 * only so far ahead of the engine, which has decided this many.
 */
extern void tradepost_feed_turn(TpFeed *feed, int32_t decided, int wait_ms);

static inline bool
tradepost_feed_busy(const TpFeed *feed)
{
	return feed->sent > feed->acknowledged;
}

/* Index of the command with this server id; -1 if it is none of ours (or not yet acknowledged). */
extern int32_t tradepost_feed_find(const TpFeed *feed, int64_t id);

#endif
