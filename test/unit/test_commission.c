/*
 * test_commission.c
 *	  Fee arithmetic: rounding, slicing, reserve.
 */
#include "commission.h"
#include "money.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>

#define CENT (TRADEPOST_ONE / 100)

static int64_t
random_rate(void)
{
	return rand() % 3 == 0 ? rand() % (TRADEPOST_ONE + 1) : rand() % 500000;
}

/* Slices of cents whose sum is `total`; the fees of all. */
static int64_t
sliced(int32_t rate, int64_t total, int slices)
{
	tp_int128 before = 0;
	int64_t fees = 0;

	for (int i = 0; i < slices; i++)
	{
		tp_int128 after = i == slices - 1 ? total : total / CENT * (i + 1) / slices * CENT;

		fees += tradepost_commission_fee(rate, before, after, CENT);
		before = after;
	}
	return fees;
}

static void
rounding(TpTap *tap)
{
	tradepost_tap_ok(tap, tradepost_commission_fee(100000, 0, 1000 * TRADEPOST_ONE, CENT) == TRADEPOST_ONE,
					 "0.1 % of 1000 is 1");
	tradepost_tap_ok(tap,
					 tradepost_commission_fee(100000, 0, 1000 * TRADEPOST_ONE + CENT, CENT) == TRADEPOST_ONE + CENT,
					 "a part of a cent is a cent");
	tradepost_tap_ok(tap, tradepost_commission_fee(0, 0, 1000 * TRADEPOST_ONE, CENT) == 0, "no rate, no fee");
	tradepost_tap_ok(tap, tradepost_commission_fee(1, 0, CENT, CENT) == CENT, "the smallest fee is a cent");
	tradepost_tap_ok(tap, tradepost_commission_fee(1, CENT, 2 * CENT, CENT) == 0, "and pays for many cents");
	tradepost_tap_ok(tap, tradepost_commission_fee(100000, 0, 1500 * TRADEPOST_ONE, TRADEPOST_ONE) == 2 * TRADEPOST_ONE,
					 "a currency without cents");
	tradepost_tap_ok(tap,
					 tradepost_commission_fee((int32_t) TRADEPOST_ONE, 0, INT64_C(9000000000000000000), 1) ==
						 INT64_C(9000000000000000000),
					 "all of the largest notional");
}

static void
properties(TpTap *tap)
{
	bool slices = true;
	bool bounded = true;
	bool reserved = true;
	bool kept = true;

	srand(3);
	for (int i = 0; i < 20000; i++)
	{
		int32_t rate = (int32_t) random_rate();
		int32_t other = (int32_t) random_rate();
		int64_t total = (int64_t) (1 + rand() % 1000000) * CENT;
		int64_t part = total / CENT * (rand() % 101) / 100 * CENT;
		int64_t maker = tradepost_commission_fee(rate, 0, part, CENT);
		int64_t taker = tradepost_commission_fee(other, 0, total - part, CENT);
		TpCommission half = { .maker_rate = rate, .taker_rate = other };
		tp_int128 first = tradepost_commission_reserve(&half, total, CENT);

		slices &= sliced(rate, total, 1 + rand() % 50) == tradepost_commission_fee(rate, 0, total, CENT);
		bounded &= tradepost_commission_fee(rate, part, total, CENT) <= total - part;
		reserved &= maker + taker <= first;
		half.maker_notional = part / CENT / 2 * CENT;
		half.taker_notional = (total - part) / CENT / 3 * CENT;
		half.paid = tradepost_commission_fee(rate, 0, half.maker_notional, CENT) +
					tradepost_commission_fee(other, 0, half.taker_notional, CENT);
		kept &= half.paid +
					tradepost_commission_reserve(&half, total - half.maker_notional - half.taker_notional, CENT) <=
				first;
	}
	tradepost_tap_ok(tap, slices, "slicing changes nothing");
	tradepost_tap_ok(tap, bounded, "a fee is never above what it is for");
	tradepost_tap_ok(tap, reserved, "the reserve covers any split between the roles");
	tradepost_tap_ok(tap, kept, "what is paid and what is reserved never are more than what was reserved at first");
}

static void
reserves(TpTap *tap)
{
	TpCommission cheap = { .maker_rate = 100000, .taker_rate = 200000 };
	TpCommission dear = { .maker_rate = 300000, .taker_rate = 200000 };
	TpCommission half = { .maker_rate = 100000, .taker_rate = 100000 };

	tradepost_tap_ok(tap,
					 tradepost_commission_reserve(&cheap, 1000 * TRADEPOST_ONE, CENT) == 2 * TRADEPOST_ONE + 2 * CENT,
					 "the dearer rate and a unit a role");
	tradepost_tap_ok(tap, tradepost_commission_reserve(&dear, CENT, CENT) == 3 * CENT, "rounded up");
	half.maker_notional = half.taker_notional = CENT;
	half.paid = 2 * CENT;
	tradepost_tap_ok(tap, tradepost_commission_reserve(&half, CENT, CENT) == CENT,
					 "what was paid is not reserved again");
}

static void
values(TpTap *tap)
{
	TpScale wheat = tp_scale_make(TRADEPOST_ONE, 50 * TRADEPOST_ONE);
	TpScale odd = tp_scale_make(TRADEPOST_ONE / 10, 7 * TRADEPOST_ONE);
	TpScale giant = tp_scale_make(1, INT64_MAX);

	tradepost_tap_ok(tap,
					 tp_value(&wheat, 3 * TRADEPOST_ONE, TRADEPOST_ONE / 4) == 37 * TRADEPOST_ONE + TRADEPOST_ONE / 2,
					 "value is quantity x multiplier x price");
	tradepost_tap_ok(tap, tp_value(&odd, TRADEPOST_ONE / 10, -TRADEPOST_ONE / 4) == -17 * CENT - CENT / 2,
					 "also below zero");
	tradepost_tap_ok(tap,
					 tp_value_between(&wheat, -TRADEPOST_ONE, 10 * TRADEPOST_ONE, 12 * TRADEPOST_ONE) ==
						 -100 * TRADEPOST_ONE,
					 "and of a difference");
	tradepost_tap_ok(tap, tp_value_between(&giant, 1, INT64_MIN / 2, INT64_MIN / 2) == 0,
					 "of none, with the largest factor");
	tradepost_tap_ok(tap,
					 (tp_int128) wheat.per_quantity * wheat.per_price * 50 ==
						 (tp_int128) wheat.factor * TP_SCALE_DIVISOR / TRADEPOST_ONE,
					 "a scale splits the divisor exactly");
}

int
main(void)
{
	TpTap tap = { .number = 0 };

	rounding(&tap);
	properties(&tap);
	reserves(&tap);
	values(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed == 0 ? 0 : 1;
}
