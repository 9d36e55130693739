/*
 * book_get.c
 *	  GET orderbook/:asset: the books of an instrument, or of every contract of an asset.
 */
#include <stdio.h>
#include <stdlib.h>

#include "books.h"
#include "edge.h"
#include "metrics.h"
#include "problem.h"
#include "query.h"
#include "stream.h"

#define DEPTH_DEFAULT 20

/* A request for some books, of which `left` are still to come. */
typedef struct Reading
{
	TpCall *call;
	int depth;
	int left;
	bool failed;
	int count;
	int capacity;
	const TpInstrumentInfo **instruments;
	TpSlice contract; /* data NULL: all */
	TpBuffer contract_text;
} Reading;

static void
end(Reading *reading)
{
	tp_buffer_free(&reading->contract_text);
	free(reading->instruments);
	free(reading);
}

static void
answer(Reading *reading)
{
	TpCall *call = reading->call;
	TpBuffer *out = &call->answer;

	tp_buffer_reserve(out, 4096);
	tp_buffer_text(out, "{\"asset\":");
	tp_buffer_json(out, tp_slice(reading->instruments[0]->asset));
	tp_buffer_text(out, ",\"books\":[");
	for (int i = 0; i < reading->count; i++)
	{
		if (i > 0)
			tp_buffer_add(out, ",", 1);
		tp_books_put_json(call->edge->books, reading->instruments[i], reading->depth, out);
	}
	tp_buffer_text(out, "]}");
	tp_count(TP_M_BOOK_READS, reading->count);
	tp_call_answer(call, 200, "application/json");
}

static void
book_came(void *context, const TpBook *book, const TpPgError *error)
{
	Reading *reading = context;

	(void) book;
	reading->left--;
	if (error != NULL && !reading->failed)
	{
		reading->failed = true;
		tp_problem_answer(reading->call, error);
	}
	if (reading->left > 0)
		return;
	if (!reading->failed)
		answer(reading);
	end(reading);
}

static void
add_instrument(void *context, const TpInstrumentInfo *instrument)
{
	Reading *reading = context;

	if (reading->contract.data != NULL &&
		(instrument->contract == NULL || !tp_slice_is(reading->contract, instrument->contract)))
		return;
	if (reading->count == reading->capacity)
	{
		reading->capacity = reading->capacity == 0 ? 8 : 2 * reading->capacity;
		reading->instruments = tp_realloc(reading->instruments,
										  (size_t) reading->capacity * sizeof(TpInstrumentInfo *));
	}
	reading->instruments[reading->count++] = instrument;
}

/* The name of a parameter that this route does not have; data NULL: there is none. */
static TpSlice
unknown_parameter(TpSlice query)
{
	const char *p = query.data;
	const char *end = p + query.length;

	while (p < end)
	{
		const char *stop = memchr(p, '&', (size_t) (end - p));
		const char *equals;
		TpSlice name;

		if (stop == NULL)
			stop = end;
		equals = memchr(p, '=', (size_t) (stop - p));
		name = (TpSlice){ p, (size_t) ((equals == NULL ? stop : equals) - p) };
		if (name.length > 0 && !tp_slice_is(name, "contract") && !tp_slice_is(name, "depth"))
			return name;
		p = stop + 1;
	}
	return (TpSlice){ NULL, 0 };
}

/* False: the call has been answered. */
static bool
read_query(Reading *reading)
{
	TpCall *call = reading->call;
	TpBuffer depth = { 0 };
	TpSlice unknown;
	bool fine = true;

	reading->depth = DEPTH_DEFAULT;
	if (call->query.length == 0)
		return true;
	unknown = unknown_parameter(call->query);
	if (unknown.data != NULL)
	{
		tp_call_problem_format(call, 400, "invalid_order", "the query parameter \"%.*s\" is unknown here",
							   (int) (unknown.length > 64 ? 64 : unknown.length), unknown.data);
		return false;
	}
	if (tp_query_find(call->query, "contract", &reading->contract_text))
		reading->contract = (TpSlice){ reading->contract_text.data, reading->contract_text.length };
	if (tp_query_find(call->query, "depth", &depth))
	{
		char *rest;
		long value;

		tp_buffer_add(&depth, "", 1);
		value = strtol(depth.data, &rest, 10);
		fine = *rest == '\0' && rest != depth.data && value >= 1 && value <= TP_BOOK_DEEP;
		if (fine)
			reading->depth = (int) value;
		else
			tp_call_problem_format(call, 400, "invalid_order", "depth must be between 1 and %d, not \"%.64s\"",
								   TP_BOOK_DEEP, depth.data);
	}
	tp_buffer_free(&depth);
	return fine;
}

static void
find_instruments(Reading *reading)
{
	const TpCall *call = reading->call;
	const TpStream *stream = call->edge->stream;
	const TpInstrumentInfo *one = tp_stream_instrument_by_symbol(stream, call->tenant, call->parameter);

	if (one != NULL)
		add_instrument(reading, one);
	else
		tp_stream_each_instrument(stream, call->tenant, call->parameter, add_instrument, reading);
}

void
tp_book_get(TpCall *call)
{
	Reading *reading = tp_alloc(sizeof(Reading));
	TpSlice name = call->parameter;

	reading->call = call;
	if (!read_query(reading))
	{
		end(reading);
		return;
	}
	find_instruments(reading);
	if (reading->count == 0)
	{
		/* Before the instruments were read nobody can say that one is unknown. */
		if (tp_stream_seq(call->edge->stream) == 0 && !tp_stream_live(call->edge->stream))
			tp_problem_answer(call, &(TpPgError){ .failure = TP_PG_UNAVAILABLE, .message = "", .retry_after = 1 });
		else
			tp_call_problem_format(call, 404, "instrument_unknown", "there is no symbol or asset \"%.*s\"",
								   (int) (name.length > 64 ? 64 : name.length), name.data);
		end(reading);
		return;
	}
	reading->left = reading->count;
	for (int i = 0, n = reading->count; i < n; i++)
		tp_books_get(call->edge->books, reading->instruments[i], reading->depth, book_came, reading);
}
