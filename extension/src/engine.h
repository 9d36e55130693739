/*
 * engine.h
 *	  The whole exchange as one pure state machine: commands in, events out.
 *
 * No clock, no I/O, no PostgreSQL header: time is an argument, memory comes
 * from mem.h, and what happened is read from the batch.  Two engines that are
 * given the same commands with the same times hold the same state and emitted
 * the same events: recovery, replay and the differential fuzz rest on that.
 *
 * Money rules (the design's section 5)
 *	 value(i, q, d) = q * multiplier * d: exact, because tick * lot * multiplier
 *	   is a whole number of the quote currency's smallest amount (quote_unit).
 *	   max_quantity >= lot; marks, R and limits are on tick.  Spot prices are > 0
 *	   whatever allow_negative says.
 *	 Spot bid: reserves value(L, remaining) + commission reserve, in quote.
 *	   Spot ask: reserves the remaining quantity of the base asset; commission
 *	   is paid out of the proceeds.
 *	 Commission of an order: on its cumulative |notional| N in each role,
 *	   fee_i = ceil(rate*N_i) - ceil(rate*N_(i-1)) at quote_unit.
 *	   Reserve for what remains (contracts, both sides, and spot bids), with N_maker and
 *	   N_taker the order's cumulative |notional| and paid its commission so far:
 *	   ceil(maker_rate*N_maker + taker_rate*N_taker + max(rate) * |value(limit, remaining)|)
 *	   at quote_unit + 2 quote_units - paid; nothing when nothing remains.  So no
 *	   fill lowers free funds, at whatever price and in whatever role (commission.c has the proof).
 *	 Contract position p, open bids B, open asks S, mark M, reference R:
 *	   a trade at x moves the buyer's cash by -q*m*(x-R), the seller's by + .
 *	   margin = max(IM_long*max(0,p+B), IM_short*max(0,S-p))   (rounded up to quote_unit)
 *				+ sum over open bids q*m*max(0,L-M) + sum over open asks q*m*max(0,M-L)
 *	 Free funds of (account, currency) =
 *	   cash - reserved + sum over its contracts of [p*m*(M-R) - margin]
 *	   where reserved = spot bids' and all commission reserves.  (For an asset
 *	   that is nobody's quote currency: total - reserved.)
 *	 A place or amend is accepted if free funds >= 0 afterwards as if the whole
 *	   order stood open; for contracts also if that contract's margin (without
 *	   commissions) does not rise.  A withdrawal needs free funds >= amount.
 *	   The instrument's house and insurance accounts and external accounts are
 *	   ordinary accounts, but deposits' counter_account is never checked.
 *	 Exposure of a contract: a bid needs max(0, p) + B + q < TRADEPOST_MAX_EXPOSURE,
 *	   an ask max(0, -p) + S + q; an amend counts its order with the new remainder.
 *	   Spot instruments have no positions: theirs read as zero and are never dirty.
 *	 Maintenance of (account, currency) = sum of MM_long*max(0,p) + MM_short*max(0,-p),
 *	   each rounded up to quote_unit.
 *
 * Triggered kinds: STOP, STOP_LIMIT, TAKE_PROFIT.  Market kinds: MARKET, STOP, TAKE_PROFIT.
 *	 A triggered kind is UNTRIGGERED when accepted: an open order for who cancels,
 *	   expires, liquidates, settles and counts open orders, but it is in no book, reserves
 *	   nothing and counts in no exposure or margin.  It is armed, or dormant while it
 *	   waits for its parent's first fill.  Its rank is the seq of ACCEPTED, negative
 *	   while dormant: so its row says which.  price: STOP_LIMIT's limit, else 0.
 *	 Its condition, with `last` the instrument's last_price (none holds before the first
 *	   trade): STOP and STOP_LIMIT: buy last >= stop_price, sell last <= stop_price;
 *	   TAKE_PROFIT: buy last <= stop_price, sell last >= stop_price.
 *	 Triggers run, inside the command, after an order was placed or amended and is done
 *	   (a close-out: with its TAKEN_OVER), in its instrument: whatever is armed and
 *	   whose condition holds is taken, by rising rank, to the end of a list with
 *	   the `last` that fired it; the first of the list triggers, if it still is UNTRIGGERED;
 *	   when it is done, again, until the list is empty.
 *	 An order triggers: a parent still open is CANCELLED (LINKED), which may cut this
 *	   order's quantity; its OCO partner is CANCELLED (LINKED); TRIGGERED (price = that
 *	   `last`; quantity as it now is); it is OPEN, rank = seq of TRIGGERED, price = the
 *	   market kinds' limit as a MARKET order's.  Then as for a place now: OUTSIDE_BAND
 *	   (STOP_LIMIT), NO_LIQUIDITY (market kinds), EXPOSURE, INSUFFICIENT_FUNDS: CANCELLED
 *	   with that reason; else it matches as a taker, a market kind's rest is CANCELLED
 *	   (UNFILLED), a STOP_LIMIT's rests.  Its type stays what it was.
 *	 OCO: link_id, of both rows, is the partner's id (and stays).  A pair lasts until one of it trades
 *	   (before the next match), triggers or ends in whatever way: then the other is
 *	   CANCELLED (LINKED).  One of the two is UNTRIGGERED as long as the pair lasts, so
 *	   that no book holds both.
 *	 Parent and children: parent_id of a child, which is of a triggered kind and comes
 *	   first.  The parent's PLACE is REJECTED: its children are CANCELLED (LINKED); ACCEPTED:
 *	   those of another account or instrument are (all of them, if the parent has a
 *	   parent_id itself), before it matches, the others are its children until it ends.
 *	   Its first fill arms them.  When it ends (in whatever way, filled too), each of them
 *	   is CANCELLED (LINKED) if nothing was filled; else, if its quantity is greater than
 *	   what was filled, DECREMENTED (LINKED) to that; and stands alone from then on (its
 *	   parent_id stays).
 *	 Order of these: after each TRADE or CLOSED_OUT for the maker, then for the taker: its
 *	   partner is CANCELLED, its children are armed, and if nothing remains it has ended.
 *	   After each CANCELLED or EXPIRED, at once, also inside a list of orders that are
 *	   cancelled one after the other: the order has ended.  What the end does: first the
 *	   partner, then the children by rising id; of a partner or child that is CANCELLED
 *	   the same, before the next.
 *
 * What each command does, and its events in their order
 *	 Before everything: expiry.  Everything due at `now` (expires_at <= now),
 *	   in order of (expires_at, orders before instruments, id): an order gets
 *	   EXPIRED (reason TIME, quantity = what remained); an instrument is settled
 *	   at its mark as below, its first event not a decision.  These carry the
 *	   command_id of the command being applied and decision = 0.
 *	   Poisoned commands and refused ones get this too.
 *	 poisoned: REJECTED (ENGINE_ERROR); a PLACE also leaves a rejected order.
 *	 PLACE: checks in this order, the first that fails gives REJECTED with it:
 *	   instrument known (INSTRUMENT_UNKNOWN), expired, halted, range
 *	   (OUT_OF_RANGE: quantity or price off lot/tick, <= 0 where that is wrong,
 *	   past max_quantity / max_price, an enum value that does not exist, a rate
 *	   not in 0..1e8, a DAY lifetime <= 0, max_open < 0, a triggered kind that is IOC, FOK
 *	   or post-only or whose stop_price is no price, an id that is an open order's or one
 *	   closed in this batch), GTD already past (ORDER_EXPIRED), links (LINKED:
 *	   a parent_id with a plain kind, or not greater than the id, or of an order that is
 *	   open or was closed in this batch; a link_id of no open order of this account
 *	   and instrument, or of one that has a partner, or of one that is not UNTRIGGERED
 *	   if this is of a plain kind, or of one that has another parent than this: one
 *	   which stands alone has none; fewer than `children` orders of this account and instrument
 *	   that wait for it), max_open > 0 and the account has that many open
 *	   and UNTRIGGERED orders (TOO_MANY_ORDERS).  A triggered kind is asked no more and
 *	   is ACCEPTED.  The others: price
 *	   inside [mark-band, mark+band] (OUTSIDE_BAND; limit orders), post-only
 *	   that crosses the best opposite price whoever owns it (WOULD_CROSS),
 *	   market order with no opposite price inside the band (NO_LIQUIDITY), FOK
 *	   that cannot fill (CANNOT_FILL), exposure, funds.  A market order's limit
 *	   is the band's top (buy) or bottom (sell; at least one tick where negative
 *	   prices are not allowed); that limit is its reserve price.  The band's edges
 *	   are clamped to max_price (which only narrows it) and brought inwards to a tick.
 *	   A rejected place leaves an order row in status rejected (price 0 if of a market
 *	   kind, rank 0, enum values that do not exist stored as 0; no row if the id is taken).
 *	   stop_price of a plain kind is ignored and stored as 0.
 *	   expires_at: DAY now + lifetime (at most NEVER), GTD as given, else NEVER.
 *	   rank = seq of ACCEPTED.
 *	   Else ACCEPTED (decision; price absent for a market kind), what its children and its
 *	   pair get by it, then (a triggered kind: none of this) matching, and,
 *	   if something remains: IOC -> CANCELLED (IOC), market -> CANCELLED
 *	   (UNFILLED), taker stopped by self-trade prevention -> CANCELLED
 *	   (SELF_TRADE), else it rests.  Then triggers.
 *	 Matching: best opposite price first, then rank, while it crosses the limit.
 *	   Per maker of another account: TRADE at the maker's price.  Per maker of
 *	   the same account, by the taker's mode: cancel_taker: CANCELLED taker, stop;
 *	   cancel_maker: CANCELLED maker, go on; cancel_both: CANCELLED maker, then
 *	   taker, stop; decrement: d = min of both remainders, then for the maker
 *	   and then the taker: CANCELLED (quantity d) if its remainder is d, else
 *	   DECREMENTED (quantity d; the order's quantity falls by d); none: trade.
 *	   All with reason SELF_TRADE.  A cancelled order's `quantity` stays.
 *	   FOK counts, in matching order, what it could trade: own makers are
 *	   skipped in mode cancel_maker, counted in mode none, and end the count in
 *	   the other modes.
 *	 CANCEL: not open, or another account's -> REJECTED (ORDER_UNKNOWN; the host
 *	   may refine the reason from the tables), else CANCELLED (REQUESTED, decision).
 *	 AMEND (quantity is the new total): unknown as CANCEL; then
 *	   halted (except a same-price decrease), OUT_OF_RANGE (the order as it would
 *	   become, also in what the command does not change); total <= filled ->
 *	   CANCELLED (AMENDED_BELOW_FILLED, decision).  Same price and total <= the
 *	   present one: AMENDED, keeps its rank.  (That is also the same-price decrease
 *	   that a halt lets pass, be it to or below what is filled.)  Else OUTSIDE_BAND (only if the
 *	   price changes), post-only WOULD_CROSS, EXPOSURE, funds (with the old order's
 *	   reservation released and, for "margin does not rise", compared with the
 *	   margin before) -> REJECTED and nothing changed; else AMENDED (decision; price
 *	   and quantity = the new ones; rank = its seq), then it matches as a
 *	   taker (taker rate) and its rest rests at the back.  Then triggers.
 *	   A stop_price for what is not UNTRIGGERED is OUT_OF_RANGE, and so is a price for an
 *	   UNTRIGGERED market kind.  Of an UNTRIGGERED order nothing is asked but halted (not if price and
 *	   stop_price stay and the total does not rise) and OUT_OF_RANGE; it keeps its rank
 *	   unless stop_price changes (then its seq, negative while dormant).
 *	 CANCEL_ALL: CANCELLED_ALL (decision), then CANCELLED (CANCEL_ALL) for each
 *	   open order of the account (in the instrument, if given) by rising order id.
 *	   (Here and below: that is still open when its turn comes.)
 *	 DEPOSIT: REJECTED (OUT_OF_RANGE: amount or asset <= 0) or DEPOSITED:
 *	   account += amount, counter_account -= amount.
 *	 WITHDRAW: WITHDRAWN the other way round, or REJECTED (INSUFFICIENT_FUNDS).
 *	 MARK: REJECTED (INSTRUMENT_UNKNOWN, INSTRUMENT_EXPIRED, OUT_OF_RANGE,
 *	   MARK_STEP if |new - old| > mark_step) or MARKED, then liquidation below.
 *	   Halted instruments are marked too.
 *	 HALT / RESUME: HALTED / RESUMED (also when it already is), or REJECTED
 *	   (INSTRUMENT_UNKNOWN, INSTRUMENT_EXPIRED).
 *	 LIST: LISTED, or REJECTED (INSTRUMENT_UNKNOWN) if the host has not added it.
 *	 SETTLE: REJECTED (INSTRUMENT_UNKNOWN, INSTRUMENT_EXPIRED, OUT_OF_RANGE) or:
 *	   INSTRUMENT_EXPIRED (price F; decision), CANCELLED (SETTLEMENT) for every
 *	   open order by rising id, then for every position != 0 by rising account
 *	   SETTLED (account, side BUY if it was long else SELL, quantity |p|, price F):
 *	   cash += p*m*(F-R), p = 0.  A spot instrument only cancels.  mark = F.
 *	 SWEEP: SWEPT.
 *	 Any other kind: REJECTED (OUT_OF_RANGE).
 *	 Liquidation after MARKED, for every account by rising id that held a position in
 *	   that instrument when it was MARKED, the instrument's insurance account excepted, whose
 *	   equity (cash + sum p*m*(M-R)) in the quote currency is below its
 *	   maintenance when its turn comes: CANCELLED (LIQUIDATION) for all its open orders in every instrument,
 *	   by rising id; then for each of its positions in that currency by rising
 *	   instrument id, while equity < maintenance: unless halted, close out as an
 *	   IOC at the band limit: CLOSED_OUT per maker (as a TRADE with order_id 0,
 *	   account = the liquidated one, side = the close-out's, its commission at the
 *	   instrument's taker_rate on cumulative notional of this close-out); what
 *	   is left: TAKEN_OVER (account, counter_account = insurance, side, quantity,
 *	   price = mark, no commission; the insurance account is that position's
 *	   instrument's; a position whose insurance account is the account itself is
 *	   passed over, by the book too, and one that would take the insurance account's to
 *	   TRADEPOST_MAX_EXPOSURE moves only in part, in whole lots); then, if it holds no position in that
 *	   currency and its cash < 0: COVERED (account, counter_account = insurance,
 *	   asset, quantity = the deficit).
 *	   A deficit that int64 cannot hold is covered in several COVERED events.
 *	   COVERED is paid by the marked instrument's insurance account.
 *
 * Fields of events (what is not named is zero; fields has the bits of what is)
 *	 ACCEPTED, REJECTED of a place: order_id, account, instrument, side, quantity,
 *	   price unless of a market kind.
 *	 REJECTED of another command: account, counter_account, order_id, instrument and asset of
 *	   the command; quantity of DEPOSIT, WITHDRAW and AMEND with HAS_QUANTITY, price of
 *	   MARK, SETTLE and AMEND with HAS_PRICE.  An amend of an open order of the account
 *	   that fails (not a poisoned one): the order's instrument and side.
 *	 TRADE: order_id, maker_order_id, account, counter_account, instrument, side,
 *	   quantity, price, commission, counter_commission.  CLOSED_OUT: same, order_id 0.
 *	 CANCELLED, EXPIRED, DECREMENTED: order_id, account, instrument, side, quantity
 *	   (what remained, or was taken off), price unless of a market kind, reason.
 *	 AMENDED: order_id, account, instrument, side, quantity, price unless of a market kind.
 *	 TRIGGERED: order_id, account, instrument, side, quantity, price.
 *	 CANCELLED_ALL: account, instrument as given.
 *	 DEPOSITED, WITHDRAWN: account, counter_account, asset, quantity.
 *	 MARKED, INSTRUMENT_EXPIRED: instrument, price.  HALTED, RESUMED, LISTED: instrument.
 *	 SETTLED: account, instrument, side, quantity, price.
 *	 TAKEN_OVER: account, counter_account, instrument, side (the close-out's: SELL if
 *	   it was long), quantity, price.  COVERED: account, counter_account, asset, quantity.
 *	 SWEPT: nothing.
 *	 Every event: seq, command_id, time, kind; decision and reason where said.
 *	 TRADE and CLOSED_OUT set the instrument's last_price and last_trade_seq.
 *
 * Postings of events (what the ledger view makes of them), fees in quote to house:
 *	 TRADE spot: buyer -value(x,q) quote, +q base, seller the opposite; each - its fee.
 *	 TRADE, CLOSED_OUT, TAKEN_OVER future: buyer -value(x-R,q), seller + ; each - its fee.
 *
 * State that the host stores (orders, balances, positions, instruments) is
 * listed in the batch once per object, however often it changed.
 */
