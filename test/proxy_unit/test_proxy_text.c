/*
 * test_proxy_text.c
 *	  Buffers, gzip, addresses and origins.
 */
#include <stdlib.h>
#include <zlib.h>

#include "address.h"
#include "buffer.h"
#include "cors.h"
#include "gzip.h"
#include "tap.h"

static void
is_text(TpTap *tap, TpBuffer *buffer, const char *expected)
{
	bool same = buffer->length == strlen(expected) && memcmp(buffer->data, expected, buffer->length) == 0;

	if (!tradepost_tap_ok(tap, same, expected))
		printf("# got %.*s\n", (int) buffer->length, buffer->data);
	tp_buffer_clear(buffer);
}

static void
buffers(TpTap *tap)
{
	TpBuffer out = { 0 };

	tp_buffer_json(&out, tp_slice("a\"b\\c\n\t\x01\x7F\xC3\xA9"));
	is_text(tap, &out, "\"a\\\"b\\\\c\\n\\t\\u0001\x7F\xC3\xA9\"");
	tp_buffer_json(&out, tp_slice("x\xFFy\xE2\x82"));
	is_text(tap, &out, "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBD\"");
	tp_buffer_json(&out, (TpSlice){ NULL, 0 });
	is_text(tap, &out, "null");
	tp_buffer_integer(&out, INT64_MIN);
	is_text(tap, &out, "-9223372036854775808");
	tp_buffer_integer(&out, 0);
	is_text(tap, &out, "0");
	tp_buffer_json_time(&out, 1767225600000001);
	is_text(tap, &out, "\"2026-01-01T00:00:00.000001Z\"");
	tp_buffer_json_time(&out, -1);
	is_text(tap, &out, "\"1969-12-31T23:59:59.999999Z\"");
	for (int i = 0; i < 1000; i++)
		tp_buffer_format(&out, "%s-%d;", "a rather long piece of text", i);
	tradepost_tap_ok(tap, out.length == 1000 * 29 + 10 + 90 * 2 + 900 * 3, "a buffer grows");
	tp_buffer_free(&out);
}

static void
compression(TpTap *tap)
{
	TpBuffer text = { 0 };
	TpBuffer small = { 0 };
	z_stream in = { 0 };
	char *back;

	for (int i = 0; i < 500; i++)
		tp_buffer_format(&text, "{\"price\":\"%d.50\",\"quantity\":\"1\"},", i);
	for (int round = 0; round < 2; round++)
	{
		tp_buffer_clear(&small);
		tradepost_tap_ok(tap, tp_gzip((TpSlice){ text.data, text.length }, &small) && small.length < text.length / 3,
						 "JSON gets smaller");
		back = tp_alloc(text.length);
		memset(&in, 0, sizeof(in));
		inflateInit2(&in, 31);
		in.next_in = (Bytef *) small.data;
		in.avail_in = (uInt) small.length;
		in.next_out = (Bytef *) back;
		in.avail_out = (uInt) text.length;
		tradepost_tap_ok(tap,
						 inflate(&in, Z_FINISH) == Z_STREAM_END && in.avail_out == 0 &&
							 memcmp(back, text.data, text.length) == 0,
						 "and is the same again");
		inflateEnd(&in);
		free(back);
	}
	tp_buffer_clear(&text);
	for (unsigned i = 0; i < 64; i++)
	{
		unsigned char c = (unsigned char) (i * 167 + 13);

		tp_buffer_add(&text, &c, 1);
	}
	tp_buffer_clear(&small);
	tradepost_tap_ok(tap, !tp_gzip((TpSlice){ text.data, text.length }, &small) && small.length == 0,
					 "what would not get smaller stays");
	tp_gzip_close();
	tp_buffer_free(&text);
	tp_buffer_free(&small);
}

