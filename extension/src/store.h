/*
 * store.h
 *	  How a batch becomes rows: the one place that knows.
 *
 * The matcher calls inside its batch's transaction; an error ends the batch
 * and the matcher with it.
 */
#ifndef TRADEPOST_STORE_H
#define TRADEPOST_STORE_H

#include "engine.h"

/* What is stored beside the engine's own changes. */
typedef struct TpProgress
{
	int64 last_time;
	int64 watermark;
	int64 tail_seq;
	int64 trying_id; /* 0: none */
	int trying_count;
} TpProgress;

/* Once per matcher, before the first batch. */
extern void tradepost_store_init(void);

/* Events, orders, balances, positions, instruments, progress: each changed object once. */
extern void tradepost_store_batch(TpEngine *engine, const TpProgress *progress);

/* Ids of the open and untriggered orders, for the next recovery. */
extern void tradepost_store_checkpoint(TpEngine *engine, int64 time);

/* Progress alone: "trying this command alone". */
extern void tradepost_store_trying(int64 command_id, int count);

/* A command was rejected because the engine could not decide it. */
extern void tradepost_store_error(int64 command_id, const char *message);

/* Give rejections of cancels and amends their reason: what became of the order. */
extern void tradepost_store_refine_reasons(TpEngine *engine);

#endif
