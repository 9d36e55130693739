/*
 * mt5_account.c
 *	  MetaTrader accounts: their passwords are sealed on the way in, and opened for their
 *	  owner alone, behind the second factor where one is enrolled.
 *
 * A password is sealed for user, server and login, which no row ever changes: in another
 * row it does not open.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth_attempt.h"
#include "credentials.h"
#include "edge.h"
#include "factor.h"
#include "guarded.h"
#include "json_view.h"
#include "log.h"
#include "problem.h"
#include "route.h"
#include "seal.h"

#define PASSWORD_MOST 256

static const TpStatement add_statement = {
	.sql = "SELECT tradepost_edge.mt5_account_add($1::bigint, $2::bigint, $3::jsonb, $4::bytea)", .parameters = 4
};
static const TpStatement show_statement = {
	.sql = "SELECT tradepost_edge.mt5_credentials($1::bigint, $2::bigint, $3::jsonb)", .parameters = 3
};

static const TpStatement reseal_statement = {
	.sql = "SELECT tradepost_edge.mt5_reseal($1::bigint, $2::bigint, pg_catalog.decode($3, 'hex'), $4::bytea)",
	.parameters = 4
};

static void
identify(int64_t user, const char *server, const char *login, TpBuffer *identity)
{
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long) user);
	tp_seal_identity(identity, "mt5_account", (const char *const[]){ number, server, login, NULL });
}

/* POST trading/mt5-accounts -------------------------------------------------- */

static void
added(void *context, const PGresult *result, const TpPgError *error)
{
	TpCall *call = context;

	if (error != NULL)
		tp_problem_answer(call, error);
	else
		tp_call_answer_json(call, call->route->status,
							(TpSlice){ PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0) });
}

/* A string or a number as it is spelled; terminated. What else there is, the database refuses by name. */
static void
spelled(TpSlice body, const char *name, TpBuffer *text)
{
	TpSlice value;

	if (tp_json_find(body, name, &value) && !tp_json_text(value, text))
		tp_buffer_slice(text, value);
	tp_buffer_add(text, "", 1);
}

/* The password of the body, sealed; nothing if there is none. */
static void
seal_password(const TpCall *call, const TpBuffer *password, TpBuffer *sealed)
{
	TpBuffer server = { 0 };
	TpBuffer login = { 0 };
	TpBuffer identity = { 0 };

	if (password->length > 0)
	{
		spelled(call->body, "server", &server);
		spelled(call->body, "login", &login);
		identify(call->caller.user, server.data, login.data, &identity);
		tp_seal(call->edge->keyring, (TpSlice){ identity.data, identity.length },
				(TpSlice){ password->data, password->length }, sealed);
	}
	tp_buffer_free(&server);
	tp_buffer_free(&login);
	tp_buffer_free(&identity);
}

/* jsonb spells 1e3 another way, and then the seal would be for a login that there is not. */
static bool
odd_login(TpSlice body)
{
	TpSlice login;

	if (tp_json_kind(body) != '{' || !tp_json_find(body, "login", &login) || tp_json_kind(login) == '"')
		return false;
	for (size_t i = 0; i < login.length; i++)
		if (login.data[i] < '0' || login.data[i] > '9')
			return true;
	return false;
}

/* False: it has been answered. */
static bool
check_account(TpCall *call, bool is_text, const TpBuffer *password)
{
	if (!is_text)
		tp_call_problem(call, 400, "field_type", "field \"password\" must be a string", NULL);
	else if (password->length > PASSWORD_MOST)
		tp_call_problem_format(call, 400, "field_length", "password has %zu bytes, and may have %d", password->length,
							   PASSWORD_MOST);
	else if (odd_login(call->body))
		tp_call_problem(call, 400, "field_type", "field \"login\" must be 1 to 12 digits", NULL);
	else
		return true;
	return false;
}

