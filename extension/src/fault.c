/*
 * fault.c
 *	  Makes things go wrong on purpose, in builds for tests.
 *
 * tradepost.fault_pause stops a backend at a named point while an advisory file
 * exists; tradepost.fault_error and tradepost.fault_crash name the quantity (in
 * 1e-8) of a command at which the matcher raises an error or a signal;
 * tradepost.fault_queue_share stands for the share of the notification queue above
 * which the doorbell is left alone, which it would take gigabytes to reach.
 */
#include "postgres.h"

#include "fault.h"

#ifdef TRADEPOST_FAULTS

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "utils/guc.h"

static const char *const point_names[] = {
	[TP_FAULT_BEFORE_HANDOVER] = "before_handover", [TP_FAULT_BATCH_DECIDED] = "batch_decided",
	[TP_FAULT_BATCH_STORED] = "batch_stored",       [TP_FAULT_BATCH_UNFLUSHED] = "batch_unflushed",
	[TP_FAULT_BATCH_COMMITTED] = "batch_committed",
};

static char *fault_pause = NULL;
static char *fault_pause_file = NULL;
static char *fault_error = NULL;
static char *fault_crash = NULL;
double tradepost_fault_queue_share = -1;

void
tradepost_fault_init(void)
{
	DefineCustomStringVariable("tradepost.fault_crash", "Quantity (in 1e-8) of a command that crashes the matcher.",
							   NULL, &fault_crash, "", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("tradepost.fault_error", "Quantity (in 1e-8) of a command that makes its batch fail.",
							   NULL, &fault_error, "", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("tradepost.fault_pause",
							   "Point at which this process waits while fault_pause_file exists.", NULL, &fault_pause,
							   "", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("tradepost.fault_pause_file", "See tradepost.fault_pause.", NULL, &fault_pause_file, "",
							   PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("tradepost.fault_queue_share",
							 "Share of the notification queue above which the doorbell is not rung; -1: as usual.",
							 NULL, &tradepost_fault_queue_share, -1, -1, 1, PGC_SUSET, 0, NULL, NULL, NULL);
}

/* Plain sleeps and stats: a point may lie where nothing may throw. */
void
tradepost_fault_point(TpFault point)
{
	struct stat st;

	if (fault_pause == NULL || strcmp(fault_pause, point_names[point]) != 0)
		return;
	while (stat(fault_pause_file, &st) == 0)
		usleep(10000);
}

void
tradepost_fault_command(const TpCommand *command)
{
	char quantity[32];

	snprintf(quantity, sizeof(quantity), "%lld", (long long) command->quantity);
	if (fault_error != NULL && strcmp(fault_error, quantity) == 0)
		elog(ERROR, "injected failure at command %lld", (long long) command->id);
	if (fault_crash != NULL && strcmp(fault_crash, quantity) == 0)
		raise(SIGSEGV);
}

#endif