#ifndef TRADEPOST_ENGINE_H
#define TRADEPOST_ENGINE_H

#include <stddef.h>
#include "command.h"

typedef struct TpEngine TpEngine;

typedef struct TpInstrument
{
	int32_t id;
	uint8_t kind;
	uint8_t status;
	bool allow_negative;
	int32_t base_asset; /* spot: what is traded; future: 0 */
	int32_t quote_asset;
	int64_t tick;
	int64_t lot;
	int64_t multiplier;   /* TRADEPOST_ONE for spot */
	int64_t quote_unit;   /* smallest amount of the quote currency */
	int64_t reference;    /* R */
	int64_t mark;         /* M */
	int64_t band;         /* in price */
	int64_t mark_step;    /* in price */
	int64_t max_price;    /* largest |price|; max_quantity*multiplier*max_price fits 9e18 units */
	int64_t max_quantity; /* of one order */
	int64_t im_long;      /* money per 1.0 of quantity */
	int64_t im_short;
	int64_t mm_long;
	int64_t mm_short;
	int32_t taker_rate; /* of close-outs */
	int64_t expires_at;
	int64_t house_account;
	int64_t insurance_account;
	int64_t last_price; /* 0 and last_trade_seq 0: none yet */
	int64_t last_trade_seq;
} TpInstrument;

