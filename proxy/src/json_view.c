/*
 * json_view.c
 *	  Looking into JSON where it lies; see json_view.h.
 *
 * Goes by brackets and quotes alone: the text was checked before.  Still never past its
 * end, whatever it is given.
 */
#include "json_view.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blanks(TpJsonCursor *cursor)
{
	while (cursor->at < cursor->length && is_blank(cursor->data[cursor->at]))
		cursor->at++;
}

TpJsonCursor
tp_json_open(TpSlice text)
{
	TpJsonCursor cursor = { text.data, text.length, 0 };

	skip_blanks(&cursor);
	if (cursor.at < cursor.length)
		cursor.at++;
	return cursor;
}

/* Behind the string at the cursor, which stands on its first quote. */
static void
skip_string(TpJsonCursor *cursor)
{
	cursor->at++;
	while (cursor->at < cursor->length && cursor->data[cursor->at] != '"')
		cursor->at += cursor->data[cursor->at] == '\\' ? 2 : 1;
	cursor->at = cursor->at < cursor->length ? cursor->at + 1 : cursor->length;
}

static void
skip_value(TpJsonCursor *cursor)
{
	int depth = 0;

	while (cursor->at < cursor->length)
	{
		char c = cursor->data[cursor->at];

		if (c == '"')
		{
			skip_string(cursor);
			if (depth == 0)
				return;
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
		{
			if (depth == 0)
				return; /* the end of what a number or word stands in */
			depth--;
		}
		else if (depth == 0 && (c == ',' || is_blank(c)))
			return;
		cursor->at++;
		if (depth == 0 && (c == '}' || c == ']'))
			return;
	}
}

/* Stands before a value or a name; false at the closing bracket. */
static bool
next(TpJsonCursor *cursor)
{
	skip_blanks(cursor);
	if (cursor->at < cursor->length && cursor->data[cursor->at] == ',')
	{
		cursor->at++;
		skip_blanks(cursor);
	}
	return cursor->at < cursor->length && cursor->data[cursor->at] != '}' && cursor->data[cursor->at] != ']';
}

bool
tp_json_element(TpJsonCursor *cursor, TpSlice *value)
{
	size_t start;

	if (!next(cursor))
		return false;
	start = cursor->at;
	skip_value(cursor);
	*value = (TpSlice){ cursor->data + start, cursor->at - start };
	return cursor->at > start;
}

bool
tp_json_member(TpJsonCursor *cursor, TpSlice *name, TpSlice *value)
{
	size_t start;

	if (!next(cursor) || cursor->data[cursor->at] != '"')
		return false;
	start = cursor->at;
	skip_string(cursor);
	if (cursor->at - start < 2)
		return false;
	*name = (TpSlice){ cursor->data + start + 1, cursor->at - start - 2 };
	skip_blanks(cursor);
	if (cursor->at == cursor->length || cursor->data[cursor->at] != ':')
		return false;
	cursor->at++;
	skip_blanks(cursor);
	start = cursor->at;
	skip_value(cursor);
	*value = (TpSlice){ cursor->data + start, cursor->at - start };
	return cursor->at > start;
}

bool
tp_json_find(TpSlice object, const char *name, TpSlice *value)
{
	TpJsonCursor cursor = tp_json_open(object);
	TpSlice member;

	while (tp_json_member(&cursor, &member, value))
	{
		if (tp_slice_is(member, name))
			return true;
	}
	return false;
}

char
tp_json_kind(TpSlice value)
{
	for (size_t i = 0; i < value.length; i++)
	{
		if (!is_blank(value.data[i]))
			return value.data[i];
	}
	return '\0';
}

static unsigned
hex4(const char *text)
{
	unsigned code = 0;

	for (int i = 0; i < 4; i++)
	{
		char c = text[i];

		code = code * 16 + (unsigned) (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return code;
}

static void
add_character(TpBuffer *out, unsigned code)
{
	char bytes[4];
	size_t length;

	if (code < 0x80)
	{
		bytes[0] = (char) code;
		length = 1;
	}
	else if (code < 0x800)
	{
		bytes[0] = (char) (0xC0 | code >> 6);
		bytes[1] = (char) (0x80 | (code & 0x3F));
		length = 2;
	}
	else if (code < 0x10000)
	{
		bytes[0] = (char) (0xE0 | code >> 12);
		bytes[1] = (char) (0x80 | (code >> 6 & 0x3F));
		bytes[2] = (char) (0x80 | (code & 0x3F));
		length = 3;
	}
	else
	{
		bytes[0] = (char) (0xF0 | code >> 18);
		bytes[1] = (char) (0x80 | (code >> 12 & 0x3F));
		bytes[2] = (char) (0x80 | (code >> 6 & 0x3F));
		bytes[3] = (char) (0x80 | (code & 0x3F));
		length = 4;
	}
	tp_buffer_add(out, bytes, length);
}

/* text: behind the backslash. How many bytes the escape has there. */
static size_t
add_escaped(TpBuffer *out, const char *text, size_t length)
{
	static const char letters[] = "bfnrt";
	static const char meant[] = "\b\f\n\r\t";
	const char *letter = strchr(letters, text[0]);
	unsigned code;

	if (text[0] != 'u')
	{
		tp_buffer_add(out, letter != NULL && *letter != '\0' ? &meant[letter - letters] : text, 1);
		return 1;
	}
	if (length < 5)
		return length;
	code = hex4(text + 1);
	if (code < 0xD800 || code > 0xDBFF || length < 11)
	{
		add_character(out, code);
		return 5;
	}
	add_character(out, 0x10000 + ((code - 0xD800) << 10) + ((hex4(text + 7) - 0xDC00) & 0x3FF));
	return 11;
}

bool
tp_json_text(TpSlice value, TpBuffer *out)
{
	size_t at = 1;
	size_t end;

	if (value.length < 2 || value.data[0] != '"' || value.data[value.length - 1] != '"')
		return false;
	end = value.length - 1;
	while (at < end)
	{
		const char *escape = memchr(value.data + at, '\\', end - at);
		size_t plain = escape == NULL ? end - at : (size_t) (escape - value.data) - at;

		tp_buffer_add(out, value.data + at, plain);
		at += plain;
		if (at + 1 < end)
			at += 1 + add_escaped(out, value.data + at + 1, end - at - 1);
		else
			break;
	}
	return true;
}

bool
tp_json_integer(TpSlice value, int64_t *number)
{
	bool negative = value.length > 0 && value.data[0] == '-';
	size_t at = negative ? 1 : 0;

	*number = 0;
	if (at == value.length)
		return false;
	for (; at < value.length; at++)
	{
		int digit = value.data[at] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(*number, 10, number) ||
			__builtin_sub_overflow(*number, digit, number))
			return false;
	}
	/* Summed up as a negative number, of which there is one more. */
	return negative || !__builtin_sub_overflow(0, *number, number);
}

bool
tp_json_take(TpSlice object, const char *name, TpBuffer *rest, TpBuffer *text)
{
	TpJsonCursor cursor;
	TpSlice member;
	TpSlice value;
	bool first = true;

	if (tp_json_kind(object) != '{')
	{
		tp_buffer_slice(rest, object);
		return true;
	}
	cursor = tp_json_open(object);
	tp_buffer_text(rest, "{");
	while (tp_json_member(&cursor, &member, &value))
	{
		if (tp_slice_is(member, name))
		{
			if (tp_json_kind(value) != 'n' && !tp_json_text(value, text))
				return false;
			continue;
		}
		tp_buffer_text(rest, first ? "\"" : ",\"");
		tp_buffer_slice(rest, member);
		tp_buffer_text(rest, "\":");
		tp_buffer_slice(rest, value);
		first = false;
	}
	tp_buffer_text(rest, "}");
	return true;
}
