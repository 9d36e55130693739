/*
 * buffer.h
 *	  Growing text: what JSON, headers and log lines are written into.
 *
 * Memory that runs out ends the worker: its supervisor starts another, and nothing
 * that was accepted is in this process alone.
 */
#ifndef TRADEPOST_PROXY_BUFFER_H
#define TRADEPOST_PROXY_BUFFER_H

#include <stdarg.h>
#include <stdint.h>

#include "slice.h"

/* All zero is an empty buffer. */
typedef struct TpBuffer
{
	char *data;
	size_t length;
	size_t capacity;
} TpBuffer;

extern void tp_buffer_free(TpBuffer *buffer);
extern void tp_buffer_clear(TpBuffer *buffer); /* keeps the memory */
extern void tp_buffer_reserve(TpBuffer *buffer, size_t more);
extern void tp_buffer_add(TpBuffer *buffer, const void *data, size_t length);
extern void tp_buffer_text(TpBuffer *buffer, const char *text);
extern void tp_buffer_slice(TpBuffer *buffer, TpSlice slice);
extern void tp_buffer_integer(TpBuffer *buffer, int64_t number);
extern void tp_buffer_format(TpBuffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As JSON: a quoted, escaped string; NULL data gives null. Invalid UTF-8 becomes U+FFFD. */
extern void tp_buffer_json(TpBuffer *buffer, TpSlice text);

/* Microseconds since 1970 as a JSON string "2026-01-31T12:00:00.000000Z". */
extern void tp_buffer_json_time(TpBuffer *buffer, int64_t unix_us);

/* malloc and friends that end the process when there is no memory. */
extern void *tp_alloc(size_t size); /* zeroed */
extern void *tp_realloc(void *memory, size_t size);
extern char *tp_strdup(const char *text);
extern char *tp_slice_dup(TpSlice slice); /* terminated */

#endif
