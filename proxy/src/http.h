/*
 * http.h
 *	  HTTP/1.1 connections: requests become calls, answers go back, WebSockets go on
 *	  to libwebsockets.
 */
#ifndef TRADEPOST_PROXY_HTTP_H
#define TRADEPOST_PROXY_HTTP_H

#include "address.h"
#include "edge.h"

typedef struct TpHttp TpHttp;

extern TpHttp *tp_http_open(TpEdge *edge);

/* Takes a connection that was accepted; its descriptor is then http.c's. */
extern void tp_http_accept(TpHttp *http, int descriptor, const TpAddress *peer);

/* Connections that idle are closed, the others after their answer. */
extern void tp_http_drain(TpHttp *http);
extern int tp_http_connections(const TpHttp *http);

/* Closes what is left; the handles close on the loop. */
extern void tp_http_close(TpHttp *http);

#endif
