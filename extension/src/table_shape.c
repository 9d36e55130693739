/*
 * table_shape.c
 *	  Whether a table is as the engine needs it: columns, primary key, and slots for its
 *	  rows.
 *
 * A superuser may alter any table.  Columns may come (if they do without a value) and go
 * again, and change their places; what the engine cannot write is refused before it writes
 * anything, with an error that says so, and the matcher tries again until it can.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "stored_table_state.h"
#include "utils/memutils.h"

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

/*
 * Rows whose last columns are all NULL are stored without them, as rows are from before a column was
 * added: what few orders have costs the others nothing, not even a NULL bitmap.
 */
static TupleDesc
make_plain(TupleDesc description)
{
	int width = description->natts;
	TupleDesc plain;

	while (width > 1 && !TupleDescAttr(description, width - 1)->attnotnull)
		width--;
	plain = CreateTemplateTupleDesc(width);
	for (int i = 1; i <= width; i++)
		TupleDescCopyEntry(plain, i, description, i);
	return plain;
}

TupleTableSlot *
tradepost_table_make_slot(const TpTable *table)
{
	MemoryContext old = MemoryContextSwitchTo(table->context);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(table->description, table_slot_callbacks(table->relation));

	MemoryContextSwitchTo(old);
	return slot;
}

void
tradepost_table_describe(TpTable *table)
{
	MemoryContext old;

	table->description = NULL;
	MemoryContextReset(table->context);
	memset(table->added, 0, sizeof(table->added));
	old = MemoryContextSwitchTo(table->context);
	/* A copy: a slot on the table's own description would hold a reference to it. */
	table->description = CreateTupleDescCopyConstr(RelationGetDescr(table->relation));
	table->plain = make_plain(table->description);
	MemoryContextSwitchTo(old);
	for (int c = 0; c < table->width; c++)
		table->attributes[c] = find_attribute(table, &table->columns[c]);
	check_others(table);
	table->old = tradepost_table_make_slot(table);
	table->changed = tradepost_table_make_slot(table);
}

bool
tradepost_table_is_primary_key(const TpTable *table, Relation index)
{
	bool is = index->rd_index->indisprimary && index->rd_index->indnkeyatts == table->keys;

	for (int i = 0; is && i < table->keys; i++)
		is = index->rd_index->indkey.values[i] == table->attributes[i];
	return is;
}

Relation
tradepost_table_open_primary_key(const TpTable *table)
{
	Oid oid = RelationGetPrimaryKeyIndex(table->relation);
	Relation index = OidIsValid(oid) ? index_open(oid, RowExclusiveLock) : NULL;

	if (index == NULL || !tradepost_table_is_primary_key(table, index))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the engine cannot write table %s: its primary key was altered", table->name),
						errhint("Make it again as the extension had it: the engine tries again by itself.")));
	return index;
}
