/*
 * wait.c
 *	  Waiting for a decision: submit_order(), wait_for_order(), wait_for_seq().
 *
 * These are procedures: they end the caller's transaction first, because what is
 * not committed is never decided, and they wait without a snapshot, because one
 * would keep dead rows alive in the tables that the matcher updates most.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "arguments.h"
#include "catalog/pg_type.h"
#include "errcodes.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "place.h"
#include "shmem.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(tradepost_submit_order);
PG_FUNCTION_INFO_V1(tradepost_wait_for_order);
PG_FUNCTION_INFO_V1(tradepost_wait_for_seq);

#define SUBMIT_TIMEOUT_MS 10000
#define MAX_TIMEOUT_MS 3600000

/* As JSON, decimals go out as strings, so that no client's floating point rounds them. */
static const char order_query[] =
	"SELECT pg_catalog.to_jsonb(o) OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object("
	" 'quantity', o.quantity::pg_catalog.text, 'price', o.price::pg_catalog.text, 'filled', o.filled::pg_catalog.text,"
	" 'remaining', o.remaining::pg_catalog.text, 'average_price', o.average_price::pg_catalog.text,"
	" 'commission', o.commission::pg_catalog.text, 'stop_price', o.stop_price::pg_catalog.text)"
	" FROM tradepost.orders o WHERE o.id OPERATOR(pg_catalog.=) $1";

#define EVENT_JSON                                                                         \
	"SELECT pg_catalog.to_jsonb(e) OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(" \
	" 'quantity', e.quantity::pg_catalog.text, 'price', e.price::pg_catalog.text,"         \
	" 'commission', e.commission::pg_catalog.text, 'counter_commission', e.counter_commission::pg_catalog.text)"

static const char event_query[] = EVENT_JSON " FROM tradepost.events e WHERE e.seq OPERATOR(pg_catalog.=) $2";
static const char decision_query[] = EVENT_JSON " FROM tradepost.decision($1) e";

typedef enum Found
{
	FOUND_NOT_YET,
	FOUND_SEQ,     /* decided; its event's seq is known */
	FOUND_LONG_AGO /* below the watermark: decided, or never will be */
} Found;

static Found
look(TpDatabase *db, int64 id, int64 *seq)
{
	TpDecision *decision = &db->decisions[id % TP_DECISIONS];

	if (pg_atomic_read_u64(&decision->id) == (uint64) id)
	{
		*seq = (int64) pg_atomic_read_u64(&decision->seq);
		pg_read_barrier();
		if (pg_atomic_read_u64(&decision->id) == (uint64) id && *seq != 0)
			return FOUND_SEQ;
	}
	if ((uint64) id < pg_atomic_read_u64(&db->watermark))
		return FOUND_LONG_AGO;
	return FOUND_NOT_YET;
}

static void
raise_timeout(TpDatabase *db, const char *what, int64 number, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_TP_WAIT_TIMEOUT), errmsg("%s %lld was not reached in time", what, (long long) number),
			 errdetail("The engine's state is %s; its last seq is %llu.", tradepost_state_name(tradepost_get_state(db)),
					   (unsigned long long) pg_atomic_read_u64(&db->last_seq)),
			 errhint("%s", hint)));
}

static bool
wait_for_decision(TpDatabase *db, int64 id, int64 timeout_ms, int64 *seq)
{
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);
	Found found;

	*seq = 0;
	ConditionVariablePrepareToSleep(&db->changed);
	while ((found = look(db, id, seq)) == FOUND_NOT_YET)
	{
		long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);

		if (left <= 0)
			break;
		ConditionVariableTimedSleep(&db->changed, Min(left, 1000), PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	return found != FOUND_NOT_YET;
}

/* The order, or the deciding event, as the caller may see it; NULL if there is nothing to see. */
static Datum
describe(MemoryContext caller, int64 id, int64 seq, bool *isnull)
{
	Oid types[] = { INT8OID, INT8OID };
	Datum values[] = { Int64GetDatum(id), Int64GetDatum(seq) };
	Datum result = (Datum) 0;

	*isnull = true;
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_execute_with_args(order_query, 1, types, values, NULL, true, 1);
	if (SPI_processed == 0 && seq != 0)
		SPI_execute_with_args(event_query, 2, types, values, NULL, true, 1);
	else if (SPI_processed == 0)
		SPI_execute_with_args(decision_query, 1, types, values, NULL, true, 1);
	if (SPI_processed == 1)
	{
		result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
		if (!*isnull)
		{
			MemoryContext old = MemoryContextSwitchTo(caller);

			result = PointerGetDatum(PG_DETOAST_DATUM_COPY(result));
			MemoryContextSwitchTo(old);
		}
	}
	PopActiveSnapshot();
	return result;
}

