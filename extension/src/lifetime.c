/*
 * lifetime.c
 *	  See lifetime.h.  A four-way heap: three in four entries are leaves, so a
 *	  removal from somewhere moves little.  Called by the engine only.
 */
#include <string.h>
#include "command.h"
#include "lifetime.h"

#define WAYS 4

void
tradepost_lifetime_destroy(TpLifetime *lifetime)
{
	tp_vec_free(&lifetime->heap);
	for (int kind = 0; kind < 2; kind++)
		tradepost_mem_free(lifetime->places[kind]);
	*lifetime = (TpLifetime){ 0 };
}

static bool
before(const TpLifetimeEntry *a, const TpLifetimeEntry *b)
{
	if (a->expires_at != b->expires_at)
		return a->expires_at < b->expires_at;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->id < b->id;
}

static void
put(TpLifetime *lifetime, size_t i, TpLifetimeEntry entry)
{
	TP_AT(&lifetime->heap, TpLifetimeEntry, i) = entry;
	lifetime->places[entry.kind][entry.handle] = (uint32_t) i + 1;
}

static void
sift_up(TpLifetime *lifetime, size_t i, TpLifetimeEntry entry)
{
	TpLifetimeEntry *heap = lifetime->heap.items;

	while (i > 0 && before(&entry, &heap[(i - 1) / WAYS]))
	{
		put(lifetime, i, heap[(i - 1) / WAYS]);
		i = (i - 1) / WAYS;
	}
	put(lifetime, i, entry);
}

static void
sift_down(TpLifetime *lifetime, size_t i, TpLifetimeEntry entry)
{
	TpLifetimeEntry *heap = lifetime->heap.items;
	size_t count = lifetime->heap.count;

	for (;;)
	{
		size_t child = i * WAYS + 1;
		size_t last = child + WAYS < count ? child + WAYS : count;
		size_t first = child;

		if (child >= count)
			break;
		while (++child < last)
			if (before(&heap[child], &heap[first]))
				first = child;
		if (!before(&heap[first], &entry))
			break;
		put(lifetime, i, heap[first]);
		i = first;
	}
	put(lifetime, i, entry);
}

static void
reach(TpLifetime *lifetime, TpMortal kind, uint32_t handle)
{
	uint32_t old = lifetime->n_places[kind];
	uint32_t room = old == 0 ? 64 : old;

	if (handle < old)
		return;
	while (room <= handle)
		room *= 2;
	lifetime->places[kind] = tradepost_mem_realloc(lifetime->places[kind], room * sizeof(uint32_t));
	memset(lifetime->places[kind] + old, 0, (room - old) * sizeof(uint32_t));
	lifetime->n_places[kind] = room;
}

void
tradepost_lifetime_add(TpLifetime *lifetime, TpMortal kind, uint32_t handle, int64_t id, int64_t expires_at)
{
	TpLifetimeEntry entry = { .expires_at = expires_at, .id = id, .handle = handle, .kind = kind };

	if (expires_at == TRADEPOST_TIME_NEVER)
		return;
	reach(lifetime, kind, handle);
	tp_vec_push(&lifetime->heap, sizeof(entry));
	sift_up(lifetime, lifetime->heap.count - 1, entry);
}

void
tradepost_lifetime_remove(TpLifetime *lifetime, TpMortal kind, uint32_t handle)
{
	TpLifetimeEntry *heap = lifetime->heap.items;
	TpLifetimeEntry last;
	size_t hole;

	if (handle >= lifetime->n_places[kind] || lifetime->places[kind][handle] == 0)
		return;
	hole = lifetime->places[kind][handle] - 1;
	lifetime->places[kind][handle] = 0;
	last = heap[--lifetime->heap.count];
	if (hole == lifetime->heap.count)
		return;
	if (hole > 0 && before(&last, &heap[(hole - 1) / WAYS]))
		sift_up(lifetime, hole, last);
	else
		sift_down(lifetime, hole, last);
}
