/*
 * stored_table.h
 *	  One of the engine's tables as the matcher writes it: rows added and changed through
 *	  the table access method.
 *
 * Used by store.c alone, inside a batch's transaction.  The first row of a batch opens
 * the table and takes its lock; tradepost_table_close() writes what is left and
 * closes it.  A row is begun by add or change, filled by set, done by put; what is
 * set by reference must live until the table is closed.
 *
 * Rows that are kept are found again by their remembered TID, else by the primary key.
 * What somebody else did to the table (VACUUM FULL, CLUSTER, ALTER TABLE, TRUNCATE, a
 * changed row) is noticed under the lock, before anything is written: then the TIDs are
 * forgotten, or an error says what happened and the matcher starts anew.
 */
#ifndef TRADEPOST_STORED_TABLE_H
#define TRADEPOST_STORED_TABLE_H

#include "tids.h"

typedef struct TpTable TpTable;

typedef struct TpTableColumn
{
	const char *name;
	Oid type;
} TpTableColumn;

/* Name in tradepost_internal; `columns` (constant) are the engine's, the first `keys` of them the primary key. */
extern TpTable *tradepost_table_create(const char *name, const TpTableColumn *columns, int width, int keys);

/*
 * An error if the engine cannot write the table as it is now.  At a matcher's start, so that
 * no command is tried in vain.
 */
extern void tradepost_table_check(TpTable *table);

/* A new row.  Columns that are not set are NULL. */
extern void tradepost_table_add(TpTable *table);

/* A stored row; false: there is none.  Columns that are not set stay as they are. */
extern bool tradepost_table_change(TpTable *table, TpRowKey key);

/* The same, an error if there is none. */
extern void tradepost_table_must_change(TpTable *table, TpRowKey key);

extern void tradepost_table_set(TpTable *table, int column, Datum value);
extern void tradepost_table_set_null(TpTable *table, int column);

/* The row is done; `keep`: it may be changed by a later batch. */
extern void tradepost_table_put(TpTable *table, bool keep);

extern void tradepost_table_close(TpTable *table);

#endif
