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
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "stored_table_state.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* A page with no more room than a row and this is pruned before the row is changed. */
#define ROW_GROWTH 64

TpTable *
tradepost_table_create(const char *name, const TpTableColumn *columns, int width, int keys)
{
	TpTable *table = MemoryContextAllocZero(TopMemoryContext, sizeof(TpTable));

	Assert(width <= MAX_COLUMNS && keys <= MAX_KEYS);
	table->name = name;
	table->columns = columns;
	table->width = width;
	table->keys = keys;
	table->oid = get_relname_relid(name, get_namespace_oid("tradepost_internal", false));
	table->tids = tradepost_tids_create();
	table->context = AllocSetContextCreate(TopMemoryContext, "tradepost table", ALLOCSET_DEFAULT_SIZES);
	return table;
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
							errmsg("table %s was emptied, and the engine was using its rows", table->name),
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
	table->relation = table_open(table->oid, RowExclusiveLock);
	other_file = !TpFileEquals(table->file, TpRelationFile(table->relation));
	if (other_file)
		take_file(table);
	if (other_file || table->description == NULL ||
		!equalTupleDescs(table->description, RelationGetDescr(table->relation)))
		tradepost_table_describe(table);
}

void
tradepost_table_check(TpTable *table)
{
	open_table(table);
	index_close(tradepost_table_open_primary_key(table), NoLock);
	tradepost_table_close(table);
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

/*
 * Find a row that no TID is known of.  The snapshot is taken under the table's lock: one
 * from before could miss what a rewrite of the table stored.
 */
static bool
look_up(const TpTable *table, TpRowKey key, ItemPointer tid)
{
	Relation index = tradepost_table_open_primary_key(table);
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
		table->added[table->pending] = tradepost_table_make_slot(table);
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

/* A row is formed by its slot's description: by the shorter one, if it has nothing in what that leaves out. */
static void
shorten(const TpTable *table, TupleTableSlot *slot)
{
	for (int i = table->plain->natts; i < table->description->natts; i++)
	{
		if (!slot->tts_isnull[i])
			return;
	}
	slot->tts_tupleDescriptor = table->plain;
}

static void
write_added(TpTable *table)
{
	table_multi_insert(table->relation, table->added, table->pending, GetCurrentCommandId(true), 0, NULL);
	open_indexes(table);
	for (int i = 0; i < table->pending; i++)
	{
		TupleTableSlot *slot = table->added[i];

		slot->tts_tupleDescriptor = table->description;
		(void) TpExecInsertIndexTuples(table->target, slot, table->estate);
		ResetPerTupleExprContext(table->estate);
		if (table->kept[i])
			tradepost_tids_put(table->tids, key_of(table, slot), &slot->tts_tid);
		ExecClearTuple(slot);
	}
	table->pending = 0;
}

static void
index_primary_key(const TpTable *table, Relation index, IndexInfo *info)
{
	Datum values[INDEX_MAX_KEYS];
	bool isnull[INDEX_MAX_KEYS];

	FormIndexDatum(info, table->changed, table->estate, values, isnull);
	(void) index_insert(index, values, isnull, &table->changed->tts_tid, table->relation, UNIQUE_CHECK_NO, true, info);
}

/*
 * The primary key is the one of the row that is replaced, so it needs no check: that would
 * walk through all of the row's versions, and somebody's old snapshot keeps them all.  The
 * executor does the other indexes; it passes over one that is not ready.
 */
static void
index_changed(TpTable *table, TpUpdateIndexes indexes)
{
	IndexInfo *done = NULL;

	open_indexes(table);
	for (int i = 0; i < table->target->ri_NumIndices && done == NULL; i++)
	{
		Relation index = table->target->ri_IndexRelationDescs[i];
		IndexInfo *info = table->target->ri_IndexRelationInfo[i];

		if (info->ii_ReadyForInserts && tradepost_table_is_primary_key(table, index))
		{
			index_primary_key(table, index, info);
			info->ii_ReadyForInserts = false;
			done = info;
		}
	}
	(void) TpExecUpdateIndexTuples(table->target, table->changed, table->estate, indexes);
	ResetPerTupleExprContext(table->estate);
	if (done != NULL)
		done->ii_ReadyForInserts = true;
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

	table->changed->tts_tupleDescriptor = table->description;
	if (result != TM_Ok)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("a row of table %s was changed by somebody else", table->name),
						errdetail("The engine starts again from what the tables hold now."),
						errhint("tradepost.check_invariants() says what does not fit.")));
	if (TpUpdateNeedsIndexes(indexes))
		index_changed(table, indexes);
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
	shorten(table, table->row);
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
