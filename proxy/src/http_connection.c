/*
 * http_connection.c
 *	  One connection: bytes to requests, answers to bytes.
 *
 * Called by the loop, and by calls that answer.  One request at a time; what the client
 * sends before the answer waits in the buffer, up to a limit.  Reads and writes go to the
 * descriptor directly: one read, one write per request and no change of what epoll
 * watches.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "http_answer.h"
#include "http_connection.h"
#include "log.h"
#include "metrics.h"
#include "route.h"
#include "settings.h"
#include "upgrade.h"

#define READ_AT_ONCE 65536
#define READ_AHEAD 65536     /* while a call is under way */
#define KEEP_BUFFER 4096     /* memory that an idle connection may hold */
#define LINGER_BYTES 4194304 /* read and thrown away after a refusal, so that it arrives */

static char read_buffer[READ_AT_ONCE];

static void advance(TpConnection *connection);
static void on_poll(uv_poll_t *poll, int status, int events);

static void
watch(TpConnection *connection, int events)
{
	if (connection->polled == events)
		return;
	connection->polled = events;
	if (events == 0)
		uv_poll_stop(&connection->poll);
	else
		uv_poll_start(&connection->poll, events, on_poll);
}

static void
on_closed(uv_handle_t *handle)
{
	TpConnection *connection = handle->data;

	tp_buffer_free(&connection->in);
	tp_buffer_free(&connection->out);
	free(connection);
}

/* The descriptor is closed too, unless somebody else has it now. */
static void
leave(TpConnection *connection, bool close_descriptor)
{
	if (connection->state == TP_CONN_CLOSED)
		return;
	connection->state = TP_CONN_CLOSED;
	tp_connection_queue(connection, TP_Q_NONE);
	if (connection->call != NULL)
		tp_call_abandon(connection->call);
	connection->call = NULL;
	connection->http->connections--;
	uv_close((uv_handle_t *) &connection->poll, on_closed);
	if (close_descriptor)
		close(connection->descriptor);
}

void
tp_connection_close(TpConnection *connection)
{
	leave(connection, true);
}

/* Closing with bytes unread would throw our answer away on its way. */
static void
linger(TpConnection *connection)
{
	shutdown(connection->descriptor, SHUT_WR);
	connection->state = TP_CONN_LINGERING;
	connection->written = 0;
	tp_connection_queue(connection, TP_Q_LINGERING);
	watch(connection, UV_READABLE);
}

/* The answer is out. */
static void
finished(TpConnection *connection)
{
	tp_buffer_clear(&connection->out);
	connection->written = 0;
	if (connection->linger)
	{
		linger(connection);
		return;
	}
	if (!connection->keep_alive)
	{
		tp_connection_close(connection);
		return;
	}
	connection->state = TP_CONN_READING;
	tp_connection_queue(connection, TP_Q_IDLE);
	watch(connection, UV_READABLE);
	if (!connection->advancing)
		advance(connection);
}

static void
write_more(TpConnection *connection)
{
	while (connection->written < connection->out.length)
	{
		ssize_t sent = send(connection->descriptor, connection->out.data + connection->written,
							connection->out.length - connection->written, MSG_NOSIGNAL);

		if (sent >= 0)
			connection->written += (size_t) sent;
		else if (errno == EAGAIN)
		{
			/* Slow, but moving: its time begins anew. */
			tp_connection_queue(connection, TP_Q_WRITING);
			return;
		}
		else if (errno != EINTR)
		{
			tp_connection_close(connection);
			return;
		}
	}
	tp_buffer_free(&connection->out);
	finished(connection);
}

