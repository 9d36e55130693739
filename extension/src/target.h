/*
 * target.h
 *	  Where commands are written: table commands, its indexes, its sequence.
 */
#ifndef TRADEPOST_TARGET_H
#define TRADEPOST_TARGET_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

#define TP_TARGET_INDEXES 4

/* The table, open for inserts until tradepost_target_close(). */
typedef struct TpTarget
{
	Relation table;
	TupleTableSlot *slot; /* one, of the table's shape; the next opening takes it again */

	/* Plain indexes: all of them, and the ones below are the open ones. */
	bool plain;
	int indexes;
	Relation index[TP_TARGET_INDEXES];
	IndexInfo *info[TP_TARGET_INDEXES];

	/* Any other: the executor's way. */
	EState *estate;
	ResultRelInfo *result;
} TpTarget;

extern void tradepost_target_open(TpTarget *target);

/* Enter a row that was just inserted into the table's indexes. */
extern void tradepost_target_index(TpTarget *target, TupleTableSlot *slot);

/* The locks stay until the transaction ends. */
extern void tradepost_target_close(TpTarget *target);

/* The sequence that ids of commands are drawn from. */
extern Oid tradepost_target_sequence(void);

#endif
