/*
 * books.c
 *	  The books' memory, and the one query that refreshes all that somebody asks for;
 *	  see books.h.
 *
 * A book is as good as the newest event that touched it: the stream tells which, and
 * books() says up to which seq it counts. The matcher publishes a book a moment after
 * its events are committed, so a book may come that is older than an event that was
 * read: then it is asked for again.
 */
#include "books.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "edge.h"
#include "stream.h"

#define RETRY_MS 1
#define RETRIES 50

/* How long a book stays deep after somebody wanted it so. */
#define DEEP_MS 2000

#define JSON_VARIANTS 2

typedef struct Asking Asking;
struct Asking
{
	Asking *next;
	TpBookDone done;
	void *context;
};

/* A prepared text. */
typedef struct Variant
{
	int depth; /* 0: none */
	TpBuffer json;
} Variant;

typedef struct Entry
{
	TpBook book;
	TpBook coming;   /* being read */
	bool read;       /* book is one */
	int depth;       /* that it was read with */
	int asked_depth; /* that it is being read with */
	int64_t good_to; /* every event up to this seq is in it */
	int64_t touched; /* the last that changed it */
	int64_t needed;  /* by those who wait */
	int wanted_depth;
	uint64_t deep_until_ms;
	int tries;
	Asking *waiting; /* for a query that is not sent yet */
	Asking *asked;   /* for the one under way */
	Variant variants[JSON_VARIANTS];
	int next_variant;
} Entry;

struct TpBooks
{
	TpEdge *edge;
	Entry **entries; /* by the instrument's id */
	int size;
	bool querying;
	int waiting; /* entries with somebody waiting */
	bool closing;
	int handles;
	uv_idle_t idle;
	uv_timer_t timer;
};

static const TpStatement statement = { .sql = "SELECT instrument, seq, side, price, quantity, orders"
											  " FROM tradepost_edge.books($1::integer[], $2::integer)",
									   .parameters = 2,
									   .idempotent = true };

static void send_query(TpBooks *books);

static Entry *
entry_of(TpBooks *books, int id)
{
	if (id >= books->size)
	{
		int size = id + 64;

		books->entries = tp_realloc(books->entries, (size_t) size * sizeof(Entry *));
		memset(books->entries + books->size, 0, (size_t) (size - books->size) * sizeof(Entry *));
		books->size = size;
	}
	if (books->entries[id] == NULL)
		books->entries[id] = tp_alloc(sizeof(Entry));
	return books->entries[id];
}

static bool
touches_book(int kind)
{
	switch ((TpEventKind) kind)
	{
		case TP_EV_ACCEPTED:
		case TP_EV_TRADE:
		case TP_EV_CANCELLED:
		case TP_EV_EXPIRED:
		case TP_EV_AMENDED:
		case TP_EV_DECREMENTED:
		case TP_EV_INSTRUMENT_EXPIRED:
		case TP_EV_CLOSED_OUT:
		case TP_EV_TRIGGERED: /* and rests from then on */
			return true;
		default:
			return false;
	}
}

static void
on_event(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	TpBooks *books = context;

	if (event != NULL && instrument != NULL && touches_book(event->kind))
		entry_of(books, instrument->id)->touched = event->seq;
}

static bool
is_good(const TpBooks *books, const Entry *entry, int depth)
{
	return entry->read && entry->good_to >= entry->touched && entry->depth >= depth &&
		   tp_stream_live(books->edge->stream);
}

static void
free_when_done(TpBooks *books)
{
	if (!books->closing || books->querying || books->handles > 0)
		return;
	for (int id = 0; id < books->size; id++)
	{
		Entry *entry = books->entries[id];

		if (entry == NULL)
			continue;
		tp_book_free(&entry->book);
		tp_book_free(&entry->coming);
		for (int i = 0; i < JSON_VARIANTS; i++)
			tp_buffer_free(&entry->variants[i].json);
		free(entry);
	}
	free(books->entries);
	free(books);
}

