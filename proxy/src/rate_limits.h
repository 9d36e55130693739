/*
 * rate_limits.h
 *	  How often who may ask: rate limits by class and caller.
 *
 * The caller is the user, if one is known, else the address (of IPv6 its /64) at a tenant. How
 * often, the tenant says, or else the settings. Kept
 * in memory that this proxy's workers share; with REDIS_URL in Redis, for all proxies;
 * while Redis is gone the memory goes on.
 */
#ifndef TRADEPOST_PROXY_RATE_LIMITS_H
#define TRADEPOST_PROXY_RATE_LIMITS_H

#include "call.h"
#include "route.h"

typedef struct TpLimits TpLimits;
typedef struct TpLimitsShared TpLimitsShared;

/* Of the memory that workers share: how much, and its beginning. */
extern size_t tp_limits_shared_size(void);
extern void tp_limits_shared_init(TpLimitsShared *shared);

extern TpLimits *tp_limits_open(struct TpEdge *edge, TpLimitsShared *shared);
extern void tp_limits_close(TpLimits *limits);

/*
 * Counts the call, sets its RateLimit headers, and goes on; or answers it: 429 `rate_limited` with
 * Retry-After. May do so later.
 */
extern void tp_limits_check(TpCall *call, TpLimitClass class, void (*go_on)(TpCall *call));

/*
 * Something that hostile clients do: `weight` of the 1000 within about a minute that get an address blocked, for a
 * time that grows with each block; recorded in the database.
 */
extern void tp_suspicious(struct TpEdge *edge, const char *ip, int64_t user, const char *kind, int weight);

/* Whether the address is blocked, and for how long yet. */
extern bool tp_blocked(struct TpEdge *edge, const char *ip, int *retry_after_s);

/* What the database says: a block until so many seconds since 1970; 0 lifts it. */
extern void tp_block_set(struct TpEdge *edge, const char *ip, int64_t until);

#endif
