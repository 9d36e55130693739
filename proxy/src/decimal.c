/*
 * decimal.c
 *	  Exact arithmetic on decimal text; see decimal.h.
 *
 * For what of an order is left, and for which price is the better one: everything else
 * passes through as it came.
 */
#include "decimal.h"

#define SCALE 8
#define UNITS 100000000
#define DIGITS 28 /* that fit 128 bits with their scale */

typedef __int128 Wide;

static bool
parse(TpSlice text, Wide *value)
{
	size_t i = 0;
	int digits = 0;
	int behind = -1; /* digits behind the point so far */
	bool negative = text.length > 0 && text.data[0] == '-';

	*value = 0;
	for (i = negative; i < text.length; i++)
	{
		char c = text.data[i];

		if (c == '.' && behind < 0)
		{
			behind = 0;
			continue;
		}
		if (c < '0' || c > '9' || ++digits > DIGITS || behind == SCALE)
			return false;
		*value = *value * 10 + (c - '0');
		behind += behind >= 0;
	}
	for (int n = behind < 0 ? 0 : behind; n < SCALE; n++)
		*value *= 10;
	if (negative)
		*value = -*value;
	return digits > 0;
}

bool
tp_decimal_subtract(TpSlice a, TpSlice b, char *text)
{
	char digits[TP_DECIMAL_TEXT];
	int n = 0;
	int skip = 0;
	Wide left;
	Wide right;
	Wide rest;

	if (!parse(a, &left) || !parse(b, &right))
		return false;
	rest = left - right;
	if (rest < 0)
	{
		*text++ = '-';
		rest = -rest;
	}
	/* From the last digit on; at least one before the point. */
	while (n <= SCALE || rest > 0)
	{
		digits[n++] = (char) ('0' + (int) (rest % 10));
		rest /= 10;
	}
	while (skip < SCALE && digits[skip] == '0')
		skip++;
	while (n > skip)
	{
		*text++ = digits[--n];
		if (n == SCALE && n > skip)
			*text++ = '.';
	}
	*text = '\0';
	return true;
}

int
tp_decimal_compare(TpSlice a, TpSlice b)
{
	Wide left;
	Wide right;
	bool fine = parse(a, &left);

	if (!parse(b, &right))
		return fine ? 1 : 0;
	if (!fine)
		return -1;
	return (left > right) - (left < right);
}
