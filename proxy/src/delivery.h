/*
 * delivery.h
 *	  Sending a message to a person: a JSON object handed to DELIVERY_COMMAND or POSTed to
 *	  DELIVERY_WEBHOOK, which know how mail and text messages leave.
 *
 * {"id", "kind": "code" or "notification", "channel": "email" or "sms", "to", "subject", "body", "language", ...}
 */
#ifndef TRADEPOST_PROXY_DELIVERY_H
#define TRADEPOST_PROXY_DELIVERY_H

#include "slice.h"

struct TpEdge;

typedef struct TpDeliveries TpDeliveries;

/* NULL: neither is set, and nothing can be sent. */
extern TpDeliveries *tp_deliveries_open(struct TpEdge *edge);
extern void tp_deliveries_close(TpDeliveries *deliveries); /* ends what is under way, as failed; NULL is fine */

/* error NULL: it was taken. Words for the log and the outbox, without any of the message. May come before tp_deliver() returns. */
typedef void (*TpDelivered)(void *context, const char *error);

extern void tp_deliver(TpDeliveries *deliveries, TpSlice message, TpDelivered done, void *context);

#endif
