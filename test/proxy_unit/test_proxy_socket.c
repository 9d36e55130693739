/*
 * test_proxy_socket.c
 *	  What is said over WebSockets: messages of /ws, packets of Socket.IO, compression.
 */
#include <stdlib.h>

#include "engineio.h"
#include "socket_session.h"
#include "tap.h"

static TpTap tap;

static bool
slice_is(TpSlice slice, const char *text)
{
	if (text == NULL || slice.data == NULL)
		return slice.data == NULL && (text == NULL || *text == '\0');
	return tp_slice_is(slice, text);
}

static void
is_fault(const char *text, const char *code, const char *in_detail)
{
	TpSocketRequest request;
	TpSocketFault fault;
	bool taken = tp_socket_parse(tp_slice(text), &request, &fault);

	tradepost_tap_ok(&tap, !taken && strcmp(fault.code, code) == 0 && strstr(fault.detail, in_detail) != NULL, text);
}

static void
faults(void)
{
	is_fault("", "json_malformed", "byte 0");
	is_fault("{\"op\":\"ping\"", "json_malformed", "byte");
	is_fault("[1]", "json_not_object", "object");
	is_fault("{}", "field_missing", "op");
	is_fault("{\"op\":\"ping\",\"event\":\"x\"}", "field_unknown", "event");
	is_fault("{\"op\":5}", "field_type", "op");
	is_fault("{\"op\":\"\"}", "operation_unknown", "op");
	is_fault("{\"event\":\"order.place\"}", "operation_unknown", "order.place");
	is_fault("{\"op\":\"subscribe\",\"channels\":{}}", "field_type", "channels");
	is_fault("{\"op\":\"subscribe\",\"channels\":[\"a\",1]}", "field_type", "channels[1]");
	is_fault("{\"op\":\"ping\",\"id\":{}}", "field_type", "id");
	is_fault("{\"op\":\"subscribe\",\"channels\":\"a\",\"since\":1.5}", "field_range", "since");
	is_fault("{\"op\":\"subscribe\",\"channels\":\"a\",\"since\":9223372036854775808}", "field_range", "since");
	is_fault("{\"op\":\"order.place\",\"key\":5}", "field_type", "key");
	is_fault("{\"op\":\"a b\\u0001c\"}", "operation_unknown", "op a");
}

static void
requests(void)
{
	TpSocketRequest request;
	TpSocketFault fault;
	TpJsonCursor cursor = { 0 };
	TpBuffer name = { 0 };
	bool fine;

	fine = tp_socket_parse(tp_slice(" {\"op\":\"subscribe\",\"id\":\"x\",\"channels\":[\"orders\",\"market:\\u00e4\"],"
									"\"since\":7,\"part\":2} "),
						   &request, &fault);
	tradepost_tap_ok(&tap,
					 fine && request.op == TP_OP_SUBSCRIBE && request.resumes && request.since == 7 &&
						 request.part == 2 && slice_is(request.id, "\"x\""),
					 "subscribe");
	tradepost_tap_ok(&tap,
					 tp_socket_next_channel(&request, &cursor, &name) &&
						 tp_slice_is((TpSlice){ name.data, name.length }, "orders"),
					 "its first channel");
	tradepost_tap_ok(&tap,
					 tp_socket_next_channel(&request, &cursor, &name) &&
						 tp_slice_is((TpSlice){ name.data, name.length }, "market:\303\244") &&
						 !tp_socket_next_channel(&request, &cursor, &name),
					 "its second one, unescaped, and the last");
	fine = tp_socket_parse(tp_slice("{\"event\":\"subscribe:market\",\"data\":\"Dec25-Wheat\"}"), &request, &fault);
	cursor = (TpJsonCursor){ 0 };
	tradepost_tap_ok(&tap,
					 fine && request.plain && request.market && slice_is(request.id, NULL) &&
						 tp_socket_next_channel(&request, &cursor, &name) &&
						 tp_slice_is((TpSlice){ name.data, name.length }, "market:Dec25-Wheat") &&
						 !tp_socket_next_channel(&request, &cursor, &name),
					 "the plain form");
	fine = tp_socket_parse(tp_slice("{\"op\":\"session\",\"cancelOnDisconnect\":false}"), &request, &fault);
	tradepost_tap_ok(&tap, fine && request.cancel_on_disconnect == 0, "session");
	fine = tp_socket_parse_event(tp_slice("[\"order:create\",{\"price\":1},{\"key\":\"k\"}]"), &request, &fault);
	tradepost_tap_ok(&tap,
					 fine && request.command == TP_COMMAND_PLACE && slice_is(request.key, "\"k\"") &&
						 slice_is(request.data, "{\"price\":1}"),
					 "an event with options");
	tradepost_tap_ok(&tap, !tp_socket_parse_event(tp_slice("[7]"), &request, &fault), "an event without a name");
	tp_buffer_free(&name);
}

