/*
 * trigger.c
 *	  Orders that wait for the last trade to reach their stop price: where they
 *	  wait, and what happens when it does.
 *
 * The armed ones stand in a book of their own, so that the nearest is known and adding
 * or removing one costs what it costs in any book; the market keeps the two nearest
 * prices, so that a trade which fires nothing pays two comparisons.  The dormant ones
 * only hang in a chain.  Both are found again by the order's rank, negative while dormant.
 *
 * Called by order.c (an order begins or ceases to wait), link.c (arms) and, after an order
 * is done, by accept.c, amend.c and liquidation.c.
 */
#include <stdlib.h>
#include "engine_state.h"

void
tradepost_trigger_init(TpMarket *market, TpOrders *pool)
{
	tradepost_book_init(&market->armed, pool);
	market->rises_at = INT64_MAX;
	market->falls_at = INT64_MIN;
}

/* The side of the book of armed orders: those that wait for a rise are its asks. */
static TpSide
side_of(TpSide side, TpOrderType type)
{
	return (side == TP_BUY) != (type == TP_TAKE_PROFIT) ? TP_SELL : TP_BUY;
}

static void
note_nearest(TpMarket *market)
{
	const TpBookLevel *rise = tp_book_best(&market->armed, TP_SELL);
	const TpBookLevel *fall = tp_book_best(&market->armed, TP_BUY);

	market->rises_at = rise == NULL ? INT64_MAX : rise->price;
	market->falls_at = fall == NULL ? INT64_MIN : fall->price;
}

static void
chain_dormant(TpEngine *engine, TpMarket *market, uint32_t order)
{
	TpBookOrder *o = tp_order(engine, order);

	o->prev = TP_NONE;
	o->next = market->first_dormant;
	if (o->next != TP_NONE)
		tp_order(engine, o->next)->prev = order;
	market->first_dormant = order;
}

static void
unchain_dormant(TpEngine *engine, TpMarket *market, uint32_t order)
{
	TpBookOrder *o = tp_order(engine, order);

	if (o->next != TP_NONE)
		tp_order(engine, o->next)->prev = o->prev;
	if (o->prev != TP_NONE)
		tp_order(engine, o->prev)->next = o->next;
	else
		market->first_dormant = o->next;
	o->prev = o->next = TP_NONE;
}

void
tradepost_trigger_file(TpEngine *engine, uint32_t order)
{
	const TpOrder *details = tp_details(engine, order);
	const TpOrderState *state = &details->state;
	TpMarket *market = details->holding->market;

	if (state->rank < 0)
	{
		chain_dormant(engine, market, order);
		return;
	}
	tradepost_book_rest(&market->armed, order, side_of(state->side, state->type), state->stop_price);
	note_nearest(market);
}

/* One whose turn has come, or comes, is in neither place. */
void
tradepost_trigger_unfile(TpEngine *engine, uint32_t order)
{
	const TpOrder *details = tp_details(engine, order);
	TpMarket *market = details->holding->market;

	if (tp_order(engine, order)->level != TP_NONE)
	{
		tradepost_book_remove(&market->armed, order);
		note_nearest(market);
	}
	else if (details->state.rank < 0)
		unchain_dormant(engine, market, order);
}

void
tradepost_trigger_reduce(TpEngine *engine, uint32_t order, int64_t by)
{
	if (tp_order(engine, order)->level != TP_NONE)
		tradepost_book_reduce(&tp_details(engine, order)->holding->market->armed, order, by);
	else
		tp_order(engine, order)->remaining -= by;
}

void
tradepost_trigger_arm(TpEngine *engine, uint32_t order)
{
	TpOrderState *state = &tp_details(engine, order)->state;

	if (state->rank > 0)
		return;
	tradepost_trigger_unfile(engine, order);
	state->rank = -state->rank;
	tradepost_trigger_file(engine, order);
	tradepost_touch_order(engine, order);
}

