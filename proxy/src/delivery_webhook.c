/*
 * delivery_webhook.c
 *	  DELIVERY_WEBHOOK: each message POSTed and signed.
 *
 * An answer of 2xx takes the message; redirects are not followed, for they would carry
 * codes somewhere else.
 */
#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "clock.h"
#include "delivery_parts.h"
#include "outgoing.h"
#include "settings.h"
#include "signature.h"

struct TpWebhook
{
	TpEdge *edge;
	TpCurlLoop *curl;
	TpErrand *errands;
};

static void
answered(void *context, const TpOutgoingAnswer *answer)
{
	TpErrand *errand = context;
	char text[128];

	if (answer->fault != NULL)
		snprintf(text, sizeof(text), "DELIVERY_WEBHOOK: %s", answer->fault);
	else
		snprintf(text, sizeof(text), "DELIVERY_WEBHOOK answered %ld", answer->status);
	tp_errand_end(errand, answer->fault == NULL && answer->status >= 200 && answer->status < 300 ? NULL : text);
	free(errand);
}

void
tp_webhook_post(TpWebhook *webhook, TpSlice message, TpDelivered done, void *context)
{
	const TpSettings *settings = webhook->edge->settings;
	TpErrand *errand = tp_alloc(sizeof(*errand));
	TpBuffer signature = { 0 };

	tp_buffer_text(&signature, "Tradepost-Signature: ");
	tp_signature_make(message, settings->delivery_secret, tp_wall_us() / 1000000, &signature);
	tp_buffer_add(&signature, "", 1);
	tp_errand_begin(errand, &webhook->errands, done, context);
	tp_outgoing(webhook->curl,
				&(TpOutgoingRequest){
					.url = settings->delivery_webhook,
					.headers = (const char *const[]){ signature.data, "Content-Type: application/json", NULL },
					.body = message,
					.timeout_ms = settings->delivery_timeout_s * 1000,
				},
				answered, errand);
	tp_buffer_free(&signature);
}

TpWebhook *
tp_webhook_open(TpEdge *edge)
{
	TpWebhook *webhook = tp_alloc(sizeof(*webhook));

	webhook->edge = edge;
	webhook->curl = tp_curl_loop_open(&edge->loop);
	return webhook;
}

void
tp_webhook_close(TpWebhook *webhook)
{
	if (webhook == NULL)
		return;
	tp_curl_loop_close(webhook->curl);
	free(webhook);
}
