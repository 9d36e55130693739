/*
 * generator.h
 *	  Random worlds (instruments, accounts) and random streams of commands in
 *	  them, from a seed alone: the same seed gives the same stream on every
 *	  machine.
 *
 * A stream is a list of steps with everything in it spelled out (ids, times,
 * prices), so that any part of it is a stream too: the shrinker relies on it.
 * The generator sees neither engine nor model; it remembers what it asked for
 * and keeps a notion of each mark, which is good enough to aim at things that
 * exist most of the time.
 */
#ifndef TRADEPOST_GENERATOR_H
#define TRADEPOST_GENERATOR_H

#include "engine.h"

#define TP_WORLD_INSTRUMENTS 8
#define TP_WORLD_ACCOUNTS 12

typedef struct TpRandom
{
	uint64_t state;
} TpRandom;

extern void tradepost_random_seed(TpRandom *random, uint64_t seed, uint64_t stream);
extern uint64_t tradepost_random_next(TpRandom *random);

/* Uniform in [low, high]. */
extern int64_t tradepost_random_between(TpRandom *random, int64_t low, int64_t high);

/* True in `percent` of a hundred. */
extern bool tradepost_random_chance(TpRandom *random, double percent);

/* What the traders of a stream are like; each stream draws one. */
typedef enum TpTemper
{
	TP_TEMPER_MIXED,
	TP_TEMPER_THIN,    /* little money: funds rejections, liquidations */
	TP_TEMPER_SELF,    /* two accounts only: self-trade prevention */
	TP_TEMPER_HOSTILE, /* many senseless fields */
	TP_TEMPER_HASTY,   /* short lives: expiry */
	TP_TEMPER_GIANT,   /* amounts at the edge of 64 bits */
	TP_TEMPER_COARSE,  /* few different amounts, no commission: comparisons meet at equality */
	TP_TEMPER_DEEP,    /* hundreds of levels that rest: the book's tree */
	TP_TEMPERS
} TpTemper;

typedef struct TpWorld
{
	TpTemper temper;
	TpInstrument instruments[TP_WORLD_INSTRUMENTS];
	size_t n_instruments;
	int64_t accounts[TP_WORLD_ACCOUNTS]; /* those that trade */
	size_t n_accounts;
	int64_t external;  /* where deposits come from */
	int64_t start;     /* time of the first step */
	int64_t first_seq; /* what the engine is told it reached before */
} TpWorld;

typedef enum TpStepKind
{
	TP_STEP_COMMAND,
	TP_STEP_END_BATCH, /* what is dirty is stored */
	TP_STEP_RECOVER,   /* the same, then a new engine from what is stored */
	TP_STEP_RESPECIFY  /* the host changes a specification, then applies `command` (a LIST) */
} TpStepKind;

typedef struct TpStep
{
	TpStepKind kind;
	bool preview; /* before a PLACE: ask for the preview and hold it against what follows */
	int64_t now;
	TpCommand command;
	TpInstrument spec;
} TpStep;

extern void tradepost_generate_world(TpRandom *random, TpWorld *world);
/* One field of the command made senseless. */
extern void tradepost_spoil(TpRandom *random, TpCommand *command);

extern void tradepost_generate_steps(TpRandom *random, const TpWorld *world, TpStep *steps, size_t count);

#endif
