/*
 * risk_copy.c
 *	  One account copied out of the engine, and the rules of money applied to the
 *	  copy with arithmetic of this file's own.
 *
 * Called by risk_brute.c.
 */
#include "risk_copy.h"

#include <stdlib.h>

bool
tradepost_risk_copy_negative(const TpInstrument *instrument)
{
	return instrument->allow_negative && instrument->kind == TP_FUTURE;
}

static tp_int128
value(const TpInstrument *instrument, tp_int128 quantity, tp_int128 price)
{
	return quantity * instrument->multiplier * price / ((tp_int128) TRADEPOST_ONE * TRADEPOST_ONE);
}

static tp_int128
round_up(tp_int128 amount_e8, int64_t unit)
{
	tp_int128 step = (tp_int128) TRADEPOST_ONE * unit;

	return (amount_e8 + step - 1) / step * unit;
}

static tp_int128
magnitude(tp_int128 x)
{
	return x < 0 ? -x : x;
}

static tp_int128
above_zero(tp_int128 x)
{
	return x > 0 ? x : 0;
}

int64_t
tradepost_risk_copy_left(const TpOrderState *order)
{
	return order->quantity - order->filled;
}

static tp_int128
reserve_of(const TpLeg *leg)
{
	const TpOrderState *order = &leg->order;
	int64_t unit = leg->instrument->quote_unit;
	int32_t dearer = order->maker_rate > order->taker_rate ? order->maker_rate : order->taker_rate;
	tp_int128 rest = magnitude(value(leg->instrument, tradepost_risk_copy_left(order), order->price));
	tp_int128 made = order->maker_rate * order->maker_notional;
	tp_int128 taken = order->taker_rate * order->taker_notional;

	if (tradepost_risk_copy_left(order) == 0)
		return 0;
	return round_up(made + taken + dearer * rest, unit) + 2 * unit - round_up(made, unit) - round_up(taken, unit);
}

tp_int128
tradepost_risk_copy_margin(const TpCopy *copy, size_t at)
{
	const TpInstrument *instrument = &copy->instruments[at];
	tp_int128 bids = 0;
	tp_int128 asks = 0;
	tp_int128 losses = 0;
	tp_int128 of_long;
	tp_int128 of_short;

	for (size_t i = 0; i < copy->n_legs; i++)
	{
		const TpOrderState *order = &copy->legs[i].order;
		tp_int128 worse = (tp_int128) order->price - instrument->mark;

		if (copy->legs[i].instrument != instrument)
			continue;
		if (order->side == TP_BUY)
			bids += tradepost_risk_copy_left(order);
		else
			asks += tradepost_risk_copy_left(order);
		losses += value(instrument, tradepost_risk_copy_left(order),
						above_zero(order->side == TP_BUY ? worse : -worse));
	}
	of_long = round_up(instrument->im_long * above_zero(copy->positions[at] + bids), instrument->quote_unit);
	of_short = round_up(instrument->im_short * above_zero(asks - copy->positions[at]), instrument->quote_unit);
	return (of_long > of_short ? of_long : of_short) + losses;
}

tp_int128
tradepost_risk_copy_free(const TpCopy *copy, int32_t asset)
{
	tp_int128 sum = copy->cash[asset];

	for (size_t i = 0; i < copy->n_legs; i++)
	{
		const TpLeg *leg = &copy->legs[i];
		bool spot = leg->instrument->kind == TP_SPOT;

		if (spot && leg->order.side == TP_SELL)
		{
			if (leg->instrument->base_asset == asset)
				sum -= tradepost_risk_copy_left(&leg->order);
			continue;
		}
		if (leg->instrument->quote_asset != asset)
			continue;
		sum -= reserve_of(leg);
		if (spot)
			sum -= value(leg->instrument, tradepost_risk_copy_left(&leg->order), leg->order.price);
	}
	for (size_t i = 0; i < copy->world->n_instruments; i++)
	{
		const TpInstrument *instrument = &copy->instruments[i];

		if (instrument->kind == TP_FUTURE && instrument->quote_asset == asset)
			sum += value(instrument, copy->positions[i], (tp_int128) instrument->mark - instrument->reference) -
				   tradepost_risk_copy_margin(copy, i);
	}
	return sum;
}

static size_t
index_of(const TpCopy *copy, int32_t instrument)
{
	size_t i = 0;

	while (i < copy->world->n_instruments && copy->instruments[i].id != instrument)
		i++;
	return i;
}

