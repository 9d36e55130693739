/*
 * side_by_side.h
 *	  Runs one stream through the engine and the model and finds the first step
 *	  after which they differ, or after which a rule that needs no model is
 *	  broken.
 *
 * side_by_side.c walks the steps and compares events, rows and previews;
 * fuzz_compare.c compares whole states.
 */
#ifndef TRADEPOST_SIDE_BY_SIDE_H
#define TRADEPOST_SIDE_BY_SIDE_H

#include "fuzz_host.h"
#include "model.h"

#define TP_MESSAGE_SIZE 2048

/* How often each thing happened: a fuzz that never reaches a rule does not test it. */
typedef struct TpCoverage
{
	int64_t events[32];
	int64_t reasons[32];
	int64_t commands;
	int64_t previews;
	int64_t batches;
	int64_t recoveries;
	int64_t passive_funds; /* previews compared although something was due */
} TpCoverage;

typedef struct TpPair
{
	TpEngine *engine;
	TpModel *model;
	TpHost host;
	TpCoverage *coverage;
	char *message; /* TP_MESSAGE_SIZE */
	size_t seen;   /* events of this batch already compared */
} TpPair;

typedef struct TpVerdict
{
	bool differs;
	size_t step; /* after which; the number of steps: in the final draining */
	char message[TP_MESSAGE_SIZE];
} TpVerdict;

/*
 * check_every: whole states are compared after so many commands (and at each
 * end of a batch).  `progress`, if given, holds the step being run, for whoever
 * looks after a crash.
 */
extern void tradepost_run_side_by_side(const TpWorld *world, const TpStep *steps, size_t count, size_t check_every,
									   TpCoverage *coverage, volatile size_t *progress, TpVerdict *verdict);

/* All of these: false and a message if something is wrong. */
extern bool tradepost_fuzz_fail(TpPair *pair, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern bool
tradepost_compare_order(TpPair *pair, const char *who, const TpOrderState *theirs, const TpOrderState *ours);
extern bool
tradepost_compare_instrument(TpPair *pair, const char *who, const TpInstrument *theirs, const TpInstrument *ours);
extern bool tradepost_compare_state(TpPair *pair);
extern bool tradepost_compare_rows(TpPair *pair);
extern uint64_t tradepost_model_checksum(const TpModel *model);
extern const char *tradepost_wide(tp_int128 value); /* decimal text, in one of a few static buffers */

#endif
