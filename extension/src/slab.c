/*
 * slab.c
 *	  See slab.h.
 */
#include "mem.h"
#include "slab.h"

#define CACHE_LINE 64

void
tradepost_slab_init(TpSlab *slab, size_t size)
{
	*slab = (TpSlab){ .size = size };
}

void
tradepost_slab_destroy(TpSlab *slab)
{
	for (uint32_t i = 0; i < slab->n_chunks; i++)
		tradepost_mem_free(slab->chunks[i].allocated);
	tradepost_mem_free(slab->chunks);
	tradepost_mem_free(slab->free);
	*slab = (TpSlab){ .size = slab->size };
}

void
tradepost_slab_reach(TpSlab *slab, uint32_t handle)
{
	uint32_t chunk = handle >> TP_SLAB_SHIFT;

	if (chunk < slab->n_chunks)
		return;
	slab->chunks = tradepost_mem_realloc(slab->chunks, (chunk + 1) * sizeof(TpSlabChunk));
	while (slab->n_chunks <= chunk)
	{
		TpSlabChunk *new = &slab->chunks[slab->n_chunks];
		size_t skip;

		new->allocated = tradepost_mem_alloc(TP_SLAB_CHUNK * slab->size + CACHE_LINE);
		skip = CACHE_LINE - (uintptr_t) new->allocated % CACHE_LINE;
		new->objects = (char *) new->allocated + skip;
		slab->n_chunks++;
	}
}

uint32_t
tradepost_slab_take(TpSlab *slab)
{
	if (slab->n_free > 0)
		return slab->free[--slab->n_free];
	slab->used++;
	tradepost_slab_reach(slab, slab->used);
	return slab->used;
}

void
tradepost_slab_give(TpSlab *slab, uint32_t handle)
{
	if (slab->n_free == slab->free_room)
	{
		slab->free_room = slab->free_room == 0 ? 64 : slab->free_room * 2;
		slab->free = tradepost_mem_realloc(slab->free, slab->free_room * sizeof(uint32_t));
	}
	slab->free[slab->n_free++] = handle;
}
