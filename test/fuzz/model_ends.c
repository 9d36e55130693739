/*
 * model_ends.c
 *	  How things end in the model: what is due, a contract's settlement, an
 *	  account's liquidation.
 *
 * Called by model_apply.c.
 */
#include "model_state.h"

#include <stdlib.h>

static tp_int128
absolute(tp_int128 value)
{
	return value < 0 ? -value : value;
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The live order with the lowest id above `after`; account and instrument narrow it when given. */
TpOrderState *
tradepost_model_lowest_id(const TpModel *model, const int64_t *account, const int32_t *instrument, int64_t after)
{
	TpOrderState *lowest = NULL;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		TpOrderState *order = &model->orders[i];

		if (!tradepost_model_order_is_live(order) || order->id <= after ||
			(account != NULL && order->account != *account) || (instrument != NULL && order->instrument != *instrument))
			continue;
		if (lowest == NULL || order->id < lowest->id)
			lowest = order;
	}
	return lowest;
}

static void
cancel_each(TpModel *model, const int64_t *account, const int32_t *instrument, TpReason reason)
{
	TpOrderState *order;

	while ((order = tradepost_model_lowest_id(model, account, instrument, INT64_MIN)) != NULL)
		tradepost_model_close(model, order, TP_ORDER_CANCELLED, tradepost_model_remaining(order), reason);
}

/* The lowest account above `after` with a position; false if none. */
static bool
next_holder(const TpModel *model, int32_t instrument, int64_t *account, bool first)
{
	bool found = false;
	int64_t lowest = 0;

	for (size_t i = 0; i < model->n_holdings; i++)
	{
		const TpModelHolding *holding = &model->holdings[i];

		if (holding->instrument != instrument || holding->quantity == 0 || (!first && holding->account <= *account))
			continue;
		if (!found || holding->account < lowest)
			lowest = holding->account;
		found = true;
	}
	*account = lowest;
	return found;
}

void
tradepost_model_settle(TpModel *model, TpInstrument *instrument, int64_t final, bool decision)
{
	TpEvent *event = tradepost_model_emit(model, TP_EV_INSTRUMENT_EXPIRED);
	int64_t account = 0;

	event->instrument = instrument->id;
	event->price = final;
	event->decision = decision;
	event->fields = TP_EVF_PRICE;
	instrument->status = TP_INSTRUMENT_EXPIRED;
	instrument->mark = final;
	cancel_each(model, NULL, &instrument->id, TP_REASON_SETTLEMENT);
	for (bool first = true; next_holder(model, instrument->id, &account, first); first = false)
	{
		int64_t position = tradepost_model_holding(model, account, instrument->id);

		tradepost_model_post(model, account, instrument->quote_asset,
							 tradepost_model_value(instrument, position, (tp_int128) final - instrument->reference));
		tradepost_model_move(model, account, instrument->id, -(tp_int128) position);
		event = tradepost_model_emit(model, TP_EV_SETTLED);
		event->account = account;
		event->instrument = instrument->id;
		event->side = position > 0 ? TP_BUY : TP_SELL;
		event->quantity = position > 0 ? position : -position;
		event->price = final;
		event->fields = TP_EVF_PRICE | TP_EVF_QUANTITY | TP_EVF_SIDE;
	}
}

static bool
below_maintenance(const TpModel *model, int64_t account, int32_t currency)
{
	return tradepost_model_equity(model, account, currency) < tradepost_model_maintenance(model, account, currency);
}

/* The insurance account gets what the book did not take, at the mark, as far as its own position may grow. */
static void
take_over(TpModel *model, const TpInstrument *instrument, int64_t account, TpSide side, int64_t quantity)
{
	int64_t insurance = instrument->insurance_account;
	tp_int128 held = tradepost_model_holding(model, insurance, instrument->id);
	tp_int128 room = TRADEPOST_MAX_EXPOSURE - 1 - (side == TP_SELL ? held : -held);
	TpEvent *event;

	if (quantity > room)
		quantity = (int64_t) (room / instrument->lot * instrument->lot);
	if (quantity <= 0)
		return;
	event = tradepost_model_emit(model, TP_EV_TAKEN_OVER);
	event->account = account;
	event->counter_account = insurance;
	event->instrument = instrument->id;
	event->side = (uint8_t) side;
	event->quantity = quantity;
	event->price = instrument->mark;
	event->fields = TP_EVF_PRICE | TP_EVF_QUANTITY | TP_EVF_SIDE;
	tradepost_model_exchange(model, instrument, side == TP_BUY ? account : insurance,
							 side == TP_BUY ? insurance : account, quantity, instrument->mark);
}

