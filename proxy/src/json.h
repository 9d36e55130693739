/*
 * json.h
 *	  Is it JSON that the database will take.  Pure.
 */
#ifndef TRADEPOST_PROXY_JSON_H
#define TRADEPOST_PROXY_JSON_H

#include "slice.h"

#define TP_JSON_DEPTH 32
#define TP_JSON_NUMBER 128 /* bytes of a number */
#define TP_JSON_MEMBERS 64 /* of one object */

typedef enum TpJsonFault
{
	TP_JSON_FINE,
	TP_JSON_MALFORMED,
	TP_JSON_NOT_UTF8,
	TP_JSON_NUL, /* a NUL byte or \u0000: PostgreSQL's text has none */
	TP_JSON_DEEP,
	TP_JSON_NUMBER_LONG,
	TP_JSON_TWICE, /* a name in an object */
	TP_JSON_MANY
} TpJsonFault;

/* What its outermost value is: '{', '[', or another first byte. at: where the fault is. */
extern TpJsonFault tp_json_check(TpSlice text, char *outermost, size_t *at);

#endif
