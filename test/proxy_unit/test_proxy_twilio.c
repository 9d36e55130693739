/*
 * test_proxy_twilio.c
 *	  What Twilio sends and gets: forms, its signature by vectors that its own library makes,
 *	  the fields of a message, TwiML.
 */
#include <sodium.h>
#include <stdlib.h>

#include "json_view.h"
#include "tap.h"
#include "twilio_signature.h"
#include "twiml.h"
#include "whatsapp_fields.h"

/* As published with the description of the algorithm. */
#define TOKEN "12345"
#define BASE "https://mycompany.com"
#define TARGET "/myapp.php?foo=1&bar=2"
#define FIELDS "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
#define SIGNATURE "RSOYDt4T1cUTdK1PDd93/VVr8B8="
#define BODY "{\"property\": \"value\", \"boolean\": true}"
#define BODY_SHA256 "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

static bool
is(TpSlice given, const char *expected)
{
	return given.data != NULL && tp_slice_is(given, expected);
}

static void
decodes(TpTap *tap, const char *body, const char *name, const char *expected)
{
	TpForm form;
	bool fine = tp_form_parse(tp_slice(body), &form) == TP_FORM_FINE;
	TpSlice value = tp_form_get(&form, name);

	if (!tradepost_tap_ok(tap, fine && (expected == NULL ? value.data == NULL : is(value, expected)), body))
		printf("# got %.*s\n", (int) value.length, value.data == NULL ? "" : value.data);
	tp_form_free(&form);
}

static void
forms(TpTap *tap)
{
	TpForm form;
	TpBuffer many = { 0 };
	TpBuffer clean = { 0 };
	TpSlice value;

	decodes(tap, "a=1&b=2", "b", "2");
	decodes(tap, "a=1&b=2", "c", NULL);
	decodes(tap, "a=%20+x+%20", "a", "  x  ");
	decodes(tap, "a=%2B1%2b", "a", "+1+");
	decodes(tap, "a+b=c=d", "a b", "c=d");
	decodes(tap, "&&a=&&", "a", "");
	decodes(tap, "a", "a", "");
	decodes(tap, "a=1&a=2", "a", "1");
	decodes(tap, "=x", "", "x");
	decodes(tap, "a=\xC3\xA9%C3%A9", "a", "\xC3\xA9\xC3\xA9");
	decodes(tap, "", "a", NULL);
	for (const char **bad = (const char *[]){ "a=%", "a=%2", "a=%zz", "%0g=1", "a=1&b=%f", NULL }; *bad != NULL; bad++)
	{
		tradepost_tap_ok(tap, tp_form_parse(tp_slice(*bad), &form) == TP_FORM_ESCAPE, *bad);
		tp_form_free(&form);
	}
	for (int i = 0; i < TP_FORM_FIELDS; i++)
		tp_buffer_format(&many, "n%d=%d&", i, i);
	tradepost_tap_ok(tap,
					 tp_form_parse((TpSlice){ many.data, many.length }, &form) == TP_FORM_FINE &&
						 form.count == TP_FORM_FIELDS && is(tp_form_get(&form, "n255"), "255"),
					 "256 fields are taken");
	tp_form_free(&form);
	tp_buffer_text(&many, "one=more");
	tradepost_tap_ok(tap, tp_form_parse((TpSlice){ many.data, many.length }, &form) == TP_FORM_MANY, "257 are not");
	tp_form_free(&form);
	(void) tp_form_parse(tp_slice("a=x%00%ff%ed%a0%80y"), &form);
	value = tp_form_get(&form, "a");
	tradepost_tap_ok(tap, value.length == 7 && memcmp(value.data, "x\0\xFF\xED\xA0\x80y", 7) == 0,
					 "a form keeps what is no text, for a signature is over it");
	tp_form_text(value, &clean);
	tradepost_tap_ok(tap,
					 tp_slice_is((TpSlice){ clean.data, clean.length },
								 "x\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDy"),
					 "the database gets U+FFFD in its place");
	tp_form_free(&form);
	tradepost_tap_ok(
		tap,
		tp_form_json(tp_slice(" {\"a\\u0062\": \"x\\ny\", \"n\": 12, \"t\": true, \"o\": {\"a\": 1}, \"z\": null}"),
					 &form) == TP_FORM_FINE &&
			form.count == 3 && is(tp_form_get(&form, "ab"), "x\ny") && is(tp_form_get(&form, "n"), "12") &&
			is(tp_form_get(&form, "t"), "true"),
		"an object of JSON has fields too");
	tp_form_free(&form);
	tp_buffer_free(&many);
	tp_buffer_free(&clean);
}

