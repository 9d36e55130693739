/*
 * config.h
 *	  What a backend remembers of the configuration: instruments, assets,
 *	  tenants, tiers, and whose account is whose.
 */
#ifndef TRADEPOST_CONFIG_H
#define TRADEPOST_CONFIG_H

#include "engine.h"

typedef struct TpListing
{
	TpInstrument spec; /* as the engine takes it */
	int64 tenant;
	char *symbol;
	int32 maker_rate; /* of 1e8 */
	int32 taker_rate;
} TpListing;

typedef struct TpAsset
{
	int32 id;
	int64 tenant;
	char *code;
	int scale;
	int64 unit; /* smallest amount, in 1e-8 */
} TpAsset;

typedef struct TpAccount
{
	int64 id;
	int64 tenant;
} TpAccount;

/*
 * Each raises a class TP error when there is no such thing, and (account) when
 * the current role may not act for it.  Results live until the transaction ends
 * or the configuration changes: use them at once.
 */
extern const TpListing *tradepost_listing(int64 tenant, const char *symbol, int length);
extern const TpListing *tradepost_listing_by_id(int32 id); /* NULL: unknown */
extern const TpAsset *tradepost_asset(int64 tenant, const char *code, int length);
extern int64 tradepost_external_account(int64 tenant);
/* Open orders that an account of this tier may have; 0: no limit. */
extern int32 tradepost_open_order_limit(int64 tenant, const char *tier);
extern TpAccount tradepost_account_for_trading(int64 id);
extern TpAccount tradepost_account_for_administration(int64 id);

/* Raises TP013 unless the current role is an administrator. */
extern void tradepost_require_admin(const char *what);

/* Raises TP009 unless commands may be made in this database. */
extern void tradepost_require_engine(void);

/* listings.c: fill a specification from a row of instruments, with these columns of i, q (its quote) and t (its tenant). */
extern const char *const tradepost_listing_columns;
struct HeapTupleData;
struct TupleDescData;
extern void tradepost_listing_from_row(struct HeapTupleData *row, struct TupleDescData *desc, TpListing *listing);

#endif
