/*
 * amend.c
 *	  TP_CMD_AMEND: the design's section 4, rule 5.
 */
#include "engine_state.h"

typedef struct TpChange
{
	uint32_t order;
	TpMarket *market;
	int64_t price; /* as it is to be */
	int64_t quantity;
	int64_t stop_price;
	bool in_place;
} TpChange;

/* Not whether it expired: then its orders went with it, and this one is unknown. */
static TpReason
check_limits(const TpChange *change, bool has_stop_price)
{
	const TpMarket *market = change->market;

	if (market->spec.status == TP_INSTRUMENT_HALTED && !change->in_place)
		return TP_REASON_INSTRUMENT_HALTED;
	if (!tradepost_market_quantity_ok(market, change->quantity) || !tradepost_market_price_ok(market, change->price) ||
		has_stop_price)
		return TP_REASON_OUT_OF_RANGE;
	return TP_REASON_NONE;
}

/* What only an order that loses its place is asked. */
static TpReason
check_new_place(const TpEngine *engine, const TpChange *change)
{
	const TpOrder *details = tp_details(engine, change->order);
	const TpOrderState *state = &details->state;
	const TpBookLevel *best = tp_book_best(&change->market->book, tp_opposite(state->side));
	TpTerms old = tradepost_order_terms(engine, change->order);
	TpTerms terms = old;

	if (change->price != state->price && !tradepost_market_in_band(change->market, change->price))
		return TP_REASON_OUTSIDE_BAND;
	if ((state->flags & TP_CMD_POST_ONLY) && best != NULL && tp_crosses(state->side, change->price, best->price))
		return TP_REASON_WOULD_CROSS;
	terms.price = change->price;
	terms.remaining = change->quantity - state->filled;
	return tradepost_risk_check(engine, change->market, state->account, details->holding, &terms, &old).reason;
}

static void
refuse(TpEngine *engine, const TpChange *change, TpReason reason)
{
	TpEvent *event = tradepost_reject(engine, reason);

	event->instrument = change->market->spec.id;
	event->side = tp_details(engine, change->order)->state.side;
	event->fields |= TP_EVF_SIDE;
}

static TpEvent *
confirm(TpEngine *engine, const TpChange *change)
{
	TpEvent *event = tradepost_emit_order(engine, TP_EV_AMENDED, change->order, change->quantity, TP_REASON_NONE);

	event->decision = 1;
	return event;
}

static void
shrink_in_place(TpEngine *engine, const TpChange *change)
{
	TpOrderState *state = &tp_details(engine, change->order)->state;
	int64_t by = state->quantity - change->quantity;

	state->quantity = change->quantity;
	if (by > 0)
		tradepost_order_reduce(engine, change->order, by);
	tradepost_touch_order(engine, change->order);
	confirm(engine, change);
}

/* To the back of the queue at its price, through the book if it crosses. */
static void
replace(TpEngine *engine, const TpChange *change)
{
	TpOrderState *state = &tp_details(engine, change->order)->state;

	tradepost_order_lift(engine, change->order);
	state->price = change->price;
	state->quantity = change->quantity;
	tp_order(engine, change->order)->remaining = change->quantity - state->filled;
	state->rank = confirm(engine, change)->seq;
	tradepost_touch_order(engine, change->order);
	tradepost_execute(engine, change->order);
	tp_trigger(engine, change->market);
}

/* One that waits for its trigger: nobody's queue, nobody's money. */
static TpReason
check_waiting(const TpChange *change, const TpOrderState *state, uint8_t flags)
{
	const TpMarket *market = change->market;

	if (market->spec.status == TP_INSTRUMENT_HALTED && !(change->in_place && change->stop_price == state->stop_price))
		return TP_REASON_INSTRUMENT_HALTED;
	if (!tradepost_market_quantity_ok(market, change->quantity) ||
		!tradepost_market_price_ok(market, change->stop_price))
		return TP_REASON_OUT_OF_RANGE;
	if (tp_is_market_kind(state->type) ? flags & TP_CMD_HAS_PRICE : !tradepost_market_price_ok(market, change->price))
		return TP_REASON_OUT_OF_RANGE;
	return TP_REASON_NONE;
}

static void
amend_waiting(TpEngine *engine, const TpChange *change)
{
	TpOrderState *state = &tp_details(engine, change->order)->state;
	TpReason reason = check_waiting(change, state, engine->command->flags);
	bool moved = change->stop_price != state->stop_price;
	int64_t rank;

	if (reason != TP_REASON_NONE)
	{
		refuse(engine, change, reason);
		return;
	}
	tradepost_trigger_unfile(engine, change->order);
	state->price = change->price;
	state->stop_price = change->stop_price;
	state->quantity = change->quantity;
	tp_order(engine, change->order)->remaining = change->quantity;
	rank = confirm(engine, change)->seq;
	if (moved)
		state->rank = state->rank < 0 ? -rank : rank;
	tradepost_trigger_file(engine, change->order);
	tradepost_touch_order(engine, change->order);
	tp_trigger(engine, change->market);
}

void
tradepost_amend(TpEngine *engine)
{
	const TpCommand *command = engine->command;
	TpChange change = { .order = tradepost_order_find_own(engine) };
	const TpOrder *details;
	TpReason reason;

	if (change.order == TP_NONE)
	{
		tradepost_reject(engine, TP_REASON_ORDER_UNKNOWN);
		return;
	}
	details = tp_details(engine, change.order);
	change.market = details->holding->market;
	change.price = command->flags & TP_CMD_HAS_PRICE ? command->price : details->state.price;
	change.quantity = command->flags & TP_CMD_HAS_QUANTITY ? command->quantity : details->state.quantity;
	change.stop_price = command->flags & TP_CMD_HAS_STOP_PRICE ? command->stop_price : details->state.stop_price;
	change.in_place = change.price == details->state.price && change.quantity <= details->state.quantity;

	if (tp_waits(engine, change.order))
	{
		amend_waiting(engine, &change);
		return;
	}
	reason = check_limits(&change, command->flags & TP_CMD_HAS_STOP_PRICE);
	if (reason != TP_REASON_NONE)
		refuse(engine, &change, reason);
	else if (change.quantity <= details->state.filled)
		tradepost_order_cancel(engine, change.order, TP_REASON_AMENDED_BELOW_FILLED, true);
	else if (change.in_place)
		shrink_in_place(engine, &change);
	else if ((reason = check_new_place(engine, &change)) != TP_REASON_NONE)
		refuse(engine, &change, reason);
	else
		replace(engine, &change);
}
