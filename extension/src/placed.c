/*
 * placed.c
 *	  What orders that were placed are, decided or not: instrument, type, whom they protect.
 *
 * Called by request.c before an amend or a linked order is written, so that a price off its
 * tick is refused in the call, and by bracket.c of a call that is repeated.  Reads table
 * commands by primary key, past the executor and past row security: the answer is given
 * for the account's own orders only, which the caller may trade for.  Takes no lock
 * beyond the reading itself.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "request.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Table commands, read along its primary key. */
typedef struct Reader
{
	Relation table;
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
} Reader;

/*
 * Rows never change, so what they say holds in every snapshot, and the one that sees most also sees what this
 * statement has placed.
 */
static void
open_reader(Reader *reader, StrategyNumber strategy, RegProcedure compare, int64 id)
{
	ScanKeyData key;

	reader->table = table_open(get_relname_relid("commands", get_namespace_oid("tradepost_internal", false)),
							   AccessShareLock);
	reader->index = index_open(RelationGetPrimaryKeyIndex(reader->table), AccessShareLock);
	reader->slot = table_slot_create(reader->table, NULL);
	reader->scan = index_beginscan(reader->table, reader->index, SnapshotSelf, 1, 0);
	ScanKeyInit(&key, 1, strategy, compare, Int64GetDatum(id));
	index_rescan(reader->scan, &key, 1, NULL, 0);
}

static void
close_reader(Reader *reader)
{
	index_endscan(reader->scan);
	ExecDropSingleTupleTableSlot(reader->slot);
	index_close(reader->index, AccessShareLock);
	table_close(reader->table, AccessShareLock);
}

/* Absent and NULL values are 0, which no account, instrument, kind or order is. */
static Datum
column(const Reader *reader, const char *name)
{
	bool isnull;
	Datum value = slot_getattr(reader->slot, get_attnum(RelationGetRelid(reader->table), name), &isnull);

	return isnull ? (Datum) 0 : value;
}

bool
tradepost_find_placed(int64 account, int64 order_id, TpPlaced *placed)
{
	Reader reader;
	bool found;

	memset(placed, 0, sizeof(*placed));
	open_reader(&reader, BTEqualStrategyNumber, F_INT8EQ, order_id);
	found = index_getnext_slot(reader.scan, ForwardScanDirection, reader.slot) &&
			DatumGetInt16(column(&reader, "kind")) == TP_CMD_PLACE &&
			DatumGetInt64(column(&reader, "account")) == account;
	if (found)
	{
		placed->instrument = DatumGetInt32(column(&reader, "instrument"));
		placed->type = DatumGetInt16(column(&reader, "type"));
	}
	close_reader(&reader);
	return found;
}

/* Their ids were drawn just before their parent's: a few rows back, whatever others drew in between. */
int
tradepost_find_children(int64 parent_id, int max, int64 *ids)
{
	Reader reader;
	int n = 0;

	open_reader(&reader, BTLessStrategyNumber, F_INT8LT, parent_id);
	while (n < max && index_getnext_slot(reader.scan, BackwardScanDirection, reader.slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (DatumGetInt64(column(&reader, "parent_id")) == parent_id)
			ids[n++] = DatumGetInt64(column(&reader, "id"));
	}
	close_reader(&reader);
	return n;
}
