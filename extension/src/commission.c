/*
 * commission.c
 *	  Fee arithmetic; see commission.h.  Called by the engine on each fill and each
 *	  reservation.
 *
 * The fee is the difference of two rounded totals, not a rounded part: so
 * an order that trades in a thousand slices pays what it would in one.  A notional
 * is a multiple of the unit and a rate is at most 1, hence a fee never
 * exceeds the notional it is for: a spot sale always pays it from what it brings.
 */
#include "commission.h"
#include "money.h"

int64_t
tradepost_commission_fee(int32_t rate, tp_int128 before, tp_int128 after, int64_t unit)
{
	if (rate == 0)
		return 0;
	return (int64_t) (tp_ceil_to(rate * after, TRADEPOST_ONE, unit) - tp_ceil_to(rate * before, TRADEPOST_ONE, unit));
}

/*
 * Each role rounds up by less than a unit, so two units on top of the dearer
 * rate cover any way the rest may split between them.
 */
tp_int128
tradepost_commission_reserve(int32_t maker_rate, int32_t taker_rate, tp_int128 notional, int64_t unit)
{
	int32_t rate = maker_rate > taker_rate ? maker_rate : taker_rate;

	return tp_ceil_to(rate * notional, TRADEPOST_ONE, unit) + 2 * (tp_int128) unit;
}
