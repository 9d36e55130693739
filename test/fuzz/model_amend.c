/*
 * model_amend.c
 *	  CANCEL and AMEND in the model.
 *
 * Called by model_apply.c.
 */
#include "model_state.h"

static TpOrderState *
own_order(TpModel *model, const TpCommand *command)
{
	TpOrderState *order = tradepost_model_find_live(model, command->order_id);

	if (order != NULL && order->account == command->account)
		return order;
	tradepost_model_reject(model, command, TP_REASON_ORDER_UNKNOWN);
	return NULL;
}

void
tradepost_model_cancel(TpModel *model, const TpCommand *command)
{
	TpOrderState *order = own_order(model, command);

	if (order != NULL)
		tradepost_model_cancel_as_decision(model, order, TP_REASON_REQUESTED);
}

static TpReason
check_amended(TpModel *model, TpOrderState *order, const TpOrderState *old)
{
	const TpInstrument *instrument = tradepost_model_find_instrument(model, order->instrument);
	tp_int128 margin = 0;
	TpOrderState amended = *order;

	if (order->price != old->price && !tradepost_model_inside_band(instrument, order->price))
		return TP_REASON_OUTSIDE_BAND;
	if ((order->flags & TP_CMD_POST_ONLY) && tradepost_model_would_cross(model, order))
		return TP_REASON_WOULD_CROSS;
	if (!tradepost_model_exposure_fits(model, order))
		return TP_REASON_EXPOSURE;
	*order = *old;
	if (instrument->kind == TP_FUTURE)
		margin = tradepost_model_margin(model, order->account, instrument);
	*order = amended;
	return tradepost_model_funds_suffice(model, order, margin) ? TP_REASON_NONE : TP_REASON_INSUFFICIENT_FUNDS;
}

/* What it would become must be in range, also in what the command does not change. */
static TpReason
check_amend(const TpInstrument *instrument, const TpOrderState *order, const TpCommand *command, int64_t price,
			int64_t quantity)
{
	bool decrease = price == order->price && quantity <= order->quantity;
	bool waits = order->status == TP_ORDER_UNTRIGGERED;
	int64_t stop_price = command->flags & TP_CMD_HAS_STOP_PRICE ? command->stop_price : order->stop_price;

	if (waits && stop_price != order->stop_price)
		decrease = false;

	if (instrument->status == TP_INSTRUMENT_EXPIRED)
		return TP_REASON_INSTRUMENT_EXPIRED;
	if (instrument->status == TP_INSTRUMENT_HALTED && !decrease)
		return TP_REASON_INSTRUMENT_HALTED;
	if (!tradepost_model_quantity_in_range(instrument, quantity))
		return TP_REASON_OUT_OF_RANGE;
	if (waits ? !tradepost_model_price_in_range(instrument, stop_price) : (command->flags & TP_CMD_HAS_STOP_PRICE) != 0)
		return TP_REASON_OUT_OF_RANGE;
	if (tradepost_model_never_rests(order->type) ? (command->flags & TP_CMD_HAS_PRICE) != 0
												 : !tradepost_model_price_in_range(instrument, price))
		return TP_REASON_OUT_OF_RANGE;
	return TP_REASON_NONE;
}

void
tradepost_model_amend(TpModel *model, const TpCommand *command)
{
	TpOrderState *order = own_order(model, command);
	TpOrderState old;
	TpReason reason;
	int64_t price;
	int64_t quantity;
	TpEvent *event;

	if (order == NULL)
		return;
	old = *order;
	price = command->flags & TP_CMD_HAS_PRICE ? command->price : order->price;
	quantity = command->flags & TP_CMD_HAS_QUANTITY ? command->quantity : order->quantity;
	reason = check_amend(tradepost_model_find_instrument(model, order->instrument), order, command, price, quantity);
	if (reason == TP_REASON_NONE && quantity <= order->filled)
	{
		tradepost_model_cancel_as_decision(model, order, TP_REASON_AMENDED_BELOW_FILLED);
		return;
	}
	if (reason == TP_REASON_NONE)
	{
		order->price = price;
		order->quantity = quantity;
		if (order->status != TP_ORDER_UNTRIGGERED && (price != old.price || quantity > old.quantity))
			reason = check_amended(model, order, &old);
	}
	if (reason != TP_REASON_NONE)
	{
		*order = old;
		event = tradepost_model_reject(model, command, reason);
		event->instrument = order->instrument;
		event->side = order->side;
		event->fields |= TP_EVF_SIDE;
		return;
	}
	order->updated_at = model->now;
	event = tradepost_model_order_event(model, TP_EV_AMENDED, order, quantity, TP_REASON_NONE);
	event->decision = 1;
	if (order->status == TP_ORDER_UNTRIGGERED)
	{
		if ((command->flags & TP_CMD_HAS_STOP_PRICE) && command->stop_price != old.stop_price)
			order->rank = order->rank < 0 ? -event->seq : event->seq;
		if (command->flags & TP_CMD_HAS_STOP_PRICE)
			order->stop_price = command->stop_price;
	}
	else if (price != old.price || quantity > old.quantity)
	{
		order->rank = event->seq;
		tradepost_model_match(model, order);
	}
	tradepost_model_trigger(model, tradepost_model_find_instrument(model, order->instrument));
}
