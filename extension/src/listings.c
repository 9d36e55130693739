/*
 * listings.c
 *	  Instruments as a backend remembers them: made from their rows, and found again.
 *
 * Every order names its instrument, and there may be thousands: so they are
 * sorted once, when config.c has read them, and searched by halves.  recover.c
 * reads the same rows for the engine.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "listings.h"
#include "units.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

const char *const tradepost_listing_columns =
	"i.id, i.tenant, i.symbol, i.kind::pg_catalog.int4, i.asset, i.quote, i.tick, i.lot, i.multiplier, "
	"i.reference_price,"
	" i.initial_mark, i.band, i.mark_step, i.max_price, i.max_quantity, i.initial_margin_long, i.initial_margin_short,"
	" i.maintenance_margin_long, i.maintenance_margin_short, i.maker_rate, i.taker_rate, i.allow_negative, "
	"i.expires_at,"
	" q.scale, t.house_account, t.insurance_account";

typedef struct Key
{
	int64 tenant;
	const char *symbol; /* not terminated */
	int length;
} Key;

static Datum
column(HeapTuple row, TupleDesc desc, int number, bool *isnull)
{
	bool ignored;

	return SPI_getbinval(row, desc, number, isnull != NULL ? isnull : &ignored);
}

static int64
units_column(HeapTuple row, TupleDesc desc, int number)
{
	return tradepost_units(DatumGetNumeric(column(row, desc, number, NULL)), "instrument value");
}

void
tradepost_listing_from_row(HeapTuple row, TupleDesc desc, TpListing *listing)
{
	TpInstrument *spec = &listing->spec;
	bool isnull;

	memset(listing, 0, sizeof(*listing));
	spec->id = DatumGetInt32(column(row, desc, 1, NULL));
	listing->tenant = DatumGetInt64(column(row, desc, 2, NULL));
	listing->symbol = TextDatumGetCString(column(row, desc, 3, NULL));
	spec->kind = DatumGetInt32(column(row, desc, 4, NULL));
	spec->base_asset = spec->kind == TP_SPOT ? DatumGetInt32(column(row, desc, 5, NULL)) : 0;
	spec->quote_asset = DatumGetInt32(column(row, desc, 6, NULL));
	spec->tick = units_column(row, desc, 7);
	spec->lot = units_column(row, desc, 8);
	spec->multiplier = units_column(row, desc, 9);
	spec->reference = units_column(row, desc, 10);
	spec->mark = units_column(row, desc, 11);
	spec->band = units_column(row, desc, 12);
	spec->mark_step = units_column(row, desc, 13);
	spec->max_price = units_column(row, desc, 14);
	spec->max_quantity = units_column(row, desc, 15);
	spec->im_long = units_column(row, desc, 16);
	spec->im_short = units_column(row, desc, 17);
	spec->mm_long = units_column(row, desc, 18);
	spec->mm_short = units_column(row, desc, 19);
	listing->maker_rate = (int32) units_column(row, desc, 20);
	listing->taker_rate = (int32) units_column(row, desc, 21);
	spec->taker_rate = listing->taker_rate;
	spec->allow_negative = DatumGetBool(column(row, desc, 22, NULL));
	spec->expires_at = DatumGetTimestampTz(column(row, desc, 23, &isnull));
	if (isnull || TIMESTAMP_NOT_FINITE(spec->expires_at))
		spec->expires_at = TRADEPOST_TIME_NEVER;
	spec->quote_unit = tradepost_unit_of_scale(DatumGetInt32(column(row, desc, 24, NULL)));
	spec->house_account = DatumGetInt64(column(row, desc, 25, NULL));
	spec->insurance_account = DatumGetInt64(column(row, desc, 26, NULL));
	spec->status = TP_INSTRUMENT_OPEN;
}

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
