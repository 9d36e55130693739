/*
 * commission.h
 *	  What an order pays, and what is set aside for it; the design's section 4.8.
 *	  Rates are of 1e8, amounts in units, `unit` is the currency's smallest amount.
 */
#ifndef TRADEPOST_COMMISSION_H
#define TRADEPOST_COMMISSION_H

#include "command.h"

/* An order's rates, and what it traded (|notional|) and paid by them so far. */
typedef struct TpCommission
{
	int32_t maker_rate;
	int32_t taker_rate;
	tp_int128 maker_notional;
	tp_int128 taker_notional;
	int64_t paid;
} TpCommission;

/* For a fill that raises the cumulative notional in one role from `before` to `after`. */
extern int64_t tradepost_commission_fee(int32_t rate, tp_int128 before, tp_int128 after, int64_t unit);

/* What it may still have to pay if a rest worth `rest` (|notional|, by its limit) trades in either role. */
extern tp_int128 tradepost_commission_reserve(const TpCommission *commission, tp_int128 rest, int64_t unit);

#endif
