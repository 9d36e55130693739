/*
 * socket.c
 *	  The life of a WebSocket, from libwebsockets' callbacks.
 *
 * libwebsockets speaks frames; here they become messages and go to the protocol that the
 * client speaks.  One timer a worker looks once a second after pings, expired tokens and
 * sockets that do not close.  All on the loop's thread.
 */
#include "socket.h"

#include <stdlib.h>

#include "clock.h"
#include "gcra.h"
#include "metrics.h"
#include "rate_limits.h"
#include "revoked.h"
#include "settings.h"
#include "shared.h"
#include "socket_session.h"
#include "utf8.h"

#define TICK_MS 1000
#define PONG_MOST_MS 20000
#define CLOSE_MS 5000
#define HANDSHAKE_MS 45000
#define STALL_MS 30000
#define KEEP_BUFFER 4096
#define RATE_COUNT 1000 /* messages of a socket ... */
#define RATE_WINDOW_US INT64_C(10000000)
#define REFUSED_MOST 100

static void on_tick(uv_timer_t *timer);
static void on_look(uv_idle_t *idle);
static void on_change(void *context);
static void on_revoke(void *context, int64_t session, int64_t user);

TpSockets *
tp_sockets_open(TpEdge *edge)
{
	TpSockets *sockets = tp_alloc(sizeof(*sockets));

	sockets->edge = edge;
	sockets->tick = tp_alloc(sizeof(*sockets->tick));
	uv_timer_init(&edge->loop, sockets->tick);
	sockets->tick->data = sockets;
	uv_timer_start(sockets->tick, on_tick, TICK_MS, TICK_MS);
	sockets->look = tp_alloc(sizeof(*sockets->look));
	uv_idle_init(&edge->loop, sockets->look);
	sockets->look->data = sockets;
	tp_sessions_on_revoke(edge->sessions, on_revoke, sockets);
	tp_sessions_on_change(edge->sessions, on_change, sockets);
	tp_shared_forget_sockets(edge->shared, edge->worker);
	tp_cancel_open(sockets);
	return sockets;
}

static void
handle_closed(uv_handle_t *handle)
{
	free(handle);
}

void
tp_sockets_close(TpSockets *sockets)
{
	if (sockets == NULL)
		return;
	tp_sessions_on_revoke(sockets->edge->sessions, NULL, NULL);
	tp_sessions_on_change(sockets->edge->sessions, NULL, NULL);
	tp_cancel_forget(sockets);
	uv_close((uv_handle_t *) sockets->tick, handle_closed);
	uv_close((uv_handle_t *) sockets->look, handle_closed);
	tp_deflate_free();
	tp_socket_reply_free();
	sockets->edge->sockets = NULL;
	free(sockets);
}

size_t
tp_sockets_count(const TpSockets *sockets)
{
	return sockets->count;
}

size_t
tp_sockets_busy(const TpSockets *sockets)
{
	return sockets->count + sockets->cancel_count;
}

/* Life ------------------------------------------------------------------------ */

/* It was looked at before the handshake, but for a key; and a token may have expired since. */
void
tp_socket_begin(TpSocket *socket)
{
	const char *code;
	const char *detail;

	if (socket->upgrade->token[0] != '\0')
	{
		switch (tp_socket_authenticate(socket, tp_slice(socket->upgrade->token), &code, &detail))
		{
			case TP_AUTH_LATER:
				return;
			case TP_AUTH_REFUSED:
				tp_socket_close(socket, TP_CLOSE_REVOKED, "the token or key is not accepted, or not any more");
				break;
			case TP_AUTH_FINE:
				break;
		}
	}
	socket->begun = true;
}

static const TpSubscriberEvents hears = { .deliver = tp_socket_deliver, .ready = tp_socket_ready };

static int
established(struct lws *wsi, TpUpgrade *upgrade)
{
	TpSockets *sockets = upgrade->edge->sockets;
	TpSocket *socket = tp_alloc(sizeof(*socket));

	socket->home = sockets;
	socket->edge = upgrade->edge;
	socket->wsi = wsi;
	socket->upgrade = upgrade;
	socket->socket_io = upgrade->socket_io;
	socket->opened_ms = uv_now(&socket->edge->loop);
	socket->pinged_ms = socket->opened_ms;
	/* Answers 0 if the extension was agreed upon. */
	socket->deflates = lws_set_extension_option(wsi, "permessage-deflate", "rx_buf_size", "15") == 0;
	socket->next = sockets->first;
	if (sockets->first != NULL)
		sockets->first->previous = socket;
	sockets->first = socket;
	tp_gauge(TP_M_SOCKETS, (int64_t) ++sockets->count);
	tp_count(TP_M_SOCKETS_TOTAL, 1);
	upgrade->session = socket;
	socket->tenant = upgrade->tenant;
	socket->subscriber = tp_hub_join(socket->edge->hub, socket->tenant, &hears, socket);
	tp_socket_begin(socket);
	if (socket->socket_io)
		tp_socket_io_open(socket);
	return 0;
}

