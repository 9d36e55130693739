/*
 * test_book.c
 *	  The bare book: queues, levels against a sorted list, and the stores below it.
 */
#include "book.h"
#include "tap.h"

#include <stdlib.h>

#define PRICES 400
#define LIVE 1500

typedef struct TpModelOrder
{
	bool live;
	uint32_t handle;
	TpSide side;
	int64_t price;
	int64_t remaining;
	int64_t turn; /* when it came to its queue */
} TpModelOrder;

static uint32_t
rest(TpBook *book, int64_t id, TpSide side, int64_t price, int64_t quantity)
{
	uint32_t order = tradepost_orders_add(book->pool, id, 1, quantity);

	tradepost_book_rest(book, order, side, price);
	return order;
}

static void
queues(TpTap *tap)
{
	TpOrders pool;
	TpBook book;
	uint32_t a;
	uint32_t b;
	uint32_t c;

	tradepost_orders_init(&pool);
	tradepost_book_init(&book, &pool);
	tradepost_tap_ok(tap, tp_book_best(&book, TP_BUY) == NULL, "an empty book has no best");
	a = rest(&book, 1, TP_BUY, 10, 5);
	b = rest(&book, 2, TP_BUY, 10, 6);
	c = rest(&book, 3, TP_BUY, 10, 7);
	tradepost_tap_ok(tap, tp_book_best(&book, TP_BUY)->head == a && tp_order_at(&pool, a)->next == b,
					 "first come, first");
	tradepost_book_reduce(&book, a, 2);
	tradepost_tap_ok(tap, tp_book_best(&book, TP_BUY)->head == a && tp_book_best(&book, TP_BUY)->quantity == 16,
					 "less keeps its place");
	tradepost_book_remove(&book, b);
	tradepost_tap_ok(tap, tp_order_at(&pool, a)->next == c && tp_order_at(&pool, c)->prev == a, "out of the middle");
	tradepost_tap_ok(tap, tradepost_orders_find(&pool, 2) == b, "it can be found until it is dropped");
	tradepost_orders_drop(&pool, b);
	tradepost_tap_ok(tap, tradepost_orders_find(&pool, 2) == TP_NONE, "not after");
	tradepost_book_rest(&book, tradepost_orders_add(&pool, 2, 1, 1), TP_BUY, 11);
	tradepost_tap_ok(tap, tp_book_best(&book, TP_BUY)->price == 11, "a better price is the best");
	rest(&book, 4, TP_SELL, 12, 1);
	rest(&book, 5, TP_SELL, 13, 1);
	tradepost_tap_ok(tap, tp_book_best(&book, TP_SELL)->price == 12, "asks the other way round");
	rest(&book, 6, TP_SELL, INT64_MIN, 1);
	rest(&book, 7, TP_BUY, INT64_MIN, 1);
	tradepost_tap_ok(tap, tp_book_best(&book, TP_SELL)->price == INT64_MIN && book.sides[TP_BUY].levels == 3,
					 "the same price on both sides is two levels");
	tradepost_book_destroy(&book);
	tradepost_orders_destroy(&pool);
}

/* Who is first at the best price of a side, by looking at all. */
static const TpModelOrder *
model_first(const TpModelOrder *orders, TpSide side)
{
	const TpModelOrder *first = NULL;

	for (int i = 0; i < LIVE; i++)
	{
		const TpModelOrder *o = &orders[i];

		if (!o->live || o->side != side)
			continue;
		if (first == NULL || tp_better(side, o->price, first->price) ||
			(o->price == first->price && o->turn < first->turn))
			first = o;
	}
	return first;
}

static bool
side_agrees(const TpBook *book, const TpModelOrder *orders, TpSide side)
{
	const TpModelOrder *first = model_first(orders, side);
	const TpBookLevel *best = tp_book_best(book, side);

	if (first == NULL || best == NULL)
		return first == NULL && best == NULL;
	return best->head == first->handle && best->price == first->price &&
		   tp_order_at(book->pool, best->head)->remaining == first->remaining;
}

static int
height(const TpOrders *pool, uint32_t node)
{
	int left;
	int right;

	if (node == TP_NONE)
		return 0;
	left = height(pool, tp_level_at(pool, node)->left);
	right = height(pool, tp_level_at(pool, node)->right);
	return (left > right ? left : right) + 1;
}

static void
change(TpBook *book, TpModelOrder *o, int64_t id)
{
	static int64_t turn;

	if (!o->live)
	{
		*o = (TpModelOrder){ .live = true, .side = rand() % 2, .turn = turn++ };
		o->remaining = 2 + rand() % 100;
		o->price = (rand() % PRICES) * 1000;
		o->handle = rest(book, id, o->side, o->price, o->remaining);
		return;
	}
	if (rand() % 3 == 0)
	{
		if (o->remaining > 1)
			tradepost_book_reduce(book, o->handle, 1);
		o->remaining -= o->remaining > 1;
		return;
	}
	tradepost_book_remove(book, o->handle);
	tradepost_orders_drop(book->pool, o->handle);
	o->live = false;
}

