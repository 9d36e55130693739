/*
 * shmem.c
 *	  Makes and finds the shared memory of shmem.h.
 *
 * Called from _PG_init in the postmaster, and by everybody who needs their
 * database's part.  Only the launcher's lock is taken here.
 */
#include "postgres.h"

#include "compat.h"
#include "errcodes.h"
#include "guc.h"
#include "miscadmin.h"
#include "shmem.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

TpShared *tradepost_shared = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static char *databases_area; /* max_databases times database_size() */
static TpSlot *slots_area;

static Size
book_page_size(void)
{
	return MAXALIGN(sizeof(TpBookPage)) + MAXALIGN(2 * (Size) tradepost_published_depth * sizeof(TpLevel));
}

static Size
ring_bytes(void)
{
	return MAXALIGN((Size) tradepost_ring_size * sizeof(TpArrival));
}

static Size
database_size(void)
{
	Size size = MAXALIGN(sizeof(TpDatabase));

	size = add_size(size, ring_bytes());
	return add_size(size, mul_size(tradepost_max_instruments, book_page_size()));
}

static Size
slots_size(void)
{
	return mul_size(TP_MAX_PROCS, sizeof(TpSlot));
}

static Size
shared_size(void)
{
	Size size = MAXALIGN(sizeof(TpShared));

	size = add_size(size, MAXALIGN(slots_size()));
	return add_size(size, mul_size(tradepost_max_databases, database_size()));
}

static void
shmem_request(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(shared_size());
}

static void
shmem_startup(void)
{
	bool found;

	if (previous_startup_hook)
		previous_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	tradepost_shared = ShmemInitStruct("tradepost", shared_size(), &found);
	slots_area = (TpSlot *) ((char *) tradepost_shared + MAXALIGN(sizeof(TpShared)));
	databases_area = (char *) slots_area + MAXALIGN(slots_size());
	if (!found)
	{
		int tranche = LWLockNewTrancheId();

		memset(tradepost_shared, 0, shared_size());
		LWLockInitialize(&tradepost_shared->lock, tranche);
		tradepost_shared->databases = tradepost_max_databases;
		for (int i = 0; i < TP_MAX_PROCS; i++)
			pg_atomic_init_u64(&slots_area[i].lowest, 0);
		for (int i = 0; i < tradepost_max_databases; i++)
		{
			TpDatabase *db = tradepost_database_at(i);

			LWLockInitialize(&db->ask_lock, tranche);
			LWLockInitialize(&db->book_lock, tranche);
			SpinLockInit(&db->ring_lock);
			SpinLockInit(&db->ask_mutex);
			ConditionVariableInit(&db->changed);
			pg_atomic_init_u32(&db->state, TP_STATE_OFF);
			pg_atomic_init_u32(&db->generation, 1);
			pg_atomic_init_u32(&db->committing, 0);
			pg_atomic_init_u64(&db->batch_end, 0);
			for (int d = 0; d < TP_DECISIONS; d++)
			{
				pg_atomic_init_u64(&db->decisions[d].id, 0);
				pg_atomic_init_u64(&db->decisions[d].seq, 0);
			}
			pg_atomic_init_u64(&db->last_drawn, 0);
			pg_atomic_init_u64(&db->watermark, 0);
			pg_atomic_init_u64(&db->last_seq, 0);
			pg_atomic_init_u64(&db->backlog, 0);
			pg_atomic_init_u64(&db->waiting, 0);
			pg_atomic_init_u64(&db->backlog_since, 0);
			pg_atomic_init_u64(&db->follower.seq, 0);
			pg_atomic_init_u64(&db->follower.starts, 0);
			pg_atomic_init_u64(&db->follower.rounds, 0);
			pg_atomic_init_u64(&db->follower.events, 0);
			pg_atomic_init_u64(&db->follower.kept, 0);
			pg_atomic_init_u64(&db->follower.round_time, 0);
		}
	}
	LWLockRegisterTranche(tradepost_shared->lock.tranche, "tradepost");
	LWLockRelease(AddinShmemInitLock);
}

void
tradepost_shmem_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = shmem_request;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = shmem_startup;
}

TpDatabase *
tradepost_database_at(int i)
{
	return (TpDatabase *) (databases_area + (Size) i * database_size());
}

TpArrival *
tradepost_ring_of(TpDatabase *db)
{
	return (TpArrival *) ((char *) db + MAXALIGN(sizeof(TpDatabase)));
}

TpBookPage *
tradepost_book_page(TpDatabase *db, int i)
{
	char *pages = (char *) tradepost_ring_of(db) + ring_bytes();

	return (TpBookPage *) (pages + (Size) i * book_page_size());
}

TpLevel *
tradepost_book_levels(TpBookPage *page)
{
	return (TpLevel *) ((char *) page + MAXALIGN(sizeof(TpBookPage)));
}

TpSlot *
tradepost_slot_at(int i)
{
	return &slots_area[i];
}

