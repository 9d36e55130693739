/*
 * event.c
 *	  An event's words; see event.h.
 *
 * Decimals pass through as the database wrote them. The state of an order in a
 * message is that of the moment of reading: of two fills in one batch both show the
 * order after the second.
 */
#include "event.h"

#include "decimal.h"

static const char *const sides[] = { "buy", "sell" };
static const char *const types[] = { "limit", "market", "stop", "stop_limit", "take_profit" };
static const char *const lifetimes[] = { "day", "gtc", "gtd", "ioc", "fok" };
static const char *const preventions[] = { "cancel_taker", "cancel_maker", "cancel_both", "decrement", "none" };
static const char *const statuses[] = { "open",    "partially_filled", "filled",  "cancelled",
										"expired", "rejected",         "pending", "untriggered" };

#define ORDER_LIMIT 0
#define ORDER_STOP_LIMIT 3
#define ORDER_PARTIALLY_FILLED 1
#define ORDER_UNTRIGGERED 7

#define LABEL(labels, code) label(labels, sizeof(labels) / sizeof(labels[0]), code)

static const char *
label(const char *const *labels, size_t n, int code)
{
	return code >= 0 && (size_t) code < n ? labels[code] : NULL;
}

static void
put(TpBuffer *out, const char *name)
{
	tp_buffer_text(out, name);
}

/* Labels and numbers need no escapes. */
static void
put_plain(TpBuffer *out, const char *name, TpSlice value)
{
	put(out, name);
	if (value.data == NULL)
	{
		tp_buffer_add(out, "null", 4);
		return;
	}
	tp_buffer_add(out, "\"", 1);
	tp_buffer_slice(out, value);
	tp_buffer_add(out, "\"", 1);
}

static void
put_label(TpBuffer *out, const char *name, const char *value)
{
	put_plain(out, name, tp_slice(value));
}

static void
put_text(TpBuffer *out, const char *name, TpSlice value)
{
	put(out, name);
	tp_buffer_json(out, value);
}

static void
put_integer(TpBuffer *out, const char *name, int64_t value)
{
	put(out, name);
	tp_buffer_integer(out, value);
}

/* 0 is none. */
static void
put_id(TpBuffer *out, const char *name, int64_t id)
{
	put(out, name);
	if (id == 0)
		tp_buffer_add(out, "null", 4);
	else
		tp_buffer_integer(out, id);
}

static void
put_time(TpBuffer *out, const char *name, int64_t unix_us)
{
	put(out, name);
	if (unix_us == 0)
		tp_buffer_add(out, "null", 4);
	else
		tp_buffer_json_time(out, unix_us);
}

static void
put_instrument(TpBuffer *out, const char *name, const TpInstrumentInfo *instrument)
{
	put_text(out, name, tp_slice(instrument == NULL ? NULL : instrument->symbol));
	put_text(out, ",\"asset\":", tp_slice(instrument == NULL ? NULL : instrument->asset));
	put_text(out, ",\"contract\":", tp_slice(instrument == NULL ? NULL : instrument->contract));
}

static void
put_remaining(TpBuffer *out, const TpEventOrder *order)
{
	char text[TP_DECIMAL_TEXT];

	if (order->status > ORDER_PARTIALLY_FILLED && order->status != ORDER_UNTRIGGERED)
		put_label(out, ",\"remaining\":", "0");
	else if (tp_decimal_subtract(order->quantity, order->filled, text))
		put_label(out, ",\"remaining\":", text);
	else
		put_label(out, ",\"remaining\":", NULL);
}

