/*
 * target.c
 *	  Table commands, as a backend keeps it at hand between calls.
 *
 * An order is one row: looking up names, making an executor state and describing
 * indexes anew would cost as much as writing it.  So what they are is remembered,
 * until PostgreSQL says that the table, an index of it or the sequence changed
 * (relcache and syscache callbacks).  Open relations are not remembered: each
 * call takes its locks, and looks at what is remembered after the table's lock,
 * when every change that it must know of has been announced.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am_d.h"
#include "compat.h"
#include "errcodes.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "target.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

static bool registered = false;

/* Names. */
static bool names_known = false;
static Oid table_oid = InvalidOid;
static Oid sequence_oid = InvalidOid;

/* Shape of the table and its indexes, in shape_context. */
static bool shape_known = false;
static MemoryContext shape_context = NULL;
static TupleTableSlot *row_slot = NULL;
static bool all_plain = false;
static int index_count = 0;
static Oid index_oids[TP_TARGET_INDEXES];
static IndexInfo *index_infos[TP_TARGET_INDEXES];

static void
relation_changed(Datum arg, Oid relid)
{
	bool ours = !OidIsValid(relid) || relid == table_oid || relid == sequence_oid;

	for (int i = 0; i < index_count && !ours; i++)
		ours = relid == index_oids[i];
	if (ours)
		names_known = shape_known = false;
}

static void
namespace_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	names_known = false;
}

static void
find_names(void)
{
	Oid namespace;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
		CacheRegisterSyscacheCallback(NAMESPACEOID, namespace_changed, (Datum) 0);
		registered = true;
	}
	names_known = true; /* first: what changes meanwhile undoes it */
	namespace = get_namespace_oid("tradepost_internal", true);
	table_oid = OidIsValid(namespace) ? get_relname_relid("commands", namespace) : InvalidOid;
	sequence_oid = OidIsValid(namespace) ? get_relname_relid("command_id_seq", namespace) : InvalidOid;
	if (!OidIsValid(table_oid) || !OidIsValid(sequence_oid))
	{
		names_known = false;
		ereport(ERROR,
				(errcode(ERRCODE_TP_ENGINE_OFF), errmsg("extension tradepost is not complete in this database")));
	}
}

Oid
tradepost_target_sequence(void)
{
	if (unlikely(!names_known))
		find_names();
	return sequence_oid;
}

/* Nothing but the table's columns decides what goes into it, and nobody is asked later. */
static bool
is_plain(Relation index, const IndexInfo *info)
{
	return index->rd_rel->relam == BTREE_AM_OID && info->ii_Expressions == NIL && info->ii_Predicate == NIL &&
		   info->ii_ExclusionOps == NULL && index->rd_index->indimmediate && info->ii_ReadyForInserts;
}

/* The table is locked. */
static void
find_shape(Relation table)
{
	List *oids = RelationGetIndexList(table);
	MemoryContext old;
	ListCell *cell;

	shape_known = true; /* first: what changes meanwhile undoes it */
	if (shape_context == NULL)
		shape_context = AllocSetContextCreate(TopMemoryContext, "tradepost commands", ALLOCSET_SMALL_SIZES);
	row_slot = NULL;
	index_count = 0;
	MemoryContextReset(shape_context);
	old = MemoryContextSwitchTo(shape_context);
	all_plain = list_length(oids) <= TP_TARGET_INDEXES;
	foreach(cell, oids)
	{
		Relation index;

		if (!all_plain)
			break;
		index = index_open(lfirst_oid(cell), RowExclusiveLock);
		index_oids[index_count] = lfirst_oid(cell);
		index_infos[index_count] = BuildIndexInfo(index);
		all_plain = is_plain(index, index_infos[index_count]);
		index_count++;
		index_close(index, NoLock);
	}
	/* A descriptor of its own: the table's would belong to this transaction. */
	row_slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(table)), table_slot_callbacks(table));
	MemoryContextSwitchTo(old);
	list_free(oids);
}

/*
 * Taking a lock that is not held yet reads what others have announced.  So a
 * name that is still known then is the right one, and nobody can drop what it
 * stands for any more.
 */
static Relation
open_table(void)
{
	for (;;)
	{
		Oid oid;

		if (unlikely(!names_known))
			find_names();
		oid = table_oid;
		LockRelationOid(oid, RowExclusiveLock);
		if (likely(names_known))
			return table_open(oid, NoLock);
		UnlockRelationOid(oid, RowExclusiveLock);
		CHECK_FOR_INTERRUPTS();
	}
}

void
tradepost_target_open(TpTarget *target)
{
	target->table = open_table();
	if (unlikely(!shape_known || row_slot == NULL))
		find_shape(target->table);
	target->slot = row_slot;
	target->plain = all_plain;
	target->indexes = 0;
	if (likely(all_plain))
	{
		for (int i = 0; i < index_count; i++)
		{
			target->index[i] = index_open(index_oids[i], RowExclusiveLock);
			target->info[i] = index_infos[i];
		}
		target->indexes = index_count;
		return;
	}
	target->estate = CreateExecutorState();
	target->result = makeNode(ResultRelInfo);
	InitResultRelInfo(target->result, target->table, 1, NULL, 0);
	ExecOpenIndices(target->result, false);
}

void
tradepost_target_index(TpTarget *target, TupleTableSlot *slot)
{
	if (unlikely(!target->plain))
	{
		(void) TpExecInsertIndexTuples(target->result, slot, target->estate);
		ResetPerTupleExprContext(target->estate);
		return;
	}
	for (int i = 0; i < target->indexes; i++)
	{
		Relation index = target->index[i];
		Datum values[INDEX_MAX_KEYS];
		bool nulls[INDEX_MAX_KEYS];

		FormIndexDatum(target->info[i], slot, NULL, values, nulls);
		(void) index_insert(index, values, nulls, &slot->tts_tid, target->table,
							index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, target->info[i]);
	}
}

void
tradepost_target_close(TpTarget *target)
{
	ExecClearTuple(target->slot);
	if (likely(target->plain))
	{
		for (int i = 0; i < target->indexes; i++)
			index_close(target->index[i], NoLock);
	}
	else
	{
		ExecCloseIndices(target->result);
		FreeExecutorState(target->estate);
	}
	table_close(target->table, NoLock);
}
