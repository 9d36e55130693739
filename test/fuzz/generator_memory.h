/*
 * generator_memory.h
 *	  What the generator's files share: what it remembers of the stream so far, and
 *	  how it draws.  generator.c and generator_place.c only.
 */
#ifndef TRADEPOST_GENERATOR_MEMORY_H
#define TRADEPOST_GENERATOR_MEMORY_H

#include "generator.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(random, array) ((array)[between(random, 0, COUNT(array) - 1)])

#define REMEMBERED 48
#define QUEUED 4
#define NAMED 65536
#define SECOND INT64_C(1000000)
#define DAY (INT64_C(86400) * SECOND)

typedef struct TpMemory
{
	TpRandom *random;
	const TpWorld *world;
	TpInstrument instruments[TP_WORLD_INSTRUMENTS]; /* with the marks and states it believes in */
	TpCommand placed[REMEMBERED];                   /* that may rest or wait, the latest last */
	size_t n_placed;
	TpCommand queue[QUEUED]; /* the rest of a bracket */
	size_t n_queue;
	int64_t now;
	int64_t next_id;
	int64_t late_id;      /* drawn, used only later; 0 if none */
	uint8_t named[NAMED]; /* ids that some order named as its parent */
} TpMemory;

static inline int64_t
between(TpRandom *random, int64_t low, int64_t high)
{
	return tradepost_random_between(random, low, high);
}

static inline bool
chance(TpMemory *memory, double percent)
{
	return tradepost_random_chance(memory->random, percent);
}

/* Products that may leave 64 bits: then what is asked for is senseless, and that is as good. */
static inline int64_t
times(int64_t a, int64_t b)
{
	return (int64_t) ((uint64_t) a * (uint64_t) b);
}

/* generator.c */
extern int64_t tradepost_draw_id(TpMemory *memory);
extern TpInstrument *tradepost_draw_target(TpMemory *memory);
extern int64_t tradepost_draw_account(TpMemory *memory);
extern TpCommand tradepost_draw_blank(TpMemory *memory, TpCommandKind kind);
extern void tradepost_forget(TpMemory *memory, size_t at);
extern const TpInstrument *tradepost_instrument_of(const TpMemory *memory, const TpCommand *order);

/* generator_place.c; a bracket is begun by drawing its first order. */
extern int64_t tradepost_draw_price(TpMemory *memory, const TpInstrument *instrument, TpSide side);
extern int64_t tradepost_draw_stop_price(TpMemory *memory, const TpInstrument *instrument);
extern int64_t tradepost_draw_quantity(TpMemory *memory, const TpInstrument *instrument);
extern TpCommand tradepost_draw_place(TpMemory *memory);
extern TpCommand tradepost_draw_bracket(TpMemory *memory);
extern TpCommand tradepost_draw_queued(TpMemory *memory);

#endif
