/*
 * keymap.h
 *	  Open-addressing map from a hash to a handle.
 *
 * The map does not know the keys: it yields the handles filed under a hash and
 * the caller looks whether the object is the one it wants.  So one small
 * structure serves order ids, prices and (account, asset) pairs.  A slot is
 * 8 bytes, 32 of the hash and 32 of the handle; it is compared, moved and
 * rehashed without touching the objects.
 *
 * The seed keeps a user who picks prices (or ids) from picking collisions.  It is
 * taken from an address, the only thing a pure engine has that an attacker cannot
 * know; no result depends on it, because nothing iterates over a map.
 */
#ifndef TRADEPOST_KEYMAP_H
#define TRADEPOST_KEYMAP_H

#include <stdint.h>
#include "slab.h"

typedef struct TpKeymap
{
	uint64_t *slots; /* hash << 32 | handle; 0: empty */
	uint32_t mask;   /* slots - 1 */
	uint32_t count;
} TpKeymap;

extern void tradepost_keymap_init(TpKeymap *map);
extern void tradepost_keymap_destroy(TpKeymap *map);

/* No check that it is there already. */
extern void tradepost_keymap_insert(TpKeymap *map, uint32_t hash, uint32_t handle);

/* Must be there. */
extern void tradepost_keymap_remove(TpKeymap *map, uint32_t hash, uint32_t handle);

/* Finaliser of splitmix64: every input bit moves every output bit. */
static inline uint64_t
tp_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static inline uint32_t
tp_hash1(uint64_t seed, int64_t key)
{
	return (uint32_t) (tp_mix((uint64_t) key + seed) >> 32);
}

static inline uint32_t
tp_hash2(uint64_t seed, int64_t key, int32_t second)
{
	return (uint32_t) (tp_mix(tp_mix((uint64_t) key + seed) + (uint32_t) second) >> 32);
}

/*
 * The handles filed under a hash, one a call: start with *slot = hash, stop at
 * TP_NONE.
 */
static inline uint32_t
tp_keymap_next(const TpKeymap *map, uint32_t hash, uint32_t *slot)
{
	for (;;)
	{
		uint64_t entry = map->slots[*slot & map->mask];

		(*slot)++;
		if (entry == 0)
			return TP_NONE;
		if ((uint32_t) (entry >> 32) == hash)
			return (uint32_t) entry;
	}
}

static inline void
tp_keymap_prefetch(const TpKeymap *map, uint32_t hash)
{
	__builtin_prefetch(&map->slots[hash & map->mask]);
}

#endif
