/*
 * engine_check.c
 *	  See engine_check.h.  The one place outside extension/src that looks inside
 *	  the engine; slow and simple on purpose.
 */
#include "engine_check.h"
#include "engine_state.h"

#include <stdio.h>

#define REQUIRE(condition, what) \
	do                           \
	{                            \
		if (!(condition))        \
			return (what);       \
	} while (0)

/* Height of a subtree of levels, -1 if it is no AVL tree or out of order. */
static int
tree_height(const TpOrders *pool, uint32_t node, uint32_t parent, uint32_t *next)
{
	const TpBookLevel *level;
	int left;
	int right;

	if (node == TP_NONE)
		return 0;
	level = tp_level_at(pool, node);
	if (level->parent != parent)
		return -1;
	left = tree_height(pool, level->left, node, next);
	if (left < 0 || *next != node)
		return -1;
	*next = level->worse;
	right = tree_height(pool, level->right, node, next);
	if (right < 0 || right - left != level->balance || level->balance < -1 || level->balance > 1)
		return -1;
	return (left > right ? left : right) + 1;
}

static const char *
check_queue(const TpEngine *engine, const TpMarket *market, const TpBookLevel *level, uint32_t handle)
{
	tp_int128 quantity = 0;
	uint32_t count = 0;
	uint32_t previous = TP_NONE;
	int64_t rank = INT64_MIN;

	for (uint32_t o = level->head; o != TP_NONE; o = tp_order(engine, o)->next)
	{
		const TpBookOrder *order = tp_order(engine, o);
		const TpOrderState *state = &tp_details(engine, o)->state;

		REQUIRE(order->prev == previous && order->level == handle, "a queue's links are broken");
		REQUIRE(order->id == state->id && order->remaining > 0, "an order without a remainder rests");
		REQUIRE(order->remaining == state->quantity - state->filled, "remaining is not quantity - filled");
		REQUIRE(state->price == level->price && state->side == level->side, "an order stands at the wrong level");
		REQUIRE(state->rank > rank, "a queue is not in rank order");
		REQUIRE(state->status == (state->filled > 0 ? TP_ORDER_PARTIALLY_FILLED : TP_ORDER_OPEN),
				"a resting order has the wrong status");
		REQUIRE(!tp_is_market_kind(state->type), "a market order rests");
		REQUIRE(order->owner == tp_details(engine, o)->holding->handle &&
					tp_details(engine, o)->holding->market == market,
				"an order's owner is wrong");
		REQUIRE(tradepost_orders_find(&engine->orders, order->id) == o, "an order is not found by its id");
		rank = state->rank;
		previous = o;
		quantity += order->remaining;
		count++;
	}
	REQUIRE(level->tail == previous && level->orders == count && count > 0, "a level's queue does not add up");
	REQUIRE(level->quantity == quantity, "a level's quantity does not add up");
	return NULL;
}

/* What is true of an untriggered order wherever it waits. */
static const char *
check_waiting(const TpEngine *engine, const TpMarket *market, uint32_t o)
{
	const TpBookOrder *order = tp_order(engine, o);
	const TpOrder *details = tp_details(engine, o);
	const TpOrderState *state = &details->state;

	REQUIRE(state->status == TP_ORDER_UNTRIGGERED && state->filled == 0, "what waits is not untriggered");
	REQUIRE(order->id == state->id && order->remaining == state->quantity && order->remaining > 0,
			"an untriggered order's remainder is not its quantity");
	REQUIRE(tp_is_triggered_kind(state->type), "an order waits that has nothing to wait for");
	REQUIRE(state->type == TP_STOP_LIMIT || state->price == 0, "an untriggered market kind has a price");
	REQUIRE(details->reserved == 0, "an untriggered order reserves something");
	REQUIRE(details->holding->market == market && order->owner == details->holding->handle,
			"an untriggered order's owner is wrong");
	REQUIRE(tradepost_orders_find(&engine->orders, order->id) == o, "an untriggered order is not found by its id");
	return NULL;
}

