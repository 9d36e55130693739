/*
 * recover.c
 *	  From tables to memory.
 *
 * What it reads is bounded by what is open, not by history: balances and
 * positions whole, open orders through the last checkpoint's list and the events
 * since, by primary key, and decided commands from tail_seq on.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "config.h"
#include "executor/spi.h"
#include "instance.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "recover.h"
#include "units.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define ROWS_AT_ONCE 10000

static Datum
get(uint64 row, int column, bool *isnull)
{
	bool null;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &null);

	if (isnull != NULL)
		*isnull = null;
	return value;
}

static int64
get_int64(uint64 row, int column)
{
	bool isnull;
	Datum value = get(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static int32
get_int32(uint64 row, int column)
{
	bool isnull;
	Datum value = get(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

static int
get_int16(uint64 row, int column)
{
	bool isnull;
	Datum value = get(row, column, &isnull);

	return isnull ? 0 : DatumGetInt16(value);
}

static tp_int128
get_wide(uint64 row, int column)
{
	bool isnull;
	Datum value = get(row, column, &isnull);

	return isnull ? 0 : tradepost_wide_units(DatumGetNumeric(value), "stored value");
}

static int64
get_units(uint64 row, int column)
{
	bool isnull;
	Datum value = get(row, column, &isnull);

	return isnull ? 0 : tradepost_units(DatumGetNumeric(value), "stored value");
}

static int64
get_time(uint64 row, int column, int64 missing)
{
	bool isnull;
	Datum value = get(row, column, &isnull);

	return isnull ? missing : DatumGetTimestampTz(value);
}

/* Feed every row of a query to `use`, some at a time. */
static void
for_each_row(const char *sql, int nargs, Oid *types, Datum *values, void (*use)(uint64 row, void *arg), void *arg)
{
	Portal portal = SPI_cursor_open_with_args(NULL, sql, nargs, types, values, NULL, true, 0);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "tradepost rows", ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		MemoryContext old;

		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		old = MemoryContextSwitchTo(scratch);
		for (uint64 i = 0; i < SPI_processed; i++)
			use(i, arg);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	MemoryContextDelete(scratch);
}

TpReadiness
tradepost_recover_readiness(void)
{
	TpReadiness readiness = TP_NOT_INITIALIZED;

	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_execute("SELECT instance FROM tradepost_internal.engine_state", true, 0);
	if (SPI_processed == 1)
	{
		char *instance = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		readiness = strcmp(instance, tradepost_instance_text()) == 0 ? TP_READY : TP_NOT_THIS_INSTANCE;
	}
	PopActiveSnapshot();
	SPI_finish();
	return readiness;
}

/* Columns of a specification, then of its state. */
static void
add_instrument(uint64 row, void *arg)
{
	TpListing listing;
	bool isnull;

	tradepost_listing_from_row(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, &listing);
	(void) get(row, 27, &isnull);
	if (!isnull)
	{
		listing.spec.status = get_int16(row, 27);
		listing.spec.mark = get_units(row, 28);
		listing.spec.last_price = get_units(row, 29);
		listing.spec.last_trade_seq = get_int64(row, 30);
	}
	tradepost_engine_add_instrument((TpEngine *) arg, &listing.spec);
}

static void
note_instrument(uint64 row, void *arg)
{
	TpRecovered *out = arg;

	out->instruments = repalloc(out->instruments, (out->instrument_count + 1) * sizeof(int32));
	out->instruments[out->instrument_count++] = get_int32(row, 1);
	add_instrument(row, out->engine);
}

/* One without a state is as it was listed: the state's row was lost, or LIST is still to be decided. */
static char *
instruments_query(const char *where)
{
	return psprintf("SELECT %s, s.status, s.mark, s.last_price, s.last_trade_seq"
					" FROM tradepost_internal.instruments i JOIN tradepost_internal.assets q ON q.id = i.quote"
					" JOIN tradepost_internal.tenants t ON t.id = i.tenant"
					" LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id %s",
					tradepost_listing_columns, where);
}

bool
tradepost_recover_instrument(TpEngine *engine, int32 id)
{
	Oid types[] = { INT4OID };
	Datum values[] = { Int32GetDatum(id) };
	bool found;

	SPI_connect();
	SPI_execute_with_args(instruments_query("WHERE i.id = $1"), 1, types, values, NULL, true, 1);
	found = SPI_processed == 1;
	if (found)
		add_instrument(0, engine);
	SPI_finish();
	return found;
}

