/*
 * hub.c
 *	  Channels and their members, and the way of an event to them; see hub.h.
 *
 * An event costs what its audience costs: its messages are made only if somebody
 * listens, once for all, and who is in two channels that both have a message gets it
 * once (each message has a stamp, and who has got it bears it). A deliver() may make
 * its own subscriber leave: the memory goes when the delivery is over.
 */
#include "hub_parts.h"

#include <stdlib.h>

#include "stream.h"

TpMarketHub *
tp_hub_market(TpHub *hub, const TpInstrumentInfo *instrument)
{
	TpMarketHub *market;

	if (instrument->id >= hub->market_count)
	{
		int n = instrument->id + 64;

		hub->markets = tp_realloc(hub->markets, (size_t) n * sizeof(TpMarketHub *));
		memset(hub->markets + hub->market_count, 0, (size_t) (n - hub->market_count) * sizeof(TpMarketHub *));
		hub->market_count = n;
	}
	market = hub->markets[instrument->id];
	if (market != NULL)
		return market;
	market = hub->markets[instrument->id] = tp_alloc(sizeof(TpMarketHub));
	market->hub = hub;
	market->instrument = instrument;
	market->market = (TpChannel){ .kind = TP_CHANNEL_MARKET, .market = market };
	market->trades = (TpChannel){ .kind = TP_CHANNEL_TRADES, .market = market };
	market->book = (TpChannel){ .kind = TP_CHANNEL_BOOK, .market = market };
	tp_market_prices(market, instrument->last, instrument->mark);
	return market;
}

static TpChannel **
account_bucket(TpHub *hub, int64_t account)
{
	return &hub->accounts[(uint64_t) account % TP_HUB_BUCKETS];
}

/* NULL: nobody listens. */
static TpChannel *
find_account(TpHub *hub, TpChannelKind kind, int64_t account)
{
	TpChannel *channel = *account_bucket(hub, account);

	while (channel != NULL && (channel->account != account || channel->kind != kind))
		channel = channel->next;
	return channel;
}

static TpChannel *
make_account(TpHub *hub, TpChannelKind kind, int64_t account)
{
	TpChannel **bucket = account_bucket(hub, account);
	TpChannel *channel = find_account(hub, kind, account);

	if (channel != NULL)
		return channel;
	channel = tp_alloc(sizeof(TpChannel));
	channel->kind = kind;
	channel->account = account;
	channel->next = *bucket;
	*bucket = channel;
	return channel;
}

/* Delivery -------------------------------------------------------------------- */

void
tp_hub_begin(TpHub *hub)
{
	hub->delivering++;
	hub->stamp++;
}

void
tp_hub_give(TpSubscriber *subscriber, TpMessage *message)
{
	if (subscriber->gone || subscriber->stamp == subscriber->hub->stamp)
		return;
	subscriber->stamp = subscriber->hub->stamp;
	if (message->of > 0 && message->seq <= subscriber->skip_to)
		return;
	if (subscriber->resume != NULL)
		tp_resume_keep(subscriber, message);
	else
		subscriber->events.deliver(subscriber->context, message);
}

void
tp_hub_give_channel(const TpChannel *channel, TpMessage *message)
{
	for (int i = 0; i < channel->count; i++)
		tp_hub_give(channel->members[i]->subscriber, message);
}

bool
tp_channel_wants(const TpChannel *channel, const TpMarketHub *market, const TpDraft *draft)
{
	switch (channel->kind)
	{
		case TP_CHANNEL_MARKET:
			return draft->account == 0 && channel->market == market;
		case TP_CHANNEL_TRADES:
			return draft->account == 0 && channel->market == market && strcmp(draft->name, "trade:executed") == 0;
		case TP_CHANNEL_ORDERS:
			return draft->account != 0 && channel->account == draft->account;
		default:
			return false;
	}
}