static void
answer(Entry *entry, const TpPgError *error)
{
	Asking *asking = entry->asked;
	const TpBook *book = error == NULL ? &entry->book : NULL;

	entry->asked = NULL;
	while (asking != NULL)
	{
		Asking *next = asking->next;

		asking->done(asking->context, book, error);
		free(asking);
		asking = next;
	}
}

/* What was read takes the old one's place; the same levels keep their seq, and what was prepared of them. */
static void
take_over(Entry *entry, int64_t seq)
{
	TpBook old = entry->book;

	entry->good_to = seq;
	entry->depth = entry->asked_depth;
	entry->coming.instrument = old.instrument;
	if (entry->read && tp_book_same(&old, &entry->coming))
		return;
	entry->read = true;
	entry->book = entry->coming;
	entry->coming = old;
	entry->book.seq = seq;
	entry->book.time_us = tp_wall_us();
	entry->book.checksum = tp_book_checksum(&entry->book);
	for (int i = 0; i < JSON_VARIANTS; i++)
		entry->variants[i].depth = 0;
}

static TpSlice
text(const PGresult *result, int row, int column)
{
	return (TpSlice){ PQgetvalue(result, row, column), (size_t) PQgetlength(result, row, column) };
}

/* Rows of one instrument, from `row` on; the result is the row behind them. */
static int
read_book(TpBooks *books, const PGresult *result, int row)
{
	int rows = PQntuples(result);
	int id = atoi(PQgetvalue(result, row, 0));
	int64_t seq = strtoll(PQgetvalue(result, row, 1), NULL, 10);
	Entry *entry = entry_of(books, id);

	tp_book_clear(&entry->coming);
	for (; row < rows && atoi(PQgetvalue(result, row, 0)) == id; row++)
	{
		if (!PQgetisnull(result, row, 2))
			tp_book_add(&entry->coming, PQgetvalue(result, row, 2)[0] - '0', text(result, row, 3), text(result, row, 4),
						strtoll(PQgetvalue(result, row, 5), NULL, 10));
	}
	take_over(entry, seq);
	return row;
}

/* Older than what its askers know: they wait for another one. */
static bool
came_too_old(TpBooks *books, Entry *entry)
{
	Asking **end = &entry->asked;

	if (entry->good_to >= entry->needed || entry->tries >= RETRIES)
		return false;
	while (*end != NULL)
		end = &(*end)->next;
	books->waiting += entry->waiting == NULL;
	*end = entry->waiting;
	entry->waiting = entry->asked;
	entry->asked = NULL;
	entry->tries++;
	return true;
}

static void
on_idle(uv_idle_t *idle)
{
	uv_idle_stop(idle);
	send_query(idle->data);
}

static void
on_timer(uv_timer_t *timer)
{
	send_query(timer->data);
}

static void
query_done(void *context, const PGresult *result, const TpPgError *error)
{
	TpBooks *books = context;
	bool again = false;

	books->querying = false;
	for (int row = 0; result != NULL && row < PQntuples(result);)
		row = read_book(books, result, row);
	for (int id = 0; id < books->size; id++)
	{
		Entry *entry = books->entries[id];

		if (entry == NULL || entry->asked == NULL)
			continue;
		if (result != NULL && came_too_old(books, entry))
			again = true;
		else
		{
			entry->tries = 0;
			answer(entry, error);
		}
	}
	if (books->waiting > 0 && again)
		uv_timer_start(&books->timer, on_timer, RETRY_MS, 0);
	else if (books->waiting > 0)
		uv_idle_start(&books->idle, on_idle);
	free_when_done(books);
}

