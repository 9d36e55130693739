/*
 * match.c
 *	  See match.h.  Pure; called by the engine's execute.c, accept.c and preview.c.
 */
#include "match.h"

/* What the taker's mode does when it meets its own account. */
static TpMatchAction
self_trade_action(TpStp stp)
{
	switch (stp)
	{
		case TP_STP_CANCEL_MAKER:
			return TP_MATCH_CANCEL_MAKER;
		case TP_STP_CANCEL_BOTH:
			return TP_MATCH_CANCEL_BOTH;
		case TP_STP_DECREMENT:
			return TP_MATCH_DECREMENT;
		case TP_STP_NONE:
			return TP_MATCH_TRADE;
		case TP_STP_CANCEL_TAKER:
			break;
	}
	return TP_MATCH_CANCEL_TAKER;
}

TpMatch
tradepost_match_pair(const TpBook *book, const TpTaker *taker, uint32_t maker)
{
	const TpBookOrder *order = tp_order_at(book->pool, maker);
	int64_t quantity = order->remaining;

	if (quantity > taker->remaining)
		quantity = taker->remaining;
	return (TpMatch){ .action = order->owner == taker->owner ? self_trade_action(taker->stp) : TP_MATCH_TRADE,
					  .maker = maker,
					  .price = tp_level_at(book->pool, order->level)->price,
					  .quantity = quantity };
}

bool
tradepost_match_next(const TpBook *book, const TpTaker *taker, TpMatch *match)
{
	const TpBookLevel *best = tp_book_best(book, tp_opposite(taker->side));

	if (taker->remaining <= 0 || best == NULL || !tp_crosses(taker->side, taker->limit, best->price))
		return false;
	*match = tradepost_match_pair(book, taker, best->head);
	return true;
}

/* Order by order, because some of them are the taker's own. */
static bool
fills_past_itself(const TpBook *book, const TpTaker *taker)
{
	const TpBookLevel *level = tp_book_best(book, tp_opposite(taker->side));
	int64_t missing = taker->remaining;

	while (level != NULL && tp_crosses(taker->side, taker->limit, level->price))
	{
		for (uint32_t maker = level->head; maker != TP_NONE;)
		{
			const TpBookOrder *order = tp_order_at(book->pool, maker);
			TpMatchAction action = tradepost_match_pair(book, taker, maker).action;

			if (action == TP_MATCH_TRADE)
			{
				if (order->remaining >= missing)
					return true;
				missing -= order->remaining;
			}
			else if (action != TP_MATCH_CANCEL_MAKER)
				return false;
			maker = order->next;
		}
		level = tp_level_worse(book->pool, level);
	}
	return false;
}

bool
tradepost_match_fills(const TpBook *book, const TpTaker *taker)
{
	const TpLadder *ladder = &book->sides[tp_opposite(taker->side)];
	const TpBookLevel *level = tp_book_best(book, tp_opposite(taker->side));
	tp_int128 missing = taker->remaining;

	if (ladder->quantity < missing)
		return false;
	if (taker->may_meet_itself && taker->stp != TP_STP_NONE)
		return fills_past_itself(book, taker);
	while (level != NULL && tp_crosses(taker->side, taker->limit, level->price))
	{
		missing -= level->quantity;
		if (missing <= 0)
			return true;
		level = tp_level_worse(book->pool, level);
	}
	return false;
}
