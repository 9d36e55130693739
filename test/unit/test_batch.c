/*
 * test_batch.c
 *	  What the host is told: each changed object once, the checksum, and an engine
 *	  that is loaded from what was stored.
 */
#include "engine_check.h"
#include "unit_engine.h"

#include <stdlib.h>
#include <string.h>

static void
changed_objects(TpUnit *u)
{
	const TpDirtyOrder *orders;
	const TpDirtyBalance *balances;
	const TpDirtyPosition *positions;
	const int32_t *ids;
	TpOrderState state;

	tradepost_unit_open(u, "what changed");
	tradepost_unit_place(u, 1, 10, TP_BUY, 5, 99);
	tradepost_unit_amend(u, 1, 10, 4, -1);
	tradepost_unit_place(u, 2, 11, TP_SELL, 4, 99);
	tradepost_unit_place(u, 3, 11, TP_SELL, 4, 500);
	tradepost_unit_ok(u, tradepost_engine_dirty_orders(u->engine, &orders) == 3, "each order once");
	tradepost_unit_ok(u,
					  orders[0].state.id == 1 && orders[0].state.status == TP_ORDER_FILLED &&
						  orders[0].state.quantity == 4 * TRADEPOST_ONE && !orders[0].stored,
					  "as it is at the end");
	tradepost_unit_ok(u, orders[2].state.status == TP_ORDER_REJECTED, "rejected ones too");
	tradepost_unit_ok(u, tradepost_engine_dirty_balances(u->engine, &balances) == 2 && balances[0].stored,
					  "two balances");
	tradepost_unit_ok(u, tradepost_engine_dirty_positions(u->engine, &positions) == 2 && !positions[0].stored,
					  "two positions, which are new");
	tradepost_unit_ok(u, tradepost_engine_dirty_instruments(u->engine, &ids) == 1 && ids[0] == WHEAT, "one instrument");
	tradepost_unit_skip(u);
	tradepost_unit_ok(u,
					  tradepost_engine_dirty_orders(u->engine, &orders) == 0 &&
						  tradepost_engine_dirty_balances(u->engine, &balances) == 0 &&
						  tradepost_engine_dirty_positions(u->engine, &positions) == 0 &&
						  tradepost_engine_dirty_instruments(u->engine, &ids) == 0,
					  "after the batch nothing");
	tradepost_unit_ok(u, !tradepost_engine_order(u->engine, 1, &state), "and closed orders are forgotten");
	tradepost_unit_place(u, 4, 10, TP_SELL, 4, 99);
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 5, 11, TP_BUY, 4, 99);
	tradepost_engine_dirty_orders(u->engine, &orders);
	tradepost_engine_dirty_positions(u->engine, &positions);
	tradepost_unit_ok(u, orders[0].state.id == 5 && !orders[0].stored && orders[1].stored, "what is stored is known");
	tradepost_unit_ok(u, positions[0].stored && positions[0].state.quantity == 0 && positions[1].state.quantity == 0,
					  "a position that is gone is still told");
	tradepost_unit_skip(u);
	tradepost_unit_place(u, 6, 10, TP_BUY, 4, 200);
	tradepost_unit_ok(u, tradepost_engine_dirty_balances(u->engine, &balances) == 0, "a rejection changes no balance");
	tradepost_unit_skip(u);
}

/* The sum that engine.h defines, over what can be read from outside. */
/* The tables' side computes it too: what it was for an order without ties it stays. */
static void
hashes(TpUnit *u)
{
	TpOrderState order = { .id = 7, .instrument = 2, .account = 10, .side = TP_SELL, .price = 11, .quantity = 13 };
	uint64_t plain;

	order.filled = 5;
	order.rank = 17;
	plain = tradepost_hash_order(&order);
	tradepost_unit_ok(u, plain == UINT64_C(0x66b6ff90b01b4be0), "an order's hash is what it was");
	order.stop_price = order.link_id = order.parent_id = 19;
	plain = tradepost_hash_order(&order);
#define DIFFERS(field, what)                                               \
	do                                                                     \
	{                                                                      \
		TpOrderState other = order;                                        \
		other.field = 23;                                                  \
		tradepost_unit_ok(u, tradepost_hash_order(&other) != plain, what); \
	} while (0)
	DIFFERS(stop_price, "it has the stop price in it");
	DIFFERS(link_id, "and the partner");
	DIFFERS(parent_id, "and the parent");
#undef DIFFERS
}

