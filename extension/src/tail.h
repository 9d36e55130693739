/*
 * tail.h
 *	  From which seq on decisions of commands above the watermark can lie: where a
 *	  recovery begins to look for them.
 */
#ifndef TRADEPOST_TAIL_H
#define TRADEPOST_TAIL_H

typedef struct TpTail TpTail;

/* Everything decided so far has an id up to max_id, and from first_seq on may be above the watermark. */
extern TpTail *tradepost_tail_create(int64 max_id, int64 first_seq);

/* A batch decided ids up to max_id, from first_seq to last_seq.  Returns where the tail now begins. */
extern int64 tradepost_tail_add(TpTail *tail, int64 max_id, int64 first_seq, int64 last_seq, int64 watermark);

#endif
