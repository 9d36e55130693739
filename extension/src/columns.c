/*
 * columns.c
 *	  Rows turned into one SQL array a column.
 *
 * Everything is allocated in the caller's context, which is the batch's.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "columns.h"
#include "utils/array.h"

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

Oid *
tradepost_columns_array_types(const char *types)
{
	int width = strlen(types);
	Oid *oids = palloc(width * sizeof(Oid));

	for (int c = 0; c < width; c++)
		oids[c] = element_type(types[c])->array;
	return oids;
}
