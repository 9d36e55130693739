/*
 * follower.c
 *	  One worker a database that reads events behind the matcher and does what
 *	  nobody's order waits for: pushes, notifications, users' fills, signals.
 *
 * Started by the launcher while the matcher runs.  All it knows is in tables, and it moves
 * its cursor in the transaction that writes what it has read: so each event is
 * done once, whenever it ends.  What is done is written in SQL, sql/05_platform/follow*.sql;
 * here is when.  Any error ends it; the launcher starts it again.
 *
 * Its transactions are short and it holds no lock or snapshot between them.  Whoever wants a
 * table for itself (DROP EXTENSION wants all) gets it: before the other could find a
 * deadlock, the follower lets go of what it holds and begins again.  None of them
 * is flushed but that which numbers pushes, because whoever hears a number may
 * come back with it; and only then does it notify, in one of its own, because
 * notifiers wait for each other until they have committed.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "compat.h"
#include "executor/spi.h"
#include "fault.h"
#include "follower.h"
#include "guc.h"
#include "installed.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "worker.h"

/* How often it looks when nobody wakes it. */
#define IDLE_MS 100

/* From the begin of one round to that of the next, so that under load rounds are large and few. */
#define ROUND_US 50000

/* How long it waits for a lock, at most; and no longer than half of deadlock_timeout. */
#define LOCK_MS 400

/* Most events, or pushes, of one transaction. */
#define ROUND_EVENTS 10000
#define ROUND_PUSHES 5000

#define SECOND_US INT64CONST(1000000)
#define MINUTE_US (60 * SECOND_US)

typedef struct Follower
{
	TpDatabase *db;
	Oid extension;
	SPIPlanPtr pushes;
	SPIPlanPtr events;
	SPIPlanPtr clock;
	TimestampTz last_second;
	TimestampTz last_minute;
} Follower;

static Follower follower;

static void
follower_exit(int code, Datum arg)
{
	TpDatabase *db = follower.db;

	db->follower.latch = NULL;
	db->follower.pid = 0;
	ConditionVariableBroadcast(&db->changed); /* who needs the database alone waits for this */
	tradepost_wake_launcher();
}

bool
tradepost_follower_is_wanted(TpDatabase *db)
{
	return tradepost_follower && db->held_by == 0 && !db->gone && tradepost_get_state(db) == TP_STATE_RUNNING;
}

/* There is one: an earlier launcher's may still be on its way out. */
static bool
claim_place(TpDatabase *db)
{
	bool free;

	LWLockAcquire(&tradepost_shared->lock, LW_EXCLUSIVE);
	free = db->follower.pid == 0 && db->held_by == 0;
	if (free)
	{
		db->follower.latch = MyLatch;
		db->follower.pid = MyProcPid;
	}
	LWLockRelease(&tradepost_shared->lock);
	return free;
}

/* Ends for good, until the launcher finds that there should be one again. */
static void
leave_unless_wanted(Follower *f)
{
	TpState state = tradepost_get_state(f->db);

	if (!tradepost_follower || f->db->held_by != 0 || f->db->gone || state == TP_STATE_IDLE ||
		state == TP_STATE_RESTORED || state == TP_STATE_PAUSED)
		proc_exit(0);
	if (tradepost_installed_may_have_changed())
	{
		TpInstalled installed;
		Oid extension;

		StartTransactionCommand();
		installed = tradepost_installed(&extension);
		CommitTransactionCommand();
		if (installed != TP_INSTALLED_SAME || (OidIsValid(f->extension) && extension != f->extension))
			proc_exit(0);
		f->extension = extension;
	}
}

static SPIPlanPtr
prepare(const char *command, int arguments, Oid type)
{
	SPIPlanPtr plan = SPI_prepare(command, arguments, &type);

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare \"%s\"", command);
	return plan;
}

static void
prepare_all(Follower *f)
{
	tradepost_worker_begin();
	SPI_connect();
	f->pushes = prepare("SELECT tradepost_internal.follow_pushes($1)", 1, INT4OID);
	f->events = prepare("SELECT seq, read, kept FROM tradepost_internal.follow($1)", 1, INT4OID);
	f->clock = prepare("SELECT tradepost_internal.follow_clock($1)", 1, BOOLOID);
	SPI_finish();
	tradepost_worker_commit();
}

static void
begin(const char *activity)
{
	pgstat_report_activity(STATE_RUNNING, activity);
	SetCurrentStatementStartTimestamp();
	tradepost_worker_begin();
	SPI_connect();
}

static void
execute(SPIPlanPtr plan, Datum argument)
{
	int code = SPI_execute_plan(plan, &argument, NULL, false, 0);

	if (code != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "the follower's statement returned %s", SPI_result_code_string(code));
}

