/*
 * durable.c
 *	  A batch's commit, and the fence that readers pass.
 *
 * A flush of the WAL that the matcher starts makes the next client's commit wait
 * for it and then flush once more: with few clients that halves what they can
 * do.  So a batch commits without flushing, and waits a moment for a client's
 * flush, which carries its records too; if none comes, it flushes itself.  Until
 * then nothing is published.  Readers could see the rows in that moment: so the
 * views call durable(), which waits until what their snapshot may show is on disk
 * (a snapshot is taken before it, so it shows no later batch).
 *
 * With synchronous standbys the wait for them is part of the commit, which is
 * then an ordinary one.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "compat.h"
#include "durable.h"
#include "fault.h"
#include "fmgr.h"
#include "guc.h"
#include "miscadmin.h"
#include "replication/syncrep.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(tradepost_durable);

/* How long one look at the flush position is from the next. */
#define LOOK_US 150

/*
 * After a batch of several commands there are clients enough to fill the next one, and what
 * a batch costs by itself counts: the first look comes later, and the next batch is larger.
 */
#define MANY_COMMANDS 4
#define FIRST_LOOK_US 500

static bool
standbys_are_waited_for(void)
{
	return SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0';
}

/* Whether a client of this database has commands in a transaction, and so will flush soon. */
static bool
client_may_commit(TpDatabase *db)
{
	for (int i = 0; i < TP_MAX_PROCS; i++)
	{
		TpSlot *slot = tradepost_slot_at(i);

		if (pg_atomic_read_u64(&slot->lowest) != 0 && slot->dboid == db->dboid && slot->pid != MyProcPid)
			return true;
	}
	return false;
}

/*
 * A client that has just had its answer often comes with its next command at
 * once, most of all when it is the only one: so nobody in sight is believed at
 * the second look only.
 */
static void
wait_for_flush(TpDatabase *db, XLogRecPtr end, int commands)
{
	TimestampTz deadline = GetCurrentTimestamp() + tradepost_flush_wait;
	int look_us = commands < MANY_COMMANDS ? LOOK_US : Min(FIRST_LOOK_US, tradepost_flush_wait);
	int looks_at_nobody = 0;

	while (GetFlushRecPtr(NULL) < end)
	{
		if (!client_may_commit(db))
			looks_at_nobody++;
		if (tradepost_flush_wait == 0 || GetCurrentTimestamp() >= deadline || looks_at_nobody > 1)
		{
			XLogFlush(end);
			return;
		}
		pg_usleep(look_us);
		look_us = LOOK_US;
	}
}

void
tradepost_commit_batch(TpDatabase *db, int commands)
{
	int durability = synchronous_commit;

	if (durability <= SYNCHRONOUS_COMMIT_OFF || standbys_are_waited_for())
	{
		CommitTransactionCommand();
		return;
	}

	pg_atomic_write_u32(&db->committing, 1);
	pg_memory_barrier();
	synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
	CommitTransactionCommand();
	synchronous_commit = durability;
	pg_atomic_write_u64(&db->batch_end, XactLastCommitEnd);
	pg_memory_barrier();
	pg_atomic_write_u32(&db->committing, 0);
	TRADEPOST_FAULT_POINT(TP_FAULT_BATCH_UNFLUSHED);
	wait_for_flush(db, XactLastCommitEnd, commands);
}

/* tradepost_internal.durable(): true, once every batch that the caller's snapshot may show is durable. */
Datum
tradepost_durable(PG_FUNCTION_ARGS)
{
	TpDatabase *db = RecoveryInProgress() ? NULL : tradepost_my_database(false);
	XLogRecPtr end;

	if (db == NULL)
		PG_RETURN_BOOL(true);
	while (pg_atomic_read_u32(&db->committing) != 0)
	{
		CHECK_FOR_INTERRUPTS();
		pg_usleep(LOOK_US);
	}
	pg_memory_barrier();
	end = pg_atomic_read_u64(&db->batch_end);
	if (GetFlushRecPtr(NULL) < end)
		XLogFlush(end);
	PG_RETURN_BOOL(true);
}
