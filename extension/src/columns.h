/*
 * columns.h
 *	  Rows kept by column: as one SQL array a column, for statements that take
 *	  them FROM unnest(), or inserted as they are.
 */
#ifndef TRADEPOST_COLUMNS_H
#define TRADEPOST_COLUMNS_H

typedef struct TpColumns TpColumns;

/* `types`: one letter a column: l bigint, i integer, s smallint, b boolean, n numeric, t timestamptz. */
extern TpColumns *tradepost_columns_create(const char *types, int rows);
extern void
tradepost_columns_set(TpColumns *columns, int column, Datum value); /* in the current row; else it is NULL */
extern void tradepost_columns_next(TpColumns *columns);             /* the row is done */
extern int tradepost_columns_rows(const TpColumns *columns);
extern Datum *tradepost_columns_arrays(const TpColumns *columns);
/*
 * Insert the rows into tradepost_internal.TABLE, past the executor: columns are the
 * table's, all of them and in its order.  Indexes are kept; the tables of the
 * engine have no triggers, defaults or checks.
 */
extern void tradepost_columns_insert(const TpColumns *columns, const char *table);

extern Oid *tradepost_columns_array_types(const char *types);

#endif
