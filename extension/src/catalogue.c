/*
 * catalogue.c
 *	  tradepost_internal.text(): what users are told, in their language.
 *
 * The catalogue and the filling in of places are proxy/src/texts.c's; here jsonb becomes
 * places.  Called by the functions that write replies and notifications.  Immutable: the
 * texts are part of the library.
 */
#include "postgres.h"

#include "fmgr.h"
#include "texts.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#define MOST_PLACES 32

PG_FUNCTION_INFO_V1(tradepost_text);

static TpSlice
slice_of_text(const text *from)
{
	return (TpSlice){ VARDATA_ANY(from), VARSIZE_ANY_EXHDR(from) };
}

/* null is what is not known. */
static TpSlice
slice_of_json(const JsonbValue *value, TpSlice name)
{
	switch (value->type)
	{
		case jbvNull:
			return (TpSlice){ NULL, 0 };
		case jbvString:
			return (TpSlice){ value->val.string.val, value->val.string.len };
		case jbvNumeric:
			return tp_slice(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
		default:
			elog(ERROR, "place \"%.*s\" must be a string, a number or null", (int) name.length, name.data);
	}
}

static size_t
read_places(Jsonb *from, TpTextPlace *places)
{
	JsonbIterator *iterator = JsonbIteratorInit(&from->root);
	JsonbValue key;
	JsonbValue value;
	size_t n = 0;

	if (!JB_ROOT_IS_OBJECT(from))
		elog(ERROR, "places of a text must be an object");
	JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		if (n == MOST_PLACES)
			elog(ERROR, "a text has at most %d places", MOST_PLACES);
		places[n].name = (TpSlice){ key.val.string.val, key.val.string.len };
		JsonbIteratorNext(&iterator, &value, true);
		places[n].value = slice_of_json(&value, places[n].name);
		n++;
	}
	return n;
}

Datum
tradepost_text(PG_FUNCTION_ARGS)
{
	TpTextPlace places[MOST_PLACES];
	size_t n = 0;
	TpSlice name = { "", 0 };
	TpSlice missing;
	TpTextKey key;
	int language = 0;
	long length;
	text *result;

	if (!PG_ARGISNULL(0))
		name = slice_of_text(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		language = tp_text_language(slice_of_text(PG_GETARG_TEXT_PP(1)));
	if (!PG_ARGISNULL(2))
		n = read_places(PG_GETARG_JSONB_P(2), places);
	key = tp_text_find(name);
	if (key == TP_TEXTS)
		elog(ERROR, "text \"%.*s\" is not in the catalogue", (int) Min(name.length, 64), name.data);
	length = tp_text(key, language, places, n, NULL, 0, &missing);
	if (length < 0)
		elog(ERROR, "text \"%s\" needs its place \"%.*s\"", tp_text_name(key), (int) missing.length, missing.data);
	result = palloc(VARHDRSZ + length + 1);
	tp_text(key, language, places, n, VARDATA(result), length + 1, NULL);
	SET_VARSIZE(result, VARHDRSZ + length);
	PG_RETURN_TEXT_P(result);
}
