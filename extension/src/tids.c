/*
 * tids.c
 *	  Where a table's rows are: from the primary key to the row's TID.
 *
 * 24 bytes a row in a hash table of the server's own kind.  It grows with the most
 * rows that were remembered at a time, which are those that the engine holds in memory
 * anyway, and is small again when it was cleared.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "tids.h"
#include "utils/memutils.h"

#define FIRST_ROOM 1024

typedef struct Place
{
	TpRowKey key;
	ItemPointerData tid;
	char status;
} Place;

static inline uint32
hash_key(TpRowKey key)
{
	return hash_combine(murmurhash32((uint32) key.first ^ (uint32) (key.first >> 32)),
						murmurhash32((uint32) key.second));
}

static inline bool
same_key(TpRowKey a, TpRowKey b)
{
	return a.first == b.first && a.second == b.second;
}

#define SH_PREFIX places
#define SH_ELEMENT_TYPE Place
#define SH_KEY_TYPE TpRowKey
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_key(key)
#define SH_EQUAL(table, a, b) same_key(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct TpTids
{
	places_hash *places;
};

TpTids *
tradepost_tids_create(void)
{
	TpTids *tids = MemoryContextAlloc(TopMemoryContext, sizeof(TpTids));

	tids->places = places_create(TopMemoryContext, FIRST_ROOM, NULL);
	return tids;
}

bool
tradepost_tids_get(TpTids *tids, TpRowKey key, ItemPointer tid)
{
	Place *place = places_lookup(tids->places, key);

	if (place == NULL)
		return false;
	*tid = place->tid;
	return true;
}

void
tradepost_tids_put(TpTids *tids, TpRowKey key, const ItemPointerData *tid)
{
	bool found;

	places_insert(tids->places, key, &found)->tid = *tid;
}

void
tradepost_tids_forget(TpTids *tids, TpRowKey key)
{
	(void) places_delete(tids->places, key);
}

void
tradepost_tids_clear(TpTids *tids)
{
	places_destroy(tids->places);
	tids->places = places_create(TopMemoryContext, FIRST_ROOM, NULL);
}

size_t
tradepost_tids_count(const TpTids *tids)
{
	return tids->places->members;
}
