/*
 * utility.c
 *	  Utility commands that concern matchers.
 *
 * CREATE, ALTER and DROP EXTENSION tell launcher and matcher to look again when
 * they commit.  Commands that need a database without other sessions (DROP
 * DATABASE, its RENAME and move, CREATE DATABASE from it as template) have its
 * matcher and follower end first, and hold them off until their transaction is over.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "compat.h"
#include "errcodes.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pending.h"
#include "pgstat.h"
#include "shmem.h"
#include "storage/ipc.h"
#include "tcop/utility.h"
#include "utility.h"

#include <signal.h>

#define STOP_TIMEOUT_MS 10000

static ProcessUtility_hook_type previous_hook = NULL;
static Oid held_database = InvalidOid;
static bool registered = false;

static void
release_hold(void)
{
	TpDatabase *db;

	if (!OidIsValid(held_database))
		return;
	db = tradepost_find_database(held_database, false);
	if (db != NULL && db->held_by == MyProcPid)
		db->held_by = 0;
	held_database = InvalidOid;
	tradepost_wake_launcher();
}

static void
release_at_exit(int code, Datum arg)
{
	release_hold();
}

static void
release_at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		release_hold();
}

/* Whether it was there still. */
static bool
ask_to_end(pid_t pid)
{
	if (pid != 0)
		kill(pid, SIGTERM);
	return pid != 0;
}

static void
hold(const char *name)
{
	Oid dboid = name == NULL ? InvalidOid : get_database_oid(name, true);
	TpDatabase *db = OidIsValid(dboid) ? tradepost_find_database(dboid, false) : NULL;
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), STOP_TIMEOUT_MS);

	if (db == NULL)
		return;
	if (!registered)
	{
		RegisterXactCallback(release_at_end, NULL);
		before_shmem_exit(release_at_exit, (Datum) 0);
		registered = true;
	}
	held_database = dboid;
	db->held_by = MyProcPid;
	while (ask_to_end(db->follower.pid) || ask_to_end(db->matcher_pid))
	{
		if (GetCurrentTimestamp() >= deadline)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE), errmsg("the tradepost %s of database \"%s\" does not end",
															db->matcher_pid != 0 ? "matcher" : "follower", name)));
		ConditionVariableTimedSleep(&db->changed, 20, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

/* Does nothing for a user who may not do what comes: the command itself will say so. */
static bool
may_hold(const char *name)
{
	Oid dboid = name == NULL ? InvalidOid : get_database_oid(name, true);

	return OidIsValid(dboid) && TpOwnsDatabase(dboid);
}

static const char *
template_of(CreatedbStmt *statement)
{
	ListCell *cell;

	foreach(cell, statement->options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return "template1";
}

static bool
moves_database(AlterDatabaseStmt *statement)
{
	ListCell *cell;

	foreach(cell, statement->options)
	{
		if (strcmp(((DefElem *) lfirst(cell))->defname, "tablespace") == 0)
			return true;
	}
	return false;
}

/* The database that the statement needs for itself, or NULL. */
static const char *
needs_alone(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_DropdbStmt:
			return ((DropdbStmt *) statement)->dbname;
		case T_CreatedbStmt:
			return template_of((CreatedbStmt *) statement);
		case T_RenameStmt:
			return ((RenameStmt *) statement)->renameType == OBJECT_DATABASE ? ((RenameStmt *) statement)->subname
																			 : NULL;
		case T_AlterDatabaseStmt:
			return moves_database((AlterDatabaseStmt *) statement) ? ((AlterDatabaseStmt *) statement)->dbname : NULL;
		default:
			return NULL;
	}
}

static bool
concerns_extension(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateExtensionStmt:
			return strcmp(((CreateExtensionStmt *) statement)->extname, "tradepost") == 0;
		case T_AlterExtensionStmt:
			return strcmp(((AlterExtensionStmt *) statement)->extname, "tradepost") == 0;
		case T_DropStmt:
			return tradepost_my_database(false) != NULL;
		default:
			return false;
	}
}

static void
utility(PlannedStmt *planned, const char *query, bool read_only_tree, ProcessUtilityContext context,
		ParamListInfo params, QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion)
{
	Node *statement = planned->utilityStmt;
	const char *alone = needs_alone(statement);

	if (alone != NULL && may_hold(alone))
		hold(alone);
	if (previous_hook)
		previous_hook(planned, query, read_only_tree, context, params, environment, receiver, completion);
	else
		standard_ProcessUtility(planned, query, read_only_tree, context, params, environment, receiver, completion);
	if (!concerns_extension(statement) || tradepost_shared == NULL || !IsTransactionState())
		return;
	if (nodeTag(statement) == T_DropStmt && !OidIsValid(get_extension_oid("tradepost", true)))
		tradepost_pending_extension_dropped();
	else if (nodeTag(statement) != T_DropStmt)
		tradepost_pending_configuration_change();
}

void
tradepost_utility_init(void)
{
	previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = utility;
}
