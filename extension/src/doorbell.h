/*
 * doorbell.h
 *	  NOTIFY tradepost: "there are events up to this seq".
 */
#ifndef TRADEPOST_DOORBELL_H
#define TRADEPOST_DOORBELL_H

#include "shmem.h"

/* Events up to last_seq are committed: ring, now or soon. */
extern void tradepost_doorbell_due(int64 last_seq);

/* Ring if it is due and was not rung just now.  Outside a transaction. */
extern void tradepost_doorbell_ring(TpDatabase *db);

/* When to call again; TRADEPOST_TIME_NEVER if nothing is due. */
extern TimestampTz tradepost_doorbell_next(void);

#endif
