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
 * With N what was traded in each role, r the dearer rate and
 *		due = maker_rate*N_maker + taker_rate*N_taker + r*rest
 * this is ceil(due) + 2 units - paid, where paid = ceil(maker_rate*N_maker) +
 * ceil(taker_rate*N_taker).
 *
 * It is enough: whatever roles the rest trades in at the limit, the exact fees
 * come to no more than due, and each role rounds up by less than a unit.  For the
 * same reason it is never below a unit, so nothing is lost when it ends.
 *
 * And no fill lowers free funds.  paid + reserve is ceil(due) + 2 units; at the limit
 * a fill moves its value from the rest to N, at r or less: due does not rise.  At
 * a price x better than the limit L by what is worth D, |notional| is at most the
 * value at the limit + D (more than it only below zero or for an ask), so due
 * rises by r*D at most, and as r <= 1 and D is a multiple of the unit, ceil(due) by D
 * at most.  But the better price brings D: a contract's cash and worth at the mark
 * M change by value(q, M-x) for a bid, and its loss of value(q, max(0, L-M)) is
 * released, which is value(q, L-x) or more.  An ask is the mirror image, and the rest
 * of the margin does not rise by a fill.
 *
 * Rounding the rest alone would not do: the fees paid and the rest's, three numbers
 * rounded up, can be two units more than the one that was reserved at first.
 */
tp_int128
tradepost_commission_reserve(const TpCommission *commission, tp_int128 rest, int64_t unit)
{
	int32_t maker_rate = commission->maker_rate;
	int32_t taker_rate = commission->taker_rate;
	tp_int128 due = (maker_rate > taker_rate ? maker_rate : taker_rate) * rest;

	due += maker_rate * commission->maker_notional + taker_rate * commission->taker_notional;
	return tp_ceil_to(due, TRADEPOST_ONE, unit) + 2 * (tp_int128) unit - commission->paid;
}
