/*
 * model_match.c
 *	  What happens between orders in the model: queues, trades, self-trade
 *	  prevention.
 *
 * Called by model_apply.c once a command is accepted, and by model_ends.c for
 * close-outs.
 */
#include "model_state.h"

TpEvent *
tradepost_model_order_event(TpModel *model, TpEventKind kind, const TpOrderState *order, int64_t quantity,
							TpReason reason)
{
	TpEvent *event = tradepost_model_emit(model, kind);

	event->order_id = order->id;
	event->account = order->account;
	event->instrument = order->instrument;
	event->side = order->side;
	event->quantity = quantity;
	event->reason = (uint8_t) reason;
	event->fields = TP_EVF_QUANTITY | TP_EVF_SIDE;
	if (!tradepost_model_never_rests(order->type))
	{
		event->price = order->price;
		event->fields |= TP_EVF_PRICE;
	}
	return event;
}

static void
close_order(TpModel *model, TpOrderState *order, TpOrderStatus status, int64_t quantity, TpReason reason, bool decision)
{
	TpEvent *event;

	order->status = (uint8_t) status;
	order->reason = (uint8_t) reason;
	order->updated_at = model->now;
	event = tradepost_model_order_event(model, status == TP_ORDER_EXPIRED ? TP_EV_EXPIRED : TP_EV_CANCELLED, order,
										quantity, reason);
	event->decision = decision;
	tradepost_model_ended(model, order);
}

/* The order's end by anything but a fill. */
void
tradepost_model_close(TpModel *model, TpOrderState *order, TpOrderStatus status, int64_t quantity, TpReason reason)
{
	close_order(model, order, status, quantity, reason, false);
}

void
tradepost_model_cancel_as_decision(TpModel *model, TpOrderState *order, TpReason reason)
{
	close_order(model, order, TP_ORDER_CANCELLED, tradepost_model_remaining(order), reason, true);
}

/* The worst price that a market order or a close-out takes: on tick, inside the band and the instrument's limits. */
int64_t
tradepost_model_band_limit(const TpInstrument *instrument, TpSide side)
{
	tp_int128 sign = side == TP_BUY ? 1 : -1;
	tp_int128 limit = instrument->mark + sign * instrument->band;
	tp_int128 lowest = instrument->allow_negative && instrument->kind == TP_FUTURE ? -(tp_int128) instrument->max_price
																				   : instrument->tick;

	/* the limits only ever narrow the band: a mark may lie beyond limits that were set later */
	if (side == TP_BUY && limit > instrument->max_price)
		limit = instrument->max_price;
	if (side == TP_SELL && limit < lowest)
		limit = lowest;
	/* off tick: towards the mark */
	while (limit % instrument->tick != 0)
		limit -= sign * (((limit * sign) % instrument->tick + instrument->tick) % instrument->tick);
	return (int64_t) limit;
}

bool
tradepost_model_crosses(TpSide side, int64_t limit, int64_t opposite)
{
	return side == TP_BUY ? opposite <= limit : opposite >= limit;
}

static bool
comes_before(const TpOrderState *a, const TpOrderState *b)
{
	if (a->price != b->price)
		return a->side == TP_BUY ? a->price > b->price : a->price < b->price;
	return a->rank < b->rank;
}

/* The first order of a side that comes behind `after` (NULL: behind nothing). */
static TpOrderState *
next_in_queue(const TpModel *model, int32_t instrument, TpSide side, const TpOrderState *after)
{
	TpOrderState *first = NULL;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		TpOrderState *order = &model->orders[i];

		if (order->instrument != instrument || order->side != side || !tradepost_model_order_is_open(order))
			continue;
		if (after != NULL && !comes_before(after, order))
			continue;
		if (first == NULL || comes_before(order, first))
			first = order;
	}
	return first;
}

TpOrderState *
tradepost_model_best(const TpModel *model, int32_t instrument, TpSide side)
{
	return next_in_queue(model, instrument, side, NULL);
}

static TpSide
opposite(TpSide side)
{
	return side == TP_BUY ? TP_SELL : TP_BUY;
}

/* FOK: would all of it trade, not counting what self-trade prevention blocks? */
bool
tradepost_model_can_fill(const TpModel *model, const TpOrderState *taker)
{
	tp_int128 found = 0;
	const TpOrderState *maker = NULL;

	while (found < tradepost_model_remaining(taker))
	{
		maker = next_in_queue(model, taker->instrument, opposite(taker->side), maker);
		if (maker == NULL || !tradepost_model_crosses(taker->side, taker->price, maker->price))
			return false;
		if (maker->account == taker->account && taker->stp == TP_STP_CANCEL_MAKER)
			continue;
		if (maker->account == taker->account && taker->stp != TP_STP_NONE)
			return false;
		found += tradepost_model_remaining(maker);
	}
	return true;
}

static tp_int128
absolute(tp_int128 value)
{
	return value < 0 ? -value : value;
}

/* Both accounts' cash and holdings after `quantity` went to `buyer` at `price`. */
void
tradepost_model_exchange(TpModel *model, const TpInstrument *instrument, int64_t buyer, int64_t seller,
						 int64_t quantity, int64_t price)
{
	tp_int128 from = instrument->kind == TP_SPOT ? 0 : instrument->reference;
	tp_int128 paid = tradepost_model_value(instrument, quantity, price - from);

	tradepost_model_post(model, buyer, instrument->quote_asset, -paid);
	tradepost_model_post(model, seller, instrument->quote_asset, paid);
	if (instrument->kind == TP_SPOT)
	{
		tradepost_model_post(model, buyer, instrument->base_asset, quantity);
		tradepost_model_post(model, seller, instrument->base_asset, -(tp_int128) quantity);
	}
	else
	{
		tradepost_model_move(model, buyer, instrument->id, quantity);
		tradepost_model_move(model, seller, instrument->id, -(tp_int128) quantity);
	}
}

