/*
 * text.c
 *	  A growing string, for SQL, JSON and what is printed.  Contract: text.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "text.h"

/*
 * Makes room for `more` bytes and a NUL.
 */
static void
grow(TpText *text, size_t more)
{
	size_t need = text->length + more + 1;

	if (need <= text->room)
		return;
	if (need < 2 * text->room)
		need = 2 * text->room;
	text->data = tradepost_realloc(text->data, need);
	text->room = need;
	text->data[text->length] = '\0';
}

void
tradepost_text_reset(TpText *text)
{
	grow(text, 0);
	text->length = 0;
	text->data[0] = '\0';
}

void
tradepost_text_free(TpText *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}

void
tradepost_text_add(TpText *text, const char *string)
{
	size_t length = strlen(string);

	grow(text, length);
	memcpy(text->data + text->length, string, length + 1);
	text->length += length;
}

void
tradepost_text_printf(TpText *text, const char *format, ...)
{
	va_list args;
	int length;

	grow(text, 128);
	for (;;)
	{
		va_start(args, format);
		length = vsnprintf(text->data + text->length, text->room - text->length, format, args);
		va_end(args);
		if (length < 0)
			tradepost_die("cannot format text");
		if ((size_t) length < text->room - text->length)
			break;
		grow(text, length);
	}
	text->length += length;
}

void
tradepost_text_decimal(TpText *text, int64_t value, int decimals)
{
	uint64_t magnitude = value < 0 ? -(uint64_t) value : (uint64_t) value;
	uint64_t scale = 1;

	for (int i = 0; i < decimals; i++)
		scale *= 10;
	while (decimals > 0 && magnitude % 10 == 0 && scale > 1)
	{
		magnitude /= 10;
		scale /= 10;
		decimals--;
	}
	if (value < 0)
		tradepost_text_add(text, "-");
	if (decimals > 0)
		tradepost_text_printf(text, "%llu.%0*llu", (unsigned long long) (magnitude / scale), decimals,
							  (unsigned long long) (magnitude % scale));
	else
		tradepost_text_printf(text, "%llu", (unsigned long long) magnitude);
}

void
tradepost_text_json(TpText *text, const char *string)
{
	tradepost_text_add(text, "\"");
	for (const unsigned char *p = (const unsigned char *) string; *p; p++)
	{
		if (*p == '"' || *p == '\\')
			tradepost_text_printf(text, "\\%c", *p);
		else if (*p < 0x20)
			tradepost_text_printf(text, "\\u%04x", *p);
		else
			tradepost_text_printf(text, "%c", *p);
	}
	tradepost_text_add(text, "\"");
}

int
tradepost_parse_decimal(const char *string, int decimals, int64_t *value)
{
	bool negative = *string == '-';
	int64_t result = 0;
	int places = -1; /* -1: before the point */
	int digits = 0;

	if (negative)
		string++;
	for (; *string; string++)
	{
		if (*string == '.' && places < 0)
		{
			places = 0;
			continue;
		}
		if (*string < '0' || *string > '9')
			return -1;
		digits++;
		if (places == decimals)
		{
			if (*string != '0')
				return -1;
			continue;
		}
		if (__builtin_mul_overflow(result, 10, &result) || __builtin_add_overflow(result, *string - '0', &result))
			return -1;
		if (places >= 0)
			places++;
	}
	if (digits == 0)
		return -1;
	for (places = places < 0 ? 0 : places; places < decimals; places++)
		if (__builtin_mul_overflow(result, 10, &result))
			return -1;
	*value = negative ? -result : result;
	return 0;
}

const char *
tradepost_thousands(int64_t value)
{
	static char buffers[16][32];
	static int next = 0;
	char *buffer = buffers[next++ % 16];
	char digits[24];
	int length;
	int out = 0;

	length = snprintf(digits, sizeof(digits), "%llu",
					  (unsigned long long) (value < 0 ? -(uint64_t) value : (uint64_t) value));
	if (value < 0)
		buffer[out++] = '-';
	for (int i = 0; i < length; i++)
	{
		if (i > 0 && (length - i) % 3 == 0)
			buffer[out++] = ',';
		buffer[out++] = digits[i];
	}
	buffer[out] = '\0';
	return buffer;
}
