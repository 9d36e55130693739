/*
 * hub_market.c
 *	  market:update and the channel book: states, of which listeners get the newest, not
 *	  each one.
 *
 * What events have touched is looked at when it is due: a book 20 ms after the last
 * time, prices 100 ms after. One reading of the book in books.c serves both.
 *
 *	market:update	{"symbol","asset","contract","bid","ask","bidQuantity","askQuantity","last","mark","updatedAt"}
 *	book:snapshot	as GET orderbook shows a book: to each who begins to listen
 *	book:delta		{"symbol","first","last","checksum","changes":[[side,price,quantity],...]}: leads from the state
 *					before event `first` to the one after event `last`; quantity "0" takes a level away
 */
#include <stdio.h>
#include <stdlib.h>

#include "hub_parts.h"
#include "stream.h"

#define UPDATE_MS 100
#define BOOK_MS 20
#define FAILED_MS 500
#define LOOK_MS 10

static void
set_price(TpPriceText *price, const char *text, size_t length)
{
	if (length >= sizeof(price->text))
		return;
	memcpy(price->text, text, length);
	price->length = (int) length;
}

void
tp_market_prices(TpMarketHub *market, const char *last, const char *mark)
{
	if (last != NULL)
		set_price(&market->last, last, strlen(last));
	if (mark != NULL)
		set_price(&market->mark, mark, strlen(mark));
}

static void
list(TpMarketHub *market)
{
	TpHub *hub = market->hub;

	if (market->listed)
		return;
	market->listed = true;
	if (hub->dirty_count == hub->dirty_capacity)
	{
		hub->dirty_capacity = hub->dirty_capacity == 0 ? 16 : 2 * hub->dirty_capacity;
		hub->dirty = tp_realloc(hub->dirty, (size_t) hub->dirty_capacity * sizeof(TpMarketHub *));
	}
	hub->dirty[hub->dirty_count++] = market;
}

void
tp_market_touched(TpMarketHub *market, const TpEvent *event)
{
	if (event->kind == TP_EV_REJECTED)
		return;
	if (event->kind == TP_EV_TRADE || event->kind == TP_EV_CLOSED_OUT)
		set_price(&market->last, event->price.data, event->price.length);
	else if (event->kind == TP_EV_MARKED || event->kind == TP_EV_INSTRUMENT_EXPIRED)
		set_price(&market->mark, event->price.data, event->price.length);
	market->time_us = event->time_us;
	if (market->market.count > 0)
		market->update_due = true;
	if (market->book.count > 0)
		market->book_due = true;
	if (market->update_due || market->book_due)
		list(market);
}

void
tp_market_joined(TpMarketHub *market, TpChannelKind kind)
{
	TpHub *hub = market->hub;

	if (kind == TP_CHANNEL_MARKET)
	{
		market->update_due = market->told_anew = true;
		market->update_after_ms = 0;
	}
	else if (kind == TP_CHANNEL_BOOK)
	{
		market->book_due = true;
		market->book_after_ms = 0;
	}
	else
		return;
	list(market);
	/* In the loop's next turn: what is subscribed together is told together. */
	uv_timer_start(&hub->timer, tp_market_timer, 0, 0);
}

static void
put_price(TpBuffer *out, const char *name, TpSlice price)
{
	tp_buffer_text(out, name);
	tp_buffer_text(out, price.length == 0 ? "null" : "\"");
	if (price.length == 0)
		return;
	tp_buffer_slice(out, price);
	tp_buffer_add(out, "\"", 1);
}

/* Without its time and the closing brace. */
static void
put_update(TpBuffer *out, const TpMarketHub *market, const TpBook *book)
{
	TpSlice none = { NULL, 0 };
	const TpBookLevel *bid = book->count[0] > 0 ? &book->levels[0][0] : NULL;
	const TpBookLevel *ask = book->count[1] > 0 ? &book->levels[1][0] : NULL;

	tp_buffer_text(out, "{\"symbol\":");
	tp_buffer_json(out, tp_slice(market->instrument->symbol));
	tp_buffer_text(out, ",\"asset\":");
	tp_buffer_json(out, tp_slice(market->instrument->asset));
	tp_buffer_text(out, ",\"contract\":");
	tp_buffer_json(out, tp_slice(market->instrument->contract));
	put_price(out, ",\"bid\":", bid == NULL ? none : tp_book_price(book, bid));
	put_price(out, ",\"ask\":", ask == NULL ? none : tp_book_price(book, ask));
	put_price(out, ",\"bidQuantity\":", bid == NULL ? none : tp_book_quantity(book, bid));
	put_price(out, ",\"askQuantity\":", ask == NULL ? none : tp_book_quantity(book, ask));
	put_price(out, ",\"last\":", (TpSlice){ market->last.text, (size_t) market->last.length });
	put_price(out, ",\"mark\":", (TpSlice){ market->mark.text, (size_t) market->mark.length });
}

static void
give(TpMarketHub *market, const TpChannel *channel, const char *name, TpSlice data)
{
	TpMessage *message = tp_message_new(name, tp_stream_seq(market->hub->edge->stream), 0, 0, data);

	tp_hub_begin(market->hub);
	tp_hub_give_channel(channel, message);
	tp_message_release(message);
	tp_hub_end(market->hub);
}

