/*
 * tail.c
 *	  From which seq on decisions of commands above the watermark can lie.
 *
 * Each batch is remembered by its highest id and first seq, oldest first, until
 * the watermark has passed that id.  The oldest left is where the tail begins:
 * earlier than needed at times, never later.
 */
#include "postgres.h"

#include "tail.h"
#include "utils/memutils.h"

typedef struct Batch
{
	int64 max_id;
	int64 first_seq;
} Batch;

struct TpTail
{
	Batch *batches;
	int first;
	int end;
	int room;
};

TpTail *
tradepost_tail_create(int64 max_id, int64 first_seq)
{
	TpTail *tail = MemoryContextAllocZero(TopMemoryContext, sizeof(TpTail));

	tail->room = 64;
	tail->batches = MemoryContextAlloc(TopMemoryContext, tail->room * sizeof(Batch));
	tail->batches[0] = (Batch){ .max_id = max_id, .first_seq = first_seq };
	tail->end = 1;
	return tail;
}

static void
make_room(TpTail *tail)
{
	if (tail->end < tail->room)
		return;
	if (tail->first > tail->room / 2)
	{
		tail->end -= tail->first;
		memmove(tail->batches, tail->batches + tail->first, tail->end * sizeof(Batch));
		tail->first = 0;
	}
	else
	{
		tail->room *= 2;
		tail->batches = repalloc_huge(tail->batches, tail->room * sizeof(Batch));
	}
}

int64
tradepost_tail_add(TpTail *tail, int64 max_id, int64 first_seq, int64 last_seq, int64 watermark)
{
	while (tail->first < tail->end && tail->batches[tail->first].max_id < watermark)
		tail->first++;
	if (max_id >= watermark)
	{
		make_room(tail);
		tail->batches[tail->end++] = (Batch){ .max_id = max_id, .first_seq = first_seq };
	}
	return tail->first < tail->end ? tail->batches[tail->first].first_seq : last_seq + 1;
}
