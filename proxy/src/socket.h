/*
 * socket.h
 *	  WebSockets: /ws with JSON, /socket.io/ with Socket.IO's packets.
 *
 * upgrade.c brings connections here; what they hear comes from hub.h, what they ask goes
 * the way of every call (route.h). Close codes that a client may see, besides those of
 * RFC 6455:
 *
 *	1001	the server shuts down
 *	1003	a binary message
 *	1007	not UTF-8, or wrongly compressed
 *	1008	too many messages, or too many bad tokens
 *	1009	a message of more than 64 KiB
 *	4001	the session was revoked, or the API key has ended
 *	4008	the client reads slower than its events come
 *	4009	no answer to a ping
 *	4010	no Socket.IO handshake in time
 */
#ifndef TRADEPOST_PROXY_SOCKET_H
#define TRADEPOST_PROXY_SOCKET_H

#include <libwebsockets.h>

#include "edge.h"
#include "upgrade.h"

#define TP_CLOSE_REVOKED 4001
#define TP_CLOSE_SLOW 4008
#define TP_CLOSE_SILENT 4009
#define TP_CLOSE_NO_HANDSHAKE 4010

typedef struct TpSockets TpSockets;

/* After the hub, before HTTP. */
extern TpSockets *tp_sockets_open(TpEdge *edge);
extern void tp_sockets_close(TpSockets *sockets); /* when no socket is left; its handle closes on the loop */

/*
 * Before libwebsockets hears of it: may this connection become a socket? False: `answer` is the whole HTTP response that
 * says why not. host: the Host header.
 */
extern bool tp_socket_admit(TpUpgrade *upgrade, TpSlice host, TpBuffer *answer);

/* A request to a WebSocket's path that is no handshake. */
extern void tp_socket_not_upgraded(struct TpCall *call);

/* The protocol's callback, for connections that have a TpUpgrade. */
extern int tp_socket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length);

/* What the vhost offers: permessage-deflate without context takeover. */
extern const struct lws_extension tp_socket_extensions[];

/* From what a client offers (Sec-WebSocket-Extensions) to the offer that libwebsockets is to accept; NULL: to none. */
extern const char *tp_deflate_offer(TpSlice offers);

/* Each gets what already waits for it, then the code. */
extern void tp_sockets_close_all(TpEdge *edge, int code);

extern size_t tp_sockets_count(const TpSockets *sockets);

/* Sockets, and orders that are being cancelled for the sake of those that went: shutdown waits for them. */
extern size_t tp_sockets_busy(const TpSockets *sockets);

#endif
