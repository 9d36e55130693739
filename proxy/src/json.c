/*
 * json.c
 *	  Is it JSON that the database will take: syntax, depth, UTF-8, no NUL, no half of
 *	  a surrogate pair, no monstrous number.
 *
 * Pure, without recursion and without memory.  A name that an object has twice means one
 * thing to one reader and another to the next, so it is refused (as written: names that
 * differ in escapes are different).  Values are not looked at: the database
 * does that.  It is here so that what is broken costs no round trip, and so that a
 * body can be put into a larger JSON text as it is.
 */
#include "json.h"
#include "utf8.h"

#define TP_JSON_NAMES (TP_JSON_MEMBERS * 4)

typedef struct TpJsonReader
{
	const char *data;
	size_t length;
	size_t at;
	TpJsonFault fault;
	/* What is open around the reader: '{' or '[', and the names that each object had so far. */
	char open[TP_JSON_DEPTH];
	int begin[TP_JSON_DEPTH];
	int depth;
	int count;
	TpSlice names[TP_JSON_NAMES];
} TpJsonReader;

static bool
fail(TpJsonReader *in, TpJsonFault fault)
{
	if (in->fault == TP_JSON_FINE)
		in->fault = fault;
	return false;
}

static char
peek(const TpJsonReader *in)
{
	return in->at < in->length ? in->data[in->at] : '\0';
}

static void
skip_blanks(TpJsonReader *in)
{
	while (in->at < in->length && (in->data[in->at] == ' ' || in->data[in->at] == '\t' || in->data[in->at] == '\n' ||
								   in->data[in->at] == '\r'))
		in->at++;
}

