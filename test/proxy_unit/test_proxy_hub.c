/*
 * test_proxy_hub.c
 *	  Who hears what: the hub between a stream, books and a database that this program
 *	  stands in for, and subscribers that write down what they get.
 */
#include "hub_outside.h"

static const TpInstrumentInfo instruments[2] = {
	{ .id = 1, .tenant = 1, .symbol = "A-USD", .asset = "A", .mark = "10", .last = "9" },
	{ .id = 2, .tenant = 1, .symbol = "B-USD", .asset = "B" },
};

/* The books: one bid, of a quantity that the test sets -------------------------- */

static const char *bid_quantity = "5";

void
tp_books_get(TpBooks *books, const TpInstrumentInfo *instrument, int depth, TpBookDone done, void *context)
{
	TpBook book = { .instrument = instrument, .seq = stream_seq, .time_us = 1 };

	(void) books;
	(void) depth;
	tp_book_add(&book, 0, tp_slice("99"), tp_slice(bid_quantity), 1);
	book.checksum = tp_book_checksum(&book);
	done(context, &book, NULL);
	tp_book_free(&book);
}

/* Pages of events ---------------------------------------------------------------- */

static int columns;

/* An empty page with all columns; rows are set by name below. */
static PGresult *
make_page(void)
{
	static const char names[] = TP_EVENT_COLUMNS;
	PGresult *page = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc attributes[64] = { 0 };
	static char copies[64][32];
	const char *at = names;

	for (columns = 0; *at != '\0'; columns++)
	{
		size_t length = strcspn(at, ",");

		snprintf(copies[columns], sizeof(copies[0]), "%.*s", (int) length, at);
		attributes[columns].name = copies[columns];
		at += length;
		at += strspn(at, ", ");
	}
	PQsetResultAttrs(page, columns, attributes);
	return page;
}

static void
set(PGresult *page, int row, const char *name, const char *value)
{
	PQsetvalue(page, row, PQfnumber(page, name), (char *) value, (int) strlen(value));
}

static void
add_row(PGresult *page, int row, const char *seq, const char *kind)
{
	for (int i = 0; i < columns; i++)
		PQsetvalue(page, row, i, NULL, -1);
	set(page, row, "seq", seq);
	set(page, row, "kind", kind);
}

static void
add_trade(PGresult *page, int row, const char *seq)
{
	add_row(page, row, seq, "3");
	set(page, row, "instrument", "1");
	set(page, row, "price", "10");
	set(page, row, "quantity", "1");
	set(page, row, "side", "0");
}

/* The database's newest seq, which is the first column of a page. */
static void
newest(int64_t seq)
{
	PGresult *page = make_page();
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long) seq);
	add_row(page, 0, text, "0");
	page_done(page_context, page, NULL);
	PQclear(page);
}

/* Subscribers ----------------------------------------------------------------- */

typedef struct Ear
{
	TpSubscriber *subscriber;
	char heard[2048]; /* name@seq or name@seq/part, each behind a blank */
	bool leaves;
	bool full;
	const char *resumed; /* the code, or "fine" */
} Ear;

static void
deliver(void *context, TpMessage *message)
{
	Ear *ear = context;
	size_t length = strlen(ear->heard);

	if (message->of > 1)
		snprintf(ear->heard + length, sizeof(ear->heard) - length, " %s@%lld/%d", message->name,
				 (long long) message->seq, message->part);
	else
		snprintf(ear->heard + length, sizeof(ear->heard) - length, " %s@%lld", message->name, (long long) message->seq);
	if (ear->leaves)
	{
		ear->leaves = false;
		tp_hub_leave(ear->subscriber);
	}
}

static bool
ready(void *context)
{
	return !((Ear *) context)->full;
}

static const TpSubscriberEvents events = { .deliver = deliver, .ready = ready };

static void
resumed(void *context, const char *code, int64_t seq)
{
	(void) seq;
	((Ear *) context)->resumed = code == NULL ? "fine" : code;
}

/* A user has an account of the same number. */
static void
identify(Ear *ear, int64_t account, int64_t tenant)
{
	TpIdentity identity = { .user = account, .account = account, .tenant = tenant, .scopes = TP_SCOPES_LOGIN };

	tp_hub_identify(ear->subscriber, account == 0 ? NULL : &identity);
}

