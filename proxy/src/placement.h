/*
 * placement.h
 *	  A request to place one order or many, and how each of them ends: between
 *	  edge_orders.c, which sends them to the database, and placement.c, which answers.
 */
#ifndef TRADEPOST_PROXY_PLACEMENT_H
#define TRADEPOST_PROXY_PLACEMENT_H

#include "call.h"
#include "pg.h"

typedef struct TpPlacement TpPlacement;

typedef struct TpPlacing TpPlacing;
struct TpPlacing
{
	TpPlacing *next; /* in its queue, or in its call */
	TpPlacement *placement;
	TpSlice json;
	bool unsure;   /* it was lost once */
	bool repeated; /* it was there before this request */
	int64_t id;
	unsigned expectation; /* while a repeated one is looked up */
	TpBuffer result;      /* in a batch */
};

struct TpPlacement
{
	TpCall *call;
	void (*ended)(void *context); /* it was answered, and is gone */
	void *context;
	bool batch;
	int count;
	int left;   /* not ended */
	int failed; /* by a failure of the whole call */
	uint64_t give_up_ms;
	TpPlacing orders[];
};

extern TpPlacement *tp_placement_new(TpCall *call, const TpSlice *texts, int count, bool batch);

/* The database has it, under order->id; repeated: since an earlier request with its key. */
extern void tp_placing_placed(TpPlacing *order, bool repeated);

/* whole: the call failed, not this order alone. */
extern void tp_placing_refused(TpPlacing *order, const TpPgError *error, bool whole);

#endif
