/*
 * slab.h
 *	  Objects of one size, named by small integers that never move.
 *
 * Orders, price levels, balances and holdings all live in slabs.  A handle of 32 bits
 * instead of a pointer keeps the order that the book walks at half a cache
 * line; chunks instead of one growing array mean that no growth copies a
 * million orders while the market waits.  Called by the book and by the
 * engine's stores; touches only mem.h.
 */
#ifndef TRADEPOST_SLAB_H
#define TRADEPOST_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define TP_NONE 0 /* the handle of no object */
#define TP_SLAB_SHIFT 12
#define TP_SLAB_CHUNK (UINT32_C(1) << TP_SLAB_SHIFT)

typedef struct TpSlabChunk
{
	char *objects; /* starts a cache line */
	void *allocated;
} TpSlabChunk;

typedef struct TpSlab
{
	TpSlabChunk *chunks;
	size_t size; /* of one object */
	uint32_t n_chunks;
	uint32_t used;  /* handles 1..used were given out at least once */
	uint32_t *free; /* stack of returned handles: the warmest first */
	uint32_t n_free;
	uint32_t free_room;
} TpSlab;

extern void tradepost_slab_init(TpSlab *slab, size_t size);
extern void tradepost_slab_destroy(TpSlab *slab);

/* The object's bytes are zero the first time, afterwards what its last owner left. */
extern uint32_t tradepost_slab_take(TpSlab *slab);
extern void tradepost_slab_give(TpSlab *slab, uint32_t handle);

/*
 * For a slab whose handles another slab gives out (details of an order beside
 * the order): make room for this handle.
 */
extern void tradepost_slab_reach(TpSlab *slab, uint32_t handle);

static inline void *
tp_slab_at(const TpSlab *slab, uint32_t handle)
{
	return slab->chunks[handle >> TP_SLAB_SHIFT].objects + (size_t) (handle & (TP_SLAB_CHUNK - 1)) * slab->size;
}

#endif
