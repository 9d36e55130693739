/*
 * demo_state.c
 *	  What is open, who holds what and what traded, from the events.
 *
 * Part of build/market; see demo_market.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "demo_market.h"

#define PAGE 10000

/* Open orders -------------------------------------------------------------- */

static int
slot_of(const TpMarket *market, int64_t id)
{
	uint64_t slot = ((uint64_t) id * UINT64_C(0x9E3779B97F4A7C15)) >> 24;
	int mask = market->slot_count - 1;
	int at = (int) (slot & mask);

	while (market->slots[at] >= 0 && market->open[market->slots[at]].id != id)
		at = (at + 1) & mask;
	return at;
}

static TpOpenOrder *
find_order(TpMarket *market, int64_t id)
{
	int place = market->slot_count ? market->slots[slot_of(market, id)] : -1;

	return place < 0 ? NULL : &market->open[place];
}

static void
rebuild_slots(TpMarket *market, int count)
{
	free(market->slots);
	market->slot_count = count;
	market->slots = tradepost_alloc(count * sizeof(int32_t));
	memset(market->slots, 0xff, count * sizeof(int32_t));
	for (int i = 0; i < market->open_count; i++)
		market->slots[slot_of(market, market->open[i].id)] = i;
}

static void
add_order(TpMarket *market, const TpOpenOrder *order)
{
	if (find_order(market, order->id) != NULL)
		return;
	if (market->open_count == market->open_room)
	{
		market->open_room = market->open_room ? 2 * market->open_room : 1024;
		market->open = tradepost_realloc(market->open, market->open_room * sizeof(TpOpenOrder));
	}
	if (2 * (market->open_count + 1) > market->slot_count)
		rebuild_slots(market, market->slot_count ? 2 * market->slot_count : 4096);
	market->open[market->open_count] = *order;
	market->slots[slot_of(market, order->id)] = market->open_count;
	market->open_count++;
}

static void
remove_order(TpMarket *market, TpOpenOrder *order)
{
	int place = (int) (order - market->open);
	int mask = market->slot_count - 1;
	int hole = slot_of(market, order->id);

	/* Close the gap in the hash: whoever was pushed past it moves up. */
	market->slots[hole] = -1;
	for (int at = (hole + 1) & mask; market->slots[at] >= 0; at = (at + 1) & mask)
	{
		int32_t moved = market->slots[at];

		market->slots[at] = -1;
		market->slots[slot_of(market, market->open[moved].id)] = moved;
	}

	market->open_count--;
	if (place != market->open_count)
	{
		int at = slot_of(market, market->open[market->open_count].id);

		market->open[place] = market->open[market->open_count];
		market->slots[at] = place;
	}
}

static void
take(TpMarket *market, int64_t id, int64_t quantity)
{
	TpOpenOrder *order = find_order(market, id);

	if (order == NULL)
		return;
	order->remaining -= quantity;
	if (order->remaining <= 0)
		remove_order(market, order);
}

bool
tradepost_market_best(const TpMarket *market, int instrument, char side, int64_t *price)
{
	bool found = false;

	for (int i = 0; i < market->open_count; i++)
	{
		const TpOpenOrder *order = &market->open[i];

		if (order->instrument != instrument || order->side != side)
			continue;
		if (!found || (side == 'B' ? order->price > *price : order->price < *price))
			*price = order->price;
		found = true;
	}
	return found;
}

/* Reading ------------------------------------------------------------------- */

static int
instrument_index(const char *symbol)
{
	for (int i = 0; i < MARKET_INSTRUMENTS; i++)
		if (strcmp(tradepost_market_listings[i].symbol, symbol) == 0)
			return i;
	return -1;
}

static int
account_index(const TpMarket *market, int64_t id)
{
	for (int i = 0; i < MARKET_ACCOUNTS; i++)
		if (market->accounts[i].id == id)
			return i;
	return -1;
}

/*
 * A decimal of the server's in ticks or lots.
 */
static int64_t
units(PGresult *result, int row, const char *column, int64_t unit)
{
	const char *string = PQgetvalue(result, row, tradepost_column(result, column));
	int64_t value;

	if (tradepost_parse_decimal(string, 8, &value) != 0)
		tradepost_die("%s \"%s\" is no decimal of 8 places", column, string);
	return value / unit;
}

static int64_t
optional_id(PGresult *result, int row, const char *column)
{
	int number = tradepost_column(result, column);

	return PQgetisnull(result, row, number) ? 0 : tradepost_int64(result, row, number);
}

static TpOpenOrder
read_order(TpMarket *market, PGresult *result, int row, int instrument, const char *id)
{
	TpInstrumentState *state = &market->instruments[instrument];
	TpOpenOrder order;

	memset(&order, 0, sizeof(order));
	order.id = optional_id(result, row, id);
	order.account = (int16_t) account_index(market, optional_id(result, row, "account"));
	order.instrument = (int8_t) instrument;
	order.side = strcmp(PQgetvalue(result, row, tradepost_column(result, "side")), "buy") == 0 ? 'B' : 'S';
	order.price = units(result, row, "price", state->tick);
	order.total = units(result, row, "quantity", state->lot);
	order.remaining = order.total;
	return order;
}

/*
 * Positions as they are now: contracts from their view, spot as what differs
 * from the play money.
 */
