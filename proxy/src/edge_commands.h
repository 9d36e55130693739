/*
 * edge_commands.h
 *	  Cancels and amends: what edge_commands.c keeps for edge_orders.c, which opens it.
 *	  The handlers are in edge_orders.h.
 */
#ifndef TRADEPOST_PROXY_EDGE_COMMANDS_H
#define TRADEPOST_PROXY_EDGE_COMMANDS_H

#include "edge.h"

typedef struct TpCommands TpCommands;

extern TpCommands *tp_commands_open(TpEdge *edge);
extern void tp_commands_stop(TpCommands *commands);  /* answers what waits for the stream */
extern void tp_commands_close(TpCommands *commands); /* with no call under way any more */

/* edge_orders.c, which lives as long as it is held. */
extern TpCommands *tp_orders_commands(struct TpOrders *orders);
extern void tp_orders_hold(struct TpOrders *orders);
extern void tp_orders_release(struct TpOrders *orders);

#endif
