/*
 * batch.c
 *	  What a batch is made of: events, and the lists of what they changed.
 *
 * Every file that changes state calls the touch_ functions; the host reads the lists
 * through engine.h and stores each object once.  Objects know whether they are listed, so
 * touching is a test of a flag.
 */
#include "engine_state.h"

TpEvent *
tradepost_emit(TpEngine *engine, TpEventKind kind)
{
	TpEvent *event = tp_vec_push(&engine->events, sizeof(TpEvent));

	*event = (TpEvent){
		.seq = ++engine->seq, .command_id = engine->command->id, .time = engine->now, .kind = (uint8_t) kind
	};
	return event;
}

TpEvent *
tradepost_emit_order(TpEngine *engine, TpEventKind kind, uint32_t order, int64_t quantity, TpReason reason)
{
	const TpOrderState *state = &tp_details(engine, order)->state;
	TpEvent *event = tradepost_emit(engine, kind);

	event->order_id = state->id;
	event->account = state->account;
	event->instrument = state->instrument;
	event->side = state->side;
	event->quantity = quantity;
	event->fields = TP_EVF_SIDE | TP_EVF_QUANTITY;
	if (!tp_is_market_kind(state->type))
	{
		event->price = state->price;
		event->fields |= TP_EVF_PRICE;
	}
	event->reason = (uint8_t) reason;
	return event;
}

TpEvent *
tradepost_emit_market(TpEngine *engine, TpEventKind kind, const TpMarket *market)
{
	TpEvent *event = tradepost_emit(engine, kind);

	event->instrument = market->spec.id;
	return event;
}

static void
copy_quantity(TpEvent *event, const TpCommand *command)
{
	event->quantity = command->quantity;
	event->fields |= TP_EVF_QUANTITY;
}

static void
copy_price(TpEvent *event, const TpCommand *command)
{
	event->price = command->price;
	event->fields |= TP_EVF_PRICE;
}

/* The decision on any command but a place: refused. */
TpEvent *
tradepost_reject(TpEngine *engine, TpReason reason)
{
	const TpCommand *command = engine->command;
	TpEvent *event = tradepost_emit(engine, TP_EV_REJECTED);

	event->decision = 1;
	event->reason = (uint8_t) reason;
	event->account = command->account;
	event->counter_account = command->counter_account;
	event->order_id = command->order_id;
	event->instrument = command->instrument;
	event->asset = command->asset;
	switch (command->kind)
	{
		case TP_CMD_DEPOSIT:
		case TP_CMD_WITHDRAW:
			copy_quantity(event, command);
			break;
		case TP_CMD_MARK:
		case TP_CMD_SETTLE:
			copy_price(event, command);
			break;
		case TP_CMD_AMEND:
			if (command->flags & TP_CMD_HAS_QUANTITY)
				copy_quantity(event, command);
			if (command->flags & TP_CMD_HAS_PRICE)
				copy_price(event, command);
			break;
		default:
			break;
	}
	return event;
}

void
tradepost_list_order(TpEngine *engine, uint32_t order)
{
	TpOrder *details = tp_details(engine, order);

	if (details->dirty)
		return;
	details->dirty = true;
	TP_PUSH(&engine->dirty_orders, uint32_t, order);
}

void
tradepost_touch_order(TpEngine *engine, uint32_t order)
{
	tp_details(engine, order)->state.updated_at = engine->now;
	tradepost_list_order(engine, order);
}

void
tradepost_touch_balance(TpEngine *engine, TpBalance *balance)
{
	if (balance->dirty)
		return;
	balance->dirty = true;
	TP_PUSH(&engine->dirty_balances, TpBalance *, balance);
}

void
tradepost_touch_holding(TpEngine *engine, TpHolding *holding)
{
	if (holding->dirty || holding->market->spec.kind != TP_FUTURE)
		return;
	holding->dirty = true;
	TP_PUSH(&engine->dirty_holdings, TpHolding *, holding);
}

void
tradepost_touch_market(TpEngine *engine, TpMarket *market)
{
	if (market->dirty)
		return;
	market->dirty = true;
	TP_PUSH(&engine->dirty_markets, TpMarket *, market);
}

size_t
tradepost_engine_events(const TpEngine *engine, const TpEvent **events)
{
	*events = engine->events.items;
	return engine->events.count;
}

TpEvent *
tradepost_engine_event(TpEngine *engine, size_t i)
{
	return &TP_AT(&engine->events, TpEvent, i);
}

size_t
tradepost_engine_dirty_orders(TpEngine *engine, const TpDirtyOrder **out)
{
	engine->out_orders.count = 0;
	for (size_t i = 0; i < engine->dirty_orders.count; i++)
	{
		const TpOrder *details = tp_details(engine, TP_AT(&engine->dirty_orders, uint32_t, i));
		TpDirtyOrder *row = tp_vec_push(&engine->out_orders, sizeof(TpDirtyOrder));

		row->state = details->state;
		row->stored = details->stored;
	}
	*out = engine->out_orders.items;
	return engine->out_orders.count;
}

size_t
tradepost_engine_dirty_balances(TpEngine *engine, const TpDirtyBalance **out)
{
	engine->out_balances.count = 0;
	for (size_t i = 0; i < engine->dirty_balances.count; i++)
	{
		const TpBalance *balance = TP_AT(&engine->dirty_balances, TpBalance *, i);
		TpDirtyBalance *row = tp_vec_push(&engine->out_balances, sizeof(TpDirtyBalance));

		row->state = tp_balance_state(balance);
		row->stored = balance->stored;
	}
	*out = engine->out_balances.items;
	return engine->out_balances.count;
}

size_t
tradepost_engine_dirty_positions(TpEngine *engine, const TpDirtyPosition **out)
{
	engine->out_positions.count = 0;
	for (size_t i = 0; i < engine->dirty_holdings.count; i++)
	{
		const TpHolding *holding = TP_AT(&engine->dirty_holdings, TpHolding *, i);
		TpDirtyPosition *row = tp_vec_push(&engine->out_positions, sizeof(TpDirtyPosition));

		row->state = tp_position_state(holding);
		row->stored = holding->stored;
	}
	*out = engine->out_positions.items;
	return engine->out_positions.count;
}

size_t
tradepost_engine_dirty_instruments(TpEngine *engine, const int32_t **ids)
{
	engine->out_instruments.count = 0;
	for (size_t i = 0; i < engine->dirty_markets.count; i++)
		TP_PUSH(&engine->out_instruments, int32_t, TP_AT(&engine->dirty_markets, TpMarket *, i)->spec.id);
	*ids = engine->out_instruments.items;
	return engine->out_instruments.count;
}

/* Closed orders go last: until here they are listed, and found by id. */
void
tradepost_engine_end_batch(TpEngine *engine)
{
	tradepost_checksum_update(engine);
	for (size_t i = 0; i < engine->closed.count; i++)
		tradepost_orders_drop(&engine->orders, TP_AT(&engine->closed, uint32_t, i));
	engine->closed.count = 0;
	engine->events.count = 0;
}