static void
join(TpHub *hub, Ear *ear, int64_t account, const char *channels)
{
	*ear = (Ear){ 0 };
	ear->subscriber = tp_hub_join(hub, 1, &events, ear);
	identify(ear, account, 1);
	while (*channels != '\0')
	{
		size_t length = strcspn(channels, " ");

		(void) tp_hub_subscribe(ear->subscriber, (TpSlice){ channels, length });
		channels += length;
		channels += strspn(channels, " ");
	}
}

static bool
heard(Ear *ear, const char *expected)
{
	bool same = strcmp(ear->heard, expected) == 0;

	if (!same)
		printf("# heard \"%s\", not \"%s\"\n", ear->heard, expected);
	ear->heard[0] = '\0';
	return same;
}

static void
trade(int instrument, int64_t taker, int64_t maker)
{
	TpEventOrder order = { .quantity = S("1"), .price = S("10"), .filled = S("1") };
	TpEvent event = { .seq = ++stream_seq,
					  .kind = TP_EV_TRADE,
					  .instrument = instrument,
					  .order = 50,
					  .maker_order = 40,
					  .account = taker,
					  .counter_account = maker,
					  .price = S("10"),
					  .quantity = S("1"),
					  .has_order = true,
					  .has_maker = true,
					  .of = order,
					  .maker = order };

	hub_event(hub_context, &event, &instruments[instrument - 1]);
}

static void
run(TpEdge *edge, uint64_t ms)
{
	uint64_t until = uv_hrtime() / 1000000 + ms;

	do
		uv_run(&edge->loop, UV_RUN_NOWAIT);
	while (uv_hrtime() / 1000000 < until);
}

/* Prices and books are not due, except where a test wants them. */
static void
page_end(TpEdge *edge, uint64_t wait_ms)
{
	hub_event(hub_context, NULL, NULL);
	run(edge, wait_ms);
}

static void
routing(TpTap *tap, TpHub *hub)
{
	Ear all;
	Ear tape;
	Ear taker;
	Ear nobody;

	join(hub, &all, 5, "trades:A-USD market:A-USD orders");
	join(hub, &tape, 0, "trades:B-USD");
	join(hub, &taker, 4, "orders");
	join(hub, &nobody, 6, "orders");
	trade(1, 4, 5);
	tradepost_tap_ok(tap, heard(&all, " order:matched@1001/2 trade:executed@1001/3"),
					 "who is in two channels hears once");
	tradepost_tap_ok(tap, heard(&taker, " order:matched@1001/1"), "an account hears its own");
	tradepost_tap_ok(tap, heard(&tape, "") && heard(&nobody, ""), "others hear nothing");
	trade(2, 4, 4);
	tradepost_tap_ok(tap, heard(&tape, " trade:executed@1002/3"), "the tape of another market");
	tradepost_tap_ok(tap, heard(&taker, " order:matched@1002/1 order:matched@1002/2"),
					 "both sides of a trade with itself");
	tradepost_tap_ok(tap, heard(&all, ""), "and no private word to others");
	tp_hub_unsubscribe(all.subscriber, tp_slice("market:A-USD"));
	trade(1, 4, 6);
	tradepost_tap_ok(tap, heard(&all, " trade:executed@1003/3"), "one channel left is enough");
	tp_hub_unsubscribe(all.subscriber, tp_slice("trades:A-USD"));
	identify(&all, 9, 1);
	trade(1, 5, 9);
	tradepost_tap_ok(tap, heard(&all, ""), "private channels go with the account");
	taker.heard[0] = '\0';
	taker.leaves = true;
	trade(1, 4, 6);
	trade(1, 4, 6);
	tradepost_tap_ok(tap, heard(&taker, " order:matched@1005/1"), "who leaves in the middle hears no more");
	tp_hub_leave(all.subscriber);
	tp_hub_leave(tape.subscriber);
	tp_hub_leave(nobody.subscriber);
}

static void
refusals(TpTap *tap, TpHub *hub)
{
	Ear ear;
	const char *code;

	join(hub, &ear, 0, "");
	code = tp_hub_subscribe(ear.subscriber, tp_slice("orders"));
	tradepost_tap_ok(tap, code != NULL && strcmp(code, "authentication_required") == 0, "orders are private");
	code = tp_hub_subscribe(ear.subscriber, tp_slice("market:Nope"));
	tradepost_tap_ok(tap, code != NULL && strcmp(code, "unknown_symbol") == 0, "a symbol that is none");
	code = tp_hub_subscribe(ear.subscriber, tp_slice("orders:5"));
	tradepost_tap_ok(tap, code != NULL && strcmp(code, "unknown_channel") == 0,
					 "somebody else's orders are no channel");
	tp_hub_leave(ear.subscriber);
}

