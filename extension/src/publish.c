/*
 * publish.c
 *	  What the matcher shows in shared memory, and the functions that read it.
 *
 * Books are copied out after each commit, so readers never see what might still
 * be rolled back; they take book_lock shared and copy.  A preview needs the
 * matcher's own memory: it is posted, answered between two batches, and given up
 * when no answer comes.
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
PG_FUNCTION_INFO_V1(tradepost_preview_order);

#define QUESTION_TIMEOUT_MS 5000

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
	LWLockRelease(&db->book_lock);
}

static TpDatabase *
require_published(void)
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
	TpDatabase *db = require_published();
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
	Datum values[15];
	bool nulls[15];
	TpStatus status;
	int used;
	int64 waiting;
	int64 overflows;

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
	SpinLockAcquire(&db->ring_lock);
	used = (int) (db->tail - db->head);
	waiting = db->overflow_commands;
	overflows = db->overflows;
	SpinLockRelease(&db->ring_lock);

	memset(nulls, false, sizeof(nulls));
	values[0] = CStringGetTextDatum(RecoveryInProgress() ? "standby" : tradepost_state_name(tradepost_get_state(db)));
	values[1] = Int32GetDatum(db->matcher_pid);
	nulls[1] = db->matcher_pid == 0;
	values[2] = Int64GetDatum((int64) pg_atomic_read_u64(&db->last_seq));
	values[3] = Int64GetDatum((int64) pg_atomic_read_u64(&db->watermark));
	values[4] = microseconds_interval(oldest_command_age(db));
	values[5] = Int64GetDatum(used + waiting + (int64) pg_atomic_read_u64(&db->backlog));
	values[6] = Int64GetDatum(status.open_orders);
	values[7] = Int64GetDatum(status.batches);
	values[8] = Int32GetDatum((int32) status.last_batch_commands);
	values[9] = microseconds_interval(status.last_batch_time);
	values[10] = Int64GetDatum(status.restarts);
	values[11] = CStringGetTextDatum(status.last_error);
	nulls[11] = status.last_error[0] == '\0';
	values[12] = Int32GetDatum(used);
	values[13] = Int64GetDatum(overflows);
	values[14] = Int64GetDatum(status.doorbells_skipped);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

void
tradepost_answer_question(TpDatabase *db, TpEngine *engine, int64 now)
{
	TpCommand question;
	TpPreview answer;
	bool posted;

	SpinLockAcquire(&db->ask_mutex);
	posted = db->ask_state == TP_ASK_POSTED;
	question = db->question;
	SpinLockRelease(&db->ask_mutex);
	if (!posted)
		return;

	tradepost_engine_preview(engine, &question, now, &answer);

	SpinLockAcquire(&db->ask_mutex);
	if (db->ask_state == TP_ASK_POSTED)
	{
		db->answer = answer;
		db->ask_state = TP_ASK_ANSWERED;
	}
	SpinLockRelease(&db->ask_mutex);
	ConditionVariableBroadcast(&db->changed);
}

static bool
take_answer(TpDatabase *db, TpPreview *answer)
{
	bool answered;

	SpinLockAcquire(&db->ask_mutex);
	answered = db->ask_state == TP_ASK_ANSWERED;
	*answer = db->answer;
	SpinLockRelease(&db->ask_mutex);
	return answered;
}

static void
ask(TpDatabase *db, const TpCommand *question, TpPreview *answer)
{
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), QUESTION_TIMEOUT_MS);
	bool answered = false;

	LWLockAcquire(&db->ask_lock, LW_EXCLUSIVE);
	SpinLockAcquire(&db->ask_mutex);
	db->question = *question;
	db->ask_state = TP_ASK_POSTED;
	SpinLockRelease(&db->ask_mutex);
	tradepost_wake_matcher(db);
	ConditionVariablePrepareToSleep(&db->changed);
	while (!(answered = take_answer(db, answer)) && GetCurrentTimestamp() < deadline)
		ConditionVariableTimedSleep(&db->changed, 100, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
	LWLockRelease(&db->ask_lock);
	if (!answered)
		ereport(ERROR,
				(errcode(ERRCODE_TP_WAIT_TIMEOUT), errmsg("the engine did not answer in %d ms", QUESTION_TIMEOUT_MS),
				 errhint("View tradepost.engine_status shows what it does.")));
}

static void
put(JsonbParseState **state, const char *name, JsonbValue value)
{
	JsonbValue key = { .type = jbvString };

	key.val.string.val = (char *) name;
	key.val.string.len = strlen(name);
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_VALUE, &value);
}

static JsonbValue
json_numeric(Datum numeric)
{
	JsonbValue value = { .type = jbvNumeric };

	value.val.numeric = DatumGetNumeric(numeric);
	return value;
}

static JsonbValue
json_units(tp_int128 units)
{
	return json_numeric(tradepost_wide_units_numeric(units));
}

Datum
tradepost_preview_order(PG_FUNCTION_ARGS)
{
	TpDatabase *db;
	TpPlaceArguments arguments = { 0 };
	TpRequest request;
	TpPreview preview;
	JsonbParseState *state = NULL;
	JsonbValue value;
	const char *reason;
	text *symbol = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);

	arguments.has_account = !PG_ARGISNULL(0);
	arguments.account = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	arguments.symbol = symbol ? VARDATA_ANY(symbol) : NULL;
	arguments.symbol_length = symbol ? VARSIZE_ANY_EXHDR(symbol) : 0;
	arguments.side = PG_ARGISNULL(2) ? -1 : tradepost_label_code(TP_LABELS_SIDE, PG_GETARG_OID(2));
	arguments.quantity = PG_ARGISNULL(3) ? NULL : PG_GETARG_NUMERIC(3);
	arguments.price = PG_ARGISNULL(4) ? NULL : PG_GETARG_NUMERIC(4);
	arguments.type = PG_ARGISNULL(5) ? -1 : tradepost_label_code(TP_LABELS_ORDER_TYPE, PG_GETARG_OID(5));
	arguments.time_in_force = PG_ARGISNULL(6) ? -1 : tradepost_label_code(TP_LABELS_TIME_IN_FORCE, PG_GETARG_OID(6));
	arguments.stp = PG_ARGISNULL(7) ? -1 : tradepost_label_code(TP_LABELS_STP, PG_GETARG_OID(7));
	arguments.post_only = !PG_ARGISNULL(8) && PG_GETARG_BOOL(8);
	tradepost_request_place(&arguments, &request);
	db = require_published();
	request.command.id = PG_INT64_MAX; /* no order has it */
	ask(db, &request.command, &preview);

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	value.type = jbvBool;
	value.val.boolean = preview.reason == TP_REASON_NONE;
	put(&state, "accepted", value);
	reason = tradepost_reason_text(preview.reason);
	value.type = reason ? jbvString : jbvNull;
	if (reason)
	{
		value.val.string.val = (char *) reason;
		value.val.string.len = strlen(reason);
	}
	put(&state, "reason", value);
	put(&state, "filled", json_units(preview.filled));
	put(&state, "resting", json_units(preview.resting));
	put(&state, "cancelled", json_units(preview.cancelled));
	put(&state, "fills", json_numeric(NumericGetDatum(int64_to_numeric(preview.fills))));
	value.type = jbvNull;
	if (preview.filled > 0)
	{
		int64 multiplier = tradepost_listing_by_id(request.command.instrument)->spec.multiplier;
		Datum amount = DirectFunctionCall2(numeric_mul, tradepost_units_numeric(preview.filled),
										   tradepost_units_numeric(multiplier));

		value = json_numeric(
			DirectFunctionCall1(numeric_trim_scale,
								DirectFunctionCall2(numeric_div, tradepost_wide_units_numeric(preview.filled_value),
													amount)));
	}
	put(&state, "average_price", value);
	put(&state, "commission", json_units(preview.commission));
	put(&state, "requirement", json_units(preview.requirement));
	put(&state, "free_funds", json_units(preview.free_before));
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