static void
against_a_list(TpTap *tap)
{
	static TpModelOrder orders[LIVE];
	TpOrders pool;
	TpBook book;
	bool same = true;
	int i;

	tradepost_orders_init(&pool);
	tradepost_book_init(&book, &pool);
	srand(1);
	for (i = 0; i < 60000 && same; i++)
	{
		int n = rand() % LIVE;

		change(&book, &orders[n], n);
		if (i % 10 == 0)
			same = side_agrees(&book, orders, TP_BUY) && side_agrees(&book, orders, TP_SELL);
	}
	tradepost_tap_ok(tap, same, "the first at the best price, whatever comes and goes");
	while (tp_book_best(&book, TP_BUY) != NULL && same)
	{
		uint32_t order = tp_book_best(&book, TP_BUY)->head;

		same = side_agrees(&book, orders, TP_BUY);
		orders[tp_order_at(&pool, order)->id].live = false;
		tradepost_book_remove(&book, order);
		tradepost_orders_drop(&pool, order);
	}
	tradepost_tap_ok(tap, same, "until one side is empty");
	tradepost_book_destroy(&book);
	tradepost_orders_destroy(&pool);
}

/* Prices in the order that is worst for a tree without balance. */
static void
rising_prices(TpTap *tap)
{
	TpOrders pool;
	TpBook book;
	int count = 100000;
	int64_t last = INT64_MAX;
	bool ordered = true;

	tradepost_orders_init(&pool);
	tradepost_book_init(&book, &pool);
	for (int i = 0; i < count; i++)
		rest(&book, i, TP_BUY, i, 1);
	tradepost_tap_ok(tap, height(&pool, book.sides[TP_BUY].root) <= 24, "100,000 rising prices: the tree stays low");
	for (int i = 1; i < count; i += 2)
		tradepost_book_remove(&book, tradepost_orders_find(&pool, i));
	tradepost_tap_ok(tap, height(&pool, book.sides[TP_BUY].root) <= 22 && book.sides[TP_BUY].levels == 50000,
					 "also after half of them went");
	for (const TpBookLevel *l = tp_book_best(&book, TP_BUY); l != NULL; l = tp_level_worse(&pool, l))
	{
		ordered &= l->price < last;
		last = l->price;
	}
	tradepost_tap_ok(tap, ordered && last == 0, "from best to worst");
	tradepost_book_destroy(&book);
	tradepost_orders_destroy(&pool);
}

/* Everything under one hash, and then a hole in the middle. */
static void
keymaps(TpTap *tap)
{
	TpKeymap map;
	uint32_t slot;
	int found = 0;

	tradepost_keymap_init(&map);
	for (uint32_t i = 1; i <= 1000; i++)
		tradepost_keymap_insert(&map, i <= 500 ? 7 : i * 2654435761u, i);
	for (uint32_t i = 1; i <= 500; i += 2)
		tradepost_keymap_remove(&map, 7, i);
	slot = 7;
	for (uint32_t handle; (handle = tp_keymap_next(&map, 7, &slot)) != TP_NONE;)
		found += handle <= 500 && handle % 2 == 0;
	tradepost_tap_ok(tap, found == 250, "a map with collisions loses none");
	found = 0;
	for (uint32_t i = 501; i <= 1000; i++)
	{
		uint32_t hash = i * 2654435761u;
		uint32_t handle;

		slot = hash;
		while ((handle = tp_keymap_next(&map, hash, &slot)) != TP_NONE && handle != i)
			;
		found += handle == i;
	}
	tradepost_tap_ok(tap, found == 500 && map.count == 750, "nor the others");
	tradepost_keymap_destroy(&map);
}

static void
slabs(TpTap *tap)
{
	TpSlab slab;
	void *first;
	uint32_t handle = 0;

	tradepost_slab_init(&slab, 64);
	first = tp_slab_at(&slab, tradepost_slab_take(&slab));
	for (uint32_t i = 0; i < 3 * TP_SLAB_CHUNK; i++)
		handle = tradepost_slab_take(&slab);
	tradepost_tap_ok(tap, tp_slab_at(&slab, 1) == first, "objects do not move");
	tradepost_tap_ok(tap, (uintptr_t) tp_slab_at(&slab, handle) % 64 == 0, "and start cache lines");
	tradepost_slab_give(&slab, 17);
	tradepost_tap_ok(tap, tradepost_slab_take(&slab) == 17, "what is given back is taken first");
	tradepost_slab_destroy(&slab);
}

int
main(void)
{
	TpTap tap = { .number = 0 };

	queues(&tap);
	against_a_list(&tap);
	rising_prices(&tap);
	keymaps(&tap);
	slabs(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed == 0 ? 0 : 1;
}
