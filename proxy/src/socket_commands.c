/*
 * socket_commands.c
 *	  What a client asks over its WebSocket, done.
 *
 * Called by socket.c and socket_engineio.c with requests that are well-formed.  Channels
 * are the hub's; commands become calls and go the way of route.c, so that limits, tiers,
 * idempotency and checks are those of REST.  A socket that goes away abandons its calls.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "revoked.h"
#include "route.h"
#include "socket_session.h"
#include "stream.h"
#include "token.h"

#define CALLS_MOST 64 /* commands of a socket that wait for their answer */

static const struct
{
	const char *code;
	int status;
	const char *detail;
} reasons[] = {
	{ "unknown_channel", 404, "there is no such channel" },
	{ "unknown_symbol", 404, "there is no such instrument" },
	{ "authentication_required", 401, "this channel is for the user that it is about: authenticate first" },
	{ "too_many_channels", 400, "this connection has as many channels as one may have" },
	{ "since_too_old", 410, "the events since then are not kept any more: read the state anew; new events come" },
	{ "since_unknown", 410, "there has been no such event here: read the state anew; new events come" },
	{ "unavailable", 503, "missed events cannot be read now: try again; new events come" },
	{ "token_malformed", 401, "this is no access token" },
	{ "token_invalid", 401, "the access token is not one of ours" },
	{ "token_expired", 401, "the access token has expired: authenticate with a new one" },
	{ "token_not_yet_valid", 401, "the access token is not valid yet" },
	{ "token_missing", 401, "this needs a user: authenticate first" },
	{ "session_revoked", 401, "the session has ended" },
	{ "user_differs", 409, "this connection is another user's: open one for this user" },
	{ "tenant_unknown", 404, "there is no tenant of this name" },
	{ "limit_reached", 403, "the tier does not include more WebSockets at a time" },
	{ "tier_required", 403, "the tier does not include this" },
	{ "address_not_allowed", 403, "the API key may not be used from this address" },
	{ "database_unavailable", 503, "the database cannot be reached now: try again" },
	{ "database_timeout", 503, "the database did not answer in time: try again" },
	{ "outcome_unknown", 503, "the database did not answer: try again" },
	{ "api_key_invalid", 401, "there is no such API key, or it has ended" },
	{ "tenant_mismatch", 403, "the token or key is another tenant's than this connection is for" },
	{ "scope_missing", 403, "the API key is not for this" },
	{ "since_mixed", 400,
	  "since is a seq for market channels and orders, and a push number for signals, notifications and account: "
	  "subscribe to them in two messages" },
};

int
tp_socket_reason(const char *code, const char **detail)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
	{
		if (strcmp(reasons[i].code, code) == 0)
		{
			*detail = reasons[i].detail;
			return reasons[i].status;
		}
	}
	*detail = "";
	return 400;
}

static void
reply_reason(TpSocket *socket, TpSlice id, const char *code)
{
	const char *detail;
	int status = tp_socket_reason(code, &detail);

	tp_socket_reply_error(socket, id, status, code, tp_slice(detail));
}

/* Users ----------------------------------------------------------------------- */

static void
authenticate(TpSocket *socket, const TpSocketRequest *request, TpSlice id)
{
	TpBuffer text = { 0 };
	const char *code;
	const char *detail;

	(void) tp_json_text(request->token, &text);
	switch (tp_socket_authenticate(socket, (TpSlice){ text.data, text.length }, &code, &detail))
	{
		case TP_AUTH_LATER:
			break;
		case TP_AUTH_REFUSED:
		{
			const char *usual;

			tp_socket_reply_error(socket, id, tp_socket_reason(code, &usual), code, tp_slice(detail));
			break;
		}
		case TP_AUTH_FINE:
			tp_buffer_clear(&text);
			tp_buffer_format(&text, ",\"user\":%lld,\"account\":%lld,\"tier\":\"%s\"",
							 (long long) socket->identity.user, (long long) socket->identity.account,
							 tp_tier_names[socket->identity.tier]);
			if (socket->key == NULL)
			{
				tp_buffer_text(&text, ",\"expires\":");
				tp_buffer_json_time(&text, socket->identity.expires * 1000000);
			}
			tp_socket_reply_ack(socket, id, (TpSlice){ text.data, text.length });
			break;
	}
	tp_buffer_free(&text);
}