static void
tell_update(TpMarketHub *market, const TpBook *book)
{
	TpBuffer text = { 0 };

	put_update(&text, market, book);
	if (market->told_anew || text.length != market->told.length ||
		memcmp(text.data, market->told.data, text.length) != 0)
	{
		tp_buffer_clear(&market->told);
		tp_buffer_add(&market->told, text.data, text.length);
		tp_buffer_text(&text, ",\"updatedAt\":");
		tp_buffer_json_time(&text, market->time_us > book->time_us ? market->time_us : book->time_us);
		tp_buffer_add(&text, "}", 1);
		give(market, &market->market, "market:update", (TpSlice){ text.data, text.length });
	}
	market->told_anew = false;
	tp_buffer_free(&text);
}

static void
publish_delta(TpMarketHub *market, const TpBook *book)
{
	TpBuffer text = { 0 };
	TpBuffer changes = { 0 };

	if (tp_book_changes(&changes, &market->published, book) > 0)
	{
		tp_buffer_text(&text, "{\"symbol\":");
		tp_buffer_json(&text, tp_slice(market->instrument->symbol));
		tp_buffer_text(&text, ",\"first\":");
		tp_buffer_integer(&text, market->published.seq + 1);
		tp_buffer_text(&text, ",\"last\":");
		tp_buffer_integer(&text, book->seq);
		tp_buffer_text(&text, ",\"checksum\":");
		tp_buffer_integer(&text, book->checksum);
		tp_buffer_text(&text, ",\"changes\":");
		tp_buffer_add(&text, changes.data, changes.length);
		tp_buffer_add(&text, "}", 1);
		give(market, &market->book, "book:delta", (TpSlice){ text.data, text.length });
		tp_book_copy(&market->published, book);
	}
	tp_buffer_free(&text);
	tp_buffer_free(&changes);
}

/* To those who have got nothing yet. */
static void
tell_snapshot(TpMarketHub *market)
{
	TpMessage *message = NULL;
	TpBuffer text = { 0 };

	tp_hub_begin(market->hub);
	for (int i = 0; i < market->book.count; i++)
	{
		TpSubscription *subscription = market->book.members[i];

		if (!subscription->wants_snapshot)
			continue;
		if (message == NULL)
		{
			tp_book_json(&text, &market->published, TP_BOOK_DEEP);
			message = tp_message_new("book:snapshot", tp_stream_seq(market->hub->edge->stream), 0, 0,
									 (TpSlice){ text.data, text.length });
		}
		subscription->wants_snapshot = false;
		tp_hub_give(subscription->subscriber, message);
	}
	if (message != NULL)
		tp_message_release(message);
	tp_buffer_free(&text);
	tp_hub_end(market->hub);
}

static bool
all_want_snapshots(const TpMarketHub *market)
{
	for (int i = 0; i < market->book.count; i++)
	{
		if (!market->book.members[i]->wants_snapshot)
			return false;
	}
	return true;
}

static void
book_came(void *context, const TpBook *book, const TpPgError *error)
{
	TpMarketHub *market = context;
	TpHub *hub = market->hub;
	uint64_t now = uv_now(&hub->edge->loop);

	hub->reading--;
	market->reading = false;
	if (hub->closing)
	{
		tp_hub_free_when_done(hub);
		return;
	}
	if (error != NULL)
	{
		market->update_after_ms = market->book_after_ms = now + FAILED_MS;
		return;
	}
	if (market->update_due && market->update_after_ms <= now && market->market.count > 0)
	{
		market->update_due = false;
		market->update_after_ms = now + UPDATE_MS;
		tell_update(market, book);
	}
	/* A book that was read for the prices alone may be shallow. */
	if (market->book_due && market->reads_deep && market->book.count > 0)
	{
		market->book_due = false;
		market->book_after_ms = now + BOOK_MS;
		if (all_want_snapshots(market))
			tp_book_copy(&market->published, book);
		else
			publish_delta(market, book);
		tell_snapshot(market);
	}
	tp_markets_look(hub);
}

/* Whether there is something to do for the market, now or later. */
static bool
look(TpMarketHub *market, uint64_t now)
{
	bool update;
	bool book;

	market->update_due = market->update_due && market->market.count > 0;
	market->book_due = market->book_due && market->book.count > 0;
	update = market->update_due && market->update_after_ms <= now;
	book = market->book_due && market->book_after_ms <= now;
	if ((update || book) && !market->reading)
	{
		market->reading = true;
		market->reads_deep = book;
		market->hub->reading++;
		tp_books_get(market->hub->edge->books, market->instrument, book ? TP_BOOK_DEEP : 1, book_came, market);
	}
	return market->update_due || market->book_due;
}

/* book_came() may come while this looks, and calls it again: that one then does nothing. */
void
tp_markets_look(TpHub *hub)
{
	uint64_t now = uv_now(&hub->edge->loop);
	int kept = 0;

	if (hub->looking || hub->dirty_count == 0 || hub->closing)
		return;
	hub->looking = true;
	for (int i = 0; i < hub->dirty_count; i++)
	{
		TpMarketHub *market = hub->dirty[i];

		if (look(market, now))
			hub->dirty[kept++] = market;
		else
			market->listed = false;
	}
	hub->dirty_count = kept;
	hub->looking = false;
	if (kept > 0 && !uv_is_active((uv_handle_t *) &hub->timer))
		uv_timer_start(&hub->timer, tp_market_timer, LOOK_MS, 0);
}

void
tp_market_timer(uv_timer_t *timer)
{
	tp_markets_look(timer->data);
}

void
tp_market_free(TpMarketHub *market)
{
	tp_buffer_free(&market->told);
	tp_book_free(&market->published);
	free(market);
}
