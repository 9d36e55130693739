/*
 * verification.c
 *	  Codes that prove an e-mail address or a telephone number: made and sent from here,
 *	  kept in the database as keyed hashes.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth_attempt.h"
#include "credential.h"
#include "credentials.h"
#include "delivery.h"
#include "edge.h"
#include "log.h"
#include "problem.h"
#include "rate_limits.h"
#include "route.h"
#include "settings.h"

#define WRONG_CODE_WEIGHT 30

static const TpStatement issue_statement = {
	.sql = "SELECT tradepost_edge.code_issue($1::bigint, $2::bigint, $3, $4::jsonb, $5::bytea)", .parameters = 5
};
static const TpStatement confirm_statement = {
	.sql = "SELECT tradepost_edge.code_confirm($1::bigint, $2::bigint, $3, $4::jsonb, $5::bytea)", .parameters = 5
};

/* A code that is being sent. */
typedef struct Sending
{
	TpCall *call;
	bool phone;
	char code[TP_SENT_CODE_DIGITS + 1];
	char expires[40];
} Sending;

static void
free_sending(Sending *sending)
{
	sodium_memzero(sending, sizeof(*sending));
	free(sending);
}

static void
ask(TpCall *call, const TpStatement *statement, bool phone, const char *arguments, const char *code, TpPgDone done,
	void *context)
{
	const char *kind = phone ? "phone" : "email";
	char hash[TP_CREDENTIAL_HASH];
	char user[24];
	char session[24];

	snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
	snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
	tp_sent_code_hash(call->edge->settings->jwt_refresh_secret, call->caller.user, kind, code, hash);
	tp_pg_call(call->edge->pg, statement, (const char *const[]){ user, session, kind, arguments, hash }, done, context);
}

/* Sending -------------------------------------------------------------------- */

static void
sent(void *context, const char *fault)
{
	Sending *sending = context;
	TpCall *call = sending->call;

	if (fault != NULL)
	{
		tp_log(TP_LOG_WARN, "a code could not be delivered", "kind", sending->phone ? "phone" : "email", "why", fault,
			   NULL);
		tp_call_problem(call, 503, "delivery_failed", "the code could not be sent now", "Ask again in a while.");
	}
	else
	{
		tp_buffer_text(&call->answer, "{\"sent\":true,\"expiresAt\":");
		tp_buffer_json(&call->answer, tp_slice(sending->expires));
		tp_buffer_text(&call->answer, "}");
		tp_call_answer(call, 202, "application/json");
	}
	free_sending(sending);
}

static void
write_message(const Sending *sending, const json_t *issued, TpBuffer *out)
{
	tp_buffer_format(out, "{\"id\":\"code-%s\",\"kind\":\"code\",\"channel\":\"%s\",\"to\":", sending->call->request_id,
					 sending->phone ? "sms" : "email");
	tp_buffer_json(out, tp_slice(json_string_value(json_object_get(issued, "to"))));
	tp_buffer_format(out,
					 ",\"subject\":\"Your code is %s\",\"body\":\"%s is your code. It is good for 10 minutes. Who has"
					 " not asked for it need do nothing.\",\"code\":\"%s\",\"user\":%lld,\"language\":",
					 sending->code, sending->code, sending->code, (long long) sending->call->caller.user);
	tp_buffer_json(out, tp_slice(json_string_value(json_object_get(issued, "language"))));
	tp_buffer_text(out, ",\"expiresAt\":");
	tp_buffer_json(out, tp_slice(sending->expires));
	tp_buffer_text(out, "}");
}

static void
issued(void *context, const PGresult *result, const TpPgError *error)
{
	Sending *sending = context;
	TpBuffer message = { 0 };
	const char *expires;
	json_t *answer;

	if (error != NULL)
	{
		tp_problem_answer(sending->call, error);
		free_sending(sending);
		return;
	}
	answer = tp_attempt_json(result);
	expires = json_string_value(json_object_get(answer, "expiresAt"));
	snprintf(sending->expires, sizeof(sending->expires), "%s", expires == NULL ? "" : expires);
	write_message(sending, answer, &message);
	tp_deliver(sending->call->edge->deliveries, (TpSlice){ message.data, message.length }, sent, sending);
	sodium_memzero(message.data, message.length);
	tp_buffer_free(&message);
	json_decref(answer);
}

