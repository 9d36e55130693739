/*
 * model_checks.c
 *	  What the model asks of an order before it may stand: ranges, band, exposure,
 *	  funds.
 *
 * Called by model_place.c, model_amend.c, model_trigger.c and model_apply.c.
 */
#include "model_state.h"

bool
tradepost_model_price_in_range(const TpInstrument *instrument, int64_t price)
{
	if (price % instrument->tick != 0 || price > instrument->max_price)
		return false;
	if (instrument->allow_negative && instrument->kind == TP_FUTURE)
		return price >= -instrument->max_price;
	return price > 0;
}

bool
tradepost_model_quantity_in_range(const TpInstrument *instrument, int64_t quantity)
{
	return quantity > 0 && quantity % instrument->lot == 0 && quantity <= instrument->max_quantity;
}

bool
tradepost_model_inside_band(const TpInstrument *instrument, int64_t price)
{
	tp_int128 off = (tp_int128) price - instrument->mark;

	return off <= instrument->band && -off <= instrument->band;
}

/* Could everything open on this order's side fill without the position leaving its bounds? */
bool
tradepost_model_exposure_fits(const TpModel *model, const TpOrderState *order)
{
	tp_int128 open = tradepost_model_open_quantity(model, order->account, order->instrument, order->side);
	tp_int128 position = tradepost_model_holding(model, order->account, order->instrument);

	if (tradepost_model_find_instrument(model, order->instrument)->kind == TP_SPOT)
		return true;
	if (order->side == TP_SELL)
		position = -position;
	return (position > 0 ? position : 0) + open < TRADEPOST_MAX_EXPOSURE;
}

/* The order stands open in the model; margin_before is from before it did. */
bool
tradepost_model_funds_suffice(const TpModel *model, const TpOrderState *order, tp_int128 margin_before)
{
	const TpInstrument *instrument = tradepost_model_find_instrument(model, order->instrument);
	int32_t asset = tradepost_model_paying_asset(instrument, order->side);

	if (instrument->kind == TP_FUTURE && tradepost_model_margin(model, order->account, instrument) <= margin_before)
		return true;
	return tradepost_model_free_funds(model, order->account, asset) >= 0;
}

static TpSide
other_side(TpSide side)
{
	return side == TP_BUY ? TP_SELL : TP_BUY;
}

bool
tradepost_model_would_cross(const TpModel *model, const TpOrderState *order)
{
	const TpOrderState *best = tradepost_model_best(model, order->instrument, other_side(order->side));

	return best != NULL && tradepost_model_crosses(order->side, order->price, best->price);
}
