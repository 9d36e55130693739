/*
 * model.c
 *	  The model's memory: arrays that grow, found by linear scan.
 *
 * Called by model_apply.c and, for reading, by differential.c.
 */
#include "model_state.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more element: capacity is the next power of two, so it need not be remembered. */
static void *
grow(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return array;
	array = realloc(array, (count == 0 ? 1 : count * 2) * size);
	if (array == NULL)
		abort();
	return array;
}

TpModel *
tradepost_model_create(void)
{
	TpModel *model = calloc(1, sizeof(TpModel));

	if (model == NULL)
		abort();
	return model;
}

void
tradepost_model_destroy(TpModel *model)
{
	free(model->instruments);
	free(model->orders);
	free(model->cash);
	free(model->holdings);
	free(model->events);
	free(model->accounts);
	free(model->assets);
	free(model);
}

void
tradepost_model_see_account(TpModel *model, int64_t account)
{
	for (size_t i = 0; i < model->n_accounts; i++)
		if (model->accounts[i] == account)
			return;
	model->accounts = grow(model->accounts, model->n_accounts, sizeof(int64_t));
	model->accounts[model->n_accounts++] = account;
}

static void
see_asset(TpModel *model, int32_t asset)
{
	for (size_t i = 0; i < model->n_assets; i++)
		if (model->assets[i] == asset)
			return;
	model->assets = grow(model->assets, model->n_assets, sizeof(int32_t));
	model->assets[model->n_assets++] = asset;
}

TpInstrument *
tradepost_model_find_instrument(const TpModel *model, int32_t id)
{
	for (size_t i = 0; i < model->n_instruments; i++)
		if (model->instruments[i].id == id)
			return &model->instruments[i];
	return NULL;
}

/* A second time it brings a new specification; state stays, and what orders and positions are valued by. */
void
tradepost_model_add_instrument(TpModel *model, const TpInstrument *spec)
{
	TpInstrument *present = tradepost_model_find_instrument(model, spec->id);

	see_asset(model, spec->quote_asset);
	if (spec->kind == TP_SPOT)
		see_asset(model, spec->base_asset);
	if (present == NULL)
	{
		model->instruments = grow(model->instruments, model->n_instruments, sizeof(TpInstrument));
		model->instruments[model->n_instruments++] = *spec;
	}
	else
	{
		TpInstrument old = *present;

		*present = *spec;
		present->status = old.status;
		present->mark = old.mark;
		present->last_price = old.last_price;
		present->last_trade_seq = old.last_trade_seq;
		present->kind = old.kind;
		present->base_asset = old.base_asset;
		present->quote_asset = old.quote_asset;
		present->tick = old.tick;
		present->lot = old.lot;
		present->multiplier = old.multiplier;
		present->quote_unit = old.quote_unit;
		present->reference = old.reference;
	}
}

bool
tradepost_model_order_is_open(const TpOrderState *order)
{
	return order->status == TP_ORDER_OPEN || order->status == TP_ORDER_PARTIALLY_FILLED;
}

bool
tradepost_model_order_is_live(const TpOrderState *order)
{
	return tradepost_model_order_is_open(order) || order->status == TP_ORDER_UNTRIGGERED;
}

TpOrderState *
tradepost_model_find_live(const TpModel *model, int64_t id)
{
	for (size_t i = 0; i < model->n_orders; i++)
		if (model->orders[i].id == id && tradepost_model_order_is_live(&model->orders[i]))
			return &model->orders[i];
	return NULL;
}

TpOrderState *
tradepost_model_append_order(TpModel *model, const TpOrderState *order)
{
	model->orders = grow(model->orders, model->n_orders, sizeof(TpOrderState));
	model->orders[model->n_orders] = *order;
	tradepost_model_see_account(model, order->account);
	return &model->orders[model->n_orders++];
}

TpEvent *
tradepost_model_emit(TpModel *model, TpEventKind kind)
{
	TpEvent *event;

	model->events = grow(model->events, model->n_events, sizeof(TpEvent));
	event = &model->events[model->n_events++];
	memset(event, 0, sizeof(*event));
	event->seq = ++model->seq;
	event->command_id = model->command_id;
	event->time = model->now;
	event->kind = (uint8_t) kind;
	return event;
}

tp_int128
tradepost_model_cash(const TpModel *model, int64_t account, int32_t asset)
{
	for (size_t i = 0; i < model->n_cash; i++)
		if (model->cash[i].account == account && model->cash[i].asset == asset)
			return model->cash[i].total;
	return 0;
}