/* Without the closing brace. */
static void
put_order(TpBuffer *out, int64_t id, const TpEventOrder *order, int64_t updated_us, const TpInstrumentInfo *instrument)
{
	put_integer(out, "{\"id\":", id);
	put_text(out, ",\"clientOrderId\":", order->client_order_id);
	put_instrument(out, ",\"symbol\":", instrument);
	put_label(out, ",\"side\":", LABEL(sides, order->side));
	put_label(out, ",\"type\":", LABEL(types, order->type));
	put_label(out, ",\"timeInForce\":", LABEL(lifetimes, order->time_in_force));
	put_plain(out, ",\"price\":",
			  order->type == ORDER_LIMIT || order->type == ORDER_STOP_LIMIT ? order->price : (TpSlice){ NULL, 0 });
	put_plain(out, ",\"stopPrice\":", order->stop_price);
	put_plain(out, ",\"quantity\":", order->quantity);
	put_plain(out, ",\"amount\":", order->quantity);
	put_plain(out, ",\"filled\":", order->filled);
	put_remaining(out, order);
	put_plain(out, ",\"averagePrice\":", order->average_price);
	put_plain(out, ",\"commission\":", order->commission);
	put_label(out, ",\"status\":", LABEL(statuses, order->status));
	put_plain(out, ",\"reason\":", order->reason);
	put(out, order->post_only ? ",\"postOnly\":true" : ",\"postOnly\":false");
	put_label(out, ",\"stp\":", LABEL(preventions, order->stp));
	put_id(out, ",\"linkedOrder\":", order->link);
	put_id(out, ",\"parentOrder\":", order->parent);
	put_time(out, ",\"createdAt\":", order->created_us);
	put_time(out, ",\"updatedAt\":", updated_us);
	put_time(out, ",\"expiresAt\":", order->expires_us);
}

static void
put_fill(TpBuffer *out, const TpEvent *event, const char *role, TpSlice commission)
{
	put_integer(out, ",\"tradeId\":", event->seq);
	put_plain(out, ",\"fillPrice\":", event->price);
	put_plain(out, ",\"fillQuantity\":", event->quantity);
	put_label(out, ",\"role\":", role);
	put_plain(out, ",\"fillCommission\":", commission);
	put(out, "}");
}

void
tp_event_order_json(TpBuffer *out, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	put_order(out, event->order, &event->of, event->time_us, instrument);
	put(out, "}");
}

static void
put_trade(TpBuffer *out, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	put_integer(out, "{\"id\":", event->seq);
	put_instrument(out, ",\"symbol\":", instrument);
	put_plain(out, ",\"price\":", event->price);
	put_plain(out, ",\"quantity\":", event->quantity);
	put_plain(out, ",\"amount\":", event->quantity);
	put_label(out, ",\"side\":", LABEL(sides, event->side));
	put_id(out, ",\"buyOrderId\":", event->side == 0 ? event->order : event->maker_order);
	put_id(out, ",\"sellOrderId\":", event->side == 0 ? event->maker_order : event->order);
	put_time(out, ",\"executedAt\":", event->time_us);
	put(out, "}");
}

/* What happened to a position or a balance without an order. */
static void
put_movement(TpBuffer *out, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	put_integer(out, "{\"id\":", event->seq);
	put_id(out, ",\"account\":", event->account);
	if (instrument != NULL)
	{
		put_instrument(out, ",\"symbol\":", instrument);
		put_label(out, ",\"side\":", LABEL(sides, event->side));
		put_plain(out, ",\"quantity\":", event->quantity);
		put_plain(out, ",\"price\":", event->price);
	}
	else
	{
		put_text(out, ",\"asset\":", event->asset);
		put_plain(out, ",\"amount\":", event->quantity);
	}
	put_time(out, ",\"time\":", event->time_us);
	put(out, "}");
}

static void
put_market(TpBuffer *out, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	put_instrument(out, "{\"symbol\":", instrument);
	put_plain(out, ",\"price\":", event->price);
	put_time(out, ",\"time\":", event->time_us);
	put(out, "}");
}

typedef struct Teller
{
	const TpEvent *event;
	const TpInstrumentInfo *instrument;
	TpBuffer *scratch;
	TpMessageSink sink;
	void *context;
} Teller;

