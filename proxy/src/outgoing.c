/*
 * outgoing.c
 *	  A request to somebody else by libcurl; see outgoing.h.
 */
#include "outgoing.h"

#include <stdlib.h>

#include "buffer.h"
#include "version.h"

/* What a peer that means ill may send before the first byte of a body. */
#define HEADERS_MOST 65536

typedef struct Outgoing
{
	TpOutgoingDone done;
	void *context;
	struct curl_slist *headers;
	TpBuffer body;
	size_t most;
	size_t headers_length;
	bool too_long;
} Outgoing;

static size_t
on_body(char *data, size_t size, size_t count, void *context)
{
	Outgoing *outgoing = context;
	size_t length = size * count;

	if (outgoing->most == 0)
		return length;
	if (length > outgoing->most - outgoing->body.length)
	{
		outgoing->too_long = true;
		return 0;
	}
	tp_buffer_add(&outgoing->body, data, length);
	return length;
}

static size_t
on_header(char *data, size_t size, size_t count, void *context)
{
	Outgoing *outgoing = context;

	(void) data;
	outgoing->headers_length += size * count;
	return outgoing->headers_length > HEADERS_MOST ? 0 : size * count;
}

/* Faults that come before a byte of the request can have left. */
static bool
before_request(CURL *easy, CURLcode result)
{
	long size = 0;

	switch (result)
	{
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_URL_MALFORMAT:
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_CONNECT:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
			return true;
		default:
			curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &size);
			return size == 0;
	}
}

static void
ended(void *context, CURL *easy, CURLcode result)
{
	Outgoing *outgoing = context;
	TpOutgoingAnswer answer = { .too_long = outgoing->too_long, .left = true };
	curl_off_t wait = 0;
	char *type = NULL;
	char *redirect = NULL;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &redirect);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait);
	answer.type = type;
	answer.redirect = redirect;
	answer.retry_after_s = wait > 86400 ? 86400 : (long) wait;
	answer.body = (TpSlice){ outgoing->body.data, outgoing->body.length };
	if (result != CURLE_OK)
	{
		answer.fault = outgoing->too_long                    ? "the answer is longer than is taken"
					   : result == CURLE_ABORTED_BY_CALLBACK ? "the proxy ends"
															 : curl_easy_strerror(result);
		answer.left = !before_request(easy, result);
	}
	outgoing->done(outgoing->context, &answer);
	curl_slist_free_all(outgoing->headers);
	tp_buffer_free(&outgoing->body);
	free(outgoing);
}

static void
set_request(CURL *easy, const TpOutgoingRequest *request)
{
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->https_only ? "https" : "http,https");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) request->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "tradepost-proxy/" TP_PROXY_VERSION);
	if (request->body.data != NULL)
	{
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long) request->body.length);
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body.data);
	}
	if (request->user != NULL)
	{
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password);
	}
	if (request->ca_file != NULL && *request->ca_file != '\0')
	{
		curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (request->once)
	{
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	}
}

void
tp_outgoing(TpCurlLoop *curl, const TpOutgoingRequest *request, TpOutgoingDone done, void *context)
{
	Outgoing *outgoing = tp_alloc(sizeof(*outgoing));
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		abort();
	outgoing->done = done;
	outgoing->context = context;
	outgoing->most = request->most;
	/* Else libcurl asks for leave to send a long body, and waits for it. */
	outgoing->headers = curl_slist_append(NULL, "Expect:");
	for (const char *const *header = request->headers; header != NULL && *header != NULL; header++)
		outgoing->headers = curl_slist_append(outgoing->headers, *header);
	set_request(easy, request);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, outgoing->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, outgoing);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, outgoing);
	tp_curl_loop_run(curl, easy, ended, outgoing);
}
