/*
 * match.h
 *	  Whom an incoming order meets next, and what the two do: the design's
 *	  section 4, rules 1, 2 and 4.
 *
 * Decides, changes nothing: the caller settles the step and removes or reduces
 * the maker, then asks again.  So the engine, the preview and the FOK check share
 * one definition of who trades with whom.
 */
#ifndef TRADEPOST_MATCH_H
#define TRADEPOST_MATCH_H

#include "book.h"

typedef struct TpTaker
{
	TpSide side;
	TpStp stp;
	int64_t limit;
	int64_t remaining;
	uint32_t owner;       /* TP_NONE: nobody's in this book */
	bool may_meet_itself; /* false: certain that no maker has this owner */
} TpTaker;

typedef enum TpMatchAction
{
	TP_MATCH_TRADE,
	TP_MATCH_CANCEL_TAKER,
	TP_MATCH_CANCEL_MAKER,
	TP_MATCH_CANCEL_BOTH,
	TP_MATCH_DECREMENT
} TpMatchAction;

typedef struct TpMatch
{
	TpMatchAction action;
	uint32_t maker;
	int64_t price;    /* the maker's */
	int64_t quantity; /* the lesser remainder */
} TpMatch;

/* The best maker that the taker's limit reaches; false: none, or nothing remains. */
extern bool tradepost_match_next(const TpBook *book, const TpTaker *taker, TpMatch *match);

/*
 * What the two do, for one maker: the rule of match_next on its own, for those who walk
 * a book that they may not change.
 */
extern TpMatch tradepost_match_pair(const TpBook *book, const TpTaker *taker, uint32_t maker);

/* Could all of it trade at once (FOK)? */
extern bool tradepost_match_fills(const TpBook *book, const TpTaker *taker);

#endif
