/*
 * engine_check.h
 *	  Is an engine's memory consistent?  For the fuzzer and the unit tests.
 *
 * Everything that is kept incrementally is computed anew, from the orders and the
 * totals, and compared.
 */
#ifndef TRADEPOST_ENGINE_CHECK_H
#define TRADEPOST_ENGINE_CHECK_H

#include "engine.h"

/* NULL, or what is wrong. */
extern const char *tradepost_engine_check(TpEngine *engine);
extern const char *tradepost_engine_check_ties(const TpEngine *engine); /* its part about pairs, parents and children */

/* A second engine that is loaded with what the first would have stored. */
extern TpEngine *tradepost_engine_reloaded(const TpEngine *engine);

#endif