/* An order as the host stores it. */
typedef struct TpOrderState
{
	int64_t id;
	int64_t account;
	int64_t price;    /* limit; a market order's reserve price */
	int64_t quantity; /* total */
	int64_t filled;
	int64_t expires_at; /* TRADEPOST_TIME_NEVER for GTC */
	int64_t created_at;
	int64_t updated_at;
	int64_t rank;             /* seq that gave it its place in the queue; negative: dormant */
	tp_int128 maker_notional; /* cumulative |notional| as maker: what commission is computed on */
	tp_int128 taker_notional;
	tp_int128 filled_value; /* signed sum of value(x, q) */
	int64_t commission;     /* paid so far */
	int64_t stop_price;     /* of a triggered kind, else 0 */
	int64_t link_id;        /* the other order of its OCO pair; 0: none */
	int64_t parent_id;      /* the order that it protects; 0: none */
	int32_t instrument;
	int32_t maker_rate;
	int32_t taker_rate;
	uint8_t side;
	uint8_t type;
	uint8_t time_in_force;
	uint8_t stp;
	uint8_t flags;
	uint8_t status;
	uint8_t reason;
} TpOrderState;

typedef struct TpBalanceState
{
	int64_t account;
	int32_t asset;
	tp_int128 total;
	tp_int128 reserved;
} TpBalanceState;