static void
is_rest(const char *text, const char *path, const char *query, const char *body)
{
	TpSocketRequest request;
	TpSocketFault fault;
	TpBuffer parts[3] = { 0 };
	bool fine = tp_socket_parse(tp_slice(text), &request, &fault) &&
				tp_socket_command_rest(&request, &parts[0], &parts[1], &parts[2], &fault);

	tradepost_tap_ok(&tap,
					 fine && slice_is((TpSlice){ parts[0].data, parts[0].length }, path) &&
						 slice_is((TpSlice){ parts[1].data, parts[1].length }, query) &&
						 slice_is((TpSlice){ parts[2].data, parts[2].length }, body),
					 text);
	for (int i = 0; i < 3; i++)
		tp_buffer_free(&parts[i]);
}

static void
is_no_rest(const char *text, const char *code)
{
	TpSocketRequest request;
	TpSocketFault fault;
	TpBuffer parts[3] = { 0 };
	bool fine = tp_socket_parse(tp_slice(text), &request, &fault) &&
				tp_socket_command_rest(&request, &parts[0], &parts[1], &parts[2], &fault);

	tradepost_tap_ok(&tap, !fine && strcmp(fault.code, code) == 0, text);
	for (int i = 0; i < 3; i++)
		tp_buffer_free(&parts[i]);
}

static void
commands(void)
{
	/* A price of any length goes on as it came. */
	is_rest("{\"op\":\"order.place\",\"data\":{\"price\":1.10000000000000000000001}}", "orders", "",
			"{\"price\":1.10000000000000000000001}");
	is_rest("{\"op\":\"orders.place\",\"data\":[{\"a\":1}]}", "orders/batch", "", "{\"orders\":[{\"a\":1}]}");
	is_rest("{\"op\":\"order.cancel\",\"data\":{\"id\":17}}", "orders/17", "", "{}");
	is_rest("{\"op\":\"order.cancel\",\"data\":\"a/b?c\"}", "orders/a%2Fb%3Fc", "", "");
	is_rest("{\"op\":\"order.amend\",\"data\":{\"price\":\"1\",\"id\":17,\"x\":[]}}", "orders/17", "",
			"{\"price\":\"1\",\"x\":[]}");
	is_rest("{\"op\":\"orders.cancel_all\",\"data\":{\"symbol\":\"A&B=\\u00e4\"}}", "orders", "symbol=A%26B%3D%C3%A4",
			"");
	is_rest("{\"op\":\"orders.list\",\"data\":{\"limit\":5,\"status\":\"active\"}}", "orders", "limit=5&status=active",
			"");
	is_rest("{\"op\":\"account.summary\"}", "account/summary", "", "");
	is_no_rest("{\"op\":\"order.place\"}", "field_missing");
	is_no_rest("{\"op\":\"order.place\",\"data\":5}", "field_type");
	is_no_rest("{\"op\":\"order.cancel\",\"data\":{}}", "field_missing");
	is_no_rest("{\"op\":\"order.cancel\",\"data\":\"\"}", "field_missing");
	is_no_rest("{\"op\":\"order.cancel\",\"data\":{\"id\":1,\"id\":2}}", "json_name_twice");
	is_no_rest("{\"op\":\"order.cancel\",\"data\":{\"id\":1,\"orderId\":2}}", "field_unknown");
	is_no_rest("{\"op\":\"order.cancel\",\"data\":{\"id\":1,\"now\":true}}", "field_unknown");
	is_no_rest("{\"op\":\"orders.list\",\"data\":{\"limit\":[1]}}", "field_type");
}

static void
is_packet(const char *frame, int kind, const char *space, const char *ack, const char *json)
{
	TpEngineioPacket packet;

	tradepost_tap_ok(&tap,
					 tp_engineio_parse(tp_slice(frame), &packet) == NULL && (int) packet.kind == kind &&
						 slice_is(packet.space, space) && slice_is(packet.ack, ack) && slice_is(packet.json, json),
					 frame);
}

static void
is_no_packet(const char *frame)
{
	TpEngineioPacket packet;

	tradepost_tap_ok(&tap, tp_engineio_parse(tp_slice(frame), &packet) != NULL, frame);
}