/* NULL, or why the socket may not act for a user now. */
const char *
tp_socket_user_fault(const TpSocket *socket)
{
	if (socket->identity.user == 0)
		return "token_missing";
	if (socket->expired || socket->identity.expires <= tp_wall_us() / 1000000)
		return "token_expired";
	return NULL;
}

/* Channels -------------------------------------------------------------------- */

static void
add_channel(TpBuffer *list, TpSlice name, const char *code)
{
	if (list->length > 0)
		tp_buffer_add(list, ",", 1);
	if (code != NULL)
		tp_buffer_text(list, "{\"channel\":");
	tp_buffer_json(list, name);
	if (code != NULL)
		tp_buffer_format(list, ",\"code\":\"%s\"}", code);
}

/* Does them one by one: what worked and what did not, as lists; the first fault. */
static const char *
do_channels(TpSocket *socket, const TpSocketRequest *request, TpBuffer *done, TpBuffer *failed)
{
	TpJsonCursor cursor = { NULL, 0, 0 };
	TpBuffer name = { 0 };
	const char *first = NULL;

	while (tp_socket_next_channel(request, &cursor, &name))
	{
		TpSlice channel = { name.data, name.length };
		const char *code = request->op == TP_OP_SUBSCRIBE ? tp_hub_subscribe(socket->subscriber, channel)
														  : tp_hub_unsubscribe(socket->subscriber, channel);

		add_channel(code == NULL ? done : failed, channel, code);
		if (first == NULL)
			first = code;
	}
	tp_buffer_free(&name);
	return first;
}

/* Clients of older systems hear about their orders once they listen to any market. */
static void
hear_orders_too(TpSocket *socket, const TpSocketRequest *request)
{
	if (request->market && request->op == TP_OP_SUBSCRIBE && !socket->orders_heard &&
		tp_socket_user_fault(socket) == NULL)
		socket->orders_heard = tp_hub_subscribe(socket->subscriber, tp_slice("orders")) == NULL;
}

static void
resume_ended(TpSocket *socket, const char *code, const char *what, int64_t number)
{
	TpBuffer ack = socket->resume_ack;
	size_t id_length = strlen(ack.data);
	TpSlice id = { id_length == 0 ? NULL : ack.data, id_length };

	socket->resume_ack = (TpBuffer){ 0 };
	socket->resuming = false;
	if (code != NULL)
		reply_reason(socket, id, code);
	else
	{
		tp_buffer_format(&ack, ",\"resumed\":true,\"%s\":%lld", what, (long long) number);
		id.data = id_length == 0 ? NULL : ack.data; /* it may have moved */
		tp_socket_reply_ack(socket, id, (TpSlice){ ack.data + id_length + 1, ack.length - id_length - 1 });
	}
	tp_buffer_free(&ack);
}

static void
resumed(void *context, const char *code, int64_t seq)
{
	resume_ended(context, code, "seq", seq);
}

static void
pushes_resumed(void *context, const char *code, int64_t number)
{
	resume_ended(context, code, "push", number);
}

static void
resume(TpSocket *socket, const TpSocketRequest *request, TpSlice id, TpSlice fields, bool pushes)
{
	int64_t since = request->since;

	socket->resuming = true;
	socket->skip_seq = pushes ? 0 : since;
	socket->skip_part = request->part;
	tp_buffer_slice(&socket->resume_ack, id);
	tp_buffer_add(&socket->resume_ack, "", 1);
	tp_buffer_slice(&socket->resume_ack, fields);
	/* Within a seq: all of it comes again, and deliver() drops what is known. */
	if (request->part > 0 && since > 0)
		since--;
	if (pushes)
		tp_hub_resume_pushes(socket->subscriber, request->since, pushes_resumed);
	else
		tp_hub_resume(socket->subscriber, since, resumed);
}

/* Which sorts of channels a request names: their numbers are not the same. */
static void
sorts_of(const TpSocketRequest *request, bool *events, bool *pushes)
{
	TpJsonCursor cursor = { NULL, 0, 0 };
	TpBuffer name = { 0 };

	*events = *pushes = false;
	while (tp_socket_next_channel(request, &cursor, &name))
		*(tp_push_channel((TpSlice){ name.data, name.length }) != 0 ? pushes : events) = true;
	tp_buffer_free(&name);
}

