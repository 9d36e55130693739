/*
 * submit.c
 *	  submit_commands(): places, cancels and amends from one JSON array.
 *
 * A table of fields says which are known and where they go; what is not in it
 * is refused by name, so that a misspelt field never changes an order's meaning.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "errcodes.h"
#include "fmgr.h"
#include "labels.h"
#include "links.h"
#include "request.h"
#include "units.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(tradepost_submit_commands);

typedef enum Field
{
	F_COMMAND,
	F_ACCOUNT,
	F_SYMBOL,
	F_SIDE,
	F_QUANTITY,
	F_PRICE,
	F_TYPE,
	F_TIME_IN_FORCE,
	F_CLIENT_ORDER_ID,
	F_EXPIRES_AT,
	F_STP,
	F_POST_ONLY,
	F_ORDER_ID,
	F_ORDER_INDEX,
	F_STOP_PRICE,
	F_OCO,
	F_OCO_INDEX,
	F_PARENT_INDEX,
	F_COUNT
} Field;

static const char *const field_names[F_COUNT] = { "command",         "account",     "symbol",     "side",
												  "quantity",        "price",       "type",       "time_in_force",
												  "client_order_id", "expires_at",  "stp",        "post_only",
												  "order_id",        "order_index", "stop_price", "oco",
												  "oco_index",       "parent_index" };

/* Which fields each command takes. */
#define BIT(f) (1u << (f))
#define PLACE_FIELDS                                                                                                \
	(BIT(F_COMMAND) | BIT(F_ACCOUNT) | BIT(F_SYMBOL) | BIT(F_SIDE) | BIT(F_QUANTITY) | BIT(F_PRICE) | BIT(F_TYPE) | \
	 BIT(F_TIME_IN_FORCE) | BIT(F_CLIENT_ORDER_ID) | BIT(F_EXPIRES_AT) | BIT(F_STP) | BIT(F_POST_ONLY) |            \
	 BIT(F_STOP_PRICE) | BIT(F_OCO) | BIT(F_OCO_INDEX) | BIT(F_PARENT_INDEX))
#define CANCEL_FIELDS (BIT(F_COMMAND) | BIT(F_ACCOUNT) | BIT(F_CLIENT_ORDER_ID) | BIT(F_ORDER_ID) | BIT(F_ORDER_INDEX))
#define AMEND_FIELDS (CANCEL_FIELDS | BIT(F_QUANTITY) | BIT(F_PRICE) | BIT(F_STOP_PRICE))
#define CANCEL_ALL_FIELDS (BIT(F_COMMAND) | BIT(F_ACCOUNT) | BIT(F_SYMBOL))

typedef struct Entry
{
	bool given[F_COUNT];
	JsonbValue value[F_COUNT];
} Entry;

static void
refuse(const char *field, const char *expected)
{
	ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("field \"%s\" must be %s", field, expected),
					errhint("The comment on tradepost.submit_commands() lists the fields.")));
}

static void
store_field(Entry *entry, const JsonbValue *key, const JsonbValue *value)
{
	for (int f = 0; f < F_COUNT; f++)
	{
		if ((int) strlen(field_names[f]) == key->val.string.len &&
			memcmp(field_names[f], key->val.string.val, key->val.string.len) == 0)
		{
			/* null means "not given", as in a call with named arguments */
			entry->given[f] = value->type != jbvNull;
			entry->value[f] = *value;
			return;
		}
	}
	ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
					errmsg("unknown field \"%.*s\"", Min(key->val.string.len, 64), key->val.string.val),
					errhint("The comment on tradepost.submit_commands() lists the fields.")));
}

static bool
read_text(const Entry *entry, Field f, const char **text, int *length)
{
	if (!entry->given[f])
		return false;
	if (entry->value[f].type != jbvString)
		refuse(field_names[f], "a string");
	*text = entry->value[f].val.string.val;
	*length = entry->value[f].val.string.len;
	return true;
}

/* Digits, with at most one sign in front and one point: what a decimal or whole number may look like in a string. */
static bool
looks_decimal(const char *text, int length, bool whole)
{
	int digits = 0;
	int points = 0;

	for (int i = 0; i < length; i++)
	{
		if (text[i] >= '0' && text[i] <= '9')
			digits++;
		else if (text[i] == '.' && !whole)
			points++;
		else if (i > 0 || (text[i] != '-' && text[i] != '+'))
			return false;
	}
	return digits > 0 && points <= 1;
}

