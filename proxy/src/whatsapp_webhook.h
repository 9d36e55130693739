/*
 * whatsapp_webhook.h
 *	  webhooks/twilio/whatsapp: what traders write, and its answers.
 */
#ifndef TRADEPOST_PROXY_WHATSAPP_WEBHOOK_H
#define TRADEPOST_PROXY_WHATSAPP_WEBHOOK_H

#include "edge.h"
#include "route.h"

typedef struct TpMessages TpMessages;

extern TpMessages *tp_messages_open(TpEdge *edge);
extern void tp_messages_close(TpMessages *messages); /* before pg: what is under way is answered */

/* A message of WhatsApp, signed by Twilio; answered by TwiML within 10 s. */
extern void tp_whatsapp_post(TpCall *call);

/* ?hub.mode=subscribe&hub.verify_token=&hub.challenge=: answered by the challenge if it is our token. */
extern void tp_whatsapp_verify(TpCall *call);

#endif
