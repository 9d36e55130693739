/*
 * book_text.h
 *	  An order book as text: its levels, its JSON, its checksum, and what changed between
 *	  two of them.  Pure.
 */
#ifndef TRADEPOST_PROXY_BOOK_TEXT_H
#define TRADEPOST_PROXY_BOOK_TEXT_H

#include "event.h"

/* The decimals point into the book's text. */
typedef struct TpBookLevel
{
	uint32_t price; /* where in text */
	uint32_t quantity;
	uint16_t price_length;
	uint16_t quantity_length;
	int64_t orders;
} TpBookLevel;

#define TP_BOOK_SIDES 2 /* 0: bids, 1: asks; best first */

typedef struct TpBook
{
	const TpInstrumentInfo *instrument;
	int64_t seq;     /* exactly the events up to it are in the book */
	int64_t time_us; /* when it was read */
	TpBookLevel *levels[TP_BOOK_SIDES];
	int count[TP_BOOK_SIDES];
	int capacity[TP_BOOK_SIDES];
	TpBuffer text;
	uint32_t checksum;
} TpBook;

extern void tp_book_clear(TpBook *book); /* keeps the memory */
extern void tp_book_free(TpBook *book);
extern void tp_book_copy(TpBook *to, const TpBook *from);
extern void tp_book_add(TpBook *book, int side, TpSlice price, TpSlice quantity, int64_t orders);

static inline TpSlice
tp_book_price(const TpBook *book, const TpBookLevel *level)
{
	return (TpSlice){ book->text.data + level->price, level->price_length };
}

static inline TpSlice
tp_book_quantity(const TpBook *book, const TpBookLevel *level)
{
	return (TpSlice){ book->text.data + level->quantity, level->quantity_length };
}

/*
 * CRC-32 (as zlib's) of the best 25 levels: "price:quantity" of the first bid, of the first ask, of the second bid, ...
 * joined by ':'; a side that has no more levels is left out.
 */
#define TP_BOOK_CHECKED 25
extern uint32_t tp_book_checksum(const TpBook *book);

/*
 * {"symbol","asset","contract","seq","checksum","bids":[{"price","amount","quantity","orders"}],"asks":[...],"updatedAt"},
 * with at most `depth` levels a side.
 */
extern void tp_book_json(TpBuffer *out, const TpBook *book, int depth);

/* [["buy","99.5","3"],...]: what leads from one to the other; quantity "0" takes the level away. Returns how many. */
extern int tp_book_changes(TpBuffer *out, const TpBook *from, const TpBook *to);

/* Whether they have the same levels. */
extern bool tp_book_same(const TpBook *a, const TpBook *b);

#endif
