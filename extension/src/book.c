/*
 * book.c
 *	  Orders and their queues; see book.h.  The tree that keeps the levels in
 *	  order is in ladder.c.
 */
#include "book.h"

_Static_assert(sizeof(TpBookOrder) == 32, "two orders a cache line");
_Static_assert(sizeof(TpBookLevel) == 64, "one level a cache line");

void
tradepost_orders_init(TpOrders *pool)
{
	tradepost_slab_init(&pool->orders, sizeof(TpBookOrder));
	tradepost_slab_init(&pool->levels, sizeof(TpBookLevel));
	tradepost_keymap_init(&pool->by_id);
	pool->seed = tp_mix((uint64_t) (uintptr_t) pool->by_id.slots);
}

void
tradepost_orders_destroy(TpOrders *pool)
{
	tradepost_slab_destroy(&pool->orders);
	tradepost_slab_destroy(&pool->levels);
	tradepost_keymap_destroy(&pool->by_id);
}

uint32_t
tradepost_orders_add(TpOrders *pool, int64_t id, uint32_t owner, int64_t remaining)
{
	uint32_t order = tradepost_slab_take(&pool->orders);

	*tp_order_at(pool, order) = (TpBookOrder){ .id = id, .owner = owner, .remaining = remaining };
	tradepost_keymap_insert(&pool->by_id, tp_hash1(pool->seed, id), order);
	return order;
}

uint32_t
tradepost_orders_find(const TpOrders *pool, int64_t id)
{
	uint32_t hash = tp_hash1(pool->seed, id);
	uint32_t slot = hash;
	uint32_t order;

	while ((order = tp_keymap_next(&pool->by_id, hash, &slot)) != TP_NONE)
		if (tp_order_at(pool, order)->id == id)
			break;
	return order;
}

void
tradepost_orders_drop(TpOrders *pool, uint32_t order)
{
	tradepost_keymap_remove(&pool->by_id, tp_hash1(pool->seed, tp_order_at(pool, order)->id), order);
	tradepost_slab_give(&pool->orders, order);
}

void
tradepost_orders_prefetch_id(const TpOrders *pool, int64_t id)
{
	tp_keymap_prefetch(&pool->by_id, tp_hash1(pool->seed, id));
}

uint32_t
tradepost_orders_prefetch_order(const TpOrders *pool, int64_t id)
{
	uint32_t hash = tp_hash1(pool->seed, id);
	uint32_t slot = hash;
	uint32_t order = tp_keymap_next(&pool->by_id, hash, &slot);

	if (order != TP_NONE)
		__builtin_prefetch(tp_order_at(pool, order), 1);
	return order;
}

void
tradepost_orders_prefetch_neighbours(const TpOrders *pool, int64_t id)
{
	uint32_t hash = tp_hash1(pool->seed, id);
	uint32_t slot = hash;
	uint32_t order = tp_keymap_next(&pool->by_id, hash, &slot);
	const TpBookOrder *o;

	if (order == TP_NONE)
		return;
	o = tp_order_at(pool, order);
	if (o->prev != TP_NONE)
		__builtin_prefetch(tp_order_at(pool, o->prev), 1);
	if (o->next != TP_NONE)
		__builtin_prefetch(tp_order_at(pool, o->next), 1);
	if (o->level != TP_NONE)
		__builtin_prefetch(tp_level_at(pool, o->level), 1);
}

void
tradepost_book_init(TpBook *book, TpOrders *pool)
{
	*book = (TpBook){ .pool = pool };
	tradepost_keymap_init(&book->by_price);
}

void
tradepost_book_destroy(TpBook *book)
{
	tradepost_keymap_destroy(&book->by_price);
}

static uint32_t
find_level(const TpBook *book, TpSide side, int64_t price, uint32_t hash)
{
	uint32_t slot = hash;
	uint32_t handle;

	while ((handle = tp_keymap_next(&book->by_price, hash, &slot)) != TP_NONE)
	{
		const TpBookLevel *level = tp_level_at(book->pool, handle);

		if (level->price == price && level->side == side)
			break;
	}
	return handle;
}

static uint32_t
add_level(TpBook *book, TpSide side, int64_t price, uint32_t hash)
{
	TpOrders *pool = book->pool;
	uint32_t level = tradepost_slab_take(&pool->levels);

	*tp_level_at(pool, level) = (TpBookLevel){ .price = price, .side = (uint8_t) side };
	tradepost_ladder_insert(&pool->levels, &book->sides[side], level);
	tradepost_keymap_insert(&book->by_price, hash, level);
	return level;
}

static void
remove_level(TpBook *book, uint32_t handle)
{
	TpBookLevel *level = tp_level_at(book->pool, handle);

	tradepost_keymap_remove(&book->by_price, tp_hash2(book->pool->seed, level->price, level->side), handle);
	tradepost_ladder_remove(&book->pool->levels, &book->sides[level->side], handle);
	tradepost_slab_give(&book->pool->levels, handle);
}

void
tradepost_book_rest(TpBook *book, uint32_t order, TpSide side, int64_t price)
{
	TpOrders *pool = book->pool;
	uint32_t hash = tp_hash2(pool->seed, price, side);
	uint32_t handle = find_level(book, side, price, hash);
	TpBookOrder *o = tp_order_at(pool, order);
	TpBookLevel *level;

	if (handle == TP_NONE)
		handle = add_level(book, side, price, hash);
	level = tp_level_at(pool, handle);
	o->level = handle;
	o->prev = level->tail;
	o->next = TP_NONE;
	if (level->tail == TP_NONE)
		level->head = order;
	else
		tp_order_at(pool, level->tail)->next = order;
	level->tail = order;
	level->orders++;
	level->quantity += o->remaining;
	book->sides[side].quantity += o->remaining;
}

void
tradepost_book_remove(TpBook *book, uint32_t order)
{
	TpOrders *pool = book->pool;
	TpBookOrder *o = tp_order_at(pool, order);
	uint32_t handle = o->level;
	TpBookLevel *level = tp_level_at(pool, handle);

	if (o->prev == TP_NONE)
		level->head = o->next;
	else
		tp_order_at(pool, o->prev)->next = o->next;
	if (o->next == TP_NONE)
		level->tail = o->prev;
	else
		tp_order_at(pool, o->next)->prev = o->prev;
	o->level = o->prev = o->next = TP_NONE;
	level->quantity -= o->remaining;
	book->sides[level->side].quantity -= o->remaining;
	if (--level->orders == 0)
		remove_level(book, handle);
}

void
tradepost_book_reduce(TpBook *book, uint32_t order, int64_t by)
{
	TpBookOrder *o = tp_order_at(book->pool, order);
	TpBookLevel *level = tp_level_at(book->pool, o->level);

	o->remaining -= by;
	level->quantity -= by;
	book->sides[level->side].quantity -= by;
}
