/*
 * withdrawal.c
 *	  POST account/withdrawals: the command goes to the database, the answer is the engine's
 *	  decision.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth_attempt.h"
#include "credentials.h"
#include "decisions.h"
#include "edge.h"
#include "guarded.h"
#include "settings.h"

static const TpStatement withdraw_statement = {
	.sql = "SELECT tradepost_edge.withdrawal_post($1::bigint, $2::bigint, $3::jsonb)", .parameters = 3
};

typedef struct Withdrawal
{
	TpCall *call;
	TpEdge *edge;
	json_t *asked; /* what the database answered */
	unsigned expectation;
} Withdrawal;

static void
end_withdrawal(Withdrawal *withdrawal)
{
	json_decref(withdrawal->asked);
	free(withdrawal);
}

static void
answer(const Withdrawal *withdrawal, int status, const char *word)
{
	TpCall *call = withdrawal->call;
	TpBuffer *out = &call->answer;

	tp_buffer_format(out, "{\"withdrawal\":{\"id\":%lld,\"asset\":",
					 (long long) json_integer_value(json_object_get(withdrawal->asked, "command")));
	tp_buffer_json(out, tp_slice(json_string_value(json_object_get(withdrawal->asked, "asset"))));
	tp_buffer_format(out, ",\"amount\":\"%s\",\"status\":\"%s\"}}",
					 json_string_value(json_object_get(withdrawal->asked, "amount")), word);
	tp_call_answer(call, status, "application/json");
}

static void
answer_rejected(const Withdrawal *withdrawal, TpSlice reason)
{
	char code[64];

	snprintf(code, sizeof(code), "%.*s", (int) reason.length, reason.data);
	tp_call_problem_format(withdrawal->call, 409, code[0] == '\0' ? "command_rejected" : code,
						   "the engine rejected the withdrawal: %s; nothing was taken", code);
}

static void
decided(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	Withdrawal *withdrawal = context;

	(void) instrument;
	if (event == NULL)
		answer(withdrawal, 202, "pending");
	else if (event->kind == TP_EV_REJECTED)
		answer_rejected(withdrawal, event->reason);
	else
		answer(withdrawal, 201, "completed");
	end_withdrawal(withdrawal);
}

static void
asked(TpCall *call, void *context, const PGresult *result)
{
	Withdrawal *withdrawal = context;
	TpDecisions *decisions = withdrawal->edge->decisions;
	unsigned expectation = withdrawal->expectation;
	const char *known;

	if (result == NULL)
		end_withdrawal(withdrawal);
	else
	{
		withdrawal->asked = tp_attempt_json(result);
		known = json_string_value(json_object_get(withdrawal->asked, "decided"));
		if (known == NULL)
			tp_decisions_wait(decisions, json_integer_value(json_object_get(withdrawal->asked, "command")),
							  call->respond_async ? 0 : (unsigned) call->edge->settings->decision_timeout_ms, decided,
							  withdrawal);
		else
		{
			if (strcmp(known, "withdrawn") == 0)
				answer(withdrawal, 201, "completed");
			else
				answer_rejected(withdrawal, tp_slice(json_string_value(json_object_get(withdrawal->asked, "reason"))));
			end_withdrawal(withdrawal);
		}
	}
	tp_decisions_looked_up(decisions, expectation);
}

void
tp_withdrawals_post(TpCall *call)
{
	Withdrawal *withdrawal = tp_alloc(sizeof(*withdrawal));

	withdrawal->call = call;
	withdrawal->edge = call->edge;
	withdrawal->expectation = tp_decisions_look_up(call->edge->decisions);
	tp_guarded_call(call, &(TpGuarded){ .statement = &withdraw_statement,
										.purpose = "withdrawal",
										.done = asked,
										.context = withdrawal });
}
