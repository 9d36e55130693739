/*
 * order.c
 *	  An order's life, in the one place that changes it:
 *
 *		new --> resting --> closed (filled, cancelled, expired)
 *		 |  <-- lifted		  ^ ^
 *		 +-- rejected, or never rested --+ |
 *		 +-> waiting --> woken, as new, or closed
 *
 * While an order rests, and only then, it stands in the book, counts in its account's
 * reserved amounts and open quantities, is in the chain of its holding and in the heap
 * of lifetimes.  While it waits for its trigger it is in another chain and in the heap.
 * A taker at work is in none of them: nothing looks at its account's
 * risk before it rests or ends.
 */
#include "commission.h"
#include "engine_state.h"

uint32_t
tradepost_order_new(TpEngine *engine, const TpOrderState *state, TpHolding *holding)
{
	uint32_t order = tradepost_orders_add(&engine->orders, state->id, holding == NULL ? TP_NONE : holding->handle,
										  state->quantity - state->filled);
	TpOrder *details;

	tradepost_slab_reach(&engine->details, order);
	details = tp_details(engine, order);
	details->state = *state;
	details->holding = holding;
	details->reserved = 0;
	details->previous = details->next = details->tie = TP_NONE;
	details->hash = 0;
	details->dirty = details->stored = false;
	return order;
}

/* Another's order is answered like one that does not exist. */
uint32_t
tradepost_order_find_own(const TpEngine *engine)
{
	uint32_t order = tradepost_orders_find(&engine->orders, engine->command->order_id);

	return order != TP_NONE && tp_stands(engine, order) &&
				   tp_details(engine, order)->state.account == engine->command->account
			   ? order
			   : TP_NONE;
}

TpTerms
tradepost_order_terms(const TpEngine *engine, uint32_t order)
{
	const TpOrderState *state = &tp_details(engine, order)->state;

	return (TpTerms){ .side = state->side,
					  .price = state->price,
					  .remaining = tp_order(engine, order)->remaining,
					  .commission = { .maker_rate = state->maker_rate,
									  .taker_rate = state->taker_rate,
									  .maker_notional = state->maker_notional,
									  .taker_notional = state->taker_notional,
									  .paid = state->commission } };
}

/* Its balance's reserved amount follows what the order now needs. */
static void
reserve(TpEngine *engine, TpOrder *details, tp_int128 amount)
{
	TpHolding *holding = details->holding;
	bool from_base = holding->base != NULL && details->state.side == TP_SELL;
	TpBalance *balance = from_base ? holding->base : holding->quote;

	balance->reserved += amount - details->reserved;
	details->reserved = amount;
	tradepost_touch_balance(engine, balance);
}

/* A contract's open quantity and losses change by an order's `quantity`. */
static void
expose(TpEngine *engine, const TpOrder *details, int64_t quantity, int sign)
{
	TpHolding *holding = details->holding;
	const TpMarket *market = holding->market;

	if (market->spec.kind != TP_FUTURE)
		return;
	if (details->state.side == TP_BUY)
		holding->open_bids += sign * quantity;
	else
		holding->open_asks += sign * quantity;
	/* Losses by an older mark are summed anew when next asked for. */
	if (holding->loss_epoch == market->epoch)
		holding->loss += sign * tradepost_risk_loss(market, details->state.side, details->state.price, quantity);
	holding->margin_epoch = 0;
	tradepost_touch_holding(engine, holding);
}

static inline void
enter_chain(TpEngine *engine, uint32_t order, uint32_t *first, uint32_t *count)
{
	TpOrder *details = tp_details(engine, order);

	details->previous = TP_NONE;
	details->next = *first;
	if (details->next != TP_NONE)
		tp_details(engine, details->next)->previous = order;
	*first = order;
	++*count;
	tradepost_holding_relink(details->holding);
}

static inline void
leave_chain(TpEngine *engine, uint32_t order, uint32_t *first, uint32_t *count)
{
	TpOrder *details = tp_details(engine, order);

	if (details->next != TP_NONE)
		tp_details(engine, details->next)->previous = details->previous;
	if (details->previous != TP_NONE)
		tp_details(engine, details->previous)->next = details->next;
	else
		*first = details->next;
	--*count;
	tradepost_holding_relink(details->holding);
}

void
tradepost_order_rest(TpEngine *engine, uint32_t order)
{
	TpOrder *details = tp_details(engine, order);
	TpMarket *market = details->holding->market;
	TpTerms terms = tradepost_order_terms(engine, order);

	tradepost_book_rest(&market->book, order, terms.side, terms.price);
	enter_chain(engine, order, &details->holding->first_order, &details->holding->n_orders);
	reserve(engine, details, tradepost_risk_reserve(market, &terms));
	expose(engine, details, terms.remaining, 1);
	tradepost_lifetime_add(&engine->lifetime, TP_MORTAL_ORDER, order, details->state.id, details->state.expires_at);
	engine->n_open++;
	tradepost_touch_market(engine, market);
}

