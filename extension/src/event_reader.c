/*
 * event_reader.c
 *	  The stream of events, with what their orders now are, past the executor.
 *
 * Called by edge_events.c.  Every worker of every proxy reads every event, so rows
 * are looked up by primary key under the caller's snapshot, and numbers become text
 * here.  Reads tables only.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "command.h"
#include "compat.h"
#include "event_reader.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "labels.h"
#include "units.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

extern Datum tradepost_durable(PG_FUNCTION_ARGS);

#define UNIX_OFFSET_US ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * USECS_PER_SEC)

/* Column numbers of the tables, as in sql/02_tables. */
enum
{
	E_SEQ = 1,
	E_COMMAND_ID,
	E_TIME,
	E_ORDER_ID,
	E_MAKER_ORDER_ID,
	E_ACCOUNT,
	E_COUNTER_ACCOUNT,
	E_INSTRUMENT,
	E_ASSET,
	E_KIND,
	E_SIDE,
	E_REASON,
	E_DECISION,
	E_QUANTITY,
	E_PRICE,
	E_COMMISSION,
	E_COUNTER_COMMISSION
};

enum
{
	O_CREATED_AT = 4,
	O_EXPIRES_AT = 6,
	O_INSTRUMENT = 7,
	O_SIDE = 10,
	O_TYPE,
	O_TIME_IN_FORCE,
	O_STP,
	O_FLAGS,
	O_STATUS,
	O_REASON,
	O_QUANTITY,
	O_PRICE,
	O_FILLED,
	O_FILLED_VALUE = 22,
	O_COMMISSION,
	O_STOP_PRICE,
	O_LINK_ID,
	O_PARENT_ID
};

#define C_CLIENT_ORDER_ID 21
#define I_MULTIPLIER 10
#define A_CODE 3

/* An order's columns in the answer, which shows two. */
enum
{
	B_SIDE,
	B_TYPE,
	B_TIF,
	B_STATUS,
	B_QUANTITY,
	B_PRICE,
	B_FILLED,
	B_AVERAGE,
	B_COMMISSION,
	B_CLIENT_ORDER_ID,
	B_EXPIRES_US,
	B_CREATED_US,
	B_POST_ONLY,
	B_STP,
	B_REASON,
	B_COUNT
};

/* And those that came later, which are at the end. */
enum
{
	L_STOP_PRICE,
	L_LINK,
	L_PARENT,
	L_COUNT
};

/* What a row of the answer has, in the order of the functions' columns. */
enum
{
	R_SEQ,
	R_TIME_US,
	R_KIND,
	R_COMMAND_ID,
	R_ORDER_ID,
	R_MAKER_ORDER_ID,
	R_ACCOUNT,
	R_COUNTER_ACCOUNT,
	R_INSTRUMENT,
	R_SIDE,
	R_REASON,
	R_DECISION,
	R_QUANTITY,
	R_PRICE,
	R_COMMISSION,
	R_COUNTER_COMMISSION,
	R_ASSET,
	R_ORDER,                     /* the order's columns, as below */
	R_MAKER = R_ORDER + B_COUNT, /* the maker order's */
	R_MORE = R_MAKER + B_COUNT,
	R_ORDER_LATER,
	R_MAKER_LATER = R_ORDER_LATER + L_COUNT,
	R_COUNT = R_MAKER_LATER + L_COUNT
};

/* A table, read by its primary key. */
typedef struct Source
{
	Relation table;
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	RegProcedure equal;
} Source;

/* One order as the answer shows it; id 0: none. */
typedef struct OrderBlock
{
	int64 id;
	Datum values[B_COUNT];
	bool nulls[B_COUNT];
	Datum later[L_COUNT];
	bool later_nulls[L_COUNT];
} OrderBlock;

struct TpEventReader
{
	ReturnSetInfo *result;
	Source events;
	Source orders;
	Source commands;
	Source instruments;
	Source assets;
	OrderBlock order;
	OrderBlock maker;
	int32 instrument; /* whose multiplier is known */
	Numeric multiplier;
};

static void
open_source(Source *source, const char *table, const char *key, RegProcedure equal)
{
	Oid namespace = get_namespace_oid("tradepost_internal", false);

	source->table = table_open(get_relname_relid(table, namespace), AccessShareLock);
	source->index = index_open(get_relname_relid(key, namespace), AccessShareLock);
	source->scan = index_beginscan(source->table, source->index, GetActiveSnapshot(), 1, 0);
	source->slot = table_slot_create(source->table, NULL);
	source->equal = equal;
}

static void
close_source(Source *source)
{
	index_endscan(source->scan);
	ExecDropSingleTupleTableSlot(source->slot);
	index_close(source->index, AccessShareLock);
	table_close(source->table, AccessShareLock);
}