typedef struct TpPositionState
{
	int64_t account;
	int32_t instrument;
	int64_t quantity; /* signed */
	int64_t open_bids;
	int64_t open_asks;
} TpPositionState;

typedef struct TpLevel
{
	int64_t price;
	tp_int128 quantity;
	int64_t orders;
} TpLevel;

/* One object that changed in the batch; `stored` says whether the host has a row for it. */
typedef struct TpDirtyOrder
{
	TpOrderState state;
	bool stored;
} TpDirtyOrder;

typedef struct TpPreview
{
	int64_t filled;         /* would trade now */
	int64_t resting;        /* would rest */
	int64_t cancelled;      /* would be cancelled (IOC, market, self-trade) */
	tp_int128 filled_value; /* signed */
	int64_t commission;
	int fills;
	tp_int128 requirement; /* what it reserves: margin rise, if any, + reserves */
	tp_int128 free_before; /* free funds in the asset that pays (quote; base for a spot ask) */
	uint8_t reason;        /* TP_REASON_NONE: it would be accepted; else the counts above are 0 */
	uint8_t cancel_reason; /* why what is cancelled would be; if self-trade prevention took some and the rest went
	                        * otherwise, the rest's */
} TpPreview;

extern TpEngine *tradepost_engine_create(void);
extern void tradepost_engine_destroy(TpEngine *engine);