static uint64_t
sum_from_outside(TpUnit *u)
{
	size_t count = tradepost_engine_open_orders(u->engine);
	int64_t *ids = calloc(count + 1, sizeof(int64_t));
	uint64_t sum = 0;

	tradepost_engine_open_order_ids(u->engine, ids);
	for (size_t i = 0; i < count; i++)
	{
		TpOrderState state;

		tradepost_engine_order(u->engine, ids[i], &state);
		sum += tradepost_hash_order(&state);
	}
	free(ids);
	for (int64_t account = 0; account < 30; account++)
		for (int32_t n = 1; n <= 3; n++)
		{
			TpBalanceState balance;
			TpPositionState position;

			tradepost_engine_balance(u->engine, account, n, &balance);
			tradepost_engine_position(u->engine, account, n, &position);
			if (balance.total != 0 || balance.reserved != 0)
				sum += tradepost_hash_balance(&balance);
			if (position.quantity != 0 || position.open_bids != 0 || position.open_asks != 0)
				sum += tradepost_hash_position(&position);
		}
	return sum;
}

/* Anything goes, as long as it is much and mixed. */
static void
trade_randomly(TpUnit *u, int64_t first, int64_t count)
{
	for (int64_t id = first; id < first + count; id++)
	{
		TpCommand c = tradepost_unit_order(id, 10 + rand() % 5, rand() % 2, 1 + rand() % 9, 95 + rand() % 11);

		c.instrument = 1 + rand() % 3;
		c.maker_rate = HALF_PERCENT;
		if (rand() % 3 == 0)
		{
			c.time_in_force = TP_GTD;
			c.expires_at = u->now + 1 + rand() % 100;
		}
		u->now += rand() % 3;
		if (rand() % 4 == 0)
			tradepost_unit_amend(u, id - 1 - rand() % 20, c.account, 1 + rand() % 9, 95 + rand() % 11);
		tradepost_unit_apply(u, c);
		if (rand() % 8 == 0)
			tradepost_engine_end_batch(u->engine);
	}
	tradepost_unit_skip(u);
}

static bool
same_reading(const TpEngine *a, const TpEngine *b)
{
	TpLevel x[64];
	TpLevel y[64];

	for (int32_t instrument = 1; instrument <= 3; instrument++)
		for (TpSide side = TP_BUY; side <= TP_SELL; side++)
		{
			size_t count = tradepost_engine_depth(a, instrument, side, 64, x);

			if (count != tradepost_engine_depth(b, instrument, side, 64, y))
				return false;
			for (size_t i = 0; i < count; i++)
				if (x[i].price != y[i].price || x[i].quantity != y[i].quantity || x[i].orders != y[i].orders)
					return false;
		}
	for (int64_t account = 0; account < 20; account++)
		if (tradepost_engine_free_funds(a, account, USD) != tradepost_engine_free_funds(b, account, USD))
			return false;
	return tradepost_engine_checksum(a) == tradepost_engine_checksum(b) &&
		   tradepost_engine_next_expiry(a) == tradepost_engine_next_expiry(b) &&
		   tradepost_engine_last_seq(a) == tradepost_engine_last_seq(b) &&
		   tradepost_engine_open_orders(a) == tradepost_engine_open_orders(b);
}

