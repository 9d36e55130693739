/*
 * slice.h
 *	  Bytes that somebody else owns: what parsers take and give.
 */
#ifndef TRADEPOST_PROXY_SLICE_H
#define TRADEPOST_PROXY_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Not terminated; data may be NULL if length is 0. */
typedef struct TpSlice
{
	const char *data;
	size_t length;
} TpSlice;

static inline TpSlice
tp_slice(const char *text)
{
	return (TpSlice){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool
tp_slice_is(TpSlice slice, const char *text)
{
	return slice.length == strlen(text) && memcmp(slice.data, text, slice.length) == 0;
}

#endif