/*
 * Set-up and recovery.  Instruments first, then balances and positions, then
 * open orders in any order (rank decides their place).  `reserved`, open_bids
 * and open_asks are recomputed from the orders; what is passed is ignored.
 * Loaded orders stand in the book once tradepost_engine_loaded was called; open orders
 * are those of status OPEN, PARTIALLY_FILLED and UNTRIGGERED, and their rows alone say
 * who is linked to whom: an UNTRIGGERED order with a parent_id is that order's child if it
 * is loaded, waits for it if dormant, else stands alone.
 * Adding an instrument again replaces its specification, not its state (status,
 * mark, last trade) nor what open orders and positions are valued by (kind, assets,
 * tick, lot, multiplier, quote_unit, reference).
 */
extern void tradepost_engine_add_instrument(TpEngine *engine, const TpInstrument *spec);
extern void tradepost_engine_load_balance(TpEngine *engine, int64_t account, int32_t asset, tp_int128 total);
extern void tradepost_engine_load_position(TpEngine *engine, int64_t account, int32_t instrument, int64_t quantity);
extern void tradepost_engine_load_order(TpEngine *engine, const TpOrderState *order);
extern void tradepost_engine_set_seq(TpEngine *engine, int64_t last_seq);

/*
 * After loading: what was loaded counts as stored.  Nothing is dirty but balances and positions
 * that orders need and that were not loaded.
 */
