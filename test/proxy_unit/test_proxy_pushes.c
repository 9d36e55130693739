/*
 * test_proxy_pushes.c
 *	  Who hears which push, and what one who was away is told: the hub between a database
 *	  that this program stands in for, and subscribers that write down what they get.
 */
#include "hub_outside.h"

static const TpInstrumentInfo instruments[2] = { { .id = 1, .tenant = 1, .symbol = "A-USD", .asset = "A" },
												 { .id = 2, .tenant = 2, .symbol = "A-USD", .asset = "A" } };

/* No book is there to be had. */
void
tp_books_get(TpBooks *books, const TpInstrumentInfo *instrument, int depth, TpBookDone done, void *context)
{
	static const TpPgError away = { .failure = TP_PG_UNAVAILABLE, .message = "" };

	(void) books;
	(void) instrument;
	(void) depth;
	done(context, NULL, &away);
}

/* Pages of pushes ---------------------------------------------------------------- */

static PGresult *
make_page(void)
{
	static char names[7][16] = { "seq", "tenant", "user_id", "tier", "channel", "event", "data" };
	PGresult *page = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc attributes[7] = { 0 };

	for (int i = 0; i < 7; i++)
		attributes[i].name = names[i];
	PQsetResultAttrs(page, 7, attributes);
	return page;
}

/* values: NULL is SQL's. */
static void
add_row(PGresult *page, const char *const values[7])
{
	int row = PQntuples(page);

	for (int i = 0; i < 7; i++)
		PQsetvalue(page, row, i, (char *) values[i], values[i] == NULL ? -1 : (int) strlen(values[i]));
}

static void
end_row(PGresult *page, const char *covered, const char *fault)
{
	add_row(page, (const char *const[7]){ covered, NULL, NULL, NULL, NULL, fault, NULL });
}

static void
answer(PGresult *page)
{
	TpPgDone done = page_done;

	page_done = NULL;
	done(page_context, page, NULL);
	PQclear(page);
}

static void
push(TpHub *hub, int64_t tenant, int64_t user, TpTier tier, TpPushChannel channel)
{
	TpPush push = { .number = ++push_number,
					.tenant = tenant,
					.user = user,
					.tier = tier,
					.channel = channel,
					.event = S("signal:created"),
					.data = S("{\"id\":1}") };

	tp_hub_push(hub, &push);
}

/* Subscribers ---------------------------------------------------------------------- */

typedef struct Ear
{
	TpSubscriber *subscriber;
	char heard[512]; /* numbers, each behind a blank */
	bool leaves;
	bool full;
	char resumed[64];
} Ear;

static void
deliver(void *context, TpMessage *message)
{
	Ear *ear = context;
	size_t length = strlen(ear->heard);

	snprintf(ear->heard + length, sizeof(ear->heard) - length, " %lld", (long long) message->push);
	if (ear->leaves)
		tp_hub_leave(ear->subscriber);
}

static bool
ready(void *context)
{
	return !((Ear *) context)->full;
}

static void
resumed(void *context, const char *code, int64_t place)
{
	snprintf(((Ear *) context)->resumed, sizeof(((Ear *) context)->resumed), "%s %lld", code == NULL ? "fine" : code,
			 (long long) place);
}

static const TpSubscriberEvents events = { .deliver = deliver, .ready = ready };

static void
join(TpHub *hub, Ear *ear, int64_t user, int64_t tenant, const char *channel)
{
	TpIdentity identity = { .user = user, .account = user, .tenant = tenant, .scopes = TP_SCOPES_LOGIN };

	*ear = (Ear){ 0 };
	ear->subscriber = tp_hub_join(hub, tenant, &events, ear);
	tp_hub_identify(ear->subscriber, &identity);
	if (channel != NULL)
		(void) tp_hub_subscribe(ear->subscriber, tp_slice(channel));
}

static bool
heard(Ear *ear, const char *expected)
{
	bool fine = strcmp(ear->heard, expected) == 0;

	if (!fine)
		printf("# heard \"%s\", not \"%s\"\n", ear->heard, expected);
	ear->heard[0] = '\0';
	return fine;
}

