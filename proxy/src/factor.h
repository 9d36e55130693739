/*
 * factor.h
 *	  Proving the second factor: from a code that somebody sent to a grant for one call.
 */
#ifndef TRADEPOST_PROXY_FACTOR_H
#define TRADEPOST_PROXY_FACTOR_H

#include "call.h"
#include "keyring.h"

/* Secrets can be sealed; else the call has been answered: 503, which names the setting. */
extern bool tp_factor_configured(TpCall *call);

/* grant 0: it was not proven, and the call has been answered. */
typedef void (*TpFactorProven)(void *context, int64_t grant);

/*
 * session 0: for a login. purpose: see tradepost_edge.factor_prove(). code: six digits or a recovery code, as it was
 * typed; copied. What is wrong with it gets an answer of its own.
 */
extern void tp_factor_prove(TpCall *call, int64_t user, int64_t session, const char *purpose, const char *code,
							TpFactorProven done, void *context);

/* A user's secret, sealed, onto the end of out; terminated. */
extern void tp_factor_seal(const TpKeyring *keyring, int64_t user, TpSlice secret, TpBuffer *out);

#endif
