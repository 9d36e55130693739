/*
 * route.c
 *	  The way of a call through the table of routes, to its handler.
 *
 * Called by http_connection.c and socket_commands.c.  Every check is here, in the order of
 * route.h, so that no handler can forget one.
 */
#include <stdio.h>
#include <strings.h>

#include "cors.h"
#include "edge.h"
#include "json.h"
#include "key_identity.h"
#include "pg.h"
#include "problem.h"
#include "query.h"
#include "rate_limits.h"
#include "revoked.h"
#include "route.h"
#include "settings.h"
#include "socket.h"
#include "static_files.h"
#include "tenants.h"
#include "token.h"
#include "upgrade.h"
#include "http_parser.h"

#define BAD_TOKEN_WEIGHT 20

static const char *const method_names[TP_METHOD_COUNT] = { "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS" };

static bool
starts_with(TpSlice text, const char *prefix, TpSlice *rest)
{
	size_t length = strlen(prefix);

	if (text.length < length || memcmp(text.data, prefix, length) != 0)
		return false;
	*rest = (TpSlice){ text.data + length, text.length - length };
	return true;
}

/* Part by part, as sent: an escaped slash is inside of a part, never between two. */
static bool
path_fits(const char *pattern, TpSlice path, TpSlice *parameter)
{
	while (*pattern != '\0' && path.length > 0)
	{
		if (*pattern == ':')
		{
			const char *end = memchr(path.data, '/', path.length);

			*parameter = path;
			if (end != NULL)
				parameter->length = (size_t) (end - path.data);
			if (parameter->length == 0)
				return false;
			path.data += parameter->length;
			path.length -= parameter->length;
			pattern += strcspn(pattern, "/");
		}
		else if (*pattern != *path.data)
			return false;
		else
		{
			pattern++;
			path.data++;
			path.length--;
		}
	}
	return *pattern == '\0' && path.length == 0;
}

/* The route, or NULL and the methods that the path has (bits). */
static const TpRoute *
find_route(TpCall *call, unsigned *methods)
{
	TpSlice rest = call->path;
	TpMethod wanted = call->method == TP_HEAD ? TP_GET : call->method;
	bool api = starts_with(call->path, "/api/v1/", &rest) || starts_with(call->path, "/api/", &rest);

	/* one slash at the end is forgiven */
	if (api && rest.length > 1 && rest.data[rest.length - 1] == '/')
		rest.length--;

	*methods = 0;
	for (int i = 0; i < tp_route_count; i++)
	{
		const TpRoute *route = &tp_routes[i];
		TpSlice parameter = { NULL, 0 };

		if (api == (route->path[0] == '/') || !path_fits(route->path, rest, &parameter))
			continue;
		*methods |= 1U << route->method;
		if (route->method == wanted)
		{
			call->parameter = parameter;
			return route;
		}
	}
	return NULL;
}

static void
list_methods(unsigned methods, char *text, size_t size)
{
	size_t used = 0;

	methods |= 1U << TP_OPTIONS;
	if ((methods & (1U << TP_GET)) != 0)
		methods |= 1U << TP_HEAD;
	for (int i = 0; i < TP_METHOD_COUNT; i++)
		if ((methods & (1U << i)) != 0 && used < size)
			used += (size_t) snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", method_names[i]);
}

static void
answer_options(TpCall *call, unsigned methods)
{
	char text[64];

	list_methods(methods, text, sizeof(text));
	tp_call_header(call, "Allow", text);
	if (tp_cors_allows(call->edge->settings->frontend_url, call->origin))
		tp_cors_preflight(text, &call->headers);
	tp_call_answer(call, 204, NULL);
}

static void
answer_no_route(TpCall *call, unsigned methods)
{
	char text[64];

	if (call->method == TP_OPTIONS && (methods != 0 || tp_slice_is(call->path, "*")))
		answer_options(call, methods);
	else if (tp_upgrade_path(call->path))
		tp_socket_not_upgraded(call);
	else if (methods == 0 && tp_static_get(call))
		return;
	else if (methods == 0)
		tp_call_problem(call, 404, "route_unknown", "there is nothing at this path", NULL);
	else
	{
		list_methods(methods, text, sizeof(text));
		tp_call_header(call, "Allow", text);
		tp_call_problem_format(call, 405, "method_not_allowed", "this path takes %s", text);
	}
}

static void admitted(TpCall *call);

