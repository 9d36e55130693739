/*
 * tls.h
 *	  TLS in front of the connections, when TLS_CERT is set.
 */
#ifndef TRADEPOST_PROXY_TLS_H
#define TRADEPOST_PROXY_TLS_H

#include "address.h"
#include "edge.h"

typedef struct TpTls TpTls;

/* NULL, and a log line, if certificate and key cannot be used. */
extern TpTls *tp_tls_open(TpEdge *edge);
extern void tp_tls_close(TpTls *tls);

/* For the supervisor, before it forks: can they be used? */
extern bool tp_tls_check(const struct TpSettings *settings, TpBuffer *problem);

/* Reads the files again; if they are unfit, the old ones stay. */
extern bool tp_tls_reload(TpTls *tls);

/* Takes an accepted connection, and brings what it says to http.c. */
extern void tp_tls_accept(TpTls *tls, int descriptor, const TpAddress *peer);

extern int tp_tls_connections(const TpTls *tls);

#endif
