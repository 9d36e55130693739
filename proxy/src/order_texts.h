/*
 * order_texts.h
 *	  The texts between an HTTP body and tradepost_edge.place_each().  Pure.
 */
#ifndef TRADEPOST_PROXY_ORDER_TEXTS_H
#define TRADEPOST_PROXY_ORDER_TEXTS_H

#include "buffer.h"

/*
 * The elements of {"orders":[...]}, in a body that is known to be JSON: their count, and up to `most` of them in
 * elements. -1: it is something else, and `fault` says what, in a constant.
 */
extern int tp_order_elements(TpSlice body, TpSlice *elements, int most, const char **fault);

/* An element of a PostgreSQL array literal; NULL data is NULL. The caller writes braces and commas. */
extern void tp_array_element(TpBuffer *array, TpSlice text);

/* An Idempotency-Key: 1 to 128 visible ASCII characters. */
#define TP_KEY_BYTES 128
extern bool tp_key_fine(TpSlice key);

#endif
