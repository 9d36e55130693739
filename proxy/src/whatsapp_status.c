/*
 * whatsapp_status.c
 *	  POST webhooks/twilio/status: the callbacks of messages, verified, handed to the
 *	  database, which knows what follows.
 *
 * The number of the message in the outbox is in the callback's address, which the signature
 * is over: so a callback also settles a message whose sending nobody heard the end of.
 */
#include "whatsapp_status.h"

#include <stdlib.h>

#include "edge.h"
#include "metrics.h"
#include "pg.h"
#include "problem.h"
#include "query.h"
#include "twilio_request.h"

#define DIGITS_MOST 18

static const TpStatement status_statement = {
	.sql = "SELECT tradepost_edge.whatsapp_status($1, $2, $3, $4::integer, $5::bigint)",
	.parameters = 5,
	.idempotent = true
};

static void
told(void *context, const PGresult *result, const TpPgError *error)
{
	TpCall *call = context;

	(void) result;
	if (error != NULL)
		tp_problem_answer(call, error);
	else
		tp_call_answer(call, 204, NULL);
}

/* A field, or the older name of the same, as text for the database; NULL: it is not there, or longer than any. */
static char *
field(const TpForm *form, const char *name, const char *older)
{
	TpSlice value = tp_form_get(form, name);
	TpBuffer text = { 0 };

	if (value.data == NULL && older != NULL)
		value = tp_form_get(form, older);
	if (value.data == NULL || value.length == 0 || value.length > 64)
		return NULL;
	tp_form_text(value, &text);
	tp_buffer_add(&text, "", 1);
	return text.data;
}

static bool
is_number(const char *text, size_t most)
{
	return text != NULL && *text != '\0' && strlen(text) <= most && strspn(text, "0123456789") == strlen(text);
}

static void
took(TpCall *call, const TpForm *form)
{
	char *account = field(form, "AccountSid", NULL);
	char *sid = field(form, "MessageSid", "SmsSid");
	char *status = field(form, "MessageStatus", "SmsStatus");
	char *code = field(form, "ErrorCode", NULL);
	TpBuffer outbox = { 0 };
	bool named = tp_query_find(call->query, "outbox", &outbox);

	tp_buffer_add(&outbox, "", 1);
	if (sid == NULL || status == NULL)
		tp_call_problem(call, 400, "field_missing", "MessageSid and MessageStatus must be given",
						"It takes Twilio's status callbacks.");
	else
	{
		tp_count(TP_M_WHATSAPP_STATUSES, 1);
		tp_pg_call(call->edge->pg, &status_statement,
				   (const char *const[]){ account, sid, status, is_number(code, 6) ? code : NULL,
										  named && is_number(outbox.data, DIGITS_MOST) ? outbox.data : NULL },
				   told, call);
	}
	tp_buffer_free(&outbox);
	free(account);
	free(sid);
	free(status);
	free(code);
}

void
tp_whatsapp_status_post(TpCall *call)
{
	tp_twilio_take(call, took);
}
