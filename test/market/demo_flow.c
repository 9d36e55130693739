/*
 * demo_flow.c
 *	  Invents what the demo's accounts do next, and submits it.
 *
 * Part of build/market; see demo_market.h.  Each instrument has a fair price that
 * walks at random.  Makers keep a few quotes on each side of it and pull the
 * ones that it has left behind; funds and traders lift them, in moods that
 * last a while, and rest some orders of their own; marks follow in small steps.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "demo_market.h"

#define QUOTES 5  /* that a maker keeps on a side of a book, at most */
#define STALE 24  /* ticks behind the best that a maker's quote may be, times its spread */
#define REACH 0.8 /* part of the band that the fair price may wander from the start */

/* A batch being invented: its JSON, and which open orders it has touched already. */
typedef struct Batch
{
	TpText json;
	int commands;
	int orders;
	int64_t *touched;
	int touched_count;
	int touched_room;
} Batch;

/* Chance -------------------------------------------------------------------- */

/*
 * splitmix64: the same market for the same seed on every machine.
 */
uint64_t
tradepost_market_random(TpMarket *market, uint64_t below)
{
	uint64_t z = (market->random += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % below;
}

static double
unit(TpMarket *market)
{
	return (double) tradepost_market_random(market, 1 << 24) / (1 << 24);
}

/* Near enough to a normal distribution, and only adds: no two math libraries differ. */
static double
normal(TpMarket *market)
{
	double sum = -3;

	for (int i = 0; i < 6; i++)
		sum += unit(market);
	return sum * 1.41421356;
}

/* 0, 1, 2, ...: each half as likely as the one before, at most `max`. */
static int
halving(TpMarket *market, int max)
{
	int n = 0;

	while (n < max && tradepost_market_random(market, 2))
		n++;
	return n;
}

static int
pick_instrument(TpMarket *market)
{
	int sum = 0;
	int at;

	for (int i = 0; i < MARKET_INSTRUMENTS; i++)
		sum += tradepost_market_listings[i].weight;
	at = (int) tradepost_market_random(market, sum);
	for (int i = 0;; i++)
	{
		at -= tradepost_market_listings[i].weight;
		if (at < 0)
			return i;
	}
}

/* Commands ------------------------------------------------------------------ */

static bool
is_touched(const Batch *batch, int64_t id)
{
	for (int i = 0; i < batch->touched_count; i++)
		if (batch->touched[i] == id)
			return true;
	return false;
}

/*
 * Nothing is cancelled or amended twice in a batch.
 */
static bool
touch(Batch *batch, int64_t id)
{
	if (is_touched(batch, id))
		return false;
	if (batch->touched_count == batch->touched_room)
	{
		batch->touched_room = batch->touched_room ? 2 * batch->touched_room : 64;
		batch->touched = tradepost_realloc(batch->touched, batch->touched_room * sizeof(int64_t));
	}
	batch->touched[batch->touched_count++] = id;
	return true;
}

static void
begin_command(Batch *batch, const char *command, int64_t account)
{
	tradepost_text_printf(&batch->json, "%s{\"command\":\"%s\",\"account\":%lld", batch->commands++ ? ",\n" : "[",
						  command, (long long) account);
}

static void
add_amount(Batch *batch, const char *name, int64_t count, int64_t unit_size)
{
	tradepost_text_printf(&batch->json, ",\"%s\":\"", name);
	tradepost_text_decimal(&batch->json, count * unit_size, 8);
	tradepost_text_add(&batch->json, "\"");
}

/*
 * `extra` is more JSON: type, time in force, post-only.  Without a limit price
 * (negative prices are possible: so a flag) it is a market order.
 */
static void
place(TpMarket *market, Batch *batch, int account, int instrument, char side, int64_t quantity, bool limit,
	  int64_t price, const char *extra)
{
	TpInstrumentState *state = &market->instruments[instrument];

	if (limit && !state->listing->allow_negative && price < 1)
		price = 1;
	if (quantity < 1)
		quantity = 1;
	begin_command(batch, "place", market->accounts[account].id);
	tradepost_text_printf(&batch->json, ",\"symbol\":\"%s\",\"side\":\"%s\"", state->listing->symbol,
						  side == 'B' ? "buy" : "sell");
	add_amount(batch, "quantity", quantity, state->lot);
	if (limit)
		add_amount(batch, "price", price, state->tick);
	tradepost_text_printf(&batch->json, "%s}", extra);
	batch->orders++;
	market->accounts[account].orders++;
}

static void
cancel(TpMarket *market, Batch *batch, const TpOpenOrder *order)
{
	if (!touch(batch, order->id))
		return;
	begin_command(batch, "cancel", market->accounts[order->account].id);
	tradepost_text_printf(&batch->json, ",\"order_id\":%lld}", (long long) order->id);
}

static void
amend(TpMarket *market, Batch *batch, const TpOpenOrder *order, int64_t price, int64_t total)
{
	TpInstrumentState *state = &market->instruments[order->instrument];

	if (!touch(batch, order->id) || total < 1)
		return;
	begin_command(batch, "amend", market->accounts[order->account].id);
	tradepost_text_printf(&batch->json, ",\"order_id\":%lld", (long long) order->id);
	add_amount(batch, "quantity", total, state->lot);
	if (price != order->price && (price > 0 || state->listing->allow_negative))
		add_amount(batch, "price", price, state->tick);
	tradepost_text_add(&batch->json, "}");
}

/* Actors -------------------------------------------------------------------- */

/*
 * A price for a quote: behind the fair price, the closer the likelier.
 */
static int64_t
quote_price(const TpMarket *market, int instrument, char side, int away)
{
	const TpInstrumentState *state = &market->instruments[instrument];
	int64_t fair = (int64_t) floor(state->fair + 0.5);
	int64_t step = state->listing->spread + (int64_t) away * state->listing->spread;

	return side == 'B' ? fair - step : fair + step;
}

/*
 * One look of a maker at one side of a book: pull what is left behind, fill
 * up what is missing, now and then move a quote instead.
 */
static void
make(TpMarket *market, Batch *batch)
{
	int instrument = pick_instrument(market);
	int account = (int) tradepost_market_random(market, MARKET_MAKERS);
	char side = tradepost_market_random(market, 2) ? 'B' : 'S';
	const TpInstrumentState *state = &market->instruments[instrument];
	int64_t position = market->accounts[account].position[instrument];
	int away = halving(market, 3) + (int) tradepost_market_random(market, 5);
	int64_t price = quote_price(market, instrument, side, away);
	int64_t size = (int64_t) state->listing->size * (2 + (int64_t) tradepost_market_random(market, 6) + 2 * away);
	const TpOpenOrder *farthest = NULL;
	int quotes = 0;

	for (int i = 0; i < market->open_count; i++)
	{
		const TpOpenOrder *order = &market->open[i];

		if (order->account != account || order->instrument != instrument || order->side != side ||
			is_touched(batch, order->id))
			continue;
		quotes++;
		if (farthest == NULL || llabs(order->price - price) > llabs(farthest->price - price))
			farthest = order;
	}
	/* Who is long bids less eagerly, and the other way round. */
	if ((side == 'B' ? position : -position) > 120 * (int64_t) state->listing->size)
		price += side == 'B' ? -state->listing->spread : state->listing->spread;
	if (farthest != NULL &&
		(quotes > QUOTES || llabs(farthest->price - price) > (int64_t) STALE * state->listing->spread))
		cancel(market, batch, farthest);
	if (quotes < QUOTES)
		place(market, batch, account, instrument, side, size, true, price,
			  tradepost_market_random(market, 4) ? ",\"time_in_force\":\"gtc\""
												 : ",\"time_in_force\":\"gtc\",\"post_only\":true");
	else if (quotes > QUOTES)
		return;
	else if (tradepost_market_random(market, 3) == 0)
		amend(market, batch, farthest, price, farthest->total);
	else
	{
		cancel(market, batch, farthest);
		place(market, batch, account, instrument, side, size, true, price, "");
	}
}

/*
 * Somebody who wants to trade now.
 */
static void
trade(TpMarket *market, Batch *batch, int account)
{
	static const char *const extras[] = { ",\"time_in_force\":\"ioc\"", ",\"time_in_force\":\"ioc\"",
										  ",\"time_in_force\":\"fok\"", "" };
	int instrument = pick_instrument(market);
	TpInstrumentState *state = &market->instruments[instrument];
	int64_t position = market->accounts[account].position[instrument];
	int64_t comfort = (int64_t) state->listing->size * (market->accounts[account].role == TP_FUND ? 60 : 6);
	char side = unit(market) < 0.5 + state->drift ? 'B' : 'S';
	int64_t size = 1 + (int64_t) tradepost_market_random(market, 2 * state->listing->size);
	int64_t price;

	if (market->accounts[account].role == TP_FUND)
		size *= 2 + halving(market, 4);
	if (llabs(position) > comfort && (position > 0) == (side == 'B'))
		side = side == 'B' ? 'S' : 'B';
	if (tradepost_market_random(market, 3) == 0)
	{
		place(market, batch, account, instrument, side, size, false, 0, ",\"type\":\"market\"");
		return;
	}
	price = quote_price(market, instrument, side == 'B' ? 'S' : 'B', halving(market, 4));
	place(market, batch, account, instrument, side, size, true, price, extras[tradepost_market_random(market, 4)]);
}

/*
 * Somebody who can wait: an order behind the best, good till cancelled or for the day.
 */
static void
wait_for_price(TpMarket *market, Batch *batch, int account)
{
	int instrument = pick_instrument(market);
	char side = tradepost_market_random(market, 2) ? 'B' : 'S';
	int64_t position = market->accounts[account].position[instrument];
	int64_t comfort = (int64_t) market->instruments[instrument].listing->size *
					  (market->accounts[account].role == TP_FUND ? 60 : 6);

	if (llabs(position) > comfort && (position > 0) == (side == 'B'))
		side = side == 'B' ? 'S' : 'B';
	place(market, batch, account, instrument, side,
		  1 + (int64_t) tradepost_market_random(market, 4 * market->instruments[instrument].listing->size), true,
		  quote_price(market, instrument, side, 1 + (int) tradepost_market_random(market, 12)),
		  tradepost_market_random(market, 2) ? ",\"time_in_force\":\"gtc\"" : "");
}

/*
 * Somebody changes his mind about an order that waits.
 */
static void
reconsider(TpMarket *market, Batch *batch)
{
	const TpOpenOrder *order;

	if (market->open_count == 0)
		return;
	order = &market->open[tradepost_market_random(market, market->open_count)];
	if (order->account < MARKET_MAKERS)
		return;
	if (tradepost_market_random(market, 3) == 0)
		amend(market, batch, order, order->price,
			  order->total - 1 - (int64_t) tradepost_market_random(market, order->remaining));
	else
		cancel(market, batch, order);
}

/* The step ------------------------------------------------------------------ */

/*
 * Fair prices walk; a mark that is left behind follows, within its step.
 */
static void
walk(TpMarket *market, double share)
{
	for (int i = 0; i < MARKET_INSTRUMENTS; i++)
	{
		TpInstrumentState *state = &market->instruments[i];
		int64_t band;
		int64_t step;
		int64_t mark;
		double away;

		if (tradepost_parse_decimal(state->listing->band, 8, &band) != 0 ||
			tradepost_parse_decimal(state->listing->mark_step, 8, &step) != 0)
			tradepost_die("listing %s is wrong", state->listing->symbol);
		state->drift = 0.97 * state->drift + 0.02 * normal(market);
		if (state->drift > 0.3 || state->drift < -0.3)
			state->drift *= 0.5;
		state->fair += share * state->listing->volatility * (normal(market) + 2 * state->drift);
		away = (state->fair - state->start) / ((double) band / state->tick * REACH);
		state->fair -= share * away * state->listing->volatility * 0.5;

		mark = (int64_t) floor(state->fair + 0.5);
		if (mark - state->mark > step / state->tick)
			mark = state->mark + step / state->tick;
		if (state->mark - mark > step / state->tick)
			mark = state->mark - step / state->tick;
		if (llabs(mark - state->mark) >= 4 * state->listing->spread)
		{
			TpText price = { 0 };

			tradepost_text_decimal(&price, mark * state->tick, 8);
			tradepost_execute(market->conn, "SELECT tradepost.set_mark($1, $2::numeric)", state->listing->symbol,
							  price.data, NULL);
			tradepost_text_free(&price);
			state->mark = mark;
			market->commands++;
		}
	}
}

void
tradepost_market_step(TpMarket *market, int orders)
{
	Batch batch = { 0 };
	PGresult *result;
	int64_t *ids;
	size_t count;
	char last[24];

	walk(market, orders >= 100 ? 1.0 : 0.3);
	while (batch.orders < orders)
	{
		int what = (int) tradepost_market_random(market, 100);
		int fund = MARKET_MAKERS + (int) tradepost_market_random(market, MARKET_FUNDS);
		int trader = MARKET_MAKERS + MARKET_FUNDS + (int) tradepost_market_random(market, MARKET_TRADERS);

		if (what < 58 || market->open_count < 100)
			make(market, &batch);
		else if (what < 80)
			trade(market, &batch, tradepost_market_random(market, 5) ? trader : fund);
		else if (what < 87)
			wait_for_price(market, &batch, tradepost_market_random(market, 3) ? trader : fund);
		else
			reconsider(market, &batch);
	}
	tradepost_text_add(&batch.json, "]");

	result = tradepost_query(market->conn, "SELECT tradepost.submit_commands($1::jsonb)", batch.json.data, NULL);
	ids = tradepost_alloc(batch.commands * sizeof(int64_t));
	count = tradepost_int64_array(PQgetvalue(result, 0, 0), ids, batch.commands);
	PQclear(result);
	if (count != (size_t) batch.commands)
		tradepost_die("submit_commands() took %d commands and returned %zu ids", batch.commands, count);
	snprintf(last, sizeof(last), "%lld", (long long) ids[count - 1]);
	tradepost_execute(market->conn, "CALL tradepost.wait_for_order($1, '120 seconds')", last, NULL);
	tradepost_market_follow(market);

	market->orders += batch.orders;
	market->commands += batch.commands;
	free(ids);
	free(batch.touched);
	tradepost_text_free(&batch.json);
}
