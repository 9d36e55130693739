/*
 * columns.c
 *	  Rows kept by column.
 *
 * Everything is allocated in the caller's context, which is the batch's.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "columns.h"
#include "compat.h"
#include "executor/executor.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* Rows that one multi-insert writes. */
#define ROWS_AT_ONCE 256

struct TpColumns
{
	const char *types;
	int width;
	int room;
	int rows;
	Datum **values;
	bool **nulls;
};

typedef struct ElementType
{
	char letter;
	Oid type;
	Oid array;
	int16 length;
	bool by_value;
	char align;
} ElementType;

static const ElementType element_types[] = {
	{ 'l', INT8OID, INT8ARRAYOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE },
	{ 'i', INT4OID, INT4ARRAYOID, 4, true, TYPALIGN_INT },
	{ 's', INT2OID, INT2ARRAYOID, 2, true, TYPALIGN_SHORT },
	{ 'b', BOOLOID, BOOLARRAYOID, 1, true, TYPALIGN_CHAR },
	{ 'n', NUMERICOID, NUMERICARRAYOID, -1, false, TYPALIGN_INT },
	{ 't', TIMESTAMPTZOID, TIMESTAMPTZARRAYOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE },
};

static const ElementType *
element_type(char letter)
{
	for (size_t i = 0; i < lengthof(element_types); i++)
	{
		if (element_types[i].letter == letter)
			return &element_types[i];
	}
	elog(ERROR, "unknown column letter %c", letter);
	return NULL;
}

TpColumns *
tradepost_columns_create(const char *types, int rows)
{
	TpColumns *columns = palloc(sizeof(TpColumns));

	columns->types = types;
	columns->width = strlen(types);
	columns->room = rows;
	columns->rows = 0;
	columns->values = palloc(columns->width * sizeof(Datum *));
	columns->nulls = palloc(columns->width * sizeof(bool *));
	for (int c = 0; c < columns->width; c++)
	{
		columns->values[c] = palloc_extended(Max(rows, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
		columns->nulls[c] = palloc_extended(Max(rows, 1) * sizeof(bool), MCXT_ALLOC_HUGE);
		memset(columns->nulls[c], true, rows * sizeof(bool));
	}
	return columns;
}

void
tradepost_columns_set(TpColumns *columns, int column, Datum value)
{
	Assert(column < columns->width && columns->rows < columns->room);
	columns->values[column][columns->rows] = value;
	columns->nulls[column][columns->rows] = false;
}

void
tradepost_columns_next(TpColumns *columns)
{
	columns->rows++;
}

int
tradepost_columns_rows(const TpColumns *columns)
{
	return columns->rows;
}

Datum *
tradepost_columns_arrays(const TpColumns *columns)
{
	Datum *arrays = palloc(columns->width * sizeof(Datum));

	for (int c = 0; c < columns->width; c++)
	{
		const ElementType *type = element_type(columns->types[c]);
		int dims[1] = { columns->rows };
		int bounds[1] = { 1 };

		arrays[c] = PointerGetDatum(construct_md_array(columns->values[c], columns->nulls[c], 1, dims, bounds,
													   type->type, type->length, type->by_value, type->align));
	}
	return arrays;
}

static void
insert_slots(Relation relation, ResultRelInfo *target, EState *estate, TupleTableSlot **slots, int n)
{
	table_multi_insert(relation, slots, n, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < n; i++)
	{
		(void) TpExecInsertIndexTuples(target, slots[i], estate);
		ResetPerTupleExprContext(estate);
	}
}

void
tradepost_columns_insert(const TpColumns *columns, const char *table)
{
	Oid namespace = get_namespace_oid("tradepost_internal", false);
	Relation relation = table_open(get_relname_relid(table, namespace), RowExclusiveLock);
	EState *estate = CreateExecutorState();
	ResultRelInfo *target = makeNode(ResultRelInfo);
	int room = Min(columns->rows, ROWS_AT_ONCE);
	TupleTableSlot **slots = palloc(room * sizeof(TupleTableSlot *));

	if (RelationGetDescr(relation)->natts != columns->width)
		elog(ERROR, "table %s has %d columns, not %d", table, RelationGetDescr(relation)->natts, columns->width);
	InitResultRelInfo(target, relation, 1, NULL, 0);
	ExecOpenIndices(target, false);
	for (int i = 0; i < room; i++)
		slots[i] = table_slot_create(relation, NULL);
	for (int done = 0; done < columns->rows; done += room)
	{
		int n = Min(room, columns->rows - done);

		for (int i = 0; i < n; i++)
		{
			ExecClearTuple(slots[i]);
			for (int c = 0; c < columns->width; c++)
			{
				slots[i]->tts_values[c] = columns->values[c][done + i];
				slots[i]->tts_isnull[c] = columns->nulls[c][done + i];
			}
			ExecStoreVirtualTuple(slots[i]);
		}
		insert_slots(relation, target, estate, slots, n);
	}
	for (int i = 0; i < room; i++)
		ExecDropSingleTupleTableSlot(slots[i]);
	ExecCloseIndices(target);
	FreeExecutorState(estate);
	table_close(relation, NoLock);
}

Oid *
tradepost_columns_array_types(const char *types)
{
	int width = strlen(types);
	Oid *oids = palloc(width * sizeof(Oid));

	for (int c = 0; c < width; c++)
		oids[c] = element_type(types[c])->array;
	return oids;
}
