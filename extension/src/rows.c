/*
 * rows.c
 *	  Rows of table commands, written past the executor.
 *
 * The caller needs no rights on the table: who may ask for what was decided
 * before.  Nothing here looks at the market.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "guc.h"
#include "miscadmin.h"
#include "request.h"
#include "target.h"
#include "units.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Column numbers of tradepost_internal.commands, as in sql/02_tables/table_engine.sql. */
enum
{
	C_ID,
	C_ACCOUNT,
	C_ORDER_ID,
	C_COUNTER_ACCOUNT,
	C_CREATED_AT,
	C_EXPIRES_AT,
	C_LIFETIME,
	C_INSTRUMENT,
	C_ASSET,
	C_MAKER_RATE,
	C_TAKER_RATE,
	C_ACTOR,
	C_KIND,
	C_SIDE,
	C_TYPE,
	C_TIME_IN_FORCE,
	C_STP,
	C_FLAGS,
	C_QUANTITY,
	C_PRICE,
	C_CLIENT_ORDER_ID,
	C_STOP_PRICE,
	C_LINK_ID,
	C_PARENT_ID,
	C_MAX_OPEN,
	C_CHILDREN,
	C_COUNT
};

/* Rows that one multi-insert writes: bounds the slots that are held. */
#define ROWS_AT_ONCE 512

/* Whom the row names. What a proxy calls runs as its owner: then it is the proxy's role, as of anybody else. */
static Oid
acting_role_oid(void)
{
	Oid actor = InvalidOid;
	Oid session = GetSessionUserId();
	Oid proxies;

	if (tradepost_actor != NULL && tradepost_actor[0] != '\0')
		actor = get_role_oid(tradepost_actor, true);
	if (OidIsValid(actor))
		return actor;
	proxies = session == GetUserId() ? InvalidOid : get_role_oid("tradepost_proxy", true);
	return OidIsValid(proxies) && !superuser_arg(session) && is_member_of_role(session, proxies) ? session
																								 : GetUserId();
}

static void
set(TupleTableSlot *slot, int column, Datum value)
{
	slot->tts_values[column] = value;
	slot->tts_isnull[column] = false;
}

static void
fill_row(TupleTableSlot *slot, const TpRequest *request, Oid actor, TimestampTz now)
{
	const TpCommand *command = &request->command;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, C_COUNT * sizeof(bool));
	set(slot, C_ID, Int64GetDatum(command->id));
	set(slot, C_KIND, Int16GetDatum(command->kind));
	set(slot, C_CREATED_AT, TimestampTzGetDatum(now));
	set(slot, C_ACTOR, ObjectIdGetDatum(actor));
	if (command->account != 0)
		set(slot, C_ACCOUNT, Int64GetDatum(command->account));
	if (command->instrument != 0)
		set(slot, C_INSTRUMENT, Int32GetDatum(command->instrument));
	switch ((TpCommandKind) command->kind)
	{
		case TP_CMD_PLACE:
			set(slot, C_MAKER_RATE, Int32GetDatum(command->maker_rate));
			set(slot, C_TAKER_RATE, Int32GetDatum(command->taker_rate));
			set(slot, C_SIDE, Int16GetDatum(command->side));
			set(slot, C_TYPE, Int16GetDatum(command->type));
			set(slot, C_TIME_IN_FORCE, Int16GetDatum(command->time_in_force));
			set(slot, C_STP, Int16GetDatum(command->stp));
			set(slot, C_FLAGS, Int16GetDatum(command->flags));
			set(slot, C_QUANTITY, tradepost_units_numeric(command->quantity));
			if (tradepost_type_has_limit(command->type))
				set(slot, C_PRICE, tradepost_units_numeric(command->price));
			if (tradepost_type_waits(command->type))
				set(slot, C_STOP_PRICE, tradepost_units_numeric(command->stop_price));
			if (command->link_id != 0)
				set(slot, C_LINK_ID, Int64GetDatum(command->link_id));
			if (command->parent_id != 0)
				set(slot, C_PARENT_ID, Int64GetDatum(command->parent_id));
			if (command->max_open != 0)
				set(slot, C_MAX_OPEN, Int32GetDatum(command->max_open));
			if (command->children != 0)
				set(slot, C_CHILDREN, Int16GetDatum(command->children));
			if (command->time_in_force == TP_GTD)
				set(slot, C_EXPIRES_AT, TimestampTzGetDatum(command->expires_at));
			else if (command->time_in_force == TP_DAY)
				set(slot, C_LIFETIME, Int64GetDatum(command->expires_at));
			break;
		case TP_CMD_CANCEL:
		case TP_CMD_AMEND:
			set(slot, C_ORDER_ID, Int64GetDatum(command->order_id));
			set(slot, C_FLAGS, Int16GetDatum(command->flags));
			if (command->flags & TP_CMD_HAS_QUANTITY)
				set(slot, C_QUANTITY, tradepost_units_numeric(command->quantity));
			if (command->flags & TP_CMD_HAS_PRICE)
				set(slot, C_PRICE, tradepost_units_numeric(command->price));
			if (command->flags & TP_CMD_HAS_STOP_PRICE)
				set(slot, C_STOP_PRICE, tradepost_units_numeric(command->stop_price));
			break;
		case TP_CMD_DEPOSIT:
		case TP_CMD_WITHDRAW:
			set(slot, C_ASSET, Int32GetDatum(command->asset));
			set(slot, C_COUNTER_ACCOUNT, Int64GetDatum(command->counter_account));
			set(slot, C_QUANTITY, tradepost_units_numeric(command->quantity));
			break;
		case TP_CMD_MARK:
		case TP_CMD_SETTLE:
			set(slot, C_PRICE, tradepost_units_numeric(command->price));
			break;
		case TP_CMD_CANCEL_ALL:
		case TP_CMD_HALT:
		case TP_CMD_RESUME:
		case TP_CMD_LIST:
		case TP_CMD_SWEEP:
			break;
	}
	if (request->key != NULL)
		set(slot, C_CLIENT_ORDER_ID, PointerGetDatum(cstring_to_text_with_len(request->key, request->key_length)));
	ExecStoreVirtualTuple(slot);
}

