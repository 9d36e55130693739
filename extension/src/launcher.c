/*
 * launcher.c
 *	  One worker for the server: sees to it that every database with the
 *	  extension has a matcher, and where one runs a follower.
 *
 * It belongs to no database, so it cannot look into one: it starts a matcher
 * in each, and the matcher that finds no extension says so and ends for good.
 * A database is tried when it is first seen, and when somebody sets `wanted`
 * (CREATE EXTENSION, a change of configuration).  A worker that ended is started
 * again at once, or a little later each time if it does not live.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "compat.h"
#include "follower.h"
#include "guc.h"
#include "matcher.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shmem.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* How often new databases are looked for, when nobody calls. */
#define LOOK_MS 5000
#define MIN_BACKOFF_MS 20
#define MAX_BACKOFF_MS 5000

/* What runs in a database. */
typedef enum WorkerKind
{
	MATCHER,
	FOLLOWER,
	WORKER_KINDS
} WorkerKind;

static const struct
{
	const char *name;
	const char *function;
} kinds[WORKER_KINDS] = {
	[MATCHER] = { "tradepost matcher", "tradepost_matcher_main" },
	[FOLLOWER] = { "tradepost follower", "tradepost_follower_main" },
};

/* What the launcher knows of one worker's place. */
typedef struct Charge
{
	BackgroundWorkerHandle *handle; /* NULL: none */
	TimestampTz started;
	int backoff_ms;
	TimestampTz not_before;
} Charge;

static Charge (*charges)[WORKER_KINDS]; /* of each place in shared memory */

/* Databases that were tried and had no extension. */
static Oid *tried = NULL;
static int tried_count = 0;

static void
launcher_exit(int code, Datum arg)
{
	tradepost_shared->launcher_pid = 0;
	tradepost_shared->launcher_latch = NULL;
}

static bool
was_tried(Oid dboid)
{
	for (int i = 0; i < tried_count; i++)
	{
		if (tried[i] == dboid)
			return true;
	}
	return false;
}

static void
note_tried(Oid dboid)
{
	tried = tried == NULL ? MemoryContextAlloc(TopMemoryContext, sizeof(Oid))
						  : repalloc(tried, (tried_count + 1) * sizeof(Oid));
	tried[tried_count++] = dboid;
}

/* Databases that one can connect to, into a palloc'd array; what was tried and dropped is forgotten. */
static int
list_databases(Oid **out)
{
	Relation relation;
	TableScanDesc scan;
	HeapTuple tuple;
	MemoryContext caller = CurrentMemoryContext;
	int n = 0;
	int room = 16;
	int kept = 0;

	*out = palloc(room * sizeof(Oid));
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);

		if (!form->datallowconn)
			continue;
		if (n == room)
		{
			room *= 2;
			*out = repalloc(*out, room * sizeof(Oid));
		}
		(*out)[n++] = form->oid;
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);

	for (int t = 0; t < tried_count; t++)
	{
		for (int i = 0; i < n; i++)
		{
			if ((*out)[i] == tried[t])
			{
				tried[kept++] = tried[t];
				break;
			}
		}
	}
	tried_count = kept;
	return n;
}

static pid_t
pid_of(TpDatabase *db, WorkerKind kind)
{
	return kind == MATCHER ? db->matcher_pid : db->follower.pid;
}

static void
start_worker(int index, WorkerKind kind)
{
	BackgroundWorker worker = { 0 };
	Charge *charge = &charges[index][kind];
	TpDatabase *db = tradepost_database_at(index);

	snprintf(worker.bgw_name, BGW_MAXLEN, "%s of database %u", kinds[kind].name, db->dboid);
	snprintf(worker.bgw_type, BGW_MAXLEN, "%s", kinds[kind].name);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "tradepost");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "%s", kinds[kind].function);
	worker.bgw_main_arg = Int32GetDatum(index);
	worker.bgw_notify_pid = MyProcPid;
	charge->started = GetCurrentTimestamp();
	if (RegisterDynamicBackgroundWorker(&worker, &charge->handle))
		return;
	charge->handle = NULL;
	charge->not_before = TimestampTzPlusMilliseconds(charge->started, MAX_BACKOFF_MS);
	ereport(WARNING, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					  errmsg("no background worker is free for the %s of database %u", kinds[kind].name, db->dboid),
					  errhint("Raise max_worker_processes.")));
}

/* Whether neither worker is there, or on its way. */
static bool
is_empty(int index)
{
	for (int kind = 0; kind < WORKER_KINDS; kind++)
	{
		if (charges[index][kind].handle != NULL || pid_of(tradepost_database_at(index), kind) != 0)
			return false;
	}
	return true;
}

/* Give the place back: its database has no extension, or is no more.  It is empty. */
static void
release(int index)
{
	TpDatabase *db = tradepost_database_at(index);

	LWLockAcquire(&tradepost_shared->lock, LW_EXCLUSIVE);
	if (!db->wanted && !was_tried(db->dboid))
		note_tried(db->dboid);
	/* wanted: the extension was made anew meanwhile; what is there is the old one's */
	tradepost_reset_database(db, db->wanted ? db->dboid : InvalidOid);
	LWLockRelease(&tradepost_shared->lock);
	memset(charges[index], 0, sizeof(charges[index]));
}

