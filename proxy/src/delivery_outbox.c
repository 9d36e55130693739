/*
 * delivery_outbox.c
 *	  Messages that wait in the database, sent by the first worker of each proxy.
 *
 * Proxies share the outbox: what one claims is its own for longer than sending may take.
 * A message is tried until it is taken, so it may leave twice; its id says so.
 */
#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "delivery_parts.h"
#include "log.h"
#include "pg.h"
#include "settings.h"

#define LOOK_MS 1000
#define LEASE_MORE_S 30

struct TpOutbox
{
	TpEdge *edge;
	TpDeliveries *deliveries;
	uv_timer_t timer;
	int under_way; /* claims, messages and their outcomes; callbacks that name this outbox */
	bool closing;
	bool timer_closed;
};

typedef struct Sending
{
	TpOutbox *outbox;
	char id[24];
} Sending;

static const TpStatement claim_statement = {
	.sql = "SELECT id, message FROM tradepost_edge.deliveries_claim($1::integer, $2::integer)", .parameters = 2
};
static const TpStatement done_statement = { .sql = "SELECT tradepost_edge.delivery_done($1::bigint, $2)",
											.parameters = 2,
											.idempotent = true };

static void
returned(TpOutbox *outbox)
{
	outbox->under_way--;
	if (outbox->closing && outbox->timer_closed && outbox->under_way == 0)
		free(outbox);
}

static void
noted(void *context, const PGresult *result, const TpPgError *error)
{
	(void) result;
	/* Then the lease runs out, and the message leaves again. */
	if (error != NULL)
		tp_log(TP_LOG_WARN, "what became of a message could not be noted", "why", error->message, NULL);
	returned(context);
}

static void
sent(void *context, const char *fault)
{
	Sending *sending = context;
	TpOutbox *outbox = sending->outbox;

	if (fault != NULL)
		tp_log(TP_LOG_WARN, "a message could not be delivered", "delivery", sending->id, "why", fault, NULL);
	tp_pg_call(outbox->edge->pg, &done_statement, (const char *const[]){ sending->id, fault }, noted, outbox);
	free(sending);
}

static void
claimed(void *context, const PGresult *result, const TpPgError *error)
{
	TpOutbox *outbox = context;

	for (int row = 0; error == NULL && !outbox->closing && row < PQntuples(result); row++)
	{
		Sending *sending = tp_alloc(sizeof(*sending));

		sending->outbox = outbox;
		snprintf(sending->id, sizeof(sending->id), "%s", PQgetvalue(result, row, 0));
		outbox->under_way++;
		tp_deliver(outbox->deliveries, (TpSlice){ PQgetvalue(result, row, 1), (size_t) PQgetlength(result, row, 1) },
				   sent, sending);
	}
	returned(outbox);
}

static void
look(uv_timer_t *timer)
{
	TpOutbox *outbox = timer->data;
	char lease[16];

	/* The last ones first. */
	if (outbox->under_way > 0 || !tp_pg_usable(outbox->edge->pg))
		return;
	snprintf(lease, sizeof(lease), "%d", outbox->edge->settings->delivery_timeout_s + LEASE_MORE_S);
	outbox->under_way++;
	tp_pg_call(outbox->edge->pg, &claim_statement, (const char *const[]){ "8", lease }, claimed, outbox);
}

TpOutbox *
tp_outbox_open(TpEdge *edge, TpDeliveries *deliveries)
{
	TpOutbox *outbox = tp_alloc(sizeof(*outbox));

	outbox->edge = edge;
	outbox->deliveries = deliveries;
	uv_timer_init(&edge->loop, &outbox->timer);
	outbox->timer.data = outbox;
	uv_timer_start(&outbox->timer, look, LOOK_MS, LOOK_MS);
	return outbox;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	TpOutbox *outbox = handle->data;

	outbox->timer_closed = true;
	outbox->under_way++;
	returned(outbox);
}

void
tp_outbox_close(TpOutbox *outbox)
{
	if (outbox == NULL)
		return;
	outbox->closing = true;
	uv_close((uv_handle_t *) &outbox->timer, on_timer_closed);
}