static void
gone(TpSocket *socket)
{
	TpSockets *sockets = socket->home;

	tp_hub_leave(socket->subscriber);
	tp_socket_forget_calls(socket);
	tp_socket_queue_drop(socket);
	tp_socket_disown(socket);
	if (socket->cancel_on_disconnect)
		tp_cancel_after(sockets, socket->identity.user, socket->grace_s);
	if (socket->previous != NULL)
		socket->previous->next = socket->next;
	else
		sockets->first = socket->next;
	if (socket->next != NULL)
		socket->next->previous = socket->previous;
	tp_gauge(TP_M_SOCKETS, (int64_t) --sockets->count);
	socket->upgrade->session = NULL;
	tp_buffer_free(&socket->in);
	tp_buffer_free(&socket->resume_ack);
	free(socket);
}

void
tp_socket_close(TpSocket *socket, int code, const char *reason)
{
	if (socket->state == TP_SOCKET_CLOSING)
		return;
	socket->state = TP_SOCKET_CLOSING;
	socket->close_code = code;
	socket->close_reason = reason;
	socket->closing_ms = uv_now(&socket->edge->loop);
	/* Who does not read gets no more to read. */
	if (code == TP_CLOSE_SLOW || code == TP_CLOSE_SILENT)
		tp_socket_queue_drop(socket);
	lws_callback_on_writable(socket->wsi);
}

void
tp_sockets_close_all(TpEdge *edge, int code)
{
	for (TpSocket *socket = edge->sockets->first; socket != NULL; socket = socket->next)
		tp_socket_close(socket, code, "the server shuts down: connect again");
}

static void
on_revoke(void *context, int64_t session, int64_t user)
{
	TpSockets *sockets = context;

	for (TpSocket *socket = sockets->first; socket != NULL; socket = socket->next)
	{
		if (socket->identity.user != 0 &&
			(session != 0 ? socket->identity.session == session : socket->identity.user == user))
			tp_socket_close(socket, TP_CLOSE_REVOKED, "the session was revoked");
	}
}

/* Time ------------------------------------------------------------------------ */

uint64_t
tp_socket_pong_ms(const TpSocket *socket)
{
	uint64_t ping_ms = (uint64_t) socket->edge->settings->socket_ping_s * 1000;

	return ping_ms < PONG_MOST_MS ? ping_ms : PONG_MOST_MS;
}

static void
look_after(TpSocket *socket, uint64_t now, int64_t wall_s)
{
	if (socket->state == TP_SOCKET_CLOSING)
	{
		/* Frees it later, from the loop. */
		if (now - socket->closing_ms > CLOSE_MS)
			lws_set_timeout(socket->wsi, PENDING_TIMEOUT_CLOSE_ACK, LWS_TO_KILL_ASYNC);
		return;
	}
	if (socket->out.count > 0 && now - socket->wrote_ms > STALL_MS)
	{
		tp_count(TP_M_SOCKETS_CULLED, 1);
		tp_socket_close(socket, TP_CLOSE_SLOW, "slow consumer: nothing was read for 30 s");
	}
	else if (socket->ping_open && now - socket->pinged_ms > tp_socket_pong_ms(socket))
		tp_socket_close(socket, TP_CLOSE_SILENT, "no answer to a ping");
	else if (!socket->ping_open && !socket->ping_due &&
			 now - socket->pinged_ms >= (uint64_t) socket->edge->settings->socket_ping_s * 1000)
	{
		socket->ping_due = true;
		lws_callback_on_writable(socket->wsi);
	}
	if (socket->socket_io && !socket->connected && now - socket->opened_ms > HANDSHAKE_MS)
		tp_socket_close(socket, TP_CLOSE_NO_HANDSHAKE, "no connect packet in time");
	if (socket->identity.user != 0 && !socket->expired && socket->identity.expires <= wall_s)
		tp_socket_token_expired(socket);
	tp_socket_tier_tick(socket, wall_s);
}

static void
on_tick(uv_timer_t *timer)
{
	TpSockets *sockets = timer->data;
	uint64_t now = uv_now(&sockets->edge->loop);
	int64_t wall_s = tp_wall_us() / 1000000;

	for (TpSocket *socket = sockets->first; socket != NULL; socket = socket->next)
		look_after(socket, now, wall_s);
	tp_cancel_tick(sockets);
}

/* Users are others than they were. */
static void
on_change(void *context)
{
	TpSockets *sockets = context;

	for (TpSocket *socket = sockets->first; socket != NULL; socket = socket->next)
		tp_socket_refresh(socket);
}

static void
on_look(uv_idle_t *idle)
{
	TpSockets *sockets = idle->data;

	uv_idle_stop(idle);
	/* Nobody is freed by it: that is libwebsockets' to do. */
	for (TpSocket *socket = sockets->first; socket != NULL; socket = socket->next)
	{
		if (socket->wants_look)
			tp_socket_look(socket);
	}
}

void
tp_sockets_look_soon(TpSockets *sockets)
{
	uv_idle_start(sockets->look, on_look);
}

/* Messages -------------------------------------------------------------------- */

static bool
is_utf8(TpSlice text)
{
	size_t at = 0;

	while (at < text.length)
	{
		size_t width = text.data[at] > 0 ? 1 : tp_utf8_width(text.data + at, text.length - at);

		if (width == 0)
			return false;
		at += width;
	}
	return true;
}

