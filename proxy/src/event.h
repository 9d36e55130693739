/*
 * event.h
 *	  An event of the exchange as the proxy has it, and its words for clients.
 *
 * Pure: a row of tradepost_edge.events_page() in, messages out.
 */
#ifndef TRADEPOST_PROXY_EVENT_H
#define TRADEPOST_PROXY_EVENT_H

#include "buffer.h"
#include "slice.h"

/* Codes of tradepost.event_kind. */
typedef enum TpEventKind
{
	TP_EV_ACCEPTED = 1,
	TP_EV_REJECTED,
	TP_EV_TRADE,
	TP_EV_CANCELLED,
	TP_EV_EXPIRED,
	TP_EV_AMENDED,
	TP_EV_DECREMENTED,
	TP_EV_CANCELLED_ALL,
	TP_EV_DEPOSITED,
	TP_EV_WITHDRAWN,
	TP_EV_MARKED,
	TP_EV_HALTED,
	TP_EV_RESUMED,
	TP_EV_LISTED,
	TP_EV_INSTRUMENT_EXPIRED,
	TP_EV_SETTLED,
	TP_EV_SWEPT,
	TP_EV_CLOSED_OUT,
	TP_EV_TAKEN_OVER,
	TP_EV_COVERED,
	TP_EV_TRIGGERED
} TpEventKind;

/* What the proxy knows of an instrument. */
typedef struct TpInstrumentInfo
{
	int id;
	int64_t tenant;
	const char *symbol;
	const char *asset;
	const char *contract; /* NULL for spot */
	const char *mark;     /* when it was read; NULL: none, as last */
	const char *last;
} TpInstrumentInfo;

/* Slices point into the row that it was read from; data NULL is SQL's NULL. */
typedef struct TpEventOrder
{
	TpSlice client_order_id, quantity, price, filled, average_price, commission, reason, stop_price;
	int64_t link, parent; /* 0: none */
	int side, type, time_in_force, status, stp;
	bool post_only;
	int64_t expires_us, created_us; /* 0: none */
} TpEventOrder;

typedef struct TpEvent
{
	int64_t seq;
	int64_t time_us;
	int64_t command;
	int64_t order, maker_order; /* 0: none, as the accounts */
	int64_t account, counter_account;
	int64_t tenant; /* of the account, if there is no instrument; 0: see the instrument */
	int instrument; /* 0: none */
	int kind;
	int side; /* 0 buy, 1 sell, -1 none */
	bool decision;
	TpSlice reason, asset, quantity, price, commission, counter_commission;
	bool has_order, has_maker;
	TpEventOrder of; /* state of `order`, never behind the event */
	TpEventOrder maker;
} TpEvent;

/* {"id":...}: an order as clients see it; the same object everywhere. */
extern void tp_event_order_json(TpBuffer *out, const TpEvent *event, const TpInstrumentInfo *instrument);

/*
 * The messages of one event. Names: order:created, order:matched, order:cancelled, order:expired, order:rejected,
 * order:amended, order:triggered, trade:executed, balance:deposited, balance:withdrawn, balance:covered, position:settled,
 * position:closed_out, position:taken_over, market:halted, market:resumed, market:listed, market:expired. (market:update is
 * made by the hub.) account 0: for the market's subscribers, else for that account's alone.
 */
typedef void (*TpMessageSink)(void *context, const char *name, int64_t account, TpSlice data);
extern void tp_event_messages(const TpEvent *event, const TpInstrumentInfo *instrument, TpBuffer *scratch,
							  TpMessageSink sink, void *context);

#endif