static const char *
check_armed_queue(const TpEngine *engine, const TpMarket *market, const TpBookLevel *level, uint32_t handle)
{
	uint32_t previous = TP_NONE;
	tp_int128 quantity = 0;
	uint32_t count = 0;

	for (uint32_t o = level->head; o != TP_NONE; o = tp_order(engine, o)->next)
	{
		const TpOrderState *state = &tp_details(engine, o)->state;
		const char *wrong = check_waiting(engine, market, o);
		bool rise = state->side == TP_BUY ? state->type != TP_TAKE_PROFIT : state->type == TP_TAKE_PROFIT;

		REQUIRE(wrong == NULL, wrong);
		REQUIRE(tp_order(engine, o)->prev == previous && tp_order(engine, o)->level == handle,
				"a queue of armed orders is broken");
		REQUIRE(state->rank > 0, "a dormant order is armed");
		REQUIRE(state->stop_price == level->price && level->side == (rise ? TP_SELL : TP_BUY),
				"an armed order waits at the wrong level");
		previous = o;
		quantity += tp_order(engine, o)->remaining;
		count++;
	}
	REQUIRE(level->tail == previous && level->orders == count && count > 0 && level->quantity == quantity,
			"a level of armed orders does not add up");
	return NULL;
}

typedef const char *(*TpCheckQueue)(const TpEngine *engine, const TpMarket *market, const TpBookLevel *level,
									uint32_t handle);

static const char *
check_side(const TpEngine *engine, const TpMarket *market, const TpBook *book, TpCheckQueue check, TpSide side,
		   size_t *n_open)
{
	const TpLadder *ladder = &book->sides[side];
	uint32_t next = ladder->best;
	uint32_t better = TP_NONE;
	uint32_t count = 0;
	tp_int128 quantity = 0;

	REQUIRE(tree_height(&engine->orders, ladder->root, TP_NONE, &next) >= 0 && next == TP_NONE,
			"the tree of levels is broken");
	for (uint32_t l = ladder->best; l != TP_NONE; l = tp_level_at(&engine->orders, l)->worse)
	{
		const TpBookLevel *level = tp_level_at(&engine->orders, l);
		const char *wrong = check(engine, market, level, l);

		REQUIRE(wrong == NULL, wrong);
		REQUIRE(level->better == better && level->side == side, "the chain of levels is broken");
		REQUIRE(better == TP_NONE || tp_better(side, tp_level_at(&engine->orders, better)->price, level->price),
				"levels are not in price order");
		better = l;
		quantity += level->quantity;
		*n_open += level->orders;
		count++;
	}
	REQUIRE(ladder->levels == count && ladder->quantity == quantity, "a side does not add up");
	return NULL;
}

static const char *
check_book(const TpEngine *engine, const TpMarket *market, size_t *n_open)
{
	const TpBookLevel *bid = tp_book_best(&market->book, TP_BUY);
	const TpBookLevel *ask = tp_book_best(&market->book, TP_SELL);
	const char *wrong;

	REQUIRE(bid == NULL || ask == NULL || bid->price < ask->price, "a book is crossed");
	REQUIRE(market->book.by_price.count == market->book.sides[0].levels + market->book.sides[1].levels,
			"the map of prices does not add up");
	wrong = check_side(engine, market, &market->book, check_queue, TP_BUY, n_open);
	return wrong != NULL ? wrong : check_side(engine, market, &market->book, check_queue, TP_SELL, n_open);
}

/* Nothing that is armed is due, or it would have fired. */
static const char *
check_armed(const TpEngine *engine, const TpMarket *market, size_t *n_waiting)
{
	const TpBookLevel *fall = tp_book_best(&market->armed, TP_BUY);
	const TpBookLevel *rise = tp_book_best(&market->armed, TP_SELL);
	uint32_t previous = TP_NONE;
	const char *wrong;

	REQUIRE(market->armed.by_price.count == market->armed.sides[0].levels + market->armed.sides[1].levels,
			"the map of stop prices does not add up");
	REQUIRE(market->rises_at == (rise == NULL ? INT64_MAX : rise->price) &&
				market->falls_at == (fall == NULL ? INT64_MIN : fall->price),
			"the nearest stop prices are wrong");
	REQUIRE(market->spec.last_trade_seq == 0 || ((rise == NULL || rise->price > market->spec.last_price) &&
												 (fall == NULL || fall->price < market->spec.last_price)),
			"an armed order should have fired");
	for (int side = TP_BUY; side <= TP_SELL; side++)
	{
		wrong = check_side(engine, market, &market->armed, check_armed_queue, (TpSide) side, n_waiting);
		REQUIRE(wrong == NULL, wrong);
	}
	for (uint32_t o = market->first_dormant; o != TP_NONE; o = tp_order(engine, o)->next)
	{
		wrong = check_waiting(engine, market, o);
		REQUIRE(wrong == NULL, wrong);
		REQUIRE(tp_order(engine, o)->prev == previous && tp_order(engine, o)->level == TP_NONE,
				"the chain of dormant orders is broken");
		REQUIRE(tp_details(engine, o)->state.rank < 0 && tp_details(engine, o)->state.parent_id != 0,
				"an order is dormant that has no parent");
		previous = o;
		++*n_waiting;
	}
	return NULL;
}

