/*
 * ownership.c
 *	  Which accounts the current role owns: what row security goes by.
 *
 * Read as the bootstrap superuser, because traders may not read the owners'
 * table; so every name in the query is qualified.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(tradepost_my_accounts);

Datum
tradepost_my_accounts(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid types[] = { OIDOID };
	Datum values[1];
	Datum *accounts;
	ArrayType *result;
	uint64 n;
	Oid user;
	int context;

	GetUserIdAndSecContext(&user, &context);
	values[0] = ObjectIdGetDatum(user);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	/* The statement's own snapshot, which parallel workers share; a new one they could not take. */
	PushActiveSnapshot(ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot());
	SPI_execute_with_args(
		"SELECT o.account FROM tradepost_internal.account_owners o"
		" WHERE o.owner OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT r.rolname FROM pg_catalog.pg_authid r"
		" WHERE pg_catalog.pg_has_role($1, r.oid, 'USAGE')))",
		1, types, values, NULL, true, 0);
	n = SPI_processed;
	accounts = MemoryContextAllocExtended(caller, (n + 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < n; i++)
	{
		bool isnull;

		accounts[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
	}
	PopActiveSnapshot();
	SPI_finish();
	SetUserIdAndSecContext(user, context);
	result = construct_array(accounts, (int) n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	pfree(accounts);
	PG_RETURN_ARRAYTYPE_P(result);
}