/* Head and body in one write; what the socket does not take waits. */
static void
write_answer(TpConnection *connection, TpSlice head, TpSlice body)
{
	struct iovec parts[2] = { { (void *) (uintptr_t) head.data, head.length },
							  { (void *) (uintptr_t) body.data, body.length } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = body.length > 0 ? 2 : 1 };
	ssize_t sent;
	size_t done;

	do
		sent = sendmsg(connection->descriptor, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN)
	{
		tp_connection_close(connection);
		return;
	}
	done = sent < 0 ? 0 : (size_t) sent;
	if (done == head.length + body.length)
	{
		finished(connection);
		return;
	}
	connection->state = TP_CONN_WRITING;
	if (done < head.length)
		tp_buffer_add(&connection->out, head.data + done, head.length - done);
	done = done < head.length ? 0 : done - head.length;
	tp_buffer_add(&connection->out, body.data + done, body.length - done);
	tp_connection_queue(connection, TP_Q_WRITING);
	watch(connection, UV_WRITABLE);
}

static void
send_answer(TpCall *call)
{
	TpConnection *connection = call->transport;
	TpHttp *http = connection->http;
	TpSlice body = { NULL, 0 };

	connection->call = NULL;
	connection->keep_alive = connection->keep_alive && !connection->ended && !http->draining;
	tp_buffer_clear(&http->head);
	tp_answer_head(call, connection->keep_alive, &http->head);
	if (tp_answer_has_body(call))
		body = (TpSlice){ call->answer.data, call->answer.length };
	if (http->edge->settings->access_log || call->status >= 500)
		tp_connection_log(call, body.length);
	write_answer(connection, (TpSlice){ http->head.data, http->head.length }, body);
}

/* A request that does not become a call. */
static void
refuse(TpConnection *connection, int status, const char *code, const char *detail)
{
	TpHttp *http = connection->http;

	connection->keep_alive = false;
	connection->linger = true;
	tp_metrics_request(NULL, status, 0);
	if (http->edge->settings->access_log)
	{
		char ip[TP_ADDRESS_TEXT];

		tp_address_print(&connection->peer, ip);
		tp_log(TP_LOG_INFO, "request refused", "#status", (int64_t) status, "code", code, "peer", ip, NULL);
	}
	tp_buffer_clear(&http->head);
	tp_answer_refusal(status, code, detail, &http->head);
	write_answer(connection, (TpSlice){ http->head.data, http->head.length }, (TpSlice){ NULL, 0 });
}

void
tp_connection_time_out(TpConnection *connection)
{
	tp_count(TP_M_CONNECTIONS_TIMED_OUT, 1);
	if (connection->queue == TP_Q_REQUEST && connection->in.length > 0)
		refuse(connection, 408, "request_timeout", "the request did not come whole within REQUEST_TIMEOUT");
	else
		tp_connection_close(connection);
}

/* The head is complete: may its body come? */
static bool
admit(TpConnection *connection)
{
	const TpRequest *request = &connection->request;

	if (request->body_length > (uint64_t) connection->http->edge->settings->body_limit)
	{
		char detail[96];

		snprintf(detail, sizeof(detail), "the body is longer than BODY_LIMIT, %d bytes",
				 connection->http->edge->settings->body_limit);
		refuse(connection, 413, "body_too_large", detail);
		return false;
	}
	connection->need = request->head_length + (size_t) request->body_length;
	if (request->headers[TP_H_EXPECT].data != NULL && connection->in.length < connection->need)
	{
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

		/* so few bytes fit, or the client does not read and will time out */
		(void) send(connection->descriptor, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL);
	}
	return true;
}

/* A WebSocket's handshake: libwebsockets takes the descriptor, and this connection is gone; or it is refused. */
static void
hand_over(TpConnection *connection)
{
	TpHttp *http = connection->http;
	const char *why = tp_upgrade_fault(&connection->request);
	TpUpgrade *upgrade;
	TpBuffer in;

	if (why != NULL)
	{
		refuse(connection, 400, "malformed_handshake", why);
		return;
	}
	tp_buffer_clear(&http->head);
	upgrade = tp_upgrade_prepare(http->edge, &connection->request, &connection->peer, &http->head);
	if (upgrade == NULL)
	{
		connection->keep_alive = false;
		connection->linger = true;
		write_answer(connection, (TpSlice){ http->head.data, http->head.length }, (TpSlice){ NULL, 0 });
		return;
	}
	in = connection->in;
	connection->in = (TpBuffer){ 0 };
	leave(connection, false);
	tp_upgrade_take(upgrade, connection->descriptor, &connection->request, (TpSlice){ in.data, in.length });
	tp_buffer_free(&in);
}

