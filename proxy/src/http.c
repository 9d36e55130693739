/*
 * http.c
 *	  All HTTP connections of a worker: taking them, timing them out, draining them.
 *
 * Opened and closed by edge.c; listener.c brings connections.  Timeouts cost nothing
 * per connection: in each queue all wait equally long, so one timer looks at the heads.
 */
#include <stdlib.h>
#include <unistd.h>

#include "http_connection.h"
#include "log.h"
#include "metrics.h"
#include "settings.h"

#define TICK_MS 250
#define LINGER_MS 2000
#define DRAIN_REQUEST_MS 2000 /* to send a whole request, while we stop */

void
tp_connection_queue(TpConnection *connection, TpConnectionQueue queue)
{
	TpHttp *http = connection->http;

	if (connection->queue != TP_Q_NONE)
	{
		if (connection->previous != NULL)
			connection->previous->next = connection->next;
		else
			http->first[connection->queue] = connection->next;
		if (connection->next != NULL)
			connection->next->previous = connection->previous;
		else
			http->last[connection->queue] = connection->previous;
	}
	connection->queue = queue;
	connection->next = NULL;
	connection->previous = NULL;
	if (queue == TP_Q_NONE)
		return;
	connection->since_ms = uv_now(&http->edge->loop);
	connection->previous = http->last[queue];
	if (connection->previous != NULL)
		connection->previous->next = connection;
	else
		http->first[queue] = connection;
	http->last[queue] = connection;
}

static uint64_t
patience_ms(const TpHttp *http, TpConnectionQueue queue)
{
	const TpSettings *settings = http->edge->settings;

	switch (queue)
	{
		case TP_Q_IDLE:
			return http->draining ? 0 : (uint64_t) settings->keep_alive_s * 1000;
		case TP_Q_LINGERING:
			return LINGER_MS;
		case TP_Q_REQUEST:
			if (http->draining && settings->request_timeout_s * 1000 > DRAIN_REQUEST_MS)
				return DRAIN_REQUEST_MS;
			return (uint64_t) settings->request_timeout_s * 1000;
		default:
			return (uint64_t) settings->request_timeout_s * 1000;
	}
}

static void
close_overdue(TpHttp *http)
{
	uint64_t now = uv_now(&http->edge->loop);

	for (int queue = TP_Q_REQUEST; queue < TP_Q_COUNT; queue++)
	{
		uint64_t patience = patience_ms(http, (TpConnectionQueue) queue);

		if (queue == TP_Q_CALLING)
			continue;
		while (http->first[queue] != NULL && now - http->first[queue]->since_ms >= patience)
		{
			if (queue == TP_Q_IDLE || queue == TP_Q_LINGERING)
				tp_connection_close(http->first[queue]);
			else
				tp_connection_time_out(http->first[queue]);
		}
	}
	tp_gauge(TP_M_CONNECTIONS, http->connections);
}

static void
on_timer(uv_timer_t *timer)
{
	close_overdue(timer->data);
}

TpHttp *
tp_http_open(TpEdge *edge)
{
	TpHttp *http = tp_alloc(sizeof(*http));

	http->edge = edge;
	uv_timer_init(&edge->loop, &http->timer);
	http->timer.data = http;
	uv_timer_start(&http->timer, on_timer, TICK_MS, TICK_MS);
	return http;
}

void
tp_http_accept(TpHttp *http, int descriptor, const TpAddress *peer)
{
	if (http->draining || http->connections >= http->edge->settings->connection_limit)
	{
		tp_count(TP_M_CONNECTIONS_REFUSED, 1);
		close(descriptor);
		return;
	}
	tp_connection_open(http, descriptor, peer);
}

void
tp_http_drain(TpHttp *http)
{
	http->draining = true;
	close_overdue(http);
}

int
tp_http_connections(const TpHttp *http)
{
	return http->connections;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	TpHttp *http = handle->data;

	tp_buffer_free(&http->head);
	free(http);
}

void
tp_http_close(TpHttp *http)
{
	for (int queue = TP_Q_REQUEST; queue < TP_Q_COUNT; queue++)
		while (http->first[queue] != NULL)
			tp_connection_close(http->first[queue]);
	uv_close((uv_handle_t *) &http->timer, on_timer_closed);
}
