/*
 * model_apply.c
 *	  What the model does for each command.
 *
 * The order of the checks is the rule: the first that fails names the reason.
 */
#include "model_state.h"

/* A refused command that is no place. */
static TpEvent *
reject(TpModel *model, const TpCommand *command, TpReason reason)
{
	TpEvent *event = tradepost_model_emit(model, TP_EV_REJECTED);
	bool amend = command->kind == TP_CMD_AMEND;

	event->decision = 1;
	event->reason = (uint8_t) reason;
	event->account = command->account;
	event->counter_account = command->counter_account;
	event->order_id = command->order_id;
	event->instrument = command->instrument;
	event->asset = command->asset;
	if (command->kind == TP_CMD_DEPOSIT || command->kind == TP_CMD_WITHDRAW ||
		(amend && (command->flags & TP_CMD_HAS_QUANTITY)))
	{
		event->quantity = command->quantity;
		event->fields |= TP_EVF_QUANTITY;
	}
	if (command->kind == TP_CMD_MARK || command->kind == TP_CMD_SETTLE ||
		(amend && (command->flags & TP_CMD_HAS_PRICE)))
	{
		event->price = command->price;
		event->fields |= TP_EVF_PRICE;
	}
	return event;
}

static bool
price_in_range(const TpInstrument *instrument, int64_t price)
{
	if (price % instrument->tick != 0 || price > instrument->max_price)
		return false;
	if (instrument->allow_negative && instrument->kind == TP_FUTURE)
		return price >= -instrument->max_price;
	return price > 0;
}

static bool
quantity_in_range(const TpInstrument *instrument, int64_t quantity)
{
	return quantity > 0 && quantity % instrument->lot == 0 && quantity <= instrument->max_quantity;
}

static bool
inside_band(const TpInstrument *instrument, int64_t price)
{
	tp_int128 off = (tp_int128) price - instrument->mark;

	return off <= instrument->band && -off <= instrument->band;
}

static bool
rate_in_range(int32_t rate)
{
	return rate >= 0 && rate <= TRADEPOST_ONE;
}

static bool
place_in_range(const TpInstrument *instrument, const TpCommand *command)
{
	if (command->side > TP_SELL || command->type > TP_MARKET || command->time_in_force > TP_FOK ||
		command->stp > TP_STP_NONE)
		return false;
	if (!rate_in_range(command->maker_rate) || !rate_in_range(command->taker_rate))
		return false;
	if (command->time_in_force == TP_DAY && command->expires_at <= 0)
		return false;
	if (!quantity_in_range(instrument, command->quantity))
		return false;
	return command->type == TP_MARKET || price_in_range(instrument, command->price);
}

/* Could everything open on this order's side fill without the position leaving its bounds? */
static bool
exposure_fits(const TpModel *model, const TpOrderState *order)
{
	tp_int128 open = tradepost_model_open_quantity(model, order->account, order->instrument, order->side);
	tp_int128 position = tradepost_model_holding(model, order->account, order->instrument);

	if (tradepost_model_find_instrument(model, order->instrument)->kind == TP_SPOT)
		return true;
	if (order->side == TP_SELL)
		position = -position;
	return (position > 0 ? position : 0) + open < TRADEPOST_MAX_EXPOSURE;
}

/* The order stands open in the model; margin_before is from before it did. */
static bool
funds_suffice(const TpModel *model, const TpOrderState *order, tp_int128 margin_before)
{
	const TpInstrument *instrument = tradepost_model_find_instrument(model, order->instrument);
	int32_t asset = tradepost_model_paying_asset(instrument, order->side);

	if (instrument->kind == TP_FUTURE && tradepost_model_margin(model, order->account, instrument) <= margin_before)
		return true;
	return tradepost_model_free_funds(model, order->account, asset) >= 0;
}

static TpSide
other_side(TpSide side)
{
	return side == TP_BUY ? TP_SELL : TP_BUY;
}

static bool
would_cross(const TpModel *model, const TpOrderState *order)
{
	const TpOrderState *best = tradepost_model_best(model, order->instrument, other_side(order->side));

	return best != NULL && tradepost_model_crosses(order->side, order->price, best->price);
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
	order = (TpOrderState){ .account = command->account,
							.instrument = command->instrument,
							.side = command->side,
							.quantity = command->quantity,
							.stp = command->stp,
							.price = command->price };
	if (command->type == TP_MARKET)
		order.price = tradepost_model_band_limit(instrument, command->side);
	else if (!inside_band(instrument, command->price))
		return TP_REASON_OUTSIDE_BAND;
	if ((command->flags & TP_CMD_POST_ONLY) && would_cross(model, &order))
		return TP_REASON_WOULD_CROSS;
	if (command->type == TP_MARKET && !would_cross(model, &order))
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
						   .type = command->type > TP_MARKET ? 0 : command->type,
						   .time_in_force = command->time_in_force > TP_FOK ? 0 : command->time_in_force,
						   .stp = command->stp > TP_STP_NONE ? 0 : command->stp,
						   .flags = command->flags,
						   .status = TP_ORDER_REJECTED };

	if (order.type == TP_MARKET)
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

	if (instrument->kind == TP_FUTURE)
		margin = tradepost_model_margin(model, order->account, instrument);
	if (command->type == TP_MARKET)
		order->price = tradepost_model_band_limit(instrument, command->side);
	order->status = TP_ORDER_OPEN;
	if (!exposure_fits(model, order))
		return TP_REASON_EXPOSURE;
	if (!funds_suffice(model, order, margin))
		return TP_REASON_INSUFFICIENT_FUNDS;
	return TP_REASON_NONE;
}

