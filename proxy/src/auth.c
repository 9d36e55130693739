/*
 * auth.c
 *	  Registration, login, refresh, logout, change of password.
 *
 * The database decides and remembers; here are only the shape of what comes in, the
 * hashes, and the tokens. Nothing that an answer says, nor how long it takes, tells
 * whether an e-mail address has an account: an unknown one is compared with a hash
 * all the same, and failures count by address whether it is known or not.
 */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth_attempt.h"
#include "edge.h"
#include "rate_limits.h"
#include "password.h"
#include "settings.h"
#include "token.h"

#define MAX_NAME 100
#define FAILED_LOGIN_WEIGHT 50
#define BAD_REFRESH_WEIGHT 50

static const TpStatement register_statement = {
	.sql = "SELECT tradepost_edge.register($1, $2, $3, $4, $5, $6::inet, $7, $8::bigint)", .parameters = 8
};
static const TpStatement lookup_statement = { .sql = "SELECT tradepost_edge.login_lookup($1, $2::inet, $3::bigint)",
											  .parameters = 3,
											  .idempotent = true };
static const TpStatement refresh_statement = {
	.sql = "SELECT tradepost_edge.refresh($1::bytea, $2::bytea, $3::inet, $4, $5::bigint)", .parameters = 5
};
static const TpStatement logout_statement = { .sql = "SELECT tradepost_edge.logout($1::bigint, $2::bigint, $3::jsonb)",
											  .parameters = 3 };
static const TpStatement hash_statement = { .sql = "SELECT tradepost_edge.password_hash_of($1::bigint, $2::bigint)",
											.parameters = 2,
											.idempotent = true };
static const TpStatement change_statement = {
	.sql = "SELECT tradepost_edge.change_password($1::bigint, $2::bigint, $3)", .parameters = 3
};

/* No address is refused that mail could reach; what cannot be one, is. */
static bool
plausible_email(const char *email)
{
	const char *at = strrchr(email, '@');
	size_t length = strlen(email);

	if (length > TP_MAX_EMAIL || at == NULL || at == email || at - email > 64 || at[1] == '\0' || at[1] == '.' ||
		email[length - 1] == '.')
		return false;
	for (const char *c = email; *c != '\0'; c++)
	{
		if ((unsigned char) *c <= ' ' || *c == 0x7f || strchr("\"(),:;<>[]\\", *c) != NULL || (*c == '@' && c != at))
			return false;
	}
	return true;
}

/* As people write it: any language, no control characters. */
static bool
plausible_name(const char *name)
{
	if (strlen(name) > MAX_NAME)
		return false;
	for (const char *c = name; *c != '\0'; c++)
	{
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			return false;
	}
	return true;
}

/* POST auth/register -------------------------------------------------------- */

static void
registered(void *context, const PGresult *result, const TpPgError *error)
{
	TpAttempt *attempt = context;
	json_t *made;

	if (error != NULL && strcmp(error->sqlstate, "TP015") == 0)
	{
		tp_attempt_problem(attempt, 409, "registration_refused", "an account cannot be opened with these data",
						   "If you have one already, log in.");
		return;
	}
	if (error != NULL && strcmp(error->sqlstate, "TP005") == 0)
	{
		tp_attempt_problem(attempt, 400, "registration_invalid", error->message, error->hint);
		return;
	}
	if (error != NULL)
	{
		tp_attempt_error(attempt, error);
		return;
	}
	made = tp_attempt_json(result);
	attempt->user = json_integer_value(json_object_get(json_object_get(made, "user"), "id"));
	json_decref(made);
	tp_attempt_login(attempt, true);
}

/* By its name, or the one that it has elsewhere; NULL: not given. */
static const char *
tier_of(const TpAttempt *attempt)
{
	const char *tier = tp_attempt_text(attempt, "subscriptionTier");

	return tier != NULL ? tier : tp_attempt_text(attempt, "tier");
}

static void
register_hashed(void *context, const char *hash)
{
	TpAttempt *attempt = context;
	TpCall *call = attempt->call;
	const char *first = tp_attempt_text(attempt, "firstName");
	const char *last = tp_attempt_text(attempt, "lastName");
	const char *name = tp_attempt_text(attempt, "name");
	const char *tier = tier_of(attempt);
	char agent[256];
	char tenant[24];

	if (hash == NULL)
	{
		tp_attempt_busy(attempt);
		return;
	}
	snprintf(tenant, sizeof(tenant), "%lld", (long long) call->tenant);
	tp_pg_call(call->edge->pg, &register_statement,
			   (const char *const[]){ attempt->email, hash,
									  first != NULL  ? first
									  : name != NULL ? name
													 : "",
									  last != NULL ? last : "", tier != NULL ? tier : "free", call->ip,
									  tp_attempt_agent(call, agent, sizeof(agent)), tenant },
			   registered, attempt);
}