bool
tradepost_risk_copy_take(const TpWorld *world, const TpEngine *engine, int64_t account, TpCopy *copy)
{
	size_t n = tradepost_engine_open_orders(engine);
	int64_t *ids = calloc(n + 1, sizeof(int64_t));

	if (ids == NULL)
		abort();
	copy->world = world;
	copy->n_legs = 0;
	for (size_t i = 0; i < world->n_instruments; i++)
	{
		TpPositionState position;

		copy->instruments[i] = *tradepost_engine_instrument(engine, world->instruments[i].id);
		tradepost_engine_position(engine, account, world->instruments[i].id, &position);
		copy->positions[i] = position.quantity;
	}
	for (int32_t asset = 1; asset < TP_COPY_ASSETS; asset++)
	{
		TpBalanceState balance;

		tradepost_engine_balance(engine, account, asset, &balance);
		copy->cash[asset] = balance.total;
	}
	tradepost_engine_open_order_ids(engine, ids);
	for (size_t i = 0; i < n && copy->n_legs < TP_COPY_ORDERS; i++)
	{
		TpLeg *leg = &copy->legs[copy->n_legs];

		if (!tradepost_engine_order(engine, ids[i], &leg->order) || leg->order.account != account ||
			leg->order.status == TP_ORDER_UNTRIGGERED)
			continue;
		leg->instrument = &copy->instruments[index_of(copy, leg->order.instrument)];
		copy->n_legs++;
	}
	free(ids);
	return copy->n_legs < TP_COPY_ORDERS - 1;
}

bool
tradepost_risk_copy_agrees(const TpEngine *engine, int64_t account, const TpCopy *copy)
{
	for (int32_t asset = 1; asset < TP_COPY_ASSETS; asset++)
		if (tradepost_engine_free_funds(engine, account, asset) != tradepost_risk_copy_free(copy, asset))
			return false;
	return true;
}

void
tradepost_risk_copy_fill(TpCopy *copy, size_t at, int64_t quantity, int64_t as_taker, int64_t price)
{
	TpLeg *leg = &copy->legs[at];
	const TpInstrument *instrument = leg->instrument;
	size_t position = index_of(copy, instrument->id);
	tp_int128 sign = leg->order.side == TP_BUY ? 1 : -1;
	tp_int128 from = instrument->kind == TP_SPOT ? 0 : instrument->reference;
	tp_int128 taken = magnitude(value(instrument, as_taker, price));
	tp_int128 made = magnitude(value(instrument, quantity - as_taker, price));
	tp_int128 fee;

	fee = round_up(leg->order.taker_rate * (leg->order.taker_notional + taken), instrument->quote_unit) -
		  round_up(leg->order.taker_rate * leg->order.taker_notional, instrument->quote_unit) +
		  round_up(leg->order.maker_rate * (leg->order.maker_notional + made), instrument->quote_unit) -
		  round_up(leg->order.maker_rate * leg->order.maker_notional, instrument->quote_unit);
	copy->cash[instrument->quote_asset] -= sign * value(instrument, quantity, price - from) + fee;
	if (instrument->kind == TP_SPOT)
		copy->cash[instrument->base_asset] += sign * quantity;
	else
		copy->positions[position] += sign * quantity;
	leg->order.filled += quantity;
	leg->order.taker_notional += taken;
	leg->order.maker_notional += made;
}

void
tradepost_risk_copy_duplicate(TpCopy *to, const TpCopy *from)
{
	*to = *from;
	for (size_t i = 0; i < to->n_legs; i++)
		to->legs[i].instrument = &to->instruments[from->legs[i].instrument - from->instruments];
}

/* A market order reserves at the band's far edge, clamped to the limits and brought inwards to a tick. */
static int64_t
reserve_price(const TpInstrument *instrument, const TpCommand *command)
{
	tp_int128 edge;

	if (command->type == TP_LIMIT)
		return command->price;
	if (command->side == TP_BUY)
	{
		edge = (tp_int128) instrument->mark + instrument->band;
		edge = edge > instrument->max_price ? instrument->max_price : edge;
		while (edge % instrument->tick != 0)
			edge -= edge > 0 ? edge % instrument->tick : instrument->tick + edge % instrument->tick;
		return (int64_t) edge;
	}
	edge = (tp_int128) instrument->mark - instrument->band;
	if (!tradepost_risk_copy_negative(instrument))
		edge = edge < instrument->tick ? instrument->tick : edge;
	edge = edge < -instrument->max_price ? -instrument->max_price : edge;
	while (edge % instrument->tick != 0)
		edge += edge > 0 ? instrument->tick - edge % instrument->tick : -(edge % instrument->tick);
	return (int64_t) edge;
}

bool
tradepost_risk_copy_stand_open(TpCopy *copy, const TpCommand *command, size_t *at)
{
	*at = 0;
	while (*at < copy->n_legs && copy->legs[*at].order.id != command->order_id)
		(*at)++;
	if (command->kind == TP_CMD_AMEND)
	{
		if (*at == copy->n_legs)
			return false;
		if (command->flags & TP_CMD_HAS_PRICE)
			copy->legs[*at].order.price = command->price;
		if (command->flags & TP_CMD_HAS_QUANTITY)
			copy->legs[*at].order.quantity = command->quantity;
		return true;
	}
	*at = copy->n_legs++;
	copy->legs[*at].instrument = &copy->instruments[index_of(copy, command->instrument)];
	copy->legs[*at].order = (TpOrderState){ .id = command->id,
											.account = command->account,
											.instrument = command->instrument,
											.side = command->side,
											.quantity = command->quantity,
											.price = reserve_price(copy->legs[*at].instrument, command),
											.maker_rate = command->maker_rate,
											.taker_rate = command->taker_rate };
	return true;
}
