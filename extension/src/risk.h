/*
 * risk.h
 *	  What an account must be able to pay before it may: the design's section 5.
 *
 * The arithmetic takes numbers and is tested against brute force on its own; the rest
 * reads accounts.  Nothing here changes what an account has: it only brings derived
 * numbers up to date with the mark.
 */
#ifndef TRADEPOST_RISK_H
#define TRADEPOST_RISK_H

#include "account.h"
#include "commission.h"

/* One side of the order book of one account in one contract, in numbers. */
typedef struct TpExposure
{
	int64_t position;
	tp_int128 open_bids;
	tp_int128 open_asks;
	tp_int128 loss; /* sum of what open orders lose at once if filled at the mark */
} TpExposure;

/* An order as risk sees it. */
typedef struct TpTerms
{
	TpSide side;
	int64_t price;
	int64_t remaining;
	TpCommission commission;
} TpTerms;

typedef struct TpRiskAnswer
{
	TpReason reason; /* NONE, EXPOSURE or INSUFFICIENT_FUNDS */
	tp_int128 requirement;
	tp_int128 free_before;
} TpRiskAnswer;

/* max(IM_long*max(0,p+B), IM_short*max(0,S-p)), rounded up, + loss. */
extern tp_int128 tradepost_risk_margin(const TpInstrument *spec, const TpExposure *exposure);

/* MM_long*max(0,p) + MM_short*max(0,-p), each rounded up. */
extern tp_int128 tradepost_risk_maintenance(const TpInstrument *spec, int64_t position);

/* What an open order loses at once if filled: value(remaining, max(0, L-M)), or M-L for an ask. */
extern tp_int128 tradepost_risk_loss(const TpMarket *market, TpSide side, int64_t price, int64_t remaining);

/* What an order sets aside in the balance it is paid from; nothing when nothing remains. */
extern tp_int128 tradepost_risk_reserve(const TpMarket *market, const TpTerms *terms);

/* NULL: the account has nothing there. */
extern tp_int128 tradepost_risk_free_funds(const struct TpEngine *engine, const TpBalance *balance);
extern tp_int128 tradepost_risk_equity(const TpBalance *balance);
extern tp_int128 tradepost_risk_balance_maintenance(const TpBalance *balance);

/* A mark later or a position later: the numbers that hang on the mark. */
extern void tradepost_risk_refresh(const struct TpEngine *engine, TpHolding *holding);

/*
 * May the account have this order open, in place of `old` (NULL: none)?
 * `holding` NULL: it never had anything in this market.
 */
extern TpRiskAnswer tradepost_risk_check(const struct TpEngine *engine, TpMarket *market, int64_t account,
										 TpHolding *holding, const TpTerms *terms, const TpTerms *old);

#endif
