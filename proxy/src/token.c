/*
 * token.c
 *	  Access tokens; see token.h.
 *
 * libjwt goes by the algorithm that the token names. So the token is only believed if
 * that is ours, which leaves a forger neither "none" nor another family. Verified
 * tokens are kept in a small table by a keyed hash of all their bytes: a repeated
 * request costs one hash instead of a parse and a signature.
 */
#include "token.h"

#include <errno.h>
#include <jwt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "edge.h"
#include "revoked.h"
#include "settings.h"

#define REMEMBERED 8192 /* tokens; a power of two */
#define MAX_TOKEN 4096  /* bytes */
#define SKEW_S 5        /* between the clocks of machines that share a secret */

typedef struct Remembered
{
	uint8_t hash[16];
	TpIdentity identity; /* user 0: free */
} Remembered;

struct TpTokens
{
	const TpEdge *edge;
	const char *secret;
	int secret_length;
	uint8_t hash_key[crypto_generichash_KEYBYTES];
	Remembered remembered[REMEMBERED];
};

TpTokens *
tp_tokens_open(TpEdge *edge)
{
	TpTokens *tokens = tp_alloc(sizeof(*tokens));

	tokens->edge = edge;
	tokens->secret = edge->settings->jwt_secret;
	tokens->secret_length = (int) strlen(tokens->secret);
	randombytes_buf(tokens->hash_key, sizeof(tokens->hash_key));
	return tokens;
}

void
tp_tokens_close(TpTokens *tokens)
{
	if (tokens == NULL)
		return;
	sodium_memzero(tokens, sizeof(*tokens));
	free(tokens);
}

