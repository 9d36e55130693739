/*
 * test_proxy_json.c
 *	  What json.c takes and what it refuses, and why.
 */
#include <stdlib.h>

#include "buffer.h"
#include "json.h"
#include "json_view.h"
#include "tap.h"

static TpJsonFault
fault_of(const char *text, size_t length)
{
	/* A copy of its own size, so that a sanitizer sees every byte that is read beyond. */
	char *copy = tp_slice_dup((TpSlice){ text, length });
	char *tight = malloc(length == 0 ? 1 : length);
	char outermost;
	size_t at;
	TpJsonFault fault;

	memcpy(tight, copy, length);
	fault = tp_json_check((TpSlice){ tight, length }, &outermost, &at);
	if (at > length)
		fault = (TpJsonFault) -1;
	free(tight);
	free(copy);
	return fault;
}

static void
is_fault(TpTap *tap, const char *text, TpJsonFault expected)
{
	char what[80];

	snprintf(what, sizeof(what), "%.60s: %d", text, (int) expected);
	tradepost_tap_ok(tap, fault_of(text, strlen(text)) == expected, what);
}

static void
nested(TpTap *tap, int depth, TpJsonFault expected)
{
	TpBuffer text = { 0 };

	for (int i = 0; i < depth; i++)
		tp_buffer_text(&text, i % 2 == 0 ? "{\"a\":" : "[");
	tp_buffer_text(&text, "1");
	for (int i = depth; i-- > 0;)
		tp_buffer_text(&text, i % 2 == 0 ? "}" : "]");
	tradepost_tap_ok(tap, fault_of(text.data, text.length) == expected, "nested");
	tp_buffer_free(&text);
}

static void
names(TpTap *tap, int count, TpJsonFault expected)
{
	TpBuffer text = { 0 };

	for (int i = 0; i < count; i++)
		tp_buffer_format(&text, "%s\"n%d\":%d", i == 0 ? "{" : ",", i, i);
	tp_buffer_text(&text, "}");
	tradepost_tap_ok(tap, fault_of(text.data, text.length) == expected, "as many names");
	tp_buffer_free(&text);
}

static void
taken(TpTap *tap)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		" [ 1 , 2 ] ",
		"{\"a\":{\"a\":{\"a\":[]}}}",
		"[{\"a\":1},{\"a\":1}]",
		"{\"price\":100.25,\"amount\":\"1\",\"post\":true,\"x\":null,\"y\":false}",
		"-0.5e-3",
		"0",
		"\"\\u00e9\\ud83d\\ude00\\n\"",
		"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
		"1e999",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_fault(tap, texts[i], TP_JSON_FINE);
	nested(tap, TP_JSON_DEPTH, TP_JSON_FINE);
	names(tap, TP_JSON_MEMBERS, TP_JSON_FINE);
}

static void
refused(TpTap *tap)
{
	static const char *const malformed[] = {
		"",
		" ",
		"{",
		"}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"{'a':1}",
		"[1,]",
		"[1 2]",
		"01",
		"-",
		"1.",
		"1e",
		"+1",
		"NaN",
		"tru",
		"\"",
		"\"\\\"",
		"\"\\x\"",
		"\"\\u12\"",
		"\"\\ud800\"",
		"\"\\ud800\\u0041\"",
		"\"\\udc00\"",
		"\"a\nb\"",
		"{}{}",
		"[]]",
		"nullx",
		"// x",
		"{\"a\":1 \"b\":2}",
	};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		is_fault(tap, malformed[i], TP_JSON_MALFORMED);
	is_fault(tap, "\"\\u0000\"", TP_JSON_NUL);
	tradepost_tap_ok(tap, fault_of("\"a\0b\"", 5) == TP_JSON_NUL, "a NUL in a string");
	tradepost_tap_ok(tap, fault_of("{}\0", 3) == TP_JSON_NUL, "a NUL behind");
	is_fault(tap, "\"\xFF\"", TP_JSON_NOT_UTF8);
	is_fault(tap, "\"\xC0\xAF\"", TP_JSON_NOT_UTF8);
	is_fault(tap, "\"\xED\xA0\x80\"", TP_JSON_NOT_UTF8);
	is_fault(tap, "\"\xF4\x90\x80\x80\"", TP_JSON_NOT_UTF8);
	is_fault(tap, "\"\xE2\x82", TP_JSON_NOT_UTF8);
	is_fault(tap, "\xFE", TP_JSON_NOT_UTF8);
	is_fault(tap, "1e1000", TP_JSON_NUMBER_LONG);
	is_fault(tap, "{\"a\":1,\"b\":2,\"a\":3}", TP_JSON_TWICE);
	is_fault(tap, "{\"a\":{\"b\":1,\"b\":2}}", TP_JSON_TWICE);
	is_fault(tap, "{\"a\":[{}],\"a\":1}", TP_JSON_TWICE);
	nested(tap, TP_JSON_DEPTH + 1, TP_JSON_DEEP);
	names(tap, TP_JSON_MEMBERS + 1, TP_JSON_MANY);
}

static void
numbers(TpTap *tap)
{
	TpBuffer text = { 0 };

	for (int i = 0; i < TP_JSON_NUMBER; i++)
		tp_buffer_text(&text, "9");
	tradepost_tap_ok(tap, fault_of(text.data, text.length) == TP_JSON_FINE, "the longest number");
	tp_buffer_text(&text, "9");
	tradepost_tap_ok(tap, fault_of(text.data, text.length) == TP_JSON_NUMBER_LONG, "a longer one");
	tp_buffer_free(&text);
}

/* Every beginning of a text is refused or taken without reading beyond it. */
static void
beginnings(TpTap *tap)
{
	static const char text[] =
		"{\"a\":[1,-2.5e+3,\"x\\u00e9\\ud83d\\ude00\xE2\x82\xAC\"],\"b\":{\"c\":null,\"d\":true}}";
	int fine = 0;

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		fine += fault_of(text, i) == TP_JSON_FINE;
	tradepost_tap_ok(tap, fine == 0, "no beginning of a JSON text is one");
	tradepost_tap_ok(tap, fault_of(text, sizeof(text) - 1) == TP_JSON_FINE, "the whole is");
}

static void
takes(TpTap *tap, const char *object, const char *rest, const char *text)
{
	TpBuffer kept = { 0 };
	TpBuffer taken = { 0 };
	bool fine = tp_json_take(tp_slice(object), "code", &kept, &taken);

	tp_buffer_add(&kept, "", 1);
	tp_buffer_add(&taken, "", 1);
	tradepost_tap_ok(tap, text == NULL ? !fine : fine && strcmp(kept.data, rest) == 0 && strcmp(taken.data, text) == 0,
					 object);
	tp_buffer_free(&kept);
	tp_buffer_free(&taken);
}

static void
taking(TpTap *tap)
{
	takes(tap, "{}", "{}", "");
	takes(tap, " { \"a\" : 1.50 , \"code\" : \"1\\u0032\" , \"b\":[{\"code\":\"x\"}] } ",
		  "{\"a\":1.50,\"b\":[{\"code\":\"x\"}]}", "12");
	takes(tap, "{\"code\":null,\"z\":\"code\"}", "{\"z\":\"code\"}", "");
	takes(tap, "[\"code\"]", "[\"code\"]", "");
	takes(tap, "{\"code\":12}", NULL, NULL);
	takes(tap, "{\"code\":{}}", NULL, NULL);
}

int
main(void)
{
	TpTap tap = { 0 };

	taken(&tap);
	refused(&tap);
	numbers(&tap);
	beginnings(&tap);
	taking(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
