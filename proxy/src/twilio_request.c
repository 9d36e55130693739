/*
 * twilio_request.c
 *	  What Twilio sends: believed once its signature is found right; see twilio_request.h.
 *
 * The URL that was signed is PUBLIC_URL and the target as it came.  Without that setting it
 * is what a trusted proxy says it was asked for, or else the request itself.  X-Tenant says
 * nothing here: nobody has signed it.
 */
#include "twilio_request.h"

#include <sodium.h>
#include <stdio.h>
#include <strings.h>

#include "edge.h"
#include "http_parser.h"
#include "pg.h"
#include "problem.h"
#include "rate_limits.h"
#include "settings.h"
#include "tenants.h"
#include "twilio_signature.h"

#define BAD_SIGNATURE_WEIGHT 20

/* The last of a list: what the nearest proxy has said. */
static TpSlice
last_item(TpSlice list)
{
	const char *comma = list.length == 0 ? NULL : memrchr(list.data, ',', list.length);

	if (comma != NULL)
		list = (TpSlice){ comma + 1, list.length - (size_t) (comma + 1 - list.data) };
	while (list.length > 0 && (*list.data == ' ' || *list.data == '\t'))
		list = (TpSlice){ list.data + 1, list.length - 1 };
	while (list.length > 0 && (list.data[list.length - 1] == ' ' || list.data[list.length - 1] == '\t'))
		list.length--;
	return list;
}

static void
add_base(const TpCall *call, TpBuffer *base)
{
	TpSlice scheme = last_item(call->forwarded_proto);
	TpSlice host = last_item(call->forwarded_host);

	if (*call->edge->settings->public_url != '\0')
	{
		tp_buffer_text(base, call->edge->settings->public_url);
		return;
	}
	if (scheme.length == 5 && strncasecmp(scheme.data, "https", 5) == 0)
		tp_buffer_text(base, "https://");
	else if (scheme.length == 4 && strncasecmp(scheme.data, "http", 4) == 0)
		tp_buffer_text(base, "http://");
	else
		tp_buffer_text(base, call->edge->tls == NULL ? "http://" : "https://");
	tp_buffer_slice(base, host.length > 0 ? host : call->host);
}

/* Of scheme://host[:port][/prefix]. */
static TpSlice
host_of(const TpBuffer *base)
{
	const char *host = strstr(base->data, "://") + 3;

	return (TpSlice){ host, strcspn(host, "/") };
}

static void
refuse_form(TpCall *call)
{
	tp_call_problem_format(call, 400, "form_malformed",
						   "the form has a %% without two hexadecimal digits behind it, or more than %d fields",
						   TP_FORM_FIELDS);
}

static void
refuse_signature(TpCall *call)
{
	bool missing = call->twilio_signature.length == 0;
	int wait_s;

	if (tp_blocked(call->edge, call->ip, &wait_s))
	{
		tp_call_problem(call, 403, "address_blocked", "this address is blocked for a while", NULL);
		return;
	}
	tp_suspicious(call->edge, call->ip, 0, "twilio_signature", BAD_SIGNATURE_WEIGHT);
	tp_call_problem(
		call, 403, missing ? "signature_missing" : "signature_wrong",
		missing ? "the header X-Twilio-Signature is missing"
				: "X-Twilio-Signature is not of this URL and body by TWILIO_AUTH_TOKEN",
		"If it is Twilio that asks: PUBLIC_URL must be the beginning of the URL that Twilio has, and a body of"
		" JSON needs bodySHA256 in its URL.");
}

/* Of a URL whose query has a body's hash, no field is signed. JSON is believed in no other way. */
static bool
is_signed(const TpCall *call, TpSlice base, const TpForm *form, bool json)
{
	TpSlice target = { call->path.data, call->path.length };
	bool hash_fine;
	bool hashed = tp_twilio_body_hash(call->query, call->body, &hash_fine);

	/* as it came: the question mark stands between the two */
	if (call->query.data != NULL)
		target.length += 1 + call->query.length;
	return (hashed ? hash_fine : !json) &&
		   tp_twilio_signature_fine(call->twilio_signature, base, target, hashed ? NULL : form,
									call->edge->settings->twilio_auth_token);
}

static bool
is_ours(const TpCall *call, const TpForm *form)
{
	TpSlice account = tp_form_get(form, "AccountSid");

	return account.data != NULL && tp_slice_is(account, call->edge->settings->twilio_account_sid);
}

static void
take(TpCall *call, const TpForm *form, TpSlice host, TpTwilioTaken taken)
{
	const char *fault;

	if (!is_ours(call, form))
	{
		tp_call_problem(call, 403, "account_mismatch", "AccountSid is not the account of TWILIO_ACCOUNT_SID", NULL);
		return;
	}
	fault = tp_tenant_of(call->edge->tenants, 0, (TpSlice){ NULL, 0 }, host, &call->tenant);
	if (fault == NULL)
		taken(call, form);
	else
		tp_problem_answer(call, &(TpPgError){ .failure = TP_PG_UNAVAILABLE, .message = "", .retry_after = 1 });
}

static bool
is_json(const TpCall *call)
{
	return tp_media_type_is(call->content_type, "application/json");
}

TpFormFault
tp_twilio_form(const TpCall *call, TpForm *form)
{
	return is_json(call) ? tp_form_json(call->body, form) : tp_form_parse(call->body, form);
}

void
tp_twilio_take(TpCall *call, TpTwilioTaken taken)
{
	TpBuffer base = { 0 };
	TpForm form = { 0 };
	TpFormFault fault;

	if (*call->edge->settings->twilio_account_sid == '\0')
	{
		tp_call_problem(call, 503, "not_configured",
						"this proxy has no TWILIO_ACCOUNT_SID, without which no message is taken", NULL);
		return;
	}
	/* What it is counted by, should it be refused. */
	call->tenant = TP_TENANT_FIRST;
	fault = tp_twilio_form(call, &form);
	add_base(call, &base);
	tp_buffer_add(&base, "", 1);
	if (fault != TP_FORM_FINE)
		tp_limits_check(call, TP_LIMIT_WEBHOOKS, refuse_form);
	else if (!is_signed(call, (TpSlice){ base.data, base.length - 1 }, &form, is_json(call)))
		tp_limits_check(call, TP_LIMIT_WEBHOOKS, refuse_signature);
	else
		take(call, &form, host_of(&base), taken);
	tp_form_free(&form);
	tp_buffer_free(&base);
}