static void
reload(TpUnit *u)
{
	TpUnit other = { .engine = NULL };
	const TpDirtyOrder *orders;
	const TpDirtyBalance *balances;
	const TpEvent *x;
	const TpEvent *y;
	size_t count;
	unsigned seed;
	TpCommand sweep = tradepost_unit_order(5000, 10, TP_BUY, 1000, 110);

	tradepost_unit_open(u, "recovery");
	srand(5);
	trade_randomly(u, 1, 3000);
	tradepost_unit_ok(u, tradepost_engine_open_orders(u->engine) > 20, "there is something to recover");
	tradepost_unit_ok(u, tradepost_engine_checksum(u->engine) == sum_from_outside(u),
					  "the checksum is what engine.h says");
	other.engine = tradepost_engine_reloaded(u->engine);
	other.now = u->now;
	other.last_id = u->last_id;
	tradepost_unit_ok(u, tradepost_engine_check(other.engine) == NULL, "a loaded engine is consistent");
	tradepost_unit_ok(u, same_reading(u->engine, other.engine), "and reads the same");
	tradepost_unit_ok(u,
					  tradepost_engine_dirty_orders(other.engine, &orders) == 0 &&
						  tradepost_engine_dirty_balances(other.engine, &balances) == 0,
					  "nothing of it is to be stored");
	seed = (unsigned) rand();
	srand(seed);
	trade_randomly(u, 4000, 500);
	srand(seed);
	trade_randomly(&other, 4000, 500);
	tradepost_unit_ok(u, same_reading(u->engine, other.engine), "and goes on the same");
	sweep.stp = TP_STP_NONE;
	tradepost_unit_apply(u, sweep);
	tradepost_unit_apply(&other, sweep);
	count = tradepost_engine_events(u->engine, &x);
	tradepost_unit_ok(u,
					  count > 3 && count == tradepost_engine_events(other.engine, &y) &&
						  memcmp(x, y, count * sizeof(TpEvent)) == 0,
					  "with the same events");
	tradepost_unit_skip(u);
	tradepost_engine_destroy(other.engine);
}

static void
change_all(TpInstrument *spec)
{
	spec->mark = spec->reference = 1;
	spec->tick = spec->lot = spec->multiplier = 3;
	spec->status = TP_INSTRUMENT_HALTED;
	spec->last_price = 4711;
	spec->band = 7 * TRADEPOST_ONE;
}

static void
respecify(TpUnit *u)
{
	const TpInstrument *wheat;

	tradepost_unit_open(u, "an instrument added again");
	tradepost_unit_place(u, 1, 10, TP_BUY, 5, 99);
	tradepost_unit_respecify(u, WHEAT, change_all);
	wheat = tradepost_engine_instrument(u->engine, WHEAT);
	tradepost_unit_ok(u,
					  wheat->mark == 100 * TRADEPOST_ONE && wheat->status == TP_INSTRUMENT_OPEN &&
						  wheat->last_price == 0 && wheat->tick == TRADEPOST_ONE / 100 &&
						  wheat->reference == 100 * TRADEPOST_ONE && wheat->multiplier == TRADEPOST_ONE,
					  "keeps its state and what it is valued by");
	tradepost_unit_place(u, 2, 11, TP_BUY, 5, 92.99);
	tradepost_unit_place(u, 3, 11, TP_SELL, 5, 99);
	tradepost_unit_expect(u, "the rest is new",
						  "accepted 1 buy 5 @99; rejected 2 buy 5 @92.99 band; accepted 3 sell 5 @99; trade 3 1 5 @99");
	tradepost_unit_ok(u, tradepost_engine_instrument(u->engine, 77) == NULL, "one that was never added");
}

static void
refine(TpUnit *u)
{
	tradepost_unit_open(u, "a reason refined");
	tradepost_unit_cancel(u, 7, 10);
	tradepost_engine_event(u->engine, 0)->reason = TP_REASON_ORDER_FILLED;
	tradepost_unit_expect(u, "by the host, who has the tables", "rejected 7 filled");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	changed_objects(&unit);
	hashes(&unit);
	reload(&unit);
	respecify(&unit);
	refine(&unit);
	return tradepost_unit_done(&unit);
}