/* Decimals come as numbers or, so that no client rounds them, as strings. */
static Numeric
read_decimal(const Entry *entry, Field f)
{
	const JsonbValue *value = &entry->value[f];
	char *text;

	if (!entry->given[f])
		return NULL;
	if (value->type == jbvNumeric)
		return value->val.numeric;
	if (value->type != jbvString || value->val.string.len > 64 ||
		!looks_decimal(value->val.string.val, value->val.string.len, false))
		refuse(field_names[f], "a number or a decimal string");
	text = pnstrdup(value->val.string.val, value->val.string.len);
	return DatumGetNumeric(
		DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static bool
read_integer(const Entry *entry, Field f, int64 *number)
{
	const JsonbValue *value = &entry->value[f];

	if (!entry->given[f])
		return false;
	if (value->type == jbvNumeric)
	{
		tp_int128 units;

		if (tradepost_wide_units_try(value->val.numeric, &units) != TP_UNITS_OK || units % TRADEPOST_ONE != 0 ||
			units / TRADEPOST_ONE > PG_INT64_MAX || units / TRADEPOST_ONE < PG_INT64_MIN)
			refuse(field_names[f], "a whole number of at most 64 bits");
		*number = (int64) (units / TRADEPOST_ONE);
	}
	else if (value->type == jbvString && value->val.string.len <= 18 &&
			 looks_decimal(value->val.string.val, value->val.string.len, true))
		*number = DatumGetInt64(
			DirectFunctionCall1(int8in, CStringGetDatum(pnstrdup(value->val.string.val, value->val.string.len))));
	else
		refuse(field_names[f], "a whole number of at most 64 bits");
	return true;
}

static int
read_label(const Entry *entry, Field f, TpLabels list, int missing)
{
	const char *text;
	int length;
	int code;

	if (!read_text(entry, f, &text, &length))
		return missing;
	code = tradepost_label_find(list, text, length);
	if (code < 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("field \"%s\" is \"%.*s\"", field_names[f], Min(length, 64), text),
						errhint("It is one of: %s.", tradepost_labels_all(list))));
	return code;
}

/* What timestamptz takes as input; its own function would raise an error that is not ours. */
static bool
parse_time(const char *text, TimestampTz *time)
{
	char work[MAXDATELEN + MAXDATEFIELDS];
	char *field[MAXDATEFIELDS];
	int ftype[MAXDATEFIELDS];
	int fields;
	int dtype;
	int zone;
	fsec_t fsec;
	struct pg_tm tm;

	if (ParseDateTime(text, work, sizeof(work), field, ftype, MAXDATEFIELDS, &fields) != 0 ||
		TpDecodeDateTime(field, ftype, fields, &dtype, &tm, &fsec, &zone) != 0)
		return false;
	switch (dtype)
	{
		case DTK_DATE:
			return tm2timestamp(&tm, fsec, &zone, time) == 0;
		case DTK_EPOCH:
			*time = SetEpochTimestamp();
			return true;
		case DTK_LATE:
			TIMESTAMP_NOEND(*time);
			return true;
		case DTK_EARLY:
			TIMESTAMP_NOBEGIN(*time);
			return true;
		default:
			return false;
	}
}

static bool
read_time(const Entry *entry, Field f, TimestampTz *time)
{
	const char *text;
	int length;

	if (!read_text(entry, f, &text, &length))
		return false;
	if (!parse_time(pnstrdup(text, length), time))
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("field \"%s\" is \"%.*s\", which is no point in time", field_names[f], Min(length, 64), text),
				 errhint("Write it as in 2030-12-31T23:59:59Z.")));
	return true;
}

static void
refuse_other_fields(const Entry *entry, unsigned allowed, const char *command)
{
	for (int f = 0; f < F_COUNT; f++)
	{
		if (entry->given[f] && !(allowed & BIT(f)))
			ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
							errmsg("field \"%s\" does not go with command \"%s\"", field_names[f], command),
							errhint("Leave it out.")));
	}
}

static int64
require_account(const Entry *entry)
{
	int64 account;

	if (!read_integer(entry, F_ACCOUNT, &account))
		refuse("account", "given");
	return account;
}

