/*
 * fuzz_compare.c
 *	  Whole states held against each other: engine and model, rows and model,
 *	  and what must hold whatever the model says.
 *
 * Called by side_by_side.c.
 */
#include "side_by_side.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
tradepost_fuzz_fail(TpPair *pair, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(pair->message, TP_MESSAGE_SIZE, format, arguments);
	va_end(arguments);
	return false;
}

const char *
tradepost_wide(tp_int128 value)
{
	static char buffers[8][48];
	static int next;
	char *end = &buffers[next++ % 8][47];
	unsigned __int128 rest = value < 0 ? -(unsigned __int128) value : (unsigned __int128) value;

	*end = '\0';
	do
	{
		*--end = (char) ('0' + (int) (rest % 10));
		rest /= 10;
	} while (rest != 0);
	if (value < 0)
		*--end = '-';
	return end;
}

#define SAME(field)                                                                                 \
	do                                                                                              \
	{                                                                                               \
		if (theirs->field != ours->field)                                                           \
			return tradepost_fuzz_fail(pair, "%s: " #field " is %s, the model has %s", label,       \
									   tradepost_wide(theirs->field), tradepost_wide(ours->field)); \
	} while (0)

bool
tradepost_compare_order(TpPair *pair, const char *who, const TpOrderState *theirs, const TpOrderState *ours)
{
	char label[100];

	snprintf(label, sizeof(label), "%s, order %lld", who, (long long) ours->id);
	SAME(id);
	SAME(status);
	SAME(reason);
	SAME(account);
	SAME(instrument);
	SAME(side);
	SAME(type);
	SAME(time_in_force);
	SAME(stp);
	SAME(flags);
	SAME(price);
	SAME(quantity);
	SAME(filled);
	SAME(rank);
	SAME(expires_at);
	SAME(created_at);
	SAME(updated_at);
	SAME(maker_rate);
	SAME(taker_rate);
	SAME(maker_notional);
	SAME(taker_notional);
	SAME(filled_value);
	SAME(commission);
	SAME(stop_price);
	SAME(link_id);
	SAME(parent_id);
	return true;
}

bool
tradepost_compare_instrument(TpPair *pair, const char *who, const TpInstrument *theirs, const TpInstrument *ours)
{
	char label[100];

	snprintf(label, sizeof(label), "%s, instrument %d", who, ours->id);
	SAME(kind);
	SAME(status);
	SAME(mark);
	SAME(reference);
	SAME(last_price);
	SAME(last_trade_seq);
	SAME(band);
	SAME(mark_step);
	SAME(max_price);
	SAME(max_quantity);
	SAME(im_long);
	SAME(im_short);
	SAME(mm_long);
	SAME(mm_short);
	SAME(taker_rate);
	SAME(expires_at);
	SAME(house_account);
	SAME(insurance_account);
	return true;
}

static bool
compare_orders(TpPair *pair)
{
	const TpOrderState *orders;
	size_t n = tradepost_model_orders(pair->model, &orders);
	size_t open = 0;

	for (size_t i = 0; i < n; i++)
	{
		TpOrderState theirs;

		if (!tradepost_engine_order(pair->engine, orders[i].id, &theirs))
			return tradepost_fuzz_fail(pair, "engine does not know order %lld", (long long) orders[i].id);
		if (!tradepost_compare_order(pair, "engine", &theirs, &orders[i]))
			return false;
		if ((theirs.filled > theirs.quantity && theirs.status != TP_ORDER_REJECTED) || theirs.filled < 0)
			return tradepost_fuzz_fail(pair, "order %lld is filled past its quantity", (long long) theirs.id);
		open += tradepost_model_order_is_live(&orders[i]);
	}
	if (tradepost_engine_open_orders(pair->engine) != open)
		return tradepost_fuzz_fail(pair, "engine has %zu open orders, the model %zu",
								   tradepost_engine_open_orders(pair->engine), open);
	return true;
}

