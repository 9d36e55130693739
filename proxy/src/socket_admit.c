/*
 * socket_admit.c
 *	  Whether a connection may become a WebSocket.
 *
 * Called by upgrade.c before libwebsockets hears of it, so that a refusal is an HTTP
 * answer with a status and a reason, as REST gives it.
 */
#include <strings.h>

#include "cors.h"
#include "engineio.h"
#include "http_answer.h"
#include "call.h"
#include "rate_limits.h"
#include "settings.h"
#include "socket_session.h"

/* A page that this very proxy serves: scheme://host is the Host that was asked. */
static bool
same_origin(TpSlice origin, TpSlice host)
{
	const char *start = memmem(origin.data, origin.length, "://", 3);
	size_t length;

	if (start == NULL)
		return false;
	start += 3;
	length = origin.length - (size_t) (start - origin.data);
	return length == host.length && length > 0 && strncasecmp(start, host.data, length) == 0;
}

/* Programs send no origin; a browser always does, and cannot be made to lie. */
static bool
origin_allowed(const TpUpgrade *upgrade, TpSlice host)
{
	TpSlice origin = tp_slice(upgrade->origin);

	return origin.length == 0 || tp_cors_allows(upgrade->edge->settings->frontend_url, origin) ||
		   same_origin(origin, host);
}

static size_t
sockets_of(const TpSockets *sockets, const char *ip)
{
	size_t count = 0;

	for (const TpSocket *socket = sockets->first; socket != NULL; socket = socket->next)
		count += strcmp(socket->upgrade->ip, ip) == 0;
	return count;
}

static bool
refuse(TpBuffer *answer, int status, const char *code, const char *detail)
{
	tp_answer_refusal(status, code, detail, answer);
	return false;
}

static bool
refuse_engineio(TpBuffer *answer, const char *json)
{
	tp_buffer_format(answer,
					 "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
					 "Connection: close\r\n\r\n%s",
					 strlen(json), json);
	return false;
}

bool
tp_socket_admit(TpUpgrade *upgrade, TpSlice host, TpBuffer *answer)
{
	TpEdge *edge = upgrade->edge;
	const TpSettings *settings = edge->settings;
	const char *refusal;
	const char *code;
	const char *detail;
	int wait_s;

	if (edge->draining)
		return refuse(answer, 503, "shutting_down", "this proxy shuts down: connect again");
	if (tp_blocked(edge, upgrade->ip, &wait_s))
		return refuse(answer, 403, "address_blocked", "this address is blocked for a while");
	if (!origin_allowed(upgrade, host))
		return refuse(answer, 403, "origin_not_allowed", "pages of this origin may not connect: see FRONTEND_URL");
	if (edge->sockets->count >= (size_t) settings->connection_limit)
		return refuse(answer, 503, "too_many_connections", "this worker has as many WebSockets as it takes");
	if (settings->rate_limit && sockets_of(edge->sockets, upgrade->ip) >= (size_t) settings->sockets_per_address)
	{
		tp_suspicious(edge, upgrade->ip, 0, "too many WebSockets", 10);
		return refuse(answer, 429, "too_many_connections", "this address has as many WebSockets as one may have");
	}
	refusal = upgrade->socket_io ? tp_engineio_refusal(tp_slice(upgrade->query)) : NULL;
	if (refusal != NULL)
		return refuse_engineio(answer, refusal);
	code = tp_socket_may_be(upgrade, &detail);
	if (code != NULL)
	{
		const char *usual;
		int status = tp_socket_reason(code, &usual);

		return refuse(answer, status == 400 ? 401 : status, code, detail);
	}
	return true;
}

/* Without a handshake: Socket.IO's clients, which begin with polling, are told so in their own words. */
void
tp_socket_not_upgraded(TpCall *call)
{
	const char *refusal;

	if (call->path.length < 10 || memcmp(call->path.data, "/socket.io", 10) != 0)
	{
		tp_call_header(call, "Upgrade", "websocket");
		tp_call_problem(call, 426, "upgrade_required", "this address speaks WebSocket only", NULL);
		return;
	}
	refusal = tp_engineio_refusal(call->query);
	tp_call_answer_json(call, 400, tp_slice(refusal != NULL ? refusal : "{\"code\":3,\"message\":\"Bad request\"}"));
}
