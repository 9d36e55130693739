/*
 * hub.h
 *	  Who hears what: channels, and the sockets subscribed to them.
 *
 * Takes events from the stream and books from books.c, makes each message once, and
 * gives references of it to sockets. Knows nothing of WebSocket frames.
 */
#ifndef TRADEPOST_PROXY_HUB_H
#define TRADEPOST_PROXY_HUB_H

#include "call.h"
#include "event.h"
#include "pushes.h"

typedef struct TpHub TpHub;
typedef struct TpSubscriber TpSubscriber;
struct TpEdge;

/*
 * A message, shared by everybody who gets it. json: {"event":..,"seq":..,"data":..}, or of a push
 * {"event":..,"push":..,"data":..}; data is the part of it that Socket.IO wants alone. Freed by the last tp_message_release().
 */
typedef struct TpMessage
{
	int references;
	const char *name;
	int64_t seq;  /* 0: it is a push */
	int64_t push; /* its number; 0: it is none */
	int part;     /* of the seq's messages this is number `part`, counted over all of them, whoever gets them */
	int of; /* how many these are; both 0: it is not one of a seq's own (market:update, book:...). json has them if there
			   * are several */
	TpSlice json;
	TpSlice data;
	void *wire[4]; /* what senders made of it (framings), freed with it by free() */
} TpMessage;

extern TpMessage *tp_message_hold(TpMessage *message);
extern void tp_message_release(TpMessage *message);

typedef struct TpSubscriberEvents
{
	void (*deliver)(void *context, TpMessage *message); /* hold it to keep it */
	bool (*ready)(void *context);                       /* is there room for a page of old events; NULL: always */
} TpSubscriberEvents;

extern TpHub *tp_hub_open(struct TpEdge *edge);
extern void tp_hub_close(TpHub *hub);

/* Somebody, of whom nothing is known but the tenant whose public channels he may hear. */
extern TpSubscriber *tp_hub_join(TpHub *hub, int64_t tenant, const TpSubscriberEvents *events, void *context);
extern void tp_hub_leave(TpSubscriber *subscriber);

/*
 * Who it is, or is now; NULL: nobody in particular any more. Channels that were another's go; of another tenant, all.
 */
extern void tp_hub_identify(TpSubscriber *subscriber, const TpIdentity *identity);

/*
 * channel: market:<symbol>, trades:<symbol>, book:<symbol>, orders, signals, notifications, account. NULL, or the stable code
 * of why not (unknown_channel, unknown_symbol, authentication_required, scope_missing, too_many_channels, unavailable).
 */
extern const char *tp_hub_subscribe(TpSubscriber *subscriber, TpSlice channel);
extern const char *tp_hub_unsubscribe(TpSubscriber *subscriber, TpSlice channel);

/*
 * After its subscriptions: deliver what they missed after seq `since`, in order and each once, then go on live. Until
 * then nothing else of them is delivered, however long the database is away. done: code NULL, or "since_too_old" (then
 * it is live, with a gap) or "resume_under_way".
 */
extern void
tp_hub_resume(TpSubscriber *subscriber, int64_t since, void (*done)(void *context, const char *code, int64_t seq));

/*
 * The same for signals, notifications and account, after push number `since`; seq is then the number of a push, too.
 */
extern void tp_hub_resume_pushes(TpSubscriber *subscriber, int64_t since,
								 void (*done)(void *context, const char *code, int64_t seq));

/* From pushes.c, in order. */
extern void tp_hub_push(TpHub *hub, const TpPush *push);
extern bool tp_hub_hears_pushes(const TpHub *hub); /* does anybody */

/* There is room again: catch-up that found its subscriber not ready goes on. */
extern void tp_hub_ready(TpSubscriber *subscriber);

#endif