/* Sells (or buys back) a position against the book, as an order would whose limit is the band. */
static void
close_out(TpModel *model, TpInstrument *instrument, int64_t account)
{
	int64_t position = tradepost_model_holding(model, account, instrument->id);
	TpSide side = position > 0 ? TP_SELL : TP_BUY;
	int64_t left = position > 0 ? position : -position;
	int64_t limit = tradepost_model_band_limit(instrument, side);
	tp_int128 notional = 0;
	TpEvent *event;

	if (account == instrument->insurance_account)
		return;
	while (left > 0 && instrument->status != TP_INSTRUMENT_HALTED)
	{
		TpOrderState *maker = tradepost_model_best(model, instrument->id, side == TP_BUY ? TP_SELL : TP_BUY);
		int64_t quantity;
		int64_t fees[2];
		tp_int128 before = tradepost_model_fee(instrument, instrument->taker_rate, notional);

		if (maker == NULL || !tradepost_model_crosses(side, limit, maker->price))
			break;
		quantity = smaller(left, tradepost_model_remaining(maker));
		notional += absolute(tradepost_model_value(instrument, quantity, maker->price));
		fees[0] = (int64_t) (tradepost_model_fee(instrument, instrument->taker_rate, notional) - before);
		tradepost_model_charge(model, instrument, account, fees[0]);
		fees[1] = tradepost_model_fill_order(model, instrument, maker, true, quantity, maker->price);
		event = tradepost_model_trade_event(model, TP_EV_CLOSED_OUT, instrument, account, side, maker, quantity,
											maker->price);
		event->commission = fees[0];
		event->counter_commission = fees[1];
		tradepost_model_traded(model, maker);
		left -= quantity;
	}
	take_over(model, instrument, account, side, left);
}

static void
cover(TpModel *model, const TpInstrument *marked, int64_t account)
{
	int32_t currency = marked->quote_asset;

	for (size_t i = 0; i < model->n_instruments; i++)
		if (model->instruments[i].kind == TP_FUTURE && model->instruments[i].quote_asset == currency &&
			tradepost_model_holding(model, account, model->instruments[i].id) != 0)
			return;
	while (tradepost_model_cash(model, account, currency) < 0)
	{
		tp_int128 deficit = -tradepost_model_cash(model, account, currency);
		TpEvent *event = tradepost_model_emit(model, TP_EV_COVERED);

		if (deficit > INT64_MAX)
			deficit = INT64_MAX;
		event->account = account;
		event->counter_account = marked->insurance_account;
		event->asset = currency;
		event->quantity = (int64_t) deficit;
		event->fields = TP_EVF_QUANTITY;
		tradepost_model_post(model, account, currency, deficit);
		tradepost_model_post(model, marked->insurance_account, currency, -deficit);
	}
}

/* The next contract by id in this currency that the account holds. */
static TpInstrument *
next_held(const TpModel *model, int64_t account, int32_t currency, int32_t after)
{
	TpInstrument *lowest = NULL;

	for (size_t i = 0; i < model->n_instruments; i++)
	{
		TpInstrument *instrument = &model->instruments[i];

		if (instrument->kind == TP_FUTURE && instrument->quote_asset == currency && instrument->id > after &&
			tradepost_model_holding(model, account, instrument->id) != 0 &&
			(lowest == NULL || instrument->id < lowest->id))
			lowest = instrument;
	}
	return lowest;
}

static void
liquidate_account(TpModel *model, const TpInstrument *marked, int64_t account)
{
	int32_t currency = marked->quote_asset;
	TpInstrument *instrument = NULL;
	int32_t after = INT32_MIN;

	if (account == marked->insurance_account || !below_maintenance(model, account, currency))
		return;
	cancel_each(model, &account, NULL, TP_REASON_LIQUIDATION);
	while (below_maintenance(model, account, currency) &&
		   (instrument = next_held(model, account, currency, after)) != NULL)
	{
		close_out(model, instrument, account);
		tradepost_model_trigger(model, instrument);
		after = instrument->id;
	}
	cover(model, marked, account);
}

/* Who holds is settled before the first close-out; whether it is below its maintenance when its turn comes. */
void
tradepost_model_liquidate(TpModel *model, const TpInstrument *marked)
{
	int64_t *holders = calloc(model->n_holdings + 1, sizeof(int64_t));
	size_t n = 0;
	int64_t account = 0;

	if (holders == NULL)
		abort();
	if (marked->kind == TP_FUTURE)
		for (bool first = true; next_holder(model, marked->id, &account, first); first = false)
			holders[n++] = account;
	for (size_t i = 0; i < n; i++)
		liquidate_account(model, marked, holders[i]);
	free(holders);
}

/* One thing whose time has come: the earliest, orders before instruments, then the lowest id. */
bool
tradepost_model_expire_next(TpModel *model)
{
	TpOrderState *order = NULL;
	TpInstrument *instrument = NULL;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		TpOrderState *one = &model->orders[i];

		if (tradepost_model_order_is_live(one) && one->expires_at <= model->now &&
			(order == NULL || one->expires_at < order->expires_at ||
			 (one->expires_at == order->expires_at && one->id < order->id)))
			order = one;
	}
	for (size_t i = 0; i < model->n_instruments; i++)
	{
		TpInstrument *one = &model->instruments[i];

		if (one->status != TP_INSTRUMENT_EXPIRED && one->expires_at <= model->now &&
			(instrument == NULL || one->expires_at < instrument->expires_at ||
			 (one->expires_at == instrument->expires_at && one->id < instrument->id)))
			instrument = one;
	}
	if (order != NULL && (instrument == NULL || order->expires_at <= instrument->expires_at))
		tradepost_model_close(model, order, TP_ORDER_EXPIRED, tradepost_model_remaining(order), TP_REASON_TIME);
	else if (instrument != NULL)
		tradepost_model_settle(model, instrument, instrument->mark, false);
	return order != NULL || instrument != NULL;
}
