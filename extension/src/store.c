/*
 * store.c
 *	  A batch as rows: what is new is inserted, what changed is updated where it lies,
 *	  each object once.
 *
 * stored_table.c does the writing.  SQL is used for what is rare: checkpoints and errors.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "store.h"
#include "stored_table.h"
#include "units.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static const TpTableColumn event_columns[] = {
	{ "seq", INT8OID },
	{ "command_id", INT8OID },
	{ "time", TIMESTAMPTZOID },
	{ "order_id", INT8OID },
	{ "maker_order_id", INT8OID },
	{ "account", INT8OID },
	{ "counter_account", INT8OID },
	{ "instrument", INT4OID },
	{ "asset", INT4OID },
	{ "kind", INT2OID },
	{ "side", INT2OID },
	{ "reason", INT2OID },
	{ "decision", BOOLOID },
	{ "quantity", NUMERICOID },
	{ "price", NUMERICOID },
	{ "commission", NUMERICOID },
	{ "counter_commission", NUMERICOID },
};

enum
{
	ORDER_ID,
	ORDER_ACCOUNT,
	ORDER_CREATED_AT,
	ORDER_EXPIRES_AT,
	ORDER_INSTRUMENT,
	ORDER_MAKER_RATE,
	ORDER_TAKER_RATE,
	ORDER_SIDE,
	ORDER_TYPE,
	ORDER_TIME_IN_FORCE,
	ORDER_STP,
	ORDER_FLAGS,
	ORDER_RANK,
	ORDER_UPDATED_AT,
	ORDER_STATUS,
	ORDER_REASON,
	ORDER_QUANTITY,
	ORDER_PRICE,
	ORDER_FILLED,
	ORDER_MAKER_NOTIONAL,
	ORDER_TAKER_NOTIONAL,
	ORDER_FILLED_VALUE,
	ORDER_COMMISSION,
	ORDER_STOP_PRICE,
	ORDER_LINK_ID,
	ORDER_PARENT_ID
};

static const TpTableColumn order_columns[] = {
	[ORDER_ID] = { "id", INT8OID },
	[ORDER_ACCOUNT] = { "account", INT8OID },
	[ORDER_CREATED_AT] = { "created_at", TIMESTAMPTZOID },
	[ORDER_EXPIRES_AT] = { "expires_at", TIMESTAMPTZOID },
	[ORDER_INSTRUMENT] = { "instrument", INT4OID },
	[ORDER_MAKER_RATE] = { "maker_rate", INT4OID },
	[ORDER_TAKER_RATE] = { "taker_rate", INT4OID },
	[ORDER_SIDE] = { "side", INT2OID },
	[ORDER_TYPE] = { "type", INT2OID },
	[ORDER_TIME_IN_FORCE] = { "time_in_force", INT2OID },
	[ORDER_STP] = { "stp", INT2OID },
	[ORDER_FLAGS] = { "flags", INT2OID },
	[ORDER_RANK] = { "rank", INT8OID },
	[ORDER_UPDATED_AT] = { "updated_at", TIMESTAMPTZOID },
	[ORDER_STATUS] = { "status", INT2OID },
	[ORDER_REASON] = { "reason", INT2OID },
	[ORDER_QUANTITY] = { "quantity", NUMERICOID },
	[ORDER_PRICE] = { "price", NUMERICOID },
	[ORDER_FILLED] = { "filled", NUMERICOID },
	[ORDER_MAKER_NOTIONAL] = { "maker_notional", NUMERICOID },
	[ORDER_TAKER_NOTIONAL] = { "taker_notional", NUMERICOID },
	[ORDER_FILLED_VALUE] = { "filled_value", NUMERICOID },
	[ORDER_COMMISSION] = { "commission", NUMERICOID },
	[ORDER_STOP_PRICE] = { "stop_price", NUMERICOID },
	[ORDER_LINK_ID] = { "link_id", INT8OID },
	[ORDER_PARENT_ID] = { "parent_id", INT8OID },
};

static const TpTableColumn balance_columns[] = {
	{ "account", INT8OID },
	{ "asset", INT4OID },
	{ "total", NUMERICOID },
	{ "reserved", NUMERICOID },
};

static const TpTableColumn position_columns[] = {
	{ "account", INT8OID },      { "instrument", INT4OID },   { "quantity", NUMERICOID },
	{ "open_bids", NUMERICOID }, { "open_asks", NUMERICOID },
};

static const TpTableColumn instrument_columns[] = {
	{ "instrument", INT4OID },    { "status", INT2OID },         { "mark", NUMERICOID },
	{ "last_price", NUMERICOID }, { "last_trade_seq", INT8OID }, { "updated_seq", INT8OID },
};

enum
{
	PROGRESS_SINGLETON,
	PROGRESS_INSTANCE,
	PROGRESS_LAST_SEQ,
	PROGRESS_LAST_TIME,
	PROGRESS_WATERMARK,
	PROGRESS_TAIL_SEQ,
	PROGRESS_TRYING_ID,
	PROGRESS_TRYING_COUNT,
	PROGRESS_CHECKSUM
};

static const TpTableColumn progress_columns[] = {
	[PROGRESS_SINGLETON] = { "singleton", BOOLOID },  [PROGRESS_INSTANCE] = { "instance", TEXTOID },
	[PROGRESS_LAST_SEQ] = { "last_seq", INT8OID },    [PROGRESS_LAST_TIME] = { "last_time", TIMESTAMPTZOID },
	[PROGRESS_WATERMARK] = { "watermark", INT8OID },  [PROGRESS_TAIL_SEQ] = { "tail_seq", INT8OID },
	[PROGRESS_TRYING_ID] = { "trying_id", INT8OID },  [PROGRESS_TRYING_COUNT] = { "trying_count", INT4OID },
	[PROGRESS_CHECKSUM] = { "checksum", NUMERICOID }, { "starts", INT8OID },
};

static TpTable *events;
static TpTable *orders;
static TpTable *balances;
static TpTable *positions;
static TpTable *instruments;
static TpTable *engine_state;

/* engine_state has one row. */
static const TpRowKey the_engine = { .first = true };