static void
send_query(TpBooks *books)
{
	TpBuffer ids = { 0 };
	uint64_t now = uv_now(&books->edge->loop);
	int depth = TP_BOOK_SHALLOW;
	char depth_text[12];

	if (books->querying || books->waiting == 0 || books->closing)
		return;
	for (int id = 0; id < books->size; id++)
	{
		Entry *entry = books->entries[id];

		if (entry == NULL || entry->waiting == NULL)
			continue;
		tp_buffer_add(&ids, ids.length == 0 ? "{" : ",", 1);
		tp_buffer_integer(&ids, id);
		entry->asked = entry->waiting;
		entry->waiting = NULL;
		entry->needed = entry->touched;
		if (entry->wanted_depth > depth || entry->deep_until_ms > now)
			depth = TP_BOOK_DEEP;
		entry->wanted_depth = 0;
	}
	for (int id = 0; id < books->size; id++)
	{
		if (books->entries[id] != NULL && books->entries[id]->asked != NULL)
			books->entries[id]->asked_depth = depth;
	}
	tp_buffer_add(&ids, "}", 2);
	snprintf(depth_text, sizeof(depth_text), "%d", depth);
	books->waiting = 0;
	books->querying = true;
	tp_pg_call(books->edge->pg, &statement, (const char *const[]){ ids.data, depth_text }, query_done, books);
	tp_buffer_free(&ids);
}

void
tp_books_get(TpBooks *books, const TpInstrumentInfo *instrument, int depth, TpBookDone done, void *context)
{
	Entry *entry = entry_of(books, instrument->id);
	Asking *asking;

	entry->book.instrument = instrument;
	if (depth > TP_BOOK_SHALLOW)
	{
		depth = TP_BOOK_DEEP;
		entry->deep_until_ms = uv_now(&books->edge->loop) + DEEP_MS;
	}
	if (entry->asked == NULL && is_good(books, entry, depth))
	{
		done(context, &entry->book, NULL);
		return;
	}
	asking = tp_alloc(sizeof(Asking));
	*asking = (Asking){ .next = entry->waiting, .done = done, .context = context };
	books->waiting += entry->waiting == NULL;
	entry->waiting = asking;
	if (depth > entry->wanted_depth)
		entry->wanted_depth = depth;
	/* At the end of the loop's turn, so that what is asked for in one goes together. */
	if (!books->querying)
		uv_idle_start(&books->idle, on_idle);
}

void
tp_books_put_json(TpBooks *books, const TpInstrumentInfo *instrument, int depth, TpBuffer *out)
{
	Entry *entry = entry_of(books, instrument->id);
	Variant *variant = NULL;

	for (int i = 0; i < JSON_VARIANTS && variant == NULL; i++)
	{
		if (entry->variants[i].depth == depth)
			variant = &entry->variants[i];
	}
	if (variant == NULL)
	{
		variant = &entry->variants[entry->next_variant++ % JSON_VARIANTS];
		variant->depth = depth;
		tp_buffer_clear(&variant->json);
		tp_book_json(&variant->json, &entry->book, depth);
	}
	tp_buffer_add(out, variant->json.data, variant->json.length);
}

TpBooks *
tp_books_open(TpEdge *edge)
{
	TpBooks *books = tp_alloc(sizeof(TpBooks));

	books->edge = edge;
	uv_idle_init(&edge->loop, &books->idle);
	uv_timer_init(&edge->loop, &books->timer);
	books->idle.data = books->timer.data = books;
	tp_stream_subscribe(edge->stream, on_event, books);
	return books;
}

static void
handle_closed(uv_handle_t *handle)
{
	TpBooks *books = handle->data;

	books->handles--;
	free_when_done(books);
}

static void
move_to_asked(Entry *entry)
{
	Asking **end = &entry->asked;

	while (*end != NULL)
		end = &(*end)->next;
	*end = entry->waiting;
	entry->waiting = NULL;
}

void
tp_books_close(TpBooks *books)
{
	static const TpPgError gone = { .failure = TP_PG_UNAVAILABLE, .message = "the proxy shuts down" };

	books->closing = true;
	books->handles = 2;
	for (int id = 0; id < books->size; id++)
	{
		Entry *entry = books->entries[id];

		if (entry == NULL || entry->waiting == NULL)
			continue;
		move_to_asked(entry);
		/* The query under way, if this one is in it, ends with pg. */
		if (!books->querying)
			answer(entry, &gone);
	}
	uv_idle_stop(&books->idle);
	uv_close((uv_handle_t *) &books->idle, handle_closed);
	uv_close((uv_handle_t *) &books->timer, handle_closed);
}