static bool
hex4(TpJsonReader *in, unsigned *code)
{
	*code = 0;
	if (in->length - in->at < 4)
		return fail(in, TP_JSON_MALFORMED);
	for (int i = 0; i < 4; i++)
	{
		char c = in->data[in->at];

		if (c >= '0' && c <= '9')
			*code = *code * 16 + (unsigned) (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*code = *code * 16 + (unsigned) ((c | 0x20) - 'a') + 10;
		else
			return fail(in, TP_JSON_MALFORMED);
		in->at++;
	}
	return true;
}

/* After the backslash. */
static bool
escape(TpJsonReader *in)
{
	unsigned code;
	unsigned low;

	if (in->at == in->length)
		return fail(in, TP_JSON_MALFORMED);
	if (strchr("\"\\/bfnrt", in->data[in->at]) != NULL && in->data[in->at] != '\0')
	{
		in->at++;
		return true;
	}
	if (in->data[in->at++] != 'u')
		return fail(in, TP_JSON_MALFORMED);
	if (!hex4(in, &code))
		return false;
	if (code == 0)
		return fail(in, TP_JSON_NUL);
	if (code < 0xD800 || code > 0xDFFF)
		return true;
	if (code > 0xDBFF || in->length - in->at < 6 || in->data[in->at] != '\\' || in->data[in->at + 1] != 'u')
		return fail(in, TP_JSON_MALFORMED);
	in->at += 2;
	if (!hex4(in, &low))
		return false;
	return (low >= 0xDC00 && low <= 0xDFFF) || fail(in, TP_JSON_MALFORMED);
}

static bool
string(TpJsonReader *in)
{
	in->at++;
	while (in->at < in->length)
	{
		char c = in->data[in->at];

		if (c == '"')
		{
			in->at++;
			return true;
		}
		if (c == '\\')
		{
			in->at++;
			if (!escape(in))
				return false;
		}
		else if (c >= 0x20)
			in->at++;
		else if (c == '\0')
			return fail(in, TP_JSON_NUL);
		else if (c > 0)
			return fail(in, TP_JSON_MALFORMED);
		else
		{
			size_t width = tp_utf8_width(in->data + in->at, in->length - in->at);

			if (width == 0)
				return fail(in, TP_JSON_NOT_UTF8);
			in->at += width;
		}
	}
	return fail(in, TP_JSON_MALFORMED);
}

static bool
digits(TpJsonReader *in)
{
	size_t start = in->at;

	while (in->at < in->length && in->data[in->at] >= '0' && in->data[in->at] <= '9')
		in->at++;
	return in->at > start || fail(in, TP_JSON_MALFORMED);
}

static bool
number(TpJsonReader *in)
{
	size_t start = in->at;

	if (peek(in) == '-')
		in->at++;
	if (peek(in) == '0')
		in->at++;
	else if (!digits(in))
		return false;
	if (peek(in) == '.')
	{
		in->at++;
		if (!digits(in))
			return false;
	}
	if (peek(in) == 'e' || peek(in) == 'E')
	{
		size_t exponent;

		in->at++;
		if (peek(in) == '+' || peek(in) == '-')
			in->at++;
		exponent = in->at;
		if (!digits(in))
			return false;
		/* numeric would make a number of so many digits out of it */
		if (in->at - exponent > 3)
			return fail(in, TP_JSON_NUMBER_LONG);
	}
	return in->at - start <= TP_JSON_NUMBER || fail(in, TP_JSON_NUMBER_LONG);
}

static bool
word(TpJsonReader *in, const char *text)
{
	size_t length = strlen(text);

	if (in->length - in->at < length || memcmp(in->data + in->at, text, length) != 0)
		return fail(in, TP_JSON_MALFORMED);
	in->at += length;
	return true;
}

static bool
scalar(TpJsonReader *in)
{
	switch (peek(in))
	{
		case '"':
			return string(in);
		case 't':
			return word(in, "true");
		case 'f':
			return word(in, "false");
		case 'n':
			return word(in, "null");
		case '\0':
			return fail(in, in->at < in->length ? TP_JSON_NUL : TP_JSON_MALFORMED);
		default:
			if ((unsigned char) peek(in) >= 0x80)
				return fail(in, tp_utf8_width(in->data + in->at, in->length - in->at) == 0 ? TP_JSON_NOT_UTF8
																						   : TP_JSON_MALFORMED);
			return number(in);
	}
}

/* Of the innermost object. */
static bool
remember(TpJsonReader *in, TpSlice name)
{
	int begin = in->begin[in->depth - 1];

	if (in->count - begin == TP_JSON_MEMBERS || in->count == TP_JSON_NAMES)
		return fail(in, TP_JSON_MANY);
	for (int i = begin; i < in->count; i++)
		if (in->names[i].length == name.length && memcmp(in->names[i].data, name.data, name.length) == 0)
			return fail(in, TP_JSON_TWICE);
	in->names[in->count++] = name;
	return true;
}

/* "name": of an object's next member. */
static bool
member(TpJsonReader *in)
{
	size_t start;

	skip_blanks(in);
	start = in->at;
	if (peek(in) != '"')
		return fail(in, TP_JSON_MALFORMED);
	if (!string(in) || !remember(in, (TpSlice){ in->data + start, in->at - start }))
		return false;
	skip_blanks(in);
	if (peek(in) != ':')
		return fail(in, TP_JSON_MALFORMED);
	in->at++;
	return true;
}

/* After a value: closes what ends here; false: nothing can follow (done, or a fault). */
static bool
after_value(TpJsonReader *in)
{
	while (in->depth > 0)
	{
		bool object = in->open[in->depth - 1] == '{';

		skip_blanks(in);
		if (peek(in) == ',')
		{
			in->at++;
			return object ? member(in) : true;
		}
		if (peek(in) != (object ? '}' : ']'))
			return fail(in, TP_JSON_MALFORMED);
		in->at++;
		in->depth--;
		in->count = in->begin[in->depth];
	}
	return false;
}

/* Goes into the object or array at the reader: true if a value comes next, false if it was empty or is broken. */
static bool
enter(TpJsonReader *in)
{
	char c = peek(in);

	if (in->depth == TP_JSON_DEPTH)
		return fail(in, TP_JSON_DEEP);
	in->at++;
	skip_blanks(in);
	if (peek(in) == (c == '{' ? '}' : ']'))
	{
		in->at++;
		return false;
	}
	in->open[in->depth] = c;
	in->begin[in->depth++] = in->count;
	return c == '{' ? member(in) : true;
}

static void
check(TpJsonReader *in)
{
	do
	{
		bool inside;

		do
		{
			skip_blanks(in);
			inside = false;
			if (peek(in) == '{' || peek(in) == '[')
				inside = enter(in);
			else
				scalar(in);
			if (in->fault != TP_JSON_FINE)
				return;
		} while (inside);
	} while (after_value(in));
}

TpJsonFault
tp_json_check(TpSlice text, char *outermost, size_t *at)
{
	TpJsonReader in;

	in.data = text.data;
	in.length = text.length;
	in.at = 0;
	in.fault = TP_JSON_FINE;
	in.depth = 0;
	in.count = 0;
	skip_blanks(&in);
	*outermost = peek(&in);
	check(&in);
	if (in.fault == TP_JSON_FINE)
	{
		skip_blanks(&in);
		if (in.at < in.length)
			fail(&in, in.data[in.at] == '\0' ? TP_JSON_NUL : TP_JSON_MALFORMED);
	}
	*at = in.at;
	return in.fault;
}
