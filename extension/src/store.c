/*
 * store.c
 *	  A batch as rows: events and new orders inserted past the executor, every other
 *	  change one SPI statement a table, whatever the batch's size.
 *
 * Plans are made once.  Updates find their rows through the primary key; the
 * matcher's session has sequential scans, hash and merge joins switched off,
 * because the planner cannot know how long an array will be.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "columns.h"
#include "executor/spi.h"
#include "store.h"
#include "units.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define EVENT_TYPES "lltlllliisssbnnnn"
#define NEW_ORDER_TYPES \
	"lllttt"            \
	"iii"               \
	"sssssss"           \
	"nnnnnnn"
#define CHANGED_ORDER_TYPES "ltlssnnnnnnn"
#define BALANCE_TYPES "linn"
#define POSITION_TYPES "linnn"
#define INSTRUMENT_TYPES "isnnll"

typedef struct Statement
{
	const char *types;
	const char *sql;
	SPIPlanPtr plan;
} Statement;

static Statement update_orders = {
	CHANGED_ORDER_TYPES,
	"UPDATE tradepost_internal.orders o SET updated_at = u.updated_at, rank = u.rank, status = u.status,"
	" reason = u.reason, quantity = u.quantity, price = u.price, filled = u.filled, maker_notional = u.maker_notional,"
	" taker_notional = u.taker_notional, filled_value = u.filled_value"
	", commission = u.commission"
	" FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
	" u (id, updated_at, rank, status, reason, quantity, price, filled, maker_notional, taker_notional, filled_value,"
	" commission) WHERE o.id = u.id",
	NULL
};

static Statement insert_balances = {
	BALANCE_TYPES,
	"INSERT INTO tradepost_internal.balances (account, asset, total, reserved) SELECT * FROM unnest($1, $2, $3, $4)",
	NULL
};

static Statement update_balances = { BALANCE_TYPES,
									 "UPDATE tradepost_internal.balances b SET total = u.total, reserved = u.reserved"
									 " FROM unnest($1, $2, $3, $4) u (account, asset, total, reserved) WHERE b.account "
									 "= u.account AND b.asset = u.asset",
									 NULL };

static Statement insert_positions = {
	POSITION_TYPES,
	"INSERT INTO tradepost_internal.positions (account, instrument, quantity, open_bids, open_asks)"
	" SELECT * FROM unnest($1, $2, $3, $4, $5)",
	NULL
};

static Statement update_positions = {
	POSITION_TYPES,
	"UPDATE tradepost_internal.positions p SET quantity = u.quantity, open_bids = u.open_bids, open_asks = u.open_asks"
	" FROM unnest($1, $2, $3, $4, $5) u (account, instrument, quantity, open_bids, open_asks)"
	" WHERE p.account = u.account AND p.instrument = u.instrument",
	NULL
};

static Statement upsert_instruments = {
	INSTRUMENT_TYPES,
	"INSERT INTO tradepost_internal.instrument_state AS s (instrument, status, mark, last_price, last_trade_seq, "
	"updated_seq)"
	" SELECT * FROM unnest($1, $2, $3, $4, $5, $6)"
	" ON CONFLICT (instrument) DO UPDATE SET status = excluded.status, mark = excluded.mark,"
	" last_price = excluded.last_price, last_trade_seq = excluded.last_trade_seq, updated_seq = excluded.updated_seq",
	NULL
};

static Statement *const statements[] = { &update_orders,    &insert_balances,  &update_balances,
										 &insert_positions, &update_positions, &upsert_instruments };

/* What instrument_state holds, so that a book's change alone writes nothing. */
typedef struct StoredInstrument
{
	int32 id; /* key */
	uint8 status;
	int64 mark;
	int64 last_trade_seq;
} StoredInstrument;

static HTAB *stored_instruments = NULL;
static SPIPlanPtr progress_plan = NULL;

