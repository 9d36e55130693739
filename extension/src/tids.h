/*
 * tids.h
 *	  Where a table's rows are: from the primary key to the row's TID.
 *
 * A TID is a hint.  Who uses it compares the row that it finds there with the key,
 * and forgets all TIDs when the table has got another file.
 */
#ifndef TRADEPOST_TIDS_H
#define TRADEPOST_TIDS_H

#include "storage/itemptr.h"

/* Primary keys of the engine's tables: one or two columns. */
typedef struct TpRowKey
{
	int64 first;
	int32 second; /* 0 where there is none */
} TpRowKey;

typedef struct TpTids TpTids;

extern TpTids *tradepost_tids_create(void);
extern bool tradepost_tids_get(TpTids *tids, TpRowKey key, ItemPointer tid);
extern void tradepost_tids_put(TpTids *tids, TpRowKey key, const ItemPointerData *tid);
extern void tradepost_tids_forget(TpTids *tids, TpRowKey key);
extern void tradepost_tids_clear(TpTids *tids);
extern size_t tradepost_tids_count(const TpTids *tids);

#endif
