/*
 * money.h
 *	  What a quantity at a price is worth, exactly.
 *
 * value = quantity * multiplier * price / 1e16 in units.  The raw product of three
 * int64 does not fit 128 bits, and 128-bit division is slow; so the divisor is split
 * once per instrument into a part that every lot holds and a part that every
 * tick holds (it can be: tick * lot * multiplier is whole), and what is left
 * is a multiplication:
 *		(quantity / per_quantity) * factor * (price / per_price)
 *
 * Bounds.  An order's |value| is at most max_quantity * multiplier * max_price, 9e18
 * units.  With max_quantity >= lot, one position below 2^62 times a price
 * difference is below 1e38 < 2^127, and as positions are reached by trades of at
 * most max_quantity each, sums of them stay below (number of trades) * 1.8e19.
 * A product whose last factor is 0 has its first two below 2^126.
 */
#ifndef TRADEPOST_MONEY_H
#define TRADEPOST_MONEY_H

#include "command.h"

typedef struct TpScale
{
	int64_t per_quantity;
	int64_t per_price;
	int64_t factor;
} TpScale;

#define TP_SCALE_DIVISOR (TRADEPOST_ONE * TRADEPOST_ONE)

static inline int64_t
tp_gcd(int64_t a, int64_t b)
{
	while (b != 0)
	{
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static inline TpScale
tp_scale_make(int64_t lot, int64_t multiplier)
{
	int64_t common = tp_gcd(multiplier, TP_SCALE_DIVISOR);
	int64_t divisor = TP_SCALE_DIVISOR / common;
	TpScale scale;

	scale.factor = multiplier / common;
	scale.per_quantity = tp_gcd(divisor, lot);
	scale.per_price = divisor / scale.per_quantity;
	return scale;
}

/* value of `quantity` at `price`; with two prices, of their difference */
static inline tp_int128
tp_value(const TpScale *scale, int64_t quantity, int64_t price)
{
	return (tp_int128) (quantity / scale->per_quantity) * scale->factor * (price / scale->per_price);
}

static inline tp_int128
tp_value_between(const TpScale *scale, int64_t quantity, int64_t from, int64_t to)
{
	return (tp_int128) (quantity / scale->per_quantity) * scale->factor *
		   ((tp_int128) (to / scale->per_price) - from / scale->per_price);
}

static inline tp_int128
tp_abs128(tp_int128 x)
{
	return x < 0 ? -x : x;
}

static inline tp_int128
tp_max128(tp_int128 a, tp_int128 b)
{
	return a > b ? a : b;
}

/*
 * x / divisor, rounded up to a multiple of `unit`, for x >= 0.  Unsigned, because
 * the compiler's unsigned division is one instruction when the quotient fits.
 */
static inline tp_int128
tp_ceil_to(tp_int128 x, int64_t divisor, int64_t unit)
{
	__extension__ typedef unsigned __int128 uint128;
	uint128 by = (uint128) divisor * (uint64_t) unit;

	return (tp_int128) (((uint128) x + (by - 1)) / by) * unit;
}

#endif
