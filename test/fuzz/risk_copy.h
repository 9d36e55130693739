/*
 * risk_copy.h
 *	  An account that can be tried out: copied from the engine, filled, asked what
 *	  is free.  Knows engine.h's reading functions and its comment, nothing else.
 */
#ifndef TRADEPOST_RISK_COPY_H
#define TRADEPOST_RISK_COPY_H

#include "generator.h"

#define TP_COPY_ORDERS 64
#define TP_COPY_ASSETS 32

typedef struct TpLeg
{
	TpOrderState order;
	const TpInstrument *instrument;
} TpLeg;

/* One account, copied out of the engine; positions by the world's instruments. */
typedef struct TpCopy
{
	const TpWorld *world;
	TpInstrument instruments[TP_WORLD_INSTRUMENTS];
	tp_int128 positions[TP_WORLD_INSTRUMENTS];
	tp_int128 cash[TP_COPY_ASSETS]; /* by asset */
	TpLeg legs[TP_COPY_ORDERS];
	size_t n_legs;
} TpCopy;

/* False if the account has more orders than there is room for. */
extern bool tradepost_risk_copy_take(const TpWorld *world, const TpEngine *engine, int64_t account, TpCopy *copy);
extern void tradepost_risk_copy_duplicate(TpCopy *to, const TpCopy *from);
extern bool tradepost_risk_copy_agrees(const TpEngine *engine, int64_t account, const TpCopy *copy);

extern bool tradepost_risk_copy_negative(const TpInstrument *instrument);
extern int64_t tradepost_risk_copy_left(const TpOrderState *order);
extern tp_int128 tradepost_risk_copy_margin(const TpCopy *copy, size_t instrument);
extern tp_int128 tradepost_risk_copy_free(const TpCopy *copy, int32_t asset);

/* Fills `quantity` of a leg at `price`, `as_taker` of it taking, the rest making. */
extern void tradepost_risk_copy_fill(TpCopy *copy, size_t leg, int64_t quantity, int64_t as_taker, int64_t price);

/* Puts into the copy what a place or amend asks for, as leg *at; false if its order is not open. */
extern bool tradepost_risk_copy_stand_open(TpCopy *copy, const TpCommand *command, size_t *at);

#endif
