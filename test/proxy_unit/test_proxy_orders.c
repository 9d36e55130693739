/*
 * test_proxy_orders.c
 *	  The texts around orders: elements of a batch, array literals, keys.
 */
#include "order_texts.h"
#include "tap.h"

#include <stdlib.h>

#define MOST 4

static int
split(const char *body, TpSlice *elements)
{
	const char *fault;
	int n = tp_order_elements(tp_slice(body), elements, MOST, &fault);

	return fault == NULL ? n : -1;
}

static void
batches(TpTap *tap)
{
	TpSlice e[MOST];

	tradepost_tap_ok(tap, split("{\"orders\":[]}", e) == 0, "an empty batch");
	tradepost_tap_ok(tap,
					 split(" { \"orders\" : [ {\"a\": [1, 2]} , \"x,]}\\\"\" , 12 ] } ", e) == 3 &&
						 tp_slice_is(e[0], "{\"a\": [1, 2]}") && tp_slice_is(e[1], "\"x,]}\\\"\"") &&
						 tp_slice_is(e[2], "12"),
					 "elements of all kinds, brackets and quotes in strings");
	tradepost_tap_ok(tap, split("{\"orders\":[{},{},{},{},{},{}]}", e) == 6 && tp_slice_is(e[3], "{}"),
					 "more than there is room for are counted");
	tradepost_tap_ok(tap, split("{\"orders\":[{\"b\":{\"c\":\"]\"}},[[]]]}", e) == 2 && tp_slice_is(e[1], "[[]]"),
					 "nested");
	tradepost_tap_ok(tap, split("{\"orders\":{}}", e) == -1, "no array");
	tradepost_tap_ok(tap, split("{\"orders\":[],\"x\":1}", e) == -1, "another member behind");
	tradepost_tap_ok(tap, split("{\"x\":1,\"orders\":[]}", e) == -1, "another member before");
	tradepost_tap_ok(tap, split("{}", e) == -1 && split("[]", e) == -1 && split("", e) == -1, "something else");
}

/* What array_in() makes of an element. */
static bool
reads_back(const char *text)
{
	TpBuffer array = { 0 };
	char *back;
	size_t n = 0;
	bool same;

	tp_array_element(&array, tp_slice(text));
	back = malloc(array.length + 1);
	for (size_t i = 1; i + 1 < array.length; i++)
	{
		if (array.data[i] == '\\')
			i++;
		back[n++] = array.data[i];
	}
	back[n] = '\0';
	same = array.data[0] == '"' && array.data[array.length - 1] == '"' && strcmp(back, text) == 0;
	free(back);
	tp_buffer_free(&array);
	return same;
}

static void
elements(TpTap *tap)
{
	TpBuffer array = { 0 };

	tradepost_tap_ok(tap, reads_back("{\"a\":\"b\\\"c\\\\\"}"), "JSON in an array");
	tradepost_tap_ok(tap, reads_back(""), "an empty text");
	tradepost_tap_ok(tap, reads_back("NULL"), "a text NULL");
	tp_array_element(&array, (TpSlice){ NULL, 0 });
	tradepost_tap_ok(tap, array.length == 4 && memcmp(array.data, "NULL", 4) == 0, "no text");
	tp_buffer_free(&array);
}

static void
keys(TpTap *tap)
{
	char longest[TP_KEY_BYTES + 2];

	memset(longest, 'k', sizeof(longest));
	longest[TP_KEY_BYTES + 1] = '\0';
	tradepost_tap_ok(tap, tp_key_fine(tp_slice("a-1/~!")), "a key");
	tradepost_tap_ok(tap, !tp_key_fine(tp_slice("")), "an empty one");
	tradepost_tap_ok(tap,
					 !tp_key_fine(tp_slice("a b")) && !tp_key_fine(tp_slice("a\x7f")) &&
						 !tp_key_fine(tp_slice("\xc3\xa4")),
					 "what is not visible ASCII");
	tradepost_tap_ok(tap, tp_key_fine((TpSlice){ longest, TP_KEY_BYTES }) && !tp_key_fine(tp_slice(longest)),
					 "the longest");
}

int
main(void)
{
	TpTap tap = { 0 };

	batches(&tap);
	elements(&tap);
	keys(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
