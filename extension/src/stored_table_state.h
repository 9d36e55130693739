/*
 * stored_table_state.h
 *	  What the files behind stored_table.h share: one table's memory.  Nobody else
 *	  includes this.
 */
#ifndef TRADEPOST_STORED_TABLE_STATE_H
#define TRADEPOST_STORED_TABLE_STATE_H

#include "compat.h"
#include "executor/executor.h"
#include "stored_table.h"
#include "utils/rel.h"

/* Rows that one multi-insert writes. */
#define ROWS_AT_ONCE 256

#define MAX_COLUMNS 32
#define MAX_KEYS 2

struct TpTable
{
	const char *name;
	const TpTableColumn *columns;
	int width;
	int keys;
	Oid oid;
	TpTids *tids;
	TpFile file; /* that the TIDs are of */

	/* Made anew when the table was altered. */
	MemoryContext context;
	TupleDesc description;               /* NULL: not yet */
	TupleDesc plain;                     /* without the columns at its end that may be NULL */
	AttrNumber attributes[MAX_COLUMNS];  /* of our columns */
	TupleTableSlot *added[ROWS_AT_ONCE]; /* NULL where none was needed yet */
	TupleTableSlot *old;                 /* a stored row */
	TupleTableSlot *changed;             /* what becomes of it */

	/* The batch. */
	Relation relation; /* NULL: not opened */
	EState *estate;    /* NULL: no index entry was needed yet */
	ResultRelInfo *target;
	int pending;             /* rows in added[] that are done */
	bool kept[ROWS_AT_ONCE]; /* whether to remember them */
	TupleTableSlot *row;     /* being filled */
};

/* table_shape.c: whether the table is as the engine needs it; slots for its rows. */
extern void tradepost_table_describe(TpTable *table);
extern TupleTableSlot *tradepost_table_make_slot(const TpTable *table);
extern bool tradepost_table_is_primary_key(const TpTable *table, Relation index);
extern Relation tradepost_table_open_primary_key(const TpTable *table); /* to be closed without a lock */

#endif