typedef void (*Putter)(TpBuffer *out, const TpEvent *event, const TpInstrumentInfo *instrument);

static void
send(const Teller *t, const char *name, int64_t account)
{
	t->sink(t->context, name, account, (TpSlice){ t->scratch->data, t->scratch->length });
}

static void
tell(const Teller *t, const char *name, int64_t account, Putter write)
{
	tp_buffer_clear(t->scratch);
	write(t->scratch, t->event, t->instrument);
	send(t, name, account);
}

static void
tell_order(const Teller *t, const char *name)
{
	if (t->event->has_order && t->event->account != 0)
		tell(t, name, t->event->account, tp_event_order_json);
}

/* Both sides hear of their own order, and everybody of the trade. */
static void
tell_trade(const Teller *t)
{
	const TpEvent *event = t->event;

	if (event->has_order && event->account != 0)
	{
		tp_buffer_clear(t->scratch);
		put_order(t->scratch, event->order, &event->of, event->time_us, t->instrument);
		put_fill(t->scratch, event, "taker", event->commission);
		send(t, "order:matched", event->account);
	}
	if (event->has_maker && event->counter_account != 0)
	{
		tp_buffer_clear(t->scratch);
		put_order(t->scratch, event->maker_order, &event->maker, event->time_us, t->instrument);
		put_fill(t->scratch, event, "maker", event->counter_commission);
		send(t, "order:matched", event->counter_account);
	}
	tell(t, "trade:executed", 0, put_trade);
}

static void
tell_account(const Teller *t, const char *name)
{
	if (t->event->account != 0)
		tell(t, name, t->event->account, put_movement);
}

static void
tell_market(const Teller *t, const char *name)
{
	if (t->instrument != NULL)
		tell(t, name, 0, put_market);
}

void
tp_event_messages(const TpEvent *event, const TpInstrumentInfo *instrument, TpBuffer *scratch, TpMessageSink sink,
				  void *context)
{
	Teller t = { event, instrument, scratch, sink, context };

	switch ((TpEventKind) event->kind)
	{
		case TP_EV_ACCEPTED:
			tell_order(&t, "order:created");
			break;
		case TP_EV_REJECTED:
			/* A cancel or amend that was refused is told to who asked for it alone. */
			if (event->command == event->order)
				tell_order(&t, "order:rejected");
			break;
		case TP_EV_TRADE:
			tell_trade(&t);
			break;
		case TP_EV_CANCELLED:
			tell_order(&t, "order:cancelled");
			break;
		case TP_EV_EXPIRED:
			tell_order(&t, "order:expired");
			break;
		case TP_EV_AMENDED:
		case TP_EV_DECREMENTED:
			tell_order(&t, "order:amended");
			break;
		case TP_EV_TRIGGERED:
			tell_order(&t, "order:triggered");
			break;
		case TP_EV_DEPOSITED:
			tell_account(&t, "balance:deposited");
			break;
		case TP_EV_WITHDRAWN:
			tell_account(&t, "balance:withdrawn");
			break;
		case TP_EV_COVERED:
			tell_account(&t, "balance:covered");
			break;
		case TP_EV_SETTLED:
			tell_account(&t, "position:settled");
			break;
		case TP_EV_CLOSED_OUT:
			tell_account(&t, "position:closed_out");
			tell_trade(&t);
			break;
		case TP_EV_TAKEN_OVER:
			tell_account(&t, "position:taken_over");
			break;
		case TP_EV_HALTED:
			tell_market(&t, "market:halted");
			break;
		case TP_EV_RESUMED:
			tell_market(&t, "market:resumed");
			break;
		case TP_EV_LISTED:
			tell_market(&t, "market:listed");
			break;
		case TP_EV_INSTRUMENT_EXPIRED:
			tell_market(&t, "market:expired");
			break;
		case TP_EV_MARKED: /* in market:update, as the best prices */
		case TP_EV_CANCELLED_ALL:
		case TP_EV_SWEPT:
			break;
	}
}
