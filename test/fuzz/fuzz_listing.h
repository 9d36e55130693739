/*
 * fuzz_listing.h
 *	  Streams as text that a human reads: a counterexample, its world, a command.
 */
#ifndef TRADEPOST_FUZZ_LISTING_H
#define TRADEPOST_FUZZ_LISTING_H

#include <stdio.h>

#include "generator.h"

/* Every line starts with `prefix` ("# " for TAP).  Instruments that no step names are left out. */
extern void
tradepost_list_world(FILE *out, const char *prefix, const TpWorld *world, const TpStep *steps, size_t count);
extern void
tradepost_list_steps(FILE *out, const char *prefix, const TpWorld *world, const TpStep *steps, size_t count);

#endif
