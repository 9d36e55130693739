/*
 * book_text.c
 *	  Levels in and out; see book_text.h.
 *
 * Prices and quantities stay the text that the database wrote: two levels are equal if
 * their texts are. Numbers are made of them only to see which price is the better one.
 */
#include "book_text.h"

#include <stdlib.h>
#include <zlib.h>

#include "decimal.h"

#define BIDS 0

static const char *const side_words[TP_BOOK_SIDES] = { "buy", "sell" };

void
tp_book_clear(TpBook *book)
{
	book->count[0] = book->count[1] = 0;
	tp_buffer_clear(&book->text);
}

void
tp_book_free(TpBook *book)
{
	free(book->levels[0]);
	free(book->levels[1]);
	tp_buffer_free(&book->text);
	*book = (TpBook){ 0 };
}

void
tp_book_copy(TpBook *to, const TpBook *from)
{
	tp_book_clear(to);
	tp_buffer_add(&to->text, from->text.data, from->text.length);
	for (int side = 0; side < TP_BOOK_SIDES; side++)
	{
		if (to->capacity[side] < from->count[side])
		{
			to->capacity[side] = from->capacity[side];
			to->levels[side] = tp_realloc(to->levels[side], (size_t) to->capacity[side] * sizeof(TpBookLevel));
		}
		if (from->count[side] > 0)
			memcpy(to->levels[side], from->levels[side], (size_t) from->count[side] * sizeof(TpBookLevel));
		to->count[side] = from->count[side];
	}
	to->instrument = from->instrument;
	to->seq = from->seq;
	to->time_us = from->time_us;
	to->checksum = from->checksum;
}

static uint32_t
keep(TpBook *book, TpSlice text)
{
	uint32_t at = (uint32_t) book->text.length;

	tp_buffer_slice(&book->text, text);
	return at;
}

void
tp_book_add(TpBook *book, int side, TpSlice price, TpSlice quantity, int64_t orders)
{
	TpBookLevel *level;

	if (book->count[side] == book->capacity[side])
	{
		book->capacity[side] = book->capacity[side] == 0 ? 64 : 2 * book->capacity[side];
		book->levels[side] = tp_realloc(book->levels[side], (size_t) book->capacity[side] * sizeof(TpBookLevel));
	}
	level = &book->levels[side][book->count[side]++];
	level->price = keep(book, price);
	level->price_length = (uint16_t) price.length;
	level->quantity = keep(book, quantity);
	level->quantity_length = (uint16_t) quantity.length;
	level->orders = orders;
}

/* A book's text holds price and quantity of each level side by side, so that one piece of it is both. */
uint32_t
tp_book_checksum(const TpBook *book)
{
	uLong sum = crc32(0, NULL, 0);
	bool first = true;

	for (int i = 0; i < TP_BOOK_CHECKED; i++)
	{
		for (int side = 0; side < TP_BOOK_SIDES; side++)
		{
			const TpBookLevel *level;

			if (i >= book->count[side])
				continue;
			level = &book->levels[side][i];
			if (!first)
				sum = crc32(sum, (const Bytef *) ":", 1);
			first = false;
			sum = crc32(sum, (const Bytef *) book->text.data + level->price, level->price_length);
			sum = crc32(sum, (const Bytef *) ":", 1);
			sum = crc32(sum, (const Bytef *) book->text.data + level->quantity, level->quantity_length);
		}
	}
	return (uint32_t) sum;
}

static void
put_levels(TpBuffer *out, const TpBook *book, int side, int depth)
{
	for (int i = 0; i < book->count[side] && i < depth; i++)
	{
		const TpBookLevel *level = &book->levels[side][i];

		tp_buffer_text(out, i == 0 ? "{\"price\":\"" : ",{\"price\":\"");
		tp_buffer_slice(out, tp_book_price(book, level));
		tp_buffer_text(out, "\",\"amount\":\"");
		tp_buffer_slice(out, tp_book_quantity(book, level));
		tp_buffer_text(out, "\",\"quantity\":\"");
		tp_buffer_slice(out, tp_book_quantity(book, level));
		tp_buffer_text(out, "\",\"orders\":");
		tp_buffer_integer(out, level->orders);
		tp_buffer_add(out, "}", 1);
	}
}

