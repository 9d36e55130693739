/*
 * publish.c
 *	  What the matcher shows in shared memory, and the functions that read it.
 *
 * Everything is copied out after each commit, so readers never see what might
 * still be rolled back.  Books and status are under book_lock; decisions and
 * progress are atomic.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "compat.h"
#include "config.h"
#include "errcodes.h"
#include "fmgr.h"
#include "funcapi.h"
#include "guc.h"
#include "labels.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "publish.h"
#include "request.h"
#include "ring.h"
#include "units.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(tradepost_published_book);
PG_FUNCTION_INFO_V1(tradepost_engine_memory);

static TpBookPage *
find_page(TpDatabase *db, int32 instrument, bool create)
{
	for (int i = 0; i < tradepost_max_instruments; i++)
	{
		TpBookPage *page = tradepost_book_page(db, i);

		if (page->instrument == instrument)
			return page;
		if (page->instrument == 0)
		{
			if (!create)
				return NULL;
			page->instrument = instrument;
			page->bids = page->asks = 0;
			page->complete = true;
			return page;
		}
	}
	return NULL;
}

void
tradepost_publish_books(TpDatabase *db, TpEngine *engine, const int32 *instruments, size_t n)
{
	LWLockAcquire(&db->book_lock, LW_EXCLUSIVE);
	for (size_t i = 0; i < n; i++)
	{
		TpBookPage *page = find_page(db, instruments[i], true);
		TpLevel *levels;

		if (page == NULL)
			continue; /* create_instrument() keeps to max_instruments; a lowered setting may not */
		levels = tradepost_book_levels(page);
		page->bids = (int32) tradepost_engine_depth(engine, instruments[i], TP_BUY, tradepost_published_depth, levels);
		page->asks = (int32) tradepost_engine_depth(engine, instruments[i], TP_SELL, tradepost_published_depth,
													levels + tradepost_published_depth);
		page->complete = page->bids < tradepost_published_depth && page->asks < tradepost_published_depth;
	}
	db->book_seq = tradepost_engine_last_seq(engine);
	LWLockRelease(&db->book_lock);
}

void
tradepost_publish_progress(TpDatabase *db, const TpEngine *engine, int64 watermark)
{
	pg_atomic_write_u64(&db->watermark, (uint64) watermark);
	pg_atomic_write_u64(&db->last_seq, (uint64) tradepost_engine_last_seq(engine));
}

static void
publish_decisions(TpDatabase *db, const TpDecided *decided, int n)
{
	for (int i = 0; i < n; i++)
	{
		TpDecision *decision = &db->decisions[decided[i].id % TP_DECISIONS];

		/* A reader that sees the id before and after finds the seq that goes with it. */
		pg_atomic_write_u64(&decision->id, 0);
		pg_write_barrier();
		pg_atomic_write_u64(&decision->seq, (uint64) decided[i].seq);
		pg_write_barrier();
		pg_atomic_write_u64(&decision->id, (uint64) decided[i].id);
	}
}

void
tradepost_publish_batch(TpDatabase *db, const TpEngine *engine, int64 watermark, const TpDecided *decided, int n,
						TimestampTz started)
{
	LWLockAcquire(&db->book_lock, LW_EXCLUSIVE);
	db->status.open_orders = tradepost_engine_open_orders(engine);
	db->status.batches++;
	db->status.last_batch_commands = n;
	db->status.last_batch_time = GetCurrentTimestamp() - started;
	LWLockRelease(&db->book_lock);
	tradepost_publish_progress(db, engine, watermark);
	publish_decisions(db, decided, n);
	ConditionVariableBroadcast(&db->changed);
	tradepost_wake_follower(db);
}

TpDatabase *
tradepost_require_published(void)
{
	TpDatabase *db = RecoveryInProgress() ? NULL : tradepost_my_database(false);

	if (db == NULL || pg_atomic_read_u32(&db->state) != TP_STATE_RUNNING)
		ereport(ERROR,
				(errcode(ERRCODE_TP_NOT_PUBLISHED), errmsg("no engine publishes books in this database"),
				 errdetail("Its state is %s.", db == NULL ? "off" : tradepost_state_name(tradepost_get_state(db))),
				 errhint("View tradepost.engine_status shows the engine.")));
	return db;
}