static void
load_positions(TpMarket *market)
{
	PGresult *result = tradepost_query(
		market->conn,
		"SELECT account, symbol, quantity FROM tradepost.positions"
		" UNION ALL SELECT account, asset || 'USD', total FROM tradepost.balances WHERE asset IN ('EUR', 'BTC')",
		NULL);

	for (int row = 0; row < PQntuples(result); row++)
	{
		int account = account_index(market, optional_id(result, row, "account"));
		int instrument = instrument_index(PQgetvalue(result, row, 1));

		if (account < 0 || instrument < 0)
			continue;
		market->accounts[account].position[instrument] = units(result, row, "quantity",
															   market->instruments[instrument].lot) -
														 tradepost_market_play_money(market, account, instrument);
	}
	PQclear(result);
}

void
tradepost_market_load(TpMarket *market)
{
	PGresult *result;

	/* One statement, so that orders and seq are of the same moment. */
	result = tradepost_query(
		market->conn,
		"SELECT s.seq, o.id, o.account, o.symbol, o.side, o.price, o.quantity, o.remaining"
		" FROM (SELECT coalesce((SELECT e.seq FROM tradepost.events e ORDER BY e.seq DESC LIMIT 1), 0) AS seq) s"
		" LEFT JOIN tradepost.orders o ON o.status IN ('open', 'partially_filled')",
		NULL);
	market->open_count = 0;
	rebuild_slots(market, 4096);
	market->last_seq = tradepost_int64(result, 0, 0);
	for (int row = 0; row < PQntuples(result); row++)
	{
		int instrument = instrument_index(PQgetvalue(result, row, tradepost_column(result, "symbol")));
		TpOpenOrder order;

		if (instrument < 0)
			continue;
		order = read_order(market, result, row, instrument, "id");
		order.remaining = units(result, row, "remaining", market->instruments[instrument].lot);
		add_order(market, &order);
	}
	PQclear(result);
	load_positions(market);
}

/*
 * A fill changes two orders, two positions and the last price.
 */
static void
read_fill(TpMarket *market, PGresult *result, int row, int instrument)
{
	TpInstrumentState *state = &market->instruments[instrument];
	int64_t quantity = units(result, row, "quantity", state->lot);
	int taker = account_index(market, optional_id(result, row, "account"));
	int maker = account_index(market, optional_id(result, row, "counter_account"));
	int sign = strcmp(PQgetvalue(result, row, tradepost_column(result, "side")), "buy") == 0 ? 1 : -1;

	state->last = units(result, row, "price", state->tick);
	state->trades++;
	market->trades++;
	take(market, optional_id(result, row, "order_id"), quantity);
	take(market, optional_id(result, row, "maker_order_id"), quantity);
	if (taker >= 0)
	{
		market->accounts[taker].position[instrument] += sign * quantity;
		market->accounts[taker].fills++;
	}
	if (maker >= 0)
	{
		market->accounts[maker].position[instrument] -= sign * quantity;
		market->accounts[maker].fills++;
	}
}

static void
read_event(TpMarket *market, PGresult *result, int row)
{
	const char *kind = PQgetvalue(result, row, tradepost_column(result, "kind"));
	int instrument = instrument_index(PQgetvalue(result, row, tradepost_column(result, "symbol")));
	TpOpenOrder *order = find_order(market, optional_id(result, row, "order_id"));

	if (strcmp(kind, "rejected") == 0)
		market->rejected++;
	if (instrument < 0)
		return;
	if (strcmp(kind, "accepted") == 0)
	{
		TpOpenOrder placed;

		/* A market order never rests. */
		if (PQgetisnull(result, row, tradepost_column(result, "price")))
			return;
		placed = read_order(market, result, row, instrument, "order_id");
		add_order(market, &placed);
	}
	else if (strcmp(kind, "trade") == 0 || strcmp(kind, "closed_out") == 0)
		read_fill(market, result, row, instrument);
	else if (strcmp(kind, "decremented") == 0)
		take(market, optional_id(result, row, "order_id"),
			 units(result, row, "quantity", market->instruments[instrument].lot));
	else if (order != NULL && (strcmp(kind, "cancelled") == 0 || strcmp(kind, "expired") == 0))
		remove_order(market, order);
	else if (order != NULL && strcmp(kind, "amended") == 0)
	{
		int64_t filled = order->total - order->remaining;

		order->price = units(result, row, "price", market->instruments[instrument].tick);
		order->total = units(result, row, "quantity", market->instruments[instrument].lot);
		order->remaining = order->total - filled;
	}
	else if (strcmp(kind, "marked") == 0)
		market->instruments[instrument].mark = units(result, row, "price", market->instruments[instrument].tick);
}

void
tradepost_market_follow(TpMarket *market)
{
	int rows;

	do
	{
		char after[24];
		PGresult *result;

		snprintf(after, sizeof(after), "%lld", (long long) market->last_seq);
		result = tradepost_query(
			market->conn,
			"SELECT seq, kind, order_id, maker_order_id, account, counter_account, symbol, side, price, quantity"
			" FROM tradepost.events_since($1, 10000)",
			after, NULL);
		rows = PQntuples(result);
		for (int row = 0; row < rows; row++)
			read_event(market, result, row);
		if (rows > 0)
			market->last_seq = tradepost_int64(result, rows - 1, 0);
		PQclear(result);
	} while (rows == PAGE);
}