static void
load_balance(uint64 row, void *arg)
{
	tradepost_engine_load_balance((TpEngine *) arg, get_int64(row, 1), get_int32(row, 2), get_wide(row, 3));
}

/* The engine knows every instrument that it holds anything of. */
static void
require_instrument(TpEngine *engine, int32 id)
{
	if (tradepost_engine_instrument(engine, id) == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("orders or positions name instrument %d, which table instruments has lost", id),
						errhint("Restore its row: the engine tries again by itself.")));
}

static void
load_position(uint64 row, void *arg)
{
	require_instrument((TpEngine *) arg, get_int32(row, 2));
	tradepost_engine_load_position((TpEngine *) arg, get_int64(row, 1), get_int32(row, 2), get_units(row, 3));
}

static void
load_order(uint64 row, void *arg)
{
	TpOrderState order = { 0 };
	int c = 1;

	order.id = get_int64(row, c++);
	order.account = get_int64(row, c++);
	order.rank = get_int64(row, c++);
	order.created_at = get_time(row, c++, 0);
	order.updated_at = get_time(row, c++, 0);
	order.expires_at = get_time(row, c++, TRADEPOST_TIME_NEVER);
	order.instrument = get_int32(row, c++);
	order.maker_rate = get_int32(row, c++);
	order.taker_rate = get_int32(row, c++);
	order.side = get_int16(row, c++);
	order.type = get_int16(row, c++);
	order.time_in_force = get_int16(row, c++);
	order.stp = get_int16(row, c++);
	order.flags = get_int16(row, c++);
	order.status = get_int16(row, c++);
	order.reason = get_int16(row, c++);
	order.quantity = get_units(row, c++);
	order.price = get_units(row, c++);
	order.filled = get_units(row, c++);
	order.maker_notional = get_wide(row, c++);
	order.taker_notional = get_wide(row, c++);
	order.filled_value = get_wide(row, c++);
	order.commission = get_units(row, c++);
	order.stop_price = get_units(row, c++);
	order.link_id = get_int64(row, c++);
	order.parent_id = get_int64(row, c++);
	require_instrument((TpEngine *) arg, order.instrument);
	tradepost_engine_load_order((TpEngine *) arg, &order);
}

static void
load_open_orders(TpEngine *engine)
{
	for_each_row(
		"WITH last AS (SELECT seq, open_orders FROM tradepost_internal.checkpoints ORDER BY seq DESC LIMIT 1),"
		" candidates AS (SELECT unnest(open_orders) AS id FROM last"
		" UNION SELECT order_id FROM tradepost_internal.events"
		" WHERE seq > coalesce((SELECT seq FROM last), 0) AND kind = 1)"
		" SELECT o.id, o.account, o.rank, o.created_at, o.updated_at, o.expires_at, o.instrument, o.maker_rate,"
		" o.taker_rate, o.side, o.type, o.time_in_force, o.stp, o.flags, o.status, o.reason, o.quantity, o.price,"
		" o.filled, o.maker_notional, o.taker_notional, o.filled_value, o.commission, o.stop_price, o.link_id, "
		"o.parent_id"
		" FROM candidates c JOIN tradepost_internal.orders o ON o.id = c.id WHERE o.status IN (0, 1, 7)",
		0, NULL, NULL, load_order, engine);
}

/*
 * Ids below the window's base are ignored.  (A condition on command_id would let the
 * planner take the BRIN index, which reads every page that is not summarized yet.)
 */
static void
mark_decided(uint64 row, void *arg)
{
	tradepost_window_mark((TpWindow *) arg, get_int64(row, 1));
}

static void
load_progress(TpRecovered *out)
{
	SPI_execute("SELECT last_seq, last_time, watermark, tail_seq, trying_id, trying_count,"
				" (SELECT last_value FROM tradepost_internal.command_id_seq),"
				" (SELECT max(seq) FROM tradepost_internal.checkpoints)"
				" FROM tradepost_internal.engine_state",
				true, 0);
	if (SPI_processed != 1)
		elog(ERROR, "engine_state has %llu rows", (unsigned long long) SPI_processed);
	tradepost_engine_set_seq(out->engine, get_int64(0, 1));
	out->progress.last_time = get_time(0, 2, 0);
	out->progress.watermark = get_int64(0, 3);
	out->progress.tail_seq = get_int64(0, 4);
	out->progress.trying_id = get_int64(0, 5);
	out->progress.trying_count = get_int32(0, 6);
	out->last_drawn = get_int64(0, 7);
	out->checkpoint_seq = get_int64(0, 8);
}

