/*
 * test_proxy_http.c
 *	  Heads of requests: what is read out of them, and which are refused how.
 */
#include <stdlib.h>

#include "http_parser.h"
#include "tap.h"

#define HEAD "GET /health HTTP/1.1\r\nHost: x\r\n"

/* Parses a copy that has exactly these bytes. */
static TpHttpVerdict
parse(TpSlice text, char **copy, TpRequest *request, TpHttpFault *fault)
{
	size_t scanned = 0;

	*copy = malloc(text.length == 0 ? 1 : text.length);
	if (text.length > 0)
		memcpy(*copy, text.data, text.length);
	*fault = (TpHttpFault){ 0 };
	return tp_request_parse((TpSlice){ *copy, text.length }, &scanned, request, fault);
}

static void
refused(TpTap *tap, const char *text, int status)
{
	TpRequest request;
	TpHttpFault fault;
	char *copy;
	TpHttpVerdict verdict = parse(tp_slice(text), &copy, &request, &fault);
	char what[80];
	size_t end = strcspn(text, "\r\n");

	snprintf(what, sizeof(what), "%d: %.*s", status, (int) (end > 60 ? 60 : end), text);
	if (!tradepost_tap_ok(tap, verdict == TP_HTTP_REFUSED && fault.status == status, what))
		printf("# verdict %d, status %d\n", (int) verdict, fault.status);
	free(copy);
}

static void
fields(TpTap *tap)
{
	TpRequest request;
	TpHttpFault fault;
	char *copy;
	TpHttpVerdict verdict =
		parse(tp_slice("POST /api/v1/orders?a=1&b HTTP/1.1\r\nHOST:x\r\nauthorization: \tBearer abc \r\n"
					   "Content-Length: 12\r\nX-Other: y\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\nbody"),
			  &copy, &request, &fault);

	tradepost_tap_ok(tap, verdict == TP_HTTP_DONE, "a request is taken");
	tradepost_tap_ok(tap, request.method == TP_POST && tp_slice_is(request.path, "/api/v1/orders"), "method and path");
	tradepost_tap_ok(tap, tp_slice_is(request.query, "a=1&b"), "query");
	tradepost_tap_ok(tap, tp_slice_is(request.headers[TP_H_AUTHORIZATION], "Bearer abc"), "a header, trimmed");
	tradepost_tap_ok(tap, request.body_length == 12 && request.keep_alive && !request.upgrade, "length and keep-alive");
	tradepost_tap_ok(tap, tp_list_has(request.headers[TP_H_ACCEPT_ENCODING], "gzip"), "gzip is accepted");
	free(copy);
	verdict = parse(tp_slice("GET http://example.com HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n"), &copy,
					&request, &fault);
	tradepost_tap_ok(tap, verdict == TP_HTTP_DONE && tp_slice_is(request.path, "/") && !request.keep_alive,
					 "an absolute target, and Connection: close");
	free(copy);
	verdict =
		parse(tp_slice("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n"),
			  &copy, &request, &fault);
	tradepost_tap_ok(tap, verdict == TP_HTTP_DONE && request.upgrade, "an upgrade");
	free(copy);
}