/* The order that a cancel or amend means: its id, or -1 - index of the place in this call. */
static int64
read_order_reference(const Entry *entry, const TpRequest *requests, int position)
{
	int64 number;
	const char *key = NULL;
	int length = 0;

	if (entry->given[F_ORDER_ID] + entry->given[F_CLIENT_ORDER_ID] + entry->given[F_ORDER_INDEX] != 1)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("exactly one of order_id, client_order_id and order_index must be given"),
						errhint("It says which order is meant.")));
	if (read_integer(entry, F_ORDER_ID, &number))
	{
		if (number <= 0)
			refuse("order_id", "above zero");
		return number;
	}
	if (read_integer(entry, F_ORDER_INDEX, &number))
	{
		if (number < 0 || number >= position || requests[number].command.kind != TP_CMD_PLACE)
			ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
							errmsg("order_index %lld is not an earlier place in this call", (long long) number),
							errhint("Positions count from 0.")));
		return -1 - number;
	}
	read_text(entry, F_CLIENT_ORDER_ID, &key, &length);
	for (int i = position - 1; i >= 0; i--)
	{
		if (requests[i].key != NULL && requests[i].key_length == length && memcmp(requests[i].key, key, length) == 0 &&
			requests[i].command.account == require_account(entry))
			return -1 - i;
	}
	if (length == 0 || length > TP_MAX_KEY_BYTES)
		refuse("client_order_id", "1 to 128 bytes long");
	number = tradepost_find_key(require_account(entry), key, length);
	if (number == 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("client_order_id \"%.*s\" names no order of account %lld", Min(length, 64), key,
							   (long long) require_account(entry)),
						errhint("The place must have been committed, or come earlier in this call.")));
	return number;
}

/* The order that a place is linked to: by its id, or an earlier place of this call. */
static void
read_oco(const Entry *entry, const TpRequest *requests, int position, TpPlaceArguments *arguments)
{
	int64 number;

	arguments->has_oco = read_integer(entry, F_OCO, &arguments->oco);
	if (!read_integer(entry, F_OCO_INDEX, &number))
		return;
	if (arguments->has_oco)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("oco and oco_index name the same thing, and both were given"), errhint("Give one of them.")));
	if (number < 0 || number >= position || requests[number].command.kind != TP_CMD_PLACE)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("oco_index %lld is not an earlier place in this call", (long long) number),
						errhint("Positions count from 0.")));
	arguments->link = -1 - number;
}

static void
read_place(const Entry *entry, TpRequest *requests, int position)
{
	TpPlaceArguments arguments = { 0 };
	int64 parent;

	refuse_other_fields(entry, PLACE_FIELDS, "place");
	arguments.has_account = read_integer(entry, F_ACCOUNT, &arguments.account);
	read_text(entry, F_SYMBOL, &arguments.symbol, &arguments.symbol_length);
	arguments.side = read_label(entry, F_SIDE, TP_LABELS_SIDE, -1);
	arguments.type = read_label(entry, F_TYPE, TP_LABELS_ORDER_TYPE, -1);
	arguments.time_in_force = read_label(entry, F_TIME_IN_FORCE, TP_LABELS_TIME_IN_FORCE, -1);
	arguments.stp = read_label(entry, F_STP, TP_LABELS_STP, -1);
	arguments.quantity = read_decimal(entry, F_QUANTITY);
	arguments.price = read_decimal(entry, F_PRICE);
	read_text(entry, F_CLIENT_ORDER_ID, &arguments.client_order_id, &arguments.client_order_id_length);
	arguments.has_expires_at = read_time(entry, F_EXPIRES_AT, &arguments.expires_at);
	if (entry->given[F_POST_ONLY])
	{
		if (entry->value[F_POST_ONLY].type != jbvBool)
			refuse("post_only", "true or false");
		arguments.post_only = entry->value[F_POST_ONLY].val.boolean;
	}
	arguments.stop_price = read_decimal(entry, F_STOP_PRICE);
	read_oco(entry, requests, position, &arguments);
	if (read_integer(entry, F_PARENT_INDEX, &parent))
	{
		if (parent <= position || parent > PG_INT32_MAX)
			tradepost_raise_parent(parent);
		arguments.parent = -1 - parent;
	}
	tradepost_request_place(&arguments, &requests[position]);
	tradepost_check_linked(requests, &requests[position].command);
}