static void
routing(TpTap *tap, TpHub *hub)
{
	Ear one, two, other;

	tradepost_tap_ok(tap, !tp_hub_hears_pushes(hub), "nobody listens");
	join(hub, &one, 1, 1, "signals");
	join(hub, &two, 2, 1, "notifications");
	join(hub, &other, 3, 2, "signals");
	tradepost_tap_ok(tap, tp_hub_hears_pushes(hub), "somebody does");
	push(hub, 1, 0, TP_TIER_FREE, TP_PUSH_SIGNALS); /* 101 */
	push(hub, 1, 2, TP_TIER_FREE, TP_PUSH_NOTIFICATIONS);
	push(hub, 1, 1, TP_TIER_FREE, TP_PUSH_SIGNALS);
	push(hub, 2, 0, TP_TIER_FREE, TP_PUSH_SIGNALS);
	push(hub, 2, 1, TP_TIER_FREE, TP_PUSH_SIGNALS); /* a number of another tenant's user */
	push(hub, 1, 0, TP_TIER_FREE, TP_PUSH_ACCOUNT);
	tradepost_tap_ok(tap, heard(&one, " 101 103"), "what is for all of the tenant, and for oneself");
	tradepost_tap_ok(tap, heard(&two, " 102"), "on the channels subscribed to");
	tradepost_tap_ok(tap, heard(&other, " 104"), "nothing of another tenant");
	push(hub, 1, 0, TP_TIER_PRO, TP_PUSH_SIGNALS);
	tradepost_tap_ok(tap, heard(&one, ""), "for higher tiers");
	tier_now = TP_TIER_PRO;
	push(hub, 1, 0, TP_TIER_PRO, TP_PUSH_SIGNALS); /* 108 */
	tradepost_tap_ok(tap, heard(&one, " 108"), "by the tier of the moment");
	tier_now = TP_TIER_FREE;
	(void) tp_hub_unsubscribe(one.subscriber, S("signals"));
	push(hub, 1, 0, TP_TIER_FREE, TP_PUSH_SIGNALS);
	tradepost_tap_ok(tap, heard(&one, ""), "until it is unsubscribed");
	tp_hub_identify(two.subscriber, NULL);
	push(hub, 1, 2, TP_TIER_FREE, TP_PUSH_NOTIFICATIONS);
	tradepost_tap_ok(tap, heard(&two, ""), "nobody in particular hears none any more");
	other.leaves = true;
	push(hub, 2, 0, TP_TIER_FREE, TP_PUSH_SIGNALS); /* 111 */
	push(hub, 2, 0, TP_TIER_FREE, TP_PUSH_SIGNALS);
	tradepost_tap_ok(tap, heard(&other, " 111") && !tp_hub_hears_pushes(hub), "who leaves in the middle");
	tp_hub_leave(one.subscriber);
	tp_hub_leave(two.subscriber);
}

static bool
refused(TpSubscriber *subscriber, const char *channel, const char *code)
{
	const char *fault = tp_hub_subscribe(subscriber, tp_slice(channel));

	return fault == NULL ? code == NULL : code != NULL && strcmp(fault, code) == 0;
}

static void
identities(TpTap *tap, TpHub *hub)
{
	TpIdentity trades_only = { .user = 5, .account = 5, .tenant = 1, .scopes = TP_SCOPE_TRADE };
	TpIdentity other = { .user = 6, .account = 6, .tenant = 2, .scopes = TP_SCOPES_LOGIN };
	TpSubscriber *subscriber = tp_hub_join(hub, 1, &events, NULL);

	tradepost_tap_ok(tap, refused(subscriber, "signals", "authentication_required"), "only for users");
	tp_hub_identify(subscriber, &trades_only);
	tradepost_tap_ok(tap,
					 refused(subscriber, "signals", "scope_missing") &&
						 refused(subscriber, "orders", "scope_missing") && refused(subscriber, "trades:A-USD", NULL),
					 "a key that may not read hears what is public");
	tp_hub_identify(subscriber, &other);
	hub_event(hub_context, &(TpEvent){ .seq = 2, .kind = TP_EV_TRADE, .instrument = 1, .price = S("9") },
			  &instruments[0]);
	tradepost_tap_ok(tap, refused(subscriber, "trades:A-USD", NULL), "another tenant's: the old channels are gone");
	tp_hub_leave(subscriber);
}

