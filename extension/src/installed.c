/*
 * installed.c
 *	  Whether this database has the extension, in the library's version.
 *
 * A preloaded library stays as it was until the server restarts, while ALTER
 * EXTENSION UPDATE may change the tables under it: then the matcher pauses.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "installed.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#ifndef TRADEPOST_VERSION
#define TRADEPOST_VERSION "1.0"
#endif

static bool changed = true;
static TimestampTz last_asked = 0;

TpInstalled
tradepost_installed(Oid *extension)
{
	Relation relation = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	TpInstalled result = TP_NOT_INSTALLED;

	*extension = InvalidOid;
	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("tradepost"));
	scan = systable_beginscan(relation, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool isnull;
		Datum version = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(relation), &isnull);

		*extension = ((Form_pg_extension) GETSTRUCT(tuple))->oid;
		result = !isnull && strcmp(TextDatumGetCString(version), TRADEPOST_VERSION) == 0 ? TP_INSTALLED_SAME
																						 : TP_INSTALLED_OTHER;
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	changed = false;
	last_asked = GetCurrentTimestamp();
	return result;
}

static void
relation_changed(Datum arg, Oid relid)
{
	changed = true;
}

void
tradepost_installed_watch(void)
{
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
}

bool
tradepost_installed_may_have_changed(void)
{
	return changed || TimestampDifferenceExceeds(last_asked, GetCurrentTimestamp(), 1000);
}