static bool
compare_open_ids(TpPair *pair)
{
	size_t n = tradepost_engine_open_orders(pair->engine);
	int64_t *ids = calloc(n + 1, sizeof(int64_t));
	bool fine = true;
	TpOrderState order;

	if (ids == NULL)
		abort();
	tradepost_engine_open_order_ids(pair->engine, ids);
	for (size_t i = 0; fine && i < n; i++)
		if (!tradepost_model_order(pair->model, ids[i], &order) || !tradepost_model_order_is_live(&order))
			fine = tradepost_fuzz_fail(pair, "engine lists %lld as open", (long long) ids[i]);
	free(ids);
	return fine;
}

/* Each balance, and that those of an asset sum to zero; without open orders nothing is reserved. */
static bool
compare_balances(TpPair *pair)
{
	const int64_t *accounts;
	const int32_t *assets;
	size_t n_accounts = tradepost_model_accounts(pair->model, &accounts);
	size_t n_assets = tradepost_model_assets(pair->model, &assets);
	bool drained = tradepost_engine_open_orders(pair->engine) == 0;

	for (size_t j = 0; j < n_assets; j++)
	{
		tp_int128 sum = 0;

		for (size_t i = 0; i < n_accounts; i++)
		{
			TpBalanceState ours_row;
			TpBalanceState theirs_row;
			TpBalanceState *ours = &ours_row;
			TpBalanceState *theirs = &theirs_row;
			tp_int128 free_theirs = tradepost_engine_free_funds(pair->engine, accounts[i], assets[j]);
			tp_int128 free_ours = tradepost_model_free_funds(pair->model, accounts[i], assets[j]);
			char label[100];

			snprintf(label, sizeof(label), "engine, balance of account %lld in asset %d", (long long) accounts[i],
					 assets[j]);
			tradepost_model_balance(pair->model, accounts[i], assets[j], ours);
			tradepost_engine_balance(pair->engine, accounts[i], assets[j], theirs);
			SAME(account);
			SAME(asset);
			SAME(total);
			SAME(reserved);
			if (free_theirs != free_ours)
				return tradepost_fuzz_fail(pair, "%s: free funds are %s, the model has %s", label,
										   tradepost_wide(free_theirs), tradepost_wide(free_ours));
			if (drained && theirs->reserved != 0)
				return tradepost_fuzz_fail(pair, "%s: %s reserved without an open order", label,
										   tradepost_wide(theirs->reserved));
			sum += theirs->total;
		}
		if (sum != 0)
			return tradepost_fuzz_fail(pair, "balances of asset %d sum to %s", assets[j], tradepost_wide(sum));
	}
	return true;
}

static bool
compare_positions(TpPair *pair, const TpInstrument *instrument)
{
	const int64_t *accounts;
	size_t n = tradepost_model_accounts(pair->model, &accounts);
	tp_int128 sum = 0;

	for (size_t i = 0; i < n; i++)
	{
		TpPositionState ours_row;
		TpPositionState theirs_row;
		TpPositionState *ours = &ours_row;
		TpPositionState *theirs = &theirs_row;
		char label[100];

		snprintf(label, sizeof(label), "engine, position of account %lld in instrument %d", (long long) accounts[i],
				 instrument->id);
		tradepost_model_position(pair->model, accounts[i], instrument->id, ours);
		tradepost_engine_position(pair->engine, accounts[i], instrument->id, theirs);
		SAME(account);
		SAME(instrument);
		SAME(quantity);
		SAME(open_bids);
		SAME(open_asks);
		sum += theirs->quantity;
	}
	if (sum != 0)
		return tradepost_fuzz_fail(pair, "positions in instrument %d sum to %s", instrument->id, tradepost_wide(sum));
	return true;
}

