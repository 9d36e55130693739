/*
 * liquidation.c
 *	  Accounts that a new mark put below their maintenance: the design's section 5.
 *
 * First everybody is looked at, in no order, because nearly always nobody is
 * below and that must cost little.  From the first liquidation on each one
 * changes others (it trades with them), so they go by rising account and each is
 * judged when its turn comes.
 */
#include <stdlib.h>
#include "engine_state.h"

static bool
below_maintenance(const TpBalance *balance)
{
	return tradepost_risk_equity(balance) < tradepost_risk_balance_maintenance(balance);
}

static int
by_instrument(const void *a, const void *b)
{
	int32_t x = (*(TpHolding *const *) a)->market->spec.id;
	int32_t y = (*(TpHolding *const *) b)->market->spec.id;

	return (x > y) - (x < y);
}

static TpVec
positions_of(const TpBalance *balance)
{
	TpVec list = { 0 };

	for (TpHolding *h = balance->active[TP_FUTURE]; h != NULL; h = h->next_active)
		if (h->position != 0)
			TP_PUSH(&list, TpHolding *, h);
	if (list.count > 1)
		qsort(list.items, list.count, sizeof(TpHolding *), by_instrument);
	return list;
}

/* How much more of one side the insurance account may hold: whole lots, or its position would have no exact value. */
static int64_t
room_of(const TpHolding *insurance, TpSide side)
{
	tp_int128 held = side == TP_BUY ? insurance->position : -(tp_int128) insurance->position;
	tp_int128 room = TRADEPOST_MAX_EXPOSURE - 1 - held;

	room = room < 0 ? 0 : room > TRADEPOST_MAX_EXPOSURE ? TRADEPOST_MAX_EXPOSURE : room;
	return (int64_t) (room - room % insurance->market->spec.lot);
}

/* The insurance account becomes the other side of what the book did not take, at the mark. */
static void
take_over(TpEngine *engine, TpHolding *holding, TpSide side, int64_t quantity)
{
	TpMarket *market = holding->market;
	TpHolding *insurance = tradepost_holding_get(&engine->accounts, market->spec.insurance_account, market);
	int64_t room = room_of(insurance, tp_opposite(side));
	TpEvent *event;

	if (quantity > room)
		quantity = room;
	if (quantity == 0)
		return;
	event = tradepost_emit_market(engine, TP_EV_TAKEN_OVER, market);
	event->account = holding->account;
	event->counter_account = insurance->account;
	event->side = (uint8_t) side;
	event->quantity = quantity;
	event->price = market->spec.mark;
	event->fields = TP_EVF_SIDE | TP_EVF_QUANTITY | TP_EVF_PRICE;
	if (side == TP_BUY)
		tradepost_settle_trade(engine, market, holding, insurance, quantity, market->spec.mark);
	else
		tradepost_settle_trade(engine, market, insurance, holding, quantity, market->spec.mark);
}

static void
close_position(TpEngine *engine, TpHolding *holding)
{
	TpMarket *market = holding->market;
	TpSide side = holding->position > 0 ? TP_SELL : TP_BUY;
	int64_t left = holding->position > 0 ? holding->position : -holding->position;

	if (market->spec.insurance_account == holding->account)
		return;
	if (market->spec.status == TP_INSTRUMENT_OPEN)
		left = tradepost_execute_close_out(engine, market, holding, side, left);
	if (left > 0)
		take_over(engine, holding, side, left);
}

/* What an account without positions owes is paid for it. */
static void
cover(TpEngine *engine, TpBalance *balance, int64_t insurance)
{
	while (balance->total < 0)
	{
		tp_int128 deficit = -balance->total;
		int64_t amount = deficit > INT64_MAX ? INT64_MAX : (int64_t) deficit;
		TpEvent *event = tradepost_emit(engine, TP_EV_COVERED);

		event->account = balance->account;
		event->counter_account = insurance;
		event->asset = balance->asset;
		event->quantity = amount;
		event->fields = TP_EVF_QUANTITY;
		tradepost_settle_pay(engine, tradepost_balance_get(&engine->accounts, insurance, balance->asset), balance,
							 amount);
	}
}

static void
liquidate_account(TpEngine *engine, TpBalance *balance, int64_t insurance)
{
	TpVec positions;
	bool left = false;

	tradepost_cancel_account(engine, balance->account, 0, TP_REASON_LIQUIDATION);
	positions = positions_of(balance);
	for (size_t i = 0; i < positions.count && below_maintenance(balance); i++)
	{
		close_position(engine, TP_AT(&positions, TpHolding *, i));
		tp_trigger(engine, TP_AT(&positions, TpHolding *, i)->market);
	}
	for (size_t i = 0; i < positions.count; i++)
		left |= TP_AT(&positions, TpHolding *, i)->position != 0;
	tp_vec_free(&positions);
	if (!left && balance->account != insurance)
		cover(engine, balance, insurance);
}

void
tradepost_liquidate(TpEngine *engine, TpMarket *market)
{
	int64_t insurance = market->spec.insurance_account;
	bool any = false;
	TpVec holders;

	for (size_t i = 0; i < market->holders.count && !any; i++)
	{
		const TpHolding *holding = TP_AT(&market->holders, TpHolding *, i);

		any = holding->account != insurance && below_maintenance(holding->quote);
	}
	if (!any)
		return;
	holders = tradepost_settle_holders(market);
	for (size_t i = 0; i < holders.count; i++)
	{
		TpHolding *holding = TP_AT(&holders, TpHolding *, i);

		if (holding->account != insurance && below_maintenance(holding->quote))
			liquidate_account(engine, holding->quote, insurance);
	}
	tp_vec_free(&holders);
}
