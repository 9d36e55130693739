/*
 * checksum.c
 *	  The fingerprint by which memory and tables are compared; see engine.h.
 *
 * A sum, so that the order of rows does not matter and a change of one object is
 * one subtraction and one addition: each object remembers what it contributed.
 * The hashes are part of the contract with the SQL side and never change.
 */
#include "engine_state.h"

static uint64_t
absorb(uint64_t hash, uint64_t word)
{
	return tp_mix(hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t
absorb128(uint64_t hash, tp_int128 value)
{
	hash = absorb(hash, (uint64_t) value);
	return absorb(hash, (uint64_t) (value >> 64));
}

/* The first word keeps the three kinds apart. */
uint64_t
tradepost_hash_order(const TpOrderState *order)
{
	uint64_t hash = absorb(1, (uint64_t) order->id);

	hash = absorb(hash, (uint64_t) (uint32_t) order->instrument << 1 | order->side);
	hash = absorb(hash, (uint64_t) order->account);
	hash = absorb(hash, (uint64_t) order->price);
	hash = absorb(hash, (uint64_t) order->quantity);
	hash = absorb(hash, (uint64_t) order->filled);
	hash = absorb(hash, (uint64_t) order->rank);
	if (order->stop_price == 0 && order->link_id == 0 && order->parent_id == 0)
		return hash;
	hash = absorb(hash, (uint64_t) order->stop_price);
	hash = absorb(hash, (uint64_t) order->link_id);
	return absorb(hash, (uint64_t) order->parent_id);
}

uint64_t
tradepost_hash_balance(const TpBalanceState *balance)
{
	uint64_t hash = absorb(2, (uint64_t) balance->account);

	hash = absorb(hash, (uint32_t) balance->asset);
	hash = absorb128(hash, balance->total);
	return absorb128(hash, balance->reserved);
}

uint64_t
tradepost_hash_position(const TpPositionState *position)
{
	uint64_t hash = absorb(3, (uint64_t) position->account);

	hash = absorb(hash, (uint32_t) position->instrument);
	hash = absorb(hash, (uint64_t) position->quantity);
	hash = absorb(hash, (uint64_t) position->open_bids);
	return absorb(hash, (uint64_t) position->open_asks);
}

static void
replace(TpEngine *engine, uint64_t *part, uint64_t hash)
{
	engine->checksum += hash - *part;
	*part = hash;
}

static void
count_order(TpEngine *engine, uint32_t order)
{
	TpOrder *details = tp_details(engine, order);

	replace(engine, &details->hash, tp_stands(engine, order) ? tradepost_hash_order(&details->state) : 0);
	details->dirty = false;
	details->stored = true;
}

static void
count_balance(TpEngine *engine, TpBalance *balance)
{
	TpBalanceState state = tp_balance_state(balance);
	bool empty = state.total == 0 && state.reserved == 0;

	replace(engine, &balance->hash, empty ? 0 : tradepost_hash_balance(&state));
	balance->dirty = false;
	balance->stored = true;
}

static void
count_holding(TpEngine *engine, TpHolding *holding)
{
	TpPositionState state = tp_position_state(holding);
	bool empty = state.quantity == 0 && state.open_bids == 0 && state.open_asks == 0;

	replace(engine, &holding->hash, empty ? 0 : tradepost_hash_position(&state));
	holding->dirty = false;
	holding->stored = true;
}

void
tradepost_checksum_update(TpEngine *engine)
{
	for (size_t i = 0; i < engine->dirty_orders.count; i++)
		count_order(engine, TP_AT(&engine->dirty_orders, uint32_t, i));
	for (size_t i = 0; i < engine->dirty_balances.count; i++)
		count_balance(engine, TP_AT(&engine->dirty_balances, TpBalance *, i));
	for (size_t i = 0; i < engine->dirty_holdings.count; i++)
		count_holding(engine, TP_AT(&engine->dirty_holdings, TpHolding *, i));
	for (size_t i = 0; i < engine->dirty_markets.count; i++)
		TP_AT(&engine->dirty_markets, TpMarket *, i)->dirty = false;
	engine->dirty_orders.count = engine->dirty_balances.count = 0;
	engine->dirty_holdings.count = engine->dirty_markets.count = 0;
}

uint64_t
tradepost_engine_checksum(const TpEngine *engine)
{
	return engine->checksum;
}
