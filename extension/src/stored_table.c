/*
 * stored_table.c
 *	  One of the engine's tables as the matcher writes it: rows added and changed through
 *	  the table access method.
 *
 * The executor is left out: its start and end cost more than a small batch's rows, and
 * it has nothing to add.  The engine's tables have no triggers, defaults, checks or
 * foreign keys; the engine's role owns what it decides.
 *
 * Locking: RowExclusiveLock on the table from its first row to the end of the
 * transaction.  Under it the table's file stays the one that it is, so a TID that was
 * remembered for this file names the row or a former version of it, or, when that was
 * removed, nothing or any other row: what is found there is compared with the key.
 *
 * What outlives a batch are the TIDs, and a copy of the table's description with slots
 * made for it; they are of no use once the table was altered, and then made anew.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/executor.h"
#include "stored_table.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Rows that one multi-insert writes. */
#define ROWS_AT_ONCE 256

#define MAX_COLUMNS 32
#define MAX_KEYS 2

/* A page with no more room than a row and this is pruned before the row is changed. */
#define ROW_GROWTH 64

struct TpTable
{
	const char *name;
	const TpTableColumn *columns;
	int width;
	int keys;
	TpTids *tids;
	TpFile file; /* that the TIDs are of */

	/* Made anew when the table was altered. */
	MemoryContext context;
	TupleDesc description;               /* NULL: not yet */
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

TpTable *
tradepost_table_create(const char *name, const TpTableColumn *columns, int width, int keys)
{
	TpTable *table = MemoryContextAllocZero(TopMemoryContext, sizeof(TpTable));

	Assert(width <= MAX_COLUMNS && keys <= MAX_KEYS);
	table->name = name;
	table->columns = columns;
	table->width = width;
	table->keys = keys;
	table->tids = tradepost_tids_create();
	table->context = AllocSetContextCreate(TopMemoryContext, "tradepost table", ALLOCSET_DEFAULT_SIZES);
	return table;
}

/* Description ---------------------------------------------------------------- */

static void
raise_altered(const TpTable *table, const char *column)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("the engine cannot write table %s: column %s was altered", table->name, column),
					errdetail("It needs its columns as the extension made them; other columns may be NULL and have "
							  "no default."),
					errhint("Undo that change: the engine tries again by itself.")));
}

static AttrNumber
find_attribute(const TpTable *table, const TpTableColumn *column)
{
	for (int i = 0; i < table->description->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(table->description, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), column->name) == 0)
		{
			if (attribute->atttypid != column->type)
				break;
			return attribute->attnum;
		}
	}
	raise_altered(table, column->name);
	return InvalidAttrNumber;
}

static bool
is_ours(const TpTable *table, AttrNumber attribute)
{
	for (int c = 0; c < table->width; c++)
	{
		if (table->attributes[c] == attribute)
			return true;
	}
	return false;
}

/* Columns that somebody added must do with NULL. */
static void
check_others(const TpTable *table)
{
	for (int i = 0; i < table->description->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(table->description, i);

		if (attribute->attisdropped || is_ours(table, attribute->attnum))
			continue;
		if (attribute->attnotnull || attribute->atthasdef || attribute->attidentity || attribute->attgenerated)
			raise_altered(table, NameStr(attribute->attname));
	}
}

static TupleTableSlot *
make_slot(const TpTable *table)
{
	MemoryContext old = MemoryContextSwitchTo(table->context);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(table->description, table_slot_callbacks(table->relation));

	MemoryContextSwitchTo(old);
	return slot;
}

static void
describe(TpTable *table)
{
	MemoryContext old;

	table->description = NULL;
	MemoryContextReset(table->context);
	memset(table->added, 0, sizeof(table->added));
	old = MemoryContextSwitchTo(table->context);
	/* A copy: a slot on the table's own description would hold a reference to it. */
	table->description = CreateTupleDescCopyConstr(RelationGetDescr(table->relation));
	MemoryContextSwitchTo(old);
	for (int c = 0; c < table->width; c++)
		table->attributes[c] = find_attribute(table, &table->columns[c]);
	check_others(table);
	table->old = make_slot(table);
	table->changed = make_slot(table);
}

/* Opening -------------------------------------------------------------------- */

/* The table has got another file: no TID is good any more. */
static void
take_file(TpTable *table)
{
	if (tradepost_tids_count(table->tids) > 0)
	{
		if (RelationGetNumberOfBlocks(table->relation) == 0)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("table %s was truncated, and the engine was using its rows", table->name),
							errdetail("It starts again from what the tables hold now."),
							errhint("tradepost.check_invariants() says what does not fit.")));
		tradepost_tids_clear(table->tids);
	}
	table->file = TpRelationFile(table->relation);
}