extern void tradepost_engine_loaded(TpEngine *engine);

/*
 * Decide one command at time `now` (never earlier than the last one).  Events
 * are appended to the batch with consecutive seq.  Never fails: a command that
 * makes no sense is rejected.
 */
extern void tradepost_engine_apply(TpEngine *engine, const TpCommand *command, int64_t now);

/*
 * A hint, before each apply: these commands are next, up to TRADEPOST_LOOK_AHEAD
 * of them matter.  What they will need is fetched into the cache meanwhile;
 * nothing changes.
 */
#define TRADEPOST_LOOK_AHEAD 16
extern void tradepost_engine_prefetch(const TpEngine *engine, const TpCommand *next, size_t count);

/* The earliest expires_at of an open or UNTRIGGERED order or instrument; TRADEPOST_TIME_NEVER if none. */
extern int64_t tradepost_engine_next_expiry(const TpEngine *engine);

/* What the batch holds.  Pointers live until the next apply or end_batch. */
extern size_t tradepost_engine_events(const TpEngine *engine, const TpEvent **events);
extern TpEvent *tradepost_engine_event(TpEngine *engine, size_t i); /* to refine a reason */

/* Objects changed since end_batch; *out is engine-owned and rebuilt by each call. */
extern size_t tradepost_engine_dirty_orders(TpEngine *engine, const TpDirtyOrder **out);
typedef struct TpDirtyBalance
{
	TpBalanceState state;
	bool stored;
} TpDirtyBalance;
typedef struct TpDirtyPosition
{
	TpPositionState state;
	bool stored;
} TpDirtyPosition;
extern size_t tradepost_engine_dirty_balances(TpEngine *engine, const TpDirtyBalance **out);
extern size_t tradepost_engine_dirty_positions(TpEngine *engine, const TpDirtyPosition **out);
extern size_t tradepost_engine_dirty_instruments(TpEngine *engine, const int32_t **ids); /* state or book changed */

