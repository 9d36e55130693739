/*
 * market.c
 *	  Instruments: what they allow, their mark and state, and the commands that
 *	  change those.
 */
#include "engine_state.h"

TpMarket *
tradepost_market_find(const TpEngine *engine, int32_t instrument)
{
	uint32_t hash = tp_hash1(engine->orders.seed, instrument);
	uint32_t slot = hash;
	uint32_t handle;

	while ((handle = tp_keymap_next(&engine->by_instrument, hash, &slot)) != TP_NONE)
	{
		TpMarket *market = tp_slab_at(&engine->markets, handle);

		if (market->spec.id == instrument)
			return market;
	}
	return NULL;
}

static bool
may_be_negative(const TpInstrument *spec)
{
	return spec->allow_negative && spec->kind == TP_FUTURE;
}

bool
tradepost_market_quantity_ok(const TpMarket *market, int64_t quantity)
{
	return quantity > 0 && quantity <= market->spec.max_quantity && quantity % market->spec.lot == 0;
}

bool
tradepost_market_price_ok(const TpMarket *market, int64_t price)
{
	const TpInstrument *spec = &market->spec;

	return price <= spec->max_price && price >= -spec->max_price && price % spec->tick == 0 &&
		   (price > 0 || may_be_negative(spec));
}

bool
tradepost_market_in_band(const TpMarket *market, int64_t price)
{
	return price >= market->band_low && price <= market->band_high;
}

/* The tick at or below x, or at or above it; x may be beyond 64 bits. */
static tp_int128
tick_below(tp_int128 x, int64_t tick)
{
	tp_int128 rest = x % tick;

	return x - rest - (rest < 0 ? tick : 0);
}

static tp_int128
tick_above(tp_int128 x, int64_t tick)
{
	return -tick_below(-x, tick);
}

static void
set_band(TpMarket *market)
{
	const TpInstrument *spec = &market->spec;
	int64_t lowest = may_be_negative(spec) ? -spec->max_price : spec->tick;
	tp_int128 low = tp_max128((tp_int128) spec->mark - spec->band, lowest);
	tp_int128 high = (tp_int128) spec->mark + spec->band;

	if (high > spec->max_price)
		high = spec->max_price;
	market->band_low = (int64_t) tick_above(low, spec->tick);
	market->band_high = (int64_t) tick_below(high, spec->tick);
}

/* Whatever was computed by the mark, margins and limits included, is out of date. */
void
tradepost_market_set_mark(TpMarket *market, int64_t mark)
{
	market->spec.mark = mark;
	market->epoch++;
	set_band(market);
}

static TpMarket *
new_market(TpEngine *engine, const TpInstrument *spec)
{
	uint32_t handle = tradepost_slab_take(&engine->markets);
	TpMarket *market = tp_slab_at(&engine->markets, handle);

	*market = (TpMarket){ .spec = *spec, .scale = tp_scale_make(spec->lot, spec->multiplier), .handle = handle };
	tradepost_book_init(&market->book, &engine->orders);
	tradepost_trigger_init(market, &engine->orders);
	tradepost_keymap_insert(&engine->by_instrument, tp_hash1(engine->orders.seed, spec->id), handle);
	return market;
}

/* What may not change while orders and positions are valued by it, or is state. */
static void
keep(TpInstrument *spec, const TpInstrument *old)
{
	spec->kind = old->kind;
	spec->base_asset = old->base_asset;
	spec->quote_asset = old->quote_asset;
	spec->tick = old->tick;
	spec->lot = old->lot;
	spec->multiplier = old->multiplier;
	spec->quote_unit = old->quote_unit;
	spec->reference = old->reference;
	spec->status = old->status;
	spec->mark = old->mark;
	spec->last_price = old->last_price;
	spec->last_trade_seq = old->last_trade_seq;
}

