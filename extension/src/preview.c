/*
 * preview.c
 *	  What a place command would get, without placing it.
 *
 * Asks accept.c's questions, and walks the book with match.c's rule for a pair.  What is
 * due but not yet swept is passed over, as the sweep before the real command
 * would have taken it away.  Called by the host through engine.h.
 */
#include "commission.h"
#include "engine_state.h"

typedef struct TpWalk
{
	const TpEngine *engine;
	const TpMarket *market;
	const TpCommand *command;
	int64_t now;
	TpTaker taker;
	tp_int128 notional;
	bool stopped; /* by self-trade prevention */
} TpWalk;

static bool
is_due(const TpWalk *walk, uint32_t order)
{
	return tradepost_link_expires_at(walk->engine, order) <= walk->now;
}

static void
count_trade(TpWalk *walk, const TpMatch *match, TpPreview *out)
{
	tp_int128 value = tp_value(&walk->market->scale, match->quantity, match->price);
	tp_int128 before = walk->notional;

	walk->notional += tp_abs128(value);
	out->filled += match->quantity;
	out->filled_value += value;
	out->fills++;
	out->commission += tradepost_commission_fee(walk->command->taker_rate, before, walk->notional,
												walk->market->spec.quote_unit);
}

/* One maker; false: the taker is done. */
static bool
meet(TpWalk *walk, uint32_t maker, TpPreview *out)
{
	TpMatch match = tradepost_match_pair(&walk->market->book, &walk->taker, maker);

	switch (match.action)
	{
		case TP_MATCH_TRADE:
			count_trade(walk, &match, out);
			walk->taker.remaining -= match.quantity;
			break;
		case TP_MATCH_CANCEL_MAKER:
			break;
		case TP_MATCH_DECREMENT:
			if (match.quantity == walk->taker.remaining)
				walk->stopped = true;
			else
			{
				walk->taker.remaining -= match.quantity;
				out->cancelled += match.quantity;
				out->cancel_reason = TP_REASON_SELF_TRADE;
			}
			break;
		case TP_MATCH_CANCEL_TAKER:
		case TP_MATCH_CANCEL_BOTH:
			walk->stopped = true;
			break;
	}
	return !walk->stopped && walk->taker.remaining > 0;
}

static void
walk_book(TpWalk *walk, TpPreview *out)
{
	const TpOrders *pool = walk->market->book.pool;
	const TpBookLevel *level = tp_book_best(&walk->market->book, tp_opposite(walk->taker.side));

	while (level != NULL && tp_crosses(walk->taker.side, walk->taker.limit, level->price))
	{
		for (uint32_t maker = level->head; maker != TP_NONE; maker = tp_order_at(pool, maker)->next)
			if (!is_due(walk, maker) && !meet(walk, maker, out))
				return;
		level = tp_level_worse(pool, level);
	}
}

/* Does its limit reach a maker that will still be there? */
static bool
reaches(const TpWalk *walk)
{
	const TpOrders *pool = walk->market->book.pool;
	const TpBookLevel *level = tp_book_best(&walk->market->book, tp_opposite(walk->taker.side));

	while (level != NULL && tp_crosses(walk->taker.side, walk->taker.limit, level->price))
	{
		for (uint32_t maker = level->head; maker != TP_NONE; maker = tp_order_at(pool, maker)->next)
			if (!is_due(walk, maker))
				return true;
		level = tp_level_worse(pool, level);
	}
	return false;
}

/* What is left after the walk goes where execute.c would send it. */
static void
place_rest(const TpWalk *walk, TpPreview *out)
{
	bool at_once = walk->command->time_in_force == TP_IOC || walk->command->time_in_force == TP_FOK;

	if (walk->taker.remaining == 0)
		return;
	if (!walk->stopped && !at_once && walk->command->type == TP_LIMIT)
	{
		out->resting = walk->taker.remaining;
		return;
	}
	out->cancelled += walk->taker.remaining;
	if (walk->stopped)
		out->cancel_reason = TP_REASON_SELF_TRADE;
	else
		out->cancel_reason = at_once ? TP_REASON_IOC : TP_REASON_UNFILLED;
}

