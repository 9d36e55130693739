/*
 * auth_attempt.c
 *	  What the handlers of auth/... share; see auth_attempt.h.
 */
#include "auth_attempt.h"

#include <stdio.h>
#include <stdlib.h>

#include "edge.h"
#include "factor.h"
#include "metrics.h"
#include "rate_limits.h"
#include "log.h"
#include "problem.h"
#include "settings.h"
#include "token.h"

#define FAILED_LOGIN_WEIGHT 50

static const TpStatement login_statement = {
	.sql = "SELECT tradepost_edge.login_done($1, $2::bigint, $3::boolean, $4::inet, $5, $6::bytea, $7::bigint,"
		   " $8::bigint)",
	.parameters = 8
};

void
tp_attempt_end(TpAttempt *attempt)
{
	json_decref(attempt->body);
	sodium_memzero(attempt, sizeof(*attempt));
	free(attempt);
}

void
tp_attempt_problem(TpAttempt *attempt, int status, const char *code, const char *detail, const char *hint)
{
	tp_call_problem(attempt->call, status, code, detail, hint);
	tp_attempt_end(attempt);
}

void
tp_attempt_error(TpAttempt *attempt, const TpPgError *error)
{
	tp_problem_answer(attempt->call, error);
	tp_attempt_end(attempt);
}

/* Fields ------------------------------------------------------------------- */

/* Every field is a string of the list; those before `required` must be there. Answers and ends if not. */
static bool
check_fields(TpAttempt *attempt, const char *const *names, int required)
{
	const char *name;
	json_t *value;

	json_object_foreach(attempt->body, name, value)
	{
		bool known = false;

		for (int i = 0; names[i] != NULL; i++)
			known = known || strcmp(names[i], name) == 0;
		if (!known || !json_is_string(value))
		{
			char detail[160];

			snprintf(detail, sizeof(detail), known ? "field \"%.64s\" must be a string" : "unknown field \"%.64s\"",
					 name);
			tp_attempt_problem(attempt, 400, known ? "field_type" : "field_unknown", detail, NULL);
			return false;
		}
	}
	for (int i = 0; i < required; i++)
	{
		if (json_object_get(attempt->body, names[i]) == NULL)
		{
			char detail[80];

			snprintf(detail, sizeof(detail), "field \"%s\" must be given", names[i]);
			tp_attempt_problem(attempt, 400, "field_missing", detail, NULL);
			return false;
		}
	}
	return true;
}

const char *
tp_attempt_text(const TpAttempt *attempt, const char *name)
{
	return json_string_value(json_object_get(attempt->body, name));
}

/* The body as an object of known strings; NULL: it has been answered. */
TpAttempt *
tp_attempt_begin(TpCall *call, const char *const *names, int required, int success)
{
	TpAttempt *attempt = tp_alloc(sizeof(*attempt));

	attempt->call = call;
	attempt->success = success;
	attempt->body = call->body.length == 0
						? json_object()
						: json_loadb(call->body.data, call->body.length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(attempt->body))
	{
		tp_attempt_problem(attempt, 400, "body_malformed", "the body must be a JSON object, no field of it twice",
						   NULL);
		return NULL;
	}
	if (!check_fields(attempt, names, required))
		return NULL;
	attempt->email = tp_attempt_text(attempt, "email");
	attempt->password = tp_attempt_text(attempt, "password");
	return attempt;
}

/* Refresh tokens ------------------------------------------------------------ */

/* What the database keeps of a token: it finds the session, and tells nothing to who reads the table. */
void
tp_refresh_hash(const TpCall *call, const char *token, char *text)
{
	const char *secret = call->edge->settings->jwt_refresh_secret;
	uint8_t key[crypto_generichash_BYTES];
	uint8_t hash[crypto_generichash_BYTES];

	crypto_generichash(key, sizeof(key), (const uint8_t *) secret, strlen(secret), NULL, 0);
	crypto_generichash(hash, sizeof(hash), (const uint8_t *) token, strlen(token), key, sizeof(key));
	memcpy(text, "\\x", 2);
	sodium_bin2hex(text + 2, TP_REFRESH_HASH - 2, hash, sizeof(hash));
	sodium_memzero(key, sizeof(key));
}

void
tp_attempt_make_refresh(TpAttempt *attempt)
{
	uint8_t random[TP_REFRESH_BYTES];

	randombytes_buf(random, sizeof(random));
	memcpy(attempt->refresh, TP_REFRESH_PREFIX, sizeof(TP_REFRESH_PREFIX) - 1);
	sodium_bin2hex(attempt->refresh + sizeof(TP_REFRESH_PREFIX) - 1, 2 * TP_REFRESH_BYTES + 1, random, sizeof(random));
	tp_refresh_hash(attempt->call, attempt->refresh, attempt->refresh_hash);
}

/* Sessions ------------------------------------------------------------------ */