/* False: too many lately; it has been said. */
static bool
within_rate(TpSocket *socket)
{
	TpGcra outcome;

	if (!socket->edge->settings->rate_limit)
		return true;
	outcome = tp_gcra(socket->rate_tat, tp_wall_us(), RATE_COUNT, RATE_WINDOW_US);
	if (outcome.allowed)
	{
		socket->rate_tat = outcome.tat;
		socket->refused = 0;
		return true;
	}
	if (++socket->refused > REFUSED_MOST)
	{
		tp_suspicious(socket->edge, socket->upgrade->ip, socket->identity.user, "flood over a socket", 200);
		tp_socket_close(socket, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too many messages");
	}
	else
		tp_socket_reply_error(socket, (TpSlice){ NULL, 0 }, 429, "rate_limited",
							  tp_slice("more than 1000 messages in 10 s"));
	return false;
}

/* What came first is to be done first. */
static bool
must_wait(const TpSocket *socket)
{
	return !socket->begun || socket->held != NULL || tp_socket_waits(socket);
}

void
tp_socket_take(TpSocket *socket, TpSlice text, bool held)
{
	TpSocketRequest request;
	TpSocketFault fault;

	if (!held && must_wait(socket))
	{
		tp_socket_hold(socket, text, false);
		return;
	}
	if (socket->socket_io)
		tp_socket_io_message(socket, text);
	else if (tp_socket_parse(text, &request, &fault))
		tp_socket_request(socket, &request, request.id);
	else
		tp_socket_reply_error(socket, request.id, 400, fault.code, tp_slice(fault.detail));
	/* It brought a key: it is taken again when that is known, which may be so by now. */
	if (tp_socket_asked(socket))
		tp_socket_hold(socket, text, true);
}

static void
take_message(TpSocket *socket, TpSlice text)
{
	if (!is_utf8(text))
	{
		tp_socket_close(socket, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "the message is not UTF-8");
		return;
	}
	tp_count(TP_M_SOCKET_MESSAGES_IN, 1);
	if (within_rate(socket))
		tp_socket_take(socket, text, false);
}

static void
take_whole(TpSocket *socket)
{
	TpBuffer in = socket->in;
	TpSlice text = { in.data, in.length };

	/* Not the socket's while it is worked on. */
	socket->in = (TpBuffer){ 0 };
	switch (socket->in_deflated ? tp_inflate(text, TP_SOCKET_MESSAGE, &text) : TP_INFLATED)
	{
		case TP_INFLATED:
			take_message(socket, text);
			break;
		case TP_INFLATE_LONG:
			tp_socket_close(socket, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "a message may have 65536 bytes");
			break;
		case TP_INFLATE_BROKEN:
			tp_socket_close(socket, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "the message is wrongly compressed");
			break;
	}
	if (in.capacity <= KEEP_BUFFER && socket->in.data == NULL)
	{
		tp_buffer_clear(&in);
		socket->in = in;
	}
	else
		tp_buffer_free(&in);
}

static void
receive(TpSocket *socket, const void *data, size_t length)
{
	/* Any sign of life will do. */
	socket->ping_open = false;
	if (socket->state != TP_SOCKET_OPEN)
		return;
	if (lws_is_first_fragment(socket->wsi))
	{
		tp_buffer_clear(&socket->in);
		socket->in_deflated = (lws_get_reserved_bits(socket->wsi) & 0x40) != 0;
	}
	if (lws_frame_is_binary(socket->wsi))
		tp_socket_close(socket, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "only text messages are taken");
	else if (socket->in.length + length > TP_SOCKET_MESSAGE)
		tp_socket_close(socket, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "a message may have 65536 bytes");
	else
	{
		tp_buffer_add(&socket->in, data, length);
		if (lws_is_final_fragment(socket->wsi))
			take_whole(socket);
	}
}

int
tp_socket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	TpUpgrade *upgrade = tp_upgrade_of(wsi);
	TpSocket *socket = upgrade == NULL ? NULL : upgrade->session;

	(void) user;
	if (reason == LWS_CALLBACK_ESTABLISHED)
		return established(wsi, upgrade);
	if (socket == NULL)
		return 0;
	switch (reason)
	{
		case LWS_CALLBACK_SERVER_WRITEABLE:
			return tp_socket_writeable(socket);
		case LWS_CALLBACK_RECEIVE:
			receive(socket, in, length);
			break;
		case LWS_CALLBACK_RECEIVE_PONG:
			socket->ping_open = false;
			break;
		case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
			/* The answer to ours; else libwebsockets answers by itself, and nothing goes out any more. */
			if (socket->close_sent)
				return -1;
			tp_socket_close(socket, LWS_CLOSE_STATUS_NORMAL, "");
			tp_socket_queue_drop(socket);
			socket->close_sent = true;
			break;
		case LWS_CALLBACK_CLOSED:
		case LWS_CALLBACK_WSI_DESTROY:
			gone(socket);
			break;
		default:
			break;
	}
	return 0;
}
