/*
 * orders_view.c
 *	  INSERT and COPY into view tradepost.orders place orders; UPDATE and DELETE are
 *	  refused with what to call instead.
 *
 * The row trigger checks a row at once, so that an error names its line, and
 * keeps the request; the rows are written together at the statement's end, or
 * when enough of them are kept.  The kept requests belong to one statement of
 * one subtransaction: whatever aborts, they are forgotten.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_enum.h"
#include "commands/trigger.h"
#include "compat.h"
#include "errcodes.h"
#include "fmgr.h"
#include "labels.h"
#include "pending.h"
#include "request.h"
#include "units.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(tradepost_orders_insert);
PG_FUNCTION_INFO_V1(tradepost_orders_flush);
PG_FUNCTION_INFO_V1(tradepost_orders_refuse);

#define KEEP 2048

static MemoryContext kept_context = NULL; /* texts of the kept requests */
static TpRequest kept[KEEP];
static int kept_count = 0;
static SubTransactionId kept_by = InvalidSubTransactionId;
static bool registered = false;

static void
forget_kept(void)
{
	kept_count = 0;
	kept_by = InvalidSubTransactionId;
}

static void
xact_ended(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT)
		forget_kept();
}

static void
subxact_ended(SubXactEvent event, SubTransactionId mySubid, SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && kept_by >= mySubid)
		forget_kept();
}

static void
flush(void)
{
	int n = kept_count;

	if (n == 0)
		return;
	kept_count = 0;
	tradepost_write_requests(kept, n);
	MemoryContextReset(kept_context);
}

/* Columns that the view shows and a client may give. */
typedef enum Given
{
	G_ACCOUNT,
	G_SYMBOL,
	G_SIDE,
	G_QUANTITY,
	G_PRICE,
	G_TYPE,
	G_TIME_IN_FORCE,
	G_CLIENT_ORDER_ID,
	G_EXPIRES_AT,
	G_STP,
	G_POST_ONLY,
	G_STOP_PRICE,
	G_COUNT
} Given;

static const char *const given_names[G_COUNT] = { "account",    "symbol", "side",          "quantity",
												  "price",      "type",   "time_in_force", "client_order_id",
												  "expires_at", "stp",    "post_only",     "stop_price" };

static int
find_given(const char *name)
{
	for (int g = 0; g < G_COUNT; g++)
	{
		if (strcmp(name, given_names[g]) == 0)
			return g;
	}
	return -1;
}

static char *
keep_text(Datum value, int *length)
{
	text *source = DatumGetTextPP(value);
	char *copy;

	*length = VARSIZE_ANY_EXHDR(source);
	copy = MemoryContextAlloc(kept_context, *length + 1);
	memcpy(copy, VARDATA_ANY(source), *length);
	copy[*length] = '\0';
	return copy;
}

static void
read_row(HeapTuple row, TupleDesc desc, TpPlaceArguments *arguments)
{
	memset(arguments, 0, sizeof(*arguments));
	arguments->side = arguments->type = arguments->time_in_force = arguments->stp = -1;
	for (int i = 0; i < desc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(desc, i)->attname);
		bool isnull;
		Datum value = heap_getattr(row, i + 1, desc, &isnull);
		int given = find_given(name);

		if (isnull)
			continue;
		switch (given)
		{
			case G_ACCOUNT:
				arguments->has_account = true;
				arguments->account = DatumGetInt64(value);
				break;
			case G_SYMBOL:
				arguments->symbol = keep_text(value, &arguments->symbol_length);
				break;
			case G_SIDE:
				arguments->side = tradepost_label_code(TP_LABELS_SIDE, DatumGetObjectId(value));
				break;
			case G_QUANTITY:
				arguments->quantity = DatumGetNumeric(value);
				break;
			case G_PRICE:
				arguments->price = DatumGetNumeric(value);
				break;
			case G_TYPE:
				arguments->type = tradepost_label_code(TP_LABELS_ORDER_TYPE, DatumGetObjectId(value));
				break;
			case G_TIME_IN_FORCE:
				arguments->time_in_force = tradepost_label_code(TP_LABELS_TIME_IN_FORCE, DatumGetObjectId(value));
				break;
			case G_CLIENT_ORDER_ID:
				arguments->client_order_id = keep_text(value, &arguments->client_order_id_length);
				break;
			case G_EXPIRES_AT:
				arguments->has_expires_at = true;
				arguments->expires_at = DatumGetTimestampTz(value);
				break;
			case G_STP:
				arguments->stp = tradepost_label_code(TP_LABELS_STP, DatumGetObjectId(value));
				break;
			case G_POST_ONLY:
				arguments->post_only = DatumGetBool(value);
				break;
			case G_STOP_PRICE:
				arguments->stop_price = DatumGetNumeric(value);
				break;
			default:
				ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
								errmsg("column \"%s\" of orders is the engine's to set", name),
								errhint("Leave it out, or NULL.")));
		}
	}
}

