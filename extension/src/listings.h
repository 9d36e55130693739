/*
 * listings.h
 *	  Instruments by symbol and by number.
 */
#ifndef TRADEPOST_LISTINGS_H
#define TRADEPOST_LISTINGS_H

#include "config.h"

typedef struct TpListings
{
	TpListing *by_symbol; /* of each tenant; set by tradepost_listings_sort */
	TpListing **by_id;
	int count;
} TpListings;

/* Puts `count` listings, which it keeps, in order; allocates in the current context. */
extern void tradepost_listings_sort(TpListings *listings, TpListing *array, int count);

/* NULL: there is none. */
extern const TpListing *
tradepost_listings_find(const TpListings *listings, int64 tenant, const char *symbol, int length);
extern const TpListing *tradepost_listings_find_id(const TpListings *listings, int32 id);

#endif