/* NULL if they may be registered, else what is wrong. */
static const char *
registration_fault(const TpAttempt *attempt, char *text, size_t size)
{
	static const char *const names[] = { "name", "firstName", "lastName" };
	const char *tier = tier_of(attempt);
	const char *fault = tp_password_fault(tp_slice(attempt->password));
	TpTier known;

	if (!plausible_email(attempt->email))
		return "email must be an e-mail address of at most 254 bytes";
	if (fault != NULL)
	{
		snprintf(text, size, "password must %s", fault);
		return text;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const char *name = tp_attempt_text(attempt, names[i]);

		if (name != NULL && !plausible_name(name))
		{
			snprintf(text, size, "%s must have at most %d bytes and no control characters", names[i], MAX_NAME);
			return text;
		}
	}
	if (tier != NULL && !tp_tier_parse(tp_slice(tier), &known))
		return tier == tp_attempt_text(attempt, "tier") ? "tier must be free, basic, pro or enterprise"
														: "subscriptionTier must be free, basic, pro or enterprise";
	if (tp_attempt_text(attempt, "tier") != NULL && strcmp(tp_attempt_text(attempt, "tier"), tier) != 0)
		return "subscriptionTier and tier say different things: give one of them";
	return NULL;
}

void
tp_auth_register(TpCall *call)
{
	static const char *const names[] = { "email", "password",         "name", "firstName", "lastName",
										 "tier",  "subscriptionTier", NULL };
	TpAttempt *attempt = tp_attempt_begin(call, names, 2, 201);
	const char *fault;
	char text[128];

	if (attempt == NULL)
		return;
	fault = registration_fault(attempt, text, sizeof(text));
	if (fault != NULL)
		tp_attempt_problem(attempt, 400, "registration_invalid", fault, NULL);
	else
		tp_password_hash(call->edge, tp_slice(attempt->password), register_hashed, attempt);
}

/* POST auth/login ----------------------------------------------------------- */

static void
login_verified(void *context, bool matches, bool too_many)
{
	TpAttempt *attempt = context;

	if (too_many)
		tp_attempt_busy(attempt);
	else
		tp_attempt_login(attempt, matches && attempt->user != 0);
}

static void
login_found(void *context, const PGresult *result, const TpPgError *error)
{
	TpAttempt *attempt = context;
	json_t *found;
	int wait;

	if (error != NULL)
	{
		tp_attempt_error(attempt, error);
		return;
	}
	found = tp_attempt_json(result);
	wait = (int) json_integer_value(json_object_get(found, "wait"));
	attempt->user = json_integer_value(json_object_get(found, "user"));
	if (wait > 0)
	{
		char seconds[16];

		snprintf(seconds, sizeof(seconds), "%d", wait);
		tp_call_header(attempt->call, "Retry-After", seconds);
		tp_attempt_problem(attempt, 429, "account_locked", "too many failed logins with this e-mail address",
						   "Wait, then try again.");
	}
	else
		tp_password_verify(attempt->call->edge, tp_slice(attempt->password),
						   json_string_value(json_object_get(found, "hash")), login_verified, attempt);
	json_decref(found);
}

void
tp_auth_login(TpCall *call)
{
	static const char *const names[] = { "email", "password", "code", NULL };
	TpAttempt *attempt = tp_attempt_begin(call, names, 2, 200);
	char tenant[24];

	if (attempt == NULL)
		return;
	if (strlen(attempt->email) > TP_MAX_EMAIL || strlen(attempt->password) > TP_PASSWORD_MAX)
	{
		tp_attempt_problem(attempt, 400, "field_length", "email has at most 254 bytes, password at most 256", NULL);
		return;
	}
	snprintf(tenant, sizeof(tenant), "%lld", (long long) call->tenant);
	tp_pg_call(call->edge->pg, &lookup_statement, (const char *const[]){ attempt->email, call->ip, tenant },
			   login_found, attempt);
}

/* POST auth/refresh --------------------------------------------------------- */

static void
refreshed(void *context, const PGresult *result, const TpPgError *error)
{
	TpAttempt *attempt = context;
	json_t *session;

	if (error != NULL)
	{
		tp_attempt_error(attempt, error);
		return;
	}
	session = tp_attempt_json(result);
	if (json_object_get(session, "error") == NULL && json_is_object(session))
		tp_attempt_tokens(attempt, session);
	else
	{
		tp_suspicious(attempt->call->edge, attempt->call->ip, 0, "refresh_refused", BAD_REFRESH_WEIGHT);
		tp_attempt_problem(attempt, 401, "refresh_invalid", "the refresh token is not valid, or was used before",
						   "Log in again.");
	}
	json_decref(session);
}

