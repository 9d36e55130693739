/*
 * placed.c
 *	  Which instrument an order is in, decided or not.
 *
 * Called by request.c before an amend is written, so that a price off its tick is
 * refused in the call.  Reads one row by primary key, past the executor and past row
 * security: the answer is given for the account's own orders only, which the
 * caller may trade for.  Takes no lock beyond the reading itself.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "request.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

typedef struct PlacedRow
{
	int64 account;
	int32 instrument;
	int16 kind; /* of the command; orders have none */
} PlacedRow;

static Datum
column(TupleTableSlot *slot, const char *name, bool *isnull)
{
	return slot_getattr(slot, get_attnum(slot->tts_tableOid, name), isnull);
}

/* Absent and NULL values are 0, which no account, instrument or kind is. */
static void
read_slot(TupleTableSlot *slot, bool is_command, PlacedRow *row)
{
	bool isnull;
	Datum value;

	memset(row, 0, sizeof(*row));
	value = column(slot, "account", &isnull);
	if (!isnull)
		row->account = DatumGetInt64(value);
	value = column(slot, "instrument", &isnull);
	if (!isnull)
		row->instrument = DatumGetInt32(value);
	if (is_command)
		row->kind = DatumGetInt16(column(slot, "kind", &isnull));
}

/* With a fresh snapshot whatever the transaction's isolation: it is about what the order is, which never changes. */
static bool
find_row(const char *table, bool is_command, int64 id, PlacedRow *row)
{
	Oid namespace = get_namespace_oid("tradepost_internal", false);
	Relation relation = table_open(get_relname_relid(table, namespace), AccessShareLock);
	Relation index = index_open(RelationGetPrimaryKeyIndex(relation), AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	IndexScanDesc scan = index_beginscan(relation, index, snapshot, 1, 0);
	ScanKeyData key;
	bool found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	index_rescan(scan, &key, 1, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	if (found)
		read_slot(slot, is_command, row);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	index_close(index, AccessShareLock);
	table_close(relation, AccessShareLock);
	return found;
}

int32
tradepost_instrument_of_order(int64 account, int64 order_id)
{
	PlacedRow row;

	if (find_row("orders", false, order_id, &row))
		return row.account == account ? row.instrument : 0;
	if (find_row("commands", true, order_id, &row) && row.kind == TP_CMD_PLACE && row.account == account)
		return row.instrument;
	return 0;
}