static void
open_table(TpTable *table)
{
	bool other_file;

	if (table->relation != NULL)
		return;
	table->relation = table_open(get_relname_relid(table->name, get_namespace_oid("tradepost_internal", false)),
								 RowExclusiveLock);
	other_file = !TpFileEquals(table->file, TpRelationFile(table->relation));
	if (other_file)
		take_file(table);
	if (other_file || table->description == NULL ||
		!equalTupleDescs(table->description, RelationGetDescr(table->relation)))
		describe(table);
}

static void
open_indexes(TpTable *table)
{
	if (table->estate != NULL)
		return;
	table->estate = CreateExecutorState();
	table->target = makeNode(ResultRelInfo);
	InitResultRelInfo(table->target, table->relation, 0, NULL, 0);
	ExecOpenIndices(table->target, false);
}

/* Keys ----------------------------------------------------------------------- */

static int64
key_value(Oid type, Datum value)
{
	switch (type)
	{
		case INT8OID:
			return DatumGetInt64(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			Assert(type == BOOLOID);
			return DatumGetBool(value);
	}
}

static TpRowKey
key_of(const TpTable *table, TupleTableSlot *slot)
{
	bool isnull;
	TpRowKey key = { .first = key_value(table->columns[0].type, slot_getattr(slot, table->attributes[0], &isnull)) };

	if (table->keys > 1)
		key.second = (int32) key_value(table->columns[1].type, slot_getattr(slot, table->attributes[1], &isnull));
	return key;
}

static bool
has_key(const TpTable *table, TupleTableSlot *slot, TpRowKey key)
{
	TpRowKey found = key_of(table, slot);

	return found.first == key.first && found.second == key.second;
}

static void
make_scan_key(const TpTable *table, int nth, int64 value, ScanKey scan_key)
{
	switch (table->columns[nth].type)
	{
		case INT8OID:
			ScanKeyInit(scan_key, nth + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
			break;
		case INT4OID:
			ScanKeyInit(scan_key, nth + 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum((int32) value));
			break;
		default:
			ScanKeyInit(scan_key, nth + 1, BTEqualStrategyNumber, F_BOOLEQ, BoolGetDatum(value != 0));
			break;
	}
}

static Relation
open_primary_key(const TpTable *table)
{
	Oid oid = RelationGetPrimaryKeyIndex(table->relation);
	Relation index = OidIsValid(oid) ? index_open(oid, RowExclusiveLock) : NULL;
	bool fits = index != NULL && index->rd_index->indnkeyatts == table->keys;

	for (int i = 0; fits && i < table->keys; i++)
		fits = index->rd_index->indkey.values[i] == table->attributes[i];
	if (!fits)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the engine cannot write table %s: its primary key was altered", table->name),
						errhint("Make it again as the extension had it: the engine tries again by itself.")));
	return index;
}

/*
 * Find a row that no TID is known of.  The snapshot is taken under the table's lock: one
 * from before could miss what a rewrite of the table stored.
 */
static bool
look_up(const TpTable *table, TpRowKey key, ItemPointer tid)
{
	Relation index = open_primary_key(table);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	IndexScanDesc scan = index_beginscan(table->relation, index, snapshot, table->keys, 0);
	ScanKeyData keys[MAX_KEYS];
	bool found;

	make_scan_key(table, 0, key.first, &keys[0]);
	if (table->keys > 1)
		make_scan_key(table, 1, key.second, &keys[1]);
	index_rescan(scan, keys, table->keys, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, table->old);
	if (found)
		*tid = table->old->tts_tid;
	ExecClearTuple(table->old);
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
	index_close(index, NoLock);
	return found;
}

/* Rows ----------------------------------------------------------------------- */

/* Read without the page's lock, as pruning itself does: it is a hint. */
static bool
page_is_tight(TupleTableSlot *slot)
{
	BufferHeapTupleTableSlot *stored = (BufferHeapTupleTableSlot *) slot;

	return TTS_IS_BUFFERTUPLE(slot) &&
		   PageGetHeapFreeSpace(BufferGetPage(stored->buffer)) < MAXALIGN(stored->base.tuple->t_len) + ROW_GROWTH;
}

/*
 * The version at a TID, whatever it is: table_tuple_update() says whether it is the last
 * one.  Former versions are removed when they are in the way, so that the new one stays on
 * the page and no index hears of it.
 */
static bool
fetch(TpTable *table, ItemPointer tid)
{
	if (!table_tuple_fetch_row_version(table->relation, tid, SnapshotAny, table->old))
		return false;
	if (!page_is_tight(table->old))
		return true;
	heap_page_prune_opt(table->relation, ((BufferHeapTupleTableSlot *) table->old)->buffer);
	/* Pruning moves what stays within the page. */
	return table_tuple_fetch_row_version(table->relation, tid, SnapshotAny, table->old);
}

