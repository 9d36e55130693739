/*
 * order_texts.c
 *	  Finding orders in a body, and quoting them for an array; see order_texts.h.
 *
 * json.c has checked the body before: what is walked over here is JSON, so that
 * strings end and brackets match.
 */
#include "order_texts.h"

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* p is at the opening quote; the result is behind the closing one. */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
	{
		if (*p == '\\')
			p++;
	}
	return p < end ? p + 1 : end;
}

static const char *
skip_value(const char *p, const char *end)
{
	int depth = 0;

	while (p < end)
	{
		if (*p == '"')
		{
			p = skip_string(p, end);
			if (depth == 0)
				return p;
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
		{
			if (depth == 0)
				return p;
			if (--depth == 0)
				return p + 1;
		}
		else if (depth == 0 && (*p == ',' || *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
			return p;
		p++;
	}
	return end;
}

int
tp_order_elements(TpSlice body, TpSlice *elements, int most, const char **fault)
{
	const char *end = body.data + body.length;
	const char *p = skip_blanks(body.data, end);
	const char *name;
	int n = 0;

	*fault = "the body must be {\"orders\": [...]}, and nothing else";
	if (p >= end || *p != '{')
		return -1;
	p = name = skip_blanks(p + 1, end);
	if (p >= end || *p != '"')
		return -1;
	p = skip_string(p, end);
	if (p - name != 8 || memcmp(name, "\"orders\"", 8) != 0)
		return -1;
	p = skip_blanks(p, end);
	if (p >= end || *p != ':')
		return -1;
	p = skip_blanks(p + 1, end);
	if (p >= end || *p != '[')
		return -1;
	p = skip_blanks(p + 1, end);
	while (p < end && *p != ']')
	{
		const char *start = p;

		p = skip_value(p, end);
		if (p == start)
			return -1;
		if (n < most)
			elements[n] = (TpSlice){ start, (size_t) (p - start) };
		n++;
		p = skip_blanks(p, end);
		if (p < end && *p == ',')
			p = skip_blanks(p + 1, end);
	}
	p = skip_blanks(p + 1, end);
	if (p >= end || *p != '}')
		return -1;
	*fault = NULL;
	return n;
}

void
tp_array_element(TpBuffer *array, TpSlice text)
{
	const char *from = text.data;
	const char *end;

	if (text.data == NULL)
	{
		tp_buffer_add(array, "NULL", 4);
		return;
	}
	end = text.data + text.length;
	tp_buffer_reserve(array, 2 * text.length + 2);
	array->data[array->length++] = '"';
	for (; from < end; from++)
	{
		if (*from == '"' || *from == '\\')
			array->data[array->length++] = '\\';
		array->data[array->length++] = *from;
	}
	array->data[array->length++] = '"';
}

bool
tp_key_fine(TpSlice key)
{
	for (size_t i = 0; i < key.length; i++)
	{
		if (key.data[i] < 0x21 || key.data[i] > 0x7e)
			return false;
	}
	return key.length >= 1 && key.length <= TP_KEY_BYTES;
}
