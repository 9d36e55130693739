/*
 * listings.c
 *	  Finds an instrument among those that a backend remembers.
 *
 * Every order names its instrument, and there may be thousands: so they are
 * sorted once, when config.c has read them, and searched by halves.
 */
#include "postgres.h"

#include "listings.h"

typedef struct Key
{
	int64 tenant;
	const char *symbol; /* not terminated */
	int length;
} Key;

static int
compare_key(const Key *key, const TpListing *listing)
{
	int order;

	if (key->tenant != listing->tenant)
		return key->tenant < listing->tenant ? -1 : 1;
	order = strncmp(key->symbol, listing->symbol, key->length);

	/* The same so far: the listing's may be longer. */
	return order != 0 ? order : listing->symbol[key->length] == '\0' ? 0 : -1;
}

static int
compare_symbols(const void *a, const void *b)
{
	const TpListing *left = a;
	Key key = { left->tenant, left->symbol, strlen(left->symbol) };

	return compare_key(&key, b);
}

static int
compare_ids(const void *a, const void *b)
{
	int32 left = (*(TpListing *const *) a)->spec.id;
	int32 right = (*(TpListing *const *) b)->spec.id;

	return left < right ? -1 : left > right;
}

void
tradepost_listings_sort(TpListings *listings, TpListing *array, int count)
{
	listings->by_symbol = array;
	listings->count = count;
	qsort(array, count, sizeof(TpListing), compare_symbols);
	listings->by_id = palloc((count + 1) * sizeof(TpListing *));
	for (int i = 0; i < count; i++)
		listings->by_id[i] = &array[i];
	qsort(listings->by_id, count, sizeof(TpListing *), compare_ids);
}

const TpListing *
tradepost_listings_find(const TpListings *listings, int64 tenant, const char *symbol, int length)
{
	Key key = { tenant, symbol, length };
	int low = 0;
	int high = listings->count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = compare_key(&key, &listings->by_symbol[middle]);

		if (order == 0)
			return &listings->by_symbol[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const TpListing *
tradepost_listings_find_id(const TpListings *listings, int32 id)
{
	int low = 0;
	int high = listings->count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		TpListing *listing = listings->by_id[middle];

		if (listing->spec.id == id)
			return listing;
		if (id < listing->spec.id)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