static void
give_if_wanted(const TpChannel *channel, const TpMarketHub *market, int draft, int64_t seq, TpMessage **message)
{
	TpHub *hub;

	if (channel == NULL || channel->count == 0)
		return;
	hub = channel->members[0]->subscriber->hub;
	if (!tp_channel_wants(channel, market, &hub->drafts[draft]))
		return;
	if (*message == NULL)
		*message = tp_hub_message(hub, draft, seq);
	tp_hub_give_channel(channel, *message);
}

/* NULL, or a channel without members: no audience. */
static bool
has_members(const TpChannel *channel)
{
	return channel != NULL && channel->count > 0;
}

static void
deliver_event(TpHub *hub, const TpEvent *event, const TpInstrumentInfo *instrument, TpMarketHub *market)
{
	const TpChannel *takers = event->account == 0 ? NULL : find_account(hub, TP_CHANNEL_ORDERS, event->account);
	const TpChannel *makers = event->counter_account == 0
								  ? NULL
								  : find_account(hub, TP_CHANNEL_ORDERS, event->counter_account);

	if (!has_members(takers) && !has_members(makers) &&
		(market == NULL || (market->market.count == 0 && market->trades.count == 0)))
		return;
	/* The outer one keeps the channels while their members leave. */
	tp_hub_begin(hub);
	for (int i = 0, n = tp_hub_draft(hub, event, instrument); i < n; i++)
	{
		TpMessage *message = NULL;

		tp_hub_begin(hub);
		give_if_wanted(takers, market, i, event->seq, &message);
		give_if_wanted(makers, market, i, event->seq, &message);
		if (market != NULL)
		{
			give_if_wanted(&market->market, market, i, event->seq, &message);
			give_if_wanted(&market->trades, market, i, event->seq, &message);
		}
		if (message != NULL)
			tp_message_release(message);
		tp_hub_end(hub);
	}
	tp_hub_end(hub);
}

static void
on_event(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	TpHub *hub = context;
	TpMarketHub *market;

	if (event == NULL)
	{
		tp_markets_look(hub);
		return;
	}
	market = instrument == NULL ? NULL : tp_hub_market(hub, instrument);
	if (market != NULL)
		tp_market_touched(market, event);
	if (hub->subscribers != NULL)
		deliver_event(hub, event, instrument, market);
}

/* Members --------------------------------------------------------------------- */

static void
add_member(TpSubscriber *subscriber, TpChannel *channel)
{
	TpSubscription *subscription = tp_alloc(sizeof(TpSubscription));

	if (channel->count == channel->capacity)
	{
		channel->capacity = channel->capacity == 0 ? 4 : 2 * channel->capacity;
		channel->members = tp_realloc(channel->members, (size_t) channel->capacity * sizeof(TpSubscription *));
	}
	if (subscriber->count == subscriber->capacity)
	{
		subscriber->capacity = subscriber->capacity == 0 ? 4 : 2 * subscriber->capacity;
		subscriber->subscriptions = tp_realloc(subscriber->subscriptions,
											   (size_t) subscriber->capacity * sizeof(TpSubscription *));
	}
	*subscription = (TpSubscription){ .subscriber = subscriber,
									  .channel = channel,
									  .place = channel->count,
									  .fresh = true,
									  .wants_snapshot = channel->kind == TP_CHANNEL_BOOK };
	channel->members[channel->count++] = subscription;
	subscriber->subscriptions[subscriber->count++] = subscription;
}

static void
free_channel(TpHub *hub, TpChannel *channel)
{
	TpChannel **at;

	free(channel->members);
	channel->members = NULL;
	channel->capacity = 0;
	if (channel->market != NULL)
		return;
	for (at = account_bucket(hub, channel->account); *at != channel; at = &(*at)->next)
		;
	*at = channel->next;
	free(channel);
}

/* The i-th of the subscriber's. */
static void
remove_member(TpSubscriber *subscriber, int i)
{
	TpSubscription *subscription = subscriber->subscriptions[i];
	TpChannel *channel = subscription->channel;
	TpSubscription *last = channel->members[--channel->count];

	channel->members[subscription->place] = last;
	last->place = subscription->place;
	subscriber->subscriptions[i] = subscriber->subscriptions[--subscriber->count];
	free(subscription);
	if (channel->count == 0)
		free_channel(subscriber->hub, channel);
}

