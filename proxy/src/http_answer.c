/*
 * http_answer.c
 *	  The head of an answer: status line and headers, compression on the way.
 *
 * Called by http.c just before it writes.  One buffer, one pass; the date is made once a
 * second.
 */
#include <stdio.h>
#include <time.h>

#include "cors.h"
#include "edge.h"
#include "gzip.h"
#include "http_answer.h"
#include "settings.h"
#include "status.h"

#define GZIP_FROM 1024

/* What every answer says to browsers: do not guess types, do not frame, tell no referrer. */
#define SECURITY "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
#define POLICY_DATA "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
#define POLICY_PAGE                                                                                    \
	"Content-Security-Policy: default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; " \
	"object-src 'none'; base-uri 'none'; frame-ancestors 'none'\r\n"
#define STRICT_TRANSPORT "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"

static const char *
date_line(void)
{
	static char line[48];
	static time_t made;
	time_t now = time(NULL);

	if (now != made)
	{
		struct tm utc;

		gmtime_r(&now, &utc);
		strftime(line, sizeof(line), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
		made = now;
	}
	return line;
}

static void
status_line(int status, TpBuffer *head)
{
	const TpStatus *known = &tp_statuses[tp_status_index(status)];

	tp_buffer_add(head, "HTTP/1.1 ", 9);
	tp_buffer_integer(head, known->code);
	tp_buffer_add(head, " ", 1);
	tp_buffer_text(head, known->phrase);
	tp_buffer_add(head, "\r\n", 2);
	tp_buffer_text(head, date_line());
}

static bool
bodiless(int status)
{
	return status == 204 || status == 304 || status < 200;
}

bool
tp_answer_has_body(const TpCall *call)
{
	return call->method != TP_HEAD && !bodiless(call->status);
}

static bool
compressible(const char *type)
{
	return type != NULL && (strncmp(type, "application/", 12) == 0 || strncmp(type, "text/", 5) == 0 ||
							strncmp(type, "image/svg", 9) == 0);
}

static bool
has_header(const TpBuffer *headers, const char *name)
{
	size_t length = strlen(name);
	size_t at = 0;

	while (at + length < headers->length)
	{
		const char *end = memchr(headers->data + at, '\n', headers->length - at);

		if (memcmp(headers->data + at, name, length) == 0)
			return true;
		if (end == NULL)
			break;
		at = (size_t) (end + 1 - headers->data);
	}
	return false;
}

/* Compresses the body if that is wanted and worth it; the header line for it. */
static const char *
encode(TpCall *call)
{
	TpBuffer smaller = { 0 };

	if (call->answer.length <= GZIP_FROM || !compressible(call->answer_type))
		return "";
	if (!call->accepts_gzip || !tp_gzip((TpSlice){ call->answer.data, call->answer.length }, &smaller))
	{
		tp_buffer_free(&smaller);
		return "Vary: Accept-Encoding\r\n";
	}
	tp_buffer_free(&call->answer);
	call->answer = smaller;
	return "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n";
}

void
tp_answer_head(TpCall *call, bool keep_alive, TpBuffer *head)
{
	const TpSettings *settings = call->edge->settings;
	const char *encoding = encode(call);
	bool page = call->answer_type != NULL && strncmp(call->answer_type, "text/html", 9) == 0;

	tp_buffer_reserve(head, 1024);
	status_line(call->status, head);
	if (!bodiless(call->status))
	{
		if (call->answer_type != NULL)
		{
			tp_buffer_add(head, "Content-Type: ", 14);
			tp_buffer_text(head, call->answer_type);
			tp_buffer_add(head, "\r\n", 2);
		}
		tp_buffer_add(head, "Content-Length: ", 16);
		tp_buffer_integer(head, (int64_t) call->answer.length);
		tp_buffer_add(head, "\r\n", 2);
	}
	tp_buffer_text(head, encoding);
	tp_buffer_add(head, "X-Request-Id: ", 14);
	tp_buffer_text(head, call->request_id);
	tp_buffer_add(head, "\r\n", 2);
	tp_buffer_text(head, page ? SECURITY POLICY_PAGE : SECURITY POLICY_DATA);
	if (*settings->tls_certificate != '\0')
		tp_buffer_text(head, STRICT_TRANSPORT);
	if (!has_header(&call->headers, "Cache-Control:"))
		tp_buffer_text(head, "Cache-Control: no-store\r\n");
	if (*settings->frontend_url != '\0')
	{
		tp_buffer_text(head, "Vary: Origin\r\n");
		tp_cors_headers(settings->frontend_url, call->origin, head);
	}
	tp_buffer_add(head, call->headers.data, call->headers.length);
	if (!keep_alive)
		tp_buffer_text(head, "Connection: close\r\n");
	tp_buffer_add(head, "\r\n", 2);
}

void
tp_answer_refusal(int status, const char *code, const char *detail, TpBuffer *out)
{
	TpBuffer body = { 0 };

	tp_buffer_text(&body, "{\"type\":\"about:blank\",\"title\":");
	tp_buffer_json(&body, tp_slice(tp_statuses[tp_status_index(status)].phrase));
	tp_buffer_format(&body, ",\"status\":%d,\"code\":\"%s\",\"detail\":", status, code);
	tp_buffer_json(&body, tp_slice(detail));
	tp_buffer_text(&body, "}");
	status_line(status, out);
	tp_buffer_format(out,
					 "Content-Type: application/problem+json\r\nContent-Length: %zu\r\n" SECURITY POLICY_DATA
					 "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
					 body.length);
	tp_buffer_add(out, body.data, body.length);
	tp_buffer_free(&body);
}