static Datum
enum_value(Oid type, const char *label)
{
	return ObjectIdGetDatum(
		GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid, ObjectIdGetDatum(type), CStringGetDatum(label)));
}

/* What the engine will see where the client left a column out. */
static bool
applied_default(Given given, Oid type, const TpCommand *command, Datum *value)
{
	switch (given)
	{
		case G_TYPE:
			*value = enum_value(type, tradepost_label_text(TP_LABELS_ORDER_TYPE, command->type));
			return true;
		case G_TIME_IN_FORCE:
			*value = enum_value(type, tradepost_label_text(TP_LABELS_TIME_IN_FORCE, command->time_in_force));
			return true;
		case G_STP:
			*value = enum_value(type, tradepost_label_text(TP_LABELS_STP, command->stp));
			return true;
		case G_POST_ONLY:
			*value = BoolGetDatum((command->flags & TP_CMD_POST_ONLY) != 0);
			return true;
		default:
			return false;
	}
}

/* The engine's own columns, of an order that is not decided. */
static bool
undecided(const char *name, Oid type, const TpCommand *command, Datum *value)
{
	if (strcmp(name, "status") == 0)
		*value = enum_value(type, "pending");
	else if (strcmp(name, "filled") == 0 || strcmp(name, "commission") == 0)
		*value = tradepost_units_numeric(0);
	else if (strcmp(name, "remaining") == 0)
		*value = tradepost_units_numeric(command->quantity);
	else
		return false;
	return true;
}

/*
 * The row as RETURNING shows it: with its id, what was applied by default, and the
 * state of an order that waits to be decided.  A repeated request has the first one's
 * id, and what became of that the view knows.
 */
static HeapTuple
placed_row(HeapTuple row, TupleDesc desc, const TpRequest *request)
{
	Datum *values = palloc(desc->natts * sizeof(Datum));
	bool *nulls = palloc(desc->natts * sizeof(bool));

	heap_deform_tuple(row, desc, values, nulls);
	for (int i = 0; i < desc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(desc, i)->attname);
		Oid type = TupleDescAttr(desc, i)->atttypid;
		int given = find_given(name);

		if (!nulls[i])
			continue;
		if (given >= 0)
			nulls[i] = !applied_default(given, type, &request->command, &values[i]);
		else if (strcmp(name, "id") == 0)
		{
			values[i] = Int64GetDatum(request->command.id);
			nulls[i] = false;
		}
		else if (!request->repeated)
			nulls[i] = !undecided(name, type, &request->command, &values[i]);
	}
	return heap_form_tuple(desc, values, nulls);
}

Datum
tradepost_orders_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TpPlaceArguments arguments;
	TpRequest *request;
	HeapTuple row;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_INSTEAD(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		elog(ERROR, "orders_insert() is the trigger of view tradepost.orders");
	if (!registered)
	{
		kept_context = AllocSetContextCreate(TopMemoryContext, "tradepost kept requests", ALLOCSET_DEFAULT_SIZES);
		RegisterXactCallback(xact_ended, NULL);
		RegisterSubXactCallback(subxact_ended, NULL);
		registered = true;
	}

	/* A statement inside another one's trigger, or one that never ended: not ours to mix. */
	if (kept_count > 0 && kept_by != GetCurrentSubTransactionId())
		flush();
	if (kept_count == 0)
		MemoryContextReset(kept_context);
	kept_by = GetCurrentSubTransactionId();
	read_row(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation), &arguments);
	request = &kept[kept_count];
	tradepost_request_place(&arguments, request);
	tradepost_assign_ids(request, 1);
	kept_count++;
	row = placed_row(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation), request);
	if (kept_count == KEEP)
		flush();
	return PointerGetDatum(row);
}

Datum
tradepost_orders_flush(PG_FUNCTION_ARGS)
{
	flush();
	return PointerGetDatum(NULL);
}

Datum
tradepost_orders_refuse(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "orders_refuse() is the trigger of view tradepost.orders");
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_TP_NOT_ALLOWED), errmsg("orders are not removed by DELETE"),
				 errhint("tradepost.cancel_order(account, order_id) ends one, tradepost.cancel_all(account) all.")));
	ereport(ERROR, (errcode(ERRCODE_TP_NOT_ALLOWED), errmsg("orders are not changed by UPDATE"),
					errhint("tradepost.amend_order(account, order_id, quantity, price, stop_price) changes one, "
							"tradepost.cancel_order(account, order_id) ends it.")));
	return PointerGetDatum(NULL);
}
