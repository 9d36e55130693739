/*
 * curl_loop.h
 *	  HTTP requests to others, many at once: libcurl's multi interface on the loop.
 *
 * Who wants a request with its limits takes outgoing.h, which is made of this. The
 * easy handle is the loop's from tp_curl_loop_run() until `ended` has returned, which
 * comes once, never before tp_curl_loop_run() returns, and may begin other requests.
 */
#ifndef TRADEPOST_PROXY_CURL_LOOP_H
#define TRADEPOST_PROXY_CURL_LOOP_H

#include <curl/curl.h>
#include <uv.h>

typedef struct TpCurlLoop TpCurlLoop;

typedef void (*TpCurlEnded)(void *context, CURL *easy, CURLcode result);

extern TpCurlLoop *tp_curl_loop_open(uv_loop_t *loop);

/* Ends what is under way as CURLE_ABORTED_BY_CALLBACK; its handles close on the loop. NULL is fine. */
extern void tp_curl_loop_close(TpCurlLoop *curl);

/* Takes CURLOPT_PRIVATE for itself, and cleans the easy handle up afterwards. */
extern void tp_curl_loop_run(TpCurlLoop *curl, CURL *easy, TpCurlEnded ended, void *context);

#endif