static void
change_channels(TpSocket *socket, const TpSocketRequest *request, TpSlice id)
{
	TpBuffer done = { 0 };
	TpBuffer failed = { 0 };
	TpBuffer fields = { 0 };
	const char *fault;
	bool events;
	bool pushes;

	sorts_of(request, &events, &pushes);
	if (request->resumes && events && pushes)
	{
		reply_reason(socket, id, "since_mixed");
		return;
	}
	if (request->resumes && socket->resuming)
	{
		tp_socket_reply_error(socket, id, 409, "resume_under_way", tp_slice("this connection is resuming already"));
		return;
	}
	fault = do_channels(socket, request, &done, &failed);
	hear_orders_too(socket, request);
	if (done.length == 0 && fault != NULL)
		reply_reason(socket, id, fault);
	else
	{
		if (request->plain && !socket->socket_io)
		{
			tp_buffer_text(&fields, ",\"event\":\"");
			tp_buffer_slice(&fields, request->name);
			tp_buffer_text(&fields, "\"");
		}
		tp_buffer_text(&fields, ",\"channels\":[");
		tp_buffer_slice(&fields, (TpSlice){ done.data, done.length });
		tp_buffer_text(&fields, "]");
		if (failed.length > 0)
		{
			tp_buffer_text(&fields, ",\"failed\":[");
			tp_buffer_slice(&fields, (TpSlice){ failed.data, failed.length });
			tp_buffer_text(&fields, "]");
		}
		if (request->resumes && request->op == TP_OP_SUBSCRIBE)
			resume(socket, request, id, (TpSlice){ fields.data, fields.length }, pushes);
		else
		{
			/* From here a client that has not heard anything yet can resume too. */
			if (events || !pushes)
				tp_buffer_format(&fields, ",\"seq\":%lld", (long long) tp_stream_seq(socket->edge->stream));
			if (pushes && tp_pushes_live(socket->edge->pushes))
				tp_buffer_format(&fields, ",\"push\":%lld", (long long) tp_pushes_number(socket->edge->pushes));
			tp_socket_reply_ack(socket, id, (TpSlice){ fields.data, fields.length });
		}
	}
	tp_buffer_free(&done);
	tp_buffer_free(&failed);
	tp_buffer_free(&fields);
}

/* Options --------------------------------------------------------------------- */

static void
set_options(TpSocket *socket, const TpSocketRequest *request, TpSlice id)
{
	const char *fault = tp_socket_user_fault(socket);
	char fields[96];

	if (fault == NULL && (socket->identity.scopes & TP_SCOPE_TRADE) == 0)
		fault = "scope_missing";
	if (fault != NULL)
	{
		reply_reason(socket, id, fault);
		return;
	}
	if (request->cancel_on_disconnect >= 0)
	{
		socket->cancel_on_disconnect = request->cancel_on_disconnect == 1;
		socket->grace_s = (int) request->grace_s;
		if (socket->cancel_on_disconnect)
			tp_cancel_not(socket->home, socket->identity.user);
	}
	snprintf(fields, sizeof(fields), ",\"cancelOnDisconnect\":%s,\"grace\":%d",
			 socket->cancel_on_disconnect ? "true" : "false", socket->grace_s);
	tp_socket_reply_ack(socket, id, tp_slice(fields));
}

static void
pong(TpSocket *socket, TpSlice id)
{
	TpBuffer fields = { 0 };

	tp_buffer_text(&fields, ",\"pong\":true,\"time\":");
	tp_buffer_json_time(&fields, tp_wall_us());
	tp_socket_reply_ack(socket, id, (TpSlice){ fields.data, fields.length });
	tp_buffer_free(&fields);
}

/* Commands -------------------------------------------------------------------- */

static const TpMethod methods[TP_COMMAND_COUNT] = {
	[TP_COMMAND_PLACE] = TP_POST,  [TP_COMMAND_BATCH] = TP_POST,        [TP_COMMAND_CANCEL] = TP_DELETE,
	[TP_COMMAND_AMEND] = TP_PATCH, [TP_COMMAND_CANCEL_ALL] = TP_DELETE, [TP_COMMAND_ORDER] = TP_GET,
	[TP_COMMAND_ORDERS] = TP_GET,  [TP_COMMAND_SUMMARY] = TP_GET,
};