static bool
fine(const char *signature, const char *base, const char *target, const char *fields)
{
	TpForm form = { 0 };
	bool right;

	if (fields != NULL)
		(void) tp_form_parse(tp_slice(fields), &form);
	right = tp_twilio_signature_fine(tp_slice(signature), tp_slice(base), tp_slice(target),
									 fields == NULL ? NULL : &form, TOKEN);
	tp_form_free(&form);
	return right;
}

static void
signatures(TpTap *tap)
{
	static const struct
	{
		const char *what;
		const char *base;
		const char *target;
		const char *fields;
		const char *signature;
	} right[] = {
		{ "as published", BASE, TARGET, FIELDS, SIGNATURE },
		{ "fields in another order", BASE, TARGET,
		  "To=%2B18005551212&From=%2B14158675309&Digits=1234&CallSid=CA1234567890ABCDE&Caller=%2B14158675309",
		  SIGNATURE },
		{ "a field said twice", BASE, TARGET, FIELDS "&Digits=1234", SIGNATURE },
		{ "signed without the port that we are asked at", BASE ":8443", TARGET, FIELDS, SIGNATURE },
		{ "signed with it", BASE ":8443", TARGET, FIELDS, "ZOaJEsozlsUyzk5k5fpaCxTxXDA=" },
		{ "signed with the scheme's own port", BASE, TARGET, FIELDS, "kvajT1Ptam85bY51eRf/AJRuM3w=" },
		{ "which is given", BASE ":443", TARGET, FIELDS, "kvajT1Ptam85bY51eRf/AJRuM3w=" },
		{ "which is given, and signed without", BASE ":443", TARGET, FIELDS, SIGNATURE },
		{ "http's own port", "http://mycompany.com", "/a", FIELDS, "DPLGQKhoe5+2gN+b5AZPknIDB8k=" },
		{ "http without", "http://mycompany.com:80", "/a", FIELDS, "0bklnzQsSzjULT0m9Cogo3VMNf0=" },
		{ "a prefix of PUBLIC_URL", BASE "/myapp.php", "?foo=1&bar=2", FIELDS, SIGNATURE },
		{ "a name with several values, sorted, each once", BASE, TARGET,
		  FIELDS "&MediaUrl=b&MediaUrl=a&MediaUrl=&MediaUrl=b", "AW9jxi7DE+qGvXcEQV9Dq3IzrGw=" },
		{ "an empty value", BASE, TARGET, FIELDS "&Body=", "6oT2GOm5KeUqfXDwvhq5UcH5LF0=" },
		{ "not of ASCII", BASE, TARGET, FIELDS "&Body=%C2%A1S%C3%AD!+%E4%BB%B7%E6%A0%BC+%F0%9F%8C%BE+%2B+%25",
		  "GPvM6O9MaitjKTHePJKDQw55ong=" },
		{ "sorted as UTF-16 is", BASE, TARGET, "%EF%BC%A1=2&%F0%9F%8C%BE=1&a=%EF%BF%BD&a=%F0%90%80%80&%EE%80%80=3",
		  "ylUGhy1qfQfU6teRxy5WqJ5tyzQ=" },
		{ "no fields", BASE, TARGET, "", "zYQTYrRWXE7LtzbG4PfP7/bkkGo=" },
		{ "a body's hash", BASE, TARGET "&bodySHA256=" BODY_SHA256, NULL, "a9nBmqA0ju/hNViExpshrM61xv4=" },
	};
	static const struct
	{
		const char *what;
		const char *base;
		const char *target;
		const char *fields;
	} wrong[] = {
		{ "another host", "https://mycompany.org", TARGET, FIELDS },
		{ "another scheme", "http://mycompany.com", TARGET, FIELDS },
		{ "another path", BASE, "/myapp.phq?foo=1&bar=2", FIELDS },
		{ "another query", BASE, "/myapp.php?bar=2&foo=1", FIELDS },
		{ "no query", BASE, "/myapp.php", FIELDS },
		{ "one field more", BASE, TARGET, FIELDS "&x=" },
		{ "one field less", BASE, TARGET,
		  "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309" },
		{ "a blank behind a value", BASE, TARGET, FIELDS "+" },
		{ "a plus that was none", BASE, TARGET,
		  "CallSid=CA1234567890ABCDE&Caller=+14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212" },
		{ "another value", BASE, TARGET,
		  "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1235&From=%2B14158675309&To=%2B18005551212" },
		{ "no fields", BASE, TARGET, NULL },
	};

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		tradepost_tap_ok(tap, fine(right[i].signature, right[i].base, right[i].target, right[i].fields), right[i].what);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		tradepost_tap_ok(tap, !fine(SIGNATURE, wrong[i].base, wrong[i].target, wrong[i].fields), wrong[i].what);
	tradepost_tap_ok(tap, !fine("", BASE, TARGET, FIELDS) && !fine(SIGNATURE "=", BASE, TARGET, FIELDS),
					 "no signature");
	tradepost_tap_ok(tap, !fine("RSOYDt4T1cUTdK1PDd93/VVr8B9=", BASE, TARGET, FIELDS), "one bit of it");
}

