/*
 * delivery.c
 *	  Which way messages leave; see delivery.h.
 */
#include "delivery.h"

#include <stdlib.h>

#include "buffer.h"
#include "delivery_parts.h"
#include "settings.h"

#define ERRANDS_MOST 32 /* each is a process or a connection */

struct TpDeliveries
{
	TpCommandRunner *runner; /* one of the two */
	TpWebhook *webhook;
	TpOutbox *outbox; /* NULL: another worker's */
	int under_way;
};

/* Counts it until it has ended. */
typedef struct Errand
{
	TpDeliveries *deliveries;
	TpDelivered done;
	void *context;
} Errand;

void
tp_errand_begin(TpErrand *errand, TpErrand **list, TpDelivered done, void *context)
{
	errand->done = done;
	errand->context = context;
	errand->next = *list;
	errand->back = list;
	if (*list != NULL)
		(*list)->back = &errand->next;
	*list = errand;
}

void
tp_errand_end(TpErrand *errand, const char *error)
{
	TpDelivered done = errand->done;

	if (done == NULL)
		return;
	errand->done = NULL;
	*errand->back = errand->next;
	if (errand->next != NULL)
		errand->next->back = errand->back;
	done(errand->context, error);
}

TpDeliveries *
tp_deliveries_open(TpEdge *edge)
{
	TpDeliveries *deliveries;

	if (*edge->settings->delivery_command == '\0' && *edge->settings->delivery_webhook == '\0')
		return NULL;
	deliveries = tp_alloc(sizeof(*deliveries));
	if (*edge->settings->delivery_command != '\0')
		deliveries->runner = tp_command_runner_open(edge);
	else
		deliveries->webhook = tp_webhook_open(edge);
	if (edge->worker == 0)
		deliveries->outbox = tp_outbox_open(edge, deliveries);
	return deliveries;
}

void
tp_deliveries_close(TpDeliveries *deliveries)
{
	if (deliveries == NULL)
		return;
	/* First who would send more. */
	tp_outbox_close(deliveries->outbox);
	tp_command_runner_close(deliveries->runner);
	tp_webhook_close(deliveries->webhook);
	free(deliveries);
}

static void
ended(void *context, const char *error)
{
	Errand *errand = context;
	Errand copy = *errand;

	copy.deliveries->under_way--;
	free(errand);
	copy.done(copy.context, error);
}

void
tp_deliver(TpDeliveries *deliveries, TpSlice message, TpDelivered done, void *context)
{
	Errand *errand;

	if (deliveries->under_way >= ERRANDS_MOST)
	{
		done(context, "too many messages are under way");
		return;
	}
	errand = tp_alloc(sizeof(*errand));
	*errand = (Errand){ deliveries, done, context };
	deliveries->under_way++;
	if (deliveries->runner != NULL)
		tp_command_run(deliveries->runner, message, ended, errand);
	else
		tp_webhook_post(deliveries->webhook, message, ended, errand);
}