static void
check_checksum(TpEngine *engine)
{
	uint64 memory = tradepost_engine_checksum(engine);
	char *stored;

	SPI_execute("SELECT checksum FROM tradepost_internal.engine_state", true, 0);
	stored = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (strtou64(stored, NULL, 10) != memory)
		ereport(WARNING, (errmsg("tables changed since the engine last wrote them: their checksum is " UINT64_FORMAT
								 ", it wrote %s",
								 memory, stored),
						  errhint("tradepost.check_invariants() says what does not fit.")));
}

void
tradepost_recover(TpRecovered *out)
{
	Oid types[] = { INT8OID };
	Datum values[1];

	memset(out, 0, sizeof(*out));
	out->engine = tradepost_engine_create();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	load_progress(out);
	out->instruments = MemoryContextAlloc(TopMemoryContext, sizeof(int32));
	for_each_row(instruments_query(""), 0, NULL, NULL, note_instrument, out);
	for_each_row("SELECT account, asset, total FROM tradepost_internal.balances", 0, NULL, NULL, load_balance,
				 out->engine);
	for_each_row("SELECT account, instrument, quantity FROM tradepost_internal.positions", 0, NULL, NULL, load_position,
				 out->engine);
	load_open_orders(out->engine);
	tradepost_engine_loaded(out->engine);
	check_checksum(out->engine);

	out->decided = tradepost_window_create(out->progress.watermark);
	values[0] = Int64GetDatum(out->progress.tail_seq);
	for_each_row("SELECT command_id FROM tradepost_internal.events WHERE seq >= $1 AND decision", 1, types, values,
				 mark_decided, out->decided);
	PopActiveSnapshot();
	SPI_finish();
}

static void
read_command(uint64 row, TpArrival *out)
{
	TpCommand *command = &out->command;
	int c = 1;
	int64 expires_at;
	int64 lifetime;

	memset(out, 0, sizeof(*out));
	command->id = get_int64(row, c++);
	command->kind = get_int16(row, c++);
	command->account = get_int64(row, c++);
	command->counter_account = get_int64(row, c++);
	command->order_id = get_int64(row, c++);
	command->instrument = get_int32(row, c++);
	command->asset = get_int32(row, c++);
	command->maker_rate = get_int32(row, c++);
	command->taker_rate = get_int32(row, c++);
	command->side = get_int16(row, c++);
	command->type = get_int16(row, c++);
	command->time_in_force = get_int16(row, c++);
	command->stp = get_int16(row, c++);
	command->flags = get_int16(row, c++);
	command->quantity = get_units(row, c++);
	command->price = get_units(row, c++);
	expires_at = get_time(row, c++, 0);
	lifetime = get_int64(row, c++);
	command->expires_at = lifetime != 0 ? lifetime : expires_at;
	out->since = get_time(row, c++, 0);
	command->stop_price = get_units(row, c++);
	command->link_id = get_int64(row, c++);
	command->parent_id = get_int64(row, c++);
	command->max_open = get_int32(row, c++);
	command->children = get_int16(row, c++);
}

int
tradepost_recover_commands(int64 watermark, const TpWindow *decided, TpArrival *out, int max, int64 *last)
{
	Oid types[] = { INT8OID };
	Datum values[] = { Int64GetDatum(watermark) };
	Portal portal;
	int n = 0;

	*last = watermark - 1;
	SPI_connect();
	PushActiveSnapshot(GetLatestSnapshot());
	portal = SPI_cursor_open_with_args(
		NULL,
		"SELECT id, kind, account, counter_account, order_id, instrument, asset, maker_rate, taker_rate,"
		" side, type, time_in_force, stp, flags, quantity, price, expires_at, lifetime, created_at,"
		" stop_price, link_id, parent_id, max_open, children"
		" FROM tradepost_internal.commands WHERE id >= $1 ORDER BY id",
		1, types, values, NULL, true, 0);
	while (n < max)
	{
		uint64 i;

		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		for (i = 0; i < SPI_processed && n < max; i++)
		{
			int64 id = get_int64(i, 1);

			*last = id;
			if (!tradepost_window_decided(decided, id))
				read_command(i, &out[n++]);
		}
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	PopActiveSnapshot();
	SPI_finish();
	return n;
}
