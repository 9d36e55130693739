/*
 * http_call.c
 *	  From a parsed request to a call, and from an answered call to its log line.
 *
 * Called by http_connection.c.
 */
#include <sodium.h>
#include <stdlib.h>

#include "http_connection.h"
#include "log.h"
#include "settings.h"

/* 128 random bits, as 32 hexadecimal digits; a generator seeded once is good enough to tell requests apart. */
static void
make_request_id(char *id)
{
	static const char digits[] = "0123456789abcdef";
	static unsigned char pool[1024];
	static size_t used = sizeof(pool);

	if (used == sizeof(pool))
	{
		randombytes_buf(pool, sizeof(pool));
		used = 0;
	}
	for (int i = 0; i < 16; i++)
	{
		id[2 * i] = digits[pool[used + (size_t) i] >> 4];
		id[2 * i + 1] = digits[pool[used + (size_t) i] & 15];
	}
	id[32] = '\0';
	used += 16;
}

/* The client's own, if it is short and plain: it goes into logs and headers. */
static void
choose_request_id(TpSlice given, char id[40])
{
	size_t fine = 0;

	while (fine < given.length && fine < 37 &&
		   ((given.data[fine] >= '0' && given.data[fine] <= '9') ||
			((given.data[fine] | 0x20) >= 'a' && (given.data[fine] | 0x20) <= 'z') || given.data[fine] == '-' ||
			given.data[fine] == '_' || given.data[fine] == '.'))
		fine++;
	if (given.length == 0 || given.length > 36 || fine < given.length)
	{
		make_request_id(id);
		return;
	}
	memcpy(id, given.data, given.length);
	id[given.length] = '\0';
}

/* The bytes of the request become the call's own, without a copy if nothing comes behind them. */
static char *
take_bytes(TpConnection *connection)
{
	TpBuffer *in = &connection->in;
	char *memory;

	if (in->length == connection->need)
	{
		memory = in->data;
		*in = (TpBuffer){ 0 };
		return memory;
	}
	memory = tp_slice_dup((TpSlice){ in->data, connection->need });
	memmove(in->data, in->data + connection->need, in->length - connection->need);
	in->length -= connection->need;
	return memory;
}

/* Where a slice of the old place is in the new one. */
static TpSlice
moved(TpSlice slice, const char *from, const char *to)
{
	if (slice.data != NULL && slice.data >= from)
		slice.data = to + (slice.data - from);
	return slice;
}

TpCall *
tp_connection_call(TpConnection *connection, TpCallSend send)
{
	TpEdge *edge = connection->http->edge;
	TpRequest request = connection->request;
	TpCall *call = tp_call_new(edge, send, connection);
	const char *from = connection->in.data;
	size_t length = connection->need;
	char *memory = take_bytes(connection);
	TpAddress client;

#define MOVED(slice) ((slice).data == NULL ? (slice) : moved(slice, from, memory))
	call->memory = memory;
	call->method = request.method;
	call->path = MOVED(request.path);
	call->query = MOVED(request.query);
	call->body = (TpSlice){ memory + request.head_length, length - request.head_length };
	call->content_type = MOVED(request.headers[TP_H_CONTENT_TYPE]);
	call->host = MOVED(request.headers[TP_H_HOST]);
	call->tenant_name = MOVED(request.headers[TP_H_X_TENANT]);
	call->signature = MOVED(request.headers[TP_H_SIGNATURE]);
	call->twilio_signature = MOVED(request.headers[TP_H_X_TWILIO_SIGNATURE]);
	if (tp_address_listed(&connection->peer, edge->settings->trusted_proxies))
	{
		call->forwarded_proto = MOVED(request.headers[TP_H_X_FORWARDED_PROTO]);
		call->forwarded_host = MOVED(request.headers[TP_H_X_FORWARDED_HOST]);
	}
	call->api_key = MOVED(request.headers[TP_H_X_API_KEY]);
	call->authorization = MOVED(request.headers[TP_H_AUTHORIZATION]);
	call->idempotency_key = MOVED(request.headers[TP_H_IDEMPOTENCY_KEY]);
	call->origin = MOVED(request.headers[TP_H_ORIGIN]);
	call->user_agent = MOVED(request.headers[TP_H_USER_AGENT]);
	call->if_none_match = MOVED(request.headers[TP_H_IF_NONE_MATCH]);
	call->respond_async = tp_list_has(MOVED(request.headers[TP_H_PREFER]), "respond-async");
	call->accepts_gzip = tp_list_has(MOVED(request.headers[TP_H_ACCEPT_ENCODING]), "gzip");
	call->encoded = request.headers[TP_H_CONTENT_ENCODING].length > 0 &&
					!tp_list_has(MOVED(request.headers[TP_H_CONTENT_ENCODING]), "identity");
	choose_request_id(MOVED(request.headers[TP_H_X_REQUEST_ID]), call->request_id);
	client = tp_address_client(connection->peer, MOVED(request.headers[TP_H_X_FORWARDED_FOR]),
							   edge->settings->trusted_proxies);
	tp_address_print(&client, call->ip);
#undef MOVED
	return call;
}

void
tp_connection_log(const TpCall *call, size_t bytes)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "other" };

	tp_log(call->status >= 500 ? TP_LOG_WARN : TP_LOG_INFO, "request", "method", methods[call->method], "route",
		   call->route == NULL ? "none" : call->route->path, "#status", (int64_t) call->status, "#us",
		   (int64_t) ((uv_hrtime() - call->started_ns) / 1000), "#bytes", (int64_t) bytes, "ip", call->ip, "#user",
		   call->caller.user, "request_id", call->request_id, NULL);
}
