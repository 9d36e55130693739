/*
 * voice_jobs.h
 *	  Voice notes that wait in the database: fetched, heard and answered by the first worker
 *	  of each proxy.
 */
#ifndef TRADEPOST_PROXY_VOICE_JOBS_H
#define TRADEPOST_PROXY_VOICE_JOBS_H

#include "edge.h"
#include "shared.h"

typedef struct TpVoice TpVoice;

/* NULL: SPEECH_PROVIDER is none, Twilio is not set, or this is not the first worker. */
extern TpVoice *tp_voice_open(TpEdge *edge);
extern void tp_voice_close(TpVoice *voice); /* NULL is fine; notes under way are claimed again when their leases end */

/* In any worker: a note has just been queued. */
extern void tp_voice_wake(TpShared *shared);

#endif