/* The row with this key is in the slot; false: there is none. */
static bool
look_up(Source *source, Datum id)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, source->equal, id);
	index_rescan(source->scan, &key, 1, NULL, 0);
	return index_getnext_slot(source->scan, ForwardScanDirection, source->slot);
}

void
tradepost_events_begin(TpEventReader *reader, int64 after)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	index_rescan(reader->events.scan, &key, 1, NULL, 0);
}

static int64
event_number(TupleTableSlot *slot, int column)
{
	bool isnull;
	Datum value = slot_getattr(slot, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static int32
event_instrument(TupleTableSlot *slot)
{
	bool isnull;
	Datum value = slot_getattr(slot, E_INSTRUMENT, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/* As few decimals as it takes. */
static Datum
numeric_text_datum(Datum number)
{
	char *text = tradepost_numeric_text(DatumGetNumeric(number));

	if (strchr(text, '.') != NULL)
	{
		char *end = text + strlen(text);

		while (end[-1] == '0')
			end--;
		if (end[-1] == '.')
			end--;
		*end = '\0';
	}
	return CStringGetTextDatum(text);
}

static void
set_number(TupleTableSlot *slot, int column, Datum *value, bool *isnull)
{
	Datum number = slot_getattr(slot, column, isnull);

	if (!*isnull)
		*value = numeric_text_datum(number);
}

static void
set_time(TupleTableSlot *slot, int column, Datum *value, bool *isnull)
{
	TimestampTz time = DatumGetTimestampTz(slot_getattr(slot, column, isnull));

	if (*isnull || TIMESTAMP_NOT_FINITE(time))
		*isnull = true;
	else
		*value = Int64GetDatum(time + UNIX_OFFSET_US);
}

static void
set_reason(TupleTableSlot *slot, int column, Datum *value, bool *isnull)
{
	const char *reason = tradepost_reason_text(DatumGetInt16(slot_getattr(slot, column, isnull)));

	*isnull = reason == NULL;
	if (reason != NULL)
		*value = CStringGetTextDatum(reason);
}

/* Ids and accounts that are none are stored as NULL or 0. */
static void
set_id(TupleTableSlot *slot, int column, Datum *value, bool *isnull)
{
	int64 id = event_number(slot, column);

	*isnull = id == 0;
	*value = Int64GetDatum(id);
}

static Numeric
multiplier_of(TpEventReader *reader, int32 instrument)
{
	bool isnull;

	if (reader->instrument != instrument)
	{
		if (!look_up(&reader->instruments, Int32GetDatum(instrument)))
			return NULL;
		reader->multiplier = DatumGetNumericCopy(slot_getattr(reader->instruments.slot, I_MULTIPLIER, &isnull));
		reader->instrument = instrument;
	}
	return reader->multiplier;
}

/* filled_value / (filled * multiplier), to 8 decimals, as the views have it. */
static void
set_average(TpEventReader *reader, TupleTableSlot *slot, Datum *value, bool *isnull)
{
	Datum filled = slot_getattr(slot, O_FILLED, isnull);
	Numeric multiplier;
	Datum average;

	*isnull = true;
	if (numeric_is_nan(DatumGetNumeric(filled)) ||
		!DatumGetBool(DirectFunctionCall2(numeric_gt, filled, NumericGetDatum(int64_to_numeric(0)))))
		return;
	multiplier = multiplier_of(reader, DatumGetInt32(slot_getattr(slot, O_INSTRUMENT, isnull)));
	*isnull = true;
	if (multiplier == NULL)
		return;
	average = DirectFunctionCall2(numeric_mul, filled, NumericGetDatum(multiplier));
	average = DirectFunctionCall2(numeric_div, slot_getattr(slot, O_FILLED_VALUE, isnull), average);
	*value = numeric_text_datum(DirectFunctionCall2(numeric_round, average, Int32GetDatum(8)));
	*isnull = false;
}

/* Make the block show this order; it stays as it is if it shows it already. */
static void
read_block(TpEventReader *reader, int64 id, OrderBlock *block)
{
	TupleTableSlot *slot = reader->orders.slot;
	Datum *values = block->values;
	bool *nulls = block->nulls;
	bool isnull;
	Datum name;

	if (id != 0 && id == block->id)
		return;
	block->id = id;
	memset(nulls, true, B_COUNT * sizeof(bool));
	memset(block->later_nulls, true, sizeof(block->later_nulls));
	if (id == 0 || !look_up(&reader->orders, Int64GetDatum(id)))
		return;
	slot_getallattrs(slot);
	values[B_SIDE] = slot_getattr(slot, O_SIDE, &nulls[B_SIDE]);
	values[B_TYPE] = slot_getattr(slot, O_TYPE, &nulls[B_TYPE]);
	values[B_TIF] = slot_getattr(slot, O_TIME_IN_FORCE, &nulls[B_TIF]);
	values[B_STATUS] = slot_getattr(slot, O_STATUS, &nulls[B_STATUS]);
	values[B_STP] = slot_getattr(slot, O_STP, &nulls[B_STP]);
	values[B_POST_ONLY] = BoolGetDatum(
		(DatumGetInt16(slot_getattr(slot, O_FLAGS, &nulls[B_POST_ONLY])) & TP_CMD_POST_ONLY) != 0);
	set_number(slot, O_QUANTITY, &values[B_QUANTITY], &nulls[B_QUANTITY]);
	/* The price of what trades at market is the edge of the band. */
	if (DatumGetInt16(values[B_TYPE]) == TP_LIMIT || DatumGetInt16(values[B_TYPE]) == TP_STOP_LIMIT)
		set_number(slot, O_PRICE, &values[B_PRICE], &nulls[B_PRICE]);
	set_number(slot, O_FILLED, &values[B_FILLED], &nulls[B_FILLED]);
	set_average(reader, slot, &values[B_AVERAGE], &nulls[B_AVERAGE]);
	set_number(slot, O_COMMISSION, &values[B_COMMISSION], &nulls[B_COMMISSION]);
	set_time(slot, O_EXPIRES_AT, &values[B_EXPIRES_US], &nulls[B_EXPIRES_US]);
	set_time(slot, O_CREATED_AT, &values[B_CREATED_US], &nulls[B_CREATED_US]);
	set_reason(slot, O_REASON, &values[B_REASON], &nulls[B_REASON]);
	set_number(slot, O_STOP_PRICE, &block->later[L_STOP_PRICE], &block->later_nulls[L_STOP_PRICE]);
	set_id(slot, O_LINK_ID, &block->later[L_LINK], &block->later_nulls[L_LINK]);
	set_id(slot, O_PARENT_ID, &block->later[L_PARENT], &block->later_nulls[L_PARENT]);

	if (!look_up(&reader->commands, Int64GetDatum(id)))
		return;
	name = slot_getattr(reader->commands.slot, C_CLIENT_ORDER_ID, &isnull);
	if (!isnull)
	{
		values[B_CLIENT_ORDER_ID] = PointerGetDatum(DatumGetTextPCopy(name));
		nulls[B_CLIENT_ORDER_ID] = false;
	}
}

static void
set_asset(TpEventReader *reader, TupleTableSlot *slot, Datum *value, bool *isnull)
{
	int32 asset = DatumGetInt32(slot_getattr(slot, E_ASSET, isnull));
	bool code_isnull;

	*isnull = *isnull || asset == 0 || !look_up(&reader->assets, Int32GetDatum(asset));
	if (!*isnull)
		*value = slot_getattr(reader->assets.slot, A_CODE, &code_isnull);
}

void
tradepost_events_put(TpEventReader *reader, bool more)
{
	TupleTableSlot *slot = reader->events.slot;
	Datum values[R_COUNT];
	bool nulls[R_COUNT];

	slot_getallattrs(slot);
	values[R_SEQ] = slot_getattr(slot, E_SEQ, &nulls[R_SEQ]);
	set_time(slot, E_TIME, &values[R_TIME_US], &nulls[R_TIME_US]);
	values[R_KIND] = slot_getattr(slot, E_KIND, &nulls[R_KIND]);
	set_id(slot, E_COMMAND_ID, &values[R_COMMAND_ID], &nulls[R_COMMAND_ID]);
	set_id(slot, E_ORDER_ID, &values[R_ORDER_ID], &nulls[R_ORDER_ID]);
	set_id(slot, E_MAKER_ORDER_ID, &values[R_MAKER_ORDER_ID], &nulls[R_MAKER_ORDER_ID]);
	set_id(slot, E_ACCOUNT, &values[R_ACCOUNT], &nulls[R_ACCOUNT]);
	set_id(slot, E_COUNTER_ACCOUNT, &values[R_COUNTER_ACCOUNT], &nulls[R_COUNTER_ACCOUNT]);
	values[R_INSTRUMENT] = Int32GetDatum(event_instrument(slot));
	nulls[R_INSTRUMENT] = DatumGetInt32(values[R_INSTRUMENT]) == 0;
	values[R_SIDE] = slot_getattr(slot, E_SIDE, &nulls[R_SIDE]);
	set_reason(slot, E_REASON, &values[R_REASON], &nulls[R_REASON]);
	values[R_DECISION] = slot_getattr(slot, E_DECISION, &nulls[R_DECISION]);
	set_number(slot, E_QUANTITY, &values[R_QUANTITY], &nulls[R_QUANTITY]);
	set_number(slot, E_PRICE, &values[R_PRICE], &nulls[R_PRICE]);
	set_number(slot, E_COMMISSION, &values[R_COMMISSION], &nulls[R_COMMISSION]);
	set_number(slot, E_COUNTER_COMMISSION, &values[R_COUNTER_COMMISSION], &nulls[R_COUNTER_COMMISSION]);
	set_asset(reader, slot, &values[R_ASSET], &nulls[R_ASSET]);
	values[R_MORE] = BoolGetDatum(more);
	nulls[R_MORE] = false;

	read_block(reader, event_number(slot, E_ORDER_ID), &reader->order);
	read_block(reader, event_number(slot, E_MAKER_ORDER_ID), &reader->maker);
	memcpy(&values[R_ORDER], reader->order.values, sizeof(reader->order.values));
	memcpy(&nulls[R_ORDER], reader->order.nulls, sizeof(reader->order.nulls));
	memcpy(&values[R_MAKER], reader->maker.values, sizeof(reader->maker.values));
	memcpy(&nulls[R_MAKER], reader->maker.nulls, sizeof(reader->maker.nulls));
	memcpy(&values[R_ORDER_LATER], reader->order.later, sizeof(reader->order.later));
	memcpy(&nulls[R_ORDER_LATER], reader->order.later_nulls, sizeof(reader->order.later_nulls));
	memcpy(&values[R_MAKER_LATER], reader->maker.later, sizeof(reader->maker.later));
	memcpy(&nulls[R_MAKER_LATER], reader->maker.later_nulls, sizeof(reader->maker.later_nulls));
	tuplestore_putvalues(reader->result->setResult, reader->result->setDesc, values, nulls);
}

void
tradepost_events_put_end(TpEventReader *reader, int64 seq, bool more)
{
	Datum values[R_COUNT] = { 0 };
	bool nulls[R_COUNT];

	memset(nulls, true, sizeof(nulls));
	values[R_SEQ] = Int64GetDatum(seq);
	values[R_KIND] = Int16GetDatum(0);
	values[R_MORE] = BoolGetDatum(more);
	nulls[R_SEQ] = nulls[R_KIND] = nulls[R_MORE] = false;
	tuplestore_putvalues(reader->result->setResult, reader->result->setDesc, values, nulls);
}

bool
tradepost_events_next(TpEventReader *reader, TpEventFacts *facts)
{
	TupleTableSlot *slot = reader->events.slot;
	bool isnull;

	if (!index_getnext_slot(reader->events.scan, ForwardScanDirection, slot))
		return false;
	facts->seq = event_number(slot, E_SEQ);
	facts->account = event_number(slot, E_ACCOUNT);
	facts->counter_account = event_number(slot, E_COUNTER_ACCOUNT);
	facts->instrument = event_instrument(slot);
	facts->kind = DatumGetInt16(slot_getattr(slot, E_KIND, &isnull));
	return true;
}

int64
tradepost_events_newest(TpEventReader *reader, int64 after)
{
	tradepost_events_begin(reader, after);
	if (!index_getnext_slot(reader->events.scan, BackwardScanDirection, reader->events.slot))
		return after;
	return event_number(reader->events.slot, E_SEQ);
}

TpEventReader *
tradepost_events_open(FunctionCallInfo fcinfo)
{
	TpEventReader *reader = palloc0(sizeof(TpEventReader));

	InitMaterializedSRF(fcinfo, 0);
	reader->result = (ReturnSetInfo *) fcinfo->resultinfo;
	if (reader->result->setDesc->natts != R_COUNT)
		elog(ERROR, "the events' rows have %d columns, not %d", reader->result->setDesc->natts, R_COUNT);
	/* The snapshot was taken before: what it shows is durable from here on. */
	(void) DirectFunctionCall1(tradepost_durable, (Datum) 0);
	open_source(&reader->events, "events", "events_pkey", F_INT8EQ);
	open_source(&reader->orders, "orders", "orders_pkey", F_INT8EQ);
	open_source(&reader->commands, "commands", "commands_pkey", F_INT8EQ);
	open_source(&reader->instruments, "instruments", "instruments_pkey", F_INT4EQ);
	open_source(&reader->assets, "assets", "assets_pkey", F_INT4EQ);
	return reader;
}

void
tradepost_events_close(TpEventReader *reader)
{
	close_source(&reader->assets);
	close_source(&reader->instruments);
	close_source(&reader->commands);
	close_source(&reader->orders);
	close_source(&reader->events);
}
