/*
 * http_connection.h
 *	  One connection, for the files of http: what it has and how far it is.
 *
 *		reading --(whole request)--> calling --(answer)--> reading
 *		   |                           |                     ^
 *		   | (refused)                 | (socket is full)    | (written)
 *		   v                           v                     |
 *		lingering <--(written)------ writing ----------------+
 *
 * and from each to closed. http_connection.c alone changes the state.
 */
#ifndef TRADEPOST_PROXY_HTTP_CONNECTION_H
#define TRADEPOST_PROXY_HTTP_CONNECTION_H

#include "address.h"
#include "call.h"
#include "edge.h"
#include "http.h"
#include "http_parser.h"

typedef enum TpConnectionState
{
	TP_CONN_READING,
	TP_CONN_CALLING,
	TP_CONN_WRITING,
	TP_CONN_LINGERING, /* our side is shut; the client may finish talking */
	TP_CONN_CLOSED
} TpConnectionState;

/* Each queue has one timeout for all in it, so its head is always the next to run out. */
typedef enum TpConnectionQueue
{
	TP_Q_NONE,
	TP_Q_REQUEST,
	TP_Q_CALLING, /* no timeout: calls have their own */
	TP_Q_IDLE,
	TP_Q_WRITING,
	TP_Q_LINGERING,
	TP_Q_COUNT
} TpConnectionQueue;

typedef struct TpConnection
{
	uv_poll_t poll;
	TpHttp *http;
	int descriptor;
	TpConnectionState state;
	int polled; /* events that poll asks for */

	TpConnectionQueue queue;
	struct TpConnection *previous;
	struct TpConnection *next;
	uint64_t since_ms; /* in its queue */

	TpBuffer in;
	size_t scanned;
	size_t need; /* bytes of the request whose head is parsed; 0: none is */
	TpBuffer out;
	size_t written;
	TpCall *call;
	TpRequest request;
	TpAddress peer;
	bool advancing; /* connection_advance() is on the stack */
	bool keep_alive;
	bool linger;
	bool ended; /* the client sends no more */
} TpConnection;

struct TpHttp
{
	TpEdge *edge;
	uv_timer_t timer;
	TpConnection *first[TP_Q_COUNT];
	TpConnection *last[TP_Q_COUNT];
	int connections;
	bool draining;
	bool closed;
	TpBuffer head; /* scratch */
};

extern void tp_connection_open(TpHttp *http, int descriptor, const TpAddress *peer);
extern void tp_connection_close(TpConnection *connection);

/* Its time in its queue is over. */
extern void tp_connection_time_out(TpConnection *connection);
extern void tp_connection_queue(TpConnection *connection, TpConnectionQueue queue);

/* Makes the call that the request is, with the `need` bytes at the beginning of `in` as its memory. */
extern TpCall *tp_connection_call(TpConnection *connection, TpCallSend send);

/* Its line in the access log. */
extern void tp_connection_log(const TpCall *call, size_t bytes);

#endif