static void
read_amend(const Entry *entry, TpRequest *requests, int position)
{
	int64 order_id;
	TpPlaced placed;

	refuse_other_fields(entry, AMEND_FIELDS, "amend");
	order_id = read_order_reference(entry, requests, position);
	if (order_id < 0)
	{
		const TpCommand *place = &requests[-1 - order_id].command;

		placed = (TpPlaced){ .instrument = place->instrument, .type = place->type };
	}
	tradepost_request_amend(require_account(entry), order_id, order_id < 0 ? &placed : NULL,
							read_decimal(entry, F_QUANTITY), read_decimal(entry, F_PRICE),
							read_decimal(entry, F_STOP_PRICE), &requests[position]);
}

static void
read_command(const Entry *entry, TpRequest *requests, int position)
{
	TpRequest *request = &requests[position];
	const char *name = "place";
	int length = 5;

	read_text(entry, F_COMMAND, &name, &length);
	if (length == 5 && memcmp(name, "place", 5) == 0)
		read_place(entry, requests, position);
	else if (length == 6 && memcmp(name, "cancel", 6) == 0)
	{
		refuse_other_fields(entry, CANCEL_FIELDS, "cancel");
		tradepost_request_cancel(require_account(entry), read_order_reference(entry, requests, position), request);
	}
	else if (length == 5 && memcmp(name, "amend", 5) == 0)
		read_amend(entry, requests, position);
	else if (length == 10 && memcmp(name, "cancel_all", 10) == 0)
	{
		const char *symbol = NULL;
		int symbol_length = 0;

		refuse_other_fields(entry, CANCEL_ALL_FIELDS, "cancel_all");
		read_text(entry, F_SYMBOL, &symbol, &symbol_length);
		tradepost_request_cancel_all(require_account(entry), symbol, symbol_length, request);
	}
	else
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("command \"%.*s\" is unknown", Min(length, 64), name),
						errhint("It is one of: place, cancel, amend, cancel_all.")));
}

static void
command_error_context(void *arg)
{
	errcontext("command %d of the call", *(int *) arg + 1);
}

Datum
tradepost_submit_commands(PG_FUNCTION_ARGS)
{
	Jsonb *json;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	Entry entry;
	JsonbValue key;
	TpRequest *requests;
	Datum *ids;
	int n;
	int position = 0;
	ErrorContextCallback error_context = { .callback = command_error_context, .arg = &position };

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("commands must be given"),
						errhint("It may not be NULL; an empty array does nothing.")));
	json = PG_GETARG_JSONB_P(0);
	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		refuse("commands", "an array of objects");
	n = JB_ROOT_COUNT(json);
	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
	if (n > TP_MAX_COMMANDS_PER_CALL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("commands has %d elements, and the limit is %d a call", n, TP_MAX_COMMANDS_PER_CALL),
						errhint("Use several calls; they may be one transaction.")));

	requests = palloc_extended(n * sizeof(TpRequest), MCXT_ALLOC_HUGE);
	error_context.previous = error_context_stack;
	error_context_stack = &error_context;
	iterator = JsonbIteratorInit(&json->root);
	token = JsonbIteratorNext(&iterator, &value, false); /* the array itself */
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_END_ARRAY)
	{
		if (token != WJB_BEGIN_OBJECT)
			refuse("commands", "an array of objects");
		memset(entry.given, 0, sizeof(entry.given));
		while ((token = JsonbIteratorNext(&iterator, &value, false)) == WJB_KEY)
		{
			key = value;
			(void) JsonbIteratorNext(&iterator, &value, true);
			store_field(&entry, &key, &value);
		}
		read_command(&entry, requests, position);
		position++;
	}
	for (position = 0; position < n; position++)
		tradepost_check_parent(requests, n, position);
	error_context_stack = error_context.previous;

	tradepost_assign_ids(requests, n);
	tradepost_check_repeated(requests, n);
	tradepost_resolve_references(requests, n);
	tradepost_write_requests(requests, n);
	ids = palloc(n * sizeof(Datum));
	for (int i = 0; i < n; i++)
		ids[i] = Int64GetDatum(requests[i].command.id);
	PG_RETURN_ARRAYTYPE_P(construct_array(ids, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
