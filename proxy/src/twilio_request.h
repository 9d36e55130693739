/*
 * twilio_request.h
 *	  What Twilio sends: believed once its signature is found right.
 *
 * For the handlers of webhooks/twilio/...: their routes take forms (TpRoute.form), and have no
 * limit of their own, for Twilio's few addresses bring everybody's messages. Whose signature
 * is wrong is counted by its address, class webhooks.
 */
#ifndef TRADEPOST_PROXY_TWILIO_REQUEST_H
#define TRADEPOST_PROXY_TWILIO_REQUEST_H

#include "call.h"
#include "form.h"

/* form: Twilio's, of our account; gone after the return. call->tenant is set, by the host of the signed URL. */
typedef void (*TpTwilioTaken)(TpCall *call, const TpForm *form);

/*
 * Calls `taken` before it returns; or answers: 503 not_configured, 400 form_malformed, 403 signature_missing,
 * signature_wrong, account_mismatch or address_blocked, 429 rate_limited.
 */
extern void tp_twilio_take(TpCall *call, TpTwilioTaken taken);

/* The form once more, for who goes on later; tp_form_free() is the caller's. */
extern TpFormFault tp_twilio_form(const TpCall *call, TpForm *form);

#endif
