/*
 * json_view.h
 *	  Looking into JSON where it lies, without making a tree of it.  Pure.
 *
 * Only for texts that tp_json_check() found fine. Values keep their own spelling, so a
 * price of thirty digits goes on to the database as it came.
 */
#ifndef TRADEPOST_PROXY_JSON_VIEW_H
#define TRADEPOST_PROXY_JSON_VIEW_H

#include <stdint.h>

#include "buffer.h"
#include "slice.h"

/* Walks the members of an object or the elements of an array. */
typedef struct TpJsonCursor
{
	const char *data;
	size_t length;
	size_t at;
} TpJsonCursor;

/* text: an object or an array, blanks around it allowed. */
extern TpJsonCursor tp_json_open(TpSlice text);

/* The next member; name without its quotes, as it is spelled. False: no more. */
extern bool tp_json_member(TpJsonCursor *cursor, TpSlice *name, TpSlice *value);

/* The next element of an array. */
extern bool tp_json_element(TpJsonCursor *cursor, TpSlice *value);

/*
 * Everything of an object but the members of that name, onto the end of rest; their string, unescaped, onto the end of
 * text; null is none. What is no object is all rest. False: there is one that is no string.
 */
extern bool tp_json_take(TpSlice object, const char *name, TpBuffer *rest, TpBuffer *text);

/* The value of an object's first member of that name. */
extern bool tp_json_find(TpSlice object, const char *name, TpSlice *value);

/* First byte of a value: '{' '[' '"' 't' 'f' 'n', or of a number; 0: empty. */
extern char tp_json_kind(TpSlice value);

/* A string value, unescaped, onto the end of out. False: it is no string. */
extern bool tp_json_text(TpSlice value, TpBuffer *out);

/* A whole number without fraction and exponent that fits. */
extern bool tp_json_integer(TpSlice value, int64_t *number);

#endif
