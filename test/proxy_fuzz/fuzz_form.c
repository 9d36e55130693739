/*
 * fuzz_form.c
 *	  libFuzzer: bodies that say they are forms, what Twilio would have signed of them, and
 *	  TwiML of whatever text.  What was written as a form is read as it was, a signature that
 *	  was made is found right in any order of fields, and what leaves is UTF-8.
 */
#include <assert.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "form.h"
#include "json.h"
#include "twilio_signature.h"
#include "twiml.h"
#include "utf8.h"
#include "whatsapp_fields.h"

static void
add_encoded(TpBuffer *out, TpSlice text)
{
	for (size_t i = 0; i < text.length; i++)
		tp_buffer_format(out, "%%%02x", (unsigned char) text.data[i]);
}

static bool
same(TpSlice a, TpSlice b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Written again and read again it is the same; so is its signature, of the fields from behind. */
static void
there_and_back(const TpForm *form)
{
	static const char base[] = "https://example.com";
	TpBuffer text = { 0 };
	TpBuffer signed_text = { 0 };
	char signature[TP_TWILIO_SIGNATURE_CHARS + 1];
	TpForm back;

	for (int i = form->count; i-- > 0;)
	{
		add_encoded(&text, form->fields[i].name);
		tp_buffer_text(&text, "=");
		add_encoded(&text, form->fields[i].value);
		tp_buffer_text(&text, "&");
	}
	assert(tp_form_parse((TpSlice){ text.data, text.length }, &back) == TP_FORM_FINE);
	assert(back.count == form->count);
	for (int i = 0; i < back.count; i++)
	{
		assert(same(back.fields[i].name, form->fields[form->count - 1 - i].name));
		assert(same(back.fields[i].value, form->fields[form->count - 1 - i].value));
	}
	tp_twilio_signed_text(tp_slice("https://example.com/a?b"), form, &signed_text);
	tp_twilio_sign((TpSlice){ signed_text.data, signed_text.length }, "12345", signature);
	assert(tp_twilio_signature_fine(tp_slice(signature), tp_slice(base), tp_slice("/a?b"), &back, "12345"));
	assert(!tp_twilio_signature_fine(tp_slice(signature), tp_slice(base), tp_slice("/a?c"), &back, "12345"));
	tp_form_free(&back);
	tp_buffer_free(&text);
	tp_buffer_free(&signed_text);
}

static void
clean(const TpForm *form)
{
	TpBuffer json = { 0 };
	char phone[20];
	char sid[TP_WHATSAPP_SID + 1] = "";
	char outermost;
	size_t at;

	for (int i = 0; i < form->count; i++)
	{
		tp_buffer_clear(&json);
		tp_form_text(form->fields[i].value, &json);
		assert(tp_utf8_text((TpSlice){ json.data, json.length }));
		(void) tp_whatsapp_phone(form->fields[i].value, phone);
	}
	(void) tp_whatsapp_sid(form, sid);
	tp_buffer_clear(&json);
	tp_whatsapp_arguments(form, 1, "+15550001111", sid, true, &json);
	assert(tp_json_check((TpSlice){ json.data, json.length }, &outermost, &at) == TP_JSON_FINE && outermost == '{');
	tp_buffer_free(&json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TpSlice input = { (const char *) data, size };
	TpBuffer xml = { 0 };
	TpForm form;
	char outermost;
	size_t at;
	bool fine;

	assert(sodium_init() >= 0);
	if (tp_form_parse(input, &form) == TP_FORM_FINE)
	{
		there_and_back(&form);
		clean(&form);
	}
	assert(form.count <= TP_FORM_FIELDS);
	tp_form_free(&form);
	if (tp_json_check(input, &outermost, &at) == TP_JSON_FINE)
	{
		assert(tp_form_json(input, &form) == TP_FORM_FINE);
		clean(&form);
		tp_form_free(&form);
	}
	(void) tp_twilio_body_hash(input, input, &fine);
	assert(!fine);
	(void) tp_twilio_signature_fine(input, input, input, NULL, "12345");
	tp_twiml(input, &xml);
	assert(tp_utf8_text((TpSlice){ xml.data, xml.length }));
	tp_buffer_free(&xml);
	return 0;
}
