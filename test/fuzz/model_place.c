/*
 * model_place.c
 *	  PLACE in the model.  The order of the checks is the rule: the first that
 *	  fails names the reason.
 *
 * Called by model_apply.c.
 */
#include "model_state.h"

static bool
rate_in_range(int32_t rate)
{
	return rate >= 0 && rate <= TRADEPOST_ONE;
}

static bool
place_in_range(const TpInstrument *instrument, const TpCommand *command)
{
	if (command->side > TP_SELL || command->type > TP_TAKE_PROFIT || command->time_in_force > TP_FOK ||
		command->stp > TP_STP_NONE)
		return false;
	if (!rate_in_range(command->maker_rate) || !rate_in_range(command->taker_rate))
		return false;
	if (command->time_in_force == TP_DAY && command->expires_at <= 0)
		return false;
	if (command->max_open < 0)
		return false;
	if (tradepost_model_has_trigger(command->type) &&
		(command->time_in_force == TP_IOC || command->time_in_force == TP_FOK || (command->flags & TP_CMD_POST_ONLY) ||
		 !tradepost_model_price_in_range(instrument, command->stop_price)))
		return false;
	if (!tradepost_model_quantity_in_range(instrument, command->quantity))
		return false;
	return tradepost_model_never_rests(command->type) || tradepost_model_price_in_range(instrument, command->price);
}

static int64_t
count_live(const TpModel *model, int64_t account)
{
	int64_t count = 0;

	for (size_t i = 0; i < model->n_orders; i++)
		count += model->orders[i].account == account && tradepost_model_order_is_live(&model->orders[i]);
	return count;
}

/* The checks that need neither exposure nor funds. */
static TpReason
check_place(const TpModel *model, const TpCommand *command, const TpInstrument *instrument)
{
	TpOrderState order;

	if (instrument == NULL)
		return TP_REASON_INSTRUMENT_UNKNOWN;
	if (instrument->status == TP_INSTRUMENT_EXPIRED)
		return TP_REASON_INSTRUMENT_EXPIRED;
	if (instrument->status == TP_INSTRUMENT_HALTED)
		return TP_REASON_INSTRUMENT_HALTED;
	if (!place_in_range(instrument, command) || tradepost_model_order(model, command->id, &order))
		return TP_REASON_OUT_OF_RANGE;
	if (command->time_in_force == TP_GTD && command->expires_at <= model->now)
		return TP_REASON_ORDER_EXPIRED;
	if (!tradepost_model_may_link(model, command))
		return TP_REASON_LINKED;
	if (command->max_open > 0 && count_live(model, command->account) >= command->max_open)
		return TP_REASON_TOO_MANY_ORDERS;
	if (tradepost_model_has_trigger(command->type))
		return TP_REASON_NONE;
	order = (TpOrderState){ .account = command->account,
							.instrument = command->instrument,
							.side = command->side,
							.quantity = command->quantity,
							.stp = command->stp,
							.price = command->price };
	if (command->type == TP_MARKET)
		order.price = tradepost_model_band_limit(instrument, command->side);
	else if (!tradepost_model_inside_band(instrument, command->price))
		return TP_REASON_OUTSIDE_BAND;
	if ((command->flags & TP_CMD_POST_ONLY) && tradepost_model_would_cross(model, &order))
		return TP_REASON_WOULD_CROSS;
	if (command->type == TP_MARKET && !tradepost_model_would_cross(model, &order))
		return TP_REASON_NO_LIQUIDITY;
	if (command->time_in_force == TP_FOK && !tradepost_model_can_fill(model, &order))
		return TP_REASON_CANNOT_FILL;
	return TP_REASON_NONE;
}

/* The row that a place leaves even if it is refused. */
static TpOrderState
new_order(const TpModel *model, const TpCommand *command)
{
	TpOrderState order = { .id = command->id,
						   .account = command->account,
						   .price = command->price,
						   .quantity = command->quantity,
						   .expires_at = TRADEPOST_TIME_NEVER,
						   .created_at = model->now,
						   .updated_at = model->now,
						   .instrument = command->instrument,
						   .maker_rate = command->maker_rate,
						   .taker_rate = command->taker_rate,
						   .side = command->side > TP_SELL ? 0 : command->side,
						   .type = command->type > TP_TAKE_PROFIT ? 0 : command->type,
						   .time_in_force = command->time_in_force > TP_FOK ? 0 : command->time_in_force,
						   .stp = command->stp > TP_STP_NONE ? 0 : command->stp,
						   .flags = command->flags,
						   .stop_price = tradepost_model_has_trigger(command->type) ? command->stop_price : 0,
						   .link_id = command->link_id,
						   .parent_id = command->parent_id,
						   .status = TP_ORDER_REJECTED };

	if (tradepost_model_never_rests(order.type))
		order.price = 0;
	if (command->time_in_force == TP_GTD)
		order.expires_at = command->expires_at;
	if (command->time_in_force == TP_DAY && command->expires_at < TRADEPOST_TIME_NEVER - model->now)
		order.expires_at = model->now + command->expires_at;
	return order;
}

/* Adds the order as if it stood open, looks, and leaves it there if it may. */
static TpReason
stand(TpModel *model, const TpCommand *command, const TpInstrument *instrument, TpOrderState *order)
{
	tp_int128 margin = 0;

	if (tradepost_model_has_trigger(command->type))
	{
		order->status = TP_ORDER_UNTRIGGERED;
		return TP_REASON_NONE;
	}
	if (instrument->kind == TP_FUTURE)
		margin = tradepost_model_margin(model, order->account, instrument);
	if (command->type == TP_MARKET)
		order->price = tradepost_model_band_limit(instrument, command->side);
	order->status = TP_ORDER_OPEN;
	if (!tradepost_model_exposure_fits(model, order))
		return TP_REASON_EXPOSURE;
	if (!tradepost_model_funds_suffice(model, order, margin))
		return TP_REASON_INSUFFICIENT_FUNDS;
	return TP_REASON_NONE;
}

void
tradepost_model_place(TpModel *model, const TpCommand *command)
{
	TpInstrument *instrument = tradepost_model_find_instrument(model, command->instrument);
	TpReason reason = command->poisoned ? TP_REASON_ENGINE_ERROR : check_place(model, command, instrument);
	TpOrderState row = new_order(model, command);
	TpOrderState taken;
	TpOrderState *order = &row;
	TpEvent *event;

	if (!tradepost_model_order(model, command->id, &taken))
		order = tradepost_model_append_order(model, &row);
	if (reason == TP_REASON_NONE)
		reason = stand(model, command, instrument, order);
	if (reason != TP_REASON_NONE)
	{
		*order = row;
		order->reason = (uint8_t) reason;
		tradepost_model_order_event(model, TP_EV_REJECTED, order, order->quantity, reason)->decision = 1;
		if (order != &row)
			tradepost_model_parent_refused(model, command->id);
		return;
	}
	event = tradepost_model_order_event(model, TP_EV_ACCEPTED, order, order->quantity, TP_REASON_NONE);
	event->decision = 1;
	order->rank = order->parent_id == 0 ? event->seq : -event->seq;
	tradepost_model_parent_came(model, order);
	if (order->link_id != 0)
	{
		TpOrderState *partner = tradepost_model_find_live(model, order->link_id);

		partner->link_id = order->id;
		partner->updated_at = model->now;
	}
	if (order->status == TP_ORDER_OPEN)
		tradepost_model_take(model, order);
	tradepost_model_trigger(model, instrument);
}
