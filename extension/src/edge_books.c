/*
 * edge_books.c
 *	  The published books as the proxies keep them: text, and the event that they
 *	  are the state of.
 *
 * Called through SQL by tradepost_edge.books().  Copies under book_lock, which the
 * matcher takes at each commit: so nothing is formatted while it is held.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "errcodes.h"
#include "fmgr.h"
#include "funcapi.h"
#include "guc.h"
#include "miscadmin.h"
#include "publish.h"
#include "units.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(tradepost_edge_books);

#define MAX_DEPTH 10000

/* One book, copied: bids, then asks. */
typedef struct Copy
{
	int32 instrument;
	int bids;
	int asks;
	TpLevel *levels;
} Copy;

static TpBookPage *
find_page(TpDatabase *db, int32 instrument)
{
	for (int i = 0; i < tradepost_max_instruments; i++)
	{
		TpBookPage *page = tradepost_book_page(db, i);

		if (page->instrument == instrument)
			return page;
		if (page->instrument == 0)
			break;
	}
	return NULL;
}

static void
copy_book(TpDatabase *db, Copy *copy, int depth)
{
	TpBookPage *page = find_page(db, copy->instrument);
	TpLevel *levels;

	if (page == NULL)
		return;
	levels = tradepost_book_levels(page);
	copy->bids = Min(page->bids, depth);
	copy->asks = Min(page->asks, depth);
	memcpy(copy->levels, levels, copy->bids * sizeof(TpLevel));
	memcpy(copy->levels + copy->bids, levels + tradepost_published_depth, copy->asks * sizeof(TpLevel));
}

static void
put_book(ReturnSetInfo *result, const Copy *copy, int64 seq)
{
	Datum values[6] = { Int32GetDatum(copy->instrument), Int64GetDatum(seq) };
	bool nulls[6] = { false, false, true, true, true, true };

	if (copy->bids + copy->asks == 0)
	{
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		return;
	}
	memset(nulls, false, sizeof(nulls));
	for (int i = 0; i < copy->bids + copy->asks; i++)
	{
		const TpLevel *level = &copy->levels[i];
		char *price = tradepost_units_text(level->price);
		char *quantity = tradepost_numeric_text(DatumGetNumeric(tradepost_wide_units_numeric(level->quantity)));

		values[2] = Int16GetDatum(i < copy->bids ? TP_BUY : TP_SELL);
		values[3] = CStringGetTextDatum(price);
		values[4] = CStringGetTextDatum(quantity);
		values[5] = Int64GetDatum(level->orders);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* tradepost_edge.books(instruments integer[], depth integer) */
Datum
tradepost_edge_books(PG_FUNCTION_ARGS)
{
	TpDatabase *db = tradepost_require_published();
	ArrayType *array;
	Datum *instruments;
	bool *nulls;
	int n;
	int depth = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);
	Copy *copies;
	int64 seq;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("instruments must be given"),
						errhint("Their ids are in tradepost_edge.instruments_raw().")));
	if (depth < 1 || depth > MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER), errmsg("depth must be between 1 and %d, not %d", MAX_DEPTH, depth),
				 errhint("It counts levels of each side.")));
	depth = Min(depth, tradepost_published_depth);
	array = PG_GETARG_ARRAYTYPE_P(0);
	deconstruct_array(array, INT4OID, 4, true, TYPALIGN_INT, &instruments, &nulls, &n);
	if (n > tradepost_max_instruments)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("instruments has %d elements, and the limit is %d", n, tradepost_max_instruments),
						errhint("Name each instrument once.")));

	InitMaterializedSRF(fcinfo, 0);
	copies = palloc0((n + 1) * sizeof(Copy));
	for (int i = 0; i < n; i++)
	{
		copies[i].instrument = nulls[i] ? 0 : DatumGetInt32(instruments[i]);
		copies[i].levels = palloc(2 * (Size) depth * sizeof(TpLevel));
	}
	LWLockAcquire(&db->book_lock, LW_SHARED);
	seq = db->book_seq;
	for (int i = 0; i < n; i++)
		copy_book(db, &copies[i], depth);
	LWLockRelease(&db->book_lock);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			put_book((ReturnSetInfo *) fcinfo->resultinfo, &copies[i], seq);
	}
	return (Datum) 0;
}
