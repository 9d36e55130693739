/*
 * listener.c
 *	  The listening socket of a worker: bound by the supervisor, accepted from here.
 *
 * Each worker has one of its own with SO_REUSEPORT, so that the kernel spreads
 * connections over them and none is woken for another's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "buffer.h"
#include "http.h"
#include "listener.h"
#include "log.h"
#include "settings.h"
#include "tls.h"

#define BACKLOG 4096
#define ACCEPTS_AT_ONCE 64
#define PAUSE_MS 100 /* when there are no descriptors left */

struct TpListener
{
	TpEdge *edge;
	uv_poll_t poll;
	uv_timer_t pause;
	int descriptor;
	bool full; /* this process has no room for more; it has been said */
	int handles;
};

/*
 * Whether somebody else listens there. Another proxy of the same user would share the port with us, and neither
 * would know; without SO_REUSEPORT its listener is in our way.
 */
static bool
is_taken(const struct addrinfo *address)
{
	int probe = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
	int on = 1;
	bool taken;

	if (probe < 0)
		return false;
	taken = setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
			bind(probe, address->ai_addr, address->ai_addrlen) != 0 && errno == EADDRINUSE;
	close(probe);
	errno = EADDRINUSE;
	return taken;
}

static int
bind_to(const struct addrinfo *address)
{
	int descriptor = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
							address->ai_protocol);
	int on = 1;

	if (descriptor < 0)
		return -1;
	if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
		bind(descriptor, address->ai_addr, address->ai_addrlen) != 0 || listen(descriptor, BACKLOG) != 0)
	{
		int error = errno;

		close(descriptor);
		errno = error;
		return -1;
	}
	return descriptor;
}

int
tp_listener_bind(const TpSettings *settings, bool first, TpBuffer *problem)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	char port[16];
	int descriptor;
	int error;

	snprintf(port, sizeof(port), "%d", settings->port);
	error = getaddrinfo(settings->host, port, &hints, &found);
	if (error != 0)
	{
		tp_buffer_format(problem, "HOST %s: %s", settings->host, gai_strerror(error));
		return -1;
	}
	descriptor = first && is_taken(found) ? -1 : bind_to(found);
	if (descriptor < 0)
		tp_buffer_format(problem, "HOST %s, PORT %d cannot be listened on: %s", settings->host, settings->port,
						 strerror(errno));
	freeaddrinfo(found);
	return descriptor;
}

static void
address_of(const struct sockaddr_storage *from, TpAddress *address)
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

	if (from->ss_family == AF_INET6)
		memcpy(address->bytes, &((const struct sockaddr_in6 *) from)->sin6_addr, 16);
	else
	{
		memcpy(address->bytes, mapped, 12);
		memcpy(address->bytes + 12, &((const struct sockaddr_in *) from)->sin_addr, 4);
	}
}

static void on_connection(uv_poll_t *poll, int status, int events);

static void
on_pause_over(uv_timer_t *timer)
{
	TpListener *listener = timer->data;

	uv_poll_start(&listener->poll, UV_READABLE, on_connection);
}

static void
accept_some(TpListener *listener, int most)
{
	for (int i = 0; i < most; i++)
	{
		struct sockaddr_storage from = { 0 };
		socklen_t length = sizeof(from);
		TpAddress peer;
		int on = 1;
		int descriptor = accept4(listener->descriptor, (struct sockaddr *) &from, &length,
								 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (descriptor < 0)
		{
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			{
				/* Said once, until there is room again; looked at a little later. */
				if (!listener->full)
					tp_log(TP_LOG_WARN, "connections wait: accept failed", "error", strerror(errno), NULL);
				listener->full = true;
				uv_poll_stop(&listener->poll);
				uv_timer_start(&listener->pause, on_pause_over, PAUSE_MS, 0);
			}
			return;
		}
		listener->full = false;
		(void) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		address_of(&from, &peer);
		if (listener->edge->tls != NULL)
			tp_tls_accept(listener->edge->tls, descriptor, &peer);
		else
			tp_http_accept(listener->edge->http, descriptor, &peer);
	}
}

static void
on_connection(uv_poll_t *poll, int status, int events)
{
	(void) status;
	(void) events;
	accept_some(poll->data, ACCEPTS_AT_ONCE);
}

TpListener *
tp_listener_open(TpEdge *edge, int descriptor)
{
	TpListener *listener = tp_alloc(sizeof(*listener));

	listener->edge = edge;
	listener->descriptor = descriptor;
	listener->handles = 2;
	uv_timer_init(&edge->loop, &listener->pause);
	listener->pause.data = listener;
	uv_poll_init(&edge->loop, &listener->poll, descriptor);
	listener->poll.data = listener;
	uv_poll_start(&listener->poll, UV_READABLE, on_connection);
	return listener;
}

static void
on_closed(uv_handle_t *handle)
{
	TpListener *listener = handle->data;

	if (--listener->handles == 0)
		free(listener);
}

void
tp_listener_close(TpListener *listener)
{
	/* Who has connected already has been promised an answer. */
	accept_some(listener, BACKLOG);
	uv_close((uv_handle_t *) &listener->poll, on_closed);
	uv_close((uv_handle_t *) &listener->pause, on_closed);
	close(listener->descriptor);
}
