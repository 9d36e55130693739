/*
 * hub_parts.h
 *	  The hub's inside: hub.c (who hears what), hub_market.c (prices and books, made of
 *	  many events at a time), catchup.c (what was missed), hub_push.c and push_catchup.c (the
 *	  same of pushes), message.c.
 */
#ifndef TRADEPOST_PROXY_HUB_PARTS_H
#define TRADEPOST_PROXY_HUB_PARTS_H

#include <uv.h>

#include "books.h"
#include "edge.h"
#include "hub.h"

typedef enum TpChannelKind
{
	TP_CHANNEL_MARKET, /* everything public of an instrument, and market:update */
	TP_CHANNEL_TRADES,
	TP_CHANNEL_BOOK,
	TP_CHANNEL_ORDERS /* everything of an account */
} TpChannelKind;

typedef struct TpChannel TpChannel;
typedef struct TpMarketHub TpMarketHub;

typedef struct TpSubscription
{
	TpSubscriber *subscriber;
	TpChannel *channel;
	int place;           /* in the channel */
	bool fresh;          /* since the last resume, so that a resume is about it */
	bool wants_snapshot; /* of a book: it has got none yet */
} TpSubscription;

struct TpChannel
{
	TpChannelKind kind;
	TpMarketHub *market; /* NULL: of an account */
	int64_t account;
	TpChannel *next; /* of accounts, in their bucket */
	TpSubscription **members;
	int count;
	int capacity;
};

/* A price as text. */
typedef struct TpPriceText
{
	char text[48];
	int length; /* 0: none */
} TpPriceText;

struct TpMarketHub
{
	TpHub *hub;
	const TpInstrumentInfo *instrument;
	TpChannel market;
	TpChannel trades;
	TpChannel book;
	TpPriceText last;
	TpPriceText mark;
	int64_t time_us; /* of the last event */
	bool listed;     /* as dirty */
	bool update_due; /* prices may have changed */
	bool book_due;
	bool told_anew; /* somebody new listens: tell also what has not changed */
	bool reading;
	bool reads_deep;
	uint64_t update_after_ms;
	uint64_t book_after_ms;
	TpBuffer told;    /* the last market:update, without its time */
	TpBook published; /* what the book's listeners have */
};

struct TpSubscriber
{
	TpHub *hub;
	TpSubscriber *previous; /* of all */
	TpSubscriber *next;
	int64_t tenant;
	TpIdentity identity; /* user 0: nobody in particular */
	TpSubscriberEvents events;
	void *context;
	TpSubscription **subscriptions;
	int count;
	int capacity;
	uint64_t stamp;          /* the last message that it was given */
	bool gone;               /* left; its memory goes at the end of the delivery */
	struct TpResume *resume; /* it catches up */
	int64_t skip_to;         /* it knows every event up to this seq */

	unsigned pushes;                     /* bits of TpPushChannel that it hears */
	unsigned pushes_fresh;               /* of these, since the last resume */
	TpSubscriber *user_next;             /* of those who hear pushes, in the user's bucket */
	struct TpPushResume *push_resume;    /* it catches up */
	int64_t pushes_to[TP_PUSH_CHANNELS]; /* it knows every one up to this number */
};

/* A message before anybody is known to want it. */
typedef struct TpDraft
{
	const char *name;
	int64_t account; /* 0: public */
	size_t at;       /* its data, in hub->texts */
	size_t length;
} TpDraft;

#define TP_HUB_DRAFTS 8
#define TP_HUB_BUCKETS 4096
#define TP_HUB_CHANNELS 512 /* of one subscriber */

struct TpHub
{
	TpEdge *edge;
	TpSubscriber *subscribers;
	TpMarketHub **markets; /* by the instrument's id */
	int market_count;
	TpChannel *accounts[TP_HUB_BUCKETS];
	uint64_t stamp;
	int delivering;
	bool someone_left; /* while something was delivered */
	TpBuffer scratch;
	TpBuffer texts; /* of the drafts */
	TpDraft drafts[TP_HUB_DRAFTS];
	int draft_count;
	TpMarketHub **dirty;
	int dirty_count;
	int dirty_capacity;
	uv_timer_t timer;
	struct TpResume *resumes; /* wait for their turn or are under way */
	int resuming;             /* pages under way, of pushes too */
	TpSubscriber *users[TP_HUB_BUCKETS];
	int push_hearers;
	struct TpPushResume *push_resumes;
	int push_pages; /* under way */
	uv_timer_t resume_timer;
	bool closing;
	int reading;  /* books that are asked for */
	bool looking; /* at the dirty ones */
	int handles;  /* that still close */
};

/* message.c: with one reference. of 0: not one of the seq's own. */
extern TpMessage *tp_message_new(const char *name, int64_t seq, int part, int of, TpSlice data);
extern TpMessage *tp_message_of_push(const TpPush *push);

/* The event's messages into hub->drafts; their number. */
extern int tp_hub_draft(TpHub *hub, const TpEvent *event, const TpInstrumentInfo *instrument);
extern TpMessage *tp_hub_message(TpHub *hub, int draft, int64_t seq);

/* hub.c */

/* Around the delivery of one message: who got it does not get it again, and nobody is freed between. */
extern void tp_hub_begin(TpHub *hub);
extern void tp_hub_end(TpHub *hub);
extern void tp_hub_give(TpSubscriber *subscriber, TpMessage *message);
extern void tp_hub_give_channel(const TpChannel *channel, TpMessage *message);

extern TpMarketHub *tp_hub_market(TpHub *hub, const TpInstrumentInfo *instrument);
extern void tp_hub_free_when_done(TpHub *hub);

/* Whether a message of this name, of this market or for this account, is for such a channel. */
extern bool tp_channel_wants(const TpChannel *channel, const TpMarketHub *market, const TpDraft *draft);

/* hub_market.c */
extern void tp_market_prices(TpMarketHub *market, const char *last, const char *mark); /* NULL: none yet */
extern void tp_market_touched(TpMarketHub *market, const TpEvent *event);
extern void tp_market_joined(TpMarketHub *market, TpChannelKind kind);
extern void tp_markets_look(TpHub *hub); /* what is due is asked for */
extern void tp_market_free(TpMarketHub *market);
extern void tp_market_timer(uv_timer_t *timer);

/* catchup.c: for later, while the subscriber catches up */
extern void tp_resume_keep(TpSubscriber *subscriber, TpMessage *message);
extern void tp_resume_drop(TpSubscriber *subscriber);
extern void tp_resume_timer(uv_timer_t *timer);

/* hub_push.c: a bit of TpPushChannel. */
extern const char *tp_pushes_subscribe(TpSubscriber *subscriber, unsigned channel);
extern void tp_pushes_unsubscribe(TpSubscriber *subscriber, unsigned channels);
static inline int
tp_push_place(unsigned channel)
{
	return __builtin_ctz(channel);
}

extern bool tp_push_is_for(const TpSubscriber *subscriber, const TpPush *push);

/* push_catchup.c */
extern void tp_push_resume_drop(TpSubscriber *subscriber);
extern unsigned tp_push_resuming(const TpSubscriber *subscriber); /* channels that live ones are not for now */
extern void tp_push_resume_look(TpHub *hub);

#endif
