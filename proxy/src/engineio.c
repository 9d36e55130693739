/*
 * engineio.c
 *	  Packets of Engine.IO 4 and Socket.IO 5; see engineio.h.
 *
 * Pure: called by socket_engineio.c with a whole frame, and by a fuzzer.
 */
#include "engineio.h"

#include "json.h"
#include "json_view.h"
#include "query.h"

#define ACK_DIGITS 15
#define SPACE_BYTES 128

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static TpSlice
cut(TpSlice text, size_t bytes)
{
	return (TpSlice){ text.data + bytes, text.length - bytes };
}

/* "/name," or, when nothing follows, "/name"; a query behind the name is of no interest. */
static const char *
read_space(TpSlice *rest, TpEngineioPacket *packet)
{
	const char *comma;
	size_t length;

	packet->space = tp_slice("/");
	if (rest->length == 0 || rest->data[0] != '/')
		return NULL;
	comma = memchr(rest->data, ',', rest->length);
	length = comma == NULL ? rest->length : (size_t) (comma - rest->data);
	if (length > SPACE_BYTES)
		return "the namespace is longer than 128 bytes";
	packet->space = (TpSlice){ rest->data, length };
	*rest = cut(*rest, comma == NULL ? length : length + 1);
	return NULL;
}

static const char *
read_ack(TpSlice *rest, TpEngineioPacket *packet)
{
	size_t digits = 0;

	while (digits < rest->length && is_digit(rest->data[digits]))
		digits++;
	if (digits > ACK_DIGITS)
		return "the id of an ack has more than 15 digits";
	if (digits > 0)
		packet->ack = (TpSlice){ rest->data, digits };
	*rest = cut(*rest, digits);
	return NULL;
}

static const char *
read_json(TpSlice rest, TpEngineioPacket *packet, char wanted)
{
	char outermost;
	size_t at;

	if (tp_json_check(rest, &outermost, &at) != TP_JSON_FINE)
		return "the packet's data is not JSON that the server takes";
	if (outermost != wanted)
		return wanted == '[' ? "the packet's data must be an array" : "the packet's data must be an object";
	packet->json = rest;
	return NULL;
}

/* An event's first element is its name. */
static const char *
check_name(const TpEngineioPacket *packet)
{
	TpJsonCursor cursor = tp_json_open(packet->json);
	TpSlice name;

	if (!tp_json_element(&cursor, &name) || tp_json_kind(name) != '"')
		return "an event must begin with its name";
	return NULL;
}

static const char *
read_message(TpSlice rest, TpEngineioPacket *packet)
{
	const char *fault;
	char type;

	if (rest.length == 0)
		return "a message packet is empty";
	type = rest.data[0];
	if (type == '5' || type == '6')
		return "binary packets are not taken";
	rest = cut(rest, 1);
	fault = read_space(&rest, packet);
	if (fault != NULL)
		return fault;
	switch (type)
	{
		case '0':
			packet->kind = TP_SIO_CONNECT;
			return rest.length == 0 ? NULL : read_json(rest, packet, '{');
		case '1':
			packet->kind = TP_SIO_DISCONNECT;
			return NULL;
		case '2':
			packet->kind = TP_SIO_EVENT;
			fault = read_ack(&rest, packet);
			if (fault == NULL)
				fault = read_json(rest, packet, '[');
			return fault != NULL ? fault : check_name(packet);
		case '3':
			packet->kind = TP_SIO_ACK;
			fault = read_ack(&rest, packet);
			return fault != NULL ? fault : read_json(rest, packet, '[');
		default:
			return "a packet of a type that clients do not send";
	}
}

const char *
tp_engineio_parse(TpSlice frame, TpEngineioPacket *packet)
{
	memset(packet, 0, sizeof(*packet));
	if (frame.length == 0)
		return "the frame is empty";
	switch (frame.data[0])
	{
		case '1':
			packet->kind = TP_EIO_CLOSE;
			return NULL;
		case '2':
			packet->kind = TP_EIO_PING;
			packet->json = cut(frame, 1);
			return NULL;
		case '3':
			packet->kind = TP_EIO_PONG;
			return NULL;
		case '4':
			return read_message(cut(frame, 1), packet);
		case '5':
		case '6':
			packet->kind = TP_EIO_NOOP;
			return NULL;
		default:
			return "a packet of a type that clients do not send";
	}
}

const char *
tp_engineio_refusal(TpSlice query)
{
	TpBuffer value = { 0 };
	const char *refusal = NULL;

	if (!tp_query_find(query, "EIO", &value) || !tp_slice_is((TpSlice){ value.data, value.length }, "4"))
		refusal = "{\"code\":5,\"message\":\"Unsupported protocol version\"}";
	tp_buffer_clear(&value);
	if (refusal == NULL && (!tp_query_find(query, "transport", &value) ||
							!tp_slice_is((TpSlice){ value.data, value.length }, "websocket")))
		refusal = "{\"code\":0,\"message\":\"Transport unknown\"}";
	tp_buffer_clear(&value);
	/* A session of another transport, which does not exist here. */
	if (refusal == NULL && tp_query_find(query, "sid", &value))
		refusal = "{\"code\":1,\"message\":\"Session ID unknown\"}";
	tp_buffer_free(&value);
	return refusal;
}

void
tp_engineio_write_open(TpBuffer *out, const char *sid, int ping_ms, int timeout_ms, int most_bytes)
{
	tp_buffer_format(out, "0{\"sid\":\"%s\",\"upgrades\":[],\"pingInterval\":%d,\"pingTimeout\":%d,\"maxPayload\":%d}",
					 sid, ping_ms, timeout_ms, most_bytes);
}

void
tp_engineio_write_connected(TpBuffer *out, const char *sid)
{
	tp_buffer_format(out, "40{\"sid\":\"%s\"}", sid);
}

void
tp_engineio_write_refused(TpBuffer *out, TpSlice space, const char *code, const char *message)
{
	tp_buffer_add(out, "44", 2);
	if (!tp_slice_is(space, "/"))
	{
		tp_buffer_slice(out, space);
		tp_buffer_add(out, ",", 1);
	}
	tp_buffer_text(out, "{\"message\":");
	tp_buffer_json(out, tp_slice(message));
	tp_buffer_text(out, ",\"data\":{\"code\":");
	tp_buffer_json(out, tp_slice(code));
	tp_buffer_add(out, "}}", 2);
}

void
tp_engineio_write_event(TpBuffer *out, const char *name, TpSlice data, TpSlice tail)
{
	tp_buffer_text(out, "42[\"");
	tp_buffer_text(out, name);
	tp_buffer_add(out, "\",", 2);
	tp_buffer_slice(out, data);
	if (tail.length > 0)
	{
		tp_buffer_add(out, ",", 1);
		tp_buffer_slice(out, tail);
	}
	tp_buffer_add(out, "]", 1);
}

void
tp_engineio_write_ack(TpBuffer *out, TpSlice ack, TpSlice json)
{
	tp_buffer_add(out, "43", 2);
	tp_buffer_slice(out, ack);
	tp_buffer_add(out, "[", 1);
	tp_buffer_slice(out, json);
	tp_buffer_add(out, "]", 1);
}