/* One whole request; false: it is not there yet. */
static bool
take_request(TpConnection *connection)
{
	TpSlice bytes = { connection->in.data, connection->in.length };
	TpHttpFault fault;

	if (connection->need == 0 || bytes.length >= connection->need)
	{
		/* Parsed again when the body has come: the buffer may have moved. */
		switch (tp_request_parse(bytes, &connection->scanned, &connection->request, &fault))
		{
			case TP_HTTP_MORE:
				return false;
			case TP_HTTP_REFUSED:
				refuse(connection, fault.status, fault.code, fault.detail);
				return false;
			case TP_HTTP_DONE:
				break;
		}
		if (connection->need == 0 && !admit(connection))
			return false;
	}
	return bytes.length >= connection->need;
}

static void
advance(TpConnection *connection)
{
	connection->advancing = true;
	while (connection->state == TP_CONN_READING && connection->in.length > 0)
	{
		if (connection->queue != TP_Q_REQUEST)
			tp_connection_queue(connection, TP_Q_REQUEST);
		if (!take_request(connection))
			break;
		connection->keep_alive = connection->request.keep_alive;
		if (tp_upgrade_wanted(&connection->request))
		{
			hand_over(connection);
			break;
		}
		connection->call = tp_connection_call(connection, send_answer);
		connection->need = 0;
		connection->scanned = 0;
		connection->state = TP_CONN_CALLING;
		tp_connection_queue(connection, TP_Q_CALLING);
		tp_route_call(connection->call);
	}
	if (connection->state == TP_CONN_READING && connection->in.length == 0 && connection->in.capacity > KEEP_BUFFER)
		tp_buffer_free(&connection->in);
	connection->advancing = false;
}

static void
on_end(TpConnection *connection)
{
	if (connection->state != TP_CONN_CALLING)
	{
		tp_connection_close(connection);
		return;
	}
	/* It may have shut its side only, and still want the answer. */
	connection->ended = true;
	watch(connection, 0);
}

static void
read_more(TpConnection *connection)
{
	ssize_t got = recv(connection->descriptor, read_buffer, sizeof(read_buffer), 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0)
	{
		tp_connection_close(connection);
		return;
	}
	if (got == 0)
	{
		on_end(connection);
		return;
	}
	if (connection->state == TP_CONN_LINGERING)
	{
		connection->written += (size_t) got;
		if (connection->written > LINGER_BYTES)
			tp_connection_close(connection);
		return;
	}
	tp_buffer_add(&connection->in, read_buffer, (size_t) got);
	if (connection->state == TP_CONN_READING)
		advance(connection);
	else if (connection->in.length > READ_AHEAD)
		watch(connection, 0);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	TpConnection *connection = poll->data;

	if (status < 0)
	{
		tp_connection_close(connection);
		return;
	}
	if ((events & UV_WRITABLE) != 0 && connection->state == TP_CONN_WRITING)
		write_more(connection);
	else if ((events & UV_READABLE) != 0 && connection->state != TP_CONN_CLOSED)
		read_more(connection);
}

void
tp_connection_open(TpHttp *http, int descriptor, const TpAddress *peer)
{
	TpConnection *connection = tp_alloc(sizeof(*connection));

	connection->http = http;
	connection->descriptor = descriptor;
	connection->peer = *peer;
	if (uv_poll_init(&http->edge->loop, &connection->poll, descriptor) != 0)
	{
		close(descriptor);
		free(connection);
		return;
	}
	connection->poll.data = connection;
	http->connections++;
	tp_count(TP_M_CONNECTIONS_TOTAL, 1);
	tp_connection_queue(connection, TP_Q_REQUEST);
	watch(connection, UV_READABLE);
	/* Clients talk first: mostly the request is here already. */
	read_more(connection);
}
