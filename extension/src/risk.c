/*
 * risk.c
 *	  See risk.h.  Called by accept.c and amend.c (may it?), by liquidation.c
 *	  (must it go?) and by whoever reads free funds.
 *
 * Bounds: margin rates are below 2^63 and p+B below 2^64 with p < 2^63, B < 2^62, of which
 * only one can be near its limit (an insurance account may pass the exposure limit by
 * one takeover, never with open bids on top): products stay below 2^127.
 */
#include "engine_state.h"

static tp_int128
per_quantity(int64_t rate, tp_int128 quantity, int64_t unit)
{
	return quantity <= 0 ? 0 : tp_ceil_to(rate * quantity, TRADEPOST_ONE, unit);
}

tp_int128
tradepost_risk_margin(const TpInstrument *spec, const TpExposure *exposure)
{
	tp_int128 longest = exposure->position + exposure->open_bids;
	tp_int128 shortest = exposure->open_asks - exposure->position;

	return tp_max128(per_quantity(spec->im_long, longest, spec->quote_unit),
					 per_quantity(spec->im_short, shortest, spec->quote_unit)) +
		   exposure->loss;
}

tp_int128
tradepost_risk_maintenance(const TpInstrument *spec, int64_t position)
{
	return per_quantity(spec->mm_long, position, spec->quote_unit) +
		   per_quantity(spec->mm_short, -(tp_int128) position, spec->quote_unit);
}

tp_int128
tradepost_risk_loss(const TpMarket *market, TpSide side, int64_t price, int64_t remaining)
{
	int64_t mark = market->spec.mark;

	if (side == TP_BUY)
		return price <= mark ? 0 : tp_value_between(&market->scale, remaining, mark, price);
	return price >= mark ? 0 : tp_value_between(&market->scale, remaining, price, mark);
}

tp_int128
tradepost_risk_reserve(const TpMarket *market, const TpTerms *terms)
{
	tp_int128 value;
	tp_int128 reserve;

	if (terms->remaining == 0)
		return 0;
	if (market->spec.kind == TP_SPOT && terms->side == TP_SELL)
		return terms->remaining;
	value = tp_value(&market->scale, terms->remaining, terms->price);
	reserve = tradepost_commission_reserve(&terms->commission, tp_abs128(value), market->spec.quote_unit);
	return market->spec.kind == TP_SPOT ? value + reserve : reserve;
}

static void
refresh_value(TpHolding *holding)
{
	const TpMarket *market = holding->market;

	if (holding->value_epoch == market->epoch)
		return;
	holding->equity = tp_value_between(&market->scale, holding->position, market->spec.reference, market->spec.mark);
	holding->maintenance = tradepost_risk_maintenance(&market->spec, holding->position);
	holding->value_epoch = market->epoch;
}

static void
refresh_loss(const TpEngine *engine, TpHolding *holding)
{
	const TpMarket *market = holding->market;

	if (holding->loss_epoch == market->epoch)
		return;
	holding->loss = 0;
	for (uint32_t order = holding->first_order; order != TP_NONE;)
	{
		const TpOrder *details = tp_details(engine, order);

		holding->loss += tradepost_risk_loss(market, details->state.side, details->state.price,
											 tp_order(engine, order)->remaining);
		order = details->next;
	}
	holding->loss_epoch = market->epoch;
}

static TpExposure
exposure_of(const TpHolding *holding)
{
	TpExposure exposure = { .position = holding->position };

	exposure.open_bids = holding->open_bids;
	exposure.open_asks = holding->open_asks;
	exposure.loss = holding->loss;
	return exposure;
}

void
tradepost_risk_refresh(const TpEngine *engine, TpHolding *holding)
{
	TpExposure exposure;

	refresh_value(holding);
	refresh_loss(engine, holding);
	if (holding->margin_epoch == holding->market->epoch)
		return;
	exposure = exposure_of(holding);
	holding->margin = tradepost_risk_margin(&holding->market->spec, &exposure);
	holding->margin_epoch = holding->market->epoch;
}

