/*
 * model_money.c
 *	  The model's arithmetic: values, fees, reservations, margins, free funds.
 *
 * Everything is summed over all open orders at each call; nothing is kept.
 */
#include "model_state.h"

static tp_int128
ceil_to(tp_int128 numerator, tp_int128 denominator, int64_t unit)
{
	tp_int128 step = denominator * unit;

	/* numerators here are never negative */
	return (numerator + step - 1) / step * unit;
}

static tp_int128
larger(tp_int128 a, tp_int128 b)
{
	return a > b ? a : b;
}

int64_t
tradepost_model_remaining(const TpOrderState *order)
{
	return order->quantity - order->filled;
}

/*
 * What one lot is worth per tick is a whole amount, so counting lots and ticks
 * keeps every product exact and small.
 */
tp_int128
tradepost_model_value(const TpInstrument *instrument, tp_int128 quantity, tp_int128 price)
{
	tp_int128 lot_tick = (tp_int128) instrument->lot * instrument->tick * instrument->multiplier /
						 ((tp_int128) TRADEPOST_ONE * TRADEPOST_ONE);

	return quantity / instrument->lot * (price / instrument->tick) * lot_tick;
}

/* What a role has cost once its cumulative notional is `notional`. */
tp_int128
tradepost_model_fee(const TpInstrument *instrument, int32_t rate, tp_int128 notional)
{
	return ceil_to(rate * notional, TRADEPOST_ONE, instrument->quote_unit);
}

/* What it could cost in all, less what it has cost already. */
static tp_int128
commission_reserve(const TpInstrument *instrument, const TpOrderState *order)
{
	tp_int128 rest = tradepost_model_value(instrument, tradepost_model_remaining(order), order->price);
	tp_int128 exact = 0;

	if (tradepost_model_remaining(order) == 0)
		return 0;
	exact += larger(order->maker_rate, order->taker_rate) * larger(rest, -rest);
	exact += order->maker_rate * order->maker_notional;
	exact += order->taker_rate * order->taker_notional;
	return ceil_to(exact, TRADEPOST_ONE, instrument->quote_unit) + 2 * instrument->quote_unit -
		   tradepost_model_fee(instrument, order->maker_rate, order->maker_notional) -
		   tradepost_model_fee(instrument, order->taker_rate, order->taker_notional);
}

static tp_int128
reserved(const TpModel *model, int64_t account, int32_t asset)
{
	tp_int128 sum = 0;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		const TpOrderState *order = &model->orders[i];
		const TpInstrument *instrument;

		if (order->account != account || !tradepost_model_order_is_open(order))
			continue;
		instrument = tradepost_model_find_instrument(model, order->instrument);
		if (instrument->kind == TP_SPOT && order->side == TP_SELL)
		{
			if (instrument->base_asset == asset)
				sum += tradepost_model_remaining(order);
			continue;
		}
		if (instrument->quote_asset != asset)
			continue;
		sum += commission_reserve(instrument, order);
		if (instrument->kind == TP_SPOT)
			sum += tradepost_model_value(instrument, tradepost_model_remaining(order), order->price);
	}
	return sum;
}

tp_int128
tradepost_model_open_quantity(const TpModel *model, int64_t account, int32_t instrument, TpSide side)
{
	tp_int128 sum = 0;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		const TpOrderState *order = &model->orders[i];

		if (order->account == account && order->instrument == instrument && order->side == side &&
			tradepost_model_order_is_open(order))
			sum += tradepost_model_remaining(order);
	}
	return sum;
}

tp_int128
tradepost_model_margin(const TpModel *model, int64_t account, const TpInstrument *instrument)
{
	tp_int128 position = tradepost_model_holding(model, account, instrument->id);
	tp_int128 longest = larger(0, position + tradepost_model_open_quantity(model, account, instrument->id, TP_BUY));
	tp_int128 shortest = larger(0, tradepost_model_open_quantity(model, account, instrument->id, TP_SELL) - position);
	tp_int128 margin = ceil_to(larger(instrument->im_long * longest, instrument->im_short * shortest), TRADEPOST_ONE,
							   instrument->quote_unit);

	for (size_t i = 0; i < model->n_orders; i++)
	{
		const TpOrderState *order = &model->orders[i];
		tp_int128 worse;

		if (order->account != account || order->instrument != instrument->id || !tradepost_model_order_is_open(order))
			continue;
		worse = order->side == TP_BUY ? (tp_int128) order->price - instrument->mark
									  : (tp_int128) instrument->mark - order->price;
		if (worse > 0)
			margin += tradepost_model_value(instrument, tradepost_model_remaining(order), worse);
	}
	return margin;
}

