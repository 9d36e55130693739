/*
 * keymap.c
 *	  See keymap.h.  Linear probing, at most half full; removal moves the
 *	  entries behind the hole back, so there are no tombstones and a map that
 *	  churns for years stays as fast as a new one.
 */
#include "keymap.h"
#include "mem.h"

#define FIRST_SLOTS 16

void
tradepost_keymap_init(TpKeymap *map)
{
	map->slots = tradepost_mem_alloc(FIRST_SLOTS * sizeof(uint64_t));
	map->mask = FIRST_SLOTS - 1;
	map->count = 0;
}

void
tradepost_keymap_destroy(TpKeymap *map)
{
	tradepost_mem_free(map->slots);
	*map = (TpKeymap){ 0 };
}

static void
put(TpKeymap *map, uint64_t entry)
{
	uint32_t slot = (uint32_t) (entry >> 32) & map->mask;

	while (map->slots[slot] != 0)
		slot = (slot + 1) & map->mask;
	map->slots[slot] = entry;
}

static void
grow(TpKeymap *map)
{
	uint64_t *old = map->slots;
	size_t n_old = (size_t) map->mask + 1;

	map->slots = tradepost_mem_alloc(n_old * 2 * sizeof(uint64_t));
	map->mask = (uint32_t) (n_old * 2 - 1);
	for (size_t i = 0; i < n_old; i++)
		if (old[i] != 0)
			put(map, old[i]);
	tradepost_mem_free(old);
}

void
tradepost_keymap_insert(TpKeymap *map, uint32_t hash, uint32_t handle)
{
	if (map->count > map->mask / 2)
		grow(map);
	put(map, (uint64_t) hash << 32 | handle);
	map->count++;
}

void
tradepost_keymap_remove(TpKeymap *map, uint32_t hash, uint32_t handle)
{
	uint64_t entry = (uint64_t) hash << 32 | handle;
	uint32_t mask = map->mask;
	uint32_t hole = hash & mask;

	while (map->slots[hole] != entry)
		hole = (hole + 1) & mask;
	for (uint32_t i = (hole + 1) & mask; map->slots[i] != 0; i = (i + 1) & mask)
	{
		uint32_t home = (uint32_t) (map->slots[i] >> 32) & mask;

		/* May move back only if that does not put it before its home. */
		if (((i - home) & mask) >= ((i - hole) & mask))
		{
			map->slots[hole] = map->slots[i];
			hole = i;
		}
	}
	map->slots[hole] = 0;
	map->count--;
}
