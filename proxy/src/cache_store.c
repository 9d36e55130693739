/*
 * cache_store.c
 *	  A hash table whose entries are also in the order of their last use; see
 *	  cache_store.h.
 *
 * Keys come from clients, so the hash is a keyed one.
 */
#include "cache_store.h"

#include <sodium.h>
#include <stdlib.h>

#include "buffer.h"

#define BUCKETS 8192

typedef struct Item Item;
struct Item
{
	TpCacheEntry entry;
	Item *next; /* in its bucket */
	Item *newer;
	Item *older;
	size_t key_length;
	size_t size;
	char bytes[]; /* key, text */
};

struct TpCacheStore
{
	size_t limit;
	size_t bytes;
	Item *newest;
	Item *oldest;
	unsigned char secret[crypto_shorthash_KEYBYTES];
	Item *buckets[BUCKETS];
};

static Item **
bucket_of(TpCacheStore *store, TpSlice key)
{
	uint64_t hash;

	crypto_shorthash((unsigned char *) &hash, (const unsigned char *) key.data, key.length, store->secret);
	return &store->buckets[hash % BUCKETS];
}

/* Where the pointer to the key's item is, or would be. */
static Item **
find(TpCacheStore *store, TpSlice key)
{
	Item **at = bucket_of(store, key);

	while (*at != NULL && ((*at)->key_length != key.length || memcmp((*at)->bytes, key.data, key.length) != 0))
		at = &(*at)->next;
	return at;
}

static void
out_of_order(TpCacheStore *store, Item *item)
{
	*(item->newer == NULL ? &store->newest : &item->newer->older) = item->older;
	*(item->older == NULL ? &store->oldest : &item->older->newer) = item->newer;
}

static void
make_newest(TpCacheStore *store, Item *item)
{
	item->newer = NULL;
	item->older = store->newest;
	*(store->newest == NULL ? &store->oldest : &store->newest->newer) = item;
	store->newest = item;
}

static void
drop(TpCacheStore *store, Item **at)
{
	Item *item = *at;

	*at = item->next;
	out_of_order(store, item);
	store->bytes -= item->size;
	free(item);
}

const TpCacheEntry *
tp_cache_store_get(TpCacheStore *store, TpSlice key)
{
	Item *item = *find(store, key);

	if (item == NULL)
		return NULL;
	out_of_order(store, item);
	make_newest(store, item);
	return &item->entry;
}

void
tp_cache_store_put(TpCacheStore *store, TpSlice key, int64_t version, uint64_t born_ms, TpSlice text)
{
	size_t size = sizeof(Item) + key.length + text.length;
	Item **at = find(store, key);
	Item *item;

	if (*at != NULL)
		drop(store, at);
	if (size > store->limit / 8)
		return;
	while (store->bytes + size > store->limit)
		drop(store, find(store, (TpSlice){ store->oldest->bytes, store->oldest->key_length }));
	item = tp_realloc(NULL, size);
	memcpy(item->bytes, key.data, key.length);
	memcpy(item->bytes + key.length, text.data, text.length);
	item->key_length = key.length;
	item->size = size;
	item->entry = (TpCacheEntry){ version, born_ms, { item->bytes + key.length, text.length } };
	at = bucket_of(store, key);
	item->next = *at;
	*at = item;
	make_newest(store, item);
	store->bytes += size;
}

size_t
tp_cache_store_bytes(const TpCacheStore *store)
{
	return store->bytes;
}

TpCacheStore *
tp_cache_store_new(size_t bytes)
{
	TpCacheStore *store = tp_alloc(sizeof(TpCacheStore));

	store->limit = bytes;
	randombytes_buf(store->secret, sizeof(store->secret));
	return store;
}

void
tp_cache_store_free(TpCacheStore *store)
{
	while (store->oldest != NULL)
		drop(store, find(store, (TpSlice){ store->oldest->bytes, store->oldest->key_length }));
	free(store);
}