/* Would it trigger if it were armed now? */
bool
tradepost_trigger_holds(const TpMarket *market, TpSide side, TpOrderType type, int64_t stop_price)
{
	return market->spec.last_trade_seq != 0 &&
		   tp_crosses(tp_opposite(side_of(side, type)), market->spec.last_price, stop_price);
}

static int
by_rank(const void *a, const void *b)
{
	int64_t x = ((const TpDue *) a)->rank;
	int64_t y = ((const TpDue *) b)->rank;

	return (x > y) - (x < y);
}

static void
take_side(TpEngine *engine, TpMarket *market, TpSide side)
{
	const TpBookLevel *best;

	while ((best = tp_book_best(&market->armed, side)) != NULL &&
		   tp_crosses(tp_opposite(side), market->spec.last_price, best->price))
	{
		TpDue due = { .order = best->head, .price = market->spec.last_price };

		due.rank = tp_details(engine, due.order)->state.rank;
		tradepost_book_remove(&market->armed, due.order);
		TP_PUSH(&engine->due, TpDue, due);
	}
}

/* What the last trade reaches goes to the end of the list, by rank. */
static void
take_due(TpEngine *engine, TpMarket *market)
{
	size_t from = engine->due.count;

	if (market->spec.last_trade_seq == 0)
		return;
	take_side(engine, market, TP_BUY);
	take_side(engine, market, TP_SELL);
	note_nearest(market);
	if (engine->due.count > from + 1)
		qsort(&TP_AT(&engine->due, TpDue, from), engine->due.count - from, sizeof(TpDue), by_rank);
}

/* What a place would be asked now. */
static TpReason
check(const TpEngine *engine, uint32_t order)
{
	const TpOrder *details = tp_details(engine, order);
	const TpOrderState *state = &details->state;
	TpMarket *market = details->holding->market;
	const TpBookLevel *best = tp_book_best(&market->book, tp_opposite(state->side));
	TpTerms terms = tradepost_order_terms(engine, order);

	if (!tp_is_market_kind(state->type) && !tradepost_market_in_band(market, state->price))
		return TP_REASON_OUTSIDE_BAND;
	if (tp_is_market_kind(state->type) && (best == NULL || !tp_crosses(state->side, state->price, best->price)))
		return TP_REASON_NO_LIQUIDITY;
	return tradepost_risk_check(engine, market, state->account, details->holding, &terms, NULL).reason;
}

static void
fire(TpEngine *engine, const TpDue *due)
{
	TpOrder *details = tp_details(engine, due->order);
	TpOrderState *state = &details->state;
	const TpMarket *market = details->holding->market;
	TpEvent *event;
	TpReason reason;

	if (details->tie != TP_NONE)
		tradepost_link_triggers(engine, due->order);
	tradepost_order_wake(engine, due->order);
	event = tradepost_emit_order(engine, TP_EV_TRIGGERED, due->order, state->quantity, TP_REASON_NONE);
	event->price = due->price;
	event->fields |= TP_EVF_PRICE;
	state->status = TP_ORDER_OPEN;
	state->rank = event->seq;
	if (tp_is_market_kind(state->type))
		state->price = state->side == TP_BUY ? market->band_high : market->band_low;
	tradepost_touch_order(engine, due->order);

	reason = check(engine, due->order);
	if (reason == TP_REASON_NONE)
		tradepost_execute(engine, due->order);
	else
		tradepost_order_cancel(engine, due->order, reason, false);
}

void
tradepost_trigger_run(TpEngine *engine, TpMarket *market)
{
	take_due(engine, market);
	while (engine->due_next < engine->due.count)
	{
		TpDue due = TP_AT(&engine->due, TpDue, engine->due_next++);

		/* Another of the list may have ended it: its partner. */
		if (!tp_waits(engine, due.order))
			continue;
		fire(engine, &due);
		take_due(engine, market);
	}
	engine->due.count = engine->due_next = 0;
}
