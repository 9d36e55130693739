/*
 * demo_open.c
 *	  Opens the demo market: assets, instruments, accounts with play money.
 *
 * Part of build/market; see demo_market.h.  What is there already stays as it is,
 * so a second start goes on where the first one ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "demo_market.h"

const TpListing tradepost_market_listings[MARKET_INSTRUMENTS] = {
	{ .symbol = "Dec25-Wheat",
	  .contract = "Dec25",
	  .asset = "Wheat",
	  .quote = "USD",
	  .tick = "0.0025",
	  .lot = "1",
	  .multiplier = "5000",
	  .price = "5.425",
	  .band = "0.55",
	  .mark_step = "0.1",
	  .max_price = "50",
	  .max_quantity = "2000",
	  .initial_margin = "1900",
	  .maintenance_margin = "1700",
	  .volatility = 0.5,
	  .spread = 1,
	  .size = 2,
	  .weight = 14 },
	{ .symbol = "Jan26-Gold",
	  .contract = "Jan26",
	  .asset = "Gold",
	  .quote = "USD",
	  .tick = "0.1",
	  .lot = "1",
	  .multiplier = "100",
	  .price = "4118.4",
	  .band = "300",
	  .mark_step = "40",
	  .max_price = "20000",
	  .max_quantity = "1000",
	  .initial_margin = "20000",
	  .maintenance_margin = "18000",
	  .volatility = 1.2,
	  .spread = 2,
	  .size = 1,
	  .weight = 12 },
	{ .symbol = "Dec25-Gold",
	  .contract = "Dec25",
	  .asset = "Gold",
	  .quote = "USD",
	  .tick = "0.1",
	  .lot = "1",
	  .multiplier = "100",
	  .price = "4086.2",
	  .band = "300",
	  .mark_step = "40",
	  .max_price = "20000",
	  .max_quantity = "1000",
	  .initial_margin = "20000",
	  .maintenance_margin = "18000",
	  .volatility = 1.2,
	  .spread = 1,
	  .size = 1,
	  .weight = 18 },
	{ .symbol = "Dec25-Oil",
	  .contract = "Dec25",
	  .asset = "Oil",
	  .quote = "USD",
	  .tick = "0.01",
	  .lot = "1",
	  .multiplier = "1000",
	  .price = "58.4",
	  .band = "6",
	  .mark_step = "1",
	  .max_price = "500",
	  .max_quantity = "2000",
	  .initial_margin = "5400",
	  .maintenance_margin = "4900",
	  .allow_negative = true,
	  .volatility = 0.8,
	  .spread = 1,
	  .size = 2,
	  .weight = 20 },
	{ .symbol = "Dec25-Silver",
	  .contract = "Dec25",
	  .asset = "Silver",
	  .quote = "USD",
	  .tick = "0.005",
	  .lot = "1",
	  .multiplier = "5000",
	  .price = "50.13",
	  .band = "4",
	  .mark_step = "0.5",
	  .max_price = "500",
	  .max_quantity = "1000",
	  .initial_margin = "18000",
	  .maintenance_margin = "16000",
	  .volatility = 1.0,
	  .spread = 2,
	  .size = 1,
	  .weight = 12 },
	{ .symbol = "EURUSD",
	  .asset = "EUR",
	  .quote = "USD",
	  .tick = "0.0001",
	  .lot = "1000",
	  .multiplier = "1",
	  .price = "1.1850",
	  .contract_size = "100000",
	  .band = "0.1",
	  .mark_step = "0.02",
	  .max_price = "10",
	  .max_quantity = "10000000",
	  .volatility = 0.35,
	  .spread = 1,
	  .size = 5,
	  .weight = 14 },
	{ .symbol = "BTCUSD",
	  .asset = "BTC",
	  .quote = "USD",
	  .tick = "1",
	  .lot = "0.01",
	  .multiplier = "1",
	  .price = "91350",
	  .band = "9000",
	  .mark_step = "1500",
	  .max_price = "1000000",
	  .max_quantity = "1000",
	  .volatility = 6,
	  .spread = 8,
	  .size = 12,
	  .weight = 10 },
};

static const struct
{
	const char *code;
	const char *scale;
} assets[] = {
	{ "USD", "2" },  { "EUR", "2" }, { "BTC", "8" },    { "Wheat", "0" },
	{ "Gold", "0" }, { "Oil", "0" }, { "Silver", "0" },
};

static const char *const surnames[MARKET_ACCOUNTS] = {
	"Alder",  "Birch",   "Cedar",   "Elm",    "Hazel",  "Linden", "Maple", "Rowan", "Amber",  "Basalt",
	"Cobalt", "Flint",   "Granite", "Jade",   "Onyx",   "Quartz", "Avery", "Blake", "Casey",  "Devon",
	"Ellis",  "Frankie", "Gray",    "Harper", "Indigo", "Jules",  "Kerry", "Logan", "Morgan", "Noel",
	"Oakley", "Parker",  "Quinn",   "Reese",  "Sage",   "Taylor", "Uma",   "Vale",  "Winter", "Yael",
};

/* Play money by role: USD, EUR, BTC. */
static const char *const funding[][3] = {
	[TP_MAKER] = { "80000000", "30000000", "600" },
	[TP_FUND] = { "25000000", "6000000", "120" },
	[TP_TRADER] = { "5000000", "600000", "12" },
};

