/*
 * buffer.c
 *	  Growing text, and memory that is either there or ends the worker.
 *
 * Called from everywhere; touches nothing but its arguments.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "utf8.h"

static void __attribute__((noreturn)) out_of_memory(void)
{
	static const char text[] = "tradepost-proxy: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void) ignored;
	abort();
}

void *
tp_alloc(size_t size)
{
	void *memory = calloc(1, size == 0 ? 1 : size);

	if (memory == NULL)
		out_of_memory();
	return memory;
}

void *
tp_realloc(void *memory, size_t size)
{
	memory = realloc(memory, size == 0 ? 1 : size);
	if (memory == NULL)
		out_of_memory();
	return memory;
}

char *
tp_slice_dup(TpSlice slice)
{
	char *copy = tp_realloc(NULL, slice.length + 1);

	if (slice.length > 0)
		memcpy(copy, slice.data, slice.length);
	copy[slice.length] = '\0';
	return copy;
}

char *
tp_strdup(const char *text)
{
	return tp_slice_dup(tp_slice(text));
}

void
tp_buffer_free(TpBuffer *buffer)
{
	free(buffer->data);
	*buffer = (TpBuffer){ 0 };
}

void
tp_buffer_clear(TpBuffer *buffer)
{
	buffer->length = 0;
}

void
tp_buffer_reserve(TpBuffer *buffer, size_t more)
{
	size_t want = buffer->length + more;
	size_t capacity = buffer->capacity;

	if (want <= capacity)
		return;
	capacity = capacity < 128 ? 256 : capacity * 2;
	if (capacity < want)
		capacity = want;
	buffer->data = tp_realloc(buffer->data, capacity);
	buffer->capacity = capacity;
}

void
tp_buffer_add(TpBuffer *buffer, const void *data, size_t length)
{
	if (length == 0)
		return;
	tp_buffer_reserve(buffer, length);
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
}

void
tp_buffer_text(TpBuffer *buffer, const char *text)
{
	tp_buffer_add(buffer, text, strlen(text));
}

void
tp_buffer_slice(TpBuffer *buffer, TpSlice slice)
{
	tp_buffer_add(buffer, slice.data, slice.length);
}

void
tp_buffer_integer(TpBuffer *buffer, int64_t number)
{
	char digits[24];
	char *at = digits + sizeof(digits);
	uint64_t rest = number < 0 ? -(uint64_t) number : (uint64_t) number;

	do
	{
		*--at = (char) ('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (number < 0)
		*--at = '-';
	tp_buffer_add(buffer, at, (size_t) (digits + sizeof(digits) - at));
}

void
tp_buffer_format(TpBuffer *buffer, const char *format, ...)
{
	va_list args;
	int length;

	tp_buffer_reserve(buffer, 64);
	va_start(args, format);
	length = vsnprintf(buffer->data + buffer->length, buffer->capacity - buffer->length, format, args);
	va_end(args);
	if (length < 0)
		return;
	if ((size_t) length >= buffer->capacity - buffer->length)
	{
		tp_buffer_reserve(buffer, (size_t) length + 1);
		va_start(args, format);
		vsnprintf(buffer->data + buffer->length, buffer->capacity - buffer->length, format, args);
		va_end(args);
	}
	buffer->length += (size_t) length;
}

/* What JSON wants escaped, and what is not UTF-8. */
static size_t
add_escaped(TpBuffer *buffer, const char *data, size_t length)
{
	unsigned char c = (unsigned char) *data;
	size_t width;

	switch (c)
	{
		case '"':
			tp_buffer_add(buffer, "\\\"", 2);
			return 1;
		case '\\':
			tp_buffer_add(buffer, "\\\\", 2);
			return 1;
		case '\n':
			tp_buffer_add(buffer, "\\n", 2);
			return 1;
		case '\r':
			tp_buffer_add(buffer, "\\r", 2);
			return 1;
		case '\t':
			tp_buffer_add(buffer, "\\t", 2);
			return 1;
		default:
			break;
	}
	if (c < 0x20)
	{
		tp_buffer_format(buffer, "\\u%04x", c);
		return 1;
	}
	width = tp_utf8_width(data, length);
	if (width == 0)
	{
		tp_buffer_add(buffer, "\xEF\xBF\xBD", 3);
		return 1;
	}
	tp_buffer_add(buffer, data, width);
	return width;
}

void
tp_buffer_json(TpBuffer *buffer, TpSlice text)
{
	size_t done = 0;

	if (text.data == NULL)
	{
		tp_buffer_add(buffer, "null", 4);
		return;
	}
	tp_buffer_reserve(buffer, text.length + 2);
	tp_buffer_add(buffer, "\"", 1);
	while (done < text.length)
	{
		size_t plain = done;

		while (plain < text.length && text.data[plain] >= 0x20 && text.data[plain] != '"' && text.data[plain] != '\\')
			plain++;
		tp_buffer_add(buffer, text.data + done, plain - done);
		done = plain;
		if (done < text.length)
			done += add_escaped(buffer, text.data + done, text.length - done);
	}
	tp_buffer_add(buffer, "\"", 1);
}

void
tp_buffer_json_time(TpBuffer *buffer, int64_t unix_us)
{
	int64_t seconds = unix_us / 1000000;
	int64_t fraction = unix_us % 1000000;
	time_t when;
	struct tm utc;

	if (fraction < 0)
	{
		fraction += 1000000;
		seconds--;
	}
	when = (time_t) seconds;
	if (gmtime_r(&when, &utc) == NULL)
	{
		tp_buffer_add(buffer, "null", 4);
		return;
	}
	tp_buffer_format(buffer, "\"%04d-%02d-%02dT%02d:%02d:%02d.%06" PRId64 "Z\"", utc.tm_year + 1900, utc.tm_mon + 1,
					 utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, fraction);
}
