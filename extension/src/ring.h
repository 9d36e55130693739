/*
 * ring.h
 *	  The way of committed commands from backends to the matcher.
 *
 * The ring is a hint: what does not fit is flagged, and the matcher reads it
 * from the table.  While the flag stands nobody pushes, so that a session's
 * later commands never overtake its earlier ones.
 */
#ifndef TRADEPOST_RING_H
#define TRADEPOST_RING_H

#include "shmem.h"

/* Most entries copied while the spinlock is held. */
#define TP_RING_CHUNK 32

/*
 * Push as many as fit, else flag; must not throw: called after the commit, whose
 * time is `since`.  `unqueued` more are in the table only.
 */
extern void tradepost_ring_push(TpDatabase *db, const TpCommand *commands, int n, int64 unqueued, TimestampTz since);

/* The matcher's: how many entries wait; copy them out; free their places (n from ring_used). */
extern int tradepost_ring_used(TpDatabase *db);
extern void tradepost_ring_copy(TpDatabase *db, TpArrival *out, int n);
extern void tradepost_ring_free(TpDatabase *db, int n);

/* Commands are in the table only: the matcher drains the ring, clears the flag, then scans. */
extern bool tradepost_ring_overflowed(TpDatabase *db);
extern TimestampTz tradepost_ring_overflow_since(TpDatabase *db);
extern int64 tradepost_ring_clear_overflow(TpDatabase *db);
extern void tradepost_ring_flag_more(TpDatabase *db, int64 commands); /* counts them, sets no flag */

/* What waits in ring and table, for those who look: how many, in the ring alone, and since when (0: nothing does). */
typedef struct TpWaiting
{
	int64 commands;
	int in_ring;
	int64 overflows; /* since the server started */
	TimestampTz since;
} TpWaiting;

extern void tradepost_ring_waiting(TpDatabase *db, TpWaiting *waiting);

#endif
