/*
 * fuzz_socket_message.c
 *	  libFuzzer: messages of /ws clients. What is taken lies within the message; a command
 *	  becomes a path, a query and a body that HTTP and the database would take.
 */
#include <assert.h>
#include <stdlib.h>

#include "json.h"
#include "query.h"
#include "socket_protocol.h"

static void
inside(TpSlice slice, const char *data, size_t size)
{
	if (slice.data != NULL && slice.length > 0)
		assert(slice.data >= data && slice.data + slice.length <= data + size);
}

static void
check_rest(const TpSocketRequest *request)
{
	TpBuffer path = { 0 };
	TpBuffer query = { 0 };
	TpBuffer body = { 0 };
	TpBuffer json = { 0 };
	TpBuffer problem = { 0 };
	TpSocketFault fault = { 0 };
	char outermost;
	size_t at;

	if (tp_socket_command_rest(request, &path, &query, &body, &fault))
	{
		for (size_t i = 0; i < path.length; i++)
			assert(path.data[i] > ' ' && path.data[i] < 0x7F && path.data[i] != '?' && path.data[i] != '#');
		for (size_t i = 0; i < query.length; i++)
			assert(query.data[i] > ' ' && query.data[i] < 0x7F && query.data[i] != '#');
		if (body.length > 0)
			assert(tp_json_check((TpSlice){ body.data, body.length }, &outermost, &at) == TP_JSON_FINE &&
				   outermost == '{');
		/* It may be refused, with a reason, but never be misread. */
		if (!tp_query_json((TpSlice){ query.data, query.length }, &json, &problem))
			assert(problem.length > 0);
	}
	else
		assert(fault.code != NULL && fault.detail[0] != '\0');
	tp_buffer_free(&path);
	tp_buffer_free(&query);
	tp_buffer_free(&body);
	tp_buffer_free(&json);
	tp_buffer_free(&problem);
}

static void
check_message(const char *data, size_t size)
{
	char *text = malloc(size == 0 ? 1 : size);
	TpSocketRequest request;
	TpSocketFault fault = { 0 };
	TpJsonCursor cursor = { 0 };
	TpBuffer name = { 0 };
	int channels = 0;

	memcpy(text, data, size);
	if (tp_socket_parse((TpSlice){ text, size }, &request, &fault))
	{
		inside(request.name, text, size);
		inside(request.token, text, size);
		inside(request.key, text, size);
		inside(request.data, text, size);
		inside(request.channels, text, size);
		assert(request.since >= 0 && request.part >= 0 && request.grace_s >= 0 && request.grace_s <= TP_SOCKET_GRACE);
		if (request.op == TP_OP_SUBSCRIBE || request.op == TP_OP_UNSUBSCRIBE)
		{
			while (tp_socket_next_channel(&request, &cursor, &name))
				channels++;
			assert(channels <= TP_SOCKET_CHANNELS);
		}
		if (request.op == TP_OP_COMMAND)
			check_rest(&request);
	}
	else
		assert(fault.code != NULL && fault.detail[0] != '\0');
	inside(request.id, text, size);
	tp_buffer_free(&name);
	free(text);
}

/* Beginnings that chance would take long to find; the input goes on from there. */
static const char *const beginnings[] = {
	"{\"op\":\"subscribe\",\"channels\":",
	"{\"event\":\"subscribe:market\",\"data\":",
	"{\"op\":\"session\",\"grace\":",
	"{\"op\":\"order.place\",\"data\":{",
	"{\"op\":\"orders.place\",\"data\":",
	"{\"op\":\"order.cancel\",\"data\":",
	"{\"op\":\"order.amend\",\"data\":{\"id\":",
	"{\"op\":\"orders.list\",\"data\":{",
	"{\"op\":\"auth\",\"token\":\"",
	"{\"op\":\"ping\",\"id\":",
};
static const char *const ends[] = { "", "}", "\"}", "]}", "}}", "\"}}" };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_message((const char *) data, size);
	if (size > 1)
	{
		const char *beginning = beginnings[data[0] % (sizeof(beginnings) / sizeof(beginnings[0]))];
		const char *end = ends[data[0] / 16 % (sizeof(ends) / sizeof(ends[0]))];
		TpBuffer text = { 0 };

		tp_buffer_text(&text, beginning);
		tp_buffer_add(&text, data + 1, size - 1);
		tp_buffer_text(&text, end);
		check_message(text.data, text.length);
		tp_buffer_free(&text);
	}
	return 0;
}
