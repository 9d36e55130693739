/*
 * ring.c
 *	  A bounded ring of commands: many writers under a spinlock, one reader.
 *
 * Writers are backends in their commit callback, so nothing here can throw or
 * allocate.  The reader copies without the lock: writers never touch entries
 * between head and tail, and only the reader moves head.
 *
 * A ring that was emptied starts at its first place again.  So what is used of it
 * stays as small as what waits: every backend has those pages mapped soon, and
 * none takes a page fault while it holds the lock, for which all others spin.
 */
#include "postgres.h"

#include "guc.h"
#include "ring.h"

/* Under the lock: what backpressure goes by, without the lock. */
static void
count_waiting(TpDatabase *db)
{
	pg_atomic_write_u64(&db->waiting, (db->tail - db->head) + (uint64) db->overflow_commands);
}

void
tradepost_ring_push(TpDatabase *db, const TpCommand *commands, int n, int64 unqueued, TimestampTz since)
{
	TpArrival *ring = tradepost_ring_of(db);
	uint64 size = tradepost_ring_size;
	bool flagged = false;

	while (n > 0 && !flagged)
	{
		int chunk = Min(n, TP_RING_CHUNK);

		SpinLockAcquire(&db->ring_lock);
		if (!db->overflow && size - (db->tail - db->head) >= (uint64) chunk)
		{
			for (int i = 0; i < chunk; i++)
			{
				TpArrival *place = &ring[(db->tail + i) % size];

				place->command = commands[i];
				place->since = since;
			}
			db->tail += chunk;
			commands += chunk;
			n -= chunk;
			count_waiting(db);
		}
		else
			flagged = true;
		SpinLockRelease(&db->ring_lock);
	}

	if (flagged || unqueued > 0)
	{
		SpinLockAcquire(&db->ring_lock);
		if (!db->overflow)
		{
			db->overflows++;
			db->overflow_since = since;
		}
		db->overflow = true;
		db->overflow_commands += n + unqueued;
		count_waiting(db);
		SpinLockRelease(&db->ring_lock);
	}
}

int
tradepost_ring_used(TpDatabase *db)
{
	uint64 used;

	SpinLockAcquire(&db->ring_lock);
	used = db->tail - db->head;
	SpinLockRelease(&db->ring_lock);
	return (int) used;
}

void
tradepost_ring_copy(TpDatabase *db, TpArrival *out, int n)
{
	TpArrival *ring = tradepost_ring_of(db);
	uint64 size = tradepost_ring_size;

	for (int i = 0; i < n; i++)
		out[i] = ring[(db->head + i) % size];
}

void
tradepost_ring_free(TpDatabase *db, int n)
{
	SpinLockAcquire(&db->ring_lock);
	db->head += n;
	if (db->head == db->tail)
		db->head = db->tail = 0;
	count_waiting(db);
	SpinLockRelease(&db->ring_lock);
}

bool
tradepost_ring_overflowed(TpDatabase *db)
{
	bool overflow;

	SpinLockAcquire(&db->ring_lock);
	overflow = db->overflow;
	SpinLockRelease(&db->ring_lock);
	return overflow;
}

TimestampTz
tradepost_ring_overflow_since(TpDatabase *db)
{
	TimestampTz since;

	SpinLockAcquire(&db->ring_lock);
	since = db->overflow_since;
	SpinLockRelease(&db->ring_lock);
	return since;
}

int64
tradepost_ring_clear_overflow(TpDatabase *db)
{
	int64 commands;

	SpinLockAcquire(&db->ring_lock);
	commands = db->overflow_commands;
	db->overflow = false;
	db->overflow_since = 0;
	db->overflow_commands = 0;
	count_waiting(db);
	SpinLockRelease(&db->ring_lock);
	return commands;
}

void
tradepost_ring_flag_more(TpDatabase *db, int64 commands)
{
	SpinLockAcquire(&db->ring_lock);
	db->overflow_commands += commands;
	count_waiting(db);
	SpinLockRelease(&db->ring_lock);
}

static TimestampTz
earlier(TimestampTz a, TimestampTz b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	return Min(a, b);
}

/*
 * The matcher counts what it takes before it frees the ring's places, so what
 * moves while we look is counted twice rather than not at all: nothing that waits
 * is missed, however long the matcher stands still.
 */
void
tradepost_ring_waiting(TpDatabase *db, TpWaiting *waiting)
{
	TpArrival *oldest;
	int64 backlog;

	SpinLockAcquire(&db->ring_lock);
	oldest = tradepost_ring_of(db) + db->head % tradepost_ring_size;
	waiting->in_ring = (int) (db->tail - db->head);
	waiting->commands = waiting->in_ring + db->overflow_commands;
	waiting->overflows = db->overflows;
	waiting->since = db->overflow_since;
	SpinLockRelease(&db->ring_lock);

	/* Without the lock, because of page faults: when another is in that place by now, this one is in the backlog. */
	if (waiting->in_ring > 0)
		waiting->since = earlier(waiting->since, oldest->since);
	pg_read_barrier();
	backlog = (int64) pg_atomic_read_u64(&db->backlog);
	waiting->commands += backlog;
	if (backlog > 0)
		waiting->since = earlier(waiting->since, (TimestampTz) pg_atomic_read_u64(&db->backlog_since));
}
