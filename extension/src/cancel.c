/*
 * cancel.c
 *	  Orders that end because somebody says so: their owner, a liquidation or the
 *	  end of their instrument.
 *
 * Many at once go by rising id, the one order that everybody can agree on without
 * knowing how the engine keeps them.
 */
#include <stdlib.h>
#include "engine_state.h"

static int
by_id(const void *a, const void *b)
{
	int64_t x = ((const TpNamedOrder *) a)->id;
	int64_t y = ((const TpNamedOrder *) b)->id;

	return (x > y) - (x < y);
}

void
tradepost_sort_named(TpVec *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(TpNamedOrder), by_id);
}

void
tradepost_note_order(const TpEngine *engine, TpVec *list, uint32_t order)
{
	TpNamedOrder named = { .id = tp_order(engine, order)->id, .order = order };

	TP_PUSH(list, TpNamedOrder, named);
}

/* One may have taken others along. */
void
tradepost_cancel_noted(TpEngine *engine, TpVec *list, TpReason reason)
{
	tradepost_sort_named(list);
	for (size_t i = 0; i < list->count; i++)
		if (tp_stands(engine, TP_AT(list, TpNamedOrder, i).order))
			tradepost_order_cancel(engine, TP_AT(list, TpNamedOrder, i).order, reason, false);
	tp_vec_free(list);
}

static void
note_chain(const TpEngine *engine, TpVec *list, uint32_t first)
{
	for (uint32_t order = first; order != TP_NONE; order = tp_details(engine, order)->next)
		tradepost_note_order(engine, list, order);
}

static void
note_holding(const TpEngine *engine, TpVec *list, const TpHolding *holding)
{
	note_chain(engine, list, holding->first_order);
	note_chain(engine, list, holding->first_waiting);
}

static void
note_queue(const TpEngine *engine, TpVec *list, uint32_t first)
{
	for (uint32_t order = first; order != TP_NONE; order = tp_order(engine, order)->next)
		tradepost_note_order(engine, list, order);
}

static void
note_book(const TpEngine *engine, TpVec *list, const TpBook *book)
{
	for (int side = TP_BUY; side <= TP_SELL; side++)
		for (uint32_t l = book->sides[side].best; l != TP_NONE; l = tp_level_at(&engine->orders, l)->worse)
			note_queue(engine, list, tp_level_at(&engine->orders, l)->head);
}

/* All open orders of an account, in one instrument or (0) in all. */
void
tradepost_cancel_account(TpEngine *engine, int64_t account, int32_t instrument, TpReason reason)
{
	const TpAccount *owner = tradepost_account_find(&engine->accounts, account);
	TpVec list = { 0 };

	if (owner == NULL)
		return;
	if (instrument != 0)
	{
		const TpHolding *holding = tradepost_holding_find(&engine->accounts, account, instrument);

		if (holding != NULL)
			note_holding(engine, &list, holding);
	}
	else
	{
		for (const TpBalance *b = owner->balances; b != NULL; b = b->next)
			for (int kind = 0; kind < 2; kind++)
				for (const TpHolding *h = b->active[kind]; h != NULL; h = h->next_active)
					note_holding(engine, &list, h);
	}
	tradepost_cancel_noted(engine, &list, reason);
}

void
tradepost_cancel_market(TpEngine *engine, TpMarket *market, TpReason reason)
{
	TpVec list = { 0 };

	note_book(engine, &list, &market->book);
	note_book(engine, &list, &market->armed);
	note_queue(engine, &list, market->first_dormant);
	tradepost_cancel_noted(engine, &list, reason);
}

void
tradepost_cancel(TpEngine *engine)
{
	uint32_t order = tradepost_order_find_own(engine);

	if (order == TP_NONE)
		tradepost_reject(engine, TP_REASON_ORDER_UNKNOWN);
	else
		tradepost_order_cancel(engine, order, TP_REASON_REQUESTED, true);
}

void
tradepost_cancel_all(TpEngine *engine)
{
	const TpCommand *command = engine->command;
	TpEvent *event = tradepost_emit(engine, TP_EV_CANCELLED_ALL);

	event->decision = 1;
	event->account = command->account;
	event->instrument = command->instrument;
	tradepost_cancel_account(engine, command->account, command->instrument, TP_REASON_CANCEL_ALL);
}