static const struct
{
	const char *code;
	const char *detail;
} token_faults[] = {
	{ "token_missing", "this route needs an access token or API key: Authorization: Bearer <token>" },
	{ "token_malformed", "the Authorization header does not hold an access token" },
	{ "token_invalid", "the access token is not one of ours" },
	{ "token_expired", "the access token has expired" },
	{ "token_not_yet_valid", "the access token is not valid yet" },
	{ "session_revoked", "the session has ended" },
};

static void
answer_unauthorized(TpCall *call, const char *code)
{
	const char *detail = NULL;

	for (size_t i = 0; i < sizeof(token_faults) / sizeof(token_faults[0]); i++)
		if (strcmp(token_faults[i].code, code) == 0)
			detail = token_faults[i].detail;
	tp_call_problem(call, 401, code, detail, NULL);
}

static void
key_came(void *context, const TpIdentity *identity, const TpPgError *error)
{
	TpCall *call = context;

	if (identity != NULL)
	{
		call->caller = *identity;
		tp_session_refresh(call->edge->sessions, &call->caller);
		admitted(call);
		return;
	}
	if (error->failure != TP_PG_REFUSED || strcmp(error->sqlstate, "TP016") != 0)
	{
		tp_problem_answer(call, error);
		return;
	}
	tp_suspicious(call->edge, call->ip, 0, "bad_api_key", BAD_TOKEN_WEIGHT);
	tp_call_problem(call, 401, "api_key_invalid", "there is no such API key, or it has ended", NULL);
}

static void
verify_token(TpCall *call, TpSlice token)
{
	const char *code = "token_malformed";

	if (token.data != NULL && tp_token_verify(call->edge->tokens, token, &call->caller, &code))
	{
		admitted(call);
		return;
	}
	if (tp_token_forged(code))
		tp_suspicious(call->edge, call->ip, 0, "bad_token", BAD_TOKEN_WEIGHT);
	answer_unauthorized(call, code);
}

/* The token or key of an Authorization header; data NULL: it has none. */
static TpSlice
bearer_of(TpSlice header)
{
	if (header.length > 7 && strncasecmp(header.data, "Bearer ", 7) == 0)
		return (TpSlice){ header.data + 7, header.length - 7 };
	return (TpSlice){ NULL, 0 };
}

/* Goes on with admitted() when it is known who asks, or answers. */
static void
authenticate(TpCall *call)
{
	TpSlice token = bearer_of(call->authorization);
	TpSlice key = tp_key_meant(token) ? token : call->api_key;

	/* A socket knows its user. */
	if (call->route->access == TP_ACCESS_OPEN || call->from_socket)
		admitted(call);
	else if (call->authorization.length > 0 && call->api_key.length > 0)
		tp_call_problem(call, 400, "credentials_twice", "a request has either Authorization or X-API-Key", NULL);
	else if (key.length > 0)
		tp_key_resolve(call->edge->keys, key, call->ip, key_came, call);
	else if (call->authorization.length > 0)
		verify_token(call, token);
	else if (call->route->access == TP_ACCESS_OPTIONAL)
		admitted(call);
	else
		answer_unauthorized(call, "token_missing");
}

/* Whether the key, if it is one, is for this; else it has been answered. The database looks at it again. */
static bool
check_scope(TpCall *call)
{
	TpScope needed = call->route->scope;
	TpBuffer list = { 0 };

	if (call->caller.user == 0 || (call->caller.scopes & needed) != 0)
		return true;
	if (needed == TP_SCOPE_LOGIN)
	{
		tp_call_problem(call, 403, "scope_missing", "only a login may do this, an API key may not",
						"Use an access token of auth/login.");
		return false;
	}
	for (TpScope scope = TP_SCOPE_READ; scope < TP_SCOPE_LOGIN; scope <<= 1)
	{
		if ((call->caller.scopes & scope) != 0)
			tp_buffer_format(&list, "%s\"%s\"", list.length == 0 ? "" : ", ", tp_scope_name(scope));
	}
	tp_call_problem_format(call, 403, "scope_missing", "this needs the scope \"%s\", and the API key has %.*s",
						   tp_scope_name(needed), list.length == 0 ? 4 : (int) list.length,
						   list.length == 0 ? "none" : list.data);
	tp_buffer_free(&list);
	return false;
}