static void
put_levels(ReturnSetInfo *result, const TpLevel *levels, int n, TpSide side)
{
	Datum side_value = n > 0 ? ObjectIdGetDatum(tradepost_label_value(TP_LABELS_SIDE, side)) : (Datum) 0;

	for (int i = 0; i < n; i++)
	{
		Datum values[4] = { side_value, tradepost_units_numeric(levels[i].price),
							tradepost_wide_units_numeric(levels[i].quantity), Int64GetDatum(levels[i].orders) };
		bool nulls[4] = { false };

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

Datum
tradepost_published_book(PG_FUNCTION_ARGS)
{
	TpDatabase *db = tradepost_require_published();
	int32 instrument = PG_GETARG_INT32(0);
	int32 depth = PG_GETARG_INT32(1);
	TpLevel *copy;
	TpBookPage *page;
	int bids = 0;
	int asks = 0;
	bool complete = true;

	if (depth < 1)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("depth %d is not above zero", depth),
						errhint("It counts levels of each side.")));
	InitMaterializedSRF(fcinfo, 0);
	copy = palloc(2 * tradepost_published_depth * sizeof(TpLevel));
	LWLockAcquire(&db->book_lock, LW_SHARED);
	page = find_page(db, instrument, false);
	if (page != NULL)
	{
		bids = Min(page->bids, depth);
		asks = Min(page->asks, depth);
		complete = page->complete;
		memcpy(copy, tradepost_book_levels(page), bids * sizeof(TpLevel));
		memcpy(copy + tradepost_published_depth, tradepost_book_levels(page) + tradepost_published_depth,
			   asks * sizeof(TpLevel));
	}
	LWLockRelease(&db->book_lock);
	if (depth > tradepost_published_depth && !complete)
		ereport(ERROR, (errcode(ERRCODE_TP_NOT_PUBLISHED), errmsg("depth %d is above tradepost.book_depth, which is %d",
																  depth, tradepost_published_depth)));
	put_levels((ReturnSetInfo *) fcinfo->resultinfo, copy, bids, TP_BUY);
	put_levels((ReturnSetInfo *) fcinfo->resultinfo, copy + tradepost_published_depth, asks, TP_SELL);
	pfree(copy);
	return (Datum) 0;
}

/* Age of the oldest transaction that may still hand over a command. */
static int64
oldest_command_age(TpDatabase *db)
{
	TimestampTz now = GetCurrentTimestamp();
	int64 oldest = 0;

	for (int i = 0; i < TP_MAX_PROCS; i++)
	{
		TpSlot *slot = tradepost_slot_at(i);

		if (pg_atomic_read_u64(&slot->lowest) != 0 && slot->dboid == db->dboid)
			oldest = Max(oldest, now - slot->since);
	}
	return oldest;
}

static Datum
microseconds_interval(int64 microseconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = microseconds;
	return IntervalPGetDatum(interval);
}

Datum
tradepost_engine_memory(PG_FUNCTION_ARGS)
{
	TpDatabase *db = tradepost_my_database(false);
	TupleDesc desc;
	Datum values[16];
	bool nulls[16];
	TpStatus status;
	TpWaiting waiting;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "engine_memory() returns a row");
	memset(nulls, true, sizeof(nulls));
	if (db == NULL)
	{
		values[0] = CStringGetTextDatum(RecoveryInProgress() ? "standby" : "off");
		nulls[0] = false;
		PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
	}
	LWLockAcquire(&db->book_lock, LW_SHARED);
	status = db->status;
	LWLockRelease(&db->book_lock);
	tradepost_ring_waiting(db, &waiting);

	memset(nulls, false, sizeof(nulls));
	values[0] = CStringGetTextDatum(RecoveryInProgress() ? "standby" : tradepost_state_name(tradepost_get_state(db)));
	values[1] = Int32GetDatum(db->matcher_pid);
	nulls[1] = db->matcher_pid == 0;
	values[2] = Int64GetDatum((int64) pg_atomic_read_u64(&db->last_seq));
	values[3] = Int64GetDatum((int64) pg_atomic_read_u64(&db->watermark));
	values[4] = microseconds_interval(oldest_command_age(db));
	values[5] = Int64GetDatum(waiting.commands);
	values[6] = microseconds_interval(waiting.since == 0 ? 0 : Max(0, GetCurrentTimestamp() - waiting.since));
	values[7] = Int64GetDatum(status.open_orders);
	values[8] = Int64GetDatum(status.batches);
	values[9] = Int32GetDatum((int32) status.last_batch_commands);
	values[10] = microseconds_interval(status.last_batch_time);
	values[11] = Int64GetDatum(status.restarts);
	values[12] = CStringGetTextDatum(status.last_error);
	nulls[12] = status.last_error[0] == '\0';
	values[13] = Int32GetDatum(waiting.in_ring);
	values[14] = Int64GetDatum(waiting.overflows);
	values[15] = Int64GetDatum(status.doorbells_skipped);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
