/*
 * settle.c
 *	  Money and positions change hands: the design's section 5.
 *
 * The only file that changes a balance's total or a position.  Every
 * function takes from one what it gives to another, so each asset and each contract
 * sums to what it summed to before; that is not checked afterwards, there is no way
 * to write anything else.
 */
#include <stdlib.h>
#include "engine_state.h"

void
tradepost_settle_pay(TpEngine *engine, TpBalance *from, TpBalance *to, tp_int128 amount)
{
	if (amount == 0)
		return;
	from->total -= amount;
	to->total += amount;
	tradepost_touch_balance(engine, from);
	tradepost_touch_balance(engine, to);
}

/* The market's list of those who hold it: a mark visits them and nobody else. */
static void
list_holder(TpHolding *holding)
{
	TpVec *holders = &holding->market->holders;

	if ((holding->position != 0) == (holding->holder_slot != 0))
		return;
	if (holding->position != 0)
	{
		TP_PUSH(holders, TpHolding *, holding);
		holding->holder_slot = (uint32_t) holders->count;
	}
	else
	{
		TpHolding *last = TP_AT(holders, TpHolding *, --holders->count);

		TP_AT(holders, TpHolding *, holding->holder_slot - 1) = last;
		last->holder_slot = holding->holder_slot;
		holding->holder_slot = 0;
	}
}

void
tradepost_settle_move(TpEngine *engine, TpHolding *holding, int64_t by)
{
	holding->position += by;
	holding->value_epoch = holding->margin_epoch = 0;
	list_holder(holding);
	tradepost_holding_relink(holding);
	tradepost_touch_holding(engine, holding);
}

/* A contract's cash is kept against its reference price, so no average price is. */
void
tradepost_settle_trade(TpEngine *engine, TpMarket *market, TpHolding *buyer, TpHolding *seller, int64_t quantity,
					   int64_t price)
{
	if (market->spec.kind == TP_SPOT)
	{
		tradepost_settle_pay(engine, buyer->quote, seller->quote, tp_value(&market->scale, quantity, price));
		tradepost_settle_pay(engine, seller->base, buyer->base, quantity);
		return;
	}
	tradepost_settle_pay(engine, buyer->quote, seller->quote,
						 tp_value_between(&market->scale, quantity, market->spec.reference, price));
	tradepost_settle_move(engine, buyer, quantity);
	tradepost_settle_move(engine, seller, -quantity);
}

static int
by_account(const void *a, const void *b)
{
	const TpHolding *x = *(TpHolding *const *) a;
	const TpHolding *y = *(TpHolding *const *) b;

	return (x->account > y->account) - (x->account < y->account);
}

/* Those who hold a position in it now, by rising account; the caller frees. */
TpVec
tradepost_settle_holders(const TpMarket *market)
{
	TpVec holders = { 0 };

	for (size_t i = 0; i < market->holders.count; i++)
		TP_PUSH(&holders, TpHolding *, TP_AT(&market->holders, TpHolding *, i));
	if (holders.count > 0)
		qsort(holders.items, holders.count, sizeof(TpHolding *), by_account);
	return holders;
}

/*
 * A position at the final price.  What the longs are paid the shorts pay: the positions
 * sum to zero, so nothing is left when the last of them is gone; until then
 * the sum of the asset is off by what is still open.
 */
static void
settle_position(TpEngine *engine, TpMarket *market, TpHolding *holding, int64_t price)
{
	int64_t position = holding->position;
	TpEvent *event = tradepost_emit_market(engine, TP_EV_SETTLED, market);

	event->account = holding->account;
	event->side = position > 0 ? TP_BUY : TP_SELL;
	event->quantity = position > 0 ? position : -position;
	event->price = price;
	event->fields = TP_EVF_SIDE | TP_EVF_QUANTITY | TP_EVF_PRICE;
	holding->quote->total += tp_value_between(&market->scale, position, market->spec.reference, price);
	tradepost_touch_balance(engine, holding->quote);
	tradepost_settle_move(engine, holding, -position);
}

void
tradepost_settle_instrument(TpEngine *engine, TpMarket *market, int64_t price, bool decision)
{
	TpEvent *event = tradepost_emit_market(engine, TP_EV_INSTRUMENT_EXPIRED, market);
	TpVec holders;

	event->price = price;
	event->fields = TP_EVF_PRICE;
	event->decision = decision;
	market->spec.status = TP_INSTRUMENT_EXPIRED;
	tradepost_lifetime_remove(&engine->lifetime, TP_MORTAL_INSTRUMENT, market->handle);
	tradepost_cancel_market(engine, market, TP_REASON_SETTLEMENT);
	holders = tradepost_settle_holders(market);
	for (size_t i = 0; i < holders.count; i++)
		settle_position(engine, market, TP_AT(&holders, TpHolding *, i), price);
	tp_vec_free(&holders);
	tradepost_market_set_mark(market, price);
	tradepost_touch_market(engine, market);
}