static bool
market_is_due(const TpEngine *engine, const TpCommand *command, int64_t now)
{
	const TpMarket *market = tradepost_market_find(engine, command->instrument);

	return market != NULL && market->spec.expires_at <= now;
}

static TpReason
preview_taker(const TpEngine *engine, const TpCommand *command, int64_t now, TpPreview *out)
{
	TpPreview counts = { 0 };
	TpRiskAnswer risk;
	TpReason reason;
	TpWalk walk;
	TpPlan plan;

	reason = tradepost_accept_terms(engine, command, now, &plan);
	if (reason != TP_REASON_NONE)
		return reason;
	walk = (TpWalk){ .engine = engine, .market = plan.market, .command = command, .now = now, .taker = plan.taker };
	walk_book(&walk, &counts);
	reason = tradepost_accept_meeting(command, reaches(&walk), counts.filled == command->quantity);
	if (reason != TP_REASON_NONE)
		return reason;
	risk = tradepost_accept_risk(engine, command, &plan);
	if (risk.reason == TP_REASON_NONE)
	{
		*out = counts;
		place_rest(&walk, out);
	}
	if (risk.reason != TP_REASON_EXPOSURE)
	{
		out->requirement = risk.requirement;
		out->free_before = risk.free_before;
	}
	return risk.reason;
}

/* Accepted it is; what then? */
static void
preview_triggered(const TpEngine *engine, const TpCommand *command, int64_t now, TpPreview *out)
{
	TpCommand becomes = *command;
	TpReason reason;

	if (command->parent_id != 0 || !tradepost_trigger_holds(tradepost_market_find(engine, command->instrument),
															command->side, command->type, command->stop_price))
	{
		out->resting = command->quantity;
		return;
	}
	becomes.type = tp_is_market_kind(command->type) ? TP_MARKET : TP_LIMIT;
	becomes.link_id = 0;
	reason = preview_taker(engine, &becomes, now, out);
	if (reason != TP_REASON_NONE)
	{
		out->cancelled = command->quantity;
		out->cancel_reason = (uint8_t) reason;
	}
}

/* NONE, or what accept.c's terms say of an order whose links are fine. */
static bool
is_asked_after_links(TpReason reason)
{
	return reason == TP_REASON_NONE || reason == TP_REASON_TOO_MANY_ORDERS || reason == TP_REASON_OUTSIDE_BAND;
}

static TpReason
preview(const TpEngine *engine, const TpCommand *command, int64_t now, TpPreview *out)
{
	uint32_t partner = command->link_id == 0 ? TP_NONE : tradepost_orders_find(&engine->orders, command->link_id);
	TpReason reason;
	TpPlan plan;

	if (market_is_due(engine, command, now))
		return TP_REASON_INSTRUMENT_EXPIRED;
	if (!tp_is_triggered_kind(command->type) && partner == TP_NONE)
		return preview_taker(engine, command, now, out);
	reason = tradepost_accept_terms(engine, command, now, &plan);
	if (partner != TP_NONE && is_asked_after_links(reason) && tradepost_link_expires_at(engine, partner) <= now)
		reason = TP_REASON_LINKED;
	if (reason != TP_REASON_NONE)
		return reason;
	if (!tp_is_triggered_kind(command->type))
		return preview_taker(engine, command, now, out);
	preview_triggered(engine, command, now, out);
	return TP_REASON_NONE;
}

void
tradepost_engine_preview(TpEngine *engine, const TpCommand *command, int64_t now, TpPreview *out)
{
	*out = (TpPreview){ 0 };
	out->reason = (uint8_t) preview(engine, command, now, out);
}
