/*
 * factor.c
 *	  The second factor's codes, compared here and spent in the database; see factor.h.
 *
 * Only the proxy can open the secret, and only the database knows which codes were used:
 * so this says of which step a code is, and tradepost_edge.factor_prove() whether that is
 * still good. A code, or what was wrong with it, goes no further than this file.
 */
#include "factor.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth_attempt.h"
#include "clock.h"
#include "credential.h"
#include "edge.h"
#include "log.h"
#include "pg.h"
#include "problem.h"
#include "rate_limits.h"
#include "seal.h"
#include "totp.h"

#define FAILED_WEIGHT 50
#define CODE_MOST 64

/* A code on its way to a grant. */
typedef struct Proof
{
	TpCall *call;
	int64_t user;
	int64_t session;
	const char *purpose; /* a constant */
	char digits[TP_TOTP_DIGITS + 1];
	char recovery[TP_RECOVERY_DIGITS + 1];
	int off; /* steps, if that is what is wrong */
	TpFactorProven done;
	void *context;
} Proof;

static const TpStatement secret_statement = {
	.sql = "SELECT pg_catalog.encode(tradepost_edge.factor_secret($1::bigint, $2::boolean), 'hex')",
	.parameters = 2,
	.idempotent = true
};
static const TpStatement prove_statement = {
	.sql = "SELECT tradepost_edge.factor_prove($1::bigint, $2::bigint, $3, $4::jsonb, $5::inet)", .parameters = 5
};
static const TpStatement reseal_statement = {
	.sql = "SELECT tradepost_edge.factor_reseal($1::bigint, pg_catalog.decode($2, 'hex'), $3::bytea)", .parameters = 3
};

bool
tp_factor_configured(TpCall *call)
{
	if (call->edge->keyring != NULL)
		return true;
	tp_call_problem(call, 503, "not_configured", "this proxy has no SECRETS_KEY_FILE, without which no secret is kept",
					NULL);
	return false;
}

static void
identify(int64_t user, TpBuffer *identity)
{
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long) user);
	tp_seal_identity(identity, "factor", (const char *const[]){ number, NULL });
}

void
tp_factor_seal(const TpKeyring *keyring, int64_t user, TpSlice secret, TpBuffer *out)
{
	TpBuffer identity = { 0 };

	identify(user, &identity);
	tp_seal(keyring, (TpSlice){ identity.data, identity.length }, secret, out);
	tp_buffer_free(&identity);
}

static void
end_proof(Proof *proof, int64_t grant)
{
	TpFactorProven done = proof->done;
	void *context = proof->context;

	sodium_memzero(proof, sizeof(*proof));
	free(proof);
	done(context, grant);
}

static void
refuse(Proof *proof, int status, const char *code, const char *detail, const char *hint)
{
	tp_call_problem(proof->call, status, code, detail, hint);
	end_proof(proof, 0);
}

static void
refuse_error(Proof *proof, const TpPgError *error)
{
	tp_problem_answer(proof->call, error);
	end_proof(proof, 0);
}

static void
refuse_clock(Proof *proof)
{
	char detail[128];

	snprintf(detail, sizeof(detail), "the authenticator's clock is off by more than one step: the code is of %d s %s",
			 abs(proof->off) * TP_TOTP_STEP_S, proof->off < 0 ? "ago" : "ahead");
	refuse(proof, 401, "mfa_invalid", detail, "Let the device set its clock by the network, then send the new code.");
}

static void
refuse_fault(Proof *proof, const json_t *answer)
{
	const char *fault = json_string_value(json_object_get(answer, "fault"));
	char seconds[16];

	if (fault == NULL)
		refuse(proof, 500, "internal_error", "something went wrong on our side; it has been logged", NULL);
	else if (strcmp(fault, "none") == 0)
		refuse(proof, 409, "conflict",
			   strcmp(proof->purpose, "enrol") == 0 ? "no enrolment is under way" : "no second factor is enrolled",
			   "POST mfa/enroll begins an enrolment.");
	else if (strcmp(fault, "locked") == 0)
	{
		snprintf(seconds, sizeof(seconds), "%d", (int) json_integer_value(json_object_get(answer, "wait")));
		tp_call_header(proof->call, "Retry-After", seconds);
		refuse(proof, 429, "account_locked", "too many wrong codes or passwords came for this account",
			   "Wait, then try again.");
	}
	else if (strcmp(fault, "step_spent") == 0)
		refuse(proof, 401, "mfa_invalid", "this code was used already, or a later one was",
			   "Wait for the next code, at most 30 s.");
	else
	{
		tp_suspicious(proof->call->edge, proof->call->ip, proof->user, "factor_failed", FAILED_WEIGHT);
		if (strcmp(fault, "clock") == 0)
			refuse_clock(proof);
		else if (strcmp(fault, "recovery_spent") == 0)
			refuse(proof, 401, "mfa_invalid", "this recovery code was used already",
				   "Each is good once: send another.");
		else
			refuse(proof, 401, "mfa_invalid", "the code is wrong",
				   "Send the six digits that the authenticator shows now, or a recovery code.");
	}
}