void
tradepost_model_charge(TpModel *model, const TpInstrument *instrument, int64_t account, tp_int128 fee)
{
	tradepost_model_post(model, account, instrument->quote_asset, -fee);
	tradepost_model_post(model, instrument->house_account, instrument->quote_asset, fee);
}

/* Adds one fill to an order; returns its fee in that role. */
int64_t
tradepost_model_fill_order(TpModel *model, const TpInstrument *instrument, TpOrderState *order, bool as_maker,
						   int64_t quantity, int64_t price)
{
	tp_int128 value = tradepost_model_value(instrument, quantity, price);
	tp_int128 *notional = as_maker ? &order->maker_notional : &order->taker_notional;
	int32_t rate = as_maker ? order->maker_rate : order->taker_rate;
	tp_int128 before = tradepost_model_fee(instrument, rate, *notional);
	int64_t fee;

	*notional += absolute(value);
	fee = (int64_t) (tradepost_model_fee(instrument, rate, *notional) - before);
	order->commission += fee;
	order->filled_value += value;
	order->filled += quantity;
	order->status = order->filled == order->quantity ? TP_ORDER_FILLED : TP_ORDER_PARTIALLY_FILLED;
	order->updated_at = model->now;
	tradepost_model_charge(model, instrument, order->account, fee);
	return fee;
}

TpEvent *
tradepost_model_trade_event(TpModel *model, TpEventKind kind, TpInstrument *instrument, int64_t account, TpSide side,
							const TpOrderState *maker, int64_t quantity, int64_t price)
{
	TpEvent *event = tradepost_model_emit(model, kind);

	event->maker_order_id = maker->id;
	event->account = account;
	event->counter_account = maker->account;
	event->instrument = instrument->id;
	event->side = (uint8_t) side;
	event->quantity = quantity;
	event->price = price;
	event->fields = TP_EVF_PRICE | TP_EVF_QUANTITY | TP_EVF_SIDE;
	instrument->last_price = price;
	instrument->last_trade_seq = event->seq;
	tradepost_model_exchange(model, instrument, side == TP_BUY ? account : maker->account,
							 side == TP_BUY ? maker->account : account, quantity, price);
	return event;
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
decrement(TpModel *model, TpOrderState *order, int64_t quantity)
{
	if (tradepost_model_remaining(order) == quantity)
	{
		tradepost_model_close(model, order, TP_ORDER_CANCELLED, quantity, TP_REASON_SELF_TRADE);
		return;
	}
	order->quantity -= quantity;
	order->updated_at = model->now;
	tradepost_model_order_event(model, TP_EV_DECREMENTED, order, quantity, TP_REASON_SELF_TRADE);
}

/* Returns false if the taker is stopped. */
static bool
prevent_self_trade(TpModel *model, TpOrderState *taker, TpOrderState *maker)
{
	int64_t common = smaller(tradepost_model_remaining(taker), tradepost_model_remaining(maker));

	if (taker->stp == TP_STP_DECREMENT)
	{
		decrement(model, maker, common);
		decrement(model, taker, common);
		return tradepost_model_order_is_open(taker);
	}
	if (taker->stp == TP_STP_CANCEL_MAKER || taker->stp == TP_STP_CANCEL_BOTH)
		tradepost_model_close(model, maker, TP_ORDER_CANCELLED, tradepost_model_remaining(maker), TP_REASON_SELF_TRADE);
	if (taker->stp == TP_STP_CANCEL_MAKER)
		return true;
	tradepost_model_close(model, taker, TP_ORDER_CANCELLED, tradepost_model_remaining(taker), TP_REASON_SELF_TRADE);
	return false;
}

/* Trades what it can; what is left is still open in the taker (unless prevention closed it). */
void
tradepost_model_match(TpModel *model, TpOrderState *taker)
{
	TpInstrument *instrument = tradepost_model_find_instrument(model, taker->instrument);

	while (tradepost_model_order_is_open(taker))
	{
		TpOrderState *maker = tradepost_model_best(model, taker->instrument, opposite(taker->side));
		int64_t quantity;
		int64_t fees[2];
		TpEvent *event;

		if (maker == NULL || !tradepost_model_crosses(taker->side, taker->price, maker->price))
			return;
		if (maker->account == taker->account && taker->stp != TP_STP_NONE)
		{
			if (!prevent_self_trade(model, taker, maker))
				return;
			continue;
		}
		quantity = smaller(tradepost_model_remaining(taker), tradepost_model_remaining(maker));
		fees[0] = tradepost_model_fill_order(model, instrument, taker, false, quantity, maker->price);
		fees[1] = tradepost_model_fill_order(model, instrument, maker, true, quantity, maker->price);
		event = tradepost_model_trade_event(model, TP_EV_TRADE, instrument, taker->account, taker->side, maker,
											quantity, maker->price);
		event->order_id = taker->id;
		event->commission = fees[0];
		event->counter_commission = fees[1];
		tradepost_model_traded(model, maker);
		tradepost_model_traded(model, taker);
	}
}

void
tradepost_model_take(TpModel *model, TpOrderState *taker)
{
	tradepost_model_match(model, taker);
	if (!tradepost_model_order_is_open(taker))
		return;
	if (taker->time_in_force == TP_IOC)
		tradepost_model_close(model, taker, TP_ORDER_CANCELLED, tradepost_model_remaining(taker), TP_REASON_IOC);
	else if (tradepost_model_never_rests(taker->type))
		tradepost_model_close(model, taker, TP_ORDER_CANCELLED, tradepost_model_remaining(taker), TP_REASON_UNFILLED);
}
