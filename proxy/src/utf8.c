/*
 * utf8.c
 *	  Is it UTF-8: for JSON, queries and paths, before anything else sees them.
 *
 * Pure.  PostgreSQL would refuse the same bytes, but with an error of its own and after
 * a round trip.
 */
#include "utf8.h"

static inline bool
tail(const char *data)
{
	return ((unsigned char) *data & 0xC0) == 0x80;
}

size_t
tp_utf8_width(const char *data, size_t length)
{
	unsigned char c;
	unsigned char d;

	if (length == 0)
		return 0;
	c = (unsigned char) data[0];
	if (c < 0x80)
		return 1;
	if (c < 0xC2 || c > 0xF4 || length < 2)
		return 0;
	d = (unsigned char) data[1];
	if (c < 0xE0)
		return tail(data + 1) ? 2 : 0;
	if (c < 0xF0)
	{
		if (length < 3 || !tail(data + 1) || !tail(data + 2))
			return 0;
		if ((c == 0xE0 && d < 0xA0) || (c == 0xED && d > 0x9F))
			return 0;
		return 3;
	}
	if (length < 4 || !tail(data + 1) || !tail(data + 2) || !tail(data + 3))
		return 0;
	if ((c == 0xF0 && d < 0x90) || (c == 0xF4 && d > 0x8F))
		return 0;
	return 4;
}

bool
tp_utf8_text(TpSlice text)
{
	size_t at = 0;

	while (at < text.length)
	{
		size_t width;

		if (text.data[at] > 0)
		{
			at++;
			continue;
		}
		width = text.data[at] == '\0' ? 0 : tp_utf8_width(text.data + at, text.length - at);
		if (width == 0)
			return false;
		at += width;
	}
	return true;
}
