/*
 * cache_store.h
 *	  Texts by key, the least used ones forgotten when there are too many bytes.  Pure.
 */
#ifndef TRADEPOST_PROXY_CACHE_STORE_H
#define TRADEPOST_PROXY_CACHE_STORE_H

#include <stdint.h>

#include "slice.h"

typedef struct TpCacheStore TpCacheStore;

typedef struct TpCacheEntry
{
	int64_t version;
	uint64_t born_ms;
	TpSlice text;
} TpCacheEntry;

extern TpCacheStore *tp_cache_store_new(size_t bytes);
extern void tp_cache_store_free(TpCacheStore *store);

/* NULL: not there. Good until the next call. */
extern const TpCacheEntry *tp_cache_store_get(TpCacheStore *store, TpSlice key);

/* In the place of what the key had. A text that is larger than an eighth of the store is not kept. */
extern void tp_cache_store_put(TpCacheStore *store, TpSlice key, int64_t version, uint64_t born_ms, TpSlice text);

extern size_t tp_cache_store_bytes(const TpCacheStore *store);

#endif
