/*
 * edge_orders.h
 *	  Orders on their way in: placed many in one call, answered when they are decided.
 *
 * Orders that arrive while calls of the database are under way wait and go together in
 * the next one. An answer waits for the decision, ORDER_DECISION_TIMEOUT_MS at most;
 * then, and with Prefer: respond-async, it is 202 and the order's number.
 */
#ifndef TRADEPOST_PROXY_EDGE_ORDERS_H
#define TRADEPOST_PROXY_EDGE_ORDERS_H

#include "call.h"

typedef struct TpOrders TpOrders;

extern TpOrders *tp_orders_open(struct TpEdge *edge);
extern void tp_orders_close(TpOrders *orders); /* after pg and decisions have ended their calls */

/* Handlers. POST orders; POST orders/batch: {"orders":[...]}, answered with {"results":[...]} in their order. */
extern void tp_orders_post(TpCall *call);
extern void tp_orders_batch(TpCall *call);

/* edge_commands.c: PATCH and DELETE orders/:id; DELETE orders. */
extern void tp_orders_patch(TpCall *call);
extern void tp_orders_delete(TpCall *call);
extern void tp_orders_delete_all(TpCall *call);

#endif
