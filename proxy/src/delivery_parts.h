/*
 * delivery_parts.h
 *	  What delivery.c, delivery_command.c and delivery_webhook.c share, and nobody else
 *	  includes.
 */
#ifndef TRADEPOST_PROXY_DELIVERY_PARTS_H
#define TRADEPOST_PROXY_DELIVERY_PARTS_H

#include "delivery.h"
#include "edge.h"

/* One message under way; in the list of its part until it has ended. */
typedef struct TpErrand
{
	struct TpErrand *next;
	struct TpErrand **back;
	TpDelivered done; /* NULL: has been called */
	void *context;
} TpErrand;

extern void tp_errand_begin(TpErrand *errand, TpErrand **list, TpDelivered done, void *context);

/* Takes it out of its list, and says once what became of it. */
extern void tp_errand_end(TpErrand *errand, const char *error);

/* delivery_command.c: the message on the standard input of a program of its own. */
typedef struct TpCommandRunner TpCommandRunner;
extern TpCommandRunner *tp_command_runner_open(TpEdge *edge);
extern void tp_command_runner_close(TpCommandRunner *runner);
extern void tp_command_run(TpCommandRunner *runner, TpSlice message, TpDelivered done, void *context);

/* delivery_webhook.c: the message by HTTP, signed. */
typedef struct TpWebhook TpWebhook;
extern TpWebhook *tp_webhook_open(TpEdge *edge);
extern void tp_webhook_close(TpWebhook *webhook);
extern void tp_webhook_post(TpWebhook *webhook, TpSlice message, TpDelivered done, void *context);

/* delivery_outbox.c: messages that wait in the database; the first worker of a proxy sends them. */
typedef struct TpOutbox TpOutbox;
extern TpOutbox *tp_outbox_open(TpEdge *edge, TpDeliveries *deliveries);
extern void tp_outbox_close(TpOutbox *outbox);

#endif