static const char *
check_lifetime(const TpEngine *engine)
{
	size_t mortal = 0;

	for (uint32_t o = 1; o <= engine->orders.orders.used; o++)
		mortal += tp_stands(engine, o) && tp_details(engine, o)->state.expires_at != TRADEPOST_TIME_NEVER;
	for (uint32_t m = 1; m <= engine->markets.used; m++)
	{
		const TpMarket *market = tp_slab_at(&engine->markets, m);

		mortal += market->spec.status != TP_INSTRUMENT_EXPIRED && market->spec.expires_at != TRADEPOST_TIME_NEVER;
	}
	REQUIRE(engine->lifetime.heap.count == mortal, "the heap of lifetimes has the wrong size");
	for (size_t i = 0; i < mortal; i++)
	{
		const TpLifetimeEntry *entry = &TP_AT(&engine->lifetime.heap, TpLifetimeEntry, i);
		const TpLifetimeEntry *above = &TP_AT(&engine->lifetime.heap, TpLifetimeEntry, i == 0 ? 0 : (i - 1) / 4);

		REQUIRE(engine->lifetime.places[entry->kind][entry->handle] == i + 1, "a place in the heap is wrong");
		REQUIRE(above->expires_at <= entry->expires_at, "the heap is out of order");
		REQUIRE(entry->kind == TP_MORTAL_INSTRUMENT || tp_stands(engine, entry->handle),
				"a closed order is in the heap");
	}
	return NULL;
}

/* One holding's kept numbers against its orders. */
static const char *
check_holding(TpEngine *engine, TpHolding *holding)
{
	const TpMarket *market = holding->market;
	TpExposure exposure = { .position = holding->position };
	bool contract = market->spec.kind == TP_FUTURE;
	uint32_t count = 0;
	uint32_t waiting = 0;
	size_t slot = holding->holder_slot;

	for (uint32_t o = holding->first_order; o != TP_NONE; o = tp_details(engine, o)->next)
	{
		TpTerms terms = tradepost_order_terms(engine, o);

		REQUIRE(tp_rests(engine, o) && tp_details(engine, o)->holding == holding, "a stranger is in a chain");
		REQUIRE(tp_details(engine, o)->reserved == tradepost_risk_reserve(market, &terms),
				"an order's reservation is not what it needs");
		*(terms.side == TP_BUY ? &exposure.open_bids : &exposure.open_asks) += terms.remaining;
		exposure.loss += tradepost_risk_loss(market, terms.side, terms.price, terms.remaining);
		count++;
	}
	REQUIRE(count == holding->n_orders, "a chain has the wrong length");
	for (uint32_t o = holding->first_waiting; o != TP_NONE; o = tp_details(engine, o)->next)
	{
		REQUIRE(tp_waits(engine, o) && tp_details(engine, o)->holding == holding, "a stranger is in a chain");
		waiting++;
	}
	REQUIRE(waiting == holding->n_waiting, "a chain of untriggered orders has the wrong length");
	REQUIRE(holding->active == (count > 0 || waiting > 0 || holding->position != 0), "a holding is hung up wrongly");
	REQUIRE(contract || holding->position == 0, "a spot holding has a position");
	REQUIRE((slot != 0) == (holding->position != 0), "the list of holders is wrong");
	REQUIRE(slot == 0 || TP_AT(&market->holders, TpHolding *, slot - 1) == holding, "a holder's slot is wrong");
	if (!contract)
		return NULL;
	REQUIRE(holding->open_bids == exposure.open_bids && holding->open_asks == exposure.open_asks,
			"open quantities do not add up");
	tradepost_risk_refresh(engine, holding);
	REQUIRE(holding->loss == exposure.loss, "losses do not add up");
	REQUIRE(holding->margin == tradepost_risk_margin(&market->spec, &exposure), "a margin is out of date");
	REQUIRE(holding->maintenance == tradepost_risk_maintenance(&market->spec, holding->position),
			"a maintenance is out of date");
	REQUIRE(holding->equity ==
				tp_value_between(&market->scale, holding->position, market->spec.reference, market->spec.mark),
			"an equity is out of date");
	return NULL;
}

