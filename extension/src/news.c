/*
 * news.c
 *	  What has happened since an event that somebody is to be told of: fills and ends of
 *	  accounts that a user trades for, and between which prices each instrument traded.
 *	  Of a cancel that came through a proxy nobody is told: its user has asked for it.
 *
 * tradepost_internal.read_news(), which the follower calls.  Every event passes here,
 * and most are of nobody's account: they are read past the executor, and whether
 * an account has a user is remembered.  Reads tables only.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "command.h"
#include "compat.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(tradepost_read_news);

/* How long an account is known to have no user; a new user is noticed at once. */
#define FORGET_US 1000000

/* More accounts than this are not remembered. */
#define MAX_KNOWN 1000000

/* Column numbers of the tables, as in sql/02_tables. */
enum
{
	E_SEQ = 1,
	E_COMMAND_ID,
	E_TIME,
	E_ORDER_ID,
	E_MAKER_ORDER_ID,
	E_ACCOUNT,
	E_COUNTER_ACCOUNT,
	E_INSTRUMENT,
	E_KIND = 10,
	E_SIDE,
	E_REASON,
	E_QUANTITY = 14,
	E_PRICE,
	E_COMMISSION,
	E_COUNTER_COMMISSION
};

enum
{
	C_ID = 1,
	C_ACTOR = 12,
	C_KIND
};

/* Attributes of type tradepost_internal.news. */
enum
{
	N_SEQ,
	N_TIME,
	N_ACCOUNT,
	N_ORDER_ID,
	N_INSTRUMENT,
	N_KIND,
	N_SIDE,
	N_MAKER,
	N_QUANTITY,
	N_PRICE,
	N_COMMISSION,
	N_REASON,
	N_COUNT
};

typedef struct Known
{
	int64 account;
	bool has_user;
} Known;

/* Between which prices an instrument traded. */
typedef struct Range
{
	int32 instrument;
	Datum low;
	Datum high;
	Datum last;
} Range;

/* A table, read by one of its indexes. */
typedef struct Source
{
	Relation table;
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
} Source;

typedef struct Reader
{
	Source events;
	Source users;
	Source commands;
	bool users_open;
	bool commands_open;
	TupleDesc desc; /* of tradepost_internal.news */
	ArrayBuildState *news;
	HTAB *ranges;
	Range *range; /* the last one asked for */
} Reader;

static HTAB *known = NULL;
static TimestampTz known_since = 0;
static int64 known_user = 0; /* the newest user when the accounts were looked up */

static void
open_source(Source *source, const char *table, const char *index, int keys)
{
	Oid namespace = get_namespace_oid("tradepost_internal", false);

	source->table = table_open(get_relname_relid(table, namespace), AccessShareLock);
	source->index = index_open(get_relname_relid(index, namespace), AccessShareLock);
	source->scan = index_beginscan(source->table, source->index, GetActiveSnapshot(), keys, 0);
	source->slot = table_slot_create(source->table, NULL);
}

static void
close_source(Source *source)
{
	index_endscan(source->scan);
	ExecDropSingleTupleTableSlot(source->slot);
	index_close(source->index, AccessShareLock);
	table_close(source->table, AccessShareLock);
}

static int64
newest_user(void)
{
	Source users;
	int64 id = 0;

	open_source(&users, "users", "users_pkey", 0);
	index_rescan(users.scan, NULL, 0, NULL, 0);
	if (index_getnext_slot(users.scan, BackwardScanDirection, users.slot))
	{
		bool isnull;

		id = DatumGetInt64(slot_getattr(users.slot, 1, &isnull));
	}
	close_source(&users);
	return id;
}

/* A user may come to trade for an account that has been there before. */
static void
forget_accounts(void)
{
	TimestampTz now = GetCurrentTimestamp();
	int64 newest = newest_user();
	HASHCTL ctl = { 0 };

	if (known != NULL && newest == known_user && now - known_since < FORGET_US &&
		hash_get_num_entries(known) < MAX_KNOWN)
		return;
	if (known != NULL)
		hash_destroy(known);
	ctl.keysize = sizeof(int64);
	ctl.entrysize = sizeof(Known);
	ctl.hcxt = TopMemoryContext;
	known = hash_create("tradepost accounts with users", 1024, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	known_since = now;
	known_user = newest;
}

static bool
look_up_user(Reader *r, int64 account)
{
	ScanKeyData key;

	if (!r->users_open)
	{
		open_source(&r->users, "users", "users_account", 1);
		r->users_open = true;
	}
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(account));
	index_rescan(r->users.scan, &key, 1, NULL, 0);
	return index_getnext_slot(r->users.scan, ForwardScanDirection, r->users.slot);
}

