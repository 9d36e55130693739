/*
 * decisions.c
 *	  From a command's number to who waits for its decision; see decisions.h.
 *
 * The event may be read before the answer of the call that made the command: while
 * such a call is under way, decisions are kept, in slots by number. Calls and kept
 * decisions belong to generations: a new one begins when the calls of the one before are
 * all answered, and then nobody can ask any more for what was kept in that one.
 */
#include "decisions.h"

#include <stdlib.h>

#include "edge.h"
#include "stream.h"

#define SLOTS 65536
#define BUCKETS 4096

typedef struct Kept Kept;
struct Kept
{
	Kept *younger;
	unsigned generation;
	const TpInstrumentInfo *instrument;
	TpEvent event;
	char text[]; /* what its slices point to */
};

typedef struct Wait Wait;
struct Wait
{
	Wait *next; /* in its bucket */
	Wait *later;
	Wait *sooner;
	int64_t command;
	uint64_t deadline_ms;
	TpDecided done;
	void *context;
};

struct TpDecisions
{
	TpEdge *edge;
	Kept *slots[SLOTS];
	Kept *oldest;
	Kept **youngest;
	int kept;
	unsigned generation;
	int expected[2]; /* calls under way, of this generation and the one before */
	int lookups;     /* of them, those that ask for a command which others may wait for */
	Wait *buckets[BUCKETS];
	Wait *first; /* whose time is up first */
	Wait *last;
	uv_timer_t timer;
};

static void on_timer(uv_timer_t *timer);

static Kept **
slot_of(TpDecisions *d, int64_t command)
{
	return &d->slots[(uint64_t) command % SLOTS];
}

static TpSlice
keep_text(TpSlice slice, char **text)
{
	TpSlice kept = { slice.data == NULL ? NULL : *text, slice.length };

	if (slice.length > 0)
		memcpy(*text, slice.data, slice.length);
	*text += slice.length;
	return kept;
}

/* The slices that a decision is answered from: no trade's, for a trade decides nothing. */
#define EACH_SLICE(e, DO)       \
	DO((e)->reason)             \
	DO((e)->quantity)           \
	DO((e)->price)              \
	DO((e)->of.client_order_id) \
	DO((e)->of.quantity)        \
	DO((e)->of.price)           \
	DO((e)->of.filled)          \
	DO((e)->of.average_price)   \
	DO((e)->of.commission)      \
	DO((e)->of.reason)          \
	DO((e)->of.stop_price)

static void
keep(TpDecisions *d, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	size_t size = sizeof(Kept);
	Kept *kept;
	char *text;

#define ADD(slice) size += (slice).length;
	EACH_SLICE(event, ADD)
#undef ADD
	kept = tp_realloc(NULL, size);
	text = kept->text;
	kept->younger = NULL;
	kept->generation = d->generation;
	kept->instrument = instrument;
	kept->event = *event;
	kept->event.has_maker = false;
	kept->event.asset = kept->event.commission = kept->event.counter_commission = (TpSlice){ NULL, 0 };
#define KEEP(slice) slice = keep_text(slice, &text);
	EACH_SLICE(&kept->event, KEEP)
#undef KEEP
	*d->youngest = kept;
	d->youngest = &kept->younger;
	*slot_of(d, event->command) = kept;
	d->kept++;
}

static void
drop_oldest(TpDecisions *d)
{
	Kept *kept = d->oldest;
	Kept **slot = slot_of(d, kept->event.command);

	if (*slot == kept)
		*slot = NULL;
	d->oldest = kept->younger;
	if (d->oldest == NULL)
		d->youngest = &d->oldest;
	free(kept);
	d->kept--;
}

static void
unlink_wait(TpDecisions *d, Wait *wait)
{
	Wait **at = &d->buckets[(uint64_t) wait->command % BUCKETS];

	while (*at != wait)
		at = &(*at)->next;
	*at = wait->next;
	*(wait->sooner == NULL ? &d->first : &wait->sooner->later) = wait->later;
	*(wait->later == NULL ? &d->last : &wait->later->sooner) = wait->sooner;
}

