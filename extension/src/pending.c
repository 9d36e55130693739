/*
 * pending.c
 *	  A transaction's commands on their way to the matcher.
 *
 * Ids become visible out of order, so every backend shows in its TpSlot the
 * lowest id that it may still hand over: the slot is set before the id is
 * drawn and cleared after the ring push, or after the abort of the transaction or
 * of the savepoint that it was set under.  The matcher's watermark never passes a
 * slot.
 *
 * The commit callback runs when the transaction can no longer fail: it must not
 * throw and allocates nothing.  Savepoints that roll back cut their commands
 * off the queue; subtransaction ids grow, so everything of an aborted one and of
 * its children has an id at or above its own.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/sequence.h"
#include "compat.h"
#include "errcodes.h"
#include "fault.h"
#include "guc.h"
#include "pending.h"
#include "pgstat.h"
#include "ring.h"
#include "shmem.h"
#include "storage/ipc.h"
#include "target.h"
#include "utils/guc.h"
#include "utils/memutils.h"

/* Larger transactions are read from the table: the ring would not hold them anyway. */
#define MAX_QUEUED 16384

typedef struct Queued
{
	TpCommand command;
	SubTransactionId subxact;
} Queued;

static bool registered = false;
static Queued *queue = NULL;       /* TopMemoryContext, grows to MAX_QUEUED */
static TpCommand *handover = NULL; /* the same, without subxacts: what the callback pushes */
static int queue_length = 0;
static int queue_size = 0;
static int64 unqueued = 0;                                      /* commands of this transaction beyond the queue */
static TpDatabase *database = NULL;                             /* where the commands go */
static SubTransactionId slot_subxact = InvalidSubTransactionId; /* in which our slot was set; invalid: it is not */
static bool configuration_dirty = false;
static bool extension_dropped = false;
static void (*forget_callback)(bool configuration) = NULL;

static TpSlot *
my_slot(void)
{
	return tradepost_slot_at(TP_PROC_INDEX);
}

static void
forget_all(void)
{
	queue_length = 0;
	unqueued = 0;
	configuration_dirty = false;
	extension_dropped = false;
	database = NULL;
}

static void
clear_slot(void)
{
	if (tradepost_shared != NULL && pg_atomic_read_u64(&my_slot()->lowest) != 0)
	{
		pg_write_barrier();
		pg_atomic_write_u64(&my_slot()->lowest, 0);
	}
	slot_subxact = InvalidSubTransactionId;
}

static void
hand_over(void)
{
	if (database == NULL || database->dboid != MyDatabaseId)
		return;

	TRADEPOST_FAULT_POINT(TP_FAULT_BEFORE_HANDOVER);
	if (queue_length > 0 || unqueued > 0)
		tradepost_ring_push(database, handover, queue_length, unqueued, GetCurrentTransactionStopTimestamp());
	clear_slot();
	if (extension_dropped)
		tradepost_forget_published(database);
	if (configuration_dirty)
	{
		pg_atomic_fetch_add_u32(&database->generation, 1);
		database->wanted = true;
		tradepost_wake_launcher();
	}
	tradepost_wake_matcher(database);
}

static void
xact_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_PREPARE:
			if (queue_length > 0 || unqueued > 0)
				ereport(ERROR,
						(errcode(ERRCODE_TP_TWO_PHASE),
						 errmsg("cannot PREPARE a transaction that holds commands to the engine (%lld)",
								(long long) (queue_length + unqueued)),
						 errhint("Use COMMIT: commands are handed to the engine by the session that made them.")));
			if (configuration_dirty)
				ereport(ERROR, (errcode(ERRCODE_TP_TWO_PHASE),
								errmsg("cannot PREPARE a transaction that has changed the exchange's configuration"),
								errhint("Use COMMIT: other sessions are told by the session that made the change.")));
			break;
		case XACT_EVENT_PREPARE:
			/* What drew ids here was rolled back to a savepoint. */
			clear_slot();
			forget_all();
			break;
		case XACT_EVENT_COMMIT:
			if (queue_length > 0 || unqueued > 0 || configuration_dirty)
			{
				hand_over();
				if (configuration_dirty && forget_callback)
					forget_callback(true);
				forget_all();
			}
			clear_slot();
			break;
		case XACT_EVENT_ABORT:
			clear_slot();
			if (forget_callback)
				forget_callback(configuration_dirty);
			forget_all();
			break;
		default:
			break;
	}
}

static void
subxact_callback(SubXactEvent event, SubTransactionId mySubid, SubTransactionId parentSubid, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (queue_length > 0 && queue[queue_length - 1].subxact >= mySubid)
		queue_length--;

	/*
	 * When the slot was set inside of what is rolled back, so were all ids
	 * drawn since: there is nothing left to hand over, and the watermark
	 * need not wait for a session that may now idle.  Else what went beyond
	 * the queue may be rolled back or not: the table will tell.
	 */
	if (mySubid <= slot_subxact)
	{
		unqueued = 0;
		clear_slot();
	}
	if (forget_callback)
		forget_callback(configuration_dirty);
}

