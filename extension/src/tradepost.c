/*
 * tradepost.c
 *	  Entry of the library: settings, shared memory, launcher, hooks.
 *
 * Only a preloaded library makes an exchange.  Loaded by a session alone, its
 * functions say so when they need shared memory.
 */
#include "postgres.h"

#include "fault.h"
#include "fmgr.h"
#include "guc.h"
#include "matcher.h"
#include "miscadmin.h"
#include "shmem.h"
#include "utility.h"

PG_MODULE_MAGIC;

void _PG_init(void);

void
_PG_init(void)
{
	/* Loaded by a call: no shared memory, so every call says what is missing.  Settings could not be defined. */
	if (!process_shared_preload_libraries_in_progress)
		return;
#ifdef TRADEPOST_FAULTS
	tradepost_fault_init(); /* before the prefix is reserved: a setting in a file would be thrown away */
#endif
	tradepost_guc_init();
	tradepost_shmem_init();
	tradepost_utility_init();

	/* pg_upgrade starts servers on copies of the data: nothing may trade there. */
	if (!IsBinaryUpgrade)
		tradepost_launcher_register();
}
