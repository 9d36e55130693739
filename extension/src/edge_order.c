/*
 * edge_order.c
 *	  An order as clients of the edge write it: a JSON object with the names of
 *	  the REST API.
 *
 * Called by edge_place.c, for each order.  A table of fields says which are known;
 * what is not in it is refused by name, so that a misspelt field never changes an
 * order's meaning.  Touches nothing but its arguments.
 */
#include "postgres.h"

#include <float.h>

#include "edge_order.h"
#include "errcodes.h"
#include "fmgr.h"
#include "labels.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#define FIELDS_HINT                                                                                                 \
	"An order takes symbol, or asset and contract; side, quantity or amount, price, type, timeInForce, expiresAt, " \
	"clientOrderId, postOnly, stp, stopPrice, oco."

typedef enum Field
{
	F_SYMBOL,
	F_ASSET,
	F_CONTRACT,
	F_SIDE,
	F_QUANTITY,
	F_AMOUNT,
	F_PRICE,
	F_TYPE,
	F_TIME_IN_FORCE,
	F_EXPIRES_AT,
	F_CLIENT_ORDER_ID,
	F_POST_ONLY,
	F_STP,
	F_STOP_PRICE,
	F_OCO,
	F_COUNT
} Field;

static const char *const names[F_COUNT] = { "symbol",        "asset",    "contract", "side",        "quantity",
											"amount",        "price",    "type",     "timeInForce", "expiresAt",
											"clientOrderId", "postOnly", "stp",      "stopPrice",   "oco" };

typedef struct Object
{
	bool given[F_COUNT];
	JsonbValue value[F_COUNT];
} Object;

static void
refuse(Field f, const char *expected)
{
	ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("field \"%s\" must be %s", names[f], expected),
					errhint(FIELDS_HINT)));
}

static void
keep(Object *object, const JsonbValue *key, const JsonbValue *value)
{
	for (int f = 0; f < F_COUNT; f++)
	{
		if ((int) strlen(names[f]) == key->val.string.len &&
			memcmp(names[f], key->val.string.val, key->val.string.len) == 0)
		{
			/* null means "not given" */
			object->given[f] = value->type != jbvNull;
			object->value[f] = *value;
			return;
		}
	}
	ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
					errmsg("field \"%.*s\" is unknown", Min(key->val.string.len, 64), key->val.string.val),
					errhint(FIELDS_HINT)));
}

static void
read_object(const char *json, Object *object)
{
	Jsonb *parsed = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;

	memset(object->given, 0, sizeof(object->given));
	if (!JB_ROOT_IS_OBJECT(parsed))
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER), errmsg("an order must be a JSON object"), errhint(FIELDS_HINT)));
	iterator = JsonbIteratorInit(&parsed->root);
	token = JsonbIteratorNext(&iterator, &value, false); /* the object itself */
	while ((token = JsonbIteratorNext(&iterator, &key, false)) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&iterator, &value, true);
		keep(object, &key, &value);
	}
}

static bool
read_text(const Object *object, Field f, const char **text, int *length)
{
	if (!object->given[f])
		return false;
	if (object->value[f].type != jbvString)
		refuse(f, "a string");
	*text = object->value[f].val.string.val;
	*length = object->value[f].val.string.len;
	return true;
}

/* Digits, with at most one sign in front and one point. */
static bool
looks_decimal(const char *text, int length)
{
	int digits = 0;
	int points = 0;

	for (int i = 0; i < length; i++)
	{
		if (text[i] >= '0' && text[i] <= '9')
			digits++;
		else if (text[i] == '.')
			points++;
		else if (i > 0 || (text[i] != '-' && text[i] != '+'))
			return false;
	}
	return digits > 0 && points <= 1;
}

/*
 * A JSON number with a fraction of more than 15 digits was a binary double: 98.57000000000001 is what
 * 90 + 8.57 makes of 98.57.  No double holds more than 15 digits for sure (RFC 8259, section 6), so that many
 * are what its sender meant.  Strings are taken as they are.
 */
static Numeric
settle_number(Numeric number)
{
	char *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
	bool long_fraction = strchr(text, '.') != NULL && strspn(text, "-.0123456789") > DBL_DIG + 1;

	pfree(text);
	if (!long_fraction)
		return number;
	return DatumGetNumeric(
		DirectFunctionCall1(float8_numeric, DirectFunctionCall1(numeric_float8, NumericGetDatum(number))));
}

