/*
 * fuzz_json.c
 *	  libFuzzer: bodies. What the check calls JSON, another parser takes too, and the
 *	  view walks through it to its end.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "json.h"
#include "json_view.h"

static void
walk(TpSlice value, int depth)
{
	TpJsonCursor cursor;
	TpSlice name;
	TpSlice inner;

	assert(depth <= TP_JSON_DEPTH + 1);
	switch (tp_json_kind(value))
	{
		case '{':
			cursor = tp_json_open(value);
			while (tp_json_member(&cursor, &name, &inner))
			{
				assert(name.data >= value.data && inner.data + inner.length <= value.data + value.length);
				walk(inner, depth + 1);
			}
			break;
		case '[':
			cursor = tp_json_open(value);
			while (tp_json_element(&cursor, &inner))
			{
				assert(inner.data >= value.data && inner.data + inner.length <= value.data + value.length);
				walk(inner, depth + 1);
			}
			break;
		case '"':
		{
			TpBuffer text = { 0 };

			(void) tp_json_text(value, &text);
			tp_buffer_free(&text);
			break;
		}
		default:
		{
			int64_t number;

			(void) tp_json_integer(value, &number);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size == 0 ? 1 : size);
	char outermost;
	size_t at;

	memcpy(text, data, size);
	if (tp_json_check((TpSlice){ text, size }, &outermost, &at) == TP_JSON_FINE)
	{
		json_error_t error;
		json_t *other = json_loadb(text, size, JSON_DECODE_ANY, &error);

		/* It keeps numbers in machine words, which the database does not. */
		assert(other != NULL || json_error_code(&error) == json_error_numeric_overflow);
		json_decref(other);
		if (outermost == '{' || outermost == '[')
		{
			size_t blank = 0;

			while (text[blank] != outermost)
				blank++;
			walk((TpSlice){ text + blank, size - blank }, 1);
		}
	}
	free(text);
	return 0;
}