static bool
find_row(TpTable *table, TpRowKey key)
{
	ItemPointerData tid;

	if (tradepost_tids_get(table->tids, key, &tid))
	{
		if (fetch(table, &tid) && has_key(table, table->old, key))
			return true;
		ExecClearTuple(table->old);
		tradepost_tids_clear(table->tids);
	}
	return look_up(table, key, &tid) && fetch(table, &tid);
}

bool
tradepost_table_change(TpTable *table, TpRowKey key)
{
	int natts;

	open_table(table);
	if (!find_row(table, key))
		return false;
	slot_getallattrs(table->old);
	natts = table->description->natts;
	ExecClearTuple(table->changed);
	memcpy(table->changed->tts_values, table->old->tts_values, natts * sizeof(Datum));
	memcpy(table->changed->tts_isnull, table->old->tts_isnull, natts * sizeof(bool));
	table->row = table->changed;
	return true;
}

void
tradepost_table_must_change(TpTable *table, TpRowKey key)
{
	if (!tradepost_table_change(table, key))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("table %s has lost row %lld, %d", table->name, (long long) key.first, key.second),
						errdetail("The engine starts again from what the tables hold now."),
						errhint("tradepost.check_invariants() says what does not fit.")));
}

void
tradepost_table_add(TpTable *table)
{
	TupleTableSlot *slot;

	open_table(table);
	if (table->added[table->pending] == NULL)
		table->added[table->pending] = make_slot(table);
	slot = table->added[table->pending];
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, table->description->natts * sizeof(bool));
	table->row = slot;
}

void
tradepost_table_set(TpTable *table, int column, Datum value)
{
	int attribute = table->attributes[column] - 1;

	Assert(column < table->width);
	table->row->tts_values[attribute] = value;
	table->row->tts_isnull[attribute] = false;
}

void
tradepost_table_set_null(TpTable *table, int column)
{
	table->row->tts_isnull[table->attributes[column] - 1] = true;
}

/* Writing -------------------------------------------------------------------- */

static void
write_added(TpTable *table)
{
	table_multi_insert(table->relation, table->added, table->pending, GetCurrentCommandId(true), 0, NULL);
	open_indexes(table);
	for (int i = 0; i < table->pending; i++)
	{
		TupleTableSlot *slot = table->added[i];

		(void) TpExecInsertIndexTuples(table->target, slot, table->estate);
		ResetPerTupleExprContext(table->estate);
		if (table->kept[i])
			tradepost_tids_put(table->tids, key_of(table, slot), &slot->tts_tid);
		ExecClearTuple(slot);
	}
	table->pending = 0;
}

static void
write_changed(TpTable *table, bool keep)
{
	TM_FailureData failure;
	LockTupleMode lock_mode;
	TpUpdateIndexes indexes;
	TM_Result result = table_tuple_update(table->relation, &table->old->tts_tid, table->changed,
										  GetCurrentCommandId(true), GetActiveSnapshot(), InvalidSnapshot, true,
										  &failure, &lock_mode, &indexes);

	if (result != TM_Ok)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("a row of table %s was changed by somebody else", table->name),
						errdetail("The engine starts again from what the tables hold now."),
						errhint("tradepost.check_invariants() says what does not fit.")));
	if (TpUpdateNeedsIndexes(indexes))
	{
		open_indexes(table);
		(void) TpExecUpdateIndexTuples(table->target, table->changed, table->estate, indexes);
		ResetPerTupleExprContext(table->estate);
	}
	if (keep)
		tradepost_tids_put(table->tids, key_of(table, table->changed), &table->changed->tts_tid);
	else
		tradepost_tids_forget(table->tids, key_of(table, table->changed));
	ExecClearTuple(table->changed);
	ExecClearTuple(table->old);
}

void
tradepost_table_put(TpTable *table, bool keep)
{
	ExecStoreVirtualTuple(table->row);
	if (table->row == table->changed)
		write_changed(table, keep);
	else
	{
		table->kept[table->pending++] = keep;
		if (table->pending == ROWS_AT_ONCE)
			write_added(table);
	}
	table->row = NULL;
}

void
tradepost_table_close(TpTable *table)
{
	if (table->relation == NULL)
		return;
	if (table->pending > 0)
		write_added(table);
	if (table->estate != NULL)
	{
		ExecCloseIndices(table->target);
		FreeExecutorState(table->estate);
		table->estate = NULL;
	}
	table_close(table->relation, NoLock);
	table->relation = NULL;
}
