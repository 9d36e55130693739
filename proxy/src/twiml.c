/*
 * twiml.c
 *	  Answers to a webhook of Twilio's messages; see twiml.h.
 *
 * Called by whatsapp_webhook.c.
 */
#include "twiml.h"

#include "utf8.h"

#define FENCE "```"
#define REPLACEMENT "\xEF\xBF\xBD"

/* XML 1.0's Char: of what is below a blank tab and the ends of lines alone, no surrogates, not U+FFFE and U+FFFF. */
static bool
is_xml(const char *character, size_t width)
{
	if (width == 1)
		return (unsigned char) *character >= 0x20 || *character == '\t' || *character == '\n' || *character == '\r';
	return width != 3 || (memcmp(character, "\xEF\xBF\xBE", 3) != 0 && memcmp(character, "\xEF\xBF\xBF", 3) != 0);
}

static void
add_text(TpSlice text, TpBuffer *out)
{
	size_t at = 0;

	while (at < text.length)
	{
		const char *c = text.data + at;
		size_t width = tp_utf8_width(c, text.length - at);

		at += width == 0 ? 1 : width;
		if (width == 0 || !is_xml(c, width))
			tp_buffer_text(out, REPLACEMENT);
		else if (*c == '&')
			tp_buffer_text(out, "&amp;");
		else if (*c == '<')
			tp_buffer_text(out, "&lt;");
		else if (*c == '>')
			tp_buffer_text(out, "&gt;");
		else if (*c == '\r')
			tp_buffer_text(out, "&#13;"); /* who reads XML would make it a line's end */
		else
			tp_buffer_add(out, c, width);
	}
}

/* How many bytes fit into `units` of UTF-16. */
static size_t
fitting(TpSlice text, int units)
{
	size_t at = 0;

	while (at < text.length)
	{
		size_t width = tp_utf8_width(text.data + at, text.length - at);

		units -= width == 4 ? 2 : 1;
		if (units < 0)
			break;
		at += width == 0 ? 1 : width;
	}
	return at;
}

static bool
leaves_fence_open(TpSlice text)
{
	bool open = false;
	const char *at;

	while (text.length > 0 && (at = memmem(text.data, text.length, FENCE, strlen(FENCE))) != NULL)
	{
		size_t used = (size_t) (at - text.data) + strlen(FENCE);

		open = !open;
		text = (TpSlice){ text.data + used, text.length - used };
	}
	return open;
}

/* Where to part a text that is too long: behind an end of line, else a blank, else where it is full. */
static size_t
parting(TpSlice text)
{
	/* Room for a fence that is closed here, and one opened again. */
	size_t most = fitting(text, TP_TWIML_MESSAGE - 2 * (int) strlen(FENCE) - 2);
	const char *end = memrchr(text.data, '\n', most);
	size_t length;

	if (end == NULL || end == text.data)
		end = memrchr(text.data, ' ', most);
	length = end == NULL || end == text.data ? most : (size_t) (end - text.data) + 1;
	/* not within a fence's own three characters */
	for (size_t back = 1; back < strlen(FENCE) && back < length; back++)
	{
		size_t from = length - back;

		if (text.length - from >= strlen(FENCE) && memcmp(text.data + from, FENCE, strlen(FENCE)) == 0)
			return from;
	}
	return length;
}

static void
add_message(TpSlice text, bool opened, bool closed, TpBuffer *out)
{
	tp_buffer_text(out, "<Message>");
	tp_buffer_text(out, opened ? FENCE "\n" : "");
	add_text(text, out);
	tp_buffer_text(out, closed ? FENCE : "");
	tp_buffer_text(out, "</Message>");
}

void
tp_twiml(TpSlice text, TpBuffer *out)
{
	bool open = false;

	tp_buffer_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	if (text.length == 0)
	{
		tp_buffer_text(out, "<Response/>");
		return;
	}
	tp_buffer_text(out, "<Response>");
	while (text.length > 0)
	{
		int room = TP_TWIML_MESSAGE - (open ? (int) strlen(FENCE) + 1 : 0);
		size_t length = fitting(text, room) == text.length ? text.length : parting(text);
		bool within = leaves_fence_open((TpSlice){ text.data, length }) != open && length < text.length;

		add_message((TpSlice){ text.data, length }, open, within, out);
		open = within;
		text = (TpSlice){ text.data + length, text.length - length };
	}
	tp_buffer_text(out, "</Response>");
}
