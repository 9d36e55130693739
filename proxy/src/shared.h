/*
 * shared.h
 *	  Memory that all workers of this proxy share: their numbers and their limits.
 *
 * Mapped by the supervisor before it forks, and gone with the last process. A worker
 * that dies leaves nothing locked there: everything in it is single atomic words.
 */
#ifndef TRADEPOST_PROXY_SHARED_H
#define TRADEPOST_PROXY_SHARED_H

#include <stdint.h>

#include "metrics.h"
#include "rate_limits.h"
#include "tally.h"

#define TP_WORKERS_MOST 64

typedef struct TpShared
{
	int workers;
	int64_t started_us;                     /* the supervisor; unix time */
	_Atomic int64_t restarts;               /* of workers that died */
	_Atomic int64_t voice_notes;            /* that were queued here: worker 0 looks when it changes */
	_Atomic int64_t voice_ready;            /* worker 0 has a process that hears */
	_Atomic int64_t ready[TP_WORKERS_MOST]; /* pid of a worker that takes requests; 0: none */
	TpNumbers numbers[TP_WORKERS_MOST];
	TpLimitsShared *limits; /* behind this struct, at the same address in every worker */
	TpTallySlot *sockets;   /* behind them: how many a user has, of each worker */
} TpShared;

/* NULL: no memory. */
extern TpShared *tp_shared_create(int workers);

/* WebSockets by user: only the worker itself writes. A new worker begins with none. */
extern TpTally tp_shared_sockets(const TpShared *shared, int worker);
extern void tp_shared_forget_sockets(const TpShared *shared, int worker);

#endif
