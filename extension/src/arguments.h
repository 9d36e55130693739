/*
 * arguments.h
 *	  Arguments of C functions that are not strict.
 */
#ifndef TRADEPOST_ARGUMENTS_H
#define TRADEPOST_ARGUMENTS_H

#include "errcodes.h"
#include "fmgr.h"

static inline int64
tradepost_arg_int64(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER), errmsg("%s must be given", name), errhint("It may not be NULL.")));
	return PG_GETARG_INT64(n);
}

#endif
