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

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "edge.h"
#include "limits.h"
#include "log.h"
#include "password.h"
#include "pg.h"
#include "problem.h"
#include "settings.h"
#include "token.h"

#define MAX_EMAIL 254
#define MAX_NAME 100
#define REFRESH_BYTES 32
#define REFRESH_PREFIX "tpr_"
#define HASH_TEXT (2 + 2 * crypto_generichash_BYTES + 1)
#define FAILED_LOGIN_WEIGHT 50
#define BAD_REFRESH_WEIGHT 50

static const TpStatement register_statement = {
	.sql = "SELECT tradepost_edge.register($1, $2, $3, $4, $5, $6::inet, $7)", .parameters = 7
};
static const TpStatement lookup_statement = { .sql = "SELECT tradepost_edge.login_lookup($1, $2::inet)",
											  .parameters = 2,
											  .idempotent = true };
static const TpStatement login_statement = {
	.sql = "SELECT tradepost_edge.login_done($1, $2::bigint, $3::boolean, $4::inet, $5, $6::bytea)", .parameters = 6
};
static const TpStatement refresh_statement = {
	.sql = "SELECT tradepost_edge.refresh($1::bytea, $2::bytea, $3::inet, $4)", .parameters = 4
};
static const TpStatement logout_statement = { .sql = "SELECT tradepost_edge.logout($1::bigint, $2::bigint, $3::jsonb)",
											  .parameters = 3 };
static const TpStatement hash_statement = { .sql = "SELECT tradepost_edge.password_hash_of($1::bigint, $2::bigint)",
											.parameters = 2,
											.idempotent = true };
static const TpStatement change_statement = {
	.sql = "SELECT tradepost_edge.change_password($1::bigint, $2::bigint, $3)", .parameters = 3
};

/* A request to auth/... on its way; the strings belong to `body`. */
typedef struct Attempt
{
	TpCall *call;
	json_t *body;
	const char *email;
	const char *password;
	char refresh[sizeof(REFRESH_PREFIX) + 2 * REFRESH_BYTES]; /* the token that will be given out */
	char refresh_hash[HASH_TEXT];
	int64_t user;
	int success; /* status */
} Attempt;

static void
end(Attempt *attempt)
{
	json_decref(attempt->body);
	sodium_memzero(attempt, sizeof(*attempt));
	free(attempt);
}

static void
end_with(Attempt *attempt, int status, const char *code, const char *detail, const char *hint)
{
	tp_call_problem(attempt->call, status, code, detail, hint);
	end(attempt);
}

static void
end_with_error(Attempt *attempt, const TpPgError *error)
{
	tp_problem_answer(attempt->call, error);
	end(attempt);
}

/* Fields ------------------------------------------------------------------- */

/* Every field is a string of the list; those before `required` must be there. Answers and ends if not. */
static bool
check_fields(Attempt *attempt, const char *const *names, int required)
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
			end_with(attempt, 400, known ? "field_type" : "field_unknown", detail, NULL);
			return false;
		}
	}
	for (int i = 0; i < required; i++)
	{
		if (json_object_get(attempt->body, names[i]) == NULL)
		{
			char detail[80];

			snprintf(detail, sizeof(detail), "field \"%s\" must be given", names[i]);
			end_with(attempt, 400, "field_missing", detail, NULL);
			return false;
		}
	}
	return true;
}

static const char *
text_of(const Attempt *attempt, const char *name)
{
	return json_string_value(json_object_get(attempt->body, name));
}

/* The body as an object of known strings; NULL: it has been answered. */
static Attempt *
begin(TpCall *call, const char *const *names, int required, int success)
{
	Attempt *attempt = tp_alloc(sizeof(*attempt));

	attempt->call = call;
	attempt->success = success;
	attempt->body = call->body.length == 0
						? json_object()
						: json_loadb(call->body.data, call->body.length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(attempt->body))
	{
		end_with(attempt, 400, "body_malformed", "the body must be a JSON object, no field of it twice", NULL);
		return NULL;
	}
	if (!check_fields(attempt, names, required))
		return NULL;
	attempt->email = text_of(attempt, "email");
	attempt->password = text_of(attempt, "password");
	return attempt;
}

