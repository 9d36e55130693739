/*
 * test_preview.c
 *	  What an order would get, and that asking changes nothing.
 */
#include "unit_engine.h"

#include <string.h>

static TpPreview
preview(TpUnit *u, TpCommand command)
{
	uint64_t before = tradepost_engine_checksum(u->engine);
	int64_t seq = tradepost_engine_last_seq(u->engine);
	TpPreview out;

	tradepost_engine_preview(u->engine, &command, u->now, &out);
	tradepost_engine_end_batch(u->engine);
	if (tradepost_engine_checksum(u->engine) != before || tradepost_engine_last_seq(u->engine) != seq)
		tradepost_unit_ok(u, false, "a preview changes nothing");
	return out;
}

static void
open_book(TpUnit *u, const char *title)
{
	TpCommand due = tradepost_unit_order(3, 12, TP_SELL, 2, 100.5);

	tradepost_unit_open(u, title);
	tradepost_unit_place(u, 1, 11, TP_SELL, 3, 101);
	tradepost_unit_place(u, 2, 10, TP_SELL, 2, 102);
	due.time_in_force = TP_GTD;
	due.expires_at = 2000;
	tradepost_unit_apply(u, due);
	tradepost_unit_skip(u);
}

static void
fills(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(9, 13, TP_BUY, 9, 102);
	TpPreview p;

	open_book(u, "what it would get");
	c.taker_rate = HALF_PERCENT;
	p = preview(u, c);
	tradepost_unit_ok(u,
					  p.reason == TP_REASON_NONE && p.fills == 3 && p.filled == 7 * TRADEPOST_ONE &&
						  p.resting == 2 * TRADEPOST_ONE && p.cancelled == 0 && p.cancel_reason == TP_REASON_NONE,
					  "fills, and what rests");
	tradepost_unit_is(u, (double) p.filled_value / 1e8, 201 + 303 + 204, "at these prices");
	tradepost_unit_is(u, (double) p.commission / 1e8, 3.54, "with this commission");
	tradepost_unit_is(u, (double) p.requirement / 1e8, 90 + 18 + 4.59 + 0.02, "needing this");
	tradepost_unit_is(u, (double) p.free_before / 1e8, 1000000, "out of this");
	c.time_in_force = TP_IOC;
	p = preview(u, c);
	tradepost_unit_ok(u, p.resting == 0 && p.cancelled == 2 * TRADEPOST_ONE && p.cancel_reason == TP_REASON_IOC,
					  "the rest of an IOC is cancelled");
	p = preview(u, tradepost_unit_market(9, 13, TP_BUY, 8));
	tradepost_unit_ok(u,
					  p.filled == 7 * TRADEPOST_ONE && p.cancelled == TRADEPOST_ONE &&
						  p.cancel_reason == TP_REASON_UNFILLED,
					  "and of a market order");
	u->now = 2000;
	p = preview(u, tradepost_unit_order(9, 13, TP_BUY, 9, 100.5));
	tradepost_unit_ok(u, p.fills == 0 && p.resting == 9 * TRADEPOST_ONE, "what is due counts as gone");
	c = tradepost_unit_order(9, 13, TP_BUY, 9, 100.5);
	c.flags = TP_CMD_POST_ONLY;
	tradepost_unit_ok(u, preview(u, c).reason == TP_REASON_NONE, "for post-only too");
}

static void
oneself(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(9, 10, TP_BUY, 9, 102);
	TpPreview p;

	open_book(u, "meeting oneself");
	p = preview(u, c);
	tradepost_unit_ok(u,
					  p.filled == 5 * TRADEPOST_ONE && p.cancelled == 4 * TRADEPOST_ONE && p.resting == 0 &&
						  p.cancel_reason == TP_REASON_SELF_TRADE,
					  "cancel taker");
	c.stp = TP_STP_CANCEL_MAKER;
	p = preview(u, c);
	tradepost_unit_ok(u,
					  p.filled == 5 * TRADEPOST_ONE && p.cancelled == 0 && p.resting == 4 * TRADEPOST_ONE &&
						  p.cancel_reason == TP_REASON_NONE,
					  "cancel maker");
	c.stp = TP_STP_DECREMENT;
	p = preview(u, c);
	tradepost_unit_ok(u,
					  p.filled == 5 * TRADEPOST_ONE && p.cancelled == 2 * TRADEPOST_ONE &&
						  p.resting == 2 * TRADEPOST_ONE && p.cancel_reason == TP_REASON_SELF_TRADE,
					  "decrement");
	c.time_in_force = TP_IOC;
	p = preview(u, c);
	tradepost_unit_ok(u, p.cancelled == 4 * TRADEPOST_ONE && p.resting == 0 && p.cancel_reason == TP_REASON_IOC,
					  "decrement, and the rest of an IOC");
	c.time_in_force = TP_GTC;
	c.quantity = 6 * TRADEPOST_ONE;
	p = preview(u, c);
	tradepost_unit_ok(u,
					  p.filled == 5 * TRADEPOST_ONE && p.cancelled == TRADEPOST_ONE && p.resting == 0 &&
						  p.cancel_reason == TP_REASON_SELF_TRADE,
					  "decrement to nothing");
}

static void
refusals(TpUnit *u)
{
	TpCommand c = tradepost_unit_order(9, 99, TP_BUY, 9, 102);
	TpPreview p;

	open_book(u, "refusals");
	p = preview(u, c);
	tradepost_unit_ok(u, p.reason == TP_REASON_INSUFFICIENT_FUNDS && p.filled == 0 && p.requirement > 0,
					  "funds, and how much");
	c.account = 13;
	c.flags = TP_CMD_POST_ONLY;
	tradepost_unit_ok(u, preview(u, c).reason == TP_REASON_WOULD_CROSS, "post-only");
	c.flags = 0;
	c.time_in_force = TP_FOK;
	tradepost_unit_ok(u, preview(u, c).reason == TP_REASON_CANNOT_FILL, "FOK");
	c.instrument = 77;
	tradepost_unit_ok(u, preview(u, c).reason == TP_REASON_INSTRUMENT_UNKNOWN, "unknown instrument");
	tradepost_unit_ok(u, preview(u, tradepost_unit_market(9, 13, TP_SELL, 1)).reason == TP_REASON_NO_LIQUIDITY,
					  "no liquidity");
	tradepost_unit_ok(u, preview(u, tradepost_unit_order(9, 13, TP_BUY, 1, 151)).reason == TP_REASON_OUTSIDE_BAND,
					  "band");
	tradepost_unit_ok(u, preview(u, tradepost_unit_order(9, 13, TP_BUY, 0, 100)).reason == TP_REASON_OUT_OF_RANGE,
					  "range");
}

static void
ends_soon(TpInstrument *spec)
{
	spec->expires_at = 3000;
}

static void
due_instrument(TpUnit *u)
{
	open_book(u, "an instrument that is due");
	tradepost_unit_respecify(u, WHEAT, ends_soon);
	u->now = 3000;
	tradepost_unit_ok(u, preview(u, tradepost_unit_order(9, 13, TP_BUY, 1, 100)).reason == TP_REASON_INSTRUMENT_EXPIRED,
					  "counts as expired");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	fills(&unit);
	oneself(&unit);
	refusals(&unit);
	due_instrument(&unit);
	return tradepost_unit_done(&unit);
}
