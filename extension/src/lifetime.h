/*
 * lifetime.h
 *	  What ends when: a heap of orders and instruments by (time, orders first, id).
 *
 * A heap and not a list by time, because GTD times come from users; with the
 * position of each object kept, because nearly all orders end otherwise and must
 * leave it cheaply.  The positions are arrays of their own by handle: moving a heap
 * entry must not touch the order that it names.
 */
#ifndef TRADEPOST_LIFETIME_H
#define TRADEPOST_LIFETIME_H

#include <stdint.h>
#include "vec.h"

typedef enum TpMortal
{
	TP_MORTAL_ORDER = 0,
	TP_MORTAL_INSTRUMENT = 1
} TpMortal;

typedef struct TpLifetimeEntry
{
	int64_t expires_at;
	int64_t id;
	uint32_t handle;
	uint32_t kind;
} TpLifetimeEntry;

typedef struct TpLifetime
{
	TpVec heap;          /* TpLifetimeEntry */
	uint32_t *places[2]; /* by kind, handle: index in the heap + 1 */
	uint32_t n_places[2];
} TpLifetime;

extern void tradepost_lifetime_destroy(TpLifetime *lifetime);

/* TRADEPOST_TIME_NEVER is not kept.  Must not be there already. */
extern void
tradepost_lifetime_add(TpLifetime *lifetime, TpMortal kind, uint32_t handle, int64_t id, int64_t expires_at);

/* May be absent. */
extern void tradepost_lifetime_remove(TpLifetime *lifetime, TpMortal kind, uint32_t handle);

/* What ends first; NULL if nothing does. */
static inline const TpLifetimeEntry *
tp_lifetime_first(const TpLifetime *lifetime)
{
	return lifetime->heap.count == 0 ? NULL : lifetime->heap.items;
}

#endif
