/*
 * whatsapp_status.h
 *	  POST webhooks/twilio/status: what Twilio reports of messages that were sent.
 */
#ifndef TRADEPOST_PROXY_WHATSAPP_STATUS_H
#define TRADEPOST_PROXY_WHATSAPP_STATUS_H

#include "call.h"

extern void tp_whatsapp_status_post(TpCall *call);

#endif
