/*
 * socket_queue.c
 *	  What waits to be sent over a WebSocket, and its sending.
 *
 * Called by the hub (tp_socket_deliver), by the other socket*.c files, and by
 * libwebsockets when the connection can take more: then what waits goes out in one write,
 * as it wants it.  Messages of the hub are shared: each is framed and compressed once for
 * all sockets of a kind.  Frames are made here: a server's are simple, and many of them
 * fit into one write.  A client that lets more wait than SOCKET_QUEUE is closed, so that one slow
 * reader costs the others nothing.
 */
#include <stdlib.h>

#include "engineio.h"
#include "metrics.h"
#include "settings.h"
#include "socket_session.h"

#define ENTRY_BYTES 64    /* what a waiting message costs besides its text */
#define DEFLATE_FROM 1024 /* bytes: below, it gains little */
#define FIRST_CAPACITY 8
#define TEXT_FRAME 0x81  /* the first byte of a final frame with opcode 1 */
#define CLOSE_FRAME 0x88 /* of one with opcode 8 */
#define COMPRESSED_BIT 0x40
#define HEAD_BYTES 10
#define WRITE_BYTES 32768 /* in one write, but for larger frames */
#define CLOSE_BYTES 125   /* of a control frame's payload, at most */

/* Places in TpMessage.wire. */
enum
{
	WIRE_WS,
	WIRE_IO,
	WIRE_WS_DEFLATED,
	WIRE_IO_DEFLATED
};

/* A whole frame: head and payload. */
static TpWire *
wire_make(TpSlice payload, bool deflated)
{
	TpWire *wire = tp_alloc(sizeof(*wire) + HEAD_BYTES + payload.length);
	unsigned char *at = wire->bytes;

	*at++ = TEXT_FRAME | (deflated ? COMPRESSED_BIT : 0);
	if (payload.length < 126)
		*at++ = (unsigned char) payload.length;
	else
	{
		int bytes = payload.length < 65536 ? 2 : 8;

		*at++ = bytes == 2 ? 126 : 127;
		while (bytes-- > 0)
			*at++ = (unsigned char) (payload.length >> (8 * bytes));
	}
	memcpy(at, payload.data, payload.length);
	wire->length = (size_t) (at - wire->bytes) + payload.length;
	return wire;
}

/* Compressed if that is worth it. */
static TpWire *
wire_make_for(bool deflates, TpSlice text)
{
	TpSlice small;

	if (deflates && text.length >= DEFLATE_FROM && tp_deflate(text, &small) && small.length < text.length)
		return wire_make(small, true);
	return wire_make(text, false);
}

/* emit(name, data, {seq, part, of}), or {push}: the last for clients that resume. */
static void
frame_for_socket_io(const TpMessage *message, TpBuffer *out)
{
	char tail[96];
	int length = 0;

	if (message->push > 0)
		length = snprintf(tail, sizeof(tail), "{\"push\":%lld}", (long long) message->push);
	else if (message->seq > 0)
		length = snprintf(tail, sizeof(tail), "{\"seq\":%lld,\"part\":%d,\"of\":%d}", (long long) message->seq,
						  message->part, message->of);
	tp_engineio_write_event(out, message->name, message->data, (TpSlice){ tail, (size_t) length });
}

/* The message as this socket gets it; made the first time that somebody needs it so. */
static TpWire *
message_wire(const TpSocket *socket, TpMessage *message)
{
	bool big = socket->deflates && message->json.length >= DEFLATE_FROM;
	int kind = (socket->socket_io ? WIRE_IO : WIRE_WS) + (big ? WIRE_WS_DEFLATED : 0);
	TpBuffer frame = { 0 };

	if (message->wire[kind] != NULL)
		return message->wire[kind];
	if (!socket->socket_io)
		message->wire[kind] = wire_make_for(big, message->json);
	else
	{
		frame_for_socket_io(message, &frame);
		message->wire[kind] = wire_make_for(big, (TpSlice){ frame.data, frame.length });
		tp_buffer_free(&frame);
	}
	return message->wire[kind];
}

static void
outgoing_drop(TpOutgoing *outgoing)
{
	if (outgoing->message != NULL)
		tp_message_release(outgoing->message);
	free(outgoing->wire);
}

static void
ring_grow(TpOutgoings *out)
{
	size_t capacity = out->capacity == 0 ? FIRST_CAPACITY : out->capacity * 2;
	TpOutgoing *ring = tp_alloc(capacity * sizeof(*ring));

	for (size_t i = 0; i < out->count; i++)
		ring[i] = out->ring[(out->first + i) & (out->capacity - 1)];
	free(out->ring);
	out->ring = ring;
	out->capacity = capacity;
	out->first = 0;
}

static void
ring_pop(TpOutgoings *out)
{
	TpOutgoing *first = &out->ring[out->first];

	out->bytes -= first->bytes;
	outgoing_drop(first);
	out->first = (out->first + 1) & (out->capacity - 1);
	if (--out->count == 0)
	{
		free(out->ring);
		*out = (TpOutgoings){ 0 };
	}
}

void
tp_socket_queue_drop(TpSocket *socket)
{
	while (socket->out.count > 0)
		ring_pop(&socket->out);
}

