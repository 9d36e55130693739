/*
 * inbox.c
 *	  Commands that the matcher has taken and not decided.
 *
 * Order: what one session commits first must be decided first.  The ring keeps
 * that by itself.  When its overflow flag stands, nobody pushes: the ring is
 * emptied once more and decided, then the flag is cleared, and the table is read
 * from the watermark by id with a snapshot taken after the clearing.  Until such a
 * reading was complete, the ring is left alone; what it then holds twice is
 * dropped, because its id is decided.
 *
 * Watermark: `bound` is an id such that every lower one is decided, never will be,
 * or is in the queue.  It is read off the backends' slots *before* the ring is
 * taken, or before the reading's snapshot, and does not move while commands are
 * flagged.
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat.h"
#include "guc.h"
#include "inbox.h"
#include "recover.h"
#include "ring.h"
#include "utils/memutils.h"

/* Rows that one reading of the table takes. */
#define MAX_READ 32768

/* The queue is searched for its lowest id only when it is this short. */
#define SHORT_QUEUE 8192

struct TpInbox
{
	TpDatabase *db;
	TpWindow *decided;
	int64 watermark;
	int64 bound;
	TpArrival *queue;
	int room;
	int first; /* next to be decided */
	int end;
	bool must_read;         /* the table holds what the ring does not */
	TimestampTz read_since; /* and all of that was committed later than this; 0: nobody has said when */
};

TpInbox *
tradepost_inbox_create(TpDatabase *db, TpWindow *decided, int64 watermark)
{
	TpInbox *inbox = MemoryContextAllocZero(TopMemoryContext, sizeof(TpInbox));

	inbox->db = db;
	inbox->decided = decided;
	inbox->watermark = inbox->bound = watermark;
	inbox->room = MAX_READ;
	inbox->queue = MemoryContextAllocHuge(TopMemoryContext, (Size) inbox->room * sizeof(TpArrival));
	inbox->must_read = true; /* what an earlier matcher had taken, or shared memory lost */
	return inbox;
}

/* Readers look at the time only where they found a number. */
static void
publish_backlog(TpInbox *inbox, int64 commands, TimestampTz since)
{
	if (commands > 0)
		pg_atomic_write_u64(&inbox->db->backlog_since, (uint64) since);
	pg_write_barrier();
	pg_atomic_write_u64(&inbox->db->backlog, (uint64) commands);
}

static void
publish_queue(TpInbox *inbox)
{
	int n = inbox->end - inbox->first;

	publish_backlog(inbox, n, n > 0 ? inbox->queue[inbox->first].since : 0);
}

static void
make_room(TpInbox *inbox, int n)
{
	if (inbox->first > 0)
	{
		memmove(inbox->queue, inbox->queue + inbox->first, (Size) (inbox->end - inbox->first) * sizeof(TpArrival));
		inbox->end -= inbox->first;
		inbox->first = 0;
	}
	if (inbox->end + n > inbox->room)
	{
		while (inbox->end + n > inbox->room)
			inbox->room *= 2;
		inbox->queue = repalloc_huge(inbox->queue, (Size) inbox->room * sizeof(TpArrival));
	}
}

/*
 * Lowest id that a backend may still hand over.  last_drawn is read first: a
 * backend whose slot we find empty draws later, and so draws a higher id.
 */
static int64
lowest_outstanding(TpDatabase *db)
{
	uint64 lowest = pg_atomic_read_u64(&db->last_drawn) + 1;

	pg_memory_barrier();
	for (int i = 0; i < TP_MAX_PROCS; i++)
	{
		TpSlot *slot = tradepost_slot_at(i);
		uint64 mine = pg_atomic_read_u64(&slot->lowest);

		if (mine != 0 && slot->dboid == db->dboid)
			lowest = Min(lowest, mine);
	}
	return (int64) lowest;
}

