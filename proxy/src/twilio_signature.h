/*
 * twilio_signature.h
 *	  X-Twilio-Signature: base 64 of HMAC-SHA-1, by the account's token, of the URL and the
 *	  form's fields.  Pure.
 *
 * Fields are sorted by name, each name followed by its value; a name that is there several
 * times has its different values sorted. A URL with `bodySHA256` in its query stands for its
 * body, and then no field is signed. Sorting is by UTF-16's units, as in Twilio's own libraries.
 */
#ifndef TRADEPOST_PROXY_TWILIO_SIGNATURE_H
#define TRADEPOST_PROXY_TWILIO_SIGNATURE_H

#include "buffer.h"
#include "form.h"

#define TP_TWILIO_SIGNATURE_CHARS 28

/* What is signed, onto the end of out; form NULL: no fields. */
extern void tp_twilio_signed_text(TpSlice url, const TpForm *form, TpBuffer *out);

extern void tp_twilio_sign(TpSlice text, const char *token, char signature[TP_TWILIO_SIGNATURE_CHARS + 1]);

/*
 * base: scheme://host[:port][/prefix]; target: path and query as they came. The URL counts with its port (or the
 * scheme's own) and without. Takes as long for every signature.
 */
extern bool
tp_twilio_signature_fine(TpSlice signature, TpSlice base, TpSlice target, const TpForm *form, const char *token);

/* Whether the query speaks of a body by its hash; fine: of this one. */
extern bool tp_twilio_body_hash(TpSlice query, TpSlice body, bool *fine);

#endif