/* A worker ended: when may the next one start? */
static void
note_end(Charge *charge)
{
	TimestampTz now = GetCurrentTimestamp();

	pfree(charge->handle);
	charge->handle = NULL;
	if (TimestampDifferenceExceeds(charge->started, now, 2000))
		charge->backoff_ms = 0;
	else
		charge->backoff_ms = Min(Max(charge->backoff_ms * 2, MIN_BACKOFF_MS), MAX_BACKOFF_MS);
	charge->not_before = TimestampTzPlusMilliseconds(now, charge->backoff_ms);
}

static void
find_new_databases(void)
{
	Oid *databases;
	int n = list_databases(&databases);

	for (int i = 0; i < n; i++)
	{
		TpDatabase *db;

		if (was_tried(databases[i]) || tradepost_find_database(databases[i], false) != NULL)
			continue;
		db = tradepost_find_database(databases[i], true);
		if (db == NULL)
			break; /* all places taken; those with an extension say so when they are used */
		db->wanted = true;
	}
	for (int i = 0; i < tradepost_shared->databases; i++)
	{
		TpDatabase *db = tradepost_database_at(i);
		bool exists = false;

		for (int j = 0; j < n && !exists; j++)
			exists = databases[j] == db->dboid;
		if (OidIsValid(db->dboid) && !exists && is_empty(i))
		{
			db->wanted = false;
			release(i);
		}
	}
	pfree(databases);
}

/* Notes the workers that have ended, and gives back what they leave for good; whether there was any. */
static bool
note_ends(void)
{
	bool ended = false;

	for (int i = 0; i < tradepost_shared->databases; i++)
	{
		TpDatabase *db = tradepost_database_at(i);
		pid_t pid;

		for (int kind = 0; kind < WORKER_KINDS; kind++)
		{
			Charge *charge = &charges[i][kind];

			if (charge->handle != NULL && GetBackgroundWorkerPid(charge->handle, &pid) == BGWH_STOPPED)
			{
				note_end(charge);
				ended = true;
			}
		}
		/* The follower sees by itself that it has nothing to do here, and wakes us when it ends. */
		if (OidIsValid(db->dboid) && db->gone && is_empty(i))
		{
			release(i);
			ended = true;
		}
	}
	return ended;
}

/*
 * Milliseconds until this place's worker should start; -1: nothing to start.  A
 * worker without a handle is an earlier launcher's: it goes on, and wakes us
 * when it ends.
 */
static long
due_in(int index, WorkerKind kind)
{
	TpDatabase *db = tradepost_database_at(index);
	Charge *charge = &charges[index][kind];
	TimestampTz now = GetCurrentTimestamp();

	if (!OidIsValid(db->dboid) || charge->handle != NULL || pid_of(db, kind) != 0 || db->held_by != 0 || db->gone)
		return -1;
	if (kind == FOLLOWER && !tradepost_follower_is_wanted(db))
		return -1;
	return charge->not_before > now ? (long) ((charge->not_before - now) / 1000) + 1 : 0;
}

/* Start what should run; milliseconds until something is due. */
static long
start_workers(void)
{
	long next = LOOK_MS;

	for (int i = 0; i < tradepost_shared->databases; i++)
	{
		for (int kind = 0; kind < WORKER_KINDS; kind++)
		{
			long due = due_in(i, kind);

			if (due == 0)
			{
				if (kind == MATCHER)
					tradepost_database_at(i)->wanted = false;
				start_worker(i, kind);
			}
			else if (due > 0)
				next = Min(next, due);
		}
	}
	return next;
}

static bool
something_is_due(void)
{
	for (int i = 0; i < tradepost_shared->databases; i++)
	{
		if (due_in(i, MATCHER) == 0 || due_in(i, FOLLOWER) == 0)
			return true;
	}
	return false;
}

void
tradepost_launcher_main(Datum arg)
{
	TimestampTz last_look = 0;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname("tradepost launcher");

	before_shmem_exit(launcher_exit, (Datum) 0);
	tradepost_shared->launcher_latch = MyLatch;
	tradepost_shared->launcher_pid = MyProcPid;
	charges = MemoryContextAllocZero(TopMemoryContext, tradepost_shared->databases * sizeof(*charges));

	for (;;)
	{
		long due;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}

		/* An end frees places, and a database may be gone by the time its matcher should start. */
		if (note_ends() || something_is_due() || TimestampDifferenceExceeds(last_look, GetCurrentTimestamp(), LOOK_MS))
		{
			find_new_databases();
			last_look = GetCurrentTimestamp();
		}
		due = start_workers();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, due, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

void
tradepost_launcher_register(void)
{
	BackgroundWorker worker = { 0 };

	snprintf(worker.bgw_name, BGW_MAXLEN, "tradepost launcher");
	snprintf(worker.bgw_type, BGW_MAXLEN, "tradepost launcher");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 1;
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "tradepost");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "tradepost_launcher_main");
	RegisterBackgroundWorker(&worker);
}