/* The batch is stored: forget its events and closed orders; everything counts as stored. */
extern void tradepost_engine_end_batch(TpEngine *engine);

/* Reading. */
extern const TpInstrument *tradepost_engine_instrument(const TpEngine *engine, int32_t id);
extern size_t tradepost_engine_depth(const TpEngine *engine, int32_t instrument, TpSide side, size_t max, TpLevel *out);
extern bool
tradepost_engine_order(const TpEngine *engine, int64_t id, TpOrderState *out); /* open, or closed in this batch */
extern size_t tradepost_engine_open_orders(const TpEngine *engine);            /* with the UNTRIGGERED ones */
extern void
tradepost_engine_open_order_ids(const TpEngine *engine, int64_t *out); /* room for open_orders(); any order */
extern void tradepost_engine_balance(const TpEngine *engine, int64_t account, int32_t asset, TpBalanceState *out);
extern void
tradepost_engine_position(const TpEngine *engine, int64_t account, int32_t instrument, TpPositionState *out);
extern tp_int128 tradepost_engine_free_funds(const TpEngine *engine, int64_t account, int32_t asset);
extern int64_t tradepost_engine_last_seq(const TpEngine *engine);

/*
 * What a PLACE command would get now; changes nothing.  Orders and instruments
 * that are due but not yet swept count as gone; what they had reserved does
 * not count as free yet, and max_open and `children` count them still.  requirement and free_before are set once the funds
 * were looked at (that is: accepted, or INSUFFICIENT_FUNDS).
 * A triggered kind that would wait is accepted, rests, requires nothing.  One without a
 * parent that would trigger at once is looked at as the order that it becomes, but what that
 * would be refused for is why it would be cancelled; a partner counts as still there.
 */
extern void tradepost_engine_preview(TpEngine *engine, const TpCommand *command, int64_t now, TpPreview *out);

/*
 * Order-independent checksum of all that tables also hold: the sum modulo 2^64
 * of tradepost_hash_order() over open and UNTRIGGERED orders, tradepost_hash_balance() over
 * balances (total or reserved not 0) and tradepost_hash_position() over positions
 * (any field not 0).  Kept incrementally, brought up to date by end_batch and loaded.
 */
extern uint64_t tradepost_engine_checksum(const TpEngine *engine);
/* id, instrument, account, side, price, quantity, filled, rank; stop_price, link_id, parent_id unless all are 0 */
extern uint64_t tradepost_hash_order(const TpOrderState *order);
extern uint64_t tradepost_hash_balance(const TpBalanceState *balance);
extern uint64_t tradepost_hash_position(const TpPositionState *position);

#endif