/* A column of the one row; 0 for NULL. */
static int64
answer(int column)
{
	bool isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static void
commit_unflushed(void)
{
	int durability = synchronous_commit;

	synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
	CommitTransactionCommand();
	synchronous_commit = durability;
}

/* What a crash takes back here is done again: only what others may have heard of must last. */
static void
commit(bool lasting)
{
	SPI_finish();
	PopActiveSnapshot();
	if (lasting)
		CommitTransactionCommand();
	else
		commit_unflushed();
}

/* The rows are durable by now.  If some listener lets the queue fill up, the others look by themselves. */
static void
notify(int64 push)
{
	char payload[48];

	StartTransactionCommand();
	if (DatumGetFloat8(OidFunctionCall0(F_PG_NOTIFICATION_QUEUE_USAGE)) <= TRADEPOST_FAULT_QUEUE_SHARE(0.5))
	{
		snprintf(payload, sizeof(payload), "{\"push\": %lld}", (long long) push);
		Async_Notify("tradepost_edge", payload);
	}
	commit_unflushed();
}

/* Gives numbers to what is queued; whether anything was. */
static bool
follow_pushes(Follower *f)
{
	int64 newest;

	begin("numbering pushes");
	execute(f->pushes, Int32GetDatum(ROUND_PUSHES));
	newest = answer(1);
	commit(newest > 0);
	if (newest > 0)
		notify(newest);
	return newest > 0;
}

/* How many events were read. */
static int64
follow_events(Follower *f)
{
	TpFollowing *mine = &f->db->follower;
	int64 seq;
	int64 read;
	int64 kept;

	begin("reading events");
	execute(f->events, Int32GetDatum(ROUND_EVENTS));
	seq = answer(1);
	read = answer(2);
	kept = answer(3);
	commit(false);
	pg_atomic_write_u64(&mine->seq, (uint64) seq);
	pg_atomic_fetch_add_u64(&mine->events, read);
	pg_atomic_fetch_add_u64(&mine->kept, kept);
	return read;
}

static void
follow_clock(Follower *f)
{
	TimestampTz now = GetCurrentTimestamp();
	bool minute = now - f->last_minute >= MINUTE_US;

	if (now - f->last_second < SECOND_US)
		return;
	begin("looking at the clock");
	execute(f->clock, BoolGetDatum(minute));
	commit(false);
	f->last_second = now;
	if (minute)
		f->last_minute = now;
}

/*
 * Pushes first: they go out even if an event cannot be got over; then again, for
 * what this round has brought.  Whether there was anything to do, and whether there is more.
 */
static bool
run_round(Follower *f, bool *more)
{
	TpFollowing *mine = &f->db->follower;
	TimestampTz started = GetCurrentTimestamp();
	int64 read = 0;
	bool pushed = follow_pushes(f);

	if (pg_atomic_read_u64(&f->db->last_seq) > pg_atomic_read_u64(&mine->seq))
		read = follow_events(f);
	follow_clock(f);
	if (read > 0)
		pushed |= follow_pushes(f);
	if (read > 0 || pushed)
	{
		pg_atomic_write_u64(&mine->round_time, (uint64) (GetCurrentTimestamp() - started));
		pg_atomic_fetch_add_u64(&mine->rounds, 1);
	}
	pgstat_report_stat(false);
	*more = read == ROUND_EVENTS;
	return read > 0 || pushed;
}

static void
wait_briefly_for_locks(void)
{
	char value[32];

	snprintf(value, sizeof(value), "%d", Max(1, Min(LOCK_MS, DeadlockTimeout / 2)));
	SetConfigOption("lock_timeout", value, PGC_SUSET, PGC_S_OVERRIDE);
}

static bool
gives_way(int sqlstate)
{
	return sqlstate == ERRCODE_LOCK_NOT_AVAILABLE || sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED;
}

/* The same; if somebody else wants what this round has locked, it is as if it had not been. */
static bool
try_round(Follower *f, bool *more)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool busy = false;

	PG_TRY();
	{
		leave_unless_wanted(f);
		if (tradepost_get_state(f->db) == TP_STATE_RUNNING)
			busy = run_round(f, more);
	}
	PG_CATCH();
	{
		if (!gives_way(geterrcode()))
			PG_RE_THROW();
		HOLD_INTERRUPTS();
		AbortCurrentTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
		MemoryContextSwitchTo(context);
	}
	PG_END_TRY();
	return busy;
}

static void
run(Follower *f)
{
	for (;;)
	{
		TimestampTz started = GetCurrentTimestamp();
		bool more = false;
		bool busy;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		busy = try_round(f, &more);
		if (more)
			continue;
		if (busy)
		{
			int64 left = started + ROUND_US - GetCurrentTimestamp();

			if (left > 0)
				pg_usleep((long) left);
			continue;
		}
		pgstat_report_activity(STATE_IDLE, NULL);
		tradepost_worker_sleep(IDLE_MS);
	}
}

/* Of an error its first line alone is told: what follows may show what is in a row. */
static void
remember_error(Follower *f, MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	strlcpy(f->db->follower.last_error, error->message ? error->message : "unknown",
			sizeof(f->db->follower.last_error));
	ereport(LOG,
			(errcode(error->sqlerrcode), errmsg("the tradepost follower ends and is started again: %s (SQLSTATE %s)",
												f->db->follower.last_error, unpack_sql_state(error->sqlerrcode))));
}

void
tradepost_follower_main(Datum arg)
{
	Follower *f = &follower;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	f->db = tradepost_database_at(DatumGetInt32(arg));
	if (!claim_place(f->db))
		proc_exit(0);
	before_shmem_exit(follower_exit, (Datum) 0);
	BackgroundWorkerInitializeConnectionByOid(f->db->dboid, InvalidOid, 0);
	tradepost_worker_configure();
	wait_briefly_for_locks();
	pgstat_report_appname("tradepost follower");
	leave_unless_wanted(f);
	tradepost_worker_become_engine();
	tradepost_installed_watch();
	pg_atomic_write_u64(&f->db->follower.seq, 0);
	pg_atomic_fetch_add_u64(&f->db->follower.starts, 1);

	PG_TRY();
	{
		prepare_all(f);
		run(f);
	}
	PG_CATCH();
	{
		remember_error(f, TopMemoryContext);
		proc_exit(1);
	}
	PG_END_TRY();
}
