/*
 * matcher.h
 *	  Entry points of the background workers; names are used by bgworker.c's
 *	  dynamic lookup.
 */
#ifndef TRADEPOST_MATCHER_H
#define TRADEPOST_MATCHER_H

#include "postgres.h"

extern PGDLLEXPORT void tradepost_matcher_main(Datum arg); /* arg: index of the TpDatabase */
extern PGDLLEXPORT void tradepost_launcher_main(Datum arg);

extern void tradepost_launcher_register(void);

#endif