int64_t
tradepost_market_play_money(const TpMarket *market, int account, int instrument)
{
	const TpListing *listing = &tradepost_market_listings[instrument];

	if (listing->contract != NULL)
		return 0;
	return atoll(funding[market->accounts[account].role][strcmp(listing->asset, "EUR") == 0 ? 1 : 2]) *
		   INT64_C(100000000) / market->instruments[instrument].lot;
}

double
tradepost_market_play_dollars(const TpMarket *market, int account)
{
	return atof(funding[market->accounts[account].role][0]);
}

static bool
exists(PGconn *conn, const char *sql, const char *name)
{
	PGresult *result = tradepost_query(conn, sql, name, NULL);
	bool found = PQntuples(result) > 0;

	PQclear(result);
	return found;
}

static void
open_assets(TpMarket *market)
{
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		if (!exists(market->conn, "SELECT 1 FROM tradepost.assets WHERE code = $1", assets[i].code))
			tradepost_execute(market->conn, "SELECT tradepost.create_asset($1, $2)", assets[i].code, assets[i].scale,
							  NULL);
}

/*
 * The names are fixed; what they expire on is data, and lies thirteen months
 * or more ahead of the day that the market is first opened.
 */
static void
list_instrument(TpMarket *market, const TpListing *listing, int months)
{
	char months_text[16];

	snprintf(months_text, sizeof(months_text), "%d months", months);
	if (listing->contract == NULL)
		tradepost_execute(
			market->conn,
			"SELECT tradepost.create_instrument(symbol => $1, kind => 'spot', asset => $2, quote => $3, tick => "
			"$4::numeric,"
			" lot => $5::numeric, reference_price => $6::numeric, band => $7::numeric, mark_step => $8::numeric,"
			" max_price => $9::numeric, max_quantity => $10::numeric, contract_size => $11::numeric)",
			listing->symbol, listing->asset, listing->quote, listing->tick, listing->lot, listing->price, listing->band,
			listing->mark_step, listing->max_price, listing->max_quantity,
			listing->contract_size ? listing->contract_size : "1", NULL);
	else
		tradepost_execute(
			market->conn,
			"SELECT tradepost.create_instrument(symbol => $1, kind => 'future', asset => $2, quote => $3, tick => "
			"$4::numeric,"
			" lot => $5::numeric, reference_price => $6::numeric, band => $7::numeric, mark_step => $8::numeric,"
			" max_price => $9::numeric, max_quantity => $10::numeric, contract => $11, multiplier => $12::numeric,"
			" initial_margin => $13::numeric, maintenance_margin => $14::numeric, allow_negative => $15::boolean,"
			" maker_rate => 0.00001, taker_rate => 0.00003,"
			" expires_at => date_trunc('day', now()) + $16::interval + interval '17 hours')",
			listing->symbol, listing->asset, listing->quote, listing->tick, listing->lot, listing->price, listing->band,
			listing->mark_step, listing->max_price, listing->max_quantity, listing->contract, listing->multiplier,
			listing->initial_margin, listing->maintenance_margin, listing->allow_negative ? "true" : "false",
			months_text, NULL);
}

