/*
 * socket_engineio.c
 *	  What a Socket.IO client does with its WebSocket.
 *
 * Called by socket.c: engineio.c takes the packets apart, and what they ask is asked of
 * socket_commands.c as /ws asks it.  As clients of older systems expect, one who connects
 * with a token hears about his orders without subscribing.
 */
#include <sodium.h>

#include "engineio.h"
#include "settings.h"
#include "socket_session.h"

static TpBuffer scratch;

static void
send_scratch(TpSocket *socket)
{
	tp_socket_send(socket, (TpSlice){ scratch.data, scratch.length });
	tp_buffer_free(&scratch);
}

void
tp_socket_io_open(TpSocket *socket)
{
	unsigned char bytes[12];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2base64(socket->sid, sizeof(socket->sid), bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	tp_engineio_write_open(&scratch, socket->sid, socket->edge->settings->socket_ping_s * 1000,
						   (int) tp_socket_pong_ms(socket), TP_SOCKET_MESSAGE);
	send_scratch(socket);
}

/* The token of the connect packet, if there is one, else that of the handshake, which was checked. */
static TpAuthentication
take_token(TpSocket *socket, TpSlice auth, const char **code, const char **detail)
{
	TpBuffer token = { 0 };
	TpSlice value;
	TpAuthentication outcome;

	if (auth.length == 0 || !tp_json_find(auth, "token", &value) || tp_json_kind(value) == 'n')
		return TP_AUTH_FINE;
	if (!tp_json_text(value, &token))
	{
		*code = "token_malformed";
		*detail = "auth.token must be a string";
		return TP_AUTH_REFUSED;
	}
	/* Some clients put the header's value there. */
	value = (TpSlice){ token.data, token.length };
	if (value.length > 7 && strncasecmp(value.data, "Bearer ", 7) == 0)
		value = (TpSlice){ value.data + 7, value.length - 7 };
	outcome = tp_socket_authenticate(socket, value, code, detail);
	tp_buffer_free(&token);
	return outcome;
}

static void
connect_space(TpSocket *socket, const TpEngineioPacket *packet)
{
	const char *code = NULL;
	const char *detail = NULL;

	if (socket->connected && tp_slice_is(packet->space, "/"))
	{
		tp_socket_close(socket, LWS_CLOSE_STATUS_PROTOCOL_ERR, "connected twice");
		return;
	}
	if (!tp_slice_is(packet->space, "/"))
		tp_engineio_write_refused(&scratch, packet->space, "namespace_unknown", "Invalid namespace");
	else
	{
		switch (take_token(socket, packet->json, &code, &detail))
		{
			case TP_AUTH_LATER:
				return;
			case TP_AUTH_REFUSED:
				tp_engineio_write_refused(&scratch, packet->space, code, detail);
				break;
			case TP_AUTH_FINE:
				socket->connected = true;
				tp_engineio_write_connected(&scratch, socket->sid);
				break;
		}
	}
	send_scratch(socket);
	if (socket->connected && socket->identity.user != 0 && !socket->orders_heard)
		socket->orders_heard = tp_hub_subscribe(socket->subscriber, tp_slice("orders")) == NULL;
}

static void
take_event(TpSocket *socket, const TpEngineioPacket *packet)
{
	TpSocketRequest request;
	TpSocketFault fault;

	if (!socket->connected)
		tp_socket_close(socket, LWS_CLOSE_STATUS_PROTOCOL_ERR, "an event before the connect packet");
	else if (!tp_slice_is(packet->space, "/"))
		tp_socket_reply_error(socket, packet->ack, 404, "namespace_unknown", tp_slice("there is only the namespace /"));
	else if (tp_socket_parse_event(packet->json, &request, &fault))
		tp_socket_request(socket, &request, packet->ack);
	else
		tp_socket_reply_error(socket, packet->ack, 400, fault.code, tp_slice(fault.detail));
}

void
tp_socket_io_message(TpSocket *socket, TpSlice text)
{
	TpEngineioPacket packet;
	const char *fault = tp_engineio_parse(text, &packet);

	if (fault != NULL)
	{
		tp_socket_close(socket, LWS_CLOSE_STATUS_PROTOCOL_ERR, fault);
		return;
	}
	switch (packet.kind)
	{
		case TP_EIO_CLOSE:
		case TP_SIO_DISCONNECT:
			if (packet.kind == TP_EIO_CLOSE || tp_slice_is(packet.space, "/"))
				tp_socket_close(socket, LWS_CLOSE_STATUS_NORMAL, "");
			break;
		case TP_EIO_PING:
			/* Protocol 3 had it this way round; some clients still try. */
			tp_buffer_text(&scratch, "3");
			tp_buffer_slice(&scratch, packet.json.length <= 64 ? packet.json : (TpSlice){ NULL, 0 });
			send_scratch(socket);
			break;
		case TP_SIO_CONNECT:
			connect_space(socket, &packet);
			break;
		case TP_SIO_EVENT:
			take_event(socket, &packet);
			break;
		case TP_EIO_PONG:
		case TP_EIO_NOOP:
		case TP_SIO_ACK:
			break;
	}
}