static bool
has_user(Reader *r, int64 account)
{
	bool found;
	Known *entry;

	if (account == 0)
		return false;
	entry = hash_search(known, &account, HASH_FIND, NULL);
	if (entry == NULL)
	{
		bool answer = look_up_user(r, account);

		entry = hash_search(known, &account, HASH_ENTER, &found);
		entry->has_user = answer;
	}
	return entry->has_user;
}

/* Whether a user's own command did it, or does by what it did to another order: a cancel or an amend by a proxy. */
static bool
was_asked_for(Reader *r, int64 command)
{
	ScanKeyData key;
	TupleTableSlot *slot;
	int16 kind;
	Oid actor;
	Oid proxies;

	if (!r->commands_open)
	{
		open_source(&r->commands, "commands", "commands_pkey", 1);
		r->commands_open = true;
	}
	slot = r->commands.slot;
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(command));
	index_rescan(r->commands.scan, &key, 1, NULL, 0);
	if (!index_getnext_slot(r->commands.scan, ForwardScanDirection, slot))
		return false;
	slot_getsomeattrs(slot, C_KIND);
	kind = DatumGetInt16(slot->tts_values[C_KIND - 1]);
	actor = DatumGetObjectId(slot->tts_values[C_ACTOR - 1]);
	proxies = get_role_oid("tradepost_proxy", true);
	return (kind == TP_CMD_CANCEL || kind == TP_CMD_AMEND || kind == TP_CMD_CANCEL_ALL) && OidIsValid(proxies) &&
		   !superuser_arg(actor) && is_member_of_role(actor, proxies);
}

static int64
number_or_zero(TupleTableSlot *slot, int column)
{
	return slot->tts_isnull[column - 1] ? 0 : DatumGetInt64(slot->tts_values[column - 1]);
}

/* One side of an event, as a row of the answer. */
static void
add_news(Reader *r, int64 account, int64 order_id, bool opposite, bool maker, int commission)
{
	TupleTableSlot *slot = r->events.slot;
	Datum *e = slot->tts_values;
	bool *e_null = slot->tts_isnull;
	Datum values[N_COUNT];
	bool nulls[N_COUNT] = { false };
	int16 side = e_null[E_SIDE - 1] ? 0 : DatumGetInt16(e[E_SIDE - 1]);

	values[N_SEQ] = e[E_SEQ - 1];
	values[N_TIME] = e[E_TIME - 1];
	values[N_ACCOUNT] = Int64GetDatum(account);
	values[N_ORDER_ID] = Int64GetDatum(order_id);
	nulls[N_ORDER_ID] = order_id == 0;
	values[N_INSTRUMENT] = e[E_INSTRUMENT - 1];
	nulls[N_INSTRUMENT] = e_null[E_INSTRUMENT - 1];
	values[N_KIND] = e[E_KIND - 1];
	values[N_SIDE] = Int16GetDatum(opposite ? 1 - side : side);
	nulls[N_SIDE] = e_null[E_SIDE - 1];
	values[N_MAKER] = BoolGetDatum(maker);
	values[N_QUANTITY] = e[E_QUANTITY - 1];
	nulls[N_QUANTITY] = e_null[E_QUANTITY - 1];
	values[N_PRICE] = e[E_PRICE - 1];
	nulls[N_PRICE] = e_null[E_PRICE - 1];
	values[N_COMMISSION] = e[commission - 1];
	nulls[N_COMMISSION] = e_null[commission - 1];
	values[N_REASON] = e[E_REASON - 1];
	r->news = accumArrayResult(r->news, HeapTupleGetDatum(heap_form_tuple(r->desc, values, nulls)), false,
							   r->desc->tdtypeid, CurrentMemoryContext);
}

static bool
is_below(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b)) < 0;
}

static void
note_price(Reader *r, int32 instrument, Datum price)
{
	bool found;

	if (r->range == NULL || r->range->instrument != instrument)
		r->range = hash_search(r->ranges, &instrument, HASH_ENTER, &found);
	else
		found = true;
	if (found && datumIsEqual(price, r->range->last, false, -1))
		return;
	price = datumCopy(price, false, -1);
	r->range->last = price;
	if (!found || is_below(price, r->range->low))
		r->range->low = price;
	if (!found || is_below(r->range->high, price))
		r->range->high = price;
}