/* Three parts of the URL's base64 alphabet: what does not look like it never reaches the parser. */
static bool
looks_like_token(TpSlice token)
{
	int dots = 0;

	if (token.length == 0 || token.length > MAX_TOKEN)
		return false;
	for (size_t i = 0; i < token.length; i++)
	{
		char c = token.data[i];

		if (c == '.')
			dots++;
		else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return dots == 2;
}

/* A claim that must be a whole number. */
static bool
number_claim(jwt_t *jwt, const char *name, int64_t *value)
{
	errno = 0;
	*value = jwt_get_grant_int(jwt, name);
	return errno == 0;
}

static bool
text_claim_is(jwt_t *jwt, const char *name, const char *expected)
{
	const char *value = jwt_get_grant(jwt, name);

	return value != NULL && strcmp(value, expected) == 0;
}

static const char *
check_claims(const TpTokens *tokens, jwt_t *jwt, int64_t now, TpIdentity *identity)
{
	const TpSettings *settings = tokens->edge->settings;
	const char *subject = jwt_get_grant(jwt, "sub");
	const char *tier = jwt_get_grant(jwt, "tier");
	char *end;
	int64_t not_before;

	if (jwt_get_alg(jwt) != JWT_ALG_HS256 || !text_claim_is(jwt, "iss", settings->jwt_issuer) ||
		!text_claim_is(jwt, "aud", settings->jwt_audience) || !text_claim_is(jwt, "typ", "access"))
		return "token_invalid";
	if (subject == NULL || tier == NULL || !tp_tier_parse(tp_slice(tier), &identity->tier) ||
		!number_claim(jwt, "exp", &identity->expires) || !number_claim(jwt, "nbf", &not_before) ||
		!number_claim(jwt, "sid", &identity->session) || !number_claim(jwt, "acc", &identity->account))
		return "token_invalid";
	identity->user = strtoll(subject, &end, 10);
	if (*end != '\0' || identity->user <= 0 || identity->session <= 0)
		return "token_invalid";
	identity->admin = text_claim_is(jwt, "role", "admin");
	identity->scopes = TP_SCOPES_LOGIN;
	/* Tokens from before there were tenants are the first one's. */
	if (!number_claim(jwt, "ten", &identity->tenant))
		identity->tenant = TP_TENANT_FIRST;
	if (!number_claim(jwt, "tun", &identity->tier_ends))
		identity->tier_ends = 0;
	if (identity->expires <= now)
		return "token_expired";
	if (not_before > now + SKEW_S)
		return "token_not_yet_valid";
	return NULL;
}

static const char *
verify(const TpTokens *tokens, TpSlice token, int64_t now, TpIdentity *identity)
{
	char text[MAX_TOKEN + 1];
	jwt_t *jwt = NULL;
	const char *code;

	memcpy(text, token.data, token.length);
	text[token.length] = '\0';
	if (jwt_decode(&jwt, text, (const unsigned char *) tokens->secret, tokens->secret_length) != 0)
		return "token_invalid";
	code = check_claims(tokens, jwt, now, identity);
	jwt_free(jwt);
	return code;
}

bool
tp_token_verify(TpTokens *tokens, TpSlice token, TpIdentity *identity, const char **code)
{
	int64_t now = tp_wall_us() / 1000000;
	uint8_t hash[16];
	uint32_t place;
	Remembered *remembered;

	memset(identity, 0, sizeof(*identity));
	if (!looks_like_token(token))
	{
		*code = "token_malformed";
		return false;
	}
	crypto_generichash(hash, sizeof(hash), (const uint8_t *) token.data, token.length, tokens->hash_key,
					   sizeof(tokens->hash_key));
	memcpy(&place, hash, sizeof(place));
	remembered = &tokens->remembered[place & (REMEMBERED - 1)];
	if (remembered->identity.user != 0 && sodium_memcmp(remembered->hash, hash, sizeof(hash)) == 0)
	{
		*identity = remembered->identity;
		*code = identity->expires <= now ? "token_expired" : NULL;
	}
	else
	{
		*code = verify(tokens, token, now, identity);
		if (*code == NULL)
		{
			memcpy(remembered->hash, hash, sizeof(hash));
			remembered->identity = *identity;
		}
	}
	if (*code == NULL && tp_session_revoked(tokens->edge->sessions, identity->session))
		*code = "session_revoked";
	if (*code == NULL)
		tp_session_refresh(tokens->edge->sessions, identity);
	else
		memset(identity, 0, sizeof(*identity));
	return *code == NULL;
}

bool
tp_token_forged(const char *code)
{
	return strcmp(code, "token_invalid") == 0 || strcmp(code, "token_malformed") == 0;
}

char *
tp_token_make(TpTokens *tokens, const TpIdentity *identity)
{
	const TpSettings *settings = tokens->edge->settings;
	int64_t now = tp_wall_us() / 1000000;
	uint8_t random[16];
	char id[33];
	char subject[24];
	jwt_t *jwt = NULL;
	char *made = NULL;
	char *copy;

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(id, sizeof(id), random, sizeof(random));
	snprintf(subject, sizeof(subject), "%lld", (long long) identity->user);
	if (jwt_new(&jwt) != 0)
		abort();
	if (jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *) tokens->secret, tokens->secret_length) != 0 ||
		jwt_add_grant(jwt, "iss", settings->jwt_issuer) != 0 ||
		jwt_add_grant(jwt, "aud", settings->jwt_audience) != 0 || jwt_add_grant(jwt, "sub", subject) != 0 ||
		jwt_add_grant(jwt, "typ", "access") != 0 || jwt_add_grant(jwt, "jti", id) != 0 ||
		jwt_add_grant(jwt, "tier", tp_tier_names[identity->tier]) != 0 ||
		jwt_add_grant(jwt, "role", identity->admin ? "admin" : "user") != 0 ||
		jwt_add_grant_int(jwt, "sid", identity->session) != 0 ||
		jwt_add_grant_int(jwt, "acc", identity->account) != 0 || jwt_add_grant_int(jwt, "ten", identity->tenant) != 0 ||
		(identity->tier_ends != 0 && jwt_add_grant_int(jwt, "tun", identity->tier_ends) != 0) ||
		jwt_add_grant_int(jwt, "iat", now) != 0 || jwt_add_grant_int(jwt, "nbf", now) != 0 ||
		jwt_add_grant_int(jwt, "exp", now + settings->access_ttl_s) != 0 || (made = jwt_encode_str(jwt)) == NULL)
		abort();
	jwt_free(jwt);
	copy = tp_strdup(made);
	free(made);
	return copy;
}
