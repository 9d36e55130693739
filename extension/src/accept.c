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
	return command->side <= TP_SELL && command->type <= TP_TAKE_PROFIT && command->time_in_force <= TP_FOK &&
		   command->stp <= TP_STP_NONE && command->maker_rate >= 0 && command->maker_rate <= TRADEPOST_ONE &&
		   command->taker_rate >= 0 && command->taker_rate <= TRADEPOST_ONE && command->max_open >= 0 &&
		   (command->time_in_force != TP_DAY || command->expires_at > 0);
}

/* A market kind's price is nobody's business; a triggered kind is to wait. */
static bool
kind_ok(const TpMarket *market, const TpCommand *command)
{
	if (!tp_is_market_kind(command->type) && !tradepost_market_price_ok(market, command->price))
		return false;
	return !tp_is_triggered_kind(command->type) ||
		   (command->time_in_force <= TP_GTD && !(command->flags & TP_CMD_POST_ONLY) &&
			tradepost_market_price_ok(market, command->stop_price));
}

static bool
in_range(const TpEngine *engine, const TpMarket *market, const TpCommand *command)
{
	return form_ok(command) && tradepost_market_quantity_ok(market, command->quantity) &&
		   (command->type == TP_LIMIT ? tradepost_market_price_ok(market, command->price) : kind_ok(market, command)) &&
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

/* As many as that, open or untriggered, in all instruments? */
static bool
has_open(const TpEngine *engine, int64_t account, int64_t many)
{
	const TpAccount *owner = tradepost_account_find(&engine->accounts, account);

	for (const TpBalance *b = owner == NULL ? NULL : owner->balances; b != NULL; b = b->next)
		for (int kind = 0; kind < 2; kind++)
			for (const TpHolding *h = b->active[kind]; h != NULL; h = h->next_active)
				if ((many -= (int64_t) h->n_orders + h->n_waiting) <= 0)
					return true;
	return false;
}

/* What few orders ask for. */
static TpReason
check_ties(const TpEngine *engine, const TpCommand *command)
{
	if (!tradepost_link_allows(engine, command))
		return TP_REASON_LINKED;
	if (command->max_open > 0 && has_open(engine, command->account, command->max_open))
		return TP_REASON_TOO_MANY_ORDERS;
	return TP_REASON_NONE;
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
	if ((command->link_id | command->parent_id | command->max_open | command->children) != 0)
	{
		TpReason reason = check_ties(engine, command);

		if (reason != TP_REASON_NONE)
			return reason;
	}
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

	if (reason != TP_REASON_NONE || tp_is_triggered_kind(command->type))
		return reason;
	best = tp_book_best(&plan->market->book, tp_opposite(plan->taker.side));
	meets = best != NULL && tp_crosses(plan->taker.side, plan->taker.limit, best->price);
	fills = command->time_in_force != TP_FOK || tradepost_match_fills(&plan->market->book, &plan->taker);
	reason = tradepost_accept_meeting(command, meets, fills);
	if (reason != TP_REASON_NONE)
		return reason;
	return tradepost_accept_risk(engine, command, plan).reason;
}

/* What is different in an order that is no limit order. */
static void
adapt_state(const TpCommand *command, TpOrderState *state)
{
	if (tp_is_market_kind(command->type))
		state->price = 0;
	if (!tp_is_triggered_kind(command->type))
		return;
	state->stop_price = command->stop_price;
	state->status = TP_ORDER_UNTRIGGERED;
}

static inline TpOrderState
first_state(const TpCommand *command, int64_t now)
{
	TpOrderState state = { .id = command->id,
						   .account = command->account,
						   .price = command->price,
						   .quantity = command->quantity,
						   .expires_at = expiry(command, now),
						   .created_at = now,
						   .updated_at = now,
						   .link_id = command->link_id,
						   .parent_id = command->parent_id,
						   .instrument = command->instrument,
						   .maker_rate = command->maker_rate,
						   .taker_rate = command->taker_rate,
						   .side = command->side,
						   .type = command->type,
						   .time_in_force = command->time_in_force,
						   .stp = command->stp,
						   .flags = command->flags,
						   .status = TP_ORDER_OPEN };

	if (command->type != TP_LIMIT)
		adapt_state(command, &state);
	return state;
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
	state.type = state.type <= TP_TAKE_PROFIT ? state.type : 0;
	state.time_in_force = state.time_in_force <= TP_FOK ? state.time_in_force : 0;
	state.stp = state.stp <= TP_STP_NONE ? state.stp : 0;
	state.status = TP_ORDER_REJECTED;

	event = tradepost_emit(engine, TP_EV_REJECTED);
	event->decision = 1;
	event->reason = (uint8_t) reason;
	event->order_id = state.id;
	event->account = state.account;
	event->instrument = state.instrument;
	event->side = state.side;
	event->quantity = state.quantity;
	event->price = state.price;
	event->fields = TP_EVF_SIDE | TP_EVF_QUANTITY | (tp_is_market_kind(state.type) ? 0 : TP_EVF_PRICE);

	if (tradepost_orders_find(&engine->orders, state.id) != TP_NONE)
		return;
	tradepost_order_close(engine, tradepost_order_new(engine, &state, NULL), TP_ORDER_REJECTED, reason);
	if (engine->n_orphans > 0)
		tradepost_link_refused(engine, state.id);
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
	if (state.type == TP_MARKET)
		state.price = plan.taker.limit;
	order = tradepost_order_new(engine, &state, plan.holding);
	event = tradepost_emit_order(engine, TP_EV_ACCEPTED, order, command->quantity, TP_REASON_NONE);
	event->decision = 1;
	tp_details(engine, order)->state.rank = state.parent_id == 0 ? event->seq : -event->seq;
	tradepost_touch_order(engine, order);
	if (engine->n_orphans > 0 || state.link_id != 0 || state.parent_id != 0)
		tradepost_link_placed(engine, order);
	if (state.status == TP_ORDER_UNTRIGGERED)
		tradepost_order_wait(engine, order);
	else
		tradepost_execute(engine, order);
	tp_trigger(engine, plan.market);
}

void
tradepost_accept_poisoned(TpEngine *engine)
{
	refuse(engine, TP_REASON_ENGINE_ERROR);
}
