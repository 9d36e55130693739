/*
 * account.h
 *	  Who has what: balances, and what an account holds in each instrument.
 *
 *		account -> balances (one an asset) -> holdings (one an instrument)
 *
 * A holding hangs on the balance of its quote currency, because that is the
 * balance whose free funds it decides.  Only holdings with a position, an open or an untriggered order
 * hang there: what an account once traded costs it nothing now.
 *
 * Objects are made when an account first needs them and live as long as the
 * engine (the host has a row for them).  A question about one that does not exist
 * is answered with NULL and treated as zero: asking makes nothing.
 */
#ifndef TRADEPOST_ACCOUNT_H
#define TRADEPOST_ACCOUNT_H

#include "book.h"
#include "engine.h"
#include "money.h"
#include "vec.h"

typedef struct TpAccount TpAccount;
typedef struct TpBalance TpBalance;
typedef struct TpHolding TpHolding;
typedef struct TpMarket TpMarket;

struct TpAccount
{
	int64_t id;
	TpBalance *balances;
};

struct TpBalance
{
	int64_t account;
	int32_t asset;
	bool dirty;
	bool stored;
	tp_int128 total;
	tp_int128 reserved;
	TpHolding *active[2]; /* by instrument kind */
	TpBalance *next;      /* of the account */
	uint64_t hash;        /* its part of the checksum */
};

struct TpHolding
{
	int64_t account;
	TpMarket *market;
	TpBalance *quote;
	TpBalance *base;      /* spot only */
	uint32_t handle;      /* its orders' owner */
	uint32_t first_order; /* its open orders, a chain */
	uint32_t n_orders;
	uint32_t first_waiting; /* its untriggered ones, another */
	uint32_t n_waiting;
	bool active;
	bool dirty;
	bool stored;

	/* Contracts only, down to loss. */
	int64_t position;
	int64_t open_bids;
	int64_t open_asks;
	uint32_t holder_slot; /* index + 1 in the market's holders */

	/*
	 * Derived from the mark, and brought up to date when asked for: a mark that
	 * moves must not cost a visit to every account.  Epochs are the market's at
	 * the time of the computation; 0 is never.
	 */
	uint64_t value_epoch;
	tp_int128 equity; /* p*m*(M-R) */
	tp_int128 maintenance;
	uint64_t loss_epoch;
	tp_int128 loss; /* of bids and asks */
	uint64_t margin_epoch;
	tp_int128 margin;

	TpHolding *previous_active;
	TpHolding *next_active;
	uint64_t hash;
};

/* An instrument at work. */
struct TpMarket
{
	TpInstrument spec;
	TpScale scale;
	TpBook book;
	uint32_t handle;
	bool dirty;
	int64_t band_low; /* the band's edges on tick, by the present mark */
	int64_t band_high;
	uint64_t epoch; /* counts changes of what holdings are valued by */
	TpBalance *house;
	TpVec holders; /* TpHolding *: those with a position */

	/* Untriggered orders; trigger.c. */
	TpBook armed;     /* by stop price: what waits for a rise as asks, for a fall as bids */
	int64_t rises_at; /* the nearest of each; INT64_MAX and INT64_MIN if there is none */
	int64_t falls_at;
	uint32_t first_dormant; /* a chain by the orders' prev and next */
};

typedef struct TpAccounts
{
	TpSlab accounts;
	TpSlab balances;
	TpSlab holdings;
	TpKeymap by_account;
	TpKeymap by_asset;      /* (account, asset) */
	TpKeymap by_instrument; /* (account, instrument) */
	uint64_t seed;
} TpAccounts;

extern void tradepost_accounts_init(TpAccounts *accounts);
extern void tradepost_accounts_destroy(TpAccounts *accounts);

extern TpAccount *tradepost_account_find(const TpAccounts *accounts, int64_t id);
extern TpBalance *tradepost_balance_find(const TpAccounts *accounts, int64_t account, int32_t asset);
extern TpHolding *tradepost_holding_find(const TpAccounts *accounts, int64_t account, int32_t instrument);

/* Found or made. */
extern TpBalance *tradepost_balance_get(TpAccounts *accounts, int64_t account, int32_t asset);
extern TpHolding *tradepost_holding_get(TpAccounts *accounts, int64_t account, TpMarket *market);

/* After a change of its position or its orders: hang it up or take it down. */
extern void tradepost_holding_relink(TpHolding *holding);

/* As the host stores them. */
static inline TpBalanceState
tp_balance_state(const TpBalance *balance)
{
	TpBalanceState state = { .account = balance->account, .asset = balance->asset };

	state.total = balance->total;
	state.reserved = balance->reserved;
	return state;
}

static inline TpPositionState
tp_position_state(const TpHolding *holding)
{
	TpPositionState state = { .account = holding->account, .instrument = holding->market->spec.id };

	state.quantity = holding->position;
	state.open_bids = holding->open_bids;
	state.open_asks = holding->open_asks;
	return state;
}

static inline TpHolding *
tp_holding_at(const TpAccounts *accounts, uint32_t handle)
{
	return tp_slab_at(&accounts->holdings, handle);
}

#endif
