/*
 * fuzz_http_head.c
 *	  libFuzzer: heads of requests. Whole or byte by byte, the same verdict; what is
 *	  taken lies within what came.
 */
#include <assert.h>
#include <stdlib.h>

#include "http_parser.h"

static void
inside(TpSlice slice, const char *data, size_t size)
{
	if (slice.data != NULL)
		assert(slice.data >= data && slice.length <= size && slice.data + slice.length <= data + size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t scanned = 0;
	TpRequest request;
	TpHttpFault fault;
	TpHttpVerdict verdict;

	memcpy(text, data, size);
	text[size] = '\0';
	verdict = tp_request_parse((TpSlice){ text, size }, &scanned, &request, &fault);
	if (verdict == TP_HTTP_DONE)
	{
		assert(request.head_length > 0 && request.head_length <= size && request.head_length <= TP_HEAD_LIMIT);
		inside(request.path, text, size);
		inside(request.query, text, size);
		assert(request.path.length > 0);
		for (int i = 0; i < TP_H_COUNT; i++)
			inside(request.headers[i], text, size);
	}
	else if (verdict == TP_HTTP_REFUSED)
		assert(fault.status >= 400 && fault.status < 600 && fault.code != NULL && fault.detail != NULL);

	/* As it comes over a slow line; a copy of its own each time, so that reading past its end is seen. */
	if (size <= 512)
	{
		TpHttpVerdict slow = TP_HTTP_MORE;
		TpRequest again;

		scanned = 0;
		for (size_t n = 1; n <= size && slow == TP_HTTP_MORE; n++)
		{
			char *part = malloc(n);

			memcpy(part, data, n);
			slow = tp_request_parse((TpSlice){ part, n }, &scanned, &again, &fault);
			free(part);
		}
		/* What is refused early may be refused for another reason; what is taken is taken alike. */
		if (verdict == TP_HTTP_DONE)
			assert(slow == TP_HTTP_DONE && again.head_length == request.head_length && again.method == request.method &&
				   again.body_length == request.body_length);
		if (slow == TP_HTTP_DONE)
			assert(verdict == TP_HTTP_DONE);
	}
	free(text);
	return 0;
}
