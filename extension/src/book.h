/*
 * book.h
 *	  The order book of one instrument, and the orders of all of them.
 *
 * A book has two sides; a side is a ladder of price levels, best first; a level
 * is a queue of orders, oldest first.  The book knows places and quantities and
 * nothing else: whose order it is (`owner` is a number of the caller's), what it
 * may cost and when it ends is kept by the engine under the same handle.
 *
 * Costs, whatever users send: adding to a level that exists, cancelling,
 * reducing and taking the best are O(1); a new or vanishing level is O(log of the
 * levels of that side).  Nothing is ever moved in bulk.
 *
 * Called by match.c, the engine and the bare-book benchmark.  Pure: mem.h only.
 */
#ifndef TRADEPOST_BOOK_H
#define TRADEPOST_BOOK_H

#include "command.h"
#include "keymap.h"
#include "slab.h"

/* What matching and cancelling touch: half a cache line. */
typedef struct TpBookOrder
{
	int64_t id;
	int64_t remaining;
	uint32_t prev; /* older in the queue */
	uint32_t next;
	uint32_t level; /* TP_NONE: not in a book */
	uint32_t owner; /* equal owners are the same account */
} TpBookOrder;

/* One price of one side: one cache line. */
typedef struct TpBookLevel
{
	tp_int128 quantity; /* sum of what remains of its orders */
	int64_t price;
	uint32_t head; /* oldest order */
	uint32_t tail;
	uint32_t orders;
	uint32_t better; /* neighbours by price */
	uint32_t worse;
	uint32_t parent; /* the AVL tree of ladder.c */
	uint32_t left;   /* towards better */
	uint32_t right;
	int8_t balance; /* height(right) - height(left) */
	uint8_t side;
} TpBookLevel;

/* All orders of an engine, and the levels they stand on. */
typedef struct TpOrders
{
	TpSlab orders;
	TpSlab levels;
	TpKeymap by_id;
	uint64_t seed;
} TpOrders;

typedef struct TpLadder
{
	uint32_t root;
	uint32_t best;
	uint32_t levels;
	tp_int128 quantity;
} TpLadder;

typedef struct TpBook
{
	TpOrders *pool;
	TpLadder sides[2];
	TpKeymap by_price; /* of both sides */
} TpBook;

extern void tradepost_orders_init(TpOrders *pool);
extern void tradepost_orders_destroy(TpOrders *pool);

/*
 * A handle for an order that is not in a book yet; the id must not be there.  It can be
 * found until it is dropped, also after it left its book.
 */
extern uint32_t tradepost_orders_add(TpOrders *pool, int64_t id, uint32_t owner, int64_t remaining);
extern uint32_t tradepost_orders_find(const TpOrders *pool, int64_t id);
extern void tradepost_orders_drop(TpOrders *pool, uint32_t order);

/*
 * Hints for orders that will be wanted some commands later: first the id's slot, then, when
 * that has arrived, the order behind it (TP_NONE if unknown), then its neighbours.
 */
extern void tradepost_orders_prefetch_id(const TpOrders *pool, int64_t id);
extern uint32_t tradepost_orders_prefetch_order(const TpOrders *pool, int64_t id);

extern void tradepost_orders_prefetch_neighbours(const TpOrders *pool, int64_t id);

extern void tradepost_book_init(TpBook *book, TpOrders *pool);
extern void tradepost_book_destroy(TpBook *book); /* its orders become unreachable through it */

/* At the back of the queue at this price. */
extern void tradepost_book_rest(TpBook *book, uint32_t order, TpSide side, int64_t price);

/* Out of the book; the handle stays. */
extern void tradepost_book_remove(TpBook *book, uint32_t order);

/* Less of an order in its book, which keeps its place: 0 < by < remaining. */
extern void tradepost_book_reduce(TpBook *book, uint32_t order, int64_t by);

/* ladder.c: a level joins or leaves the tree and the chain of its side. */
extern void tradepost_ladder_insert(TpSlab *levels, TpLadder *ladder, uint32_t level);
extern void tradepost_ladder_remove(TpSlab *levels, TpLadder *ladder, uint32_t level);

static inline TpBookOrder *
tp_order_at(const TpOrders *pool, uint32_t order)
{
	return tp_slab_at(&pool->orders, order);
}

static inline TpBookLevel *
tp_level_at(const TpOrders *pool, uint32_t level)
{
	return tp_slab_at(&pool->levels, level);
}

/* The next level away from the best, NULL after the last. */
static inline TpBookLevel *
tp_level_worse(const TpOrders *pool, const TpBookLevel *level)
{
	return level->worse == TP_NONE ? NULL : tp_level_at(pool, level->worse);
}

/* The best level of a side, NULL if it is empty. */
static inline TpBookLevel *
tp_book_best(const TpBook *book, TpSide side)
{
	uint32_t best = book->sides[side].best;

	return best == TP_NONE ? NULL : tp_level_at(book->pool, best);
}

static inline TpSide
tp_opposite(TpSide side)
{
	return side == TP_BUY ? TP_SELL : TP_BUY;
}

/* Is price a, on this side, better than b? */
static inline bool
tp_better(TpSide side, int64_t a, int64_t b)
{
	return side == TP_BUY ? a > b : a < b;
}

/* Would an order of this side and limit trade at this opposite price? */
static inline bool
tp_crosses(TpSide side, int64_t limit, int64_t opposite)
{
	return side == TP_BUY ? opposite <= limit : opposite >= limit;
}

#endif
