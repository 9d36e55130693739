/*
 * tap.h
 *	  The Test Anything Protocol, as far as these programs need it: prove reads it.
 */
#ifndef TRADEPOST_TAP_H
#define TRADEPOST_TAP_H

#include <stdbool.h>
#include <stdio.h>

typedef struct TpTap
{
	int number;
	int failed;
} TpTap;

static inline void
tradepost_tap_plan(int tests)
{
	printf("1..%d\n", tests);
	fflush(stdout);
}

static inline bool
tradepost_tap_ok(TpTap *tap, bool fine, const char *what)
{
	printf("%sok %d - %s\n", fine ? "" : "not ", ++tap->number, what);
	fflush(stdout);
	tap->failed += !fine;
	return fine;
}

#endif
