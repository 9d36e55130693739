/*
 * whatsapp_fields.h
 *	  From the fields of Twilio's message to what the database is told of it.  Pure.
 */
#ifndef TRADEPOST_PROXY_WHATSAPP_FIELDS_H
#define TRADEPOST_PROXY_WHATSAPP_FIELDS_H

#include <stdint.h>

#include "buffer.h"
#include "form.h"

#define TP_WHATSAPP_BODY 4096 /* characters of a message: WhatsApp takes no more */
#define TP_WHATSAPP_SID 64

/* "whatsapp:+14155238886" to "+14155238886"; false: it is not of this form. */
extern bool tp_whatsapp_phone(TpSlice from, char phone[20]);

/* The message's own id, of letters and digits; false: there is none. */
extern bool tp_whatsapp_sid(const TpForm *form, char sid[TP_WHATSAPP_SID + 1]);

/*
 * The argument of tradepost_edge.whatsapp_inbound(), onto the end of json. hears: voice notes can be heard. A body that
 * is too long is cut, and of kind other then: the part of an order is not to be an order.
 */
extern void tp_whatsapp_arguments(const TpForm *form, int64_t tenant, const char *phone, const char *sid, bool hears,
								  TpBuffer *json);

#endif