static void
send_code(TpCall *call, bool phone)
{
	TpBuffer arguments = { 0 };
	Sending *sending;

	if (call->edge->deliveries == NULL)
	{
		tp_call_problem(call, 503, "not_configured",
						"this proxy has neither DELIVERY_COMMAND nor DELIVERY_WEBHOOK, without which no code is sent",
						NULL);
		return;
	}
	if (tp_call_arguments(call, &arguments))
	{
		tp_buffer_add(&arguments, "", 1);
		sending = tp_alloc(sizeof(*sending));
		sending->call = call;
		sending->phone = phone;
		tp_sent_code_make(sending->code);
		ask(call, &issue_statement, phone, arguments.data, sending->code, issued, sending);
	}
	tp_buffer_free(&arguments);
}

void
tp_email_verify(TpCall *call)
{
	send_code(call, false);
}

void
tp_phone_post(TpCall *call)
{
	send_code(call, true);
}

/* Confirming ----------------------------------------------------------------- */

static void
refuse(TpAttempt *attempt, const char *fault, int left)
{
	static const char again[] = "Ask for a new code.";
	char detail[96];

	if (strcmp(fault, "wrong") == 0)
	{
		tp_suspicious(attempt->call->edge, attempt->call->ip, attempt->call->caller.user, "code_wrong",
					  WRONG_CODE_WEIGHT);
		snprintf(detail, sizeof(detail), "the code is wrong; %d more %s may be made", left,
				 left == 1 ? "try" : "tries");
		tp_attempt_problem(attempt, 400, "code_invalid", detail, NULL);
	}
	else if (strcmp(fault, "tries") == 0)
		tp_attempt_problem(attempt, 400, "code_invalid", "too many wrong codes came: this code is good no more", again);
	else if (strcmp(fault, "expired") == 0)
		tp_attempt_problem(attempt, 400, "code_invalid", "the code has expired: it was good for 10 minutes", again);
	else if (strcmp(fault, "spent") == 0)
		tp_attempt_problem(attempt, 400, "code_invalid", "the code was used already", again);
	else
		tp_attempt_problem(attempt, 400, "code_invalid", "no code was asked for", again);
}

static void
confirmed(void *context, const PGresult *result, const TpPgError *error)
{
	TpAttempt *attempt = context;
	const char *fault;
	json_t *answer;

	if (error != NULL)
	{
		tp_attempt_error(attempt, error);
		return;
	}
	answer = tp_attempt_json(result);
	fault = json_string_value(json_object_get(answer, "fault"));
	if (fault != NULL)
		refuse(attempt, fault, (int) json_integer_value(json_object_get(answer, "left")));
	else
	{
		tp_call_answer_json(attempt->call, 200,
							(TpSlice){ PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0) });
		tp_attempt_end(attempt);
	}
	json_decref(answer);
}

static void
confirm_code(TpCall *call, bool phone)
{
	static const char *const names[] = { "code", NULL };
	TpAttempt *attempt = tp_attempt_begin(call, names, 1, 200);
	char code[TP_SENT_CODE_DIGITS + 1];

	if (attempt == NULL)
		return;
	if (!tp_six_digits_read(tp_slice(tp_attempt_text(attempt, "code")), code))
	{
		tp_attempt_problem(attempt, 400, "code_malformed", "code must be six digits", NULL);
		return;
	}
	ask(call, &confirm_statement, phone, "{}", code, confirmed, attempt);
	sodium_memzero(code, sizeof(code));
}

void
tp_email_confirm(TpCall *call)
{
	confirm_code(call, false);
}

void
tp_phone_confirm(TpCall *call)
{
	confirm_code(call, true);
}