const char *
tp_attempt_agent(const TpCall *call, char *text, size_t size)
{
	size_t length = call->user_agent.length < size - 1 ? call->user_agent.length : size - 1;

	/* Any byte may stand in a header, and not every one in the database's text. */
	for (size_t i = 0; i < length; i++)
	{
		char c = call->user_agent.data[i];

		text[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	text[length] = '\0';
	return text;
}

/* {"user":{...},"session":n,"account":n,"tier":..,"role":..} becomes tokens. */
void
tp_attempt_tokens(TpAttempt *attempt, const json_t *session)
{
	TpCall *call = attempt->call;
	const char *role = json_string_value(json_object_get(session, "role"));
	const char *tier = json_string_value(json_object_get(session, "tier"));
	json_t *user = json_object_get(session, "user");
	TpIdentity identity = {
		.user = json_integer_value(json_object_get(user, "id")),
		.session = json_integer_value(json_object_get(session, "session")),
		.account = json_integer_value(json_object_get(session, "account")),
		.tenant = json_integer_value(json_object_get(session, "tenant")),
		.tier_ends = json_integer_value(json_object_get(session, "tierUntil")),
		.admin = role != NULL && strcmp(role, "admin") == 0,
	};
	char *access;
	char *user_text;

	if (identity.user == 0 || identity.session == 0 || identity.tenant == 0 || tier == NULL ||
		!tp_tier_parse(tp_slice(tier), &identity.tier))
	{
		tp_log(TP_LOG_ERROR, "the database's answer to a login is not understood", NULL);
		tp_attempt_problem(attempt, 500, "internal_error", "something went wrong on our side; it has been logged",
						   NULL);
		return;
	}
	access = tp_token_make(call->edge->tokens, &identity);
	user_text = json_dumps(user, JSON_COMPACT | JSON_PRESERVE_ORDER);
	tp_buffer_format(&call->answer,
					 "{\"user\":%s,\"token\":\"%s\",\"accessToken\":\"%s\",\"refreshToken\":\"%s\",\"tokenType\":"
					 "\"Bearer\",\"expiresIn\":%d}",
					 user_text, access, access, attempt->refresh, call->edge->settings->access_ttl_s);
	tp_call_header(call, "Cache-Control", "no-store");
	free(user_text);
	sodium_memzero(access, strlen(access));
	free(access);
	tp_call_answer(call, attempt->success, "application/json");
	tp_attempt_end(attempt);
}

json_t *
tp_attempt_json(const PGresult *result)
{
	return PQntuples(result) == 1 && !PQgetisnull(result, 0, 0) ? json_loads(PQgetvalue(result, 0, 0), 0, NULL) : NULL;
}

static void
credentials_wrong(TpAttempt *attempt)
{
	tp_count(TP_M_LOGINS_FAILED, 1);
	tp_suspicious(attempt->call->edge, attempt->call->ip, 0, "login_failed", FAILED_LOGIN_WEIGHT);
	tp_attempt_problem(attempt, 401, "credentials_invalid", "e-mail address or password is wrong", NULL);
}

static void
factor_proven(void *context, int64_t grant)
{
	TpAttempt *attempt = context;

	attempt->grant = grant;
	if (grant != 0)
		tp_attempt_login(attempt, true);
	else
	{
		tp_count(TP_M_LOGINS_FAILED, 1);
		tp_attempt_end(attempt);
	}
}

/* The password was right, and is not enough. */
static void
prove_factor(TpAttempt *attempt)
{
	const char *code = tp_attempt_text(attempt, "code");

	if (code == NULL || *code == '\0' || attempt->grant != 0)
		tp_attempt_problem(attempt, 401, "mfa_required", "this account has a second factor",
						   "Send its code too, as \"code\": six digits of the authenticator, or a recovery code.");
	else
		tp_factor_prove(attempt->call, attempt->user, 0, "login", code, factor_proven, attempt);
}

static void
session_opened(void *context, const PGresult *result, const TpPgError *error)
{
	TpAttempt *attempt = context;
	json_t *session;

	if (error != NULL)
	{
		tp_attempt_error(attempt, error);
		return;
	}
	session = tp_attempt_json(result);
	if (json_object_get(session, "error") != NULL)
		prove_factor(attempt);
	else if (json_is_object(session))
		tp_attempt_tokens(attempt, session);
	else
		credentials_wrong(attempt);
	json_decref(session);
}

/* The password was right, or was not: the database counts, and opens the session. */
void
tp_attempt_login(TpAttempt *attempt, bool succeeded)
{
	TpCall *call = attempt->call;
	char user[24];
	char tenant[24];
	char grant[24];
	char agent[256];

	tp_attempt_make_refresh(attempt);
	snprintf(user, sizeof(user), "%lld", (long long) attempt->user);
	snprintf(tenant, sizeof(tenant), "%lld", (long long) call->tenant);
	snprintf(grant, sizeof(grant), "%lld", (long long) attempt->grant);
	tp_pg_call(call->edge->pg, &login_statement,
			   (const char *const[]){ attempt->email, attempt->user == 0 ? NULL : user, succeeded ? "true" : "false",
									  call->ip, tp_attempt_agent(call, agent, sizeof(agent)), attempt->refresh_hash,
									  tenant, attempt->grant == 0 ? NULL : grant },
			   session_opened, attempt);
}

void
tp_attempt_busy(TpAttempt *attempt)
{
	tp_call_header(attempt->call, "Retry-After", "2");
	tp_attempt_problem(attempt, 503, "busy", "too many logins are under way", NULL);
}