void
tradepost_model_post(TpModel *model, int64_t account, int32_t asset, tp_int128 amount)
{
	tradepost_model_see_account(model, account);
	see_asset(model, asset);
	for (size_t i = 0; i < model->n_cash; i++)
	{
		if (model->cash[i].account == account && model->cash[i].asset == asset)
		{
			model->cash[i].total += amount;
			return;
		}
	}
	model->cash = grow(model->cash, model->n_cash, sizeof(TpModelCash));
	model->cash[model->n_cash++] = (TpModelCash){ account, asset, amount };
}

int64_t
tradepost_model_holding(const TpModel *model, int64_t account, int32_t instrument)
{
	for (size_t i = 0; i < model->n_holdings; i++)
		if (model->holdings[i].account == account && model->holdings[i].instrument == instrument)
			return model->holdings[i].quantity;
	return 0;
}

void
tradepost_model_move(TpModel *model, int64_t account, int32_t instrument, tp_int128 quantity)
{
	tradepost_model_see_account(model, account);
	for (size_t i = 0; i < model->n_holdings; i++)
	{
		if (model->holdings[i].account == account && model->holdings[i].instrument == instrument)
		{
			model->holdings[i].quantity = (int64_t) (model->holdings[i].quantity + quantity);
			return;
		}
	}
	model->holdings = grow(model->holdings, model->n_holdings, sizeof(TpModelHolding));
	model->holdings[model->n_holdings++] = (TpModelHolding){ account, instrument, (int64_t) quantity };
}

void
tradepost_model_end_batch(TpModel *model)
{
	size_t kept = 0;
	TpOrderState *orders = NULL;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		if (!tradepost_model_order_is_live(&model->orders[i]))
			continue;
		orders = grow(orders, kept, sizeof(TpOrderState));
		orders[kept++] = model->orders[i];
	}
	free(model->orders);
	model->orders = orders;
	model->n_orders = kept;
	free(model->events);
	model->events = NULL;
	model->n_events = 0;
}

size_t
tradepost_model_events(const TpModel *model, const TpEvent **events)
{
	*events = model->events;
	return model->n_events;
}

void
tradepost_model_set_seq(TpModel *model, int64_t last_seq)
{
	model->seq = last_seq;
}

int64_t
tradepost_model_last_seq(const TpModel *model)
{
	return model->seq;
}

int64_t
tradepost_model_next_expiry(const TpModel *model)
{
	int64_t first = TRADEPOST_TIME_NEVER;

	for (size_t i = 0; i < model->n_orders; i++)
		if (tradepost_model_order_is_live(&model->orders[i]) && model->orders[i].expires_at < first)
			first = model->orders[i].expires_at;
	for (size_t i = 0; i < model->n_instruments; i++)
		if (model->instruments[i].status != TP_INSTRUMENT_EXPIRED && model->instruments[i].expires_at < first)
			first = model->instruments[i].expires_at;
	return first;
}

const TpInstrument *
tradepost_model_instrument(const TpModel *model, int32_t id)
{
	return tradepost_model_find_instrument(model, id);
}

size_t
tradepost_model_orders(const TpModel *model, const TpOrderState **orders)
{
	*orders = model->orders;
	return model->n_orders;
}

bool
tradepost_model_order(const TpModel *model, int64_t id, TpOrderState *out)
{
	for (size_t i = 0; i < model->n_orders; i++)
	{
		if (model->orders[i].id == id)
		{
			*out = model->orders[i];
			return true;
		}
	}
	return false;
}

size_t
tradepost_model_accounts(const TpModel *model, const int64_t **accounts)
{
	*accounts = model->accounts;
	return model->n_accounts;
}

size_t
tradepost_model_assets(const TpModel *model, const int32_t **assets)
{
	*assets = model->assets;
	return model->n_assets;
}

/* Level by level: the best price behind the last one, then all that stands there. */
size_t
tradepost_model_depth(const TpModel *model, int32_t instrument, TpSide side, size_t max, TpLevel *out)
{
	size_t n = 0;

	while (n < max)
	{
		TpLevel level = { 0 };

		for (size_t i = 0; i < model->n_orders; i++)
		{
			const TpOrderState *order = &model->orders[i];
			bool better;

			if (order->instrument != instrument || order->side != side || !tradepost_model_order_is_open(order))
				continue;
			if (n > 0 && (side == TP_BUY ? order->price >= out[n - 1].price : order->price <= out[n - 1].price))
				continue;
			better = level.orders == 0 || (side == TP_BUY ? order->price > level.price : order->price < level.price);
			if (better)
				level = (TpLevel){ .price = order->price };
			if (order->price == level.price)
			{
				level.quantity += tradepost_model_remaining(order);
				level.orders++;
			}
		}
		if (level.orders == 0)
			break;
		out[n++] = level;
	}
	return n;
}
