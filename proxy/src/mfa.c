/*
 * mfa.c
 *	  Enrolling a second factor, and giving it up.
 *
 * The secret is made here, shown once, and leaves for the database sealed; recovery codes
 * leave hashed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "auth_attempt.h"
#include "credential.h"
#include "credentials.h"
#include "edge.h"
#include "factor.h"
#include "guarded.h"
#include "password.h"
#include "problem.h"
#include "qr_svg.h"
#include "rate_limits.h"
#include "seal.h"
#include "totp.h"

#define BAD_PASSWORD_WEIGHT 50

static const TpStatement begin_statement = {
	.sql = "SELECT tradepost_edge.factor_begin($1::bigint, $2::bigint, $3::bytea)", .parameters = 3
};
static const TpStatement confirm_statement = {
	.sql = "SELECT tradepost_edge.factor_confirm($1::bigint, $2::bigint, $3::bigint, $4::bytea[])", .parameters = 4
};
static const TpStatement renew_statement = {
	.sql = "SELECT tradepost_edge.recovery_codes_renew($1::bigint, $2::bigint, $3::jsonb, $4::bytea[])", .parameters = 4
};
static const TpStatement remove_statement = {
	.sql = "SELECT tradepost_edge.factor_remove($1::bigint, $2::bigint, $3::jsonb)", .parameters = 3
};
static const TpStatement hash_statement = { .sql = "SELECT tradepost_edge.password_hash_of($1::bigint, $2::bigint)",
											.parameters = 2,
											.idempotent = true };

/* Who asks, as parameters of a statement. */
typedef struct Who
{
	char user[24];
	char session[24];
} Who;

static Who
who_asks(const TpCall *call)
{
	Who who;

	snprintf(who.user, sizeof(who.user), "%lld", (long long) call->caller.user);
	snprintf(who.session, sizeof(who.session), "%lld", (long long) call->caller.session);
	return who;
}

/* POST mfa/enroll ------------------------------------------------------------ */

/* The secret between being made and being shown. */
typedef struct Enrolment
{
	TpCall *call;
	unsigned char secret[TP_TOTP_SECRET];
} Enrolment;

static void
show_secret(const Enrolment *enrolment, const json_t *answer)
{
	TpCall *call = enrolment->call;
	TpBuffer base32 = { 0 };
	TpBuffer uri = { 0 };
	TpBuffer qr = { 0 };

	tp_totp_base32((TpSlice){ (const char *) enrolment->secret, sizeof(enrolment->secret) }, &base32);
	tp_buffer_add(&base32, "", 1);
	tp_totp_uri(json_string_value(json_object_get(answer, "issuer")),
				json_string_value(json_object_get(answer, "email")), base32.data, &uri);
	tp_buffer_add(&uri, "", 1);
	/* An issuer and an address of the longest kind still leave room in a QR code. */
	(void) tp_qr_svg(uri.data, &qr);
	tp_buffer_format(&call->answer, "{\"secret\":\"%s\",\"uri\":\"%s\",\"qr\":", base32.data, uri.data);
	tp_buffer_json(&call->answer, (TpSlice){ qr.data, qr.length });
	tp_buffer_text(&call->answer, "}");
	tp_call_header(call, "Cache-Control", "no-store");
	tp_call_answer(call, 201, "application/json");
	tp_seal_wipe(&base32);
	tp_seal_wipe(&uri);
	tp_seal_wipe(&qr);
}

static void
begun(void *context, const PGresult *result, const TpPgError *error)
{
	Enrolment *enrolment = context;
	json_t *answer;

	if (error != NULL)
		tp_problem_answer(enrolment->call, error);
	else
	{
		answer = tp_attempt_json(result);
		show_secret(enrolment, answer);
		json_decref(answer);
	}
	sodium_memzero(enrolment, sizeof(*enrolment));
	free(enrolment);
}

void
tp_mfa_enroll(TpCall *call)
{
	Enrolment *enrolment;
	TpBuffer sealed = { 0 };
	Who who = who_asks(call);

	if (!tp_factor_configured(call))
		return;
	enrolment = tp_alloc(sizeof(*enrolment));
	enrolment->call = call;
	randombytes_buf(enrolment->secret, sizeof(enrolment->secret));
	tp_factor_seal(call->edge->keyring, call->caller.user,
				   (TpSlice){ (const char *) enrolment->secret, sizeof(enrolment->secret) }, &sealed);
	tp_pg_call(call->edge->pg, &begin_statement, (const char *const[]){ who.user, who.session, sealed.data }, begun,
			   enrolment);
	tp_buffer_free(&sealed);
}

/* Recovery codes ------------------------------------------------------------- */

/* As they will be shown, until the database has their hashes. */
typedef struct Codes
{
	TpAttempt *attempt; /* POST mfa/verify; else NULL */
	char texts[TP_RECOVERY_CODES][TP_RECOVERY_TEXT];
} Codes;

