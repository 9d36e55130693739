/*
 * fuzz_host.c
 *	  Rows written from the engine's dirty lists, and an engine read back.
 *
 * Called by side_by_side.c.
 */
#include "fuzz_host.h"

#include <stdlib.h>
#include <string.h>

static void *
resized(void *array, size_t count, size_t size)
{
	array = realloc(array, count * size);
	if (array == NULL)
		abort();
	return array;
}

void
tradepost_host_init(TpHost *host, const TpWorld *world)
{
	memset(host, 0, sizeof(*host));
	host->n_instruments = world->n_instruments;
	for (size_t i = 0; i < world->n_instruments; i++)
		host->instruments[i].row = world->instruments[i];
	host->last_seq = world->first_seq;
}

void
tradepost_host_free(TpHost *host)
{
	free(host->orders);
	free(host->order_batches);
	free(host->balances);
	free(host->balance_batches);
	free(host->positions);
	free(host->position_batches);
}

void
tradepost_host_respecify(TpHost *host, const TpInstrument *row)
{
	for (size_t i = 0; i < host->n_instruments; i++)
		if (host->instruments[i].row.id == row->id)
			host->instruments[i].row = *row;
}

static size_t
find_order(const TpHost *host, int64_t id)
{
	size_t i = 0;

	while (i < host->n_orders && host->orders[i].id != id)
		i++;
	return i;
}

static const char *
store_orders(TpHost *host, TpEngine *engine)
{
	const TpDirtyOrder *dirty;
	size_t n = tradepost_engine_dirty_orders(engine, &dirty);

	for (size_t i = 0; i < n; i++)
	{
		size_t at = find_order(host, dirty[i].state.id);

		if (at < host->n_orders && host->order_batches[at] == host->batch)
			return "an order is listed twice as dirty";
		if (dirty[i].stored != (at < host->n_orders))
			return "a dirty order's `stored` is wrong";
		if (at == host->n_orders)
		{
			host->n_orders++;
			host->orders = resized(host->orders, host->n_orders, sizeof(TpOrderState));
			host->order_batches = resized(host->order_batches, host->n_orders, sizeof(int64_t));
		}
		host->orders[at] = dirty[i].state;
		host->order_batches[at] = host->batch;
	}
	return NULL;
}

static const char *
store_balances(TpHost *host, TpEngine *engine)
{
	const TpDirtyBalance *dirty;
	size_t n = tradepost_engine_dirty_balances(engine, &dirty);

	for (size_t i = 0; i < n; i++)
	{
		size_t at = 0;

		while (at < host->n_balances && (host->balances[at].account != dirty[i].state.account ||
										 host->balances[at].asset != dirty[i].state.asset))
			at++;
		if (at < host->n_balances && host->balance_batches[at] == host->batch)
			return "a balance is listed twice as dirty";
		if (dirty[i].stored != (at < host->n_balances))
			return "a dirty balance's `stored` is wrong";
		if (at == host->n_balances)
		{
			host->n_balances++;
			host->balances = resized(host->balances, host->n_balances, sizeof(TpBalanceState));
			host->balance_batches = resized(host->balance_batches, host->n_balances, sizeof(int64_t));
		}
		host->balances[at] = dirty[i].state;
		host->balance_batches[at] = host->batch;
	}
	return NULL;
}

static const char *
store_positions(TpHost *host, TpEngine *engine)
{
	const TpDirtyPosition *dirty;
	size_t n = tradepost_engine_dirty_positions(engine, &dirty);

	for (size_t i = 0; i < n; i++)
	{
		size_t at = 0;

		while (at < host->n_positions && (host->positions[at].account != dirty[i].state.account ||
										  host->positions[at].instrument != dirty[i].state.instrument))
			at++;
		if (at < host->n_positions && host->position_batches[at] == host->batch)
			return "a position is listed twice as dirty";
		if (dirty[i].stored != (at < host->n_positions))
			return "a dirty position's `stored` is wrong";
		if (at == host->n_positions)
		{
			host->n_positions++;
			host->positions = resized(host->positions, host->n_positions, sizeof(TpPositionState));
			host->position_batches = resized(host->position_batches, host->n_positions, sizeof(int64_t));
		}
		host->positions[at] = dirty[i].state;
		host->position_batches[at] = host->batch;
	}
	return NULL;
}

static const char *
store_instruments(TpHost *host, TpEngine *engine)
{
	const int32_t *ids;
	size_t n = tradepost_engine_dirty_instruments(engine, &ids);

	for (size_t i = 0; i < n; i++)
	{
		TpHostInstrument *mine = NULL;

		for (size_t j = 0; j < i; j++)
			if (ids[j] == ids[i])
				return "an instrument is listed twice as dirty";
		for (size_t j = 0; j < host->n_instruments; j++)
			if (host->instruments[j].row.id == ids[i])
				mine = &host->instruments[j];
		if (mine == NULL)
			return "an instrument that does not exist is listed as dirty";
		mine->row = *tradepost_engine_instrument(engine, ids[i]);
		for (int side = 0; side < 2; side++)
			mine->n_levels[side] = tradepost_engine_depth(engine, ids[i], (TpSide) side, TP_HOST_LEVELS,
														  mine->levels[side]);
	}
	return NULL;
}

static bool
is_live(const TpOrderState *order)
{
	return order->status == TP_ORDER_OPEN || order->status == TP_ORDER_PARTIALLY_FILLED ||
		   order->status == TP_ORDER_UNTRIGGERED;
}

static void
forget_closed(TpHost *host)
{
	size_t kept = 0;

	for (size_t i = 0; i < host->n_orders; i++)
	{
		if (!is_live(&host->orders[i]))
			continue;
		host->orders[kept] = host->orders[i];
		host->order_batches[kept++] = host->order_batches[i];
	}
	host->n_orders = kept;
}

const char *
tradepost_host_store(TpHost *host, TpEngine *engine)
{
	const char *wrong;

	forget_closed(host);
	host->batch++;
	host->last_seq = tradepost_engine_last_seq(engine);
	wrong = store_orders(host, engine);
	if (wrong == NULL)
		wrong = store_balances(host, engine);
	if (wrong == NULL)
		wrong = store_positions(host, engine);
	if (wrong == NULL)
		wrong = store_instruments(host, engine);
	return wrong;
}

/* Orders go in backwards: their rank, not the order of loading, is their place. */
TpEngine *
tradepost_host_recover(const TpHost *host)
{
	TpEngine *engine = tradepost_engine_create();

	for (size_t i = 0; i < host->n_instruments; i++)
		tradepost_engine_add_instrument(engine, &host->instruments[i].row);
	for (size_t i = 0; i < host->n_balances; i++)
		tradepost_engine_load_balance(engine, host->balances[i].account, host->balances[i].asset,
									  host->balances[i].total);
	for (size_t i = 0; i < host->n_positions; i++)
		tradepost_engine_load_position(engine, host->positions[i].account, host->positions[i].instrument,
									   host->positions[i].quantity);
	for (size_t i = host->n_orders; i-- > 0;)
		if (is_live(&host->orders[i]))
			tradepost_engine_load_order(engine, &host->orders[i]);
	tradepost_engine_set_seq(engine, host->last_seq);
	tradepost_engine_loaded(engine);
	return engine;
}