static void
proven(void *context, const PGresult *result, const TpPgError *error)
{
	Proof *proof = context;
	json_t *answer;
	int64_t grant;

	if (error != NULL)
	{
		refuse_error(proof, error);
		return;
	}
	answer = tp_attempt_json(result);
	grant = json_integer_value(json_object_get(answer, "grant"));
	if (grant > 0)
		end_proof(proof, grant);
	else
		refuse_fault(proof, answer);
	json_decref(answer);
}

static void
ask(Proof *proof, const char *json)
{
	char user[24];
	char session[24];

	snprintf(user, sizeof(user), "%lld", (long long) proof->user);
	snprintf(session, sizeof(session), "%lld", (long long) proof->session);
	tp_pg_call(proof->call->edge->pg, &prove_statement,
			   (const char *const[]){ user, proof->session == 0 ? NULL : session, proof->purpose, json,
									  proof->call->ip },
			   proven, proof);
}

static void
resealed(void *context, const PGresult *result, const TpPgError *error)
{
	(void) context;
	(void) result;
	if (error != NULL)
		tp_log(TP_LOG_WARN, "a second factor stays sealed under an old key", "why", error->message, NULL);
}

/* Under the newest key; if that fails it stays as it was, and is tried at the next login. */
static void
seal_again(const Proof *proof, TpSlice secret, const char *old)
{
	TpBuffer sealed = { 0 };
	char user[24];

	snprintf(user, sizeof(user), "%lld", (long long) proof->user);
	tp_factor_seal(proof->call->edge->keyring, proof->user, secret, &sealed);
	tp_pg_call(proof->call->edge->pg, &reseal_statement, (const char *const[]){ user, old, sealed.data }, resealed,
			   NULL);
	tp_buffer_free(&sealed);
}

static void
compare(Proof *proof, TpSlice secret)
{
	char json[64];
	int64_t step;

	switch (tp_totp_match(secret, tp_wall_us() / 1000000, tp_slice(proof->digits), &step, &proof->off))
	{
		case TP_TOTP_GOOD:
			snprintf(json, sizeof(json), "{\"step\":%lld}", (long long) step);
			break;
		case TP_TOTP_CLOCK_OFF:
			snprintf(json, sizeof(json), "{\"fault\":\"clock\"}");
			break;
		case TP_TOTP_WRONG:
			snprintf(json, sizeof(json), "{\"fault\":\"wrong\"}");
			break;
	}
	ask(proof, json);
}

static void
secret_came(void *context, const PGresult *result, const TpPgError *error)
{
	Proof *proof = context;
	TpBuffer identity = { 0 };
	TpBuffer secret = { 0 };
	const char *hex;
	TpUnseal outcome;

	if (error != NULL)
	{
		refuse_error(proof, error);
		return;
	}
	if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
	{
		/* The database has the words for it. */
		ask(proof, "{\"fault\":\"wrong\"}");
		return;
	}
	hex = PQgetvalue(result, 0, 0);
	identify(proof->user, &identity);
	outcome = tp_unseal_hex(proof->call->edge->keyring, (TpSlice){ identity.data, identity.length }, tp_slice(hex),
							&secret);
	if (outcome == TP_UNSEAL_OLD)
		seal_again(proof, (TpSlice){ secret.data, secret.length }, hex);
	if (outcome == TP_UNSEAL_FINE || outcome == TP_UNSEAL_OLD)
		compare(proof, (TpSlice){ secret.data, secret.length });
	else
	{
		tp_log(TP_LOG_ERROR, "the secret of a second factor does not open", "why",
			   outcome == TP_UNSEAL_KEY ? "SECRETS_KEY_FILE has not the key that it was sealed under"
										: "it was changed, or sealed for another user",
			   "#user", proof->user, NULL);
		refuse(proof, 500, "internal_error", "something went wrong on our side; it has been logged", NULL);
	}
	tp_seal_wipe(&secret);
	tp_buffer_free(&identity);
}

void
tp_factor_prove(TpCall *call, int64_t user, int64_t session, const char *purpose, const char *code, TpFactorProven done,
				void *context)
{
	Proof *proof = tp_alloc(sizeof(*proof));
	TpSlice typed = tp_slice(code);
	char number[24];

	proof->call = call;
	proof->user = user;
	proof->session = session;
	proof->purpose = purpose;
	proof->done = done;
	proof->context = context;
	if (typed.length > CODE_MOST ||
		(!tp_six_digits_read(typed, proof->digits) && !tp_recovery_read(typed, proof->recovery)))
		refuse(proof, 400, "code_malformed", "code must be six digits, or a recovery code of 16 letters and digits",
			   NULL);
	else if (proof->recovery[0] != '\0')
	{
		char hash[TP_CREDENTIAL_HASH];
		char json[TP_CREDENTIAL_HASH + 32];

		tp_recovery_hash(user, proof->recovery, hash);
		snprintf(json, sizeof(json), "{\"recovery\":\"\\\\x%s\"}", hash + 2);
		ask(proof, json);
	}
	else if (!tp_factor_configured(call))
		end_proof(proof, 0);
	else
	{
		snprintf(number, sizeof(number), "%lld", (long long) user);
		tp_pg_call(call->edge->pg, &secret_statement,
				   (const char *const[]){ number, strcmp(purpose, "enrol") == 0 ? "false" : "true" }, secret_came,
				   proof);
	}
}
