/*
 * mirror_book.c
 *	  The book as the events tell it.  Contract: mirror_book.h.
 *
 * A side is an array of levels with the best at its end: what comes and goes
 * is nearly always near the best price, so little is moved.
 */
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "mirror_book.h"

typedef struct MirrorOrder
{
	int64_t price;
	int64_t total;
	int64_t remaining; /* 0: not in the book */
	char side;
} MirrorOrder;

typedef struct MirrorSide
{
	TpMirrorLevel *levels; /* worst first */
	int32_t count;
	int32_t room;
	int direction; /* bids: a higher price is better (1), asks: a lower (-1) */
} MirrorSide;

struct TpMirrorBook
{
	MirrorSide sides[2]; /* bids, asks */
	int32_t max_orders;
	MirrorOrder *orders;
};

static MirrorSide *
side_of(const TpMirrorBook *book, char side)
{
	return (MirrorSide *) &book->sides[side == 'B' ? 0 : 1];
}

TpMirrorBook *
tradepost_mirror_create(int32_t max_orders)
{
	TpMirrorBook *book = tradepost_alloc(sizeof(TpMirrorBook));

	book->max_orders = max_orders;
	book->orders = tradepost_alloc(max_orders * sizeof(MirrorOrder));
	book->sides[0].direction = 1;
	book->sides[1].direction = -1;
	return book;
}

void
tradepost_mirror_free(TpMirrorBook *book)
{
	free(book->sides[0].levels);
	free(book->sides[1].levels);
	free(book->orders);
	free(book);
}

/*
 * Where a price is in a side, or would go.
 */
static int32_t
find_level(const MirrorSide *side, int64_t price)
{
	int32_t low = 0;
	int32_t high = side->count;

	while (low < high)
	{
		int32_t middle = low + (high - low) / 2;

		if ((price - side->levels[middle].price) * side->direction > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Adds to a level, which comes with its first order and goes with its last.
 */
static void
change_level(MirrorSide *side, int64_t price, int64_t quantity, int orders)
{
	int32_t at = find_level(side, price);
	TpMirrorLevel *level;

	if (at == side->count || side->levels[at].price != price)
	{
		if (side->count == side->room)
		{
			side->room = side->room ? 2 * side->room : 64;
			side->levels = tradepost_realloc(side->levels, side->room * sizeof(TpMirrorLevel));
		}
		memmove(side->levels + at + 1, side->levels + at, (side->count - at) * sizeof(TpMirrorLevel));
		side->levels[at] = (TpMirrorLevel){ .price = price };
		side->count++;
	}
	level = &side->levels[at];
	level->quantity += quantity;
	level->orders += orders;
	if (level->orders == 0)
	{
		memmove(level, level + 1, (side->count - at - 1) * sizeof(TpMirrorLevel));
		side->count--;
	}
}

static MirrorOrder *
open_order(TpMirrorBook *book, int32_t order)
{
	if (order < 0 || order >= book->max_orders || book->orders[order].remaining == 0)
		return NULL;
	return &book->orders[order];
}

bool
tradepost_mirror_add(TpMirrorBook *book, int32_t order, char side, int64_t price, int64_t quantity)
{
	if (order < 0 || order >= book->max_orders || book->orders[order].total != 0 || quantity <= 0)
		return false;
	book->orders[order] = (MirrorOrder){ .price = price, .total = quantity, .remaining = quantity, .side = side };
	change_level(side_of(book, side), price, quantity, 1);
	return true;
}

bool
tradepost_mirror_take(TpMirrorBook *book, int32_t number, int64_t quantity)
{
	MirrorOrder *order = open_order(book, number);

	if (order == NULL || quantity <= 0 || quantity > order->remaining)
		return false;
	order->remaining -= quantity;
	change_level(side_of(book, order->side), order->price, -quantity, order->remaining ? 0 : -1);
	return true;
}

bool
tradepost_mirror_remove(TpMirrorBook *book, int32_t number)
{
	MirrorOrder *order = open_order(book, number);

	return order != NULL && tradepost_mirror_take(book, number, order->remaining);
}

bool
tradepost_mirror_amend(TpMirrorBook *book, int32_t number, int64_t price, int64_t total)
{
	MirrorOrder *order = open_order(book, number);
	int64_t filled;

	if (order == NULL)
		return false;
	filled = order->total - order->remaining;
	if (total <= filled)
		return false;
	change_level(side_of(book, order->side), order->price, -order->remaining, -1);
	order->price = price;
	order->total = total;
	order->remaining = total - filled;
	change_level(side_of(book, order->side), price, order->remaining, 1);
	return true;
}

const TpMirrorLevel *
tradepost_mirror_level(const TpMirrorBook *book, char side, int32_t i)
{
	const MirrorSide *levels = side_of(book, side);

	return i < levels->count ? &levels->levels[levels->count - 1 - i] : NULL;
}

int32_t
tradepost_mirror_depth(const TpMirrorBook *book, char side)
{
	return side_of(book, side)->count;
}
