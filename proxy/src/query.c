/*
 * query.c
 *	  What stands behind the question mark, and percent escapes.
 *
 * Pure: route.c gives the bytes as the client sent them and gets JSON, or a sentence
 * about what is wrong with them.
 */
#include "query.h"
#include "utf8.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
tp_percent_decode(TpSlice text, bool plus, TpBuffer *out)
{
	size_t start = out->length;

	tp_buffer_reserve(out, text.length);
	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if (c == '%')
		{
			int high = i + 2 < text.length ? hex(text.data[i + 1]) : -1;
			int low = i + 2 < text.length ? hex(text.data[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char) (high * 16 + low);
			i += 2;
		}
		else if (c == '+' && plus)
			c = ' ';
		out->data[out->length++] = c;
	}
	return out->length == start || tp_utf8_text((TpSlice){ out->data + start, out->length - start });
}

/* Takes the next a=b off the query; false at its end. */
static bool
next_pair(TpSlice *query, TpSlice *name, TpSlice *value)
{
	const char *end;
	const char *equals;
	TpSlice pair;

	while (query->length > 0 && query->data[0] == '&')
	{
		query->data++;
		query->length--;
	}
	if (query->length == 0)
		return false;
	end = memchr(query->data, '&', query->length);
	pair = *query;
	if (end != NULL)
		pair.length = (size_t) (end - query->data);
	query->data += pair.length;
	query->length -= pair.length;
	equals = memchr(pair.data, '=', pair.length);
	*name = pair;
	*value = (TpSlice){ pair.data + pair.length, 0 };
	if (equals != NULL)
	{
		name->length = (size_t) (equals - pair.data);
		*value = (TpSlice){ equals + 1, pair.length - name->length - 1 };
	}
	return true;
}

/* As it was sent, but short and printable: for messages. */
static void
add_shown(TpBuffer *out, TpSlice raw)
{
	tp_buffer_add(out, "\"", 1);
	for (size_t i = 0; i < raw.length && i < 40; i++)
	{
		char c = raw.data[i];

		tp_buffer_add(out, c > 0x20 && c < 0x7F && c != '"' && c != '\\' ? &c : "?", 1);
	}
	tp_buffer_text(out, raw.length > 40 ? "...\"" : "\"");
}

typedef struct TpNames
{
	TpBuffer text;
	size_t ends[TP_QUERY_PARAMETERS];
	int count;
} TpNames;

static bool
names_has(const TpNames *names, TpSlice name)
{
	size_t start = 0;

	for (int i = 0; i < names->count; i++)
	{
		size_t length = names->ends[i] - start;

		if (length == name.length && memcmp(names->text.data + start, name.data, length) == 0)
			return true;
		start = names->ends[i];
	}
	return false;
}

static bool
add_pair(TpNames *names, TpSlice raw_name, TpSlice raw_value, TpBuffer *scratch, TpBuffer *json, TpBuffer *problem)
{
	size_t start = names->text.length;
	TpSlice name;

	if (names->count == TP_QUERY_PARAMETERS)
	{
		tp_buffer_format(problem, "the query has more than %d parameters", TP_QUERY_PARAMETERS);
		return false;
	}
	tp_buffer_clear(scratch);
	if (!tp_percent_decode(raw_name, true, scratch) || scratch->length == 0)
	{
		tp_buffer_text(problem, "the query has a parameter whose name is empty or wrongly escaped: ");
		add_shown(problem, raw_name);
		return false;
	}
	name = (TpSlice){ scratch->data, scratch->length };
	if (names_has(names, name))
	{
		tp_buffer_text(problem, "the query parameter ");
		add_shown(problem, raw_name);
		tp_buffer_text(problem, " is given twice");
		return false;
	}
	tp_buffer_slice(&names->text, name);
	names->ends[names->count++] = names->text.length;
	if (names->count > 1)
		tp_buffer_add(json, ",", 1);
	tp_buffer_json(json, (TpSlice){ names->text.data + start, name.length });
	tp_buffer_add(json, ":", 1);
	tp_buffer_clear(scratch);
	tp_buffer_reserve(scratch, 1);
	if (!tp_percent_decode(raw_value, true, scratch))
	{
		tp_buffer_text(problem, "the value of the query parameter ");
		add_shown(problem, raw_name);
		tp_buffer_text(problem, " is wrongly escaped, not UTF-8, or holds a NUL");
		return false;
	}
	tp_buffer_json(json, (TpSlice){ scratch->data, scratch->length });
	return true;
}

bool
tp_query_json(TpSlice query, TpBuffer *json, TpBuffer *problem)
{
	TpNames names = { 0 };
	TpBuffer scratch = { 0 };
	TpSlice name;
	TpSlice value;
	bool fine = true;

	tp_buffer_add(json, "{", 1);
	while (fine && next_pair(&query, &name, &value))
		fine = add_pair(&names, name, value, &scratch, json, problem);
	tp_buffer_add(json, "}", 1);
	tp_buffer_free(&names.text);
	tp_buffer_free(&scratch);
	return fine;
}

bool
tp_query_find(TpSlice query, const char *name, TpBuffer *value)
{
	TpSlice raw_name;
	TpSlice raw_value;

	while (next_pair(&query, &raw_name, &raw_value))
		if (tp_slice_is(raw_name, name))
			return tp_percent_decode(raw_value, true, value);
	return false;
}