tp_int128
tradepost_risk_free_funds(const TpEngine *engine, const TpBalance *balance)
{
	tp_int128 funds;

	if (balance == NULL)
		return 0;
	funds = balance->total - balance->reserved;
	for (TpHolding *h = balance->active[TP_FUTURE]; h != NULL; h = h->next_active)
	{
		tradepost_risk_refresh(engine, h);
		funds += h->equity - h->margin;
	}
	return funds;
}

tp_int128
tradepost_risk_equity(const TpBalance *balance)
{
	tp_int128 equity = balance->total;

	for (TpHolding *h = balance->active[TP_FUTURE]; h != NULL; h = h->next_active)
	{
		refresh_value(h);
		equity += h->equity;
	}
	return equity;
}

tp_int128
tradepost_risk_balance_maintenance(const TpBalance *balance)
{
	tp_int128 maintenance = 0;

	for (TpHolding *h = balance->active[TP_FUTURE]; h != NULL; h = h->next_active)
	{
		refresh_value(h);
		maintenance += h->maintenance;
	}
	return maintenance;
}

/* What the order adds to one side and to the losses. */
static void
expose(TpExposure *exposure, const TpMarket *market, const TpTerms *terms, int sign)
{
	tp_int128 *open = terms->side == TP_BUY ? &exposure->open_bids : &exposure->open_asks;

	*open += sign * (tp_int128) terms->remaining;
	exposure->loss += sign * tradepost_risk_loss(market, terms->side, terms->price, terms->remaining);
}

static bool
within_exposure(const TpExposure *exposure, TpSide side)
{
	tp_int128 most = side == TP_BUY ? tp_max128(exposure->position, 0) + exposure->open_bids
									: tp_max128(-(tp_int128) exposure->position, 0) + exposure->open_asks;

	return most < TRADEPOST_MAX_EXPOSURE;
}

/* A contract's part of the check: how far its margin rises. */
static bool
contract_rise(const TpEngine *engine, const TpMarket *market, TpHolding *holding, const TpTerms *terms,
			  const TpTerms *old, tp_int128 *rise)
{
	TpExposure exposure = { 0 };
	tp_int128 before = 0;

	if (holding != NULL)
	{
		tradepost_risk_refresh(engine, holding);
		before = holding->margin;
		exposure = exposure_of(holding);
	}
	if (old != NULL)
		expose(&exposure, market, old, -1);
	expose(&exposure, market, terms, 1);
	*rise = tradepost_risk_margin(&market->spec, &exposure) - before;
	return within_exposure(&exposure, terms->side);
}

TpRiskAnswer
tradepost_risk_check(const TpEngine *engine, TpMarket *market, int64_t account, TpHolding *holding,
					 const TpTerms *terms, const TpTerms *old)
{
	const TpInstrument *spec = &market->spec;
	bool contract = spec->kind == TP_FUTURE;
	int32_t asset = !contract && terms->side == TP_SELL ? spec->base_asset : spec->quote_asset;
	TpRiskAnswer answer = { .reason = TP_REASON_NONE };
	tp_int128 rise = 0;
	tp_int128 reserve = tradepost_risk_reserve(market, terms);
	TpBalance *balance;

	if (contract && !contract_rise(engine, market, holding, terms, old, &rise))
	{
		answer.reason = TP_REASON_EXPOSURE;
		return answer;
	}
	if (holding == NULL)
		balance = tradepost_balance_find(&engine->accounts, account, asset);
	else
		balance = asset == spec->quote_asset ? holding->quote : holding->base;
	answer.free_before = tradepost_risk_free_funds(engine, balance);
	answer.requirement = tp_max128(rise, 0) + reserve;
	if (old != NULL)
		reserve -= tradepost_risk_reserve(market, old);
	if (answer.free_before - rise - reserve < 0 && !(contract && rise <= 0))
		answer.reason = TP_REASON_INSUFFICIENT_FUNDS;
	return answer;
}
