/*
 * key_identity.h
 *	  API keys: who a key stands for.
 *
 * The database decides (tradepost_edge.api_key_lookup()): whether the key is in force,
 * from this address, and included in its owner's tier. What it said is remembered for 5 s
 * at most, and not beyond a change that it tells of.
 */
#ifndef TRADEPOST_PROXY_KEY_IDENTITY_H
#define TRADEPOST_PROXY_KEY_IDENTITY_H

#include "call.h"
#include "pg.h"

typedef struct TpKeys TpKeys;

extern TpKeys *tp_keys_open(struct TpEdge *edge);
extern void tp_keys_close(TpKeys *keys); /* after pg has ended its calls */

/* Whether what stands in the place of a token is meant to be a key. */
extern bool tp_key_meant(TpSlice text);

/*
 * Who the key is, asked from ip: identity, or error. May come before this returns. An error with sqlstate TP016 is a key
 * that is none, or is none any more.
 */
typedef void (*TpKeyDone)(void *context, const TpIdentity *identity, const TpPgError *error);
extern void tp_key_resolve(TpKeys *keys, TpSlice key, const char *ip, TpKeyDone done, void *context);

/* What is remembered of a session's key, or of a user's; both 0: of all. */
extern void tp_keys_forget(TpKeys *keys, int64_t session, int64_t user);

#endif
