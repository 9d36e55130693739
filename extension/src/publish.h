/*
 * publish.h
 *	  The matcher's side of what shared memory shows.
 */
#ifndef TRADEPOST_PUBLISH_H
#define TRADEPOST_PUBLISH_H

#include "engine.h"
#include "shmem.h"

/* Books of these instruments, as they now are; and of all, after recovery. */
extern void tradepost_publish_books(TpDatabase *db, TpEngine *engine, const int32 *instruments, size_t n);

/* A command and the seq of the event that decided it. */
typedef struct TpDecided
{
	int64 id;
	int64 seq;
} TpDecided;

extern void tradepost_publish_progress(TpDatabase *db, const TpEngine *engine, int64 watermark);

/* After the books, so that who waited for seq or decision finds them. */
extern void tradepost_publish_batch(TpDatabase *db, const TpEngine *engine, int64 watermark, const TpDecided *decided,
									int n, TimestampTz started);

/* This database's, or TP011 if no matcher publishes here. */
extern TpDatabase *tradepost_require_published(void);

/* question.c: answer a posted question, if there is one. */
extern void tradepost_answer_question(TpDatabase *db, TpEngine *engine, int64 now);

#endif
