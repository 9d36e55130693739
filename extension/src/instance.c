/*
 * instance.c
 *	  Which database this is.
 *
 * engine_state keeps the text of the database that its rows were made in.  Where
 * the two differ the rows are a copy, and must not trade by themselves.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "instance.h"
#include "miscadmin.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(tradepost_instance_id);

char *
tradepost_instance_text(void)
{
	return psprintf(UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId);
}

Datum
tradepost_instance_id(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(tradepost_instance_text()));
}
