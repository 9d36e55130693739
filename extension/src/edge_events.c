/*
 * edge_events.c
 *	  tradepost_edge.events_page() and events_catchup(): what happened, for the
 *	  proxies that tell their clients.
 *
 * The reader (event_reader.c) knows the tables; here is which events are asked for.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "command.h"
#include "compat.h"
#include "errcodes.h"
#include "event_reader.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(tradepost_edge_events_page);
PG_FUNCTION_INFO_V1(tradepost_edge_events_catchup);

#define MAX_ROWS 10000

/* Events that one catch-up looks at, at most. */
#define MAX_SCANNED 200000

static int
read_max(FunctionCallInfo fcinfo)
{
	int max = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);

	if (max < 1 || max > MAX_ROWS)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						PG_ARGISNULL(1) ? errmsg("max must be between 1 and %d, not null", MAX_ROWS)
										: errmsg("max must be between 1 and %d, not %d", MAX_ROWS, max),
						errhint("Ask for less at a time.")));
	return max;
}

/* tradepost_edge.events_page(after bigint, max integer) */
Datum
tradepost_edge_events_page(PG_FUNCTION_ARGS)
{
	int64 after = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	int max = read_max(fcinfo);
	TpEventReader *reader = tradepost_events_open(fcinfo);
	int64 newest = tradepost_events_newest(reader, after);
	TpEventFacts facts;
	bool more = false;

	if (newest > after)
	{
		tradepost_events_begin(reader, after);
		for (int n = 0; n < max && tradepost_events_next(reader, &facts); n++)
		{
			CHECK_FOR_INTERRUPTS();
			/* There are no gaps, but for what retention has taken from the beginning. */
			if (n == 0)
				more = newest - facts.seq >= max;
			tradepost_events_put(reader, more);
		}
	}
	tradepost_events_close(reader);
	return (Datum) 0;
}

static int
compare_int64(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

/* An array's elements that are not NULL, sorted. */
static int64 *
read_set(FunctionCallInfo fcinfo, int argument, Oid type, int *count)
{
	Datum *values;
	bool *nulls;
	int64 *set;
	int n;

	*count = 0;
	if (PG_ARGISNULL(argument))
		return NULL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), type, type == INT4OID ? 4 : 8,
					  type == INT4OID ? true : FLOAT8PASSBYVAL, type == INT4OID ? TYPALIGN_INT : TYPALIGN_DOUBLE,
					  &values, &nulls, &n);
	set = palloc((n + 1) * sizeof(int64));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			set[(*count)++] = type == INT4OID ? DatumGetInt32(values[i]) : DatumGetInt64(values[i]);
	}
	qsort(set, *count, sizeof(int64), compare_int64);
	return set;
}

static bool
is_in(const int64 *set, int count, int64 value)
{
	return count > 0 && value != 0 && bsearch(&value, set, count, sizeof(int64), compare_int64) != NULL;
}

/* What everybody may know: trades, marks, halts, listings, expiries. */
static bool
is_public(int kind)
{
	return kind == TP_EV_TRADE || kind == TP_EV_CLOSED_OUT ||
		   (kind >= TP_EV_MARKED && kind <= TP_EV_INSTRUMENT_EXPIRED);
}

/* tradepost_edge.events_catchup(after bigint, max integer, instruments integer[], accounts bigint[]) */
Datum
tradepost_edge_events_catchup(PG_FUNCTION_ARGS)
{
	int64 after = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	int max = read_max(fcinfo);
	int instrument_count;
	int account_count;
	int64 *instruments = read_set(fcinfo, 2, INT4OID, &instrument_count);
	int64 *accounts = read_set(fcinfo, 3, INT8OID, &account_count);
	TpEventReader *reader = tradepost_events_open(fcinfo);
	int64 newest = tradepost_events_newest(reader, after);
	TpEventFacts facts = { .seq = after };
	int rows = 0;

	if (newest > after)
		tradepost_events_begin(reader, after);
	for (int n = 0; newest > after && n < MAX_SCANNED && rows < max && tradepost_events_next(reader, &facts); n++)
	{
		CHECK_FOR_INTERRUPTS();
		if ((is_public(facts.kind) && is_in(instruments, instrument_count, facts.instrument)) ||
			is_in(accounts, account_count, facts.account) || is_in(accounts, account_count, facts.counter_account))
		{
			/* Whether there is more, the last row says. */
			tradepost_events_put(reader, true);
			rows++;
		}
	}
	tradepost_events_put_end(reader, facts.seq, newest > facts.seq);
	tradepost_events_close(reader);
	return (Datum) 0;
}