static void
states(TpTap *tap, TpHub *hub, TpEdge *edge)
{
	Ear ear;

	join(hub, &ear, 0, "market:A-USD book:A-USD");
	page_end(edge, 0);
	page_end(edge, 30);
	tradepost_tap_ok(tap, strstr(ear.heard, " market:update@") != NULL && strstr(ear.heard, " book:snapshot@") != NULL,
					 "who subscribes is told the state");
	ear.heard[0] = '\0';
	page_end(edge, 150);
	tradepost_tap_ok(tap, heard(&ear, ""), "and nothing while nothing happens");
	bid_quantity = "6";
	for (int i = 0; i < 20; i++)
		trade(1, 7, 8);
	ear.heard[0] = '\0';
	page_end(edge, 200);
	tradepost_tap_ok(tap, strstr(ear.heard, " book:delta@") != NULL && strstr(ear.heard, " market:update@") != NULL,
					 "after events what has changed");
	tradepost_tap_ok(tap, strstr(strstr(ear.heard, "market:update@") + 1, "market:update@") == NULL,
					 "once, not for each event");
	tradepost_tap_ok(tap, strstr(ear.heard, "snapshot") == NULL, "no second snapshot");
	tp_hub_leave(ear.subscriber);
}

static void
resumes(TpTap *tap, TpHub *hub)
{
	Ear ear;
	PGresult *page = make_page();
	int64_t before = stream_seq;
	char expected[200];
	char seq[24];

	join(hub, &ear, 0, "trades:A-USD");
	tp_hub_resume(ear.subscriber, before - 5, resumed);
	tradepost_tap_ok(tap, page_done != NULL && strcmp(page_values[1], "{1}") == 0 && strcmp(page_values[2], "{}") == 0,
					 "a resume asks the database for its instruments");
	trade(1, 7, 8);
	tradepost_tap_ok(tap, heard(&ear, "") && ear.resumed == NULL, "live events wait");
	snprintf(seq, sizeof(seq), "%lld", (long long) before - 1);
	add_trade(page, 0, seq);
	snprintf(seq, sizeof(seq), "%lld", (long long) before + 1);
	add_trade(page, 1, seq);
	add_row(page, 2, seq, "0");
	page_done(page_context, page, NULL);
	PQclear(page);
	snprintf(expected, sizeof(expected), " trade:executed@%lld trade:executed@%lld/3", (long long) before - 1,
			 (long long) before + 1);
	tradepost_tap_ok(tap, heard(&ear, expected), "then they come behind the old ones, each once");
	tradepost_tap_ok(tap, ear.resumed != NULL && strcmp(ear.resumed, "fine") == 0, "and it is said");
	trade(1, 7, 8);
	tradepost_tap_ok(tap, ear.heard[0] != '\0', "then live");
	ear.resumed = NULL;
	tp_hub_resume(ear.subscriber, stream_seq - 2000000, resumed);
	tradepost_tap_ok(tap, strcmp(ear.resumed, "since_too_old") == 0, "too far back");
	ear.heard[0] = '\0';
	tp_hub_resume(ear.subscriber, stream_seq + 1, resumed);
	newest(stream_seq);
	tradepost_tap_ok(tap, strcmp(ear.resumed, "since_unknown") == 0, "of what not even the database has heard");
	tp_hub_resume(ear.subscriber, stream_seq + 1, resumed);
	newest(stream_seq + 1);
	trade(1, 7, 8);
	trade(1, 7, 8);
	snprintf(expected, sizeof(expected), " trade:executed@%lld/3", (long long) stream_seq);
	tradepost_tap_ok(tap, heard(&ear, expected), "what it has got from a worker that was ahead is not told again");
	tp_hub_leave(ear.subscriber);
}

/* The pages are under way while it leaves, or is too full for more. */
static void
interrupted(TpTap *tap, TpHub *hub)
{
	Ear ear;
	TpPgDone done;
	PGresult *page = make_page();

	add_trade(page, 0, "5");
	add_row(page, 1, "6", "0");
	join(hub, &ear, 0, "trades:A-USD");
	tp_hub_resume(ear.subscriber, 1, resumed);
	ear.leaves = true;
	page_done(page_context, page, NULL);
	tradepost_tap_ok(tap, heard(&ear, " trade:executed@5") && ear.resumed == NULL, "who leaves while it catches up");
	join(hub, &ear, 0, "trades:A-USD");
	tp_hub_resume(ear.subscriber, 1, resumed);
	ear.full = true;
	done = page_done;
	page_done = NULL;
	done(page_context, page, NULL);
	tradepost_tap_ok(tap, heard(&ear, " trade:executed@5") && page_done == NULL, "one that is full gets no more pages");
	ear.full = false;
	tp_hub_ready(ear.subscriber);
	tradepost_tap_ok(tap, page_done != NULL && strcmp(page_values[0], "6") == 0, "until there is room again");
	tp_hub_leave(ear.subscriber);
	page_done(page_context, page, NULL);
	tradepost_tap_ok(tap, heard(&ear, ""), "a page that comes after it left");
	PQclear(page);
}