void
tp_auth_refresh(TpCall *call)
{
	static const char *const names[] = { "refreshToken", NULL };
	TpAttempt *attempt = tp_attempt_begin(call, names, 1, 200);
	char hash[TP_REFRESH_HASH];
	char agent[256];
	char tenant[24];

	if (attempt == NULL)
		return;
	tp_refresh_hash(call, tp_attempt_text(attempt, "refreshToken"), hash);
	tp_attempt_make_refresh(attempt);
	snprintf(tenant, sizeof(tenant), "%lld", (long long) call->tenant);
	tp_pg_call(call->edge->pg, &refresh_statement,
			   (const char *const[]){ hash, attempt->refresh_hash, call->ip,
									  tp_attempt_agent(call, agent, sizeof(agent)),
									  call->tenant_named ? tenant : NULL },
			   refreshed, attempt);
}

/* POST auth/logout, auth/change-password ------------------------------------- */

static void
done_without_content(void *context, const PGresult *result, const TpPgError *error)
{
	TpAttempt *attempt = context;

	(void) result;
	if (error != NULL)
	{
		tp_attempt_error(attempt, error);
		return;
	}
	tp_call_answer(attempt->call, 204, NULL);
	tp_attempt_end(attempt);
}

void
tp_auth_logout(TpCall *call)
{
	TpAttempt *attempt = tp_alloc(sizeof(*attempt));
	TpBuffer arguments = { 0 };
	char user[24];
	char session[24];

	attempt->call = call;
	snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
	snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
	tp_buffer_text(&arguments, "{\"body\":");
	if (call->body.length > 0)
		tp_buffer_slice(&arguments, call->body);
	else
		tp_buffer_text(&arguments, "{}");
	tp_buffer_add(&arguments, "}", 2);
	tp_pg_call(call->edge->pg, &logout_statement, (const char *const[]){ user, session, arguments.data },
			   done_without_content, attempt);
	tp_buffer_free(&arguments);
}

static void
change_hashed(void *context, const char *hash)
{
	TpAttempt *attempt = context;
	TpCall *call = attempt->call;
	char user[24];
	char session[24];

	if (hash == NULL)
	{
		tp_attempt_busy(attempt);
		return;
	}
	snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
	snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
	tp_pg_call(call->edge->pg, &change_statement, (const char *const[]){ user, session, hash }, done_without_content,
			   attempt);
}

static void
change_verified(void *context, bool matches, bool too_many)
{
	TpAttempt *attempt = context;

	if (too_many)
		tp_attempt_busy(attempt);
	else if (!matches)
	{
		tp_suspicious(attempt->call->edge, attempt->call->ip, attempt->call->caller.user, "password_wrong",
					  FAILED_LOGIN_WEIGHT);
		tp_attempt_problem(attempt, 401, "credentials_invalid", "currentPassword is wrong", NULL);
	}
	else
		tp_password_hash(attempt->call->edge, tp_slice(tp_attempt_text(attempt, "newPassword")), change_hashed,
						 attempt);
}

static void
change_found(void *context, const PGresult *result, const TpPgError *error)
{
	TpAttempt *attempt = context;

	if (error != NULL)
		tp_attempt_error(attempt, error);
	else
		tp_password_verify(attempt->call->edge, tp_slice(tp_attempt_text(attempt, "currentPassword")),
						   PQntuples(result) == 1 && !PQgetisnull(result, 0, 0) ? PQgetvalue(result, 0, 0) : NULL,
						   change_verified, attempt);
}

void
tp_auth_change_password(TpCall *call)
{
	static const char *const names[] = { "currentPassword", "newPassword", NULL };
	TpAttempt *attempt = tp_attempt_begin(call, names, 2, 204);
	const char *fault;
	char user[24];
	char session[24];

	if (attempt == NULL)
		return;
	fault = tp_password_fault(tp_slice(tp_attempt_text(attempt, "newPassword")));
	if (fault != NULL)
	{
		char detail[128];

		snprintf(detail, sizeof(detail), "newPassword must %s", fault);
		tp_attempt_problem(attempt, 400, "password_weak", detail, NULL);
		return;
	}
	if (strlen(tp_attempt_text(attempt, "currentPassword")) > TP_PASSWORD_MAX)
	{
		tp_attempt_problem(attempt, 401, "credentials_invalid", "currentPassword is wrong", NULL);
		return;
	}
	snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
	snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
	tp_pg_call(call->edge->pg, &hash_statement, (const char *const[]){ user, session }, change_found, attempt);
}
