/*
 * follower_view.c
 *	  What shared memory knows of the follower, for view tradepost.follower_status.
 *
 * Read without a lock: each value is its own, and the follower writes them while it works.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "follower.h"
#include "funcapi.h"
#include "guc.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(tradepost_follower_memory);

static const char *
state_of(TpDatabase *db)
{
	if (RecoveryInProgress())
		return "standby";
	if (db == NULL || !tradepost_follower)
		return "off";
	if (db->follower.pid != 0)
		return tradepost_get_state(db) == TP_STATE_RUNNING ? "running" : "waiting";
	return tradepost_follower_is_wanted(db) ? "starting" : "waiting";
}

static Datum
microseconds_interval(uint64 microseconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = (int64) microseconds;
	return IntervalPGetDatum(interval);
}

Datum
tradepost_follower_memory(PG_FUNCTION_ARGS)
{
	TpDatabase *db = tradepost_my_database(false);
	TupleDesc desc;
	Datum values[9];
	bool nulls[9];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "follower_memory() returns a row");
	memset(nulls, true, sizeof(nulls));
	values[0] = CStringGetTextDatum(state_of(db));
	nulls[0] = false;
	if (db != NULL)
	{
		TpFollowing *follower = &db->follower;
		uint64 starts = pg_atomic_read_u64(&follower->starts);
		char last_error[sizeof(follower->last_error)];

		memset(nulls, false, sizeof(nulls));
		values[1] = Int32GetDatum(follower->pid);
		nulls[1] = follower->pid == 0;
		values[2] = Int64GetDatum((int64) pg_atomic_read_u64(&db->last_seq));
		values[3] = Int64GetDatum((int64) (starts == 0 ? 0 : starts - 1));
		values[4] = Int64GetDatum((int64) pg_atomic_read_u64(&follower->rounds));
		values[5] = Int64GetDatum((int64) pg_atomic_read_u64(&follower->events));
		values[6] = Int64GetDatum((int64) pg_atomic_read_u64(&follower->kept));
		values[7] = microseconds_interval(pg_atomic_read_u64(&follower->round_time));
		strlcpy(last_error, follower->last_error, sizeof(last_error));
		values[8] = CStringGetTextDatum(last_error);
		nulls[8] = last_error[0] == '\0';
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