static bool
compare_levels(TpPair *pair, const char *who, int32_t instrument, TpSide side, const TpLevel *levels, size_t n)
{
	TpLevel mine[TP_HOST_LEVELS];
	size_t n_mine = tradepost_model_depth(pair->model, instrument, side, TP_HOST_LEVELS, mine);

	if (n != n_mine)
		return tradepost_fuzz_fail(pair, "%s, instrument %d, side %d: %zu levels, the model has %zu", who, instrument,
								   side, n, n_mine);
	for (size_t i = 0; i < n; i++)
	{
		const TpLevel *theirs = &levels[i];
		const TpLevel *ours = &mine[i];
		char label[100];

		snprintf(label, sizeof(label), "%s, instrument %d, side %d, level %zu", who, instrument, side, i);
		SAME(price);
		SAME(quantity);
		SAME(orders);
	}
	return true;
}

static bool
compare_book(TpPair *pair, int32_t instrument)
{
	TpLevel levels[2][TP_HOST_LEVELS];
	size_t n[2];

	for (int side = 0; side < 2; side++)
	{
		n[side] = tradepost_engine_depth(pair->engine, instrument, (TpSide) side, TP_HOST_LEVELS, levels[side]);
		if (!compare_levels(pair, "engine", instrument, (TpSide) side, levels[side], n[side]))
			return false;
	}
	if (n[TP_BUY] > 0 && n[TP_SELL] > 0 && levels[TP_BUY][0].price >= levels[TP_SELL][0].price)
		return tradepost_fuzz_fail(pair, "instrument %d: the book is crossed", instrument);
	return true;
}

bool
tradepost_compare_state(TpPair *pair)
{
	if (tradepost_engine_last_seq(pair->engine) != tradepost_model_last_seq(pair->model))
		return tradepost_fuzz_fail(pair, "last seq is %lld, the model has %lld",
								   (long long) tradepost_engine_last_seq(pair->engine),
								   (long long) tradepost_model_last_seq(pair->model));
	if (tradepost_engine_next_expiry(pair->engine) != tradepost_model_next_expiry(pair->model))
		return tradepost_fuzz_fail(pair, "next expiry is %lld, the model has %lld",
								   (long long) tradepost_engine_next_expiry(pair->engine),
								   (long long) tradepost_model_next_expiry(pair->model));
	for (size_t i = 0; i < pair->host.n_instruments; i++)
	{
		int32_t id = pair->host.instruments[i].row.id;
		const TpInstrument *theirs = tradepost_engine_instrument(pair->engine, id);
		const TpInstrument *ours = tradepost_model_instrument(pair->model, id);

		if (theirs == NULL || !tradepost_compare_instrument(pair, "engine", theirs, ours))
			return theirs == NULL ? tradepost_fuzz_fail(pair, "engine does not know instrument %d", id) : false;
		if (!compare_positions(pair, ours) || !compare_book(pair, id))
			return false;
	}
	return compare_orders(pair) && compare_open_ids(pair) && compare_balances(pair);
}

/* Every row of the batch is as the model has it, and none is missing. */
static bool
compare_order_rows(TpPair *pair)
{
	const TpOrderState *orders;
	size_t n = tradepost_model_orders(pair->model, &orders);

	if (n != pair->host.n_orders)
		return tradepost_fuzz_fail(pair, "%zu order rows, the model has %zu", pair->host.n_orders, n);
	for (size_t i = 0; i < n; i++)
	{
		const TpOrderState *row = NULL;

		for (size_t j = 0; j < pair->host.n_orders; j++)
			if (pair->host.orders[j].id == orders[i].id)
				row = &pair->host.orders[j];
		if (row == NULL)
			return tradepost_fuzz_fail(pair, "order %lld has no row", (long long) orders[i].id);
		if (!tradepost_compare_order(pair, "row", row, &orders[i]))
			return false;
	}
	return true;
}

