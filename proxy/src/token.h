/*
 * token.h
 *	  Access tokens: JWTs that this proxy signs and verifies.
 *
 * HS256 and nothing else, whatever a token says of itself; iss, aud, exp and nbf are
 * checked. What was verified is remembered for a while, by the token's hash.
 */
#ifndef TRADEPOST_PROXY_TOKEN_H
#define TRADEPOST_PROXY_TOKEN_H

#include "call.h"
#include "tier_names.h"

typedef struct TpTokens TpTokens;

extern TpTokens *tp_tokens_open(struct TpEdge *edge);
extern void tp_tokens_close(TpTokens *tokens);

/*
 * False: *code is why (token_malformed, token_invalid, token_expired, token_not_yet_valid, session_revoked).
 */
extern bool tp_token_verify(TpTokens *tokens, TpSlice token, TpIdentity *identity, const char **code);

/* Old tokens are everyday; whether one that was refused with this code was forged. */
extern bool tp_token_forged(const char *code);

/* A new token for the identity, valid from now for ACCESS_TOKEN_TTL; the caller frees it. */
extern char *tp_token_make(TpTokens *tokens, const TpIdentity *identity);

#endif