void
tradepost_engine_add_instrument(TpEngine *engine, const TpInstrument *spec)
{
	TpMarket *market = tradepost_market_find(engine, spec->id);

	if (market == NULL)
		market = new_market(engine, spec);
	else
	{
		TpInstrument next = *spec;

		keep(&next, &market->spec);
		market->spec = next;
	}
	market->house = tradepost_balance_get(&engine->accounts, spec->house_account, market->spec.quote_asset);
	tradepost_market_set_mark(market, market->spec.mark);
	tradepost_lifetime_remove(&engine->lifetime, TP_MORTAL_INSTRUMENT, market->handle);
	if (market->spec.status != TP_INSTRUMENT_EXPIRED)
		tradepost_lifetime_add(&engine->lifetime, TP_MORTAL_INSTRUMENT, market->handle, market->spec.id,
							   market->spec.expires_at);
}

void
tradepost_market_destroy_all(TpEngine *engine)
{
	for (uint32_t handle = 1; handle <= engine->markets.used; handle++)
	{
		TpMarket *market = tp_slab_at(&engine->markets, handle);

		tradepost_book_destroy(&market->book);
		tradepost_book_destroy(&market->armed);
		tp_vec_free(&market->holders);
	}
	tradepost_slab_destroy(&engine->markets);
	tradepost_keymap_destroy(&engine->by_instrument);
}

/* The command's instrument, unless that is unknown or has expired: then it is refused. */
static TpMarket *
living_market(TpEngine *engine)
{
	TpMarket *market = tradepost_market_find(engine, engine->command->instrument);

	if (market == NULL)
		tradepost_reject(engine, TP_REASON_INSTRUMENT_UNKNOWN);
	else if (market->spec.status == TP_INSTRUMENT_EXPIRED)
	{
		tradepost_reject(engine, TP_REASON_INSTRUMENT_EXPIRED);
		return NULL;
	}
	return market;
}

void
tradepost_market_list(TpEngine *engine)
{
	TpMarket *market = tradepost_market_find(engine, engine->command->instrument);

	if (market == NULL)
	{
		tradepost_reject(engine, TP_REASON_INSTRUMENT_UNKNOWN);
		return;
	}
	tradepost_emit_market(engine, TP_EV_LISTED, market)->decision = 1;
	tradepost_touch_market(engine, market);
}

void
tradepost_market_set_status(TpEngine *engine, TpInstrumentStatus status)
{
	TpMarket *market = living_market(engine);
	TpEventKind kind = status == TP_INSTRUMENT_HALTED ? TP_EV_HALTED : TP_EV_RESUMED;

	if (market == NULL)
		return;
	tradepost_emit_market(engine, kind, market)->decision = 1;
	if (market->spec.status == status)
		return;
	market->spec.status = (uint8_t) status;
	tradepost_touch_market(engine, market);
}

static bool
steps_too_far(const TpMarket *market, int64_t price)
{
	return tp_abs128((tp_int128) price - market->spec.mark) > market->spec.mark_step;
}

void
tradepost_market_mark(TpEngine *engine)
{
	TpMarket *market = living_market(engine);
	int64_t price = engine->command->price;
	TpEvent *event;

	if (market == NULL)
		return;
	if (!tradepost_market_price_ok(market, price))
		tradepost_reject(engine, TP_REASON_OUT_OF_RANGE);
	else if (steps_too_far(market, price))
		tradepost_reject(engine, TP_REASON_MARK_STEP);
	else
	{
		event = tradepost_emit_market(engine, TP_EV_MARKED, market);
		event->decision = 1;
		event->price = price;
		event->fields = TP_EVF_PRICE;
		tradepost_market_set_mark(market, price);
		tradepost_touch_market(engine, market);
		tradepost_liquidate(engine, market);
	}
}

void
tradepost_market_settle(TpEngine *engine)
{
	TpMarket *market = living_market(engine);
	int64_t price = engine->command->price;

	if (market == NULL)
		return;
	if (!tradepost_market_price_ok(market, price))
		tradepost_reject(engine, TP_REASON_OUT_OF_RANGE);
	else
		tradepost_settle_instrument(engine, market, price, true);
}
