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

/* Push as many as fit, else flag; must not throw: called after commit.  `unqueued` more are in the table only. */
extern void tradepost_ring_push(TpDatabase *db, const TpCommand *commands, int n, int64 unqueued);

/* The matcher's: how many entries wait; copy them out and free their places (n from ring_used). */
extern int tradepost_ring_used(TpDatabase *db);
extern int tradepost_ring_take(TpDatabase *db, TpCommand *out, int n);

/* Commands are in the table only: the matcher drains the ring, clears the flag, then scans. */
extern bool tradepost_ring_overflowed(TpDatabase *db);
extern int64 tradepost_ring_clear_overflow(TpDatabase *db);
extern void tradepost_ring_flag_more(TpDatabase *db, int64 commands); /* counts them, sets no flag */

#endif
