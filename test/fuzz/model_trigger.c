/*
 * model_trigger.c
 *	  Stop, stop limit and take profit orders in the model: whether a condition
 *	  holds is asked of every order after each step.
 *
 * Called by model_place.c, model_amend.c and model_ends.c once an order is done.
 */
#include "model_state.h"

#include <stdlib.h>

typedef struct TpModelDue
{
	int64_t id;
	int64_t last;
} TpModelDue;

bool
tradepost_model_has_trigger(int type)
{
	return type == TP_STOP || type == TP_STOP_LIMIT || type == TP_TAKE_PROFIT;
}

bool
tradepost_model_never_rests(int type)
{
	return type != TP_LIMIT && type != TP_STOP_LIMIT;
}

static bool
holds(const TpInstrument *instrument, int type, int side, int64_t stop_price)
{
	int64_t last = instrument->last_price;

	if (instrument->last_trade_seq == 0)
		return false;
	if (type == TP_TAKE_PROFIT)
		return side == TP_BUY ? last <= stop_price : last >= stop_price;
	return side == TP_BUY ? last >= stop_price : last <= stop_price;
}

bool
tradepost_model_would_wait(const TpModel *model, const TpCommand *command)
{
	const TpInstrument *instrument = tradepost_model_find_instrument(model, command->instrument);

	return command->parent_id != 0 || !holds(instrument, command->type, command->side, command->stop_price);
}

static bool
is_listed(const TpModelDue *due, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (due[i].id == id)
			return true;
	return false;
}

/* The armed order with the lowest rank whose condition holds and that is not listed yet. */
static const TpOrderState *
next_due(const TpModel *model, const TpInstrument *instrument, const TpModelDue *due, size_t count)
{
	const TpOrderState *first = NULL;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		const TpOrderState *order = &model->orders[i];

		if (order->status == TP_ORDER_UNTRIGGERED && order->instrument == instrument->id && order->rank > 0 &&
			holds(instrument, order->type, order->side, order->stop_price) && !is_listed(due, count, order->id) &&
			(first == NULL || order->rank < first->rank))
			first = order;
	}
	return first;
}

static TpReason
stand(TpModel *model, const TpInstrument *instrument, TpOrderState *order)
{
	tp_int128 margin = 0;

	if (instrument->kind == TP_FUTURE)
		margin = tradepost_model_margin(model, order->account, instrument);
	order->status = TP_ORDER_OPEN;
	if (order->type == TP_STOP_LIMIT && !tradepost_model_inside_band(instrument, order->price))
		return TP_REASON_OUTSIDE_BAND;
	if (order->type != TP_STOP_LIMIT && !tradepost_model_would_cross(model, order))
		return TP_REASON_NO_LIQUIDITY;
	if (!tradepost_model_exposure_fits(model, order))
		return TP_REASON_EXPOSURE;
	return tradepost_model_funds_suffice(model, order, margin) ? TP_REASON_NONE : TP_REASON_INSUFFICIENT_FUNDS;
}

static void
fire(TpModel *model, const TpInstrument *instrument, TpOrderState *order, int64_t last)
{
	TpOrderState *parent = tradepost_model_open_parent(model, order);
	TpEvent *event;
	TpReason reason;

	if (parent != NULL)
		tradepost_model_close(model, parent, TP_ORDER_CANCELLED, tradepost_model_remaining(parent), TP_REASON_LINKED);
	tradepost_model_cancel_partner(model, order);
	event = tradepost_model_order_event(model, TP_EV_TRIGGERED, order, order->quantity, TP_REASON_NONE);
	event->price = last;
	event->fields |= TP_EVF_PRICE;
	order->rank = event->seq;
	order->updated_at = model->now;
	if (order->type != TP_STOP_LIMIT)
		order->price = tradepost_model_band_limit(instrument, order->side);
	reason = stand(model, instrument, order);
	if (reason == TP_REASON_NONE)
		tradepost_model_take(model, order);
	else
		tradepost_model_close(model, order, TP_ORDER_CANCELLED, order->quantity, reason);
}

void
tradepost_model_trigger(TpModel *model, const TpInstrument *instrument)
{
	TpModelDue *due = calloc(model->n_orders + 1, sizeof(TpModelDue));
	size_t count = 0;

	if (due == NULL)
		abort();
	for (size_t next = 0;; next++)
	{
		const TpOrderState *found;
		TpOrderState *order;

		while ((found = next_due(model, instrument, due, count)) != NULL)
			due[count++] = (TpModelDue){ found->id, instrument->last_price };
		if (next == count)
			break;
		order = tradepost_model_find_live(model, due[next].id);
		if (order != NULL)
			fire(model, instrument, order, due[next].last);
	}
	free(due);
}