static void
bury(TpSubscriber *subscriber)
{
	TpHub *hub = subscriber->hub;

	tp_pushes_unsubscribe(subscriber, ~0U);
	while (subscriber->count > 0)
		remove_member(subscriber, subscriber->count - 1);
	*(subscriber->previous == NULL ? &hub->subscribers : &subscriber->previous->next) = subscriber->next;
	if (subscriber->next != NULL)
		subscriber->next->previous = subscriber->previous;
	free(subscriber->subscriptions);
	free(subscriber);
}

void
tp_hub_end(TpHub *hub)
{
	TpSubscriber *next;

	if (--hub->delivering > 0 || !hub->someone_left)
		return;
	hub->someone_left = false;
	for (TpSubscriber *subscriber = hub->subscribers; subscriber != NULL; subscriber = next)
	{
		next = subscriber->next;
		if (subscriber->gone)
			bury(subscriber);
	}
}

TpSubscriber *
tp_hub_join(TpHub *hub, int64_t tenant, const TpSubscriberEvents *events, void *context)
{
	TpSubscriber *subscriber = tp_alloc(sizeof(TpSubscriber));

	*subscriber =
		(TpSubscriber){ .hub = hub, .next = hub->subscribers, .tenant = tenant, .events = *events, .context = context };
	if (hub->subscribers != NULL)
		hub->subscribers->previous = subscriber;
	hub->subscribers = subscriber;
	return subscriber;
}

void
tp_hub_leave(TpSubscriber *subscriber)
{
	tp_resume_drop(subscriber);
	tp_push_resume_drop(subscriber);
	subscriber->gone = true;
	if (subscriber->hub->delivering > 0)
		subscriber->hub->someone_left = true;
	else
		bury(subscriber);
}

void
tp_hub_identify(TpSubscriber *subscriber, const TpIdentity *identity)
{
	TpIdentity other = identity == NULL ? (TpIdentity){ 0 } : *identity;
	bool elsewhere = other.tenant != 0 && other.tenant != subscriber->tenant;

	for (int i = subscriber->count - 1; i >= 0; i--)
	{
		bool private = subscriber->subscriptions[i]->channel->market == NULL;

		if (elsewhere || (private && other.account != subscriber->identity.account))
			remove_member(subscriber, i);
	}
	if (other.user != subscriber->identity.user)
		tp_pushes_unsubscribe(subscriber, ~0U);
	if (elsewhere)
		subscriber->tenant = other.tenant;
	subscriber->identity = other;
}

/* Channels by name ------------------------------------------------------------ */

static const struct
{
	const char *prefix;
	TpChannelKind kind;
} public_channels[] = { { "market:", TP_CHANNEL_MARKET },
						{ "trades:", TP_CHANNEL_TRADES },
						{ "book:", TP_CHANNEL_BOOK } };

static const char *
find_private(TpSubscriber *subscriber, TpChannelKind kind, bool make, TpChannel **channel)
{
	if (subscriber->identity.account == 0)
		return "authentication_required";
	if ((subscriber->identity.scopes & TP_SCOPE_READ) == 0)
		return "scope_missing";
	*channel = make ? make_account(subscriber->hub, kind, subscriber->identity.account)
					: find_account(subscriber->hub, kind, subscriber->identity.account);
	return NULL;
}