static void
hashes(TpTap *tap)
{
	static const char query[] = "a=b&bodySHA256=" BODY_SHA256;
	bool right;

	tradepost_tap_ok(tap, tp_twilio_body_hash(tp_slice(query), tp_slice(BODY), &right) && right, "a body by its hash");
	tradepost_tap_ok(tap, tp_twilio_body_hash(tp_slice(query), tp_slice(BODY " "), &right) && !right, "not another");
	tradepost_tap_ok(tap, tp_twilio_body_hash(tp_slice("bodySHA256="), tp_slice(""), &right) && !right,
					 "an empty hash");
	tradepost_tap_ok(tap, tp_twilio_body_hash(tp_slice("bodySHA256=0a1f"), tp_slice(BODY), &right) && !right,
					 "a short one");
	tradepost_tap_ok(tap, !tp_twilio_body_hash(tp_slice("a=b"), tp_slice(BODY), &right) && !right, "none");
}

/* What the database is told: one member of it. */
static void
tells(TpTap *tap, const char *fields, const char *name, const char *expected, const char *what)
{
	TpForm form;
	TpBuffer json = { 0 };
	TpSlice value = { NULL, 0 };

	(void) tp_form_parse(tp_slice(fields), &form);
	tp_whatsapp_arguments(&form, 7, "+15550001111", "SM1", false, &json);
	if (!tradepost_tap_ok(tap, tp_json_find((TpSlice){ json.data, json.length }, name, &value) && is(value, expected),
						  what))
		printf("# got %.*s\n", (int) json.length, json.data);
	tp_form_free(&form);
	tp_buffer_free(&json);
}

