/*
 * query.h
 *	  What stands behind the question mark, and percent escapes.  Pure.
 */
#ifndef TRADEPOST_PROXY_QUERY_H
#define TRADEPOST_PROXY_QUERY_H

#include "buffer.h"
#include "slice.h"

#define TP_QUERY_PARAMETERS 32

/*
 * Decodes %XX, and '+' to a blank if plus, onto the end of out. False: a broken escape, NUL, or not UTF-8.
 */
extern bool tp_percent_decode(TpSlice text, bool plus, TpBuffer *out);

/*
 * {"name":"value",...} onto the end of json. On a fault: false, and a sentence in problem that names the parameter. Each
 * name may stand there once.
 */
extern bool tp_query_json(TpSlice query, TpBuffer *json, TpBuffer *problem);

/* The decoded value of one parameter, onto the end of value; false if it is not there or broken. */
extern bool tp_query_find(TpSlice query, const char *name, TpBuffer *value);

#endif