/* No address is refused that mail could reach; what cannot be one, is. */
static bool
plausible_email(const char *email)
{
	const char *at = strrchr(email, '@');
	size_t length = strlen(email);

	if (length > MAX_EMAIL || at == NULL || at == email || at - email > 64 || at[1] == '\0' || at[1] == '.' ||
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

/* Refresh tokens ------------------------------------------------------------ */

/* What the database keeps of a token: it finds the session, and tells nothing to who reads the table. */
static void
hash_refresh(const TpCall *call, const char *token, char *text)
{
	const char *secret = call->edge->settings->jwt_refresh_secret;
	uint8_t key[crypto_generichash_BYTES];
	uint8_t hash[crypto_generichash_BYTES];

	crypto_generichash(key, sizeof(key), (const uint8_t *) secret, strlen(secret), NULL, 0);
	crypto_generichash(hash, sizeof(hash), (const uint8_t *) token, strlen(token), key, sizeof(key));
	memcpy(text, "\\x", 2);
	sodium_bin2hex(text + 2, HASH_TEXT - 2, hash, sizeof(hash));
	sodium_memzero(key, sizeof(key));
}

static void
make_refresh(Attempt *attempt)
{
	uint8_t random[REFRESH_BYTES];

	randombytes_buf(random, sizeof(random));
	memcpy(attempt->refresh, REFRESH_PREFIX, sizeof(REFRESH_PREFIX) - 1);
	sodium_bin2hex(attempt->refresh + sizeof(REFRESH_PREFIX) - 1, 2 * REFRESH_BYTES + 1, random, sizeof(random));
	hash_refresh(attempt->call, attempt->refresh, attempt->refresh_hash);
}

/* Sessions ------------------------------------------------------------------ */

static const char *
user_agent(const TpCall *call, char *text, size_t size)
{
	size_t length = call->user_agent.length < size - 1 ? call->user_agent.length : size - 1;

	/* Not cut within a character. */
	while (length < call->user_agent.length && length > 0 &&
		   ((unsigned char) call->user_agent.data[length] & 0xc0) == 0x80)
		length--;
	if (length > 0)
		memcpy(text, call->user_agent.data, length);
	text[length] = '\0';
	return text;
}

/* {"user":{...},"session":n,"account":n,"tier":..,"role":..} becomes tokens. */
static void
give_tokens(Attempt *attempt, const json_t *session)
{
	TpCall *call = attempt->call;
	const char *role = json_string_value(json_object_get(session, "role"));
	const char *tier = json_string_value(json_object_get(session, "tier"));
	json_t *user = json_object_get(session, "user");
	TpIdentity identity = {
		.user = json_integer_value(json_object_get(user, "id")),
		.session = json_integer_value(json_object_get(session, "session")),
		.account = json_integer_value(json_object_get(session, "account")),
		.admin = role != NULL && strcmp(role, "admin") == 0,
	};
	char *access;
	char *user_text;

	if (identity.user == 0 || identity.session == 0 || tier == NULL || !tp_tier_parse(tp_slice(tier), &identity.tier))
	{
		tp_log(TP_LOG_ERROR, "the database's answer to a login is not understood", NULL);
		end_with(attempt, 500, "internal_error", "something went wrong on our side; it has been logged", NULL);
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
	end(attempt);
}

static json_t *
json_of(const PGresult *result)
{
	return PQntuples(result) == 1 && !PQgetisnull(result, 0, 0) ? json_loads(PQgetvalue(result, 0, 0), 0, NULL) : NULL;
}

static void
credentials_wrong(Attempt *attempt)
{
	tp_suspicious(attempt->call->edge, attempt->call->ip, 0, "login_failed", FAILED_LOGIN_WEIGHT);
	end_with(attempt, 401, "credentials_invalid", "e-mail address or password is wrong", NULL);
}

static void
session_opened(void *context, const PGresult *result, const TpPgError *error)
{
	Attempt *attempt = context;
	json_t *session;

	if (error != NULL)
	{
		end_with_error(attempt, error);
		return;
	}
	session = json_of(result);
	if (json_is_object(session))
		give_tokens(attempt, session);
	else
		credentials_wrong(attempt);
	json_decref(session);
}

/* The password was right, or was not: the database counts, and opens the session. */
static void
conclude_login(Attempt *attempt, bool succeeded)
{
	TpCall *call = attempt->call;
	char user[24];
	char agent[256];

	make_refresh(attempt);
	snprintf(user, sizeof(user), "%lld", (long long) attempt->user);
	tp_pg_call(call->edge->pg, &login_statement,
			   (const char *const[]){ attempt->email, attempt->user == 0 ? NULL : user, succeeded ? "true" : "false",
									  call->ip, user_agent(call, agent, sizeof(agent)), attempt->refresh_hash },
			   session_opened, attempt);
}

static void
busy(Attempt *attempt)
{
	tp_call_header(attempt->call, "Retry-After", "2");
	end_with(attempt, 503, "busy", "too many logins are under way", NULL);
}

/* POST auth/register -------------------------------------------------------- */

static void
registered(void *context, const PGresult *result, const TpPgError *error)
{
	Attempt *attempt = context;
	json_t *made;

	if (error != NULL && strcmp(error->sqlstate, "TP015") == 0)
	{
		end_with(attempt, 409, "registration_refused", "an account cannot be opened with these data",
				 "If you have one already, log in.");
		return;
	}
	if (error != NULL)
	{
		end_with_error(attempt, error);
		return;
	}
	made = json_of(result);
	attempt->user = json_integer_value(json_object_get(json_object_get(made, "user"), "id"));
	json_decref(made);
	conclude_login(attempt, true);
}

static void
register_hashed(void *context, const char *hash)
{
	Attempt *attempt = context;
	TpCall *call = attempt->call;
	const char *first = text_of(attempt, "firstName");
	const char *last = text_of(attempt, "lastName");
	const char *name = text_of(attempt, "name");
	const char *tier = text_of(attempt, "tier");
	char agent[256];

	if (hash == NULL)
	{
		busy(attempt);
		return;
	}
	tp_pg_call(call->edge->pg, &register_statement,
			   (const char *const[]){ attempt->email, hash,
									  first != NULL  ? first
									  : name != NULL ? name
													 : "",
									  last != NULL ? last : "", tier != NULL ? tier : "free", call->ip,
									  user_agent(call, agent, sizeof(agent)) },
			   registered, attempt);
}

/* NULL if they may be registered, else what is wrong. */
static const char *
registration_fault(const Attempt *attempt, char *text, size_t size)
{
	static const char *const names[] = { "name", "firstName", "lastName" };
	const char *tier = text_of(attempt, "tier");
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
		const char *name = text_of(attempt, names[i]);

		if (name != NULL && !plausible_name(name))
		{
			snprintf(text, size, "%s must have at most %d bytes and no control characters", names[i], MAX_NAME);
			return text;
		}
	}
	if (tier != NULL && !tp_tier_parse(tp_slice(tier), &known))
		return "tier must be free, basic, pro or enterprise";
	return NULL;
}

void
tp_auth_register(TpCall *call)
{
	static const char *const names[] = { "email", "password", "name", "firstName", "lastName", "tier", NULL };
	Attempt *attempt = begin(call, names, 2, 201);
	const char *fault;
	char text[128];

	if (attempt == NULL)
		return;
	fault = registration_fault(attempt, text, sizeof(text));
	if (fault != NULL)
		end_with(attempt, 400, "registration_invalid", fault, NULL);
	else
		tp_password_hash(call->edge, tp_slice(attempt->password), register_hashed, attempt);
}

/* POST auth/login ----------------------------------------------------------- */

static void
login_verified(void *context, bool matches, bool too_many)
{
	Attempt *attempt = context;

	if (too_many)
		busy(attempt);
	else
		conclude_login(attempt, matches && attempt->user != 0);
}

static void
login_found(void *context, const PGresult *result, const TpPgError *error)
{
	Attempt *attempt = context;
	json_t *found;
	int wait;

	if (error != NULL)
	{
		end_with_error(attempt, error);
		return;
	}
	found = json_of(result);
	wait = (int) json_integer_value(json_object_get(found, "wait"));
	attempt->user = json_integer_value(json_object_get(found, "user"));
	if (wait > 0)
	{
		char seconds[16];

		snprintf(seconds, sizeof(seconds), "%d", wait);
		tp_call_header(attempt->call, "Retry-After", seconds);
		end_with(attempt, 429, "account_locked", "too many failed logins with this e-mail address",
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
	static const char *const names[] = { "email", "password", NULL };
	Attempt *attempt = begin(call, names, 2, 200);

	if (attempt == NULL)
		return;
	if (strlen(attempt->email) > MAX_EMAIL || strlen(attempt->password) > TP_PASSWORD_MAX)
	{
		end_with(attempt, 400, "field_length", "email has at most 254 bytes, password at most 256", NULL);
		return;
	}
	tp_pg_call(call->edge->pg, &lookup_statement, (const char *const[]){ attempt->email, call->ip }, login_found,
			   attempt);
}

/* POST auth/refresh --------------------------------------------------------- */

static void
refreshed(void *context, const PGresult *result, const TpPgError *error)
{
	Attempt *attempt = context;
	json_t *session;

	if (error != NULL)
	{
		end_with_error(attempt, error);
		return;
	}
	session = json_of(result);
	if (json_object_get(session, "error") == NULL && json_is_object(session))
		give_tokens(attempt, session);
	else
	{
		tp_suspicious(attempt->call->edge, attempt->call->ip, 0, "refresh_refused", BAD_REFRESH_WEIGHT);
		end_with(attempt, 401, "refresh_invalid", "the refresh token is not valid, or was used before",
				 "Log in again.");
	}
	json_decref(session);
}

void
tp_auth_refresh(TpCall *call)
{
	static const char *const names[] = { "refreshToken", NULL };
	Attempt *attempt = begin(call, names, 1, 200);
	char hash[HASH_TEXT];
	char agent[256];

	if (attempt == NULL)
		return;
	hash_refresh(call, text_of(attempt, "refreshToken"), hash);
	make_refresh(attempt);
	tp_pg_call(call->edge->pg, &refresh_statement,
			   (const char *const[]){ hash, attempt->refresh_hash, call->ip, user_agent(call, agent, sizeof(agent)) },
			   refreshed, attempt);
}

/* POST auth/logout, auth/change-password ------------------------------------- */

static void
done_without_content(void *context, const PGresult *result, const TpPgError *error)
{
	Attempt *attempt = context;

	(void) result;
	if (error != NULL)
	{
		end_with_error(attempt, error);
		return;
	}
	tp_call_answer(attempt->call, 204, NULL);
	end(attempt);
}

void
tp_auth_logout(TpCall *call)
{
	Attempt *attempt = tp_alloc(sizeof(*attempt));
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
	Attempt *attempt = context;
	TpCall *call = attempt->call;
	char user[24];
	char session[24];

	if (hash == NULL)
	{
		busy(attempt);
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
	Attempt *attempt = context;

	if (too_many)
		busy(attempt);
	else if (!matches)
	{
		tp_suspicious(attempt->call->edge, attempt->call->ip, attempt->call->caller.user, "password_wrong",
					  FAILED_LOGIN_WEIGHT);
		end_with(attempt, 401, "credentials_invalid", "currentPassword is wrong", NULL);
	}
	else
		tp_password_hash(attempt->call->edge, tp_slice(text_of(attempt, "newPassword")), change_hashed, attempt);
}

static void
change_found(void *context, const PGresult *result, const TpPgError *error)
{
	Attempt *attempt = context;

	if (error != NULL)
		end_with_error(attempt, error);
	else
		tp_password_verify(attempt->call->edge, tp_slice(text_of(attempt, "currentPassword")),
						   PQntuples(result) == 1 && !PQgetisnull(result, 0, 0) ? PQgetvalue(result, 0, 0) : NULL,
						   change_verified, attempt);
}

void
tp_auth_change_password(TpCall *call)
{
	static const char *const names[] = { "currentPassword", "newPassword", NULL };
	Attempt *attempt = begin(call, names, 2, 204);
	const char *fault;
	char user[24];
	char session[24];

	if (attempt == NULL)
		return;
	fault = tp_password_fault(tp_slice(text_of(attempt, "newPassword")));
	if (fault != NULL)
	{
		char detail[128];

		snprintf(detail, sizeof(detail), "newPassword must %s", fault);
		end_with(attempt, 400, "password_weak", detail, NULL);
		return;
	}
	if (strlen(text_of(attempt, "currentPassword")) > TP_PASSWORD_MAX)
	{
		end_with(attempt, 401, "credentials_invalid", "currentPassword is wrong", NULL);
		return;
	}
	snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
	snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
	tp_pg_call(call->edge->pg, &hash_statement, (const char *const[]){ user, session }, change_found, attempt);
}