static void
resumes(TpTap *tap, TpHub *hub)
{
	Ear ear;
	PGresult *page = make_page();

	push_number = 200;
	join(hub, &ear, 7, 1, "signals");
	tp_hub_resume_pushes(ear.subscriber, 150, resumed);
	tradepost_tap_ok(tap,
					 strcmp(page_values[0], "150") == 0 && strcmp(page_values[1], "1") == 0 &&
						 strcmp(page_values[2], "7") == 0,
					 "asked for what is the user's and the tenant's");
	push(hub, 1, 0, TP_TIER_FREE, TP_PUSH_SIGNALS); /* 201, on its way while the page is */
	tradepost_tap_ok(tap, heard(&ear, "") && ear.resumed[0] == '\0', "nothing passes what was missed");
	add_row(page, (const char *const[7]){ "160", "1", NULL, NULL, "signals", "e", "{}" });
	add_row(page, (const char *const[7]){ "161", "1", NULL, "pro", "signals", "e", "{}" });
	add_row(page, (const char *const[7]){ "162", "1", "7", NULL, "notifications", "e", "{}" });
	add_row(page, (const char *const[7]){ "163", "1", "7", NULL, "strange", "e", "{}" });
	end_row(page, "163", NULL);
	answer(page);
	tradepost_tap_ok(tap, heard(&ear, " 160") && strcmp(page_values[0], "163") == 0 && ear.resumed[0] == '\0',
					 "a page that ends before the live ones: the next");
	page = make_page();
	add_row(page, (const char *const[7]){ "201", "1", NULL, NULL, "signals", "e", "{}" });
	add_row(page, (const char *const[7]){ "202", "1", NULL, NULL, "signals", "e", "{}" });
	end_row(page, "202", NULL);
	answer(page);
	tradepost_tap_ok(tap, heard(&ear, " 201 202") && strcmp(ear.resumed, "fine 202") == 0,
					 "it covers more than was live");
	push(hub, 1, 0, TP_TIER_FREE, TP_PUSH_SIGNALS);
	push(hub, 1, 0, TP_TIER_FREE, TP_PUSH_SIGNALS); /* 203 */
	tradepost_tap_ok(tap, heard(&ear, " 203"), "and what it covered does not come twice");
	(void) tp_hub_subscribe(ear.subscriber, S("account"));
	tp_hub_resume_pushes(ear.subscriber, 1, resumed);
	push(hub, 1, 0, TP_TIER_FREE, TP_PUSH_SIGNALS); /* 204 */
	tradepost_tap_ok(tap, heard(&ear, " 204"), "channels that were live stay so");
	page = make_page();
	end_row(page, "204", "too_old");
	answer(page);
	tradepost_tap_ok(tap, strcmp(ear.resumed, "since_too_old 204") == 0, "what is not kept any more");
	push(hub, 1, 7, TP_TIER_FREE, TP_PUSH_ACCOUNT); /* 205 */
	tradepost_tap_ok(tap, heard(&ear, " 205"), "then live, with a gap");
	tp_hub_leave(ear.subscriber);
}

static void
interrupted(TpTap *tap, TpHub *hub)
{
	static const TpPgError away = { .failure = TP_PG_UNAVAILABLE, .message = "" };
	Ear ear;
	PGresult *page = make_page();
	int before;

	join(hub, &ear, 8, 1, "signals");
	tp_hub_resume_pushes(ear.subscriber, 1, resumed);
	tp_hub_leave(ear.subscriber);
	add_row(page, (const char *const[7]){ "160", "1", NULL, NULL, "signals", "e", "{}" });
	end_row(page, "300", NULL);
	answer(page);
	tradepost_tap_ok(tap, heard(&ear, ""), "a page that comes after it left");

	join(hub, &ear, 8, 1, "signals");
	tp_hub_resume_pushes(ear.subscriber, 1, resumed);
	before = pages_asked;
	page_done(page_context, NULL, &away);
	tradepost_tap_ok(tap, pages_asked == before && ear.resumed[0] == '\0', "while the database is away it waits");
	tp_hub_leave(ear.subscriber);

	join(hub, &ear, 8, 1, "signals");
	ear.full = true;
	before = pages_asked;
	tp_hub_resume_pushes(ear.subscriber, 1, resumed);
	tradepost_tap_ok(tap, pages_asked == before, "one that is full gets no pages");
	ear.full = false;
	tp_hub_ready(ear.subscriber);
	tradepost_tap_ok(tap, pages_asked == before + 1, "until there is room again");
	ear.leaves = true;
	page = make_page();
	add_row(page, (const char *const[7]){ "160", "1", NULL, NULL, "signals", "e", "{}" });
	add_row(page, (const char *const[7]){ "161", "1", NULL, NULL, "signals", "e", "{}" });
	end_row(page, "300", NULL);
	answer(page);
	tradepost_tap_ok(tap, heard(&ear, " 160"), "who leaves while it catches up");
}

int
main(void)
{
	TpTap tap = { 0 };
	TpEdge edge = { 0 };
	TpHub *hub;

	uv_loop_init(&edge.loop);
	hub = tp_hub_open(&edge);
	routing(&tap, hub);
	identities(&tap, hub);
	resumes(&tap, hub);
	interrupted(&tap, hub);
	tp_hub_close(hub);
	uv_run(&edge.loop, UV_RUN_DEFAULT);
	tradepost_tap_ok(&tap, uv_loop_close(&edge.loop) == 0, "the hub closes its handles");
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
