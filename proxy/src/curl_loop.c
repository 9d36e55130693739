/*
 * curl_loop.c
 *	  libcurl on the loop; see curl_loop.h.
 *
 * libcurl says which sockets it wants watched and when to be called again; both are
 * handles of the loop here. Sessions of TLS are shared between its connections, so that
 * one that may not be used twice costs little.
 */
#include "curl_loop.h"

#include <stdbool.h>
#include <stdlib.h>

#include "buffer.h"

typedef struct Run
{
	struct Run *next;
	struct Run **back;
	CURL *easy;
	TpCurlEnded ended;
	void *context;
} Run;

struct TpCurlLoop
{
	uv_loop_t *loop;
	CURLM *multi;
	CURLSH *share;
	uv_timer_t timer;
	Run *runs;
	bool closing;
	int open; /* handles that are not closed yet, and this itself */
};

typedef struct Watch
{
	TpCurlLoop *curl;
	uv_poll_t poll;
	curl_socket_t socket;
} Watch;

static void
release(TpCurlLoop *curl)
{
	if (--curl->open == 0)
		free(curl);
}

static void
end_run(TpCurlLoop *curl, Run *run, CURLcode result)
{
	curl_multi_remove_handle(curl->multi, run->easy);
	*run->back = run->next;
	if (run->next != NULL)
		run->next->back = run->back;
	run->ended(run->context, run->easy, result);
	curl_easy_cleanup(run->easy);
	free(run);
}

/* What has ended since. */
static void
look(TpCurlLoop *curl)
{
	CURLMsg *message;
	int left;

	/* Whoever is told may close all this; it is freed by a later callback. */
	while (!curl->closing && (message = curl_multi_info_read(curl->multi, &left)) != NULL)
	{
		CURLcode result = message->data.result;
		Run *run;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &run);
		end_run(curl, run, result);
	}
}

static void
on_watch_closed(uv_handle_t *handle)
{
	Watch *watch = handle->data;
	TpCurlLoop *curl = watch->curl;

	free(watch);
	release(curl);
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	Watch *watch = poll->data;
	TpCurlLoop *curl = watch->curl;
	int running;
	int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) |
				(status < 0 ? CURL_CSELECT_ERR : 0);

	curl_multi_socket_action(curl->multi, watch->socket, flags, &running);
	look(curl);
}

/* libcurl: watch this socket so, or no more. */
static int
on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
	TpCurlLoop *curl = context;
	Watch *watch = known;

	(void) easy;
	if (what == CURL_POLL_REMOVE)
	{
		if (watch != NULL)
		{
			uv_poll_stop(&watch->poll);
			uv_close((uv_handle_t *) &watch->poll, on_watch_closed);
			curl_multi_assign(curl->multi, socket, NULL);
		}
		return 0;
	}
	if (watch == NULL)
	{
		watch = tp_alloc(sizeof(*watch));
		watch->curl = curl;
		watch->socket = socket;
		if (uv_poll_init_socket(curl->loop, &watch->poll, socket) != 0)
		{
			free(watch);
			return -1;
		}
		watch->poll.data = watch;
		curl->open++;
		curl_multi_assign(curl->multi, socket, watch);
	}
	uv_poll_start(&watch->poll, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
				  on_ready);
	return 0;
}

static void
on_time(uv_timer_t *timer)
{
	TpCurlLoop *curl = timer->data;
	int running;

	curl_multi_socket_action(curl->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	look(curl);
}

/* libcurl: call again after so long; -1: no need. */
static int
on_timer_wanted(CURLM *multi, long ms, void *context)
{
	TpCurlLoop *curl = context;

	(void) multi;
	if (curl->closing)
		return 0;
	if (ms < 0)
		uv_timer_stop(&curl->timer);
	else
		uv_timer_start(&curl->timer, on_time, (uint64_t) ms, 0);
	return 0;
}

void
tp_curl_loop_run(TpCurlLoop *curl, CURL *easy, TpCurlEnded ended, void *context)
{
	Run *run = tp_alloc(sizeof(*run));

	run->easy = easy;
	run->ended = ended;
	run->context = context;
	run->next = curl->runs;
	run->back = &curl->runs;
	if (run->next != NULL)
		run->next->back = &run->next;
	curl->runs = run;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, run);
	curl_easy_setopt(easy, CURLOPT_SHARE, curl->share);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* It begins when the timer that this asks for comes. */
	curl_multi_add_handle(curl->multi, easy);
}

TpCurlLoop *
tp_curl_loop_open(uv_loop_t *loop)
{
	TpCurlLoop *curl = tp_alloc(sizeof(*curl));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (curl->multi = curl_multi_init()) == NULL ||
		(curl->share = curl_share_init()) == NULL)
		abort();
	curl->loop = loop;
	curl->open = 2;
	uv_timer_init(loop, &curl->timer);
	curl->timer.data = curl;
	curl_share_setopt(curl->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
	curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
	return curl;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void
tp_curl_loop_close(TpCurlLoop *curl)
{
	if (curl == NULL || curl->closing)
		return;
	curl->closing = true;
	while (curl->runs != NULL)
		end_run(curl, curl->runs, CURLE_ABORTED_BY_CALLBACK);
	/* Closes connections that were kept for more, and says so of their sockets. */
	curl_multi_cleanup(curl->multi);
	curl_share_cleanup(curl->share);
	curl_global_cleanup();
	uv_close((uv_handle_t *) &curl->timer, on_timer_closed);
	release(curl);
}
