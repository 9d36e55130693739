/*
 * hub_push.c
 *	  Who hears which push.
 *
 * Called by hub.c, which knows the channels' names, and by pushes.c with what is new.  What
 * is for one user finds his subscribers by a hash; what is for a tenant looks at all.  A
 * push is made a message when the first who gets it is found.  Of whom a tier is asked, it
 * is the one that he has now.
 */
#include <stdlib.h>

#include "hub_parts.h"
#include "revoked.h"

static TpSubscriber **
bucket_of(TpHub *hub, int64_t user)
{
	return &hub->users[(uint64_t) user % TP_HUB_BUCKETS];
}

const char *
tp_pushes_subscribe(TpSubscriber *subscriber, unsigned channel)
{
	TpHub *hub = subscriber->hub;
	TpSubscriber **bucket = bucket_of(hub, subscriber->identity.user);

	if (subscriber->identity.user == 0)
		return "authentication_required";
	if ((subscriber->identity.scopes & TP_SCOPE_READ) == 0)
		return "scope_missing";
	if ((subscriber->pushes & channel) != 0)
		return NULL;
	if (subscriber->pushes == 0)
	{
		subscriber->user_next = *bucket;
		*bucket = subscriber;
		hub->push_hearers++;
	}
	subscriber->pushes |= channel;
	subscriber->pushes_fresh |= channel;
	subscriber->pushes_to[tp_push_place(channel)] = 0;
	return NULL;
}

void
tp_pushes_unsubscribe(TpSubscriber *subscriber, unsigned channels)
{
	TpHub *hub = subscriber->hub;
	TpSubscriber **at = bucket_of(hub, subscriber->identity.user);

	if (subscriber->pushes == 0)
		return;
	subscriber->pushes &= ~channels;
	subscriber->pushes_fresh &= ~channels;
	if (subscriber->pushes != 0)
		return;
	while (*at != subscriber)
		at = &(*at)->user_next;
	*at = subscriber->user_next;
	hub->push_hearers--;
}

bool
tp_hub_hears_pushes(const TpHub *hub)
{
	return hub->push_hearers > 0;
}

bool
tp_push_is_for(const TpSubscriber *subscriber, const TpPush *push)
{
	TpIdentity now = subscriber->identity;

	if ((subscriber->pushes & push->channel) == 0 || subscriber->tenant != push->tenant ||
		(push->user != 0 && push->user != now.user))
		return false;
	if (push->tier == TP_TIER_FREE)
		return true;
	tp_session_refresh(subscriber->hub->edge->sessions, &now);
	return now.tier >= push->tier;
}

/* One who catches up gets it with what he has missed. */
static bool
wants(const TpSubscriber *subscriber, const TpPush *push)
{
	if (subscriber->gone || !tp_push_is_for(subscriber, push) || (tp_push_resuming(subscriber) & push->channel) != 0)
		return false;
	return push->number > subscriber->pushes_to[tp_push_place(push->channel)];
}

static void
give(TpSubscriber *subscriber, const TpPush *push, TpMessage **message)
{
	if (!wants(subscriber, push))
		return;
	if (*message == NULL)
		*message = tp_message_of_push(push);
	subscriber->events.deliver(subscriber->context, *message);
}

void
tp_hub_push(TpHub *hub, const TpPush *push)
{
	TpMessage *message = NULL;

	if (hub->push_hearers == 0)
		return;
	/* Nobody is freed meanwhile, and nobody leaves a bucket. */
	tp_hub_begin(hub);
	if (push->user != 0)
	{
		for (TpSubscriber *one = *bucket_of(hub, push->user); one != NULL; one = one->user_next)
			give(one, push, &message);
	}
	else
	{
		for (TpSubscriber *one = hub->subscribers; one != NULL; one = one->next)
			give(one, push, &message);
	}
	if (message != NULL)
		tp_message_release(message);
	tp_hub_end(hub);
}
