/*
 * doorbell.c
 *	  NOTIFY tradepost, after batches.
 *
 * Only the matcher notifies: notifiers wait for each other on one lock.  A
 * doorbell costs as much as a small batch, so batches that follow each other fast
 * share one.  When the notification queue fills, a listener is stuck and the
 * bell is left alone: the market does not wait for it, and listeners look by
 * themselves a few times a second.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "doorbell.h"
#include "fault.h"
#include "guc.h"
#include "utils/fmgroids.h"

/* Above this share of the notification queue it is not rung. */
#define QUEUE_SHARE TRADEPOST_FAULT_QUEUE_SHARE(0.5)

#define INTERVAL_US 1000

static bool due = false;
static int64 due_seq = 0;
static TimestampTz last_rung = 0;

void
tradepost_doorbell_due(int64 last_seq)
{
	due = true;
	due_seq = last_seq;
}

TimestampTz
tradepost_doorbell_next(void)
{
	return due && tradepost_doorbell ? last_rung + INTERVAL_US : TRADEPOST_TIME_NEVER;
}

/* The notification need not be durable: the rows are. */
void
tradepost_doorbell_ring(TpDatabase *db)
{
	int durability = synchronous_commit;
	TimestampTz now = GetCurrentTimestamp();
	char payload[32];

	if (now < tradepost_doorbell_next())
		return;
	due = false;
	last_rung = now;
	StartTransactionCommand();
	if (DatumGetFloat8(OidFunctionCall0(F_PG_NOTIFICATION_QUEUE_USAGE)) > QUEUE_SHARE)
		db->status.doorbells_skipped++;
	else
	{
		snprintf(payload, sizeof(payload), "%lld", (long long) due_seq);
		Async_Notify("tradepost", payload);
	}
	synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
	CommitTransactionCommand();
	synchronous_commit = durability;
}