void
tp_book_json(TpBuffer *out, const TpBook *book, int depth)
{
	tp_buffer_text(out, "{\"symbol\":");
	tp_buffer_json(out, tp_slice(book->instrument->symbol));
	tp_buffer_text(out, ",\"asset\":");
	tp_buffer_json(out, tp_slice(book->instrument->asset));
	tp_buffer_text(out, ",\"contract\":");
	tp_buffer_json(out, tp_slice(book->instrument->contract));
	tp_buffer_text(out, ",\"seq\":");
	tp_buffer_integer(out, book->seq);
	tp_buffer_text(out, ",\"checksum\":");
	tp_buffer_integer(out, book->checksum);
	tp_buffer_text(out, ",\"bids\":[");
	put_levels(out, book, BIDS, depth);
	tp_buffer_text(out, "],\"asks\":[");
	put_levels(out, book, 1, depth);
	tp_buffer_text(out, "],\"updatedAt\":");
	tp_buffer_json_time(out, book->time_us);
	tp_buffer_add(out, "}", 1);
}

static void
put_change(TpBuffer *out, int n, int side, TpSlice price, TpSlice quantity)
{
	tp_buffer_text(out, n == 0 ? "[\"" : ",[\"");
	tp_buffer_text(out, side_words[side]);
	tp_buffer_text(out, "\",\"");
	tp_buffer_slice(out, price);
	tp_buffer_text(out, "\",\"");
	tp_buffer_slice(out, quantity);
	tp_buffer_text(out, "\"]");
}

static bool
same_text(TpSlice a, TpSlice b)
{
	return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

/* Below 0: a is the better price. */
static int
compare_prices(int side, TpSlice a, TpSlice b)
{
	if (same_text(a, b))
		return 0;
	return side == BIDS ? tp_decimal_compare(b, a) : tp_decimal_compare(a, b);
}

static int
put_side_changes(TpBuffer *out, int side, const TpBook *from, const TpBook *to, int n)
{
	int i = 0;
	int j = 0;

	while (i < from->count[side] || j < to->count[side])
	{
		const TpBookLevel *old = i < from->count[side] ? &from->levels[side][i] : NULL;
		const TpBookLevel *new = j < to->count[side] ? &to->levels[side][j] : NULL;
		int order;

		if (old == NULL)
			order = 1;
		else if (new == NULL)
			order = -1;
		else
			order = compare_prices(side, tp_book_price(from, old), tp_book_price(to, new));
		if (order < 0)
			put_change(out, n++, side, tp_book_price(from, old), tp_slice("0"));
		else if (order > 0 || !same_text(tp_book_quantity(from, old), tp_book_quantity(to, new)))
			put_change(out, n++, side, tp_book_price(to, new), tp_book_quantity(to, new));
		i += order <= 0;
		j += order >= 0;
	}
	return n;
}

int
tp_book_changes(TpBuffer *out, const TpBook *from, const TpBook *to)
{
	int n = 0;

	tp_buffer_add(out, "[", 1);
	for (int side = 0; side < TP_BOOK_SIDES; side++)
		n = put_side_changes(out, side, from, to, n);
	tp_buffer_add(out, "]", 1);
	return n;
}

bool
tp_book_same(const TpBook *a, const TpBook *b)
{
	for (int side = 0; side < TP_BOOK_SIDES; side++)
	{
		if (a->count[side] != b->count[side])
			return false;
		for (int i = 0; i < a->count[side]; i++)
		{
			const TpBookLevel *x = &a->levels[side][i];
			const TpBookLevel *y = &b->levels[side][i];

			if (x->orders != y->orders || !same_text(tp_book_price(a, x), tp_book_price(b, y)) ||
				!same_text(tp_book_quantity(a, x), tp_book_quantity(b, y)))
				return false;
		}
	}
	return true;
}