static bool
hangs_on(const TpHolding *holding, const TpBalance *balance)
{
	for (const TpHolding *h = balance->active[holding->market->spec.kind]; h != NULL; h = h->next_active)
		if (h == holding)
			return true;
	return false;
}

static const char *
check_balance(TpEngine *engine, TpBalance *balance, tp_int128 *free)
{
	tp_int128 reserved = 0;

	*free = balance->total;
	for (uint32_t i = 1; i <= engine->accounts.holdings.used; i++)
	{
		TpHolding *holding = tp_holding_at(&engine->accounts, i);
		bool quote = holding->quote == balance;

		if (!quote && holding->base != balance)
			continue;
		if (quote && holding->market->spec.kind == TP_FUTURE)
			*free += holding->equity - holding->margin;
		if (quote)
			REQUIRE(hangs_on(holding, balance) == holding->active, "a holding is not where it should hang");
		for (uint32_t o = holding->first_order; o != TP_NONE; o = tp_details(engine, o)->next)
		{
			bool ask = tp_details(engine, o)->state.side == TP_SELL && holding->base != NULL;

			if ((ask ? holding->base : holding->quote) == balance)
				reserved += tp_details(engine, o)->reserved;
		}
	}
	REQUIRE(balance->reserved == reserved, "reserved is not the sum of the orders'");
	*free -= reserved;
	REQUIRE(tradepost_risk_free_funds(engine, balance) == *free, "free funds do not add up");
	return NULL;
}

/* Every asset and every contract sums to zero. */
static const char *
check_conservation(const TpEngine *engine)
{
	for (uint32_t i = 1; i <= engine->accounts.balances.used; i++)
	{
		int32_t asset = ((TpBalance *) tp_slab_at(&engine->accounts.balances, i))->asset;
		tp_int128 sum = 0;

		for (uint32_t j = 1; j <= engine->accounts.balances.used; j++)
		{
			const TpBalance *balance = tp_slab_at(&engine->accounts.balances, j);

			sum += balance->asset == asset ? balance->total : 0;
		}
		REQUIRE(sum == 0, "an asset does not sum to zero");
	}
	for (uint32_t m = 1; m <= engine->markets.used; m++)
	{
		const TpMarket *market = tp_slab_at(&engine->markets, m);
		tp_int128 sum = 0;

		for (size_t i = 0; i < market->holders.count; i++)
			sum += TP_AT(&market->holders, TpHolding *, i)->position;
		REQUIRE(sum == 0, "a contract does not sum to zero");
		REQUIRE(market->spec.status != TP_INSTRUMENT_EXPIRED || market->holders.count == 0,
				"an expired contract is still held");
	}
	return NULL;
}

static const char *
check_money(TpEngine *engine)
{
	for (uint32_t i = 1; i <= engine->accounts.holdings.used; i++)
	{
		const char *wrong = check_holding(engine, tp_holding_at(&engine->accounts, i));

		REQUIRE(wrong == NULL, wrong);
	}
	for (uint32_t i = 1; i <= engine->accounts.balances.used; i++)
	{
		tp_int128 free;
		const char *wrong = check_balance(engine, tp_slab_at(&engine->accounts.balances, i), &free);

		REQUIRE(wrong == NULL, wrong);
	}
	return check_conservation(engine);
}