static void
call_remove(TpSocketCall *wanted)
{
	for (TpSocketCall **at = &wanted->socket->calls; *at != NULL; at = &(*at)->next)
	{
		if (*at == wanted)
		{
			*at = wanted->next;
			wanted->socket->call_count--;
			break;
		}
	}
	free(wanted->id);
	free(wanted);
}

static void
answered(TpCall *call)
{
	TpSocketCall *ours = call->transport;
	TpSocket *socket = ours->socket;

	tp_socket_reply_call(socket, tp_slice(ours->id), call);
	call_remove(ours);
	/* Shutdown may have waited for it. */
	if (socket->state == TP_SOCKET_CLOSING)
		lws_callback_on_writable(socket->wsi);
}

void
tp_socket_forget_calls(TpSocket *socket)
{
	while (socket->calls != NULL)
	{
		tp_call_abandon(socket->calls->call);
		call_remove(socket->calls);
	}
}

/* One block of memory for all texts of a call, which goes with it. */
static TpSlice
keep(char **memory, const TpBuffer *text)
{
	TpSlice kept = { *memory, text->length };

	if (text->length > 0)
		memcpy(*memory, text->data, text->length);
	*memory += text->length;
	return kept;
}

static void
start_call(TpSocket *socket, const TpSocketRequest *request, TpSlice id, const TpBuffer parts[4])
{
	TpSocketCall *ours = tp_alloc(sizeof(*ours));
	TpCall *call = tp_call_new(socket->edge, answered, ours);
	char *memory = tp_alloc(parts[0].length + parts[1].length + parts[2].length + parts[3].length + 1);

	ours->socket = socket;
	ours->call = call;
	ours->id = id.data == NULL ? NULL : tp_slice_dup(id);
	ours->next = socket->calls;
	socket->calls = ours;
	socket->call_count++;
	call->memory = memory;
	call->method = methods[request->command];
	call->from_socket = true;
	call->tenant = socket->tenant;
	call->caller = socket->identity;
	tp_session_refresh(socket->edge->sessions, &call->caller);
	call->path = keep(&memory, &parts[0]);
	call->query = keep(&memory, &parts[1]);
	call->body = keep(&memory, &parts[2]);
	if (parts[3].length > 0)
		call->idempotency_key = keep(&memory, &parts[3]);
	memcpy(call->ip, socket->upgrade->ip, sizeof(call->ip));
	call->user_agent = tp_slice(socket->upgrade->user_agent);
	tp_route_call(call);
}

static void
command(TpSocket *socket, const TpSocketRequest *request, TpSlice id)
{
	TpBuffer parts[4] = { 0 }; /* path, query, body, key */
	const char *fault = tp_socket_user_fault(socket);
	TpSocketFault wrong;

	if (fault != NULL)
	{
		reply_reason(socket, id, fault);
		return;
	}
	if (socket->call_count >= CALLS_MOST)
	{
		tp_socket_reply_error(socket, id, 429, "too_many_in_flight",
							  tp_slice("64 commands of this connection wait for their answer"));
		return;
	}
	tp_buffer_text(&parts[0], "/api/v1/");
	if (request->key.data != NULL)
		(void) tp_json_text(request->key, &parts[3]);
	if (tp_socket_command_rest(request, &parts[0], &parts[1], &parts[2], &wrong))
		start_call(socket, request, id, parts);
	else
		tp_socket_reply_error(socket, id, 400, wrong.code, tp_slice(wrong.detail));
	for (int i = 0; i < 4; i++)
		tp_buffer_free(&parts[i]);
}

void
tp_socket_request(TpSocket *socket, const TpSocketRequest *request, TpSlice id)
{
	switch (request->op)
	{
		case TP_OP_SUBSCRIBE:
		case TP_OP_UNSUBSCRIBE:
			change_channels(socket, request, id);
			break;
		case TP_OP_AUTH:
			authenticate(socket, request, id);
			break;
		case TP_OP_PING:
			pong(socket, id);
			break;
		case TP_OP_SESSION:
			set_options(socket, request, id);
			break;
		case TP_OP_COMMAND:
			command(socket, request, id);
			break;
	}
}
