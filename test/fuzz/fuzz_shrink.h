/*
 * fuzz_shrink.h
 *	  Makes a failing stream short: fewer steps first, then simpler ones.
 *
 * Each try runs in a child process, so that a stream that crashes the engine,
 * or never ends, shrinks like any other.
 */
#ifndef TRADEPOST_FUZZ_SHRINK_H
#define TRADEPOST_FUZZ_SHRINK_H

#include "side_by_side.h"

/*
 * Runs the stream in a child.  A crash differs too; its message names the
 * signal, its step is where the child was.
 */
extern void
tradepost_run_in_child(const TpWorld *world, const TpStep *steps, size_t count, size_t check_every, TpVerdict *verdict);

/*
 * `steps` is rewritten in place; returns how many are left.  `verdict` is that of
 * what is left; if the stream does not differ at all, nothing is changed.
 */
extern size_t tradepost_shrink(TpWorld *world, TpStep *steps, size_t count, TpVerdict *verdict);

#endif