void
tradepost_forget_published(TpDatabase *db)
{
	pg_atomic_write_u64(&db->last_drawn, 0);
	pg_atomic_write_u64(&db->watermark, 0);
	pg_atomic_write_u64(&db->last_seq, 0);
	for (int i = 0; i < TP_DECISIONS; i++)
		pg_atomic_write_u64(&db->decisions[i].id, 0);
	for (int i = 0; i < tradepost_max_instruments; i++)
		tradepost_book_page(db, i)->instrument = 0;
	db->book_seq = 0;
}

/*
 * Start over: another database, or the extension was made anew.  Whoever calls
 * holds TpShared.lock, and neither matcher nor follower runs.  The configuration's generation
 * goes on, so that no backend mistakes what it remembers for the new one's.
 */
void
tradepost_reset_database(TpDatabase *db, Oid dboid)
{
	db->dboid = dboid;
	db->wanted = false;
	db->held_by = 0;
	db->gone = false;
	db->clean_end = false;
	pg_atomic_write_u32(&db->state, TP_STATE_OFF);
	pg_atomic_fetch_add_u32(&db->generation, 1);
	tradepost_forget_published(db);
	pg_atomic_write_u64(&db->backlog, 0);
	pg_atomic_write_u64(&db->backlog_since, 0);
	SpinLockAcquire(&db->ring_lock);
	db->overflow = false;
	db->overflow_since = 0;
	db->overflow_commands = 0;
	db->overflows = 0;
	db->head = db->tail = 0;
	pg_atomic_write_u64(&db->waiting, 0);
	SpinLockRelease(&db->ring_lock);
	memset(&db->status, 0, sizeof(db->status));
	pg_atomic_write_u64(&db->follower.seq, 0);
	pg_atomic_write_u64(&db->follower.starts, 0);
	pg_atomic_write_u64(&db->follower.rounds, 0);
	pg_atomic_write_u64(&db->follower.events, 0);
	pg_atomic_write_u64(&db->follower.kept, 0);
	pg_atomic_write_u64(&db->follower.round_time, 0);
	db->follower.last_error[0] = '\0';
}

TpDatabase *
tradepost_find_database(Oid dboid, bool create)
{
	TpDatabase *unused = NULL;
	TpDatabase *found = NULL;

	if (tradepost_shared == NULL)
		return NULL;
	LWLockAcquire(&tradepost_shared->lock, create ? LW_EXCLUSIVE : LW_SHARED);
	for (int i = 0; i < tradepost_shared->databases && found == NULL; i++)
	{
		TpDatabase *db = tradepost_database_at(i);

		if (db->dboid == dboid)
			found = db;
		else if (!OidIsValid(db->dboid) && unused == NULL)
			unused = db;
	}
	if (found == NULL && create && unused != NULL)
	{
		tradepost_reset_database(unused, dboid);
		found = unused;
	}
	LWLockRelease(&tradepost_shared->lock);
	return found;
}

TpDatabase *
tradepost_my_database(bool create)
{
	static TpDatabase *mine = NULL;

	if (mine != NULL && mine->dboid == MyDatabaseId)
		return mine;
	if (tradepost_shared == NULL)
	{
		if (!create)
			return NULL;
		ereport(ERROR, (errcode(ERRCODE_TP_ENGINE_OFF), errmsg("tradepost is not in shared_preload_libraries"),
						errhint("Add it there and restart the server.")));
	}
	mine = tradepost_find_database(MyDatabaseId, create);
	if (mine == NULL && create)
		ereport(ERROR, (errcode(ERRCODE_TP_ENGINE_OFF),
						errmsg("this server already has engines in %d databases", tradepost_shared->databases),
						errhint("Raise tradepost.max_databases and restart the server.")));
	return mine;
}

void
tradepost_set_state(TpDatabase *db, TpState state)
{
	pg_atomic_write_u32(&db->state, state);
	ConditionVariableBroadcast(&db->changed);
	if (state == TP_STATE_RUNNING)
		tradepost_wake_launcher(); /* the follower may start */
}

TpState
tradepost_get_state(TpDatabase *db)
{
	return (TpState) pg_atomic_read_u32(&db->state);
}

const char *
tradepost_state_name(TpState state)
{
	switch (state)
	{
		case TP_STATE_OFF:
			return "off";
		case TP_STATE_STARTING:
			return "starting";
		case TP_STATE_IDLE:
			return "idle";
		case TP_STATE_RESTORED:
			return "restored";
		case TP_STATE_PAUSED:
			return "paused";
		case TP_STATE_RECOVERING:
			return "recovering";
		case TP_STATE_RUNNING:
			return "running";
	}
	return "unknown";
}

/* Latches live in PGPROCs, which are never freed: at worst another process wakes for nothing. */
void
tradepost_wake_matcher(TpDatabase *db)
{
	Latch *latch = db->matcher_latch;

	if (db->matcher_pid != 0 && latch != NULL)
		SetLatch(latch);
}

void
tradepost_wake_follower(TpDatabase *db)
{
	Latch *latch = db->follower.latch;

	if (db->follower.pid != 0 && latch != NULL)
		SetLatch(latch);
}

void
tradepost_wake_launcher(void)
{
	Latch *latch = tradepost_shared->launcher_latch;

	if (tradepost_shared->launcher_pid != 0 && latch != NULL)
		SetLatch(latch);
}
