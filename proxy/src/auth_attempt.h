/*
 * auth_attempt.h
 *	  A request to auth/... on its way: its fields, its errors, the session it ends in.
 *
 * Made by tp_attempt_begin(), gone with the answer: every function that answers frees it.
 */
#ifndef TRADEPOST_PROXY_AUTH_ATTEMPT_H
#define TRADEPOST_PROXY_AUTH_ATTEMPT_H

#include <jansson.h>
#include <sodium.h>

#include "call.h"
#include "pg.h"

#define TP_MAX_EMAIL 254
#define TP_REFRESH_BYTES 32
#define TP_REFRESH_PREFIX "tpr_"
/* "\\x" and hexadecimal, as PostgreSQL reads bytea. */
#define TP_REFRESH_HASH (2 + 2 * crypto_generichash_BYTES + 1)

/* The strings belong to `body`. */
typedef struct TpAttempt
{
	TpCall *call;
	json_t *body;
	const char *email;
	const char *password;
	char refresh[sizeof(TP_REFRESH_PREFIX) + 2 * TP_REFRESH_BYTES]; /* the token that will be given out */
	char refresh_hash[TP_REFRESH_HASH];
	int64_t user;
	int64_t grant; /* of the second factor, once it was proven; else 0 */
	int success;   /* status */
} TpAttempt;

/*
 * The body as an object of strings with these names (ended by NULL), of which the first `required` must be there.
 * success: the status of a good answer. NULL: it has been answered.
 */
extern TpAttempt *tp_attempt_begin(TpCall *call, const char *const *names, int required, int success);

/* A field; NULL if it was not given. */
extern const char *tp_attempt_text(const TpAttempt *attempt, const char *name);

/* Frees it; the call has been answered. */
extern void tp_attempt_end(TpAttempt *attempt);

/* These answer. */
extern void tp_attempt_problem(TpAttempt *attempt, int status, const char *code, const char *detail, const char *hint);
extern void tp_attempt_error(TpAttempt *attempt, const TpPgError *error);
extern void tp_attempt_busy(TpAttempt *attempt);
extern void tp_attempt_tokens(TpAttempt *attempt, const json_t *session);

/*
 * The password was right, or was not: the database counts, asks for the second factor where one is enrolled (field
 * "code"), and opens the session. Answers in the end.
 */
extern void tp_attempt_login(TpAttempt *attempt, bool succeeded);

/* A new refresh token for the answer, and its hash. */
extern void tp_attempt_make_refresh(TpAttempt *attempt);

/* What the database keeps of a refresh token; TP_REFRESH_HASH bytes. */
extern void tp_refresh_hash(const TpCall *call, const char *token, char *text);

/* The client's name of itself, cut to fit. */
extern const char *tp_attempt_agent(const TpCall *call, char *text, size_t size);

/* The result's one value as JSON; NULL if there is none. The caller decrefs. */
extern json_t *tp_attempt_json(const PGresult *result);

#endif
