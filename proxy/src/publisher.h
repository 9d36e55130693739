/*
 * publisher.h
 *	  Publishes every event in Redis, on channels named as the events; of tenants but the
 *	  first, "tenant:<number>:" before the name.
 *
 * One worker of all proxies does it: the one that holds the key
 * tradepost:publisher. Where it has come to is kept in Redis too, so that the next one
 * goes on from there: each event is published at least once, in order.
 */
#ifndef TRADEPOST_PROXY_PUBLISHER_H
#define TRADEPOST_PROXY_PUBLISHER_H

typedef struct TpPublisher TpPublisher;
struct TpEdge;

extern TpPublisher *tp_publisher_open(struct TpEdge *edge);
extern void tp_publisher_close(TpPublisher *publisher);

#endif
