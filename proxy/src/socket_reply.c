/*
 * socket_reply.c
 *	  Answers over a WebSocket, in the words of /ws or of Socket.IO.
 *
 * Called by socket_commands.c, which does not care which of the two a client speaks.  The
 * same members go into {"op":"ack",...} and into the object that a Socket.IO ack is called
 * with; there "ok" tells the two apart, as clients of older systems know it.
 */
#include "engineio.h"
#include "socket_session.h"

static TpBuffer scratch;
static TpBuffer inner;

static TpSlice
slice_of(const TpBuffer *buffer)
{
	return (TpSlice){ buffer->data, buffer->length };
}

/* Socket.IO: to the ack that was asked for; without one, an event that tells of errors alone. */
static void
reply_io(TpSocket *socket, TpSlice id, bool error)
{
	tp_buffer_clear(&scratch);
	if (id.data != NULL)
		tp_engineio_write_ack(&scratch, id, slice_of(&inner));
	else if (error)
		tp_engineio_write_event(&scratch, "error", slice_of(&inner), (TpSlice){ NULL, 0 });
	if (scratch.length > 0)
		tp_socket_send(socket, slice_of(&scratch));
}

static void
begin(TpSocket *socket, TpSlice id, const char *op)
{
	tp_buffer_clear(&inner);
	if (socket->socket_io)
	{
		tp_buffer_text(&inner, strcmp(op, "ack") == 0 ? "{\"ok\":true" : "{\"ok\":false");
		return;
	}
	tp_buffer_format(&inner, "{\"op\":\"%s\"", op);
	if (id.data != NULL)
	{
		tp_buffer_text(&inner, ",\"id\":");
		tp_buffer_slice(&inner, id);
	}
}

static void
end(TpSocket *socket, TpSlice id, bool error)
{
	tp_buffer_add(&inner, "}", 1);
	if (socket->socket_io)
		reply_io(socket, id, error);
	else
		tp_socket_send(socket, slice_of(&inner));
}

void
tp_socket_reply_ack(TpSocket *socket, TpSlice id, TpSlice fields)
{
	begin(socket, id, "ack");
	tp_buffer_slice(&inner, fields);
	end(socket, id, false);
}

void
tp_socket_reply_error(TpSocket *socket, TpSlice id, int status, const char *code, TpSlice detail)
{
	begin(socket, id, "error");
	tp_buffer_format(&inner, ",\"status\":%d,\"code\":\"%s\"", status, code);
	if (detail.length > 0)
	{
		tp_buffer_text(&inner, ",\"detail\":");
		tp_buffer_json(&inner, detail);
	}
	end(socket, id, true);
}

/* Digits behind a header's name. */
static TpSlice
header_number(const TpBuffer *headers, const char *name)
{
	size_t length = strlen(name);

	for (size_t at = 0; at + length < headers->length; at++)
	{
		if ((at == 0 || headers->data[at - 1] == '\n') && memcmp(headers->data + at, name, length) == 0)
		{
			size_t end = at + length;

			while (end < headers->length && headers->data[end] >= '0' && headers->data[end] <= '9')
				end++;
			return (TpSlice){ headers->data + at + length, end - at - length };
		}
	}
	return (TpSlice){ NULL, 0 };
}

/* What of problem+json is of use where there are no headers. */
static void
add_problem(const TpCall *call)
{
	static const char *const names[] = { "code", "detail", "hint" };
	TpSlice problem = slice_of(&call->answer);
	TpSlice wait = header_number(&call->headers, "Retry-After: ");
	TpSlice value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (!tp_json_find(problem, names[i], &value))
			continue;
		tp_buffer_format(&inner, ",\"%s\":", names[i]);
		tp_buffer_slice(&inner, value);
	}
	if (wait.length > 0)
	{
		tp_buffer_text(&inner, ",\"retryAfter\":");
		tp_buffer_slice(&inner, wait);
	}
}

void
tp_socket_reply_call(TpSocket *socket, TpSlice id, const TpCall *call)
{
	bool error = call->status >= 400;

	begin(socket, id, error ? "error" : "ack");
	tp_buffer_format(&inner, ",\"status\":%d", call->status);
	if (error)
		add_problem(call);
	else if (call->answer.length > 0)
	{
		tp_buffer_text(&inner, ",\"data\":");
		tp_buffer_slice(&inner, slice_of(&call->answer));
	}
	end(socket, id, error);
}

void
tp_socket_notice(TpSocket *socket, const char *name, TpSlice data)
{
	tp_buffer_clear(&scratch);
	if (socket->socket_io)
		tp_engineio_write_event(&scratch, name, data, (TpSlice){ NULL, 0 });
	else
	{
		tp_buffer_format(&scratch, "{\"event\":\"%s\",\"data\":", name);
		tp_buffer_slice(&scratch, data);
		tp_buffer_add(&scratch, "}", 1);
	}
	tp_socket_send(socket, slice_of(&scratch));
}

void
tp_socket_reply_free(void)
{
	tp_buffer_free(&scratch);
	tp_buffer_free(&inner);
}