static void
take_ring(TpInbox *inbox)
{
	int64 outstanding = lowest_outstanding(inbox->db);
	int n;

	pg_memory_barrier();
	n = tradepost_ring_used(inbox->db);
	if (n > 0)
	{
		make_room(inbox, n);
		tradepost_ring_copy(inbox->db, inbox->queue + inbox->end, n);
		inbox->end += n;
		publish_queue(inbox);
		tradepost_ring_free(inbox->db, n);
	}

	/*
	 * Commands that were flagged instead of pushed are in no queue.  Their
	 * backends flag before they clear their slots, so if the flag does not
	 * stand now, none of them was passed over above.
	 */
	if (!tradepost_ring_overflowed(inbox->db))
		inbox->bound = Max(inbox->bound, outstanding);
}

static void
read_table(TpInbox *inbox)
{
	int64 outstanding = lowest_outstanding(inbox->db);
	int64 last;
	int n;
	int64 flagged;

	/* Count them as waiting without a gap, for those who wait until nothing does. */
	publish_backlog(inbox, 1, inbox->read_since != 0 ? inbox->read_since : GetCurrentTimestamp());
	flagged = tradepost_ring_clear_overflow(inbox->db);
	pg_memory_barrier();
	make_room(inbox, MAX_READ);
	StartTransactionCommand();
	n = tradepost_recover_commands(inbox->watermark, inbox->decided, inbox->queue + inbox->end, MAX_READ, &last);
	CommitTransactionCommand();
	for (int i = inbox->end; i < inbox->end + n; i++)
		inbox->queue[i].since = Max(inbox->queue[i].since, inbox->read_since);
	inbox->end += n;
	if (n < MAX_READ)
	{
		inbox->must_read = false;
		inbox->read_since = 0;
		inbox->bound = Max(inbox->bound, outstanding);
	}
	else
	{
		/* More is there: count it as waiting, and come back when these are decided. */
		inbox->must_read = true;
		inbox->bound = Max(inbox->bound, Min(outstanding, last + 1));
		tradepost_ring_flag_more(inbox->db, Max(flagged - n, 0));
	}
}

void
tradepost_inbox_fill(TpInbox *inbox)
{
	bool empty = tradepost_inbox_peek(inbox) == NULL;

	if (inbox->must_read)
	{
		if (empty)
			read_table(inbox);
	}
	else
	{
		take_ring(inbox);
		if (tradepost_ring_overflowed(inbox->db))
		{
			/* Nobody pushes any more: this is the rest. */
			take_ring(inbox);
			inbox->must_read = true;
			inbox->read_since = tradepost_ring_overflow_since(inbox->db);
			if (tradepost_inbox_peek(inbox) == NULL)
				read_table(inbox);
		}
	}
	publish_queue(inbox);
}

const TpCommand *
tradepost_inbox_peek(TpInbox *inbox)
{
	while (inbox->first < inbox->end && tradepost_window_decided(inbox->decided, inbox->queue[inbox->first].command.id))
		inbox->first++;
	return inbox->first < inbox->end ? &inbox->queue[inbox->first].command : NULL;
}

void
tradepost_inbox_take(TpInbox *inbox, TpCommand *command)
{
	*command = inbox->queue[inbox->first++].command;
	tradepost_window_mark(inbox->decided, command->id);
}

void
tradepost_inbox_note(TpInbox *inbox, int64 id)
{
	tradepost_window_mark(inbox->decided, id);
}

int64
tradepost_inbox_watermark(TpInbox *inbox)
{
	int64 watermark = inbox->bound;

	if (inbox->end - inbox->first > SHORT_QUEUE)
		return inbox->watermark;
	for (int i = inbox->first; i < inbox->end; i++)
	{
		int64 id = inbox->queue[i].command.id;

		if (id < watermark && !tradepost_window_decided(inbox->decided, id))
			watermark = id;
	}
	if (watermark > inbox->watermark)
	{
		inbox->watermark = watermark;
		tradepost_window_advance(inbox->decided, watermark);
	}
	return inbox->watermark;
}
