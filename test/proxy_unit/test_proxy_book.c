/*
 * test_proxy_book.c
 *	  Books as text: JSON, checksum, and deltas, which must lead from any book to any
 *	  other.
 */
#include "book_text.h"
#include "tap.h"

#include <jansson.h>
#include <stdlib.h>
#include <zlib.h>

#define PRICES 60
#define ROUNDS 400

static const TpInstrumentInfo wheat = { .id = 7, .symbol = "Dec25-Wheat", .asset = "Wheat", .contract = "Dec25" };

static uint64_t dice = 20251221;

static unsigned
roll(unsigned n)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned) (dice >> 33) % n;
}

/* Prices around zero, of one and two digits, so that their order is not their texts' order. */
static void
price_text(int i, char *text)
{
	sprintf(text, "%d.%d", (i - 20) / 2, i % 2 == 0 ? 0 : 5);
	if (i < 20)
		sprintf(text, "-%d.%d", (20 - i) / 2, i % 2 == 0 ? 0 : 5);
}

static void
add(TpBook *book, int side, const char *price, const char *quantity)
{
	tp_book_add(book, side, tp_slice(price), tp_slice(quantity), 1);
}

/* quantities[side][price]: 0 none. */
static void
fill(TpBook *book, int quantities[2][PRICES])
{
	tp_book_clear(book);
	book->instrument = &wheat;
	for (int side = 0; side < 2; side++)
	{
		for (int n = 0; n < PRICES; n++)
		{
			int i = side == 0 ? PRICES - 1 - n : n;
			char price[16];
			char quantity[16];

			if (quantities[side][i] == 0)
				continue;
			price_text(i, price);
			sprintf(quantity, "%d", quantities[side][i]);
			add(book, side, price, quantity);
		}
	}
}

static void
shuffle(int quantities[2][PRICES])
{
	for (int side = 0; side < 2; side++)
	{
		for (int i = 0; i < PRICES; i++)
		{
			if (roll(4) == 0)
				quantities[side][i] = roll(3) == 0 ? 0 : (int) roll(5);
		}
	}
}

/* What a client does with a delta. */
static bool
apply(int quantities[2][PRICES], const TpBuffer *changes, int n)
{
	json_t *list = json_loadb(changes->data, changes->length, 0, NULL);
	bool fine = list != NULL && json_array_size(list) == (size_t) n;

	for (size_t k = 0; k < json_array_size(list); k++)
	{
		json_t *change = json_array_get(list, k);
		int side = strcmp(json_string_value(json_array_get(change, 0)), "buy") == 0 ? 0 : 1;
		char price[16];
		int i = 0;

		for (; i < PRICES; i++)
		{
			price_text(i, price);
			if (strcmp(price, json_string_value(json_array_get(change, 1))) == 0)
				break;
		}
		if (i == PRICES)
			fine = false;
		else
		{
			int quantity = atoi(json_string_value(json_array_get(change, 2)));

			/* Nothing is told that was so before. */
			fine = fine && quantities[side][i] != quantity;
			quantities[side][i] = quantity;
		}
	}
	json_decref(list);
	return fine;
}

static void
deltas(TpTap *tap)
{
	int have[2][PRICES] = { 0 };
	int want[2][PRICES] = { 0 };
	TpBook from = { 0 };
	TpBook to = { 0 };
	TpBuffer changes = { 0 };
	int told = 0;
	bool fine = true;

	for (int round = 0; round < ROUNDS; round++)
	{
		int n;

		fill(&from, want);
		if (round % 50 == 49)
			memset(want, 0, sizeof(want));
		else
			shuffle(want);
		fill(&to, want);
		tp_buffer_clear(&changes);
		n = tp_book_changes(&changes, &from, &to);
		fine = apply(have, &changes, n) && memcmp(have, want, sizeof(have)) == 0 && fine;
		told += n;
	}
	tradepost_tap_ok(tap, fine, "deltas lead from book to book");
	tradepost_tap_ok(tap, told > ROUNDS, "and there were changes to tell");
	tp_buffer_clear(&changes);
	tradepost_tap_ok(tap, tp_book_changes(&changes, &to, &to) == 0 && changes.length == 2,
					 "from a book to itself none");
	tp_book_copy(&from, &to);
	tradepost_tap_ok(tap, tp_book_same(&from, &to), "a copy is the same");
	add(&from, 1, "1000", "1");
	tradepost_tap_ok(tap, !tp_book_same(&from, &to), "with one more level it is not");
	tp_book_free(&from);
	tp_book_free(&to);
	tp_buffer_free(&changes);
}

static void
checksums(TpTap *tap)
{
	static const char text[] = "99.5:3:100:1:99:2:98.5:7";
	TpBook book = { .instrument = &wheat };
	char price[16];
	uint32_t of_25;

	tradepost_tap_ok(tap, tp_book_checksum(&book) == 0, "an empty book's checksum is 0");
	add(&book, 0, "99.5", "3");
	add(&book, 0, "99", "2");
	add(&book, 0, "98.5", "7");
	add(&book, 1, "100", "1");
	tradepost_tap_ok(tap, tp_book_checksum(&book) == crc32(0, (const Bytef *) text, sizeof(text) - 1),
					 "bids and asks in turn, as documented");
	for (int i = book.count[1]; i < TP_BOOK_CHECKED; i++)
	{
		sprintf(price, "%d", 100 + i);
		add(&book, 1, price, "1");
	}
	of_25 = tp_book_checksum(&book);
	add(&book, 1, "200", "1");
	tradepost_tap_ok(tap, tp_book_checksum(&book) == of_25, "the 26th level does not count");
	tp_book_free(&book);
}

static void
as_json(TpTap *tap)
{
	TpBook book = { .instrument = &wheat, .seq = 42, .time_us = 1795245034123456 };
	TpBuffer text = { 0 };
	json_t *json;

	add(&book, 0, "99.5", "3");
	add(&book, 0, "99", "2");
	book.checksum = tp_book_checksum(&book);
	tp_book_json(&text, &book, 1);
	json = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
	tradepost_tap_ok(tap,
					 json != NULL && json_integer_value(json_object_get(json, "seq")) == 42 &&
						 json_integer_value(json_object_get(json, "checksum")) == (json_int_t) book.checksum,
					 "a book is JSON with seq and checksum");
	tradepost_tap_ok(tap,
					 json_array_size(json_object_get(json, "bids")) == 1 &&
						 json_array_size(json_object_get(json, "asks")) == 0,
					 "no deeper than asked for");
	tradepost_tap_ok(tap,
					 strcmp(json_string_value(
								json_object_get(json_array_get(json_object_get(json, "bids"), 0), "price")),
							"99.5") == 0,
					 "the best first, as text");
	json_decref(json);
	tp_buffer_free(&text);
	tp_book_free(&book);
}

int
main(void)
{
	TpTap tap = { 0 };

	deltas(&tap);
	checksums(&tap);
	as_json(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
