/*
 * edge_cache.h
 *	  Answers that many ask for, kept until an event makes them old.
 *
 * A key names function, arguments and caller; with an answer goes the last seq that had
 * touched what it is about when it was asked for. Redis, where there is one, is the
 * second level. GET market, instruments, trades, candles, account/summary.
 */
#ifndef TRADEPOST_PROXY_EDGE_CACHE_H
#define TRADEPOST_PROXY_EDGE_CACHE_H

#include "call.h"

typedef struct TpCache TpCache;
struct TpEdge;

extern TpCache *tp_cache_open(struct TpEdge *edge);
extern void tp_cache_close(TpCache *cache);

/* Handler: as tp_answer_from_database(), through the cache. */
extern void tp_cached_read(TpCall *call);

#endif
