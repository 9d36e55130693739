/*
 * test_proxy_decisions.c
 *	  Waiting for decisions: those that come later, came before, come for many, or do not
 *	  come. The stream is this program.
 */
#include <stdlib.h>

#include "decisions.h"
#include "edge.h"
#include "stream.h"
#include "tap.h"

static TpStreamEvent on_event;
static void *on_event_context;

void
tp_stream_subscribe(TpStream *stream, TpStreamEvent event, void *context)
{
	(void) stream;
	on_event = event;
	on_event_context = context;
}

typedef struct Waiter
{
	int answers;
	int64_t seq; /* 0: the time was up */
	char reason[32];
} Waiter;

static void
decided(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	Waiter *waiter = context;

	(void) instrument;
	waiter->answers++;
	waiter->seq = event == NULL ? 0 : event->seq;
	if (event != NULL)
		snprintf(waiter->reason, sizeof(waiter->reason), "%.*s", (int) event->of.reason.length, event->of.reason.data);
}

/* The text is gone after the call, as a page's is. */
static void
decide(int64_t command, int64_t seq, const char *reason)
{
	char *text = strdup(reason);
	TpEvent event = {
		.seq = seq, .command = command, .decision = true, .has_order = true, .of = { .reason = tp_slice(text) }
	};

	on_event(on_event_context, &event, NULL);
	memset(text, 'x', strlen(text));
	free(text);
}

static void
before_and_after(TpTap *tap, TpDecisions *d)
{
	Waiter w = { 0 };
	Waiter early = { 0 };
	static Waiter none; /* it waits longer than this function */
	unsigned first = tp_decisions_expect(d);
	unsigned second;

	tp_decisions_wait(d, 1, 1000, decided, &w);
	on_event(on_event_context, &(TpEvent){ .seq = 1, .command = 1 }, NULL);
	tradepost_tap_ok(tap, w.answers == 0, "an event that decides nothing is none");
	decide(1, 2, "later");
	tradepost_tap_ok(tap, w.answers == 1 && w.seq == 2 && strcmp(w.reason, "later") == 0,
					 "a decision that comes later");
	decide(1, 3, "");
	tradepost_tap_ok(tap, w.answers == 1, "is told once");
	decide(2, 4, "kept");
	tp_decisions_wait(d, 2, 1000, decided, &early);
	tradepost_tap_ok(tap, early.answers == 1 && early.seq == 4 && strcmp(early.reason, "kept") == 0,
					 "one that came before is found, with its texts");
	/* A later call does not keep the earlier one's decisions for ever, nor lose its own. */
	decide(3, 5, "third");
	second = tp_decisions_expect(d);
	tp_decisions_expected(d, first);
	decide(4, 6, "fourth");
	early = (Waiter){ 0 };
	tp_decisions_wait(d, 4, 1000, decided, &early);
	tradepost_tap_ok(tap, early.seq == 6, "with other calls under way");
	tp_decisions_expected(d, second);
	first = tp_decisions_expect(d);
	tp_decisions_expected(d, first);
	decide(5, 7, "");
	tp_decisions_wait(d, 5, 0, decided, &none);
	tp_decisions_wait(d, 3, 0, decided, &none);
	tradepost_tap_ok(tap, none.answers == 0, "none is kept when no call is under way");
}

static void
many(TpTap *tap, TpDecisions *d)
{
	static Waiter waiters[10000];
	unsigned call = tp_decisions_expect(d);
	int right = 0;

	/* Some decisions come before, some after their waits, in another order. */
	for (int64_t i = 0; i < 10000; i += 2)
		decide(100000 + i, 500000 + i, "");
	for (int64_t i = 9999; i >= 0; i--)
		tp_decisions_wait(d, 100000 + i, 10000, decided, &waiters[i]);
	for (int64_t i = 1; i < 10000; i += 2)
		decide(100000 + i, 500000 + i, "");
	tp_decisions_expected(d, call);
	for (int i = 0; i < 10000; i++)
		right += waiters[i].answers == 1 && waiters[i].seq == 500000 + i;
	tradepost_tap_ok(tap, right == 10000, "each of ten thousand gets its own");
}

static void
in_time(TpTap *tap, TpDecisions *d, TpEdge *edge)
{
	Waiter longer = { 0 };
	Waiter shorter = { 0 };
	Waiter last = { 0 };

	tp_decisions_wait(d, 900001, 3600000, decided, &longer);
	tp_decisions_wait(d, 900002, 1, decided, &shorter);
	while (shorter.answers == 0)
		uv_run(&edge->loop, UV_RUN_NOWAIT);
	tradepost_tap_ok(tap, shorter.seq == 0 && longer.answers == 0,
					 "whose time is up hears so, before one that waits longer");
	decide(900002, 9, "");
	tradepost_tap_ok(tap, shorter.answers == 1, "and nothing after it");
	tp_decisions_wait(d, 900003, 3600000, decided, &last);
	tp_decisions_close(d);
	tradepost_tap_ok(tap, longer.answers == 1 && last.answers == 1 && last.seq == 0, "at the end all are answered");
}

int
main(void)
{
	TpTap tap = { 0 };
	TpEdge edge = { 0 };
	TpDecisions *d;

	uv_loop_init(&edge.loop);
	d = tp_decisions_open(&edge);
	before_and_after(&tap, d);
	many(&tap, d);
	in_time(&tap, d, &edge);
	uv_run(&edge.loop, UV_RUN_DEFAULT);
	tradepost_tap_ok(&tap, uv_loop_close(&edge.loop) == 0, "the timer is closed");
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
