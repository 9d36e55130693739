/*
 * ownership.c
 *	  Which accounts the current role owns, and which tenants these belong to: what
 *	  row security goes by.
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
PG_FUNCTION_INFO_V1(tradepost_my_tenants);

#define OWNED                                                                                       \
	" FROM tradepost_internal.account_owners o%s"                                                   \
	" WHERE o.owner OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT r.rolname FROM pg_catalog.pg_authid r" \
	" WHERE pg_catalog.pg_has_role($1, r.oid, 'USAGE')))"

/* The one column of a query whose $1 is the current role, as an array of bigint. */
static ArrayType *
read_own(const char *query)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid types[] = { OIDOID };
	Datum values[1];
	Datum *numbers;
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
	SPI_execute_with_args(query, 1, types, values, NULL, true, 0);
	n = SPI_processed;
	numbers = MemoryContextAllocExtended(caller, (n + 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < n; i++)
	{
		bool isnull;

		numbers[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
	}
	PopActiveSnapshot();
	SPI_finish();
	SetUserIdAndSecContext(user, context);
	result = construct_array(numbers, (int) n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	pfree(numbers);
	return result;
}

Datum
tradepost_my_accounts(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(read_own(psprintf("SELECT o.account" OWNED, "")));
}

Datum
tradepost_my_tenants(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(
		read_own(psprintf("SELECT DISTINCT a.tenant" OWNED,
						  " JOIN tradepost_internal.accounts a ON a.id OPERATOR(pg_catalog.=) o.account")));
}
