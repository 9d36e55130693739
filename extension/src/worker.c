/*
 * worker.c
 *	  The matcher's database session.
 *
 * It connects as the bootstrap superuser, because the engine's role may not log
 * in, and becomes that role at once.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "worker.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

/* Free memory that the matcher keeps; glibc takes no larger threshold. */
#define KEPT_BYTES (32 * 1024 * 1024)

/*
 * A batch takes and gives back the same memory as the one before: the C library keeps it,
 * instead of having the kernel clear it anew.
 */
static void
keep_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
#endif
}

void
tradepost_worker_configure(void)
{
	static const char *const settings[][2] = {
		{ "search_path", "pg_catalog" },
		{ "statement_timeout", "0" },
		{ "lock_timeout", "0" },
		{ "idle_in_transaction_session_timeout", "0" },
		{ "default_transaction_isolation", "read committed" },
		{ "default_transaction_read_only", "off" },
		{ "default_transaction_deferrable", "off" },
		{ "enable_seqscan", "off" },
		{ "enable_hashjoin", "off" },
		{ "enable_mergejoin", "off" },
		{ "jit", "off" },
		{ "plan_cache_mode", "force_generic_plan" },
		{ "max_parallel_workers_per_gather", "0" },
		/* Recovery looks up by primary keys. A BRIN index would read every page that is not summarized yet. */
		{ "enable_bitmapscan", "off" },
	};

	for (size_t i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	keep_memory();
}

void
tradepost_worker_become_engine(void)
{
	Oid role;

	StartTransactionCommand();
	role = get_role_oid("tradepost_engine", false);
	CommitTransactionCommand();
	SetUserIdAndSecContext(role, 0);
}

void
tradepost_worker_begin(void)
{
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
tradepost_worker_commit(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
}

void
tradepost_worker_sleep(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}