static void
messages(TpTap *tap)
{
	char phone[20] = "";
	char sid[TP_WHATSAPP_SID + 1];
	TpBuffer text = { 0 };
	TpForm form;

	tradepost_tap_ok(tap,
					 tp_whatsapp_phone(tp_slice("whatsapp:+14155238886"), phone) && strcmp(phone, "+14155238886") == 0,
					 "a phone");
	for (const char **bad =
			 (const char *[]){ "", "+14155238886", "whatsapp:14155238886", "whatsapp:+", "whatsapp:+141552",
							   "whatsapp:+04155238886", "whatsapp:+1415523888612345", "whatsapp:+1415523888a",
							   "whatsapp: 14155238886", "whatsapp:+14155238886 ", "WhatsApp:+14155238886", NULL };
		 *bad != NULL; bad++)
		tradepost_tap_ok(tap, !tp_whatsapp_phone(tp_slice(*bad), phone), **bad == '\0' ? "(empty)" : *bad);
	(void) tp_form_parse(tp_slice("MessageSid=SM%2f1"), &form);
	tradepost_tap_ok(tap, !tp_whatsapp_sid(&form, sid), "an id has letters and digits");
	tp_form_free(&form);
	(void) tp_form_parse(tp_slice("a=1"), &form);
	tradepost_tap_ok(tap, !tp_whatsapp_sid(&form, sid), "there must be one");
	tp_form_free(&form);
	tells(tap, "Body=+buy+%26+%22sell%22+", "body", "\" buy & \\\"sell\\\" \"", "a body is not trimmed");
	tells(tap, "Body=x%00%ff", "body", "\"x\xEF\xBF\xBD\xEF\xBF\xBD\"", "what is no text is replaced");
	tells(tap, "Body=x", "kind", "\"text\"", "a text");
	tells(tap, "Body=", "kind", "\"other\"", "nothing written");
	tells(tap, "Body=Yes&ButtonPayload=YES+4821&ButtonText=Yes", "body", "\"YES 4821\"", "a button's payload");
	tells(tap, "Body=x&ButtonText=Yes", "body", "\"Yes\"", "or its text");
	tells(tap, "Body=Yes&ButtonPayload=YES+4821", "kind", "\"button\"", "is of kind button");
	tells(tap, "Body=&NumMedia=1&MediaContentType0=audio/ogg&MediaUrl0=https://x/", "kind", "\"voice\"",
		  "a voice note");
	tells(tap, "Body=&NumMedia=1&MediaContentType0=audio/ogg&MediaUrl0=https://x/", "mediaUrl", "\"https://x/\"",
		  "and where it is");
	tells(tap, "Body=buy&NumMedia=1&MediaContentType0=image/png", "kind", "\"other\"", "a picture trades nothing");
	tells(tap, "Body=buy&NumMedia=0&MediaContentType0=audio/ogg", "kind", "\"text\"", "no media");
	tells(tap, "Body=x", "mediaUrl", "null", "what is not there is null");
	tells(tap, "Body=x", "tenant", "7", "the tenant");
	tells(tap, "MessageSid=SM1", "messageSid", "\"SM1\"", "the id");
	tp_buffer_text(&text, "Body=");
	for (int i = 0; i < TP_WHATSAPP_BODY; i++)
		tp_buffer_text(&text, "\xC3\xA9");
	tp_buffer_add(&text, "", 1);
	tells(tap, text.data, "kind", "\"text\"", "4096 characters");
	text.length--;
	tp_buffer_text(&text, "x");
	tp_buffer_add(&text, "", 1);
	tells(tap, text.data, "kind", "\"other\"", "one more, and it is no command");
	tp_buffer_free(&text);
}

static void
says(TpTap *tap, TpSlice text, const char *expected, const char *what)
{
	TpBuffer xml = { 0 };

	tp_twiml(text, &xml);
	tp_buffer_add(&xml, "", 1);
	if (!tradepost_tap_ok(tap, strcmp(xml.data + strlen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), expected) == 0,
						  what))
		printf("# got %s\n", xml.data);
	tp_buffer_free(&xml);
}

