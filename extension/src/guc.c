/*
 * guc.c
 *	  Tradepost's settings, in alphabetical order.
 *
 * Called once from _PG_init.  What shapes shared memory is fixed at server
 * start; what shapes decisions is reloadable, and is frozen on each command
 * when it is inserted, so that a replay decides the same.
 */
#include "postgres.h"

#include <limits.h>

#include "guc.h"
#include "miscadmin.h"
#include "utils/guc.h"

char *tradepost_actor = NULL;
int tradepost_batch_size = 1024;
int tradepost_published_depth = 100;
int tradepost_checkpoint_events = 100000;
int tradepost_demo_balance = 1000000;
char *tradepost_demo_asset = NULL;
bool tradepost_doorbell = true;
int tradepost_flush_wait = 500;
bool tradepost_follower = true;
int tradepost_idle_command_timeout = 60000;
int tradepost_max_databases = 4;
int tradepost_max_instruments = 256;
int tradepost_max_pending = 1000000;
int tradepost_order_lifetime = 86400;
int tradepost_pending_timeout = 5000;
int tradepost_ring_size = 32768;
int tradepost_whatsapp_far_percent = 10;
int tradepost_whatsapp_large_quantity = 10000;
int tradepost_whatsapp_large_value = 0;

/* What shapes shared memory, which a library that is not preloaded does not have. */
static void
define_shape(const char *name, const char *description, int *variable, int value, int min, int max)
{
	if (process_shared_preload_libraries_in_progress)
		DefineCustomIntVariable(name, description, NULL, variable, value, min, max, PGC_POSTMASTER, 0, NULL, NULL,
								NULL);
}

void
tradepost_guc_init(void)
{
	DefineCustomStringVariable("tradepost.actor", "Role on whose behalf a tradepost_proxy session acts.", NULL,
							   &tradepost_actor, "", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("tradepost.batch_size", "Most commands that the matcher decides in one transaction.", NULL,
							&tradepost_batch_size, 1024, 1, 65536, PGC_SIGHUP, 0, NULL, NULL, NULL);
	define_shape("tradepost.book_depth", "Price levels of each side of a book that are published in shared memory.",
				 &tradepost_published_depth, 100, 1, 10000);
	DefineCustomIntVariable(
		"tradepost.checkpoint_events",
		"Events between two lists of the open orders' ids, at least; recovery reads what follows the last.", NULL,
		&tradepost_checkpoint_events, 100000, 1000, INT_MAX, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("tradepost.demo_asset", "Asset of the play money that a new user's account opens with.",
							   "It is created when it is missing.", &tradepost_demo_asset, "USD", PGC_SIGHUP, 0, NULL,
							   NULL, NULL);
	DefineCustomIntVariable("tradepost.demo_balance", "Play money that a new user's account opens with; 0: none.", NULL,
							&tradepost_demo_balance, 1000000, 0, 1000000000, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("tradepost.doorbell", "Notifies channel \"tradepost\" with the last seq after each batch.",
							 NULL, &tradepost_doorbell, true, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"tradepost.flush_wait",
		"Microseconds that a batch waits for a client's commit to make it durable, before it flushes the WAL itself.",
		"Nobody is told of a batch that is not durable, and views do not show it.", &tradepost_flush_wait, 500, 0,
		10000, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("tradepost.follower",
							 "Runs the worker that sends pushes and notifications and keeps users' performance.",
							 "Switched off, it goes on later from where it was.", &tradepost_follower, true, PGC_SIGHUP,
							 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"tradepost.idle_command_timeout",
		"Ends a session that idles this long in a transaction block that holds a command; 0 never does.",
		"A stricter idle_in_transaction_session_timeout stays in force.", &tradepost_idle_command_timeout, 60000, 0,
		INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	define_shape("tradepost.max_databases", "Databases of this server that may have an engine.",
				 &tradepost_max_databases, 4, 1, 64);
	define_shape("tradepost.max_instruments", "Instruments that a database may list.", &tradepost_max_instruments, 256,
				 1, 65536);
	DefineCustomIntVariable("tradepost.max_pending",
							"Committed commands that may wait for the engine before callers have to.", NULL,
							&tradepost_max_pending, 1000000, 1, INT_MAX, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("tradepost.order_lifetime", "Life of a day order from its acceptance.", NULL,
							&tradepost_order_lifetime, 86400, 1, INT_MAX, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("tradepost.pending_timeout", "How long a call waits when tradepost.max_pending is reached.",
							NULL, &tradepost_pending_timeout, 5000, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL,
							NULL);
	define_shape(
		"tradepost.ring_size",
		"Commands that fit into the ring between clients and matcher; what does not fit is read from the table.",
		&tradepost_ring_size, 32768, 64, 1048576);
	DefineCustomIntVariable(
		"tradepost.whatsapp_far_percent",
		"An order written by WhatsApp whose price is further than this from the last one must be confirmed.",
		"In percent of the last price.", &tradepost_whatsapp_far_percent, 10, 1, 1000, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("tradepost.whatsapp_large_quantity",
							"An order written by WhatsApp for more than this quantity must be confirmed.", NULL,
							&tradepost_whatsapp_large_quantity, 10000, 1, INT_MAX, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"tradepost.whatsapp_large_value",
		"An order written by WhatsApp that is worth more than this must be confirmed; 0: its worth says nothing.",
		"Price times quantity times multiplier, in the quote asset.", &tradepost_whatsapp_large_value, 0, 0, INT_MAX,
		PGC_SIGHUP, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("tradepost");
}
