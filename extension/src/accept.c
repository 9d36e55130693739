/*
 * accept.c
 *	  TP_CMD_PLACE: the checks, in the order that engine.h gives, and the order.
 *
 * The checks change nothing and make no object, so that a flood of refused orders
 * costs its rows and no more, and so that a preview can ask the same questions.
 */
#include "engine_state.h"

static bool
form_ok(const TpCommand *command)
{
	return command->side <= TP_SELL && command->type <= TP_MARKET && command->time_in_force <= TP_FOK &&
		   command->stp <= TP_STP_NONE && command->maker_rate >= 0 && command->maker_rate <= TRADEPOST_ONE &&
		   command->taker_rate >= 0 && command->taker_rate <= TRADEPOST_ONE &&
		   (command->time_in_force != TP_DAY || command->expires_at > 0);
}

static bool
in_range(const TpEngine *engine, const TpMarket *market, const TpCommand *command)
{
	return form_ok(command) && tradepost_market_quantity_ok(market, command->quantity) &&
		   (command->type == TP_MARKET || tradepost_market_price_ok(market, command->price)) &&
		   tradepost_orders_find(&engine->orders, command->id) == TP_NONE;
}

static int64_t
expiry(const TpCommand *command, int64_t now)
{
	int64_t expires_at;

	switch (command->time_in_force)
	{
		case TP_DAY:
			return __builtin_add_overflow(now, command->expires_at, &expires_at) ? TRADEPOST_TIME_NEVER : expires_at;
		case TP_GTD:
			return command->expires_at;
		default:
			return TRADEPOST_TIME_NEVER;
	}
}

/* All but the book and the funds; fills in what those need. */
TpReason
tradepost_accept_terms(const TpEngine *engine, const TpCommand *command, int64_t now, TpPlan *plan)
{
	TpMarket *market = tradepost_market_find(engine, command->instrument);

	*plan = (TpPlan){ .market = market };
	if (market == NULL)
		return TP_REASON_INSTRUMENT_UNKNOWN;
	if (market->spec.status == TP_INSTRUMENT_EXPIRED)
		return TP_REASON_INSTRUMENT_EXPIRED;
	if (market->spec.status == TP_INSTRUMENT_HALTED)
		return TP_REASON_INSTRUMENT_HALTED;
	if (!in_range(engine, market, command))
		return TP_REASON_OUT_OF_RANGE;
	if (command->time_in_force == TP_GTD && command->expires_at <= now)
		return TP_REASON_ORDER_EXPIRED;
	if (command->type == TP_LIMIT && !tradepost_market_in_band(market, command->price))
		return TP_REASON_OUTSIDE_BAND;

	plan->holding = tradepost_holding_find(&engine->accounts, command->account, command->instrument);
	plan->taker = (TpTaker){ .side = command->side,
							 .stp = command->stp,
							 .limit = command->price,
							 .remaining = command->quantity,
							 .owner = plan->holding == NULL ? TP_NONE : plan->holding->handle,
							 .may_meet_itself = plan->holding != NULL && plan->holding->n_orders > 0 };
	if (command->type == TP_MARKET)
		plan->taker.limit = command->side == TP_BUY ? market->band_high : market->band_low;
	return TP_REASON_NONE;
}

/* By whether its limit reaches the best opposite price, and whether all of it could trade. */
TpReason
tradepost_accept_meeting(const TpCommand *command, bool meets, bool fills)
{
	if (meets && (command->flags & TP_CMD_POST_ONLY))
		return TP_REASON_WOULD_CROSS;
	if (!meets && command->type == TP_MARKET)
		return TP_REASON_NO_LIQUIDITY;
	if (!fills && command->time_in_force == TP_FOK)
		return TP_REASON_CANNOT_FILL;
	return TP_REASON_NONE;
}

TpRiskAnswer
tradepost_accept_risk(const TpEngine *engine, const TpCommand *command, const TpPlan *plan)
{
	TpTerms terms = { .side = plan->taker.side,
					  .price = plan->taker.limit,
					  .remaining = command->quantity,
					  .commission = { .maker_rate = command->maker_rate, .taker_rate = command->taker_rate } };

	return tradepost_risk_check(engine, plan->market, command->account, plan->holding, &terms, NULL);
}

