/*
 * demo_accounts.c
 *	  The table of accounts that build/market shows.
 *
 * Part of build/market; see demo_market.h.  Balances and positions come from the
 * public views; orders and fills are of this run alone and come from the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "demo_market.h"

#define TRADERS_SHOWN 8

/* A line of the accounts' table. */
typedef struct Holding
{
	const char *name;
	int index; /* in market->accounts */
	int64_t orders;
	int64_t fills;
	int64_t open;
	int64_t contracts;
	double equity; /* USD */
	double eur;
	double btc;
	double profit;
} Holding;

static void
print_holding(const Holding *holding)
{
	printf("  %-18s %7s %7s %5s %9s %11s %11s %9.2f %s%11s%s\n", holding->name, tradepost_thousands(holding->orders),
		   tradepost_thousands(holding->fills), tradepost_thousands(holding->open),
		   tradepost_thousands(holding->contracts), tradepost_thousands((int64_t) holding->equity),
		   tradepost_thousands((int64_t) holding->eur), holding->btc,
		   tradepost_market_colour(holding->profit < 0 ? MARKET_RED : MARKET_GREEN),
		   tradepost_thousands((int64_t) holding->profit), tradepost_market_colour(MARKET_PLAIN));
}

static int
by_fills(const void *a, const void *b)
{
	const Holding *x = a;
	const Holding *y = b;

	return x->fills != y->fills ? (x->fills < y->fills ? 1 : -1) : x->index - y->index;
}

static void
add_holding(Holding *sum, const Holding *holding)
{
	sum->orders += holding->orders;
	sum->fills += holding->fills;
	sum->open += holding->open;
	sum->contracts += holding->contracts;
	sum->equity += holding->equity;
	sum->eur += holding->eur;
	sum->btc += holding->btc;
	sum->profit += holding->profit;
}

static double
mark_of(const TpMarket *market, const char *symbol)
{
	for (int i = 0; i < MARKET_INSTRUMENTS; i++)
		if (strcmp(market->instruments[i].listing->symbol, symbol) == 0)
			return (double) market->instruments[i].mark * (double) market->instruments[i].tick / 1e8;
	return 0;
}

static double
play_units(const TpMarket *market, int account, int instrument)
{
	return (double) tradepost_market_play_money(market, account, instrument) *
		   (double) market->instruments[instrument].lot / 1e8;
}

/*
 * What each account has now; profit is against its play money at today's marks.
 */
static void
read_holdings(TpMarket *market, Holding holdings[MARKET_ACCOUNTS], double *commission)
{
	PGresult *result = tradepost_query(
		market->conn,
		"SELECT a.id, a.kind, max(b.equity) FILTER (WHERE b.asset = 'USD'), max(b.total) FILTER (WHERE b.asset = "
		"'EUR'),"
		" max(b.total) FILTER (WHERE b.asset = 'BTC'),"
		" (SELECT sum(abs(p.quantity)) FROM tradepost.positions p WHERE p.account = a.id)"
		" FROM tradepost.accounts a LEFT JOIN tradepost.balances b ON b.account = a.id GROUP BY a.id, a.kind",
		NULL);

	*commission = 0;
	for (int row = 0; row < PQntuples(result); row++)
	{
		int64_t id = tradepost_int64(result, row, 0);

		if (strcmp(PQgetvalue(result, row, 1), "house") == 0)
			*commission += atof(PQgetvalue(result, row, 2));
		for (int i = 0; i < MARKET_ACCOUNTS; i++)
		{
			Holding *holding = &holdings[i];

			if (market->accounts[i].id != id)
				continue;
			*holding = (Holding){ .name = market->accounts[i].name,
								  .index = i,
								  .orders = market->accounts[i].orders,
								  .fills = market->accounts[i].fills };
			holding->equity = atof(PQgetvalue(result, row, 2));
			holding->eur = atof(PQgetvalue(result, row, 3));
			holding->btc = atof(PQgetvalue(result, row, 4));
			holding->contracts = (int64_t) atof(PQgetvalue(result, row, 5));
			holding->profit =
				holding->equity - tradepost_market_play_dollars(market, i) +
				(holding->eur - play_units(market, i, MARKET_INSTRUMENTS - 2)) * mark_of(market, "EURUSD") +
				(holding->btc - play_units(market, i, MARKET_INSTRUMENTS - 1)) * mark_of(market, "BTCUSD");
		}
	}
	PQclear(result);
	for (int i = 0; i < market->open_count; i++)
		if (market->open[i].account >= 0)
			holdings[market->open[i].account].open++;
}

void
tradepost_market_accounts(TpMarket *market)
{
	Holding holdings[MARKET_ACCOUNTS] = { 0 };
	Holding rest = { 0 };
	Holding all = { .name = "all accounts" };
	double commission;
	int first_trader = MARKET_MAKERS + MARKET_FUNDS;
	char others[32];

	read_holdings(market, holdings, &commission);
	for (int i = 0; i < MARKET_ACCOUNTS; i++)
		add_holding(&all, &holdings[i]);
	qsort(holdings + first_trader, MARKET_TRADERS, sizeof(Holding), by_fills);

	printf("\n%sAccounts%s  (orders and fills of this run; profit against the play money, at the marks)\n",
		   tradepost_market_colour(MARKET_BOLD), tradepost_market_colour(MARKET_PLAIN));
	printf("  %s%-18s %7s %7s %5s %9s %11s %11s %9s %11s%s\n", tradepost_market_colour(MARKET_DIM), "account", "orders",
		   "fills", "open", "contracts", "USD equity", "EUR", "BTC", "USD profit",
		   tradepost_market_colour(MARKET_PLAIN));
	for (int i = 0; i < first_trader + TRADERS_SHOWN; i++)
		print_holding(&holdings[i]);
	for (int i = first_trader + TRADERS_SHOWN; i < MARKET_ACCOUNTS; i++)
		add_holding(&rest, &holdings[i]);
	snprintf(others, sizeof(others), "%d more traders", MARKET_TRADERS - TRADERS_SHOWN);
	rest.name = others;
	print_holding(&rest);
	print_holding(&all);
	printf("  %-18s %s USD of commission\n", "house", tradepost_thousands((int64_t) commission));
}