static void
is_client(TpTap *tap, const char *peer, const char *forwarded, const char *trusted, const char *expected)
{
	TpAddress address;
	char text[TP_ADDRESS_TEXT];
	char what[200];

	if (!tp_address_parse(tp_slice(peer), &address))
	{
		tradepost_tap_ok(tap, false, peer);
		return;
	}
	address = tp_address_client(address, tp_slice(forwarded), trusted);
	tp_address_print(&address, text);
	snprintf(what, sizeof(what), "%s, X-Forwarded-For %s, trusting %s: %s", peer,
			 forwarded == NULL ? "none" : forwarded, trusted, expected);
	if (!tradepost_tap_ok(tap, strcmp(text, expected) == 0, what))
		printf("# got %s\n", text);
}

static void
addresses(TpTap *tap)
{
	static const char *const bad[] = { "", "1.2.3", "1.2.3.4.5", "300.1.1.1", "x", "1.2.3.4:80", ":::", "[::1" };
	TpAddress address;
	TpSlice entry;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tradepost_tap_ok(tap, !tp_address_parse(tp_slice(bad[i]), &address), "no address");
	is_client(tap, "1.2.3.4", "5.6.7.8", "", "1.2.3.4");
	is_client(tap, "10.0.0.1", "5.6.7.8", "10.0.0.0/8", "5.6.7.8");
	is_client(tap, "10.0.0.1", "6.6.6.6, 5.6.7.8, 10.9.9.9", "10.0.0.0/8", "5.6.7.8");
	is_client(tap, "10.0.0.1", "garbage", "10.0.0.0/8", "10.0.0.1");
	is_client(tap, "10.0.0.1", "5.6.7.8, garbage", "10.0.0.0/8", "10.0.0.1");
	is_client(tap, "10.0.0.1", NULL, "10.0.0.0/8", "10.0.0.1");
	is_client(tap, "11.0.0.1", "5.6.7.8", "10.0.0.0/8, 192.168.0.0/16", "11.0.0.1");
	is_client(tap, "192.168.3.4", " 2001:db8::1 ", "10.0.0.0/8, 192.168.0.0/16", "2001:db8::1");
	is_client(tap, "::1", "5.6.7.8", "::1/128", "5.6.7.8");
	is_client(tap, "::ffff:10.1.1.1", "5.6.7.8", "10.1.1.1", "5.6.7.8");
	tradepost_tap_ok(tap, tp_address_list_valid("10.0.0.0/8, ::1 fe80::/10", &entry), "a list of ranges");
	tradepost_tap_ok(tap,
					 !tp_address_list_valid("10.0.0.0/8, 10.0.0.0/33", &entry) && tp_slice_is(entry, "10.0.0.0/33"),
					 "a range that is none is named");
	tradepost_tap_ok(tap, !tp_address_list_valid("10.0.0.0/", &entry), "a mask without a number");
}

static void
origins(TpTap *tap)
{
	static const char allowed[] = "https://app.example.com, http://localhost:3000/";

	tradepost_tap_ok(tap, tp_cors_allows(allowed, tp_slice("https://app.example.com")), "an origin");
	tradepost_tap_ok(tap, tp_cors_allows(allowed, tp_slice("http://localhost:3000")), "one written with a slash");
	tradepost_tap_ok(tap, !tp_cors_allows(allowed, tp_slice("https://app.example.com.evil.com")), "a longer one");
	tradepost_tap_ok(tap, !tp_cors_allows(allowed, tp_slice("http://app.example.com")), "another scheme");
	tradepost_tap_ok(tap, !tp_cors_allows(allowed, tp_slice("null")), "null");
	tradepost_tap_ok(tap, !tp_cors_allows("", tp_slice("https://app.example.com")), "none without FRONTEND_URL");
	tradepost_tap_ok(tap, !tp_cors_allows("*", tp_slice("https://a\r\nX: y")), "one with a line end");
	tradepost_tap_ok(tap, tp_cors_allows("*", tp_slice("https://any.example.com")), "any with *");
}

int
main(void)
{
	TpTap tap = { 0 };

	buffers(&tap);
	compression(&tap);
	addresses(&tap);
	origins(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
