/*
 * delivery_webhook.c
 *	  DELIVERY_WEBHOOK: each message POSTed and signed, by libcurl on the loop.
 *
 * libcurl says which sockets it wants watched and when to be called again; both are
 * handles of the loop here. An answer of 2xx takes the message; redirects are not
 * followed, for they would carry codes somewhere else.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "clock.h"
#include "delivery_parts.h"
#include "settings.h"
#include "signature.h"
#include "version.h"

struct TpWebhook
{
	TpEdge *edge;
	CURLM *multi;
	uv_timer_t timer;
	TpErrand *errands;
	int open; /* handles that are not closed yet, and this itself */
};

typedef struct Post
{
	TpErrand errand; /* first */
	CURL *easy;
	struct curl_slist *headers;
} Post;

typedef struct Watch
{
	TpWebhook *webhook;
	uv_poll_t poll;
	curl_socket_t socket;
} Watch;

static void
release(TpWebhook *webhook)
{
	if (--webhook->open == 0)
		free(webhook);
}

static void
end_post(TpWebhook *webhook, Post *post, const char *error)
{
	curl_multi_remove_handle(webhook->multi, post->easy);
	tp_errand_end(&post->errand, error);
	curl_easy_cleanup(post->easy);
	curl_slist_free_all(post->headers);
	free(post);
}

/* What has ended since. */
static void
look(TpWebhook *webhook)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(webhook->multi, &left)) != NULL)
	{
		char text[128];
		Post *post;
		long status = 0;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &post);
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		if (message->data.result != CURLE_OK)
			snprintf(text, sizeof(text), "DELIVERY_WEBHOOK: %s", curl_easy_strerror(message->data.result));
		else
			snprintf(text, sizeof(text), "DELIVERY_WEBHOOK answered %ld", status);
		end_post(webhook, post, message->data.result == CURLE_OK && status >= 200 && status < 300 ? NULL : text);
	}
}

static void
on_watch_closed(uv_handle_t *handle)
{
	Watch *watch = handle->data;
	TpWebhook *webhook = watch->webhook;

	free(watch);
	release(webhook);
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	Watch *watch = poll->data;
	TpWebhook *webhook = watch->webhook;
	int running;
	int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) |
				(status < 0 ? CURL_CSELECT_ERR : 0);

	curl_multi_socket_action(webhook->multi, watch->socket, flags, &running);
	look(webhook);
}

/* libcurl: watch this socket so, or no more. */
static int
on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
	TpWebhook *webhook = context;
	Watch *watch = known;

	(void) easy;
	if (what == CURL_POLL_REMOVE)
	{
		if (watch != NULL)
		{
			uv_poll_stop(&watch->poll);
			uv_close((uv_handle_t *) &watch->poll, on_watch_closed);
			curl_multi_assign(webhook->multi, socket, NULL);
		}
		return 0;
	}
	if (watch == NULL)
	{
		watch = tp_alloc(sizeof(*watch));
		watch->webhook = webhook;
		watch->socket = socket;
		if (uv_poll_init_socket(&webhook->edge->loop, &watch->poll, socket) != 0)
		{
			free(watch);
			return -1;
		}
		watch->poll.data = watch;
		webhook->open++;
		curl_multi_assign(webhook->multi, socket, watch);
	}
	uv_poll_start(&watch->poll, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
				  on_ready);
	return 0;
}

static void
on_time(uv_timer_t *timer)
{
	TpWebhook *webhook = timer->data;
	int running;

	curl_multi_socket_action(webhook->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	look(webhook);
}

/* libcurl: call again after so long; -1: no need. */
static int
on_timer_wanted(CURLM *multi, long ms, void *context)
{
	TpWebhook *webhook = context;

	(void) multi;
	if (ms < 0)
		uv_timer_stop(&webhook->timer);
	else
		uv_timer_start(&webhook->timer, on_time, (uint64_t) ms, 0);
	return 0;
}

static size_t
throw_away(char *data, size_t size, size_t count, void *context)
{
	(void) data;
	(void) context;
	return size * count;
}

static void
set_up(TpWebhook *webhook, Post *post, TpSlice message)
{
	const TpSettings *settings = webhook->edge->settings;
	TpBuffer header = { 0 };

	tp_buffer_text(&header, "Tradepost-Signature: ");
	tp_signature_make(message, settings->delivery_secret, tp_wall_us() / 1000000, &header);
	tp_buffer_add(&header, "", 1);
	post->headers = curl_slist_append(NULL, header.data);
	post->headers = curl_slist_append(post->headers, "Content-Type: application/json");
	/* Else libcurl asks for leave to send a long body, and waits for it. */
	post->headers = curl_slist_append(post->headers, "Expect:");
	curl_easy_setopt(post->easy, CURLOPT_URL, settings->delivery_webhook);
	curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, post->headers);
	curl_easy_setopt(post->easy, CURLOPT_POSTFIELDSIZE, (long) message.length);
	curl_easy_setopt(post->easy, CURLOPT_COPYPOSTFIELDS, message.data);
	curl_easy_setopt(post->easy, CURLOPT_USERAGENT, "tradepost-proxy/" TP_PROXY_VERSION);
	curl_easy_setopt(post->easy, CURLOPT_TIMEOUT, (long) settings->delivery_timeout_s);
	curl_easy_setopt(post->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(post->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(post->easy, CURLOPT_WRITEFUNCTION, throw_away);
	curl_easy_setopt(post->easy, CURLOPT_PRIVATE, post);
	tp_buffer_free(&header);
}

void
tp_webhook_post(TpWebhook *webhook, TpSlice message, TpDelivered done, void *context)
{
	Post *post = tp_alloc(sizeof(*post));

	post->easy = curl_easy_init();
	if (post->easy == NULL)
		abort();
	set_up(webhook, post, message);
	tp_errand_begin(&post->errand, &webhook->errands, done, context);
	/* It begins when the timer that this asks for comes. */
	curl_multi_add_handle(webhook->multi, post->easy);
}

TpWebhook *
tp_webhook_open(TpEdge *edge)
{
	TpWebhook *webhook = tp_alloc(sizeof(*webhook));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (webhook->multi = curl_multi_init()) == NULL)
		abort();
	webhook->edge = edge;
	webhook->open = 2;
	uv_timer_init(&edge->loop, &webhook->timer);
	webhook->timer.data = webhook;
	curl_multi_setopt(webhook->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(webhook->multi, CURLMOPT_SOCKETDATA, webhook);
	curl_multi_setopt(webhook->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(webhook->multi, CURLMOPT_TIMERDATA, webhook);
	return webhook;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void
tp_webhook_close(TpWebhook *webhook)
{
	if (webhook == NULL)
		return;
	while (webhook->errands != NULL)
		end_post(webhook, (Post *) webhook->errands, "the proxy ends");
	/* Closes connections that were kept for more, and says so of their sockets. */
	curl_multi_cleanup(webhook->multi);
	curl_global_cleanup();
	uv_close((uv_handle_t *) &webhook->timer, on_timer_closed);
	release(webhook);
}