/* NULL and the channel (NULL if it is not there and need not be made), or why not. */
static const char *
find_channel(TpSubscriber *subscriber, TpSlice name, bool make, TpChannel **channel)
{
	*channel = NULL;
	if (tp_slice_is(name, "orders"))
		return find_private(subscriber, TP_CHANNEL_ORDERS, make, channel);
	for (size_t i = 0; i < sizeof(public_channels) / sizeof(public_channels[0]); i++)
	{
		size_t length = strlen(public_channels[i].prefix);
		const TpInstrumentInfo *instrument;
		TpMarketHub *market;

		if (name.length < length || memcmp(name.data, public_channels[i].prefix, length) != 0)
			continue;
		instrument = tp_stream_instrument_by_symbol(subscriber->hub->edge->stream, subscriber->tenant,
													(TpSlice){ name.data + length, name.length - length });
		/* Before the instruments were read nobody can say that one is unknown. */
		if (instrument == NULL)
			return tp_stream_live(subscriber->hub->edge->stream) ? "unknown_symbol" : "unavailable";
		market = tp_hub_market(subscriber->hub, instrument);
		*channel = public_channels[i].kind == TP_CHANNEL_MARKET   ? &market->market
				   : public_channels[i].kind == TP_CHANNEL_TRADES ? &market->trades
																  : &market->book;
		return NULL;
	}
	return "unknown_channel";
}

static int
find_member(const TpSubscriber *subscriber, const TpChannel *channel)
{
	int i = subscriber->count - 1;

	while (i >= 0 && subscriber->subscriptions[i]->channel != channel)
		i--;
	return i;
}

const char *
tp_hub_subscribe(TpSubscriber *subscriber, TpSlice name)
{
	unsigned push = tp_push_channel(name);
	TpChannel *channel;
	const char *fault;

	if (push != 0)
		return tp_pushes_subscribe(subscriber, push);
	fault = subscriber->count >= TP_HUB_CHANNELS ? "too_many_channels" : find_channel(subscriber, name, true, &channel);
	if (fault != NULL)
		return fault;
	if (find_member(subscriber, channel) >= 0)
		return NULL;
	add_member(subscriber, channel);
	if (channel->market != NULL)
		tp_market_joined(channel->market, channel->kind);
	return NULL;
}

const char *
tp_hub_unsubscribe(TpSubscriber *subscriber, TpSlice name)
{
	unsigned push = tp_push_channel(name);
	TpChannel *channel;
	const char *fault;
	int i;

	if (push != 0)
	{
		tp_pushes_unsubscribe(subscriber, push);
		return NULL;
	}
	fault = find_channel(subscriber, name, false, &channel);
	if (fault == NULL && channel != NULL && (i = find_member(subscriber, channel)) >= 0)
		remove_member(subscriber, i);
	return fault;
}

/* Life ------------------------------------------------------------------------ */

TpHub *
tp_hub_open(TpEdge *edge)
{
	TpHub *hub = tp_alloc(sizeof(TpHub));

	hub->edge = edge;
	uv_timer_init(&edge->loop, &hub->timer);
	uv_timer_init(&edge->loop, &hub->resume_timer);
	hub->timer.data = hub->resume_timer.data = hub;
	tp_stream_subscribe(edge->stream, on_event, hub);
	return hub;
}

void
tp_hub_free_when_done(TpHub *hub)
{
	if (!hub->closing || hub->handles > 0 || hub->reading > 0 || hub->resuming > 0)
		return;
	for (int id = 0; id < hub->market_count; id++)
	{
		if (hub->markets[id] != NULL)
			tp_market_free(hub->markets[id]);
	}
	free(hub->markets);
	free(hub->dirty);
	tp_buffer_free(&hub->scratch);
	tp_buffer_free(&hub->texts);
	free(hub);
}

static void
timer_closed(uv_handle_t *handle)
{
	TpHub *hub = handle->data;

	hub->handles--;
	tp_hub_free_when_done(hub);
}

/* Sockets have closed before. Pages and books that are under way end with books and pg. */
void
tp_hub_close(TpHub *hub)
{
	hub->closing = true;
	while (hub->subscribers != NULL)
		tp_hub_leave(hub->subscribers);
	hub->handles = 2;
	uv_close((uv_handle_t *) &hub->timer, timer_closed);
	uv_close((uv_handle_t *) &hub->resume_timer, timer_closed);
}
