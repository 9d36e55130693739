/*
 * execute.c
 *	  The loop in which orders trade, and what is due before anything may.
 *
 * Called by accept.c, amend.c and trigger.c with an accepted order that does not rest, and by
 * liquidation.c for close-outs, which are takers without an order.
 */
#include "commission.h"
#include "engine_state.h"

/* Both sides of a trade with a maker, the taker's being `taker`. */
static void
trade(TpEngine *engine, TpMarket *market, TpHolding *taker, const TpMatch *match, TpSide side, TpEvent *draft)
{
	TpHolding *maker = tp_details(engine, match->maker)->holding;
	TpEvent *event;

	draft->counter_commission = tradepost_order_fill(engine, match->maker, match->quantity, match->price, true);
	if (side == TP_BUY)
		tradepost_settle_trade(engine, market, taker, maker, match->quantity, match->price);
	else
		tradepost_settle_trade(engine, market, maker, taker, match->quantity, match->price);
	tradepost_settle_pay(engine, taker->quote, market->house, draft->commission);
	tradepost_settle_pay(engine, maker->quote, market->house, draft->counter_commission);

	event = tradepost_emit_market(engine, draft->kind, market);
	event->order_id = draft->order_id;
	event->maker_order_id = tp_order(engine, match->maker)->id;
	event->account = taker->account;
	event->counter_account = maker->account;
	event->side = (uint8_t) side;
	event->quantity = match->quantity;
	event->price = match->price;
	event->commission = draft->commission;
	event->counter_commission = draft->counter_commission;
	event->fields = TP_EVF_SIDE | TP_EVF_QUANTITY | TP_EVF_PRICE;
	market->spec.last_price = match->price;
	market->spec.last_trade_seq = event->seq;
	tradepost_touch_market(engine, market);
	if (tp_details(engine, match->maker)->tie != TP_NONE)
		tradepost_link_traded(engine, match->maker);
}

/* Self-trade prevention took `by` from an order; false: that was all of it. */
static bool
decrement(TpEngine *engine, uint32_t order, int64_t by)
{
	TpBookOrder *o = tp_order(engine, order);

	if (o->remaining == by)
	{
		tradepost_order_cancel(engine, order, TP_REASON_SELF_TRADE, false);
		return false;
	}
	tp_details(engine, order)->state.quantity -= by;
	if (tp_rests(engine, order))
		tradepost_order_reduce(engine, order, by);
	else
		o->remaining -= by;
	tradepost_touch_order(engine, order);
	tradepost_emit_order(engine, TP_EV_DECREMENTED, order, by, TP_REASON_SELF_TRADE);
	return true;
}

/* Meets its own account and must not trade with it; false: the taker has ended. */
static bool
meet_itself(TpEngine *engine, uint32_t order, const TpMatch *match)
{
	if (match->action == TP_MATCH_DECREMENT)
	{
		decrement(engine, match->maker, match->quantity);
		return decrement(engine, order, match->quantity);
	}
	if (match->action != TP_MATCH_CANCEL_TAKER)
		tradepost_order_cancel(engine, match->maker, TP_REASON_SELF_TRADE, false);
	if (match->action == TP_MATCH_CANCEL_MAKER)
		return true;
	tradepost_order_cancel(engine, order, TP_REASON_SELF_TRADE, false);
	return false;
}

/* Trade what the book offers; false: self-trade prevention ended the order. */
static bool
take(TpEngine *engine, uint32_t order)
{
	const TpOrderState *state = &tp_details(engine, order)->state;
	TpHolding *holding = tp_details(engine, order)->holding;
	TpTaker taker = { .side = state->side,
					  .stp = state->stp,
					  .limit = state->price,
					  .remaining = tp_order(engine, order)->remaining,
					  .owner = holding->handle };
	TpMatch match;

	while (tradepost_match_next(&holding->market->book, &taker, &match))
	{
		if (match.action == TP_MATCH_TRADE)
		{
			TpEvent draft = { .kind = TP_EV_TRADE, .order_id = state->id };

			draft.commission = tradepost_order_fill(engine, order, match.quantity, match.price, false);
			trade(engine, holding->market, holding, &match, taker.side, &draft);
			if (tp_details(engine, order)->tie != TP_NONE)
				tradepost_link_traded(engine, order);
		}
		else if (!meet_itself(engine, order, &match))
			return false;
		taker.remaining = tp_order(engine, order)->remaining;
	}
	return true;
}

/*
 * Let an accepted order trade and find its end, or its place.  A FOK was
 * looked at before it was accepted and leaves no rest.
 */
void
tradepost_execute(TpEngine *engine, uint32_t order)
{
	const TpOrderState *state = &tp_details(engine, order)->state;

	if (!take(engine, order))
		return;
	if (tp_order(engine, order)->remaining == 0)
		tradepost_order_close(engine, order, TP_ORDER_FILLED, TP_REASON_NONE);
	else if (state->time_in_force == TP_IOC || state->time_in_force == TP_FOK)
		tradepost_order_cancel(engine, order, TP_REASON_IOC, false);
	else if (tp_is_market_kind(state->type))
		tradepost_order_cancel(engine, order, TP_REASON_UNFILLED, false);
	else
		tradepost_order_rest(engine, order);
}

/*
 * Close `quantity` of a position at what the book offers within the band; the
 * account's own orders are gone by now.  Returns what is left.
 */
int64_t
tradepost_execute_close_out(TpEngine *engine, TpMarket *market, TpHolding *holding, TpSide side, int64_t quantity)
{
	const TpInstrument *spec = &market->spec;
	TpTaker taker = { .side = side,
					  .stp = TP_STP_NONE,
					  .limit = side == TP_BUY ? market->band_high : market->band_low,
					  .remaining = quantity,
					  .owner = TP_NONE };
	tp_int128 notional = 0;
	TpMatch match;

	while (tradepost_match_next(&market->book, &taker, &match))
	{
		TpEvent draft = { .kind = TP_EV_CLOSED_OUT };
		tp_int128 before = notional;

		notional += tp_abs128(tp_value(&market->scale, match.quantity, match.price));
		draft.commission = tradepost_commission_fee(spec->taker_rate, before, notional, spec->quote_unit);
		trade(engine, market, holding, &match, side, &draft);
		taker.remaining -= match.quantity;
	}
	return taker.remaining;
}

void
tradepost_expire_due(TpEngine *engine)
{
	const TpLifetimeEntry *first;

	while ((first = tp_lifetime_first(&engine->lifetime)) != NULL && first->expires_at <= engine->now)
	{
		uint32_t handle = first->handle;

		if (first->kind == TP_MORTAL_INSTRUMENT)
		{
			TpMarket *market = tp_slab_at(&engine->markets, handle);

			tradepost_settle_instrument(engine, market, market->spec.mark, false);
			continue;
		}
		tradepost_order_close(engine, handle, TP_ORDER_EXPIRED, TP_REASON_TIME);
		tradepost_emit_order(engine, TP_EV_EXPIRED, handle, tp_order(engine, handle)->remaining, TP_REASON_TIME);
		if (tp_details(engine, handle)->tie != TP_NONE)
			tradepost_link_ended(engine, handle);
	}
}
