/*
 * window.c
 *	  Which commands at or above the watermark are decided: a bitmap that slides.
 *
 * Ids come from one sequence, so they are dense and a bit each is enough: a
 * transaction that holds the watermark back while 100 million commands pass
 * costs 12 MB.
 */
#include "postgres.h"

#include "errcodes.h"
#include "utils/memutils.h"
#include "window.h"

/* More than this between watermark and newest id is not traffic but a broken sequence. */
#define MAX_SPAN (INT64CONST(1) << 33)

struct TpWindow
{
	int64 base;   /* multiple of 64; bit i of the ring stands for an id */
	uint64 words; /* power of two */
	uint64 *bits;
};

static uint64 *
allocate(uint64 words)
{
	return MemoryContextAllocExtended(TopMemoryContext, words * sizeof(uint64), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

TpWindow *
tradepost_window_create(int64 base)
{
	TpWindow *window = MemoryContextAlloc(TopMemoryContext, sizeof(TpWindow));

	window->base = base / 64 * 64;
	window->words = 1024;
	window->bits = allocate(window->words);
	for (int64 id = window->base; id < base; id++)
		tradepost_window_mark(window, id);
	return window;
}

static uint64 *
word_of(const TpWindow *window, int64 id)
{
	return &window->bits[(uint64) (id / 64) & (window->words - 1)];
}

bool
tradepost_window_decided(const TpWindow *window, int64 id)
{
	if (id < window->base)
		return true;
	if ((uint64) (id - window->base) / 64 >= window->words)
		return false;
	return (*word_of(window, id) & (UINT64CONST(1) << (id % 64))) != 0;
}

static void
grow(TpWindow *window, int64 id)
{
	TpWindow larger = *window;

	if (id - window->base > MAX_SPAN)
		elog(ERROR, "command id %lld is too far above the watermark %lld", (long long) id, (long long) window->base);
	while ((uint64) (id - window->base) / 64 >= larger.words)
		larger.words *= 2;
	larger.bits = allocate(larger.words);
	for (uint64 i = 0; i < window->words; i++)
		*word_of(&larger, window->base + (int64) i * 64) = *word_of(window, window->base + (int64) i * 64);
	pfree(window->bits);
	*window = larger;
}

void
tradepost_window_mark(TpWindow *window, int64 id)
{
	if (id < window->base)
		return;
	if ((uint64) (id - window->base) / 64 >= window->words)
		grow(window, id);
	*word_of(window, id) |= UINT64CONST(1) << (id % 64);
}

void
tradepost_window_advance(TpWindow *window, int64 base)
{
	int64 target = base / 64 * 64;

	if (target - window->base >= (int64) window->words * 64)
	{
		memset(window->bits, 0, window->words * sizeof(uint64));
		window->base = target;
	}
	while (window->base < target)
	{
		*word_of(window, window->base) = 0;
		window->base += 64;
	}
	for (int64 id = Max(target, window->base); id < base; id++)
		tradepost_window_mark(window, id);
}