static void
place(TpModel *model, const TpCommand *command)
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
		return;
	}
	event = tradepost_model_order_event(model, TP_EV_ACCEPTED, order, order->quantity, TP_REASON_NONE);
	event->decision = 1;
	order->rank = event->seq;
	tradepost_model_match(model, order);
	if (!tradepost_model_order_is_open(order))
		return;
	if (order->time_in_force == TP_IOC)
		tradepost_model_close(model, order, TP_ORDER_CANCELLED, tradepost_model_remaining(order), TP_REASON_IOC);
	else if (order->type == TP_MARKET)
		tradepost_model_close(model, order, TP_ORDER_CANCELLED, tradepost_model_remaining(order), TP_REASON_UNFILLED);
}

static TpOrderState *
own_order(TpModel *model, const TpCommand *command)
{
	TpOrderState *order = tradepost_model_find_open(model, command->order_id);

	if (order != NULL && order->account == command->account)
		return order;
	reject(model, command, TP_REASON_ORDER_UNKNOWN);
	return NULL;
}

static void
cancel(TpModel *model, const TpCommand *command)
{
	TpOrderState *order = own_order(model, command);

	if (order != NULL)
		tradepost_model_close(model, order, TP_ORDER_CANCELLED, tradepost_model_remaining(order), TP_REASON_REQUESTED)
			->decision = 1;
}

static TpReason
check_amended(TpModel *model, TpOrderState *order, const TpOrderState *old)
{
	const TpInstrument *instrument = tradepost_model_find_instrument(model, order->instrument);
	tp_int128 margin = 0;
	TpOrderState amended = *order;

	if (order->price != old->price && !inside_band(instrument, order->price))
		return TP_REASON_OUTSIDE_BAND;
	if ((order->flags & TP_CMD_POST_ONLY) && would_cross(model, order))
		return TP_REASON_WOULD_CROSS;
	if (!exposure_fits(model, order))
		return TP_REASON_EXPOSURE;
	*order = *old;
	if (instrument->kind == TP_FUTURE)
		margin = tradepost_model_margin(model, order->account, instrument);
	*order = amended;
	return funds_suffice(model, order, margin) ? TP_REASON_NONE : TP_REASON_INSUFFICIENT_FUNDS;
}

/* What it would become must be in range, also in what the command does not change. */
static TpReason
check_amend(const TpInstrument *instrument, const TpOrderState *order, int64_t price, int64_t quantity)
{
	bool decrease = price == order->price && quantity <= order->quantity;

	if (instrument->status == TP_INSTRUMENT_EXPIRED)
		return TP_REASON_INSTRUMENT_EXPIRED;
	if (instrument->status == TP_INSTRUMENT_HALTED && !decrease)
		return TP_REASON_INSTRUMENT_HALTED;
	if (!price_in_range(instrument, price) || !quantity_in_range(instrument, quantity))
		return TP_REASON_OUT_OF_RANGE;
	return TP_REASON_NONE;
}

static void
amend(TpModel *model, const TpCommand *command)
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
	reason = check_amend(tradepost_model_find_instrument(model, order->instrument), order, price, quantity);
	if (reason == TP_REASON_NONE && quantity <= order->filled)
	{
		tradepost_model_close(model, order, TP_ORDER_CANCELLED, tradepost_model_remaining(order),
							  TP_REASON_AMENDED_BELOW_FILLED)
			->decision = 1;
		return;
	}
	if (reason == TP_REASON_NONE)
	{
		order->price = price;
		order->quantity = quantity;
		if (price != old.price || quantity > old.quantity)
			reason = check_amended(model, order, &old);
	}
	if (reason != TP_REASON_NONE)
	{
		*order = old;
		event = reject(model, command, reason);
		event->instrument = order->instrument;
		event->side = order->side;
		event->fields |= TP_EVF_SIDE;
		return;
	}
	order->updated_at = model->now;
	event = tradepost_model_order_event(model, TP_EV_AMENDED, order, quantity, TP_REASON_NONE);
	event->decision = 1;
	if (price == old.price && quantity <= old.quantity)
		return;
	order->rank = event->seq;
	tradepost_model_match(model, order);
}