/* Flags and lists agree, and what is not listed counts in the checksum as it is. */
static const char *
check_dirty(const TpEngine *engine)
{
	uint64_t sum = 0;
	size_t orders = 0;
	size_t balances = 0;
	size_t holdings = 0;

	for (uint32_t o = 1; o <= engine->orders.orders.used; o++)
	{
		const TpOrder *details = tp_details(engine, o);

		if (tradepost_orders_find(&engine->orders, tp_order(engine, o)->id) != o)
			continue;
		orders += details->dirty;
		sum += details->hash;
		REQUIRE(details->dirty || details->hash == tradepost_hash_order(&details->state),
				"an order changed and is not listed");
	}
	for (uint32_t i = 1; i <= engine->accounts.balances.used; i++)
	{
		const TpBalance *balance = tp_slab_at(&engine->accounts.balances, i);
		TpBalanceState state = tp_balance_state(balance);
		bool empty = state.total == 0 && state.reserved == 0;

		balances += balance->dirty;
		sum += balance->hash;
		REQUIRE(balance->dirty || balance->hash == (empty ? 0 : tradepost_hash_balance(&state)),
				"a balance changed and is not listed");
	}
	for (uint32_t i = 1; i <= engine->accounts.holdings.used; i++)
	{
		const TpHolding *holding = tp_holding_at(&engine->accounts, i);
		TpPositionState state = tp_position_state(holding);
		bool empty = state.quantity == 0 && state.open_bids == 0 && state.open_asks == 0;

		holdings += holding->dirty;
		sum += holding->hash;
		REQUIRE(holding->dirty || holding->hash == (empty ? 0 : tradepost_hash_position(&state)),
				"a position changed and is not listed");
	}
	REQUIRE(orders == engine->dirty_orders.count, "the list of changed orders is wrong");
	REQUIRE(balances == engine->dirty_balances.count, "the list of changed balances is wrong");
	REQUIRE(holdings == engine->dirty_holdings.count, "the list of changed positions is wrong");
	REQUIRE(sum == engine->checksum, "the checksum is not the sum of its parts");
	return NULL;
}

const char *
tradepost_engine_check(TpEngine *engine)
{
	size_t n_open = 0;
	size_t n_waiting = 0;
	const char *wrong;

	for (uint32_t m = 1; m <= engine->markets.used; m++)
	{
		wrong = check_book(engine, tp_slab_at(&engine->markets, m), &n_open);
		REQUIRE(wrong == NULL, wrong);
		wrong = check_armed(engine, tp_slab_at(&engine->markets, m), &n_waiting);
		REQUIRE(wrong == NULL, wrong);
	}
	REQUIRE(n_waiting == engine->n_waiting, "the number of untriggered orders is wrong");
	REQUIRE(n_open + n_waiting == engine->n_open, "the number of open orders is wrong");
	REQUIRE(engine->due.count == 0 && engine->due_next == 0, "the list of what is due was left");
	wrong = tradepost_engine_check_ties(engine);
	REQUIRE(wrong == NULL, wrong);
	REQUIRE(engine->orders.by_id.count == engine->n_open + engine->closed.count, "the map of ids does not add up");
	wrong = check_lifetime(engine);
	if (wrong == NULL)
		wrong = check_money(engine);
	return wrong != NULL ? wrong : check_dirty(engine);
}

TpEngine *
tradepost_engine_reloaded(const TpEngine *engine)
{
	TpEngine *copy = tradepost_engine_create();

	for (uint32_t m = 1; m <= engine->markets.used; m++)
		tradepost_engine_add_instrument(copy, &((TpMarket *) tp_slab_at(&engine->markets, m))->spec);
	for (uint32_t i = 1; i <= engine->accounts.balances.used; i++)
	{
		const TpBalance *balance = tp_slab_at(&engine->accounts.balances, i);

		tradepost_engine_load_balance(copy, balance->account, balance->asset, balance->total);
	}
	for (uint32_t i = 1; i <= engine->accounts.holdings.used; i++)
	{
		const TpHolding *holding = tp_holding_at(&engine->accounts, i);

		if (holding->market->spec.kind == TP_FUTURE)
			tradepost_engine_load_position(copy, holding->account, holding->market->spec.id, holding->position);
	}
	/* Newest first: the order of loading must not matter. */
	for (uint32_t o = engine->orders.orders.used; o > 0; o--)
		if (tp_stands(engine, o))
			tradepost_engine_load_order(copy, &tp_details(engine, o)->state);
	tradepost_engine_set_seq(copy, engine->seq);
	tradepost_engine_loaded(copy);
	return copy;
}
