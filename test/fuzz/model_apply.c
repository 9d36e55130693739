/*
 * model_apply.c
 *	  What the model does for each command; model_place.c and model_amend.c have those of
 *	  one order.
 *
 * The order of the checks is the rule: the first that fails names the reason.
 */
#include "model_state.h"

/* A refused command that is no place. */
TpEvent *
tradepost_model_reject(TpModel *model, const TpCommand *command, TpReason reason)
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
		tradepost_model_reject(model, command, TP_REASON_OUT_OF_RANGE);
		return;
	}
	if (!deposit && tradepost_model_free_funds(model, command->account, command->asset) < amount)
	{
		tradepost_model_reject(model, command, TP_REASON_INSUFFICIENT_FUNDS);
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

	if (!tradepost_model_price_in_range(instrument, command->price))
	{
		tradepost_model_reject(model, command, TP_REASON_OUT_OF_RANGE);
		return;
	}
	if (step > instrument->mark_step || -step > instrument->mark_step)
	{
		tradepost_model_reject(model, command, TP_REASON_MARK_STEP);
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
		tradepost_model_reject(model, command, TP_REASON_INSTRUMENT_UNKNOWN);
	else if (command->kind == TP_CMD_LIST)
		simple(model, TP_EV_LISTED, instrument->id);
	else if (instrument->status == TP_INSTRUMENT_EXPIRED)
		tradepost_model_reject(model, command, TP_REASON_INSTRUMENT_EXPIRED);
	else if (command->kind == TP_CMD_MARK)
		mark(model, command, instrument);
	else if (command->kind == TP_CMD_SETTLE)
	{
		if (tradepost_model_price_in_range(instrument, command->price))
			tradepost_model_settle(model, instrument, command->price, true);
		else
			tradepost_model_reject(model, command, TP_REASON_OUT_OF_RANGE);
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
		tradepost_model_reject(model, command, TP_REASON_ENGINE_ERROR);
		return;
	}
	switch (command->kind)
	{
		case TP_CMD_PLACE:
			tradepost_model_place(model, command);
			break;
		case TP_CMD_CANCEL:
			tradepost_model_cancel(model, command);
			break;
		case TP_CMD_AMEND:
			tradepost_model_amend(model, command);
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
			tradepost_model_reject(model, command, TP_REASON_OUT_OF_RANGE);
			break;
	}
}