static tp_int128
unrealised(const TpModel *model, int64_t account, const TpInstrument *instrument)
{
	return tradepost_model_value(instrument, tradepost_model_holding(model, account, instrument->id),
								 (tp_int128) instrument->mark - instrument->reference);
}

tp_int128
tradepost_model_equity(const TpModel *model, int64_t account, int32_t currency)
{
	tp_int128 sum = tradepost_model_cash(model, account, currency);

	for (size_t i = 0; i < model->n_instruments; i++)
	{
		const TpInstrument *instrument = &model->instruments[i];

		if (instrument->kind == TP_FUTURE && instrument->quote_asset == currency)
			sum += unrealised(model, account, instrument);
	}
	return sum;
}

tp_int128
tradepost_model_maintenance(const TpModel *model, int64_t account, int32_t currency)
{
	tp_int128 sum = 0;

	for (size_t i = 0; i < model->n_instruments; i++)
	{
		const TpInstrument *instrument = &model->instruments[i];
		tp_int128 position;

		if (instrument->kind != TP_FUTURE || instrument->quote_asset != currency)
			continue;
		position = tradepost_model_holding(model, account, instrument->id);
		if (position > 0)
			sum += ceil_to(instrument->mm_long * position, TRADEPOST_ONE, instrument->quote_unit);
		else
			sum += ceil_to(instrument->mm_short * -position, TRADEPOST_ONE, instrument->quote_unit);
	}
	return sum;
}

tp_int128
tradepost_model_free_funds(const TpModel *model, int64_t account, int32_t asset)
{
	tp_int128 sum = tradepost_model_equity(model, account, asset) - reserved(model, account, asset);

	for (size_t i = 0; i < model->n_instruments; i++)
	{
		const TpInstrument *instrument = &model->instruments[i];

		if (instrument->kind == TP_FUTURE && instrument->quote_asset == asset)
			sum -= tradepost_model_margin(model, account, instrument);
	}
	return sum;
}

void
tradepost_model_balance(const TpModel *model, int64_t account, int32_t asset, TpBalanceState *out)
{
	*out = (TpBalanceState){ .account = account, .asset = asset };
	out->total = tradepost_model_cash(model, account, asset);
	out->reserved = reserved(model, account, asset);
}

void
tradepost_model_position(const TpModel *model, int64_t account, int32_t instrument, TpPositionState *out)
{
	*out = (TpPositionState){ .account = account, .instrument = instrument };
	/* things traded spot are balances, not positions */
	if (tradepost_model_find_instrument(model, instrument)->kind == TP_SPOT)
		return;
	out->quantity = tradepost_model_holding(model, account, instrument);
	out->open_bids = (int64_t) tradepost_model_open_quantity(model, account, instrument, TP_BUY);
	out->open_asks = (int64_t) tradepost_model_open_quantity(model, account, instrument, TP_SELL);
}

int32_t
tradepost_model_paying_asset(const TpInstrument *instrument, TpSide side)
{
	return instrument->kind == TP_SPOT && side == TP_SELL ? instrument->base_asset : instrument->quote_asset;
}

tp_int128
tradepost_model_requirement(TpModel *model, const TpCommand *command)
{
	const TpInstrument *instrument = tradepost_model_find_instrument(model, command->instrument);
	int32_t asset = tradepost_model_paying_asset(instrument, command->side);
	tp_int128 reserved_before = reserved(model, command->account, asset);
	tp_int128 margin_before = 0;
	tp_int128 margin_after = 0;
	tp_int128 reserved_after;

	if (instrument->kind == TP_FUTURE)
		margin_before = tradepost_model_margin(model, command->account, instrument);
	tradepost_model_append_order(model,
								 &(TpOrderState){ .account = command->account,
												  .instrument = command->instrument,
												  .quantity = command->quantity,
												  .price = tradepost_model_never_rests(command->type)
															   ? tradepost_model_band_limit(instrument, command->side)
															   : command->price,
												  .side = command->side,
												  .maker_rate = command->maker_rate,
												  .taker_rate = command->taker_rate,
												  .status = TP_ORDER_OPEN });
	reserved_after = reserved(model, command->account, asset);
	if (instrument->kind == TP_FUTURE)
		margin_after = tradepost_model_margin(model, command->account, instrument);
	model->n_orders--;
	return reserved_after - reserved_before + larger(0, margin_after - margin_before);
}