void
tp_mt5_accounts_post(TpCall *call)
{
	TpBuffer rest = { 0 };
	TpBuffer password = { 0 };
	TpBuffer sealed = { 0 };
	TpBuffer arguments = { 0 };
	char user[24];
	char session[24];
	bool is_text;

	if (!tp_factor_configured(call))
		return;
	is_text = tp_json_take(call->body, "password", &rest, &password);
	if (check_account(call, is_text, &password))
	{
		seal_password(call, &password, &sealed);
		call->body = (TpSlice){ rest.data, rest.length };
		if (tp_call_arguments(call, &arguments))
		{
			tp_buffer_add(&arguments, "", 1);
			snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
			snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
			call->body.length = 0;
			tp_pg_call(call->edge->pg, &add_statement,
					   (const char *const[]){ user, session, arguments.data, sealed.data }, added, call);
		}
	}
	tp_buffer_free(&rest);
	tp_seal_wipe(&password);
	tp_buffer_free(&sealed);
	tp_buffer_free(&arguments);
}

/* POST trading/mt5-accounts/:id/credentials ---------------------------------- */

static void
resealed(void *context, const PGresult *result, const TpPgError *error)
{
	(void) context;
	(void) result;
	if (error != NULL)
		tp_log(TP_LOG_WARN, "an MT5 password stays sealed under an old key", "why", error->message, NULL);
}

static void
seal_again(const TpCall *call, const json_t *kept, TpSlice identity, TpSlice password)
{
	TpBuffer sealed = { 0 };
	char user[24];
	char account[24];

	snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
	snprintf(account, sizeof(account), "%lld", (long long) json_integer_value(json_object_get(kept, "id")));
	tp_seal(call->edge->keyring, identity, password, &sealed);
	tp_pg_call(call->edge->pg, &reseal_statement,
			   (const char *const[]){ user, account, json_string_value(json_object_get(kept, "sealed")), sealed.data },
			   resealed, NULL);
	tp_buffer_free(&sealed);
}

static void
show(TpCall *call, const json_t *kept, TpSlice password)
{
	TpBuffer *out = &call->answer;

	tp_buffer_format(out, "{\"credentials\":{\"id\":%lld,\"login\":",
					 (long long) json_integer_value(json_object_get(kept, "id")));
	tp_buffer_json(out, tp_slice(json_string_value(json_object_get(kept, "login"))));
	tp_buffer_text(out, ",\"server\":");
	tp_buffer_json(out, tp_slice(json_string_value(json_object_get(kept, "server"))));
	tp_buffer_text(out, ",\"password\":");
	tp_buffer_json(out, password);
	tp_buffer_text(out, "}}");
	tp_call_header(call, "Cache-Control", "no-store");
	tp_call_answer(call, 200, "application/json");
}

static void
found(TpCall *call, void *context, const PGresult *result)
{
	TpBuffer identity = { 0 };
	TpBuffer password = { 0 };
	json_t *kept;
	TpUnseal outcome;

	(void) context;
	if (result == NULL)
		return;
	kept = tp_attempt_json(result);
	identify(call->caller.user, json_string_value(json_object_get(kept, "server")),
			 json_string_value(json_object_get(kept, "login")), &identity);
	outcome = tp_unseal_hex(call->edge->keyring, (TpSlice){ identity.data, identity.length },
							tp_slice(json_string_value(json_object_get(kept, "sealed"))), &password);
	if (outcome == TP_UNSEAL_OLD)
		seal_again(call, kept, (TpSlice){ identity.data, identity.length },
				   (TpSlice){ password.data, password.length });
	if (outcome == TP_UNSEAL_FINE || outcome == TP_UNSEAL_OLD)
		show(call, kept, (TpSlice){ password.data, password.length });
	else
	{
		tp_log(TP_LOG_ERROR, "the password of an MT5 account does not open", "why",
			   outcome == TP_UNSEAL_KEY ? "SECRETS_KEY_FILE has not the key that it was sealed under"
										: "it was changed, or sealed for another account",
			   "#account", (int64_t) json_integer_value(json_object_get(kept, "id")), NULL);
		tp_call_problem(call, 500, "internal_error", "something went wrong on our side; it has been logged", NULL);
	}
	tp_seal_wipe(&password);
	tp_buffer_free(&identity);
	json_decref(kept);
}

void
tp_mt5_credentials_post(TpCall *call)
{
	if (tp_factor_configured(call))
		tp_guarded_call(call,
						&(TpGuarded){ .statement = &show_statement, .purpose = "mt5_credentials", .done = found });
}