/* Database and stream go while it catches up, and come back: it waits, and hears each event once. */
static void
outage(TpTap *tap, TpHub *hub, TpEdge *edge)
{
	static const TpPgError gone = { .failure = TP_PG_UNAVAILABLE, .message = "" };
	Ear ear;
	PGresult *page = make_page();
	int64_t before = stream_seq;
	char expected[200];
	char seq[24];

	stream_live = false;
	join(hub, &ear, 0, "");
	page_done = NULL;
	tradepost_tap_ok(tap, strcmp(tp_hub_subscribe(ear.subscriber, tp_slice("trades:Nope")), "unavailable") == 0,
					 "without the stream nobody knows what is unknown");
	(void) tp_hub_subscribe(ear.subscriber, tp_slice("trades:A-USD"));
	tp_hub_resume(ear.subscriber, before - 1, resumed);
	run(edge, 300);
	tradepost_tap_ok(tap, page_done == NULL && ear.resumed == NULL, "a resume waits for the stream");
	stream_live = true;
	run(edge, 300);
	tradepost_tap_ok(tap, page_done != NULL, "goes on when it is back");
	trade(1, 7, 8);
	page_done(page_context, NULL, &gone);
	page_done = NULL;
	tradepost_tap_ok(tap, heard(&ear, "") && ear.resumed == NULL, "does not go live over a gap");
	run(edge, 500);
	tradepost_tap_ok(tap, page_done != NULL, "but asks again");
	snprintf(seq, sizeof(seq), "%lld", (long long) before);
	add_trade(page, 0, seq);
	add_row(page, 1, seq, "0");
	page_done(page_context, page, NULL);
	snprintf(expected, sizeof(expected), " trade:executed@%lld trade:executed@%lld/3", (long long) before,
			 (long long) before + 1);
	tradepost_tap_ok(tap, heard(&ear, expected) && ear.resumed != NULL, "and hears everything once");
	tp_hub_leave(ear.subscriber);
	PQclear(page);
}

/* More live messages than are kept for one: the rest is read, too. */
static void
overflow(TpTap *tap, TpHub *hub)
{
	Ear ear;
	PGresult *page = make_page();
	int64_t before = stream_seq;
	char expected[200];
	char seq[24];

	join(hub, &ear, 0, "trades:A-USD");
	tp_hub_resume(ear.subscriber, before - 1, resumed);
	while (stream_seq < before + 50001)
		trade(1, 7, 8);
	trade(1, 7, 8);
	snprintf(seq, sizeof(seq), "%lld", (long long) before);
	add_trade(page, 0, seq);
	add_row(page, 1, seq, "0");
	page_done(page_context, page, NULL);
	tradepost_tap_ok(tap, ear.resumed == NULL && strcmp(page_values[0], seq) == 0, "what was not kept is read");
	snprintf(seq, sizeof(seq), "%lld", (long long) before + 50001);
	set(page, 0, "seq", seq);
	set(page, 1, "seq", seq);
	ear.heard[0] = '\0';
	page_done(page_context, page, NULL);
	snprintf(expected, sizeof(expected), " trade:executed@%s trade:executed@%lld/3", seq, (long long) before + 50002);
	tradepost_tap_ok(tap, heard(&ear, expected) && ear.resumed != NULL, "and then what came behind it is told");
	tp_hub_leave(ear.subscriber);
	PQclear(page);
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
	refusals(&tap, hub);
	states(&tap, hub, &edge);
	resumes(&tap, hub);
	interrupted(&tap, hub);
	outage(&tap, hub, &edge);
	overflow(&tap, hub);
	tp_hub_close(hub);
	uv_run(&edge.loop, UV_RUN_DEFAULT);
	tradepost_tap_ok(&tap, uv_loop_close(&edge.loop) == 0, "the hub closes its handles");
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