static void
push(TpSocket *socket, TpMessage *message, TpWire *wire, size_t bytes)
{
	TpOutgoings *out = &socket->out;

	/* One alone may be as large as it is: nothing would be gained by refusing it. */
	if (out->count > 0 && out->bytes + bytes > (size_t) socket->edge->settings->socket_queue)
	{
		free(wire);
		tp_count(TP_M_SOCKETS_CULLED, 1);
		tp_socket_close(socket, TP_CLOSE_SLOW, "slow consumer: messages came faster than they were read");
		return;
	}
	if (out->count == out->capacity)
		ring_grow(out);
	if (out->count == 0)
		socket->wrote_ms = uv_now(&socket->edge->loop);
	if (message != NULL)
		tp_message_hold(message);
	out->ring[(out->first + out->count) & (out->capacity - 1)] = (TpOutgoing){ message, wire, bytes };
	out->count++;
	out->bytes += bytes;
	if (out->count == 1)
		lws_callback_on_writable(socket->wsi);
}

void
tp_socket_send(TpSocket *socket, TpSlice text)
{
	TpWire *wire;

	/* At shutdown commands that are under way are still answered. */
	if (socket->state != TP_SOCKET_OPEN && (socket->close_sent || socket->close_code != LWS_CLOSE_STATUS_GOINGAWAY))
		return;
	wire = wire_make_for(socket->deflates, text);
	push(socket, NULL, wire, wire->length + ENTRY_BYTES);
}

void
tp_socket_deliver(void *context, TpMessage *message)
{
	TpSocket *socket = context;

	if (socket->state != TP_SOCKET_OPEN)
		return;
	/* A resume names its place within a seq; the hub goes by whole ones. */
	if (socket->resuming && message->part > 0 && message->seq == socket->skip_seq && message->part <= socket->skip_part)
		return;
	push(socket, message, NULL, message->json.length + ENTRY_BYTES);
}

bool
tp_socket_ready(void *context)
{
	const TpSocket *socket = context;

	return socket->out.bytes < (size_t) socket->edge->settings->socket_queue / 2;
}

/* With a byte: libwebsockets hands empty pongs to nobody. */
static int
write_ping(TpSocket *socket)
{
	unsigned char frame[LWS_PRE + 4] = { 0 };
	unsigned char *at = frame + LWS_PRE;

	socket->ping_due = false;
	socket->ping_open = true;
	socket->pinged_ms = uv_now(&socket->edge->loop);
	if (!socket->socket_io)
		return lws_write(socket->wsi, at, 1, LWS_WRITE_PING) < 0 ? -1 : 0;
	at[0] = TEXT_FRAME;
	at[1] = 1;
	at[2] = '2';
	return lws_write(socket->wsi, at, 3, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

static TpWire *
wire_of(const TpSocket *socket, size_t i)
{
	TpOutgoing *outgoing = &socket->out.ring[(socket->out.first + i) & (socket->out.capacity - 1)];

	return outgoing->message != NULL ? message_wire(socket, outgoing->message) : outgoing->wire;
}

/* The first that waits, and those behind it that fit into the same write. */
static int
write_waiting(TpSocket *socket)
{
	static unsigned char batch[WRITE_BYTES];
	TpWire *wire = wire_of(socket, 0);
	unsigned char *data = wire->bytes;
	size_t length = wire->length;
	size_t taken = 1;

	if (socket->out.count > 1 && length < sizeof(batch))
	{
		memcpy(batch, data, length);
		data = batch;
		while (taken < socket->out.count && length + (wire = wire_of(socket, taken))->length <= sizeof(batch))
		{
			memcpy(batch + length, wire->bytes, wire->length);
			length += wire->length;
			taken++;
		}
	}
	/* It keeps a copy of what the connection does not take at once. */
	if (lws_write(socket->wsi, data, length, LWS_WRITE_RAW) < 0)
		return -1;
	socket->wrote_ms = uv_now(&socket->edge->loop);
	tp_count(TP_M_SOCKET_MESSAGES_OUT, (int64_t) taken);
	tp_count(TP_M_SOCKET_BYTES_OUT, (int64_t) length);
	while (taken-- > 0)
		ring_pop(&socket->out);
	return 0;
}

/*
 * The way that libwebsockets has for this, lws_close_reason() and -1 from a callback, ends without a close frame where it
 * was built for debugging, as Debian's is: it closes twice there, to try that.
 */
static int
write_close(TpSocket *socket)
{
	unsigned char head[2 + CLOSE_BYTES];
	size_t length = strlen(socket->close_reason);

	if (length > CLOSE_BYTES - 2)
		length = CLOSE_BYTES - 2;
	head[0] = CLOSE_FRAME;
	head[1] = (unsigned char) (2 + length);
	head[2] = (unsigned char) (socket->close_code >> 8);
	head[3] = (unsigned char) socket->close_code;
	memcpy(head + 4, socket->close_reason, length);
	socket->close_sent = true;
	return lws_write(socket->wsi, head, 4 + length, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

/* The last thing to send. */
static bool
may_close(const TpSocket *socket)
{
	return socket->state == TP_SOCKET_CLOSING && !socket->close_sent &&
		   (socket->call_count == 0 || socket->close_code != LWS_CLOSE_STATUS_GOINGAWAY);
}

int
tp_socket_writeable(TpSocket *socket)
{
	bool was_ready = tp_socket_ready(socket);
	int verdict = 0;

	if (socket->ping_due && socket->state == TP_SOCKET_OPEN)
		verdict = write_ping(socket);
	else if (socket->out.count > 0)
		verdict = write_waiting(socket);
	else if (may_close(socket))
		verdict = write_close(socket);
	if (verdict == 0 &&
		(socket->out.count > 0 || socket->ping_due || (socket->state == TP_SOCKET_CLOSING && !socket->close_sent)))
		lws_callback_on_writable(socket->wsi);
	if (verdict == 0 && !was_ready && tp_socket_ready(socket) && socket->subscriber != NULL)
		tp_hub_ready(socket->subscriber);
	return verdict;
}
