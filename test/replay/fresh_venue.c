/*
 * fresh_venue.c
 *	  A new instrument and funded accounts for one replay.  Contract: fresh_venue.h.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../client/session.h"
#include "../client/text.h"
#include "fresh_venue.h"

/* What one deposit may bring: less than int64 in 1e-8 holds. */
#define MAX_DEPOSIT 90000000000.0L
#define MAX_DEPOSITS 1000

/* create_instrument() wants max_quantity * max_price to be no more than this. */
#define MAX_NOTIONAL 90000000000.0L

/*
 * Waits until the engine has decided a command, and insists that it agreed.
 */
static void
wait_for(PGconn *conn, int64_t id, const char *what)
{
	char text[24];
	PGresult *result;

	snprintf(text, sizeof(text), "%lld", (long long) id);
	result = tradepost_query(conn, "CALL tradepost.wait_for_order($1, '60 seconds')", text, NULL);
	if (PQntuples(result) == 1 && strstr(PQgetvalue(result, 0, 0), "\"rejected\"") != NULL)
		tradepost_die("%s was rejected: %s", what, PQgetvalue(result, 0, 0));
	PQclear(result);
}

/*
 * Pays in at least this much, in as many deposits as it takes.
 */
static void
fund(PGconn *conn, int64_t account, const char *asset, long double amount)
{
	char account_text[24];
	char amount_text[64];
	int64_t id = 0;

	snprintf(account_text, sizeof(account_text), "%lld", (long long) account);
	for (int i = 0; amount > 0 && i < MAX_DEPOSITS; i++)
	{
		long double part = amount < MAX_DEPOSIT ? amount : MAX_DEPOSIT;

		snprintf(amount_text, sizeof(amount_text), "%.0Lf", part);
		id = tradepost_query_int64(conn, "SELECT tradepost.deposit($1, $2, $3)", account_text, asset, amount_text,
								   NULL);
		amount -= part;
	}
	if (id != 0)
		wait_for(conn, id, "a deposit");
}

static int64_t
open_account(PGconn *conn, const char *symbol, const char *what)
{
	char name[96];

	snprintf(name, sizeof(name), "%s %s", symbol, what);
	return tradepost_query_int64(conn, "SELECT tradepost.open_account($1)", name, NULL);
}

/*
 * Limits wide enough that nothing of the stream is outside: the mark is in the
 * middle, the band reaches past both ends.  A stream with prices below zero
 * needs a contract, as spot prices are positive.
 */
static void
create_instrument(TpVenue *venue, PGconn *conn, const TpStream *stream, const char *base, const char *quote)
{
	const int decimals = TRADEPOST_STREAM_PRICE_DECIMALS;
	bool contract = stream->min_price <= 0;
	int64_t step = stream->price_step ? stream->price_step : 1;
	int64_t mark = stream->min_price + (stream->max_price - stream->min_price) / 2 / step * step;
	int64_t band = stream->max_price - stream->min_price + 10 * step;
	int64_t limit = llabs(mark) + band;
	TpText texts[4] = { 0 };
	char lot[24];
	char max_quantity[24];

	if ((long double) limit / 10000 * stream->max_quantity > MAX_NOTIONAL)
		tradepost_die("%s: prices from %lld to %lld (1/10000) and quantities up to %lld are too large together for one "
					  "instrument",
					  stream->commands_path, (long long) stream->min_price, (long long) stream->max_price,
					  (long long) stream->max_quantity);
	tradepost_text_decimal(&texts[0], step, decimals);
	tradepost_text_decimal(&texts[1], mark, decimals);
	tradepost_text_decimal(&texts[2], band, decimals);
	tradepost_text_decimal(&texts[3], limit, decimals);
	snprintf(lot, sizeof(lot), "%lld", (long long) stream->quantity_step);
	snprintf(max_quantity, sizeof(max_quantity), "%lld", (long long) stream->max_quantity);

	tradepost_execute(
		conn,
		"SELECT tradepost.create_instrument(symbol => $1, kind => $2, asset => $3, quote => $4, tick => $5::numeric,"
		" lot => $6::numeric, reference_price => $7::numeric, band => $8::numeric, max_price => $9::numeric, "
		"max_quantity => $10::numeric,"
		" allow_negative => $11::boolean, initial_margin => $12::numeric, maintenance_margin => $12::numeric)",
		venue->symbol, contract ? "future" : "spot", base, quote, texts[0].data, lot, texts[1].data, texts[2].data,
		texts[3].data, max_quantity, contract ? "true" : "false", contract ? "0.0001" : TRADEPOST_NULL, NULL);
	for (int i = 0; i < 4; i++)
		tradepost_text_free(&texts[i]);
}

/*
 * Enough for all orders at once, commission and its rounding included.
 */
static void
fund_accounts(const TpVenue *venue, PGconn *conn, const TpStream *stream, const char *base, const char *quote)
{
	long double rounding = stream->order_count + 1000.0L;
	long double widest = 2.0L * (stream->max_price - stream->min_price) + llabs(stream->max_price) +
						 llabs(stream->min_price) + 10000;

	if (stream->min_price > 0)
	{
		fund(conn, venue->buyer, quote, stream->bid_value / 10000 * 1.01L + rounding);
		fund(conn, venue->seller, base, stream->ask_quantity);
		return;
	}
	/* A contract's orders need what they may lose against the mark. */
	fund(conn, venue->buyer, quote, widest / 10000 * stream->bid_quantity + rounding);
	fund(conn, venue->seller, quote, widest / 10000 * stream->ask_quantity + rounding);
}

void
tradepost_venue_open(TpVenue *venue, PGconn *conn, const TpStream *stream)
{
	char base[96];
	char quote[96];

	/* Time and process number: no other replay, on any machine, takes this name soon. */
	snprintf(venue->symbol, sizeof(venue->symbol), "REPLAY-%llx-%x", (unsigned long long) time(NULL),
			 (unsigned int) getpid());
	snprintf(base, sizeof(base), "%s-BASE", venue->symbol);
	snprintf(quote, sizeof(quote), "%s-QUOTE", venue->symbol);

	tradepost_execute(conn, "SELECT tradepost.create_asset($1, 0)", base, NULL);
	tradepost_execute(conn, "SELECT tradepost.create_asset($1, $2)", quote, "4", NULL);
	create_instrument(venue, conn, stream, base, quote);
	venue->buyer = open_account(conn, venue->symbol, "buyer");
	venue->seller = open_account(conn, venue->symbol, "seller");
	fund_accounts(venue, conn, stream, base, quote);
	venue->first_seq = tradepost_query_int64(conn, "SELECT last_seq FROM tradepost.engine_status", NULL);
}