static void
open_instruments(TpMarket *market)
{
	for (int i = 0; i < MARKET_INSTRUMENTS; i++)
	{
		const TpListing *listing = &tradepost_market_listings[i];
		TpInstrumentState *state = &market->instruments[i];
		PGresult *result;
		int64_t price;
		int64_t mark;

		if (exists(market->conn, "SELECT 1 FROM tradepost.instruments WHERE symbol = $1", listing->symbol))
			market->existed = true;
		else
			list_instrument(market, listing, strncmp(listing->symbol, "Jan26", 5) == 0 ? 14 : 13);

		/* Ticks and lots as the server has them: an older market may have had others. */
		result = tradepost_query(market->conn, "SELECT tick, lot, mark FROM tradepost.instruments WHERE symbol = $1",
								 listing->symbol, NULL);
		state->listing = listing;
		if (tradepost_parse_decimal(PQgetvalue(result, 0, 0), 8, &state->tick) != 0 ||
			tradepost_parse_decimal(PQgetvalue(result, 0, 1), 8, &state->lot) != 0 ||
			tradepost_parse_decimal(PQgetvalue(result, 0, 2), 8, &mark) != 0 ||
			tradepost_parse_decimal(listing->price, 8, &price) != 0)
			tradepost_die("instrument %s has a tick, lot or mark that is no decimal", listing->symbol);
		PQclear(result);
		state->start = (double) price / state->tick;
		state->mark = mark / state->tick;
		state->fair = (double) state->mark;
	}
}

static int64_t
fund(TpMarket *market, const TpAccount *account)
{
	static const char *const codes[] = { "USD", "EUR", "BTC" };
	char id[24];
	int64_t command = 0;

	snprintf(id, sizeof(id), "%lld", (long long) account->id);
	for (int i = 0; i < 3; i++)
	{
		char key[40];

		snprintf(key, sizeof(key), "play money %s", codes[i]);
		command = tradepost_query_int64(market->conn, "SELECT tradepost.deposit($1, $2, $3, $4)", id, codes[i],
										funding[account->role][i], key, NULL);
	}
	return command;
}

static void
open_accounts(TpMarket *market)
{
	static const char *const titles[] = { [TP_MAKER] = "Maker", [TP_FUND] = "Fund", [TP_TRADER] = "Trader" };
	int64_t last = 0;

	for (int i = 0; i < MARKET_ACCOUNTS; i++)
	{
		TpAccount *account = &market->accounts[i];
		PGresult *result;

		account->role = i < MARKET_MAKERS ? TP_MAKER : i < MARKET_MAKERS + MARKET_FUNDS ? TP_FUND : TP_TRADER;
		snprintf(account->name, sizeof(account->name), "%s %s", titles[account->role], surnames[i]);
		result = tradepost_query(market->conn, "SELECT id FROM tradepost.accounts WHERE name = $1 ORDER BY id LIMIT 1",
								 account->name, NULL);
		if (PQntuples(result) > 0)
			account->id = tradepost_int64(result, 0, 0);
		else
			account->id = tradepost_query_int64(market->conn, "SELECT tradepost.open_account($1)", account->name, NULL);
		PQclear(result);

		/* The key makes it a gift once, also if an earlier start stopped half way. */
		last = fund(market, account);
	}
	if (last != 0)
	{
		char id[24];

		snprintf(id, sizeof(id), "%lld", (long long) last);
		tradepost_execute(market->conn, "CALL tradepost.wait_for_order($1, '60 seconds')", id, NULL);
	}
}

void
tradepost_market_open(TpMarket *market)
{
	market->existed = false;
	open_assets(market);
	open_instruments(market);
	open_accounts(market);
}
