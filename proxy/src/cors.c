/*
 * cors.c
 *	  Which web pages may call.
 *
 * Pure.  An origin that is not in FRONTEND_URL gets no header: its browser then keeps
 * the answer from the page.  Tokens travel in a header, never in a cookie, so what a
 * foreign page can send without leave carries nobody's identity.
 */
#include <strings.h>

#include "cors.h"

bool
tp_cors_allows(const char *allowed, TpSlice origin)
{
	if (origin.length == 0)
		return false;
	for (size_t i = 0; i < origin.length; i++)
		if (origin.data[i] <= 0x20 || origin.data[i] == 0x7F)
			return false;
	while (*allowed != '\0')
	{
		size_t length;

		allowed += strspn(allowed, ", \t");
		length = strcspn(allowed, ", \t");
		if (length == 1 && *allowed == '*')
			return true;
		/* written as an address, with a slash behind it */
		if (length > 0 && (allowed[length - 1] == '/' ? length - 1 : length) == origin.length &&
			strncasecmp(allowed, origin.data, origin.length) == 0)
			return true;
		allowed += length;
	}
	return false;
}

void
tp_cors_headers(const char *allowed, TpSlice origin, TpBuffer *headers)
{
	if (!tp_cors_allows(allowed, origin))
		return;
	tp_buffer_text(headers, "Access-Control-Allow-Origin: ");
	tp_buffer_slice(headers, origin);
	tp_buffer_text(headers, "\r\nAccess-Control-Allow-Credentials: true\r\n"
							"Access-Control-Expose-Headers: X-Request-Id, RateLimit-Limit, RateLimit-Remaining, "
							"RateLimit-Reset, Retry-After, Location, Idempotency-Replayed\r\n");
}

void
tp_cors_preflight(const char *methods, TpBuffer *headers)
{
	tp_buffer_text(headers, "Access-Control-Allow-Methods: ");
	tp_buffer_text(headers, methods);
	tp_buffer_text(headers, "\r\nAccess-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key, Prefer, "
							"X-API-Key, X-Request-Id, X-Tenant\r\nAccess-Control-Max-Age: 600\r\n");
}