static void
answer_bad_json(TpCall *call, TpJsonFault fault, size_t at)
{
	static const struct
	{
		const char *code;
		const char *detail;
	} faults[] = {
		[TP_JSON_MALFORMED] = { "json_malformed", "the body is not JSON" },
		[TP_JSON_NOT_UTF8] = { "json_not_utf8", "the body is not UTF-8" },
		[TP_JSON_NUL] = { "json_nul", "the body has a NUL character" },
		[TP_JSON_DEEP] = { "json_too_deep", "the body is nested deeper than 32" },
		[TP_JSON_NUMBER_LONG] = { "json_number_too_long",
								  "the body has a number of more than 128 characters, or an exponent of more than 3" },
		[TP_JSON_TWICE] = { "json_name_twice", "the body has an object with the same name twice" },
		[TP_JSON_MANY] = { "json_too_many_names", "the body has an object with more than 64 names" },
	};

	tp_call_problem_format(call, 400, faults[fault].code, "%s (byte %zu)", faults[fault].detail, at);
}

/* True if the body is what a handler may take; else it has been answered. */
static bool
check_body(TpCall *call)
{
	TpSlice type = call->content_type;
	TpJsonFault fault;
	char outermost;
	size_t at;

	if (call->route->body_limit == 0)
		call->body.length = 0;
	if (call->body.length == 0)
	{
		/* What a POST or PATCH asks for stands in its body; a DELETE and a logout need none. */
		if (call->route->body_limit == 0 || call->route->method == TP_DELETE || call->route->function != NULL)
			return true;
		tp_call_problem(call, 400, "body_missing", "the request needs a body, a JSON object", NULL);
		return false;
	}
	if (call->body.length > call->route->body_limit)
	{
		tp_call_problem_format(call, 413, "body_too_large", "the body of this request may have %zu bytes",
							   call->route->body_limit);
		return false;
	}
	if (call->encoded)
	{
		tp_call_problem(call, 415, "content_encoding", "bodies are taken without Content-Encoding", NULL);
		return false;
	}
	if (call->route->form && tp_media_type_is(type, "application/x-www-form-urlencoded"))
		return true;
	if (!call->from_socket && !tp_media_type_is(type, "application/json"))
	{
		tp_call_problem(call, 415, "media_type", "the body must be application/json",
						call->route->form ? "Or application/x-www-form-urlencoded." : NULL);
		return false;
	}
	fault = tp_json_check(call->body, &outermost, &at);
	if (fault != TP_JSON_FINE)
	{
		answer_bad_json(call, fault, at);
		return false;
	}
	if (outermost != '{' && outermost != '[')
	{
		tp_call_problem(call, 400, "json_not_object", "the body must be a JSON object", NULL);
		return false;
	}
	return true;
}

static void
after_limits(TpCall *call)
{
	const TpRoute *route = call->route;

	if (route->access == TP_ACCESS_ADMIN && !call->caller.admin)
		tp_call_problem(call, 403, "admin_required", "this route is for administrators", NULL);
	else if (check_body(call))
		route->handler(call);
}

/* Who asks is known, if anybody in particular. */
static void
admitted(TpCall *call)
{
	if (call->route->limit == TP_LIMIT_NONE)
		after_limits(call);
	else if ((call->from_socket || tp_tenant_of_call(call->edge->tenants, call)) && check_scope(call))
		tp_limits_check(call, call->route->limit, after_limits);
}

/* In place: what is decoded is never longer. */
static bool
decode_parameter(TpCall *call)
{
	TpBuffer decoded = { 0 };
	bool fine;

	if (call->parameter.length == 0)
		return true;
	fine = tp_percent_decode(call->parameter, false, &decoded);
	if (fine && decoded.length < call->parameter.length)
	{
		memcpy((char *) (uintptr_t) call->parameter.data, decoded.data, decoded.length);
		call->parameter.length = decoded.length;
	}
	tp_buffer_free(&decoded);
	return fine;
}

void
tp_route_call(TpCall *call)
{
	unsigned methods;
	int wait_s;

	call->route = find_route(call, &methods);
	if (call->route == NULL)
	{
		answer_no_route(call, methods);
		return;
	}
	if (call->route->limit != TP_LIMIT_NONE && tp_blocked(call->edge, call->ip, &wait_s))
	{
		char text[16];

		snprintf(text, sizeof(text), "%d", wait_s);
		tp_call_header(call, "Retry-After", text);
		tp_call_problem(call, 403, "address_blocked", "this address is blocked for a while", NULL);
		return;
	}
	if (!decode_parameter(call))
	{
		tp_call_problem(call, 400, "path_malformed", "the path is wrongly escaped, not UTF-8, or holds a NUL", NULL);
		return;
	}
	authenticate(call);
}