/* The n-th message, as it stands there; "" if there are fewer. */
static TpSlice
message_of(const TpBuffer *xml, int n)
{
	static const char begin[] = "<Message>";
	const char *at = xml->data;

	for (; at != NULL && n >= 0; n--)
		at = strstr(at == xml->data ? at : at + 1, begin);
	if (at == NULL)
		return tp_slice("");
	at += strlen(begin);
	return (TpSlice){ at, (size_t) (strstr(at, "</Message>") - at) };
}

static void
long_texts(TpTap *tap)
{
	TpBuffer text = { 0 };
	TpBuffer xml = { 0 };
	TpSlice first;
	TpSlice second;

	for (int i = 0; i < TP_TWIML_MESSAGE / 2; i++)
		tp_buffer_text(&text, "\xF0\x9F\x8C\xBE");
	tp_twiml((TpSlice){ text.data, text.length }, &xml);
	tp_buffer_add(&xml, "", 1);
	tradepost_tap_ok(tap, message_of(&xml, 0).length == text.length && message_of(&xml, 1).length == 0,
					 "1600 units of UTF-16 are one message");
	tp_buffer_clear(&xml);
	tp_buffer_text(&text, "x");
	tp_twiml((TpSlice){ text.data, text.length }, &xml);
	tp_buffer_add(&xml, "", 1);
	tradepost_tap_ok(tap,
					 message_of(&xml, 0).length % 4 == 0 && message_of(&xml, 0).length / 2 <= TP_TWIML_MESSAGE &&
						 message_of(&xml, 0).length + message_of(&xml, 1).length == text.length,
					 "one more is two, parted between characters");
	tp_buffer_clear(&xml);
	tp_buffer_clear(&text);
	for (int i = 0; i < 200; i++)
		tp_buffer_format(&text, "%sline %03d of it\n", i == 20 ? "```\n" : i == 190 ? "```" : "", i);
	tp_twiml((TpSlice){ text.data, text.length }, &xml);
	tp_buffer_add(&xml, "", 1);
	first = message_of(&xml, 0);
	second = message_of(&xml, 1);
	tradepost_tap_ok(tap,
					 first.length <= TP_TWIML_MESSAGE && second.length <= TP_TWIML_MESSAGE &&
						 memcmp(first.data + first.length - 4, "\n```", 4) == 0 &&
						 memcmp(second.data, "```\nline ", 9) == 0,
					 "a long text is parted at a line's end; its monospaced block is closed and opened again");
	tradepost_tap_ok(tap, message_of(&xml, 2).length == 0 && second.data[second.length - 1] == '\n', "nothing is lost");
	tp_buffer_free(&text);
	tp_buffer_free(&xml);
}

static void
twiml(TpTap *tap)
{
	says(tap, (TpSlice){ NULL, 0 }, "<Response/>", "nothing to say");
	says(tap, tp_slice(""), "<Response/>", "the same");
	says(tap, tp_slice("Hola"), "<Response><Message>Hola</Message></Response>", "a message");
	says(tap, tp_slice("a<b>&\"'</Message>"),
		 "<Response><Message>a&lt;b&gt;&amp;\"'&lt;/Message&gt;</Message></Response>",
		 "what XML would take for its own");
	says(tap, tp_slice("a\tb\nc\rd"), "<Response><Message>a\tb\nc&#13;d</Message></Response>", "ends of lines");
	says(tap, (TpSlice){ "a\0b\x01\x1F\x7F", 6 },
		 "<Response><Message>a\xEF\xBF\xBD"
		 "b\xEF\xBF\xBD\xEF\xBF\xBD\x7F</Message></Response>",
		 "what XML cannot hold");
	says(tap, tp_slice("\xFF\xED\xA0\x80\xEF\xBF\xBF\xC3\xA9"),
		 "<Response><Message>\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9</Message></Response>",
		 "what is not UTF-8, or no character");
	long_texts(tap);
}

int
main(void)
{
	TpTap tap = { 0 };

	if (sodium_init() < 0)
		return 1;
	forms(&tap);
	signatures(&tap);
	hashes(&tap);
	messages(&tap);
	twiml(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
