/*
 * demo_market.h
 *	  The demo market: what its parts share.
 *
 * build/market is started by `make run`.  It plays several dozen accounts that
 * trade with each other through the public SQL API, from one session:
 *
 *	  demo_market.c		options, signals, the phases
 *	  demo_open.c		lists assets, instruments, accounts, if they are not there
 *	  demo_flow.c		invents commands: makers quote, takers take, marks follow
 *	  demo_state.c		what is open and who holds what, from the events
 *	  demo_print.c		progress line, ladders, tape, invariants
 *	  demo_accounts.c	the table of accounts
 *
 * Prices are counted in ticks, quantities in lots, money not at all: that is
 * the server's business.  The same seed on a fresh database gives the same
 * market, because each batch of commands is invented only after the last one
 * is decided.
 */
#ifndef TRADEPOST_DEMO_MARKET_H
#define TRADEPOST_DEMO_MARKET_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "../client/text.h"

#define MARKET_INSTRUMENTS 7
#define MARKET_MAKERS 8
#define MARKET_FUNDS 8
#define MARKET_TRADERS 24
#define MARKET_ACCOUNTS (MARKET_MAKERS + MARKET_FUNDS + MARKET_TRADERS)

typedef enum TpRole
{
	TP_MAKER, /* quotes both sides of every book */
	TP_FUND,  /* few, larger orders, patient */
	TP_TRADER /* many small ones, impatient */
} TpRole;

/* What an instrument is; fixed text goes to the server as it stands. */
typedef struct TpListing
{
	const char *symbol;
	const char *contract; /* NULL: spot */
	const char *asset;
	const char *quote;
	const char *tick;
	const char *lot;
	const char *multiplier;
	const char *price; /* where it starts; a contract's reference price */
	const char *band;
	const char *mark_step;
	const char *max_price;
	const char *max_quantity;
	const char *contract_size;  /* quantity in a volume of 1.0; NULL: 1 */
	const char *initial_margin; /* NULL: spot */
	const char *maintenance_margin;
	bool allow_negative;
	double volatility; /* ticks that the fair price moves in one step, about */
	int spread;        /* half of a maker's spread, in ticks */
	int size;          /* a small order, in lots */
	int weight;        /* share of the flow */
} TpListing;

typedef struct TpInstrumentState
{
	const TpListing *listing;
	int64_t tick; /* in 1e-8 */
	int64_t lot;
	double start; /* price it started at, in ticks */
	double fair;  /* what the makers think it is worth */
	double drift; /* momentum of takers: above 0 they buy */
	int64_t mark; /* last mark sent, in ticks */
	int64_t last; /* last trade; 0 trades: not set */
	int64_t trades;
} TpInstrumentState;

typedef struct TpAccount
{
	int64_t id;
	char name[40];
	TpRole role;
	int64_t position[MARKET_INSTRUMENTS]; /* in lots, since this program looks on */
	int64_t orders;
	int64_t fills;
} TpAccount;

typedef struct TpOpenOrder
{
	int64_t id;
	int64_t price; /* ticks */
	int64_t total; /* lots */
	int64_t remaining;
	int16_t account; /* -1: not one of ours */
	int8_t instrument;
	char side; /* B or S */
} TpOpenOrder;

typedef struct TpMarket
{
	PGconn *conn;
	uint64_t random;
	bool existed; /* it was there already: go on with it */
	TpInstrumentState instruments[MARKET_INSTRUMENTS];
	TpAccount accounts[MARKET_ACCOUNTS];

	TpOpenOrder *open; /* dense; an order that closes leaves its place to the last */
	int open_count;
	int open_room;
	int32_t *slots; /* hash of ids to places in open, -1: free */
	int slot_count;

	int64_t last_seq;
	int64_t orders; /* placed by this program */
	int64_t commands;
	int64_t trades;
	int64_t rejected;
	double started;
} TpMarket;

/* demo_open.c */
extern const TpListing tradepost_market_listings[MARKET_INSTRUMENTS];
extern void tradepost_market_open(TpMarket *market);

/* What an account was given to begin with: of a spot instrument's asset, in lots; and in dollars. */
extern int64_t tradepost_market_play_money(const TpMarket *market, int account, int instrument);
extern double tradepost_market_play_dollars(const TpMarket *market, int account);

/* demo_state.c */
extern void tradepost_market_load(TpMarket *market);   /* what is open now, and the last seq */
extern void tradepost_market_follow(TpMarket *market); /* the events since */
extern bool tradepost_market_best(const TpMarket *market, int instrument, char side, int64_t *price);

/* demo_flow.c */
extern uint64_t tradepost_market_random(TpMarket *market, uint64_t below);

/* Invents and submits about so many orders, and cancels and amends besides; returns when they are decided. */
extern void tradepost_market_step(TpMarket *market, int orders);

/* demo_accounts.c */
extern void tradepost_market_accounts(TpMarket *market);

/* demo_print.c */
#define MARKET_GREEN "\033[32m"
#define MARKET_RED "\033[31m"
#define MARKET_BOLD "\033[1m"
#define MARKET_DIM "\033[2m"
#define MARKET_PLAIN "\033[0m"
extern const char *tradepost_market_colour(const char *colour); /* nothing unless on a terminal */
extern void tradepost_market_progress(const TpMarket *market, int64_t goal, bool last);
extern void tradepost_market_report(TpMarket *market);
extern bool tradepost_market_invariants(TpMarket *market, bool print);
extern void tradepost_market_connect_hint(TpMarket *market);
extern void tradepost_market_status(const TpMarket *market, bool last);
extern void tradepost_market_json(TpMarket *market, double seconds, bool holds);

#endif