/* What instrument_state holds, so that a book's change alone writes nothing. */
typedef struct StoredInstrument
{
	int32 id; /* key */
	uint8 status;
	int64 mark;
	int64 last_trade_seq;
} StoredInstrument;

static HTAB *stored_instruments = NULL;

static TpTable *
create_table(const char *name, const TpTableColumn *columns, int width, int keys)
{
	TpTable *table = tradepost_table_create(name, columns, width, keys);

	tradepost_table_check(table);
	return table;
}

void
tradepost_store_init(void)
{
	HASHCTL control = { 0 };

	events = create_table("events", event_columns, lengthof(event_columns), 1);
	orders = create_table("orders", order_columns, lengthof(order_columns), 1);
	balances = create_table("balances", balance_columns, lengthof(balance_columns), 2);
	positions = create_table("positions", position_columns, lengthof(position_columns), 2);
	instruments = create_table("instrument_state", instrument_columns, lengthof(instrument_columns), 1);
	engine_state = create_table("engine_state", progress_columns, lengthof(progress_columns), 1);

	control.keysize = sizeof(int32);
	control.entrysize = sizeof(StoredInstrument);
	control.hcxt = TopMemoryContext;
	stored_instruments = hash_create("tradepost stored instruments", 64, &control,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
set_if(TpTable *table, int column, bool given, Datum value)
{
	if (given)
		tradepost_table_set(table, column, value);
}

static void
set_units(TpTable *table, int column, int64 units)
{
	tradepost_table_set(table, column, tradepost_units_numeric(units));
}

static void
set_wide_units(TpTable *table, int column, tp_int128 units)
{
	tradepost_table_set(table, column, tradepost_wide_units_numeric(units));
}

static void
add_event(const TpEvent *e)
{
	tradepost_table_add(events);
	tradepost_table_set(events, 0, Int64GetDatum(e->seq));
	tradepost_table_set(events, 1, Int64GetDatum(e->command_id));
	tradepost_table_set(events, 2, TimestampTzGetDatum(e->time));
	set_if(events, 3, e->order_id != 0, Int64GetDatum(e->order_id));
	set_if(events, 4, e->maker_order_id != 0, Int64GetDatum(e->maker_order_id));
	set_if(events, 5, e->account != 0, Int64GetDatum(e->account));
	set_if(events, 6, e->counter_account != 0, Int64GetDatum(e->counter_account));
	set_if(events, 7, e->instrument != 0, Int32GetDatum(e->instrument));
	set_if(events, 8, e->asset != 0, Int32GetDatum(e->asset));
	tradepost_table_set(events, 9, Int16GetDatum(e->kind));
	set_if(events, 10, (e->fields & TP_EVF_SIDE) != 0, Int16GetDatum(e->side));
	tradepost_table_set(events, 11, Int16GetDatum(e->reason));
	tradepost_table_set(events, 12, BoolGetDatum(e->decision != 0));
	if (e->fields & TP_EVF_QUANTITY)
		set_units(events, 13, e->quantity);
	if (e->fields & TP_EVF_PRICE)
		set_units(events, 14, e->price);
	if (e->kind == TP_EV_TRADE || e->kind == TP_EV_CLOSED_OUT)
	{
		set_units(events, 15, e->commission);
		set_units(events, 16, e->counter_commission);
	}
	tradepost_table_put(events, false);
}

static void
store_events(TpEngine *engine)
{
	const TpEvent *batch;
	size_t n = tradepost_engine_events(engine, &batch);

	for (size_t i = 0; i < n; i++)
		add_event(&batch[i]);
	tradepost_table_close(events);
}

/* What an order keeps for life. */
static void
set_order_terms(const TpOrderState *o)
{
	tradepost_table_set(orders, ORDER_ID, Int64GetDatum(o->id));
	tradepost_table_set(orders, ORDER_ACCOUNT, Int64GetDatum(o->account));
	tradepost_table_set(orders, ORDER_CREATED_AT, TimestampTzGetDatum(o->created_at));
	set_if(orders, ORDER_EXPIRES_AT, o->expires_at != TRADEPOST_TIME_NEVER, TimestampTzGetDatum(o->expires_at));
	tradepost_table_set(orders, ORDER_INSTRUMENT, Int32GetDatum(o->instrument));
	tradepost_table_set(orders, ORDER_MAKER_RATE, Int32GetDatum(o->maker_rate));
	tradepost_table_set(orders, ORDER_TAKER_RATE, Int32GetDatum(o->taker_rate));
	tradepost_table_set(orders, ORDER_SIDE, Int16GetDatum(o->side));
	tradepost_table_set(orders, ORDER_TYPE, Int16GetDatum(o->type));
	tradepost_table_set(orders, ORDER_TIME_IN_FORCE, Int16GetDatum(o->time_in_force));
	tradepost_table_set(orders, ORDER_STP, Int16GetDatum(o->stp));
	tradepost_table_set(orders, ORDER_FLAGS, Int16GetDatum(o->flags));
	set_if(orders, ORDER_PARENT_ID, o->parent_id != 0, Int64GetDatum(o->parent_id));
}

static void
set_order_state(const TpOrderState *o)
{
	tradepost_table_set(orders, ORDER_RANK, Int64GetDatum(o->rank));
	tradepost_table_set(orders, ORDER_UPDATED_AT, TimestampTzGetDatum(o->updated_at));
	tradepost_table_set(orders, ORDER_STATUS, Int16GetDatum(o->status));
	tradepost_table_set(orders, ORDER_REASON, Int16GetDatum(o->reason));
	set_units(orders, ORDER_QUANTITY, o->quantity);
	set_units(orders, ORDER_PRICE, o->price);
	set_units(orders, ORDER_FILLED, o->filled);
	set_wide_units(orders, ORDER_MAKER_NOTIONAL, o->maker_notional);
	set_wide_units(orders, ORDER_TAKER_NOTIONAL, o->taker_notional);
	set_wide_units(orders, ORDER_FILLED_VALUE, o->filled_value);
	set_units(orders, ORDER_COMMISSION, o->commission);
	if (o->type >= TP_STOP)
		set_units(orders, ORDER_STOP_PRICE, o->stop_price);
	set_if(orders, ORDER_LINK_ID, o->link_id != 0, Int64GetDatum(o->link_id));
}

/* A closed order never does: its place is forgotten. */
static bool
may_change(const TpOrderState *o)
{
	return o->status == TP_ORDER_OPEN || o->status == TP_ORDER_PARTIALLY_FILLED || o->status == TP_ORDER_UNTRIGGERED;
}

static void
store_orders(TpEngine *engine)
{
	const TpDirtyOrder *dirty;
	size_t n = tradepost_engine_dirty_orders(engine, &dirty);

	for (size_t i = 0; i < n; i++)
	{
		const TpOrderState *o = &dirty[i].state;

		if (dirty[i].stored)
			tradepost_table_must_change(orders, (TpRowKey){ .first = o->id });
		else
		{
			tradepost_table_add(orders);
			set_order_terms(o);
		}
		set_order_state(o);
		tradepost_table_put(orders, may_change(o));
	}
	tradepost_table_close(orders);
}

static void
store_balances(TpEngine *engine)
{
	const TpDirtyBalance *dirty;
	size_t n = tradepost_engine_dirty_balances(engine, &dirty);

	for (size_t i = 0; i < n; i++)
	{
		const TpBalanceState *b = &dirty[i].state;

		if (dirty[i].stored)
			tradepost_table_must_change(balances, (TpRowKey){ .first = b->account, .second = b->asset });
		else
			tradepost_table_add(balances);
		tradepost_table_set(balances, 0, Int64GetDatum(b->account));
		tradepost_table_set(balances, 1, Int32GetDatum(b->asset));
		set_wide_units(balances, 2, b->total);
		set_wide_units(balances, 3, b->reserved);
		tradepost_table_put(balances, true);
	}
	tradepost_table_close(balances);
}

static void
store_positions(TpEngine *engine)
{
	const TpDirtyPosition *dirty;
	size_t n = tradepost_engine_dirty_positions(engine, &dirty);

	for (size_t i = 0; i < n; i++)
	{
		const TpPositionState *p = &dirty[i].state;

		if (dirty[i].stored)
			tradepost_table_must_change(positions, (TpRowKey){ .first = p->account, .second = p->instrument });
		else
			tradepost_table_add(positions);
		tradepost_table_set(positions, 0, Int64GetDatum(p->account));
		tradepost_table_set(positions, 1, Int32GetDatum(p->instrument));
		set_units(positions, 2, p->quantity);
		set_units(positions, 3, p->open_bids);
		set_units(positions, 4, p->open_asks);
		tradepost_table_put(positions, true);
	}
	tradepost_table_close(positions);
}

static bool
is_stored(const TpInstrument *now)
{
	bool found;
	StoredInstrument *stored = hash_search(stored_instruments, &now->id, HASH_ENTER, &found);

	if (found && stored->status == now->status && stored->mark == now->mark &&
		stored->last_trade_seq == now->last_trade_seq)
		return true;
	stored->status = now->status;
	stored->mark = now->mark;
	stored->last_trade_seq = now->last_trade_seq;
	return false;
}

static void
store_instruments(TpEngine *engine)
{
	const int32 *ids;
	size_t n = tradepost_engine_dirty_instruments(engine, &ids);

	for (size_t i = 0; i < n; i++)
	{
		const TpInstrument *now = tradepost_engine_instrument(engine, ids[i]);

		if (is_stored(now))
			continue;
		if (!tradepost_table_change(instruments, (TpRowKey){ .first = now->id }))
			tradepost_table_add(instruments);
		tradepost_table_set(instruments, 0, Int32GetDatum(now->id));
		tradepost_table_set(instruments, 1, Int16GetDatum(now->status));
		set_units(instruments, 2, now->mark);
		if (now->last_trade_seq != 0)
		{
			set_units(instruments, 3, now->last_price);
			tradepost_table_set(instruments, 4, Int64GetDatum(now->last_trade_seq));
		}
		tradepost_table_set(instruments, 5, Int64GetDatum(tradepost_engine_last_seq(engine)));
		tradepost_table_put(instruments, true);
	}
	tradepost_table_close(instruments);
}

static void
set_trying(int64 command_id, int count)
{
	if (command_id != 0)
	{
		tradepost_table_set(engine_state, PROGRESS_TRYING_ID, Int64GetDatum(command_id));
		tradepost_table_set(engine_state, PROGRESS_TRYING_COUNT, Int32GetDatum(count));
	}
	else
	{
		tradepost_table_set_null(engine_state, PROGRESS_TRYING_ID);
		tradepost_table_set_null(engine_state, PROGRESS_TRYING_COUNT);
	}
}

static void
store_progress(TpEngine *engine, const TpProgress *progress)
{
	tradepost_table_must_change(engine_state, the_engine);
	tradepost_table_set(engine_state, PROGRESS_LAST_SEQ, Int64GetDatum(tradepost_engine_last_seq(engine)));
	tradepost_table_set(engine_state, PROGRESS_LAST_TIME, TimestampTzGetDatum(progress->last_time));
	tradepost_table_set(engine_state, PROGRESS_WATERMARK, Int64GetDatum(progress->watermark));
	tradepost_table_set(engine_state, PROGRESS_TAIL_SEQ, Int64GetDatum(progress->tail_seq));
	tradepost_table_set(engine_state, PROGRESS_CHECKSUM, tradepost_uint64_numeric(tradepost_engine_checksum(engine)));
	set_trying(progress->trying_id, progress->trying_count);
	tradepost_table_put(engine_state, true);
	tradepost_table_close(engine_state);
}

/*
 * end_batch makes the engine count everything as stored and brings the checksum
 * up to date.  It comes before the commit: if that fails, the matcher exits.
 */
void
tradepost_store_batch(TpEngine *engine, const TpProgress *progress)
{
	store_events(engine);
	store_orders(engine);
	store_balances(engine);
	store_positions(engine);
	store_instruments(engine);
	tradepost_engine_end_batch(engine);
	store_progress(engine, progress);
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
	tradepost_table_must_change(engine_state, the_engine);
	set_trying(command_id, count);
	tradepost_table_put(engine_state, true);
	tradepost_table_close(engine_state);
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
