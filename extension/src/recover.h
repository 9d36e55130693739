/*
 * recover.h
 *	  From tables to memory: at a matcher's start, and for what it missed.
 */
#ifndef TRADEPOST_RECOVER_H
#define TRADEPOST_RECOVER_H

#include "engine.h"
#include "shmem.h"
#include "store.h"
#include "window.h"

typedef struct TpRecovered
{
	TpEngine *engine;
	TpWindow *decided;
	TpProgress progress;
	int64 checkpoint_seq; /* of the last list of open orders */
	int64 last_drawn;     /* the sequence's */
	int32 *instruments;   /* ids */
	size_t instrument_count;
} TpRecovered;

typedef enum TpReadiness
{
	TP_READY,
	TP_NOT_INITIALIZED,  /* init() was not called yet */
	TP_NOT_THIS_INSTANCE /* a restored copy */
} TpReadiness;

/* Each runs inside a transaction of the caller's. */
extern TpReadiness tradepost_recover_readiness(void);
extern void tradepost_recover(TpRecovered *out);

/* Read an instrument's row into the engine, before its LIST command is applied; false: there is none. */
extern bool tradepost_recover_instrument(TpEngine *engine, int32 id);

/*
 * Undecided commands from `watermark` on, by id, with a fresh snapshot; at most
 * `max`; each as old as its row.  Returns how many; *last is the last id that was
 * looked at.
 */
extern int tradepost_recover_commands(int64 watermark, const TpWindow *decided, TpArrival *out, int max, int64 *last);

#endif
