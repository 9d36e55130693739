/*
 * decimal.h
 *	  Decimal numbers as the database writes them: text, at most 8 digits behind the
 *	  point.  Pure.
 */
#ifndef TRADEPOST_PROXY_DECIMAL_H
#define TRADEPOST_PROXY_DECIMAL_H

#include "slice.h"

#define TP_DECIMAL_TEXT 48

/* a - b, without zeros at the end, in text; false and nothing written if one of them is no such number. */
extern bool tp_decimal_subtract(TpSlice a, TpSlice b, char *text);

/* Below 0, 0, above 0, as a is less, equal, more than b. What is no such number is less than any. */
extern int tp_decimal_compare(TpSlice a, TpSlice b);

#endif
