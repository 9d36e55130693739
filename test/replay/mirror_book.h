/*
 * mirror_book.h
 *	  The book as the events tell it, order by order.
 *
 * Used by event_check.c.  It does not match: it believes what it is told, and
 * complains about what cannot be (a fill of an order that is not there).
 * Orders are named by the index of the command that placed them.
 */
#ifndef TRADEPOST_MIRROR_BOOK_H
#define TRADEPOST_MIRROR_BOOK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct TpMirrorLevel
{
	int64_t price;
	int64_t quantity;
	int64_t orders;
} TpMirrorLevel;

typedef struct TpMirrorBook TpMirrorBook;

extern TpMirrorBook *tradepost_mirror_create(int32_t max_orders);
extern void tradepost_mirror_free(TpMirrorBook *book);

/* Each returns false, and changes nothing, if it cannot be. */
extern bool tradepost_mirror_add(TpMirrorBook *book, int32_t order, char side, int64_t price, int64_t quantity);
extern bool tradepost_mirror_take(TpMirrorBook *book, int32_t order, int64_t quantity); /* filled or decremented */
extern bool tradepost_mirror_remove(TpMirrorBook *book, int32_t order);
extern bool tradepost_mirror_amend(TpMirrorBook *book, int32_t order, int64_t price, int64_t total);

/* Level i (0 is the best) of side B or S; NULL if there are not so many. */
extern const TpMirrorLevel *tradepost_mirror_level(const TpMirrorBook *book, char side, int32_t i);
extern int32_t tradepost_mirror_depth(const TpMirrorBook *book, char side);

#endif
