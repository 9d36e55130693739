/*
 * text.h
 *	  A growing string, for SQL, JSON and what is printed.
 *
 * Used by the client programs under test/.  Out of memory ends the program.
 * A zeroed TpText is empty and ready; data is NULL until something is added.
 */
#ifndef TRADEPOST_TEXT_H
#define TRADEPOST_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct TpText
{
	char *data; /* always ends with a NUL once it is not NULL */
	size_t length;
	size_t room;
} TpText;

extern void tradepost_text_reset(TpText *text); /* empties, keeps the memory */
extern void tradepost_text_free(TpText *text);
extern void tradepost_text_add(TpText *text, const char *string);
extern void tradepost_text_printf(TpText *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* value / 10^decimals without a needless fraction: (22395, 2) gives 223.95, (2000, 2) gives 20. */
extern void tradepost_text_decimal(TpText *text, int64_t value, int decimals);

/* A JSON string, quotes included. */
extern void tradepost_text_json(TpText *text, const char *string);

/*
 * Reads a decimal such as "-223.9500" as an integer in units of
 * 10^-decimals.  Returns -1 if it is no decimal, does not fit, or has more
 * places than that (zeros aside).
 */
extern int tradepost_parse_decimal(const char *string, int decimals, int64_t *value);

/* 1234567 as 1,234,567 in one of a few static buffers: good for one printf. */
extern const char *tradepost_thousands(int64_t value);

#endif