static void
end_wait(TpDecisions *d, Wait *wait, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	unlink_wait(d, wait);
	wait->done(wait->context, event, instrument);
	free(wait);
}

static void
arm(TpDecisions *d)
{
	uint64_t now = uv_now(&d->edge->loop);

	if (d->first == NULL)
		uv_timer_stop(&d->timer);
	else
		uv_timer_start(&d->timer, on_timer, d->first->deadline_ms > now ? d->first->deadline_ms - now : 0, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	TpDecisions *d = timer->data;
	uint64_t now = uv_now(&d->edge->loop);

	while (d->first != NULL && d->first->deadline_ms <= now)
		end_wait(d, d->first, NULL, NULL);
	arm(d);
}

static void
on_event(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	TpDecisions *d = context;
	Wait *wait;

	if (event == NULL || !event->decision)
		return;
	for (wait = d->buckets[(uint64_t) event->command % BUCKETS]; wait != NULL; wait = wait->next)
	{
		if (wait->command == event->command)
			break;
	}
	if (wait == NULL ? d->expected[0] + d->expected[1] > 0 : d->lookups > 0)
	{
		if (d->kept == SLOTS)
			drop_oldest(d);
		keep(d, event, instrument);
	}
	while (wait != NULL)
	{
		Wait *next = wait->next;

		if (wait->command == event->command)
			end_wait(d, wait, event, instrument);
		wait = next;
	}
}

unsigned
tp_decisions_expect(TpDecisions *d)
{
	d->expected[d->generation & 1]++;
	return d->generation;
}

void
tp_decisions_expected(TpDecisions *d, unsigned expectation)
{
	d->expected[expectation & 1]--;
	if (d->expected[~d->generation & 1] > 0)
		return;
	while (d->oldest != NULL && d->oldest->generation != d->generation)
		drop_oldest(d);
	d->generation++;
}

unsigned
tp_decisions_look_up(TpDecisions *d)
{
	d->lookups++;
	return tp_decisions_expect(d);
}

void
tp_decisions_looked_up(TpDecisions *d, unsigned expectation)
{
	d->lookups--;
	tp_decisions_expected(d, expectation);
}

void
tp_decisions_wait(TpDecisions *d, int64_t command, unsigned timeout_ms, TpDecided done, void *context)
{
	Kept *kept = *slot_of(d, command);
	Wait **bucket = &d->buckets[(uint64_t) command % BUCKETS];
	Wait *wait;

	if (kept != NULL && kept->event.command == command)
	{
		done(context, &kept->event, kept->instrument);
		return;
	}
	wait = tp_alloc(sizeof(Wait));
	*wait = (Wait){ .next = *bucket,
					.command = command,
					.deadline_ms = uv_now(&d->edge->loop) + timeout_ms,
					.done = done,
					.context = context,
					.sooner = d->last };
	*bucket = wait;
	/* Nearly all wait equally long: the last place is the right one. */
	while (wait->sooner != NULL && wait->sooner->deadline_ms > wait->deadline_ms)
		wait->sooner = wait->sooner->sooner;
	wait->later = wait->sooner == NULL ? d->first : wait->sooner->later;
	*(wait->sooner == NULL ? &d->first : &wait->sooner->later) = wait;
	*(wait->later == NULL ? &d->last : &wait->later->sooner) = wait;
	if (d->first == wait)
		arm(d);
}

TpDecisions *
tp_decisions_open(TpEdge *edge)
{
	TpDecisions *d = tp_alloc(sizeof(TpDecisions));

	d->edge = edge;
	d->youngest = &d->oldest;
	uv_timer_init(&edge->loop, &d->timer);
	d->timer.data = d;
	tp_stream_subscribe(edge->stream, on_event, d);
	return d;
}

static void
timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
tp_decisions_close(TpDecisions *d)
{
	while (d->first != NULL)
		end_wait(d, d->first, NULL, NULL);
	while (d->oldest != NULL)
		drop_oldest(d);
	uv_close((uv_handle_t *) &d->timer, timer_closed);
}
