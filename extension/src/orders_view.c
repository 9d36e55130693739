/*
 * orders_view.c
 *	  INSERT and COPY into view tradepost.orders place orders.
 *
 * The row trigger checks a row at once, so that an error names its line, and
 * keeps the request; the rows are written together at the statement's end, or
 * when enough of them are kept.  The kept requests belong to one statement of
 * one subtransaction: whatever aborts, they are forgotten.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "compat.h"
#include "errcodes.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "labels.h"
#include "pending.h"
#include "request.h"
#include "utils/memutils.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(tradepost_orders_insert);
PG_FUNCTION_INFO_V1(tradepost_orders_flush);

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
	G_COUNT
} Given;

static const char *const given_names[G_COUNT] = { "account",    "symbol", "side",          "quantity",
												  "price",      "type",   "time_in_force", "client_order_id",
												  "expires_at", "stp",    "post_only" };

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
	arguments->side = -1;
	arguments->type = TP_LIMIT;
	arguments->time_in_force = TP_DAY;
	arguments->stp = TP_STP_CANCEL_TAKER;
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
			default:
				ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
								errmsg("column \"%s\" of orders is the engine's to set", name),
								errhint("Leave it out, or NULL.")));
		}
	}
}

/* The row as RETURNING shows it: with the id that it got. */
static HeapTuple
with_id(HeapTuple row, TupleDesc desc, int64 id)
{
	int column = SPI_fnumber(desc, "id");
	Datum value = Int64GetDatum(id);
	bool isnull = false;

	return heap_modify_tuple_by_cols(row, desc, 1, &column, &value, &isnull);
}

Datum
tradepost_orders_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TpPlaceArguments arguments;
	TpRequest *request;

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
	if (kept_count == KEEP)
		flush();
	return PointerGetDatum(with_id(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation), request->command.id));
}

Datum
tradepost_orders_flush(PG_FUNCTION_ARGS)
{
	flush();
	return PointerGetDatum(NULL);
}
