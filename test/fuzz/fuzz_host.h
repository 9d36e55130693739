/*
 * fuzz_host.h
 *	  A stand-in for the PostgreSQL side: rows in arrays, written from the
 *	  engine's dirty lists only, as the matcher writes its tables.
 *
 * What the lists leave out is missing here, and shows: after each store the
 * rows are held against the model, and a recovery builds the next engine from
 * nothing but the rows.
 */
#ifndef TRADEPOST_FUZZ_HOST_H
#define TRADEPOST_FUZZ_HOST_H

#include "generator.h"

#define TP_HOST_LEVELS 512

typedef struct TpHostInstrument
{
	TpInstrument row;
	TpLevel levels[2][TP_HOST_LEVELS]; /* as last published */
	size_t n_levels[2];
} TpHostInstrument;

typedef struct TpHost
{
	TpHostInstrument instruments[TP_WORLD_INSTRUMENTS];
	size_t n_instruments;
	TpOrderState *orders;   /* open ones, and until the next store the closed */
	int64_t *order_batches; /* the store that wrote each */
	size_t n_orders;
	TpBalanceState *balances;
	int64_t *balance_batches;
	size_t n_balances;
	TpPositionState *positions;
	int64_t *position_batches;
	size_t n_positions;
	int64_t batch;
	int64_t last_seq;
} TpHost;

extern void tradepost_host_init(TpHost *host, const TpWorld *world);
extern void tradepost_host_free(TpHost *host);

/* The host itself changed a specification; `row` is the whole instrument as it is now. */
extern void tradepost_host_respecify(TpHost *host, const TpInstrument *row);

/* Writes all that is dirty.  NULL, or what is wrong with the lists. */
extern const char *tradepost_host_store(TpHost *host, TpEngine *engine);

/* A new engine from the rows. */
extern TpEngine *tradepost_host_recover(const TpHost *host);

#endif