void
tradepost_pending_init(void)
{
	if (registered)
		return;
	RegisterXactCallback(xact_callback, NULL);
	RegisterSubXactCallback(subxact_callback, NULL);
	registered = true;
}

void
tradepost_pending_on_forget(void (*callback)(bool configuration))
{
	forget_callback = callback;
}

static int64
pending_commands(TpDatabase *db)
{
	return (int64) (pg_atomic_read_u64(&db->waiting) + pg_atomic_read_u64(&db->backlog));
}

/* Backpressure: memory and latency stay bounded when clients are faster than the engine. */
void
tradepost_wait_for_room(void)
{
	TpDatabase *db = tradepost_my_database(true);
	TimestampTz deadline;

	if (likely(pending_commands(db) < tradepost_max_pending))
		return;
	deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), tradepost_pending_timeout);
	ConditionVariablePrepareToSleep(&db->changed);
	while (pending_commands(db) >= tradepost_max_pending)
	{
		if (GetCurrentTimestamp() >= deadline)
		{
			ConditionVariableCancelSleep();
			ereport(ERROR, (errcode(ERRCODE_TP_TOO_MANY_PENDING),
							errmsg("%lld commands wait for the engine, and tradepost.max_pending is %d",
								   (long long) pending_commands(db), tradepost_max_pending),
							errdetail("The engine's state is %s.", tradepost_state_name(tradepost_get_state(db))),
							errhint("Try again later.")));
		}
		ConditionVariableTimedSleep(&db->changed, 50, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

/*
 * A transaction block that holds a command lengthens what a restart must look
 * through: PostgreSQL's own idle timeout ends it, for this transaction only.
 */
static void
bound_idle_time(void)
{
	char value[32];

	if (tradepost_idle_command_timeout == 0 || !IsTransactionBlock())
		return;
	if (IdleInTransactionSessionTimeout > 0 && IdleInTransactionSessionTimeout <= tradepost_idle_command_timeout)
		return;
	snprintf(value, sizeof(value), "%d", tradepost_idle_command_timeout);
	(void) set_config_option("idle_in_transaction_session_timeout", value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL,
							 true, 0, false);
}

static void
raise_last_drawn(TpDatabase *db, int64 id)
{
	uint64 seen = pg_atomic_read_u64(&db->last_drawn);

	while (seen < (uint64) id && !pg_atomic_compare_exchange_u64(&db->last_drawn, &seen, (uint64) id))
		;
}

void
tradepost_draw_ids(int n, int64 *ids)
{
	TpDatabase *db = tradepost_my_database(true);
	TpSlot *slot = my_slot();
	Oid sequence = tradepost_target_sequence();
	bool first = pg_atomic_read_u64(&slot->lowest) == 0;

	tradepost_pending_init();
	bound_idle_time(); /* each time: a savepoint that rolled back took the setting with it */
	if (first)
	{
		/*
		 * No id above last_drawn is drawn yet, so what we get will be at least
		 * last_drawn + 1.  The barrier keeps the slot ahead of the draw.
		 */
		slot->dboid = MyDatabaseId;
		slot->pid = MyProcPid;
		slot->since = GetCurrentTimestamp();
		slot_subxact = GetCurrentSubTransactionId();
		pg_write_barrier();
		pg_atomic_write_u64(&slot->lowest, pg_atomic_read_u64(&db->last_drawn) + 1);
		pg_memory_barrier();
	}
	for (int i = 0; i < n; i++)
		ids[i] = nextval_internal(sequence, false);
	if (first)
		pg_atomic_write_u64(&slot->lowest, (uint64) ids[0]);
	raise_last_drawn(db, ids[n - 1]);
	database = db;
}

void
tradepost_pending_add(const TpCommand *commands, int n)
{
	SubTransactionId subxact = GetCurrentSubTransactionId();
	int room = MAX_QUEUED - queue_length;
	int queued = unqueued > 0 ? 0 : Min(n, room);

	if (queue_length + queued > queue_size)
	{
		int size = Max(64, queue_size);

		while (size < queue_length + queued)
			size *= 2;
		if (queue == NULL)
		{
			queue = MemoryContextAlloc(TopMemoryContext, size * sizeof(Queued));
			handover = MemoryContextAlloc(TopMemoryContext, size * sizeof(TpCommand));
		}
		else
		{
			queue = repalloc(queue, size * sizeof(Queued));
			handover = repalloc(handover, size * sizeof(TpCommand));
		}
		queue_size = size;
	}
	for (int i = 0; i < queued; i++)
	{
		queue[queue_length].command = commands[i];
		queue[queue_length].subxact = subxact;
		handover[queue_length] = commands[i];
		queue_length++;
	}
	unqueued += n - queued;
}

void
tradepost_pending_configuration_change(void)
{
	tradepost_pending_init();
	database = tradepost_my_database(true);
	configuration_dirty = true;
	if (forget_callback)
		forget_callback(true);
}

void
tradepost_pending_extension_dropped(void)
{
	tradepost_pending_configuration_change();
	extension_dropped = true;
}

bool
tradepost_configuration_is_dirty(void)
{
	return configuration_dirty;
}
