/*
 * tally.c
 *	  A small set-associative table in shared memory; see tally.h.
 */
#include "tally.h"

static TpTallySlot *
set_of(const TpTally *tally, uint64_t key)
{
	return tally->slots + (size_t) ((key >> 32) & (tally->sets - 1)) * TP_TALLY_WAYS;
}

TpTallySlot *
tp_tally_slot(TpTally *tally, uint64_t key)
{
	TpTallySlot *set = set_of(tally, key);
	TpTallySlot *victim = set;

	for (int i = 0; i < TP_TALLY_WAYS; i++)
	{
		uint64_t held = atomic_load_explicit(&set[i].key, memory_order_acquire);

		if (held == key)
			return &set[i];
		if (held == 0)
		{
			if (atomic_compare_exchange_strong(&set[i].key, &held, key) || held == key)
				return &set[i];
		}
		if (atomic_load_explicit(&set[i].value, memory_order_relaxed) <
			atomic_load_explicit(&victim->value, memory_order_relaxed))
			victim = &set[i];
	}
	atomic_store_explicit(&victim->value, 0, memory_order_relaxed);
	atomic_store_explicit(&victim->key, key, memory_order_release);
	return victim;
}

int64_t
tp_tally_get(const TpTally *tally, uint64_t key)
{
	const TpTallySlot *set = set_of(tally, key);

	for (int i = 0; i < TP_TALLY_WAYS; i++)
	{
		if (atomic_load_explicit(&set[i].key, memory_order_acquire) == key)
			return atomic_load_explicit(&set[i].value, memory_order_relaxed);
	}
	return 0;
}