/* Decimals come as numbers or, so that no client rounds them, as strings. */
static Numeric
read_decimal(const Object *object, Field f)
{
	const JsonbValue *value = &object->value[f];

	if (!object->given[f])
		return NULL;
	if (value->type == jbvNumeric)
		return settle_number(value->val.numeric);
	if (value->type != jbvString || value->val.string.len > 64 ||
		!looks_decimal(value->val.string.val, value->val.string.len))
		refuse(f, "a number or a decimal string");
	return DatumGetNumeric(DirectFunctionCall3(numeric_in,
											   CStringGetDatum(pnstrdup(value->val.string.val, value->val.string.len)),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* An order's id, as number or string: too long for JavaScript's numbers it may be one day. */
static bool
read_id(const Object *object, Field f, int64 *id)
{
	const JsonbValue *value = &object->value[f];
	char *text;

	if (!object->given[f])
		return false;
	if (value->type == jbvNumeric)
		text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	else if (value->type == jbvString)
		text = pnstrdup(value->val.string.val, value->val.string.len);
	else
		text = "";
	if (text[0] == '\0' || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		refuse(f, "an order's id");
	*id = DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(text)));
	return true;
}

static int
read_label(const Object *object, Field f, TpLabels list, int missing)
{
	const char *text;
	int length;
	int code;

	if (!read_text(object, f, &text, &length))
		return missing;
	code = tradepost_label_find(list, text, length);
	if (code < 0)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER), errmsg("field \"%s\" is \"%.*s\"", names[f], Min(length, 64), text),
				 errhint("It is one of: %s.", tradepost_labels_all(list))));
	return code;
}

/* An absolute time: without an offset it would be the server's idea of one. */
static bool
read_time(const Object *object, Field f, TimestampTz *time)
{
	const char *text = "";
	int length = 0;
	bool offset;

	if (!read_text(object, f, &text, &length))
		return false;
	offset = length > 16 && length <= MAXDATELEN && strspn(text, "0123456789") == 4 && text[4] == '-' &&
			 (text[10] == 'T' || text[10] == 't' || text[10] == ' ') &&
			 (text[length - 1] == 'Z' || text[length - 1] == 'z' || memchr(text + 11, '+', length - 11) != NULL ||
			  memchr(text + 11, '-', length - 11) != NULL);
	if (!offset)
		refuse(f, "an ISO 8601 time with its offset, such as 2026-01-31T16:00:00Z");
	*time = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(pnstrdup(text, length)),
													ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return true;
}

/* symbol, or contract and asset, which are "Contract-Asset", or the asset of a spot instrument named like it. */
static void
read_symbol(const Object *object, TpPlaceArguments *arguments)
{
	const char *asset = NULL;
	const char *contract = NULL;
	int asset_length = 0;
	int contract_length = 0;
	char *symbol;

	if (!object->given[F_ASSET] && !object->given[F_CONTRACT])
	{
		read_text(object, F_SYMBOL, &arguments->symbol, &arguments->symbol_length);
		return;
	}
	if (object->given[F_SYMBOL])
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("symbol goes without asset and contract"),
						errhint("Symbol \"Dec25-Wheat\" is contract \"Dec25\" of asset \"Wheat\".")));
	if (!read_text(object, F_ASSET, &asset, &asset_length))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("contract needs asset"),
						errhint("Contract \"Dec25\" of asset \"Wheat\" is symbol \"Dec25-Wheat\".")));
	if (!read_text(object, F_CONTRACT, &contract, &contract_length))
	{
		arguments->symbol = asset;
		arguments->symbol_length = asset_length;
		return;
	}
	symbol = psprintf("%.*s-%.*s", contract_length, contract, asset_length, asset);
	arguments->symbol = symbol;
	arguments->symbol_length = (int) strlen(symbol);
}

void
tradepost_read_edge_order(const char *json, TpPlaceArguments *arguments)
{
	Object object;

	read_object(json, &object);
	memset(arguments, 0, sizeof(*arguments));
	read_symbol(&object, arguments);
	arguments->side = read_label(&object, F_SIDE, TP_LABELS_SIDE, -1);
	if (object.given[F_QUANTITY] && object.given[F_AMOUNT])
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("quantity and amount are the same, and both were given"), errhint("Give one of them.")));
	arguments->quantity = read_decimal(&object, object.given[F_AMOUNT] ? F_AMOUNT : F_QUANTITY);
	arguments->price = read_decimal(&object, F_PRICE);
	arguments->type = read_label(&object, F_TYPE, TP_LABELS_ORDER_TYPE, TP_LIMIT);
	arguments->has_expires_at = read_time(&object, F_EXPIRES_AT, &arguments->expires_at);
	arguments->time_in_force = read_label(&object, F_TIME_IN_FORCE, TP_LABELS_TIME_IN_FORCE,
										  arguments->has_expires_at ? TP_GTD : TP_DAY);
	arguments->stp = read_label(&object, F_STP, TP_LABELS_STP, TP_STP_CANCEL_TAKER);
	arguments->stop_price = read_decimal(&object, F_STOP_PRICE);
	arguments->stop_price_field = names[F_STOP_PRICE];
	arguments->has_oco = read_id(&object, F_OCO, &arguments->oco);
	read_text(&object, F_CLIENT_ORDER_ID, &arguments->client_order_id, &arguments->client_order_id_length);
	if (object.given[F_POST_ONLY])
	{
		if (object.value[F_POST_ONLY].type != jbvBool)
			refuse(F_POST_ONLY, "true or false");
		arguments->post_only = object.value[F_POST_ONLY].val.boolean;
	}
}
