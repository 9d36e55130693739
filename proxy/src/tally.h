/*
 * tally.h
 *	  A fixed table of numbers by hashed key, in memory that all workers share.
 *
 * Holds rate limits, scores and blocks: what may be forgotten when there is too much
 * of it, least valuable first. No locks: a slot is two atomics, and a race between
 * workers loses at most one count.
 */
#ifndef TRADEPOST_PROXY_TALLY_H
#define TRADEPOST_PROXY_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define TP_TALLY_WAYS 8

typedef struct TpTallySlot
{
	_Atomic uint64_t key; /* 0: free */
	_Atomic int64_t value;
} TpTallySlot;

typedef struct TpTally
{
	uint32_t sets; /* a power of two */
	TpTallySlot *slots;
} TpTally;

/*
 * The key's slot, made with value 0 if it is not there: then it takes the place of the
 * lowest value of its set (values grow with time, so that is the one nearest to its end).
 */
extern TpTallySlot *tp_tally_slot(TpTally *tally, uint64_t key);

/* The key's value; 0 if it is not there. */
extern int64_t tp_tally_get(const TpTally *tally, uint64_t key);

#endif
