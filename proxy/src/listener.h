/*
 * listener.h
 *	  The listening socket of a worker.
 */
#ifndef TRADEPOST_PROXY_LISTENER_H
#define TRADEPOST_PROXY_LISTENER_H

#include "edge.h"

typedef struct TpListener TpListener;

/*
 * A listening socket that shares its port with those of the other workers; -1, and a sentence in problem. first: of
 * this proxy, so nobody may listen there yet.
 */
extern int tp_listener_bind(const struct TpSettings *settings, bool first, TpBuffer *problem);

/* Takes connections from it until it is closed, and then those that wait already. */
extern TpListener *tp_listener_open(TpEdge *edge, int descriptor);
extern void tp_listener_close(TpListener *listener);

#endif
