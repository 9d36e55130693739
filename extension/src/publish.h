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

/* Answer a posted question, if there is one. */
extern void tradepost_answer_question(TpDatabase *db, TpEngine *engine, int64 now);

#endif