static void
packets(void)
{
	TpBuffer out = { 0 };

	is_packet("3", TP_EIO_PONG, NULL, NULL, NULL);
	is_packet("1", TP_EIO_CLOSE, NULL, NULL, NULL);
	is_packet("40", TP_SIO_CONNECT, "/", NULL, NULL);
	is_packet("40{\"token\":\"x\"}", TP_SIO_CONNECT, "/", NULL, "{\"token\":\"x\"}");
	is_packet("40/admin,", TP_SIO_CONNECT, "/admin", NULL, NULL);
	is_packet("40/admin,{}", TP_SIO_CONNECT, "/admin", NULL, "{}");
	is_packet("42[\"a\",1]", TP_SIO_EVENT, "/", NULL, "[\"a\",1]");
	is_packet("42/admin,17[\"a\"]", TP_SIO_EVENT, "/admin", "17", "[\"a\"]");
	is_packet("420[\"a\"]", TP_SIO_EVENT, "/", "0", "[\"a\"]");
	is_packet("437[]", TP_SIO_ACK, "/", "7", "[]");
	is_packet("41", TP_SIO_DISCONNECT, "/", NULL, NULL);
	is_no_packet("");
	is_no_packet("0");
	is_no_packet("4");
	is_no_packet("9");
	is_no_packet("44{}");
	is_no_packet("42{}");
	is_no_packet("42[]");
	is_no_packet("42[1]");
	is_no_packet("42[\"a\"");
	is_no_packet("40[]");
	is_no_packet("451-[\"a\",{\"_placeholder\":true,\"num\":0}]");
	is_no_packet("421234567890123456[\"a\"]");
	tp_engineio_write_event(&out, "trade:executed", tp_slice("{\"id\":1}"), tp_slice("{\"seq\":5}"));
	tradepost_tap_ok(&tap,
					 tp_slice_is((TpSlice){ out.data, out.length }, "42[\"trade:executed\",{\"id\":1},{\"seq\":5}]"),
					 "an event is written");
	tp_buffer_free(&out);
	tradepost_tap_ok(&tap, tp_engineio_refusal(tp_slice("EIO=4&transport=websocket")) == NULL, "a handshake");
	tradepost_tap_ok(&tap, strstr(tp_engineio_refusal(tp_slice("EIO=3&transport=websocket")), "\"code\":5") != NULL,
					 "an old one");
	tradepost_tap_ok(&tap, strstr(tp_engineio_refusal(tp_slice("EIO=4")), "\"code\":0") != NULL,
					 "one without transport");
}

static void
is_offer(const char *offers, const char *agreed)
{
	const char *offer = tp_deflate_offer(tp_slice(offers));

	tradepost_tap_ok(&tap, agreed == NULL ? offer == NULL : offer != NULL && strstr(offer, agreed) != NULL, offers);
}

static void
compression(void)
{
	char text[20000];
	TpSlice packed;
	TpSlice back;
	char *copy;

	is_offer("permessage-deflate; client_max_window_bits", "client_no_context_takeover");
	is_offer("permessage-deflate; server_max_window_bits=12; client_max_window_bits=12", "server_max_window_bits=12");
	is_offer("permessage-deflate;server_max_window_bits=\"15\"", "server_max_window_bits=12");
	is_offer("permessage-deflate; server_max_window_bits=9", NULL);
	is_offer("permessage-deflate; server_max_window_bits=9, permessage-deflate", "server_no_context_takeover");
	is_offer("permessage-deflate; surprise", NULL);
	is_offer("x-webkit-deflate-frame", NULL);
	is_offer("", NULL);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abcdefgh "[(i * i + i / 100) % 9];
	tradepost_tap_ok(&tap, tp_deflate((TpSlice){ text, sizeof(text) }, &packed) && packed.length < sizeof(text),
					 "packed");
	copy = tp_slice_dup(packed);
	packed.data = copy;
	tradepost_tap_ok(&tap,
					 tp_inflate(packed, sizeof(text), &back) == TP_INFLATED && back.length == sizeof(text) &&
						 memcmp(back.data, text, sizeof(text)) == 0,
					 "and unpacked");
	tradepost_tap_ok(&tap, tp_inflate(packed, sizeof(text) - 1, &back) == TP_INFLATE_LONG, "one byte too long");
	tradepost_tap_ok(&tap, tp_inflate((TpSlice){ copy, packed.length / 2 }, sizeof(text), &back) == TP_INFLATE_BROKEN,
					 "cut off");
	tradepost_tap_ok(&tap, tp_inflate(tp_slice("\377\377\377"), sizeof(text), &back) == TP_INFLATE_BROKEN, "nonsense");
	free(copy);
	tp_deflate_free();
}

int
main(void)
{
	tradepost_tap_plan(78);
	faults();
	requests();
	commands();
	packets();
	compression();
	return tap.failed > 0;
}