void
tradepost_order_lift(TpEngine *engine, uint32_t order)
{
	TpOrder *details = tp_details(engine, order);
	TpMarket *market = details->holding->market;

	tradepost_book_remove(&market->book, order);
	leave_chain(engine, order, &details->holding->first_order, &details->holding->n_orders);
	reserve(engine, details, 0);
	expose(engine, details, tp_order(engine, order)->remaining, -1);
	tradepost_lifetime_remove(&engine->lifetime, TP_MORTAL_ORDER, order);
	engine->n_open--;
	tradepost_touch_market(engine, market);
}

void
tradepost_order_wait(TpEngine *engine, uint32_t order)
{
	TpOrder *details = tp_details(engine, order);

	enter_chain(engine, order, &details->holding->first_waiting, &details->holding->n_waiting);
	tradepost_trigger_file(engine, order);
	tradepost_lifetime_add(&engine->lifetime, TP_MORTAL_ORDER, order, details->state.id, details->state.expires_at);
	engine->n_open++;
	engine->n_waiting++;
}

void
tradepost_order_wake(TpEngine *engine, uint32_t order)
{
	TpOrder *details = tp_details(engine, order);

	tradepost_trigger_unfile(engine, order);
	leave_chain(engine, order, &details->holding->first_waiting, &details->holding->n_waiting);
	tradepost_lifetime_remove(&engine->lifetime, TP_MORTAL_ORDER, order);
	engine->n_open--;
	engine->n_waiting--;
}

/* Less remains of an order that goes on resting. */
void
tradepost_order_reduce(TpEngine *engine, uint32_t order, int64_t by)
{
	TpOrder *details = tp_details(engine, order);
	TpMarket *market = details->holding->market;
	TpTerms terms;

	tradepost_book_reduce(&market->book, order, by);
	terms = tradepost_order_terms(engine, order);
	reserve(engine, details, tradepost_risk_reserve(market, &terms));
	expose(engine, details, by, -1);
	tradepost_touch_order(engine, order);
	tradepost_touch_market(engine, market);
}

/*
 * What a trade means to one of its orders.  A resting one becomes smaller or
 * leaves; of a taker only the remainder is kept here.
 */
int64_t
tradepost_order_fill(TpEngine *engine, uint32_t order, int64_t quantity, int64_t price, bool as_maker)
{
	TpOrder *details = tp_details(engine, order);
	TpOrderState *state = &details->state;
	const TpMarket *market = details->holding->market;
	tp_int128 value = tp_value(&market->scale, quantity, price);
	tp_int128 *notional = as_maker ? &state->maker_notional : &state->taker_notional;
	tp_int128 before = *notional;
	int64_t fee;

	*notional += tp_abs128(value);
	fee = tradepost_commission_fee(as_maker ? state->maker_rate : state->taker_rate, before, *notional,
								   market->spec.quote_unit);
	state->filled_value += value;
	state->commission += fee;
	state->filled += quantity;
	state->status = TP_ORDER_PARTIALLY_FILLED;
	tradepost_touch_order(engine, order);
	if (!as_maker)
		tp_order(engine, order)->remaining -= quantity;
	else if (quantity < tp_order(engine, order)->remaining)
		tradepost_order_reduce(engine, order, quantity);
	else
		tradepost_order_close(engine, order, TP_ORDER_FILLED, TP_REASON_NONE);
	return fee;
}

/* The end, whatever it is; the order can be read until the batch ends. */
void
tradepost_order_close(TpEngine *engine, uint32_t order, TpOrderStatus status, TpReason reason)
{
	TpOrderState *state = &tp_details(engine, order)->state;

	if (state->status == TP_ORDER_UNTRIGGERED)
		tradepost_order_wake(engine, order);
	else if (tp_rests(engine, order))
		tradepost_order_lift(engine, order);
	state->status = (uint8_t) status;
	state->reason = (uint8_t) reason;
	tradepost_touch_order(engine, order);
	TP_PUSH(&engine->closed, uint32_t, order);
}

void
tradepost_order_cancel(TpEngine *engine, uint32_t order, TpReason reason, bool decision)
{
	TpEvent *event;

	tradepost_order_close(engine, order, TP_ORDER_CANCELLED, reason);
	event = tradepost_emit_order(engine, TP_EV_CANCELLED, order, tp_order(engine, order)->remaining, reason);
	event->decision = decision;
	if (tp_details(engine, order)->tie != TP_NONE)
		tradepost_link_ended(engine, order);
}