static void
read_event(Reader *r)
{
	TupleTableSlot *slot = r->events.slot;
	int16 kind;
	int64 account;
	int64 counter;

	slot_getsomeattrs(slot, E_KIND);
	kind = DatumGetInt16(slot->tts_values[E_KIND - 1]);
	if (kind != TP_EV_TRADE && kind != TP_EV_EXPIRED && kind != TP_EV_SETTLED && kind != TP_EV_CLOSED_OUT &&
		kind != TP_EV_TAKEN_OVER && kind != TP_EV_CANCELLED)
		return;
	account = number_or_zero(slot, E_ACCOUNT);
	counter = number_or_zero(slot, E_COUNTER_ACCOUNT);
	slot_getsomeattrs(slot, E_COUNTER_COMMISSION);
	if (kind == TP_EV_TRADE || kind == TP_EV_CLOSED_OUT)
		note_price(r, DatumGetInt32(slot->tts_values[E_INSTRUMENT - 1]), slot->tts_values[E_PRICE - 1]);

	if (kind == TP_EV_CANCELLED &&
		(DatumGetInt16(slot->tts_values[E_REASON - 1]) == TP_REASON_AMENDED_BELOW_FILLED || !has_user(r, account) ||
		 was_asked_for(r, DatumGetInt64(slot->tts_values[E_COMMAND_ID - 1]))))
		return;
	/* What was long is settled by selling it. */
	if (has_user(r, account))
		add_news(r, account, number_or_zero(slot, E_ORDER_ID), kind == TP_EV_SETTLED, false, E_COMMISSION);
	if ((kind == TP_EV_TRADE || kind == TP_EV_CLOSED_OUT || kind == TP_EV_TAKEN_OVER) && has_user(r, counter))
		add_news(r, counter, number_or_zero(slot, E_MAKER_ORDER_ID), true, true, E_COUNTER_COMMISSION);
}

static void
put_ranges(Reader *r, Datum *values)
{
	HASH_SEQ_STATUS status;
	Range *range;
	ArrayBuildState *instruments = initArrayResult(INT4OID, CurrentMemoryContext, false);
	ArrayBuildState *lows = initArrayResult(NUMERICOID, CurrentMemoryContext, false);
	ArrayBuildState *highs = initArrayResult(NUMERICOID, CurrentMemoryContext, false);

	hash_seq_init(&status, r->ranges);
	while ((range = hash_seq_search(&status)) != NULL)
	{
		(void) accumArrayResult(instruments, Int32GetDatum(range->instrument), false, INT4OID, CurrentMemoryContext);
		(void) accumArrayResult(lows, range->low, false, NUMERICOID, CurrentMemoryContext);
		(void) accumArrayResult(highs, range->high, false, NUMERICOID, CurrentMemoryContext);
	}
	values[0] = makeArrayResult(instruments, CurrentMemoryContext);
	values[1] = makeArrayResult(lows, CurrentMemoryContext);
	values[2] = makeArrayResult(highs, CurrentMemoryContext);
}

static void
begin_reading(Reader *r, int64 after)
{
	HASHCTL ctl = { 0 };
	ScanKeyData key;
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("news"),
							   ObjectIdGetDatum(get_namespace_oid("tradepost_internal", false)));

	memset(r, 0, sizeof(*r));
	forget_accounts();
	ctl.keysize = sizeof(int32);
	ctl.entrysize = sizeof(Range);
	ctl.hcxt = CurrentMemoryContext;
	r->ranges = hash_create("tradepost prices", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	r->desc = lookup_rowtype_tupdesc_copy(type, -1);
	r->news = initArrayResult(type, CurrentMemoryContext, false);
	open_source(&r->events, "events", "events_pkey", 1);
	ScanKeyInit(&key, 1, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	index_rescan(r->events.scan, &key, 1, NULL, 0);
}

/* read_news(after, max): the last event read, how many were, the prices, the news. */
Datum
tradepost_read_news(PG_FUNCTION_ARGS)
{
	int64 upto = PG_GETARG_INT64(0);
	int32 max = PG_GETARG_INT32(1);
	int32 count = 0;
	Reader r;
	TupleDesc desc;
	Datum values[6];
	bool nulls[6] = { false };

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "read_news() returns a row");
	begin_reading(&r, upto);
	while (count < max && index_getnext_slot(r.events.scan, ForwardScanDirection, r.events.slot))
	{
		if (++count % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		read_event(&r);
		upto = DatumGetInt64(r.events.slot->tts_values[E_SEQ - 1]);
	}
	values[0] = Int64GetDatum(upto);
	values[1] = Int32GetDatum(count);
	put_ranges(&r, &values[2]);
	values[5] = makeArrayResult(r.news, CurrentMemoryContext);
	close_source(&r.events);
	if (r.users_open)
		close_source(&r.users);
	if (r.commands_open)
		close_source(&r.commands);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