static void
refusals(TpTap *tap)
{
	refused(tap, "\r\n\r\n", 400);
	refused(tap, "GET /health\r\n\r\n", 400);
	refused(tap, "GET /health HTTP/1.1\nHost: x\n\n", 400);
	refused(tap, "\x16\x03\x01\x02", 400);
	refused(tap, "GET  /health HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	refused(tap, "GET /health HTTP/1.1\r\n\r\n", 400);
	refused(tap, "GET health HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	refused(tap, "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	refused(tap, "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	refused(tap, "GET /a\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	refused(tap, "G\x01T /a HTTP/1.1\r\nHost: x\r\n\r\n", 400);
	refused(tap, "GET /health HTTP/1.1\nHost: x\r\n\r\n", 400);
	refused(tap, "GET /health HTTP/2.0\r\nHost: x\r\n\r\n", 505);
	refused(tap, "GET /health XTTP/1.1\r\nHost: x\r\n\r\n", 400);
	refused(tap, HEAD "Host: y\r\n\r\n", 400);
	refused(tap, HEAD "Bad Name: x\r\n\r\n", 400);
	refused(tap, HEAD "Name : x\r\n\r\n", 400);
	refused(tap, HEAD ": x\r\n\r\n", 400);
	refused(tap, HEAD "novalue\r\n\r\n", 400);
	refused(tap, HEAD "A: b\r\n folded\r\n\r\n", 400);
	refused(tap, HEAD "A: b\x01\r\n\r\n", 400);
	refused(tap, HEAD "A: b\rc\r\n\r\n", 400);
	refused(tap, HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400);
	refused(tap, HEAD "Content-Length: -5\r\n\r\n", 400);
	refused(tap, HEAD "Content-Length: +5\r\n\r\n", 400);
	refused(tap, HEAD "Content-Length: 5x\r\n\r\n", 400);
	refused(tap, HEAD "Content-Length: 5, 5\r\n\r\n", 400);
	refused(tap, HEAD "Content-Length:\r\n\r\n", 400);
	refused(tap, HEAD "Content-Length: 9999999999999999999\r\n\r\n", 400);
	refused(tap, HEAD "Transfer-Encoding: chunked\r\n\r\n", 411);
	refused(tap, HEAD "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400);
	refused(tap, HEAD "Expect: a miracle\r\n\r\n", 417);
}

static void
floods(TpTap *tap)
{
	TpBuffer text = { 0 };

	tp_buffer_text(&text, HEAD);
	for (int i = 0; i < TP_HEADER_COUNT; i++)
		tp_buffer_format(&text, "X-%d: y\r\n", i);
	tp_buffer_add(&text, "\r\n", 3);
	refused(tap, text.data, 431);
	tp_buffer_clear(&text);
	tp_buffer_text(&text, HEAD "X: ");
	while (text.length <= TP_HEAD_LIMIT)
		tp_buffer_text(&text, "yyyyyyyy");
	tp_buffer_add(&text, "", 1);
	refused(tap, text.data, 431);
	tp_buffer_clear(&text);
	tp_buffer_text(&text, "GET /");
	while (text.length <= TP_TARGET_LIMIT + 8)
		tp_buffer_text(&text, "yyyyyyyy");
	tp_buffer_text(&text, " HTTP/1.1\r\nHost: x\r\n\r\n");
	tp_buffer_add(&text, "", 1);
	refused(tap, text.data, 414);
	tp_buffer_free(&text);
}

/* Byte by byte, as the slowest client sends it. */
static void
pieces(TpTap *tap)
{
	static const char text[] = HEAD "Content-Length: 3\r\n\r\nabc";
	size_t head = sizeof(text) - 1 - 3;
	size_t scanned = 0;
	TpRequest request;
	TpHttpFault fault;
	int done = 0;

	for (size_t i = 1; i <= head; i++)
	{
		TpHttpVerdict verdict = tp_request_parse((TpSlice){ text, i }, &scanned, &request, &fault);

		done += verdict == TP_HTTP_DONE;
		if (verdict == TP_HTTP_REFUSED)
			done = 100;
	}
	tradepost_tap_ok(tap, done == 1 && request.head_length == head && request.body_length == 3, "byte by byte");
}

static void
lists(TpTap *tap)
{
	tradepost_tap_ok(tap, !tp_list_has(tp_slice("gzip;q=0"), "gzip"), "q=0 is no");
	tradepost_tap_ok(tap, !tp_list_has(tp_slice("gzip; q=0.000"), "gzip"), "q=0.000 is no");
	tradepost_tap_ok(tap, tp_list_has(tp_slice("gzip;q=0.001"), "gzip"), "q=0.001 is yes");
	tradepost_tap_ok(tap, !tp_list_has(tp_slice("x-gzip, gzipped"), "gzip"), "a part of a word is none");
	tradepost_tap_ok(tap, !tp_list_has((TpSlice){ NULL, 0 }, "gzip"), "nothing has nothing");
	tradepost_tap_ok(tap, tp_media_type_is(tp_slice("Application/JSON ; charset=utf-8"), "application/json"),
					 "a type with parameters");
	tradepost_tap_ok(tap, !tp_media_type_is((TpSlice){ NULL, 0 }, "application/json"), "no type is no JSON");
}

int
main(void)
{
	TpTap tap = { 0 };

	fields(&tap);
	refusals(&tap);
	floods(&tap);
	pieces(&tap);
	lists(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