static void
cancel_all(TpModel *model, const TpCommand *command)
{
	TpEvent *event = tradepost_model_emit(model, TP_EV_CANCELLED_ALL);
	TpOrderState *order;

	event->decision = 1;
	event->account = command->account;
	event->instrument = command->instrument;
	while ((order = tradepost_model_lowest_id(model, &command->account,
											  command->instrument == 0 ? NULL : &command->instrument, INT64_MIN)) !=
		   NULL)
		tradepost_model_close(model, order, TP_ORDER_CANCELLED, tradepost_model_remaining(order), TP_REASON_CANCEL_ALL);
}

static void
transfer(TpModel *model, const TpCommand *command)
{
	bool deposit = command->kind == TP_CMD_DEPOSIT;
	tp_int128 amount = command->quantity;
	TpEvent *event;

	if (amount <= 0 || command->asset <= 0)
	{
		reject(model, command, TP_REASON_OUT_OF_RANGE);
		return;
	}
	if (!deposit && tradepost_model_free_funds(model, command->account, command->asset) < amount)
	{
		reject(model, command, TP_REASON_INSUFFICIENT_FUNDS);
		return;
	}
	event = tradepost_model_emit(model, deposit ? TP_EV_DEPOSITED : TP_EV_WITHDRAWN);
	event->decision = 1;
	event->account = command->account;
	event->counter_account = command->counter_account;
	event->asset = command->asset;
	event->quantity = command->quantity;
	event->fields = TP_EVF_QUANTITY;
	tradepost_model_post(model, command->account, command->asset, deposit ? amount : -amount);
	tradepost_model_post(model, command->counter_account, command->asset, deposit ? -amount : amount);
}

static void
mark(TpModel *model, const TpCommand *command, TpInstrument *instrument)
{
	tp_int128 step = (tp_int128) command->price - instrument->mark;
	TpEvent *event;

	if (!price_in_range(instrument, command->price))
	{
		reject(model, command, TP_REASON_OUT_OF_RANGE);
		return;
	}
	if (step > instrument->mark_step || -step > instrument->mark_step)
	{
		reject(model, command, TP_REASON_MARK_STEP);
		return;
	}
	instrument->mark = command->price;
	event = tradepost_model_emit(model, TP_EV_MARKED);
	event->decision = 1;
	event->instrument = instrument->id;
	event->price = command->price;
	event->fields = TP_EVF_PRICE;
	tradepost_model_liquidate(model, instrument);
}

static void
simple(TpModel *model, TpEventKind kind, int32_t instrument)
{
	TpEvent *event = tradepost_model_emit(model, kind);

	event->decision = 1;
	event->instrument = instrument;
}

/* MARK, HALT, RESUME, LIST, SETTLE. */
static void
administer(TpModel *model, const TpCommand *command)
{
	TpInstrument *instrument = tradepost_model_find_instrument(model, command->instrument);

	if (instrument == NULL)
		reject(model, command, TP_REASON_INSTRUMENT_UNKNOWN);
	else if (command->kind == TP_CMD_LIST)
		simple(model, TP_EV_LISTED, instrument->id);
	else if (instrument->status == TP_INSTRUMENT_EXPIRED)
		reject(model, command, TP_REASON_INSTRUMENT_EXPIRED);
	else if (command->kind == TP_CMD_MARK)
		mark(model, command, instrument);
	else if (command->kind == TP_CMD_SETTLE)
	{
		if (price_in_range(instrument, command->price))
			tradepost_model_settle(model, instrument, command->price, true);
		else
			reject(model, command, TP_REASON_OUT_OF_RANGE);
	}
	else
	{
		instrument->status = command->kind == TP_CMD_HALT ? TP_INSTRUMENT_HALTED : TP_INSTRUMENT_OPEN;
		simple(model, command->kind == TP_CMD_HALT ? TP_EV_HALTED : TP_EV_RESUMED, instrument->id);
	}
}

void
tradepost_model_apply(TpModel *model, const TpCommand *command, int64_t now)
{
	model->now = now;
	model->command_id = command->id;
	while (tradepost_model_expire_next(model))
		;
	if (command->poisoned && command->kind != TP_CMD_PLACE)
	{
		reject(model, command, TP_REASON_ENGINE_ERROR);
		return;
	}
	switch (command->kind)
	{
		case TP_CMD_PLACE:
			place(model, command);
			break;
		case TP_CMD_CANCEL:
			cancel(model, command);
			break;
		case TP_CMD_AMEND:
			amend(model, command);
			break;
		case TP_CMD_CANCEL_ALL:
			cancel_all(model, command);
			break;
		case TP_CMD_DEPOSIT:
		case TP_CMD_WITHDRAW:
			transfer(model, command);
			break;
		case TP_CMD_MARK:
		case TP_CMD_HALT:
		case TP_CMD_RESUME:
		case TP_CMD_LIST:
		case TP_CMD_SETTLE:
			administer(model, command);
			break;
		case TP_CMD_SWEEP:
			simple(model, TP_EV_SWEPT, 0);
			break;
		default:
			reject(model, command, TP_REASON_OUT_OF_RANGE);
			break;
	}
}
