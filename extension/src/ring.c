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
tradepost_ring_push(TpDatabase *db, const TpCommand *commands, int n, int64 unqueued)
{
	TpCommand *ring = tradepost_ring_of(db);
	uint64 size = tradepost_ring_size;
	bool flagged = false;

	while (n > 0 && !flagged)
	{
		int chunk = Min(n, TP_RING_CHUNK);

		SpinLockAcquire(&db->ring_lock);
		if (!db->overflow && size - (db->tail - db->head) >= (uint64) chunk)
		{
			for (int i = 0; i < chunk; i++)
				ring[(db->tail + i) % size] = commands[i];
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
			db->overflows++;
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

int
tradepost_ring_take(TpDatabase *db, TpCommand *out, int n)
{
	TpCommand *ring = tradepost_ring_of(db);
	uint64 size = tradepost_ring_size;

	for (int i = 0; i < n; i++)
		out[i] = ring[(db->head + i) % size];
	SpinLockAcquire(&db->ring_lock);
	db->head += n;
	if (db->head == db->tail)
		db->head = db->tail = 0;
	count_waiting(db);
	SpinLockRelease(&db->ring_lock);
	return n;
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

int64
tradepost_ring_clear_overflow(TpDatabase *db)
{
	int64 commands;

	SpinLockAcquire(&db->ring_lock);
	commands = db->overflow_commands;
	db->overflow = false;
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
