/*
 * order_limit.c
 *	  How many orders the user of an account may have open, by the tier that holds now.
 *
 * Called by bracket.c for the account that it places for; the edge's place_each() has read
 * the tier with its sessions.  Reads table users past row security, whoever asks: the
 * caller may trade for the account.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "config.h"
#include "executor/spi.h"
#include "order_limit.h"
#include "miscadmin.h"
#include "utils/builtins.h"

static int32
read_limit(int64 account)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = { INT8OID };
	Datum values[] = { Int64GetDatum(account) };
	bool isnull;

	if (plan == NULL)
	{
		plan = SPI_prepare("SELECT u.tenant, " TP_TIER_NOW " FROM tradepost_internal.users u"
						   " WHERE u.account OPERATOR(pg_catalog.=) $1 ORDER BY u.id LIMIT 1",
						   1, types);
		if (plan == NULL)
			elog(ERROR, "cannot prepare the look-up of an account's user: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
	}
	if (SPI_execute_plan(plan, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot look up an account's user");
	if (SPI_processed == 0)
		return 0;
	return tradepost_open_order_limit(DatumGetInt64(
										  SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)),
									  TextDatumGetCString(
										  SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull)));
}

int32
tradepost_account_order_limit(int64 account)
{
	Oid user;
	int context;
	int32 limit;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	limit = read_limit(account);
	SPI_finish();
	SetUserIdAndSecContext(user, context);
	return limit;
}
