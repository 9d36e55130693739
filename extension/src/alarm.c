/*
 * alarm.c
 *	  A transaction's push, on its way to the follower: its latch is set at commit.
 *
 * Called by tradepost_internal.push() and its kin.  The commit callback runs when the
 * transaction can no longer fail: it sets a latch and does nothing else.  A push
 * that a savepoint took back wakes the follower for nothing, and one that is
 * committed by COMMIT PREPARED waits until it looks by itself.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "shmem.h"

PG_FUNCTION_INFO_V1(tradepost_wake_follower_at_commit);

static bool registered = false;
static TpDatabase *due = NULL; /* whose follower is to be woken */

static void
wake_at_commit(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT && due != NULL)
		tradepost_wake_follower(due);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		due = NULL;
}

Datum
tradepost_wake_follower_at_commit(PG_FUNCTION_ARGS)
{
	if (!registered)
	{
		RegisterXactCallback(wake_at_commit, NULL);
		registered = true;
	}
	due = tradepost_my_database(false);
	PG_RETURN_VOID();
}