/* One row, which is what most calls are: with the slot that is at hand, in the caller's memory. */
static void
insert_row(TpTarget *target, const TpRequest *request)
{
	fill_row(target->slot, request, acting_role_oid(), GetCurrentTimestamp());
	table_tuple_insert(target->table, target->slot, GetCurrentCommandId(true), 0, NULL);
	tradepost_target_index(target, target->slot);
}

static void
insert_many(TpTarget *target, const TpRequest *requests, int n)
{
	TimestampTz now = GetCurrentTimestamp();
	Oid actor = acting_role_oid();
	CommandId cid = GetCurrentCommandId(true);
	int room = Min(n, ROWS_AT_ONCE);
	TupleTableSlot **slots = palloc(room * sizeof(TupleTableSlot *));
	BulkInsertState bulk = n > ROWS_AT_ONCE ? GetBulkInsertState() : NULL;
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "tradepost rows", ALLOCSET_DEFAULT_SIZES);
	int used = 0;

	for (int i = 0; i < room; i++)
		slots[i] = table_slot_create(target->table, NULL);

	for (int i = 0; i < n; i++)
	{
		if (!requests[i].repeated)
		{
			MemoryContext old = MemoryContextSwitchTo(row_context);

			fill_row(slots[used++], &requests[i], actor, now);
			MemoryContextSwitchTo(old);
		}
		if (used == room || (i == n - 1 && used > 0))
		{
			table_multi_insert(target->table, slots, used, cid, 0, bulk);
			for (int j = 0; j < used; j++)
			{
				tradepost_target_index(target, slots[j]);
				ExecClearTuple(slots[j]);
			}
			MemoryContextReset(row_context);
			used = 0;
		}
	}

	if (bulk != NULL)
		FreeBulkInsertState(bulk);
	for (int i = 0; i < room; i++)
		ExecDropSingleTupleTableSlot(slots[i]);
	MemoryContextDelete(row_context);
}

void
tradepost_insert_rows(const TpRequest *requests, int n)
{
	TpTarget target;

	tradepost_target_open(&target);
	Assert(RelationGetDescr(target.table)->natts == C_COUNT);
	if (n == 1)
		insert_row(&target, &requests[0]);
	else
		insert_many(&target, requests, n);
	tradepost_target_close(&target);
}
