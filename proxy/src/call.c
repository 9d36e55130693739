/*
 * call.c
 *	  A call's life: made by a transport, answered once, gone.
 *
 * Handlers answer through here, so that what must happen for every answer (counting,
 * freeing) happens in one place.  The loop's thread alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "call.h"
#include "metrics.h"
#include "route.h"
#include "status.h"

#define PROBLEM_TYPE "application/problem+json"

TpCall *
tp_call_new(struct TpEdge *edge, TpCallSend send, void *transport)
{
	TpCall *call = tp_alloc(sizeof(*call));

	call->edge = edge;
	call->send = send;
	call->transport = transport;
	call->started_ns = uv_hrtime();
	return call;
}

void
tp_call_answer(TpCall *call, int status, const char *type)
{
	call->status = status;
	call->answer_type = type;
	call->answered = true;
	tp_metrics_request(call->route, status, uv_hrtime() - call->started_ns);
	if (!call->abandoned)
		call->send(call);
	tp_buffer_free(&call->headers);
	tp_buffer_free(&call->answer);
	free(call->memory);
	free(call);
}

void
tp_call_answer_json(TpCall *call, int status, TpSlice json)
{
	tp_buffer_clear(&call->answer);
	tp_buffer_slice(&call->answer, json);
	tp_call_answer(call, status, "application/json");
}

void
tp_call_problem(TpCall *call, int status, const char *code, const char *detail, const char *hint)
{
	TpBuffer *out = &call->answer;

	/* RFC 9110 wants it with every 401; RFC 6750 says what is wrong with a token that came. */
	if (status == 401)
		tp_call_header(call, "WWW-Authenticate",
					   strncmp(code, "token_", 6) == 0 && strcmp(code, "token_missing") != 0
						   ? "Bearer error=\"invalid_token\""
						   : "Bearer");
	tp_buffer_clear(out);
	tp_buffer_text(out, "{\"type\":\"about:blank\",\"title\":");
	tp_buffer_json(out, tp_slice(tp_statuses[tp_status_index(status)].phrase));
	tp_buffer_text(out, ",\"status\":");
	tp_buffer_integer(out, status);
	tp_buffer_text(out, ",\"code\":");
	tp_buffer_json(out, tp_slice(code));
	if (detail != NULL)
	{
		tp_buffer_text(out, ",\"detail\":");
		tp_buffer_json(out, tp_slice(detail));
	}
	if (hint != NULL)
	{
		tp_buffer_text(out, ",\"hint\":");
		tp_buffer_json(out, tp_slice(hint));
	}
	if (call->request_id[0] != '\0')
	{
		tp_buffer_text(out, ",\"requestId\":");
		tp_buffer_json(out, tp_slice(call->request_id));
	}
	tp_buffer_add(out, "}", 1);
	tp_call_answer(call, status, PROBLEM_TYPE);
}

void
tp_call_problem_format(TpCall *call, int status, const char *code, const char *format, ...)
{
	char detail[512];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	tp_call_problem(call, status, code, detail, NULL);
}

void
tp_call_header(TpCall *call, const char *name, const char *value)
{
	tp_buffer_text(&call->headers, name);
	tp_buffer_add(&call->headers, ": ", 2);
	tp_buffer_text(&call->headers, value);
	tp_buffer_add(&call->headers, "\r\n", 2);
}

void
tp_call_abandon(TpCall *call)
{
	call->abandoned = true;
	call->transport = NULL;
}