/* New codes, and their hashes as an array of bytea. */
static Codes *
make_codes(int64_t user, TpBuffer *hashes)
{
	Codes *codes = tp_alloc(sizeof(*codes));

	tp_buffer_text(hashes, "{");
	for (int i = 0; i < TP_RECOVERY_CODES; i++)
	{
		char plain[TP_RECOVERY_DIGITS + 1];
		char hash[TP_CREDENTIAL_HASH];

		tp_recovery_make(codes->texts[i]);
		if (!tp_recovery_read(tp_slice(codes->texts[i]), plain))
			abort();
		tp_recovery_hash(user, plain, hash);
		tp_buffer_format(hashes, "%s\"\\\\x%s\"", i > 0 ? "," : "", hash + 2);
		sodium_memzero(plain, sizeof(plain));
	}
	tp_buffer_add(hashes, "}", 2);
	return codes;
}

static void
show_codes(TpCall *call, const Codes *codes, const char *before)
{
	tp_buffer_format(&call->answer, "{%s\"recoveryCodes\":[", before);
	for (int i = 0; i < TP_RECOVERY_CODES; i++)
		tp_buffer_format(&call->answer, "%s\"%s\"", i > 0 ? "," : "", codes->texts[i]);
	tp_buffer_text(&call->answer, "]}");
	tp_call_header(call, "Cache-Control", "no-store");
	tp_call_answer(call, 200, "application/json");
}

static void
free_codes(Codes *codes)
{
	sodium_memzero(codes, sizeof(*codes));
	free(codes);
}

static void
renewed(TpCall *call, void *context, const PGresult *result)
{
	if (result != NULL)
		show_codes(call, context, "");
	free_codes(context);
}

void
tp_mfa_recovery_codes(TpCall *call)
{
	TpBuffer hashes = { 0 };
	Codes *codes = make_codes(call->caller.user, &hashes);

	tp_guarded_call(call, &(TpGuarded){ .statement = &renew_statement,
										.purpose = "recovery_codes",
										.extra = { hashes.data },
										.done = renewed,
										.context = codes });
	tp_buffer_free(&hashes);
}

/* POST mfa/verify ------------------------------------------------------------ */

static void
confirmed(void *context, const PGresult *result, const TpPgError *error)
{
	Codes *codes = context;
	TpAttempt *attempt = codes->attempt;

	(void) result;
	if (error != NULL)
		tp_attempt_error(attempt, error);
	else
	{
		show_codes(attempt->call, codes, "\"enrolled\":true,");
		tp_attempt_end(attempt);
	}
	free_codes(codes);
}

static void
verified(void *context, int64_t grant)
{
	TpAttempt *attempt = context;
	TpBuffer hashes = { 0 };
	char number[24];
	Codes *codes;
	Who who;

	if (grant == 0)
	{
		tp_attempt_end(attempt);
		return;
	}
	who = who_asks(attempt->call);
	codes = make_codes(attempt->call->caller.user, &hashes);
	codes->attempt = attempt;
	snprintf(number, sizeof(number), "%lld", (long long) grant);
	tp_pg_call(attempt->call->edge->pg, &confirm_statement,
			   (const char *const[]){ who.user, who.session, number, hashes.data }, confirmed, codes);
	tp_buffer_free(&hashes);
}

void
tp_mfa_verify(TpCall *call)
{
	static const char *const names[] = { "code", NULL };
	TpAttempt *attempt = tp_attempt_begin(call, names, 1, 200);

	if (attempt != NULL)
		tp_factor_prove(call, call->caller.user, call->caller.session, "enrol", tp_attempt_text(attempt, "code"),
						verified, attempt);
}

/* DELETE mfa ----------------------------------------------------------------- */

static void
password_verified(void *context, bool matches, bool too_many)
{
	TpAttempt *attempt = context;
	TpCall *call = attempt->call;

	if (too_many)
		tp_attempt_busy(attempt);
	else if (!matches)
	{
		tp_suspicious(call->edge, call->ip, call->caller.user, "password_wrong", BAD_PASSWORD_WEIGHT);
		tp_attempt_problem(attempt, 401, "credentials_invalid", "password is wrong", NULL);
	}
	else
	{
		tp_guarded_call(call, &(TpGuarded){ .statement = &remove_statement,
											.purpose = "remove",
											.code = tp_attempt_text(attempt, "code"),
											.without_body = true,
											.done = tp_guarded_answer });
		tp_attempt_end(attempt);
	}
}

static void
hash_found(void *context, const PGresult *result, const TpPgError *error)
{
	TpAttempt *attempt = context;

	if (error != NULL)
		tp_attempt_error(attempt, error);
	else
		tp_password_verify(attempt->call->edge, tp_slice(attempt->password),
						   PQntuples(result) == 1 && !PQgetisnull(result, 0, 0) ? PQgetvalue(result, 0, 0) : NULL,
						   password_verified, attempt);
}

void
tp_mfa_remove(TpCall *call)
{
	static const char *const names[] = { "password", "code", NULL };
	TpAttempt *attempt = tp_attempt_begin(call, names, 1, 204);
	Who who;

	if (attempt == NULL)
		return;
	if (strlen(attempt->password) > TP_PASSWORD_MAX)
	{
		tp_attempt_problem(attempt, 401, "credentials_invalid", "password is wrong", NULL);
		return;
	}
	who = who_asks(call);
	tp_pg_call(call->edge->pg, &hash_statement, (const char *const[]){ who.user, who.session }, hash_found, attempt);
}
