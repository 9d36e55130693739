/*
 * test_match.c
 *	  Who meets whom, on a bare book: match.c changes nothing, so it is asked.
 */
#include "match.h"
#include "tap.h"

#include <string.h>

#define ME 1
#define OTHER 2

typedef struct TpFixture
{
	TpOrders pool;
	TpBook book;
} TpFixture;

/* Asks: other 5 at 100, me 3 at 100, other 7 at 101. */
static void
open_book(TpFixture *f)
{
	tradepost_orders_init(&f->pool);
	tradepost_book_init(&f->book, &f->pool);
	tradepost_book_rest(&f->book, tradepost_orders_add(&f->pool, 1, OTHER, 5), TP_SELL, 100);
	tradepost_book_rest(&f->book, tradepost_orders_add(&f->pool, 2, ME, 3), TP_SELL, 100);
	tradepost_book_rest(&f->book, tradepost_orders_add(&f->pool, 3, OTHER, 7), TP_SELL, 101);
}

static void
close_book(TpFixture *f)
{
	tradepost_book_destroy(&f->book);
	tradepost_orders_destroy(&f->pool);
}

static TpTaker
taker(uint32_t owner, TpStp stp, int64_t limit, int64_t remaining)
{
	return (TpTaker){ .side = TP_BUY,
					  .stp = stp,
					  .limit = limit,
					  .remaining = remaining,
					  .owner = owner,
					  .may_meet_itself = owner == ME };
}

static void
next(TpTap *tap, TpFixture *f)
{
	TpTaker t = taker(OTHER + 1, TP_STP_CANCEL_TAKER, 100, 9);
	TpMatch m;

	tradepost_tap_ok(tap,
					 tradepost_match_next(&f->book, &t, &m) && m.action == TP_MATCH_TRADE &&
						 m.maker == tradepost_orders_find(&f->pool, 1) && m.price == 100 && m.quantity == 5,
					 "the oldest at the best price, for the lesser quantity");
	t.remaining = 2;
	tradepost_tap_ok(tap, tradepost_match_next(&f->book, &t, &m) && m.quantity == 2, "which may be the taker's");
	t.limit = 99;
	tradepost_tap_ok(tap, !tradepost_match_next(&f->book, &t, &m), "not past the limit");
	t.limit = 100;
	t.remaining = 0;
	tradepost_tap_ok(tap, !tradepost_match_next(&f->book, &t, &m), "not for nothing");
	t = taker(ME, TP_STP_NONE, INT64_MIN, 1);
	t.side = TP_SELL;
	tradepost_tap_ok(tap, !tradepost_match_next(&f->book, &t, &m), "an empty side has nobody");
}

static void
modes(TpTap *tap, TpFixture *f)
{
	static const struct
	{
		TpStp stp;
		TpMatchAction action;
		const char *name;
	} cases[] = { { TP_STP_CANCEL_TAKER, TP_MATCH_CANCEL_TAKER, "cancel taker" },
				  { TP_STP_CANCEL_MAKER, TP_MATCH_CANCEL_MAKER, "cancel maker" },
				  { TP_STP_CANCEL_BOTH, TP_MATCH_CANCEL_BOTH, "cancel both" },
				  { TP_STP_DECREMENT, TP_MATCH_DECREMENT, "decrement" },
				  { TP_STP_NONE, TP_MATCH_TRADE, "none" } };
	uint32_t mine = tradepost_orders_find(&f->pool, 2);
	uint32_t others = tradepost_orders_find(&f->pool, 1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		TpTaker t = taker(ME, cases[i].stp, 101, 4);
		TpMatch m = tradepost_match_pair(&f->book, &t, mine);

		tradepost_tap_ok(tap,
						 m.action == cases[i].action && m.quantity == 3 &&
							 tradepost_match_pair(&f->book, &t, others).action == TP_MATCH_TRADE,
						 cases[i].name);
	}
}

static bool
fills(TpFixture *f, uint32_t owner, TpStp stp, int64_t limit, int64_t quantity)
{
	TpTaker t = taker(owner, stp, limit, quantity);

	return tradepost_match_fills(&f->book, &t);
}

static void
fill_or_kill(TpTap *tap, TpFixture *f)
{
	tradepost_tap_ok(tap, fills(f, 9, 0, 101, 15) && !fills(f, 9, 0, 101, 16), "a stranger: all there is, not more");
	tradepost_tap_ok(tap, fills(f, 9, 0, 100, 8) && !fills(f, 9, 0, 100, 9), "within the limit");
	tradepost_tap_ok(tap, fills(f, ME, TP_STP_NONE, 101, 15), "mode none counts its own");
	tradepost_tap_ok(tap, fills(f, ME, TP_STP_CANCEL_MAKER, 101, 12) && !fills(f, ME, TP_STP_CANCEL_MAKER, 101, 13),
					 "cancel maker skips them");
	for (TpStp stp = TP_STP_CANCEL_TAKER; stp <= TP_STP_DECREMENT; stp++)
		if (stp != TP_STP_CANCEL_MAKER)
			tradepost_tap_ok(tap, fills(f, ME, stp, 101, 5) && !fills(f, ME, stp, 101, 6), "the others end there");
	tradepost_tap_ok(tap, !fills(f, 9, 0, 101, INT64_MAX), "the largest quantity");
}

int
main(void)
{
	TpTap tap = { .number = 0 };
	TpFixture fixture;

	open_book(&fixture);
	next(&tap, &fixture);
	modes(&tap, &fixture);
	fill_or_kill(&tap, &fixture);
	close_book(&fixture);
	tradepost_tap_plan(tap.number);
	return tap.failed == 0 ? 0 : 1;
}