static TpReason
check(const TpEngine *engine, const TpCommand *command, TpPlan *plan)
{
	TpReason reason = tradepost_accept_terms(engine, command, engine->now, plan);
	const TpBookLevel *best;
	bool meets;
	bool fills;

	if (reason != TP_REASON_NONE)
		return reason;
	best = tp_book_best(&plan->market->book, tp_opposite(plan->taker.side));
	meets = best != NULL && tp_crosses(plan->taker.side, plan->taker.limit, best->price);
	fills = command->time_in_force != TP_FOK || tradepost_match_fills(&plan->market->book, &plan->taker);
	reason = tradepost_accept_meeting(command, meets, fills);
	if (reason != TP_REASON_NONE)
		return reason;
	return tradepost_accept_risk(engine, command, plan).reason;
}

static TpOrderState
first_state(const TpCommand *command, int64_t now)
{
	return (TpOrderState){ .id = command->id,
						   .account = command->account,
						   .price = command->type == TP_MARKET ? 0 : command->price,
						   .quantity = command->quantity,
						   .expires_at = expiry(command, now),
						   .created_at = now,
						   .updated_at = now,
						   .instrument = command->instrument,
						   .maker_rate = command->maker_rate,
						   .taker_rate = command->taker_rate,
						   .side = command->side,
						   .type = command->type,
						   .time_in_force = command->time_in_force,
						   .stp = command->stp,
						   .flags = command->flags,
						   .status = TP_ORDER_OPEN };
}

/*
 * A refused order is still an order: its owner finds it, with the reason.  What
 * it asked for may be nonsense; the row holds nothing that does not exist.
 */
static void
refuse(TpEngine *engine, TpReason reason)
{
	const TpCommand *command = engine->command;
	TpOrderState state = first_state(command, engine->now);
	TpEvent *event;

	state.side = state.side <= TP_SELL ? state.side : 0;
	state.type = state.type <= TP_MARKET ? state.type : 0;
	state.time_in_force = state.time_in_force <= TP_FOK ? state.time_in_force : 0;
	state.stp = state.stp <= TP_STP_NONE ? state.stp : 0;

	event = tradepost_emit(engine, TP_EV_REJECTED);
	event->decision = 1;
	event->reason = (uint8_t) reason;
	event->order_id = state.id;
	event->account = state.account;
	event->instrument = state.instrument;
	event->side = state.side;
	event->quantity = state.quantity;
	event->price = state.price;
	event->fields = TP_EVF_SIDE | TP_EVF_QUANTITY | (state.type == TP_MARKET ? 0 : TP_EVF_PRICE);

	if (tradepost_orders_find(&engine->orders, state.id) != TP_NONE)
		return;
	tradepost_order_close(engine, tradepost_order_new(engine, &state, NULL), TP_ORDER_REJECTED, reason);
}

void
tradepost_accept(TpEngine *engine)
{
	const TpCommand *command = engine->command;
	TpOrderState state;
	TpEvent *event;
	TpPlan plan;
	TpReason reason = check(engine, command, &plan);
	uint32_t order;

	if (reason != TP_REASON_NONE)
	{
		refuse(engine, reason);
		return;
	}
	if (plan.holding == NULL)
		plan.holding = tradepost_holding_get(&engine->accounts, command->account, plan.market);
	state = first_state(command, engine->now);
	state.price = plan.taker.limit;
	order = tradepost_order_new(engine, &state, plan.holding);
	event = tradepost_emit_order(engine, TP_EV_ACCEPTED, order, command->quantity, TP_REASON_NONE);
	event->decision = 1;
	tp_details(engine, order)->state.rank = event->seq;
	tradepost_touch_order(engine, order);
	tradepost_execute(engine, order);
}

void
tradepost_accept_poisoned(TpEngine *engine)
{
	refuse(engine, TP_REASON_ENGINE_ERROR);
}