static Datum
one_column(FunctionCallInfo fcinfo, Datum value, bool isnull)
{
	TupleDesc desc;
	HeapTuple tuple;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "procedure must return a row");
	tuple = heap_form_tuple(BlessTupleDesc(desc), &value, &isnull);
	return HeapTupleGetDatum(tuple);
}

static void
require_nonatomic(FunctionCallInfo fcinfo)
{
	CallContext *context = (CallContext *) fcinfo->context;

	if (context == NULL || !IsA(context, CallContext) || context->atomic)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
						errmsg("cannot wait for the engine inside a transaction block"),
						errhint("Commit first: only committed commands are decided.")));
}

static int64
timeout_argument(FunctionCallInfo fcinfo, int n)
{
	Interval *timeout;
	double ms;

	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER), errmsg("timeout must be given"), errhint("It may not be NULL.")));
	timeout = PG_GETARG_INTERVAL_P(n);
	ms = timeout->time / 1000.0 + timeout->day * 86400000.0 + timeout->month * 30.0 * 86400000.0;
	if (ms < 0 || ms > MAX_TIMEOUT_MS)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("timeout %s is not between 0 and 1 hour",
							   DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(timeout)))),
						errhint("Call again to wait longer.")));
	return (int64) ms;
}

/*
 * End the transaction that CALL runs in, and wait with nothing held.  The result
 * is made in a context that the commit does not free: SPI's caller's.
 */
static Datum
commit_wait_describe(FunctionCallInfo fcinfo, int64 id, int64 timeout_ms)
{
	TpDatabase *db = tradepost_my_database(true);
	MemoryContext caller = CurrentMemoryContext;
	int64 seq;
	Datum result;
	bool isnull;

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	SPI_commit();
	if (!wait_for_decision(db, id, timeout_ms, &seq))
		raise_timeout(db, "the decision of command", id, "A command is decided after its transaction commits.");
	result = describe(caller, id, seq, &isnull);
	if (isnull && seq == 0)
		ereport(ERROR, (errcode(ERRCODE_TP_WAIT_TIMEOUT), errmsg("command %lld is not known", (long long) id),
						errhint("Its transaction was rolled back, or it is another account's.")));
	SPI_finish();
	return one_column(fcinfo, result, isnull);
}

Datum
tradepost_submit_order(PG_FUNCTION_ARGS)
{
	TpPlaceArguments arguments;
	TpRequest request;

	require_nonatomic(fcinfo);
	tradepost_read_place_arguments(fcinfo, &arguments);
	tradepost_request_place(&arguments, &request);
	tradepost_insert_requests(&request, 1);
	return commit_wait_describe(fcinfo, request.command.id, SUBMIT_TIMEOUT_MS);
}

Datum
tradepost_wait_for_order(PG_FUNCTION_ARGS)
{
	int64 id = tradepost_arg_int64(fcinfo, 0, "id");
	int64 timeout = timeout_argument(fcinfo, 1);

	require_nonatomic(fcinfo);
	if (id <= 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("id %lld is not above zero", (long long) id),
						errhint("A command's id is what the call that made it returned.")));
	return commit_wait_describe(fcinfo, id, timeout);
}

Datum
tradepost_wait_for_seq(PG_FUNCTION_ARGS)
{
	int64 seq = tradepost_arg_int64(fcinfo, 0, "seq");
	int64 timeout = timeout_argument(fcinfo, 1);
	TpDatabase *db = tradepost_my_database(true);
	TimestampTz deadline;

	require_nonatomic(fcinfo);
	if (seq < 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("seq %lld is below zero", (long long) seq),
						errhint("Events are numbered from 1; view tradepost.engine_status shows the last.")));
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	SPI_commit();
	deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout);
	ConditionVariablePrepareToSleep(&db->changed);
	while ((int64) pg_atomic_read_u64(&db->last_seq) < seq)
	{
		long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);

		if (left <= 0)
		{
			ConditionVariableCancelSleep();
			raise_timeout(db, "seq", seq, "Events come when commands are decided.");
		}
		ConditionVariableTimedSleep(&db->changed, Min(left, 1000), PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	SPI_finish();
	PG_RETURN_VOID();
}