static SPIPlanPtr
prepare(const char *sql, int nargs, Oid *types)
{
	SPIPlanPtr plan = SPI_prepare(sql, nargs, types);

	if (plan == NULL)
		elog(ERROR, "cannot prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	return plan;
}

void
tradepost_store_init(void)
{
	Oid progress_types[] = { INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT4OID, NUMERICOID };
	HASHCTL control = { 0 };

	SPI_connect();
	for (size_t i = 0; i < lengthof(statements); i++)
		statements[i]->plan = prepare(statements[i]->sql, strlen(statements[i]->types),
									  tradepost_columns_array_types(statements[i]->types));
	progress_plan = prepare("UPDATE tradepost_internal.engine_state SET last_seq = $1, last_time = $2, watermark = $3,"
							" tail_seq = $4, trying_id = $5, trying_count = $6, checksum = $7",
							7, progress_types);
	SPI_finish();

	control.keysize = sizeof(int32);
	control.entrysize = sizeof(StoredInstrument);
	control.hcxt = TopMemoryContext;
	stored_instruments = hash_create("tradepost stored instruments", 64, &control,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
run(const Statement *statement, const TpColumns *columns)
{
	int rows = tradepost_columns_rows(columns);
	int result;

	if (rows == 0)
		return;
	result = SPI_execute_plan(statement->plan, tradepost_columns_arrays(columns), NULL, false, 0);
	if (result < 0)
		elog(ERROR, "cannot store a batch: %s", SPI_result_code_string(result));
	if (SPI_processed != (uint64) rows)
		elog(ERROR, "stored %llu rows of %d in \"%.60s\"", (unsigned long long) SPI_processed, rows, statement->sql);
}

/* Rows that are new by construction: no statement has anything to add. */
static void
insert(const TpColumns *columns, const char *table)
{
	if (tradepost_columns_rows(columns) > 0)
		tradepost_columns_insert(columns, table);
}

static void
set_if(TpColumns *columns, int column, bool given, Datum value)
{
	if (given)
		tradepost_columns_set(columns, column, value);
}

static void
store_events(TpEngine *engine)
{
	const TpEvent *events;
	size_t n = tradepost_engine_events(engine, &events);
	TpColumns *c = tradepost_columns_create(EVENT_TYPES, n);

	for (size_t i = 0; i < n; i++)
	{
		const TpEvent *e = &events[i];
		bool trade = e->kind == TP_EV_TRADE || e->kind == TP_EV_CLOSED_OUT;

		tradepost_columns_set(c, 0, Int64GetDatum(e->seq));
		tradepost_columns_set(c, 1, Int64GetDatum(e->command_id));
		tradepost_columns_set(c, 2, TimestampTzGetDatum(e->time));
		set_if(c, 3, e->order_id != 0, Int64GetDatum(e->order_id));
		set_if(c, 4, e->maker_order_id != 0, Int64GetDatum(e->maker_order_id));
		set_if(c, 5, e->account != 0, Int64GetDatum(e->account));
		set_if(c, 6, e->counter_account != 0, Int64GetDatum(e->counter_account));
		set_if(c, 7, e->instrument != 0, Int32GetDatum(e->instrument));
		set_if(c, 8, e->asset != 0, Int32GetDatum(e->asset));
		tradepost_columns_set(c, 9, Int16GetDatum(e->kind));
		set_if(c, 10, (e->fields & TP_EVF_SIDE) != 0, Int16GetDatum(e->side));
		tradepost_columns_set(c, 11, Int16GetDatum(e->reason));
		tradepost_columns_set(c, 12, BoolGetDatum(e->decision != 0));
		if (e->fields & TP_EVF_QUANTITY)
			tradepost_columns_set(c, 13, tradepost_units_numeric(e->quantity));
		if (e->fields & TP_EVF_PRICE)
			tradepost_columns_set(c, 14, tradepost_units_numeric(e->price));
		if (trade)
		{
			tradepost_columns_set(c, 15, tradepost_units_numeric(e->commission));
			tradepost_columns_set(c, 16, tradepost_units_numeric(e->counter_commission));
		}
		tradepost_columns_next(c);
	}
	insert(c, "events");
}

static void
add_new_order(TpColumns *c, const TpOrderState *o)
{
	int i = 0;

	tradepost_columns_set(c, i++, Int64GetDatum(o->id));
	tradepost_columns_set(c, i++, Int64GetDatum(o->account));
	tradepost_columns_set(c, i++, Int64GetDatum(o->rank));
	tradepost_columns_set(c, i++, TimestampTzGetDatum(o->created_at));
	tradepost_columns_set(c, i++, TimestampTzGetDatum(o->updated_at));
	set_if(c, i++, o->expires_at != TRADEPOST_TIME_NEVER, TimestampTzGetDatum(o->expires_at));
	tradepost_columns_set(c, i++, Int32GetDatum(o->instrument));
	tradepost_columns_set(c, i++, Int32GetDatum(o->maker_rate));
	tradepost_columns_set(c, i++, Int32GetDatum(o->taker_rate));
	tradepost_columns_set(c, i++, Int16GetDatum(o->side));
	tradepost_columns_set(c, i++, Int16GetDatum(o->type));
	tradepost_columns_set(c, i++, Int16GetDatum(o->time_in_force));
	tradepost_columns_set(c, i++, Int16GetDatum(o->stp));
	tradepost_columns_set(c, i++, Int16GetDatum(o->flags));
	tradepost_columns_set(c, i++, Int16GetDatum(o->status));
	tradepost_columns_set(c, i++, Int16GetDatum(o->reason));
	tradepost_columns_set(c, i++, tradepost_units_numeric(o->quantity));
	tradepost_columns_set(c, i++, tradepost_units_numeric(o->price));
	tradepost_columns_set(c, i++, tradepost_units_numeric(o->filled));
	tradepost_columns_set(c, i++, tradepost_wide_units_numeric(o->maker_notional));
	tradepost_columns_set(c, i++, tradepost_wide_units_numeric(o->taker_notional));
	tradepost_columns_set(c, i++, tradepost_wide_units_numeric(o->filled_value));
	tradepost_columns_set(c, i++, tradepost_units_numeric(o->commission));
	tradepost_columns_next(c);
}

static void
add_changed_order(TpColumns *c, const TpOrderState *o)
{
	int i = 0;

	tradepost_columns_set(c, i++, Int64GetDatum(o->id));
	tradepost_columns_set(c, i++, TimestampTzGetDatum(o->updated_at));
	tradepost_columns_set(c, i++, Int64GetDatum(o->rank));
	tradepost_columns_set(c, i++, Int16GetDatum(o->status));
	tradepost_columns_set(c, i++, Int16GetDatum(o->reason));
	tradepost_columns_set(c, i++, tradepost_units_numeric(o->quantity));
	tradepost_columns_set(c, i++, tradepost_units_numeric(o->price));
	tradepost_columns_set(c, i++, tradepost_units_numeric(o->filled));
	tradepost_columns_set(c, i++, tradepost_wide_units_numeric(o->maker_notional));
	tradepost_columns_set(c, i++, tradepost_wide_units_numeric(o->taker_notional));
	tradepost_columns_set(c, i++, tradepost_wide_units_numeric(o->filled_value));
	tradepost_columns_set(c, i++, tradepost_units_numeric(o->commission));
	tradepost_columns_next(c);
}

static void
store_orders(TpEngine *engine)
{
	const TpDirtyOrder *orders;
	size_t n = tradepost_engine_dirty_orders(engine, &orders);
	TpColumns *new = tradepost_columns_create(NEW_ORDER_TYPES, n);
	TpColumns *changed = tradepost_columns_create(CHANGED_ORDER_TYPES, n);

	for (size_t i = 0; i < n; i++)
	{
		if (orders[i].stored)
			add_changed_order(changed, &orders[i].state);
		else
			add_new_order(new, &orders[i].state);
	}
	insert(new, "orders");
	run(&update_orders, changed);
}

static void
store_balances(TpEngine *engine)
{
	const TpDirtyBalance *balances;
	size_t n = tradepost_engine_dirty_balances(engine, &balances);
	TpColumns *new = tradepost_columns_create(BALANCE_TYPES, n);
	TpColumns *changed = tradepost_columns_create(BALANCE_TYPES, n);

	for (size_t i = 0; i < n; i++)
	{
		const TpBalanceState *b = &balances[i].state;
		TpColumns *c = balances[i].stored ? changed : new;

		tradepost_columns_set(c, 0, Int64GetDatum(b->account));
		tradepost_columns_set(c, 1, Int32GetDatum(b->asset));
		tradepost_columns_set(c, 2, tradepost_wide_units_numeric(b->total));
		tradepost_columns_set(c, 3, tradepost_wide_units_numeric(b->reserved));
		tradepost_columns_next(c);
	}
	run(&insert_balances, new);
	run(&update_balances, changed);
}

static void
store_positions(TpEngine *engine)
{
	const TpDirtyPosition *positions;
	size_t n = tradepost_engine_dirty_positions(engine, &positions);
	TpColumns *new = tradepost_columns_create(POSITION_TYPES, n);
	TpColumns *changed = tradepost_columns_create(POSITION_TYPES, n);

	for (size_t i = 0; i < n; i++)
	{
		const TpPositionState *p = &positions[i].state;
		TpColumns *c = positions[i].stored ? changed : new;

		tradepost_columns_set(c, 0, Int64GetDatum(p->account));
		tradepost_columns_set(c, 1, Int32GetDatum(p->instrument));
		tradepost_columns_set(c, 2, tradepost_units_numeric(p->quantity));
		tradepost_columns_set(c, 3, tradepost_units_numeric(p->open_bids));
		tradepost_columns_set(c, 4, tradepost_units_numeric(p->open_asks));
		tradepost_columns_next(c);
	}
	run(&insert_positions, new);
	run(&update_positions, changed);
}

static void
store_instruments(TpEngine *engine)
{
	const int32 *ids;
	size_t n = tradepost_engine_dirty_instruments(engine, &ids);
	TpColumns *c = tradepost_columns_create(INSTRUMENT_TYPES, n);

	for (size_t i = 0; i < n; i++)
	{
		const TpInstrument *now = tradepost_engine_instrument(engine, ids[i]);
		bool found;
		StoredInstrument *stored = hash_search(stored_instruments, &ids[i], HASH_ENTER, &found);

		if (found && stored->status == now->status && stored->mark == now->mark &&
			stored->last_trade_seq == now->last_trade_seq)
			continue;
		stored->status = now->status;
		stored->mark = now->mark;
		stored->last_trade_seq = now->last_trade_seq;
		tradepost_columns_set(c, 0, Int32GetDatum(now->id));
		tradepost_columns_set(c, 1, Int16GetDatum(now->status));
		tradepost_columns_set(c, 2, tradepost_units_numeric(now->mark));
		set_if(c, 3, now->last_trade_seq != 0, tradepost_units_numeric(now->last_price));
		set_if(c, 4, now->last_trade_seq != 0, Int64GetDatum(now->last_trade_seq));
		tradepost_columns_set(c, 5, Int64GetDatum(tradepost_engine_last_seq(engine)));
		tradepost_columns_next(c);
	}
	run(&upsert_instruments, c);
}

static void
store_progress(TpEngine *engine, const TpProgress *progress)
{
	Datum values[] = { Int64GetDatum(tradepost_engine_last_seq(engine)),
					   TimestampTzGetDatum(progress->last_time),
					   Int64GetDatum(progress->watermark),
					   Int64GetDatum(progress->tail_seq),
					   Int64GetDatum(progress->trying_id),
					   Int32GetDatum(progress->trying_count),
					   tradepost_uint64_numeric(tradepost_engine_checksum(engine)) };
	char nulls[] = "       ";

	if (progress->trying_id == 0)
		nulls[4] = nulls[5] = 'n';
	SPI_execute_plan(progress_plan, values, nulls, false, 0);
	if (SPI_processed != 1)
		elog(ERROR, "engine_state has %llu rows", (unsigned long long) SPI_processed);
}

/*
 * end_batch makes the engine count everything as stored and brings the checksum
 * up to date.  It comes before the commit: if that fails, the matcher exits.
 */
void
tradepost_store_batch(TpEngine *engine, const TpProgress *progress)
{
	SPI_connect();
	store_events(engine);
	store_orders(engine);
	store_balances(engine);
	store_positions(engine);
	store_instruments(engine);
	tradepost_engine_end_batch(engine);
	store_progress(engine, progress);
	SPI_finish();
}

void
tradepost_store_checkpoint(TpEngine *engine, int64 time)
{
	size_t n = tradepost_engine_open_orders(engine);
	int64 *ids = palloc_extended(Max(n, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	Datum *datums = palloc_extended(Max(n, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	Oid types[] = { INT8OID, TIMESTAMPTZOID, INT8ARRAYOID };
	Datum values[3];

	tradepost_engine_open_order_ids(engine, ids);
	for (size_t i = 0; i < n; i++)
		datums[i] = Int64GetDatum(ids[i]);
	values[0] = Int64GetDatum(tradepost_engine_last_seq(engine));
	values[1] = TimestampTzGetDatum(time);
	values[2] = PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	SPI_connect();
	SPI_execute_with_args("DELETE FROM tradepost_internal.checkpoints WHERE seq <"
						  " (SELECT max(seq) FROM tradepost_internal.checkpoints)",
						  0, NULL, NULL, NULL, false, 0);
	SPI_execute_with_args("INSERT INTO tradepost_internal.checkpoints (seq, time, open_orders) VALUES ($1, $2, $3)", 3,
						  types, values, NULL, false, 0);
	SPI_finish();
}

void
tradepost_store_trying(int64 command_id, int count)
{
	Oid types[] = { INT8OID, INT4OID };
	Datum values[] = { Int64GetDatum(command_id), Int32GetDatum(count) };

	SPI_connect();
	SPI_execute_with_args("UPDATE tradepost_internal.engine_state SET trying_id = $1, trying_count = $2", 2, types,
						  values, NULL, false, 0);
	SPI_finish();
}

void
tradepost_store_error(int64 command_id, const char *message)
{
	Oid types[] = { INT8OID, TEXTOID };
	Datum values[] = { Int64GetDatum(command_id), CStringGetTextDatum(message) };

	SPI_connect();
	SPI_execute_with_args("INSERT INTO tradepost_internal.error_dna (command_id, message) VALUES ($1, $2)", 2, types,
						  values, NULL, false, 0);
	SPI_finish();
}
