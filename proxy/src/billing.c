/*
 * billing.c
 *	  POST webhooks/billing: what a payment provider's adapter tells, once its signature is
 *	  found right.  What it means for a subscription, and whether it was told before, is the
 *	  database's to say.
 */
#include <stdlib.h>

#include "clock.h"
#include "credentials.h"
#include "edge.h"
#include "pg.h"
#include "problem.h"
#include "rate_limits.h"
#include "settings.h"
#include "signature.h"

#define BAD_SIGNATURE_WEIGHT 20

/* The adapter may leave out whom it speaks for. */
static const TpStatement event_statement = {
	.sql = "SELECT tradepost_edge.billing_event(coalesce($1::jsonb ->> 'provider', 'billing'), $1::jsonb ->> 'id',"
		   " $1::jsonb)",
	.parameters = 1,
	.idempotent = true
};

static void
told(void *context, const PGresult *result, const TpPgError *error)
{
	TpCall *call = context;

	if (error != NULL)
		tp_problem_answer(call, error);
	else
		tp_call_answer_json(call, 200, (TpSlice){ PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0) });
}

static void
refuse(TpCall *call, TpSignatureVerdict verdict)
{
	static const struct
	{
		const char *code;
		const char *detail;
		const char *hint;
	} faults[] = {
		[TP_SIGNATURE_MISSING] = { "signature_missing", "the header Tradepost-Signature is missing",
								   "Send t=<seconds since 1970>,v1=<HMAC-SHA-256 of \"t.body\", hexadecimal>." },
		[TP_SIGNATURE_MALFORMED] = { "signature_malformed", "the header Tradepost-Signature cannot be read",
									 "Send t=<seconds since 1970>,v1=<HMAC-SHA-256 of \"t.body\", hexadecimal>." },
		[TP_SIGNATURE_WRONG] = { "signature_wrong", "the signature is not of this body by BILLING_WEBHOOK_SECRET",
								 "It is over the time, a dot, and every byte of the body." },
		[TP_SIGNATURE_OLD] = { "signature_old", "the signature's time is more than 300 s from now",
							   "Sign anew, and see that the clocks agree." },
	};

	tp_suspicious(call->edge, call->ip, 0, faults[verdict].code, BAD_SIGNATURE_WEIGHT);
	tp_call_problem(call, 401, faults[verdict].code, faults[verdict].detail, faults[verdict].hint);
}

void
tp_billing_post(TpCall *call)
{
	const char *secret = call->edge->settings->billing_secret;
	TpSignatureVerdict verdict;
	char *body;

	if (*secret == '\0')
	{
		tp_call_problem(call, 503, "not_configured",
						"this proxy has no BILLING_WEBHOOK_SECRET, without which no event is believed", NULL);
		return;
	}
	verdict = tp_signature_check(call->signature, call->body, secret, tp_wall_us() / 1000000);
	if (verdict != TP_SIGNATURE_FINE)
	{
		refuse(call, verdict);
		return;
	}
	body = tp_slice_dup(call->body);
	tp_pg_call(call->edge->pg, &event_statement, (const char *const[]){ body }, told, call);
	free(body);
}
