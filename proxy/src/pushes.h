/*
 * pushes.h
 *	  What the platform tells its users: signals, notifications, what becomes of an account.
 *
 * Numbered by the database apart from the exchange's events.  Read after the doorbell
 * (NOTIFY {"push": n}), and by itself a few times a second; handed to the hub in order,
 * each once.
 */
#ifndef TRADEPOST_PROXY_PUSHES_H
#define TRADEPOST_PROXY_PUSHES_H

#include "call.h"
#include "pg.h"

typedef struct TpPushes TpPushes;

/* Bits: a subscriber may have several. */
typedef enum TpPushChannel
{
	TP_PUSH_SIGNALS = 1,
	TP_PUSH_NOTIFICATIONS = 2,
	TP_PUSH_ACCOUNT = 4
} TpPushChannel;

#define TP_PUSH_CHANNELS 3

/* Slices point into the row that it was read from. */
typedef struct TpPush
{
	int64_t number;
	int64_t tenant;
	int64_t user; /* 0: everyone of the tenant */
	TpTier tier;  /* the least that gets it */
	TpPushChannel channel;
	TpSlice event;
	TpSlice data;
} TpPush;

/* What tp_push_read() reads, in its order. */
#define TP_PUSH_COLUMNS "seq, tenant, user_id, tier, channel, event, data"

extern TpPushes *tp_pushes_open(struct TpEdge *edge);
extern void tp_pushes_close(TpPushes *pushes);

/* There are new ones; the connection was lost, and this may be another database. */
extern void tp_pushes_notified(TpPushes *pushes);
extern void tp_pushes_resync(TpPushes *pushes);

/* The last number handed out; whether it is known yet. */
extern int64_t tp_pushes_number(const TpPushes *pushes);
extern bool tp_pushes_live(const TpPushes *pushes);

/* False: a channel or tier that this proxy does not know. */
extern bool tp_push_read(const PGresult *result, int row, TpPush *push);

/* By name; 0: there is none of that name. */
extern unsigned tp_push_channel(TpSlice name);

#endif
