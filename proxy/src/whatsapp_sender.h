/*
 * whatsapp_sender.h
 *	  Messages to phones that wait in the database, sent through Twilio's Messages API by the
 *	  first worker of each proxy.
 */
#ifndef TRADEPOST_PROXY_WHATSAPP_SENDER_H
#define TRADEPOST_PROXY_WHATSAPP_SENDER_H

struct TpEdge;

typedef struct TpWhatsappSender TpWhatsappSender;

/* NULL: WhatsApp is not configured, or another worker's. So all of these take NULL. */
extern TpWhatsappSender *tp_whatsapp_sender_open(struct TpEdge *edge);
extern void tp_whatsapp_sender_close(TpWhatsappSender *sender);

/* Something was put into the outbox. */
extern void tp_whatsapp_sender_wake(TpWhatsappSender *sender);

/* Nothing more is begun; how much is under way still. */
extern int tp_whatsapp_sender_drain(TpWhatsappSender *sender);

#endif