static bool
compare_balance_rows(TpPair *pair)
{
	const int64_t *accounts;
	const int32_t *assets;
	size_t n_accounts = tradepost_model_accounts(pair->model, &accounts);
	size_t n_assets = tradepost_model_assets(pair->model, &assets);

	for (size_t i = 0; i < n_accounts * n_assets; i++)
	{
		TpBalanceState ours_row;
		TpBalanceState none = { 0 };
		TpBalanceState *ours = &ours_row;
		const TpBalanceState *theirs = &none;
		char label[100];

		tradepost_model_balance(pair->model, accounts[i / n_assets], assets[i % n_assets], ours);
		for (size_t j = 0; j < pair->host.n_balances; j++)
			if (pair->host.balances[j].account == ours->account && pair->host.balances[j].asset == ours->asset)
				theirs = &pair->host.balances[j];
		snprintf(label, sizeof(label), "row, balance of account %lld in asset %d", (long long) ours->account,
				 ours->asset);
		SAME(total);
		SAME(reserved);
	}
	return true;
}

static bool
compare_position_rows(TpPair *pair)
{
	const int64_t *accounts;
	size_t n = tradepost_model_accounts(pair->model, &accounts);

	for (size_t i = 0; i < n * pair->host.n_instruments; i++)
	{
		TpPositionState ours_row;
		TpPositionState none = { 0 };
		TpPositionState *ours = &ours_row;
		const TpPositionState *theirs = &none;
		char label[100];

		tradepost_model_position(pair->model, accounts[i % n], pair->host.instruments[i / n].row.id, ours);
		for (size_t j = 0; j < pair->host.n_positions; j++)
			if (pair->host.positions[j].account == ours->account &&
				pair->host.positions[j].instrument == ours->instrument)
				theirs = &pair->host.positions[j];
		snprintf(label, sizeof(label), "row, position of account %lld in instrument %d", (long long) ours->account,
				 ours->instrument);
		SAME(quantity);
		SAME(open_bids);
		SAME(open_asks);
	}
	return true;
}

bool
tradepost_compare_rows(TpPair *pair)
{
	for (size_t i = 0; i < pair->host.n_instruments; i++)
	{
		const TpHostInstrument *mine = &pair->host.instruments[i];

		if (!tradepost_compare_instrument(pair, "row", &mine->row,
										  tradepost_model_instrument(pair->model, mine->row.id)))
			return false;
		for (int side = 0; side < 2; side++)
			if (!compare_levels(pair, "published book", mine->row.id, (TpSide) side, mine->levels[side],
								mine->n_levels[side]))
				return false;
	}
	return compare_order_rows(pair) && compare_balance_rows(pair) && compare_position_rows(pair);
}

/* The sum that the engine keeps by increments, from scratch. */
uint64_t
tradepost_model_checksum(const TpModel *model)
{
	const TpOrderState *orders;
	const int64_t *accounts;
	const int32_t *assets;
	size_t n_orders = tradepost_model_orders(model, &orders);
	size_t n_accounts = tradepost_model_accounts(model, &accounts);
	size_t n_assets = tradepost_model_assets(model, &assets);
	uint64_t sum = 0;

	for (size_t i = 0; i < n_orders; i++)
		if (tradepost_model_order_is_live(&orders[i]))
			sum += tradepost_hash_order(&orders[i]);
	for (size_t i = 0; i < n_accounts; i++)
	{
		for (size_t j = 0; j < n_assets; j++)
		{
			TpBalanceState balance;

			tradepost_model_balance(model, accounts[i], assets[j], &balance);
			if (balance.total != 0 || balance.reserved != 0)
				sum += tradepost_hash_balance(&balance);
		}
		for (int32_t id = 1; id <= TP_WORLD_INSTRUMENTS * 3; id++)
		{
			TpPositionState position;

			if (tradepost_model_instrument(model, id) == NULL)
				continue;
			tradepost_model_position(model, accounts[i], id, &position);
			if (position.quantity != 0 || position.open_bids != 0 || position.open_asks != 0)
				sum += tradepost_hash_position(&position);
		}
	}
	return sum;
}
