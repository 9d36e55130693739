/*
 * spoken_sql.c
 *	  tradepost_internal.parse_spoken(): the parser of messages, which is the proxy's
 *	  (proxy/src/parse_command.h) and is compiled into this library as well.
 *
 * Reads its arguments and nothing else; what the reference leaves out, the SQL function
 * tradepost.parse_command() has filled in.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "errcodes.h"
#include "parse_command.h"

PG_FUNCTION_INFO_V1(tradepost_parse_spoken);

static void
refuse(const char *what, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("%s", what), errhint("%s", hint)));
}

/* A copy in UTF-8, which is what the parser knows. */
static TpSlice
slice_of(const char *data, int length)
{
	char *copy = pnstrdup(data, length);

	return tp_slice(pg_server_to_any(copy, length, PG_UTF8));
}

static TpSlice
slice_of_value(const JsonbValue *value, const char *what)
{
	if (value->type == jbvString)
		return slice_of(value->val.string.val, value->val.string.len);
	if (value->type == jbvNumeric)
		return tp_slice(numeric_normalize(value->val.numeric));
	refuse(what, "Numbers may be strings.");
	return (TpSlice){ NULL, 0 };
}

static TpSlice *
names_of(JsonbContainer *reference, const char *key, size_t *n)
{
	JsonbValue *list = getKeyJsonValueFromContainer(reference, key, (int) strlen(key), NULL);
	TpSlice *names;

	*n = 0;
	if (list == NULL || list->type == jbvNull)
		return NULL;
	if (list->type != jbvBinary || !JsonContainerIsArray(list->val.binary.data))
		refuse(psprintf("\"%s\" of reference must be an array of names", key), "Such as [\"Wheat\", \"Gold\"].");
	names = palloc0((JsonContainerSize(list->val.binary.data) + 1) * sizeof(TpSlice));
	for (uint32 i = 0; i < JsonContainerSize(list->val.binary.data); i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(list->val.binary.data, i);

		if (name->type != jbvString)
			refuse(psprintf("\"%s\" of reference must hold strings", key), "Such as [\"Wheat\", \"Gold\"].");
		names[(*n)++] = slice_of(name->val.string.val, name->val.string.len);
	}
	return names;
}

/* {"Dec25-Wheat": "150"}; what has no price is left out. */
static TpSpokenLast *
lasts_of(JsonbContainer *reference, size_t *n)
{
	JsonbValue *object = getKeyJsonValueFromContainer(reference, "last", 4, NULL);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	TpSpokenLast *lasts;

	*n = 0;
	if (object == NULL || object->type == jbvNull)
		return NULL;
	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		refuse("\"last\" of reference must be an object of prices", "Such as {\"Dec25-Wheat\": \"150\"}.");
	lasts = palloc0((JsonContainerSize(object->val.binary.data) + 1) * sizeof(TpSpokenLast));
	iterator = JsonbIteratorInit(object->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			lasts[*n].symbol = slice_of(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && value.type != jbvNull)
			lasts[(*n)++].price = slice_of_value(&value, "a price of reference must be a number");
	}
	return lasts;
}

static TpSpokenDate
today_of(JsonbContainer *reference)
{
	JsonbValue *value = getKeyJsonValueFromContainer(reference, "today", 5, NULL);
	TpSpokenDate date = { 0 };
	char text[11] = "";

	if (value != NULL && value->type == jbvString && value->val.string.len >= 10)
		memcpy(text, value->val.string.val, 10);
	if (sscanf(text, "%4d-%2d-%2d", &date.year, &date.month, &date.day) != 3 || date.year < 2000 || date.year > 2099 ||
		date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31)
		refuse("\"today\" of reference must be a date of this century", "Such as \"2025-11-03\".");
	return date;
}

static int
far_of(const JsonbValue *value)
{
	int percent = 0;

	if (value->type != jbvNumeric || sscanf(numeric_normalize(value->val.numeric), "%9d", &percent) != 1 || percent < 1)
		refuse("\"far_percent\" of reference must be a number from 1", "Leave it out for 10.");
	return percent;
}

static TpLanguage
language_of(const text *code)
{
	const char *given = text_to_cstring(code);

	for (TpLanguage i = TP_ENGLISH; i <= TP_PORTUGUESE; i++)
		if (pg_strncasecmp(given, tp_language_codes[i], 2) == 0 && strchr("-_", given[2]) != NULL)
			return i;
	refuse(psprintf("lang must be en, es or pt, not \"%.64s\"", given), "Leave it out to have it found out.");
	return TP_LANGUAGE_NONE;
}

/* (text, lang, reference) */
Datum
tradepost_parse_spoken(PG_FUNCTION_ARGS)
{
	text *said = PG_GETARG_TEXT_PP(0);
	TpLanguage language = PG_ARGISNULL(1) ? TP_LANGUAGE_NONE : language_of(PG_GETARG_TEXT_PP(1));
	Jsonb *reference = PG_GETARG_JSONB_P(2);
	TpSpokenReference catalogue = { 0 };
	JsonbValue *value;
	TpSpoken spoken;
	char answer[TP_SPOKEN_JSON];

	if (!JB_ROOT_IS_OBJECT(reference))
		refuse("reference must be an object",
			   "Such as {\"assets\": [\"Wheat\"], \"today\": \"2025-11-03\", \"last\": {}}.");
	catalogue.assets = names_of(&reference->root, "assets", &catalogue.n_assets);
	catalogue.spot = names_of(&reference->root, "spot", &catalogue.n_spot);
	catalogue.last = lasts_of(&reference->root, &catalogue.n_last);
	catalogue.today = today_of(&reference->root);
	value = getKeyJsonValueFromContainer(&reference->root, "large", 5, NULL);
	if (value != NULL && value->type != jbvNull)
		catalogue.large = slice_of_value(value, "\"large\" of reference must be a quantity");
	value = getKeyJsonValueFromContainer(&reference->root, "far_percent", 11, NULL);
	if (value != NULL && value->type != jbvNull)
		catalogue.far_percent = far_of(value);
	tp_parse_command(slice_of(VARDATA_ANY(said), (int) VARSIZE_ANY_EXHDR(said)), language, &catalogue, &spoken);
	tp_spoken_json(&spoken, answer, sizeof(answer));
	PG_RETURN_DATUM(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(pg_any_to_server(answer, (int) strlen(answer), PG_UTF8))));
}
