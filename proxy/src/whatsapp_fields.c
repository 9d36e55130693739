/*
 * whatsapp_fields.c
 *	  From the fields of Twilio's message to what the database is told of it; see
 *	  whatsapp_fields.h.
 *
 * Called by whatsapp_webhook.c.  Fields are given as they are, never trimmed; what
 * PostgreSQL's text cannot hold becomes U+FFFD.
 */
#include "whatsapp_fields.h"

#include <strings.h>

#include "utf8.h"

#define PREFIX "whatsapp:"
#define DIGITS_LEAST 7
#define DIGITS_MOST 15 /* E.164 */

bool
tp_whatsapp_phone(TpSlice from, char phone[20])
{
	size_t prefix = strlen(PREFIX);
	size_t digits;

	if (from.length < prefix + 1 + DIGITS_LEAST || from.length > prefix + 1 + DIGITS_MOST ||
		memcmp(from.data, PREFIX "+", prefix + 1) != 0)
		return false;
	digits = from.length - prefix - 1;
	for (size_t i = 0; i < digits; i++)
	{
		char c = from.data[prefix + 1 + i];

		if (c < (i == 0 ? '1' : '0') || c > '9')
			return false;
	}
	memcpy(phone, from.data + prefix, 1 + digits);
	phone[1 + digits] = '\0';
	return true;
}

bool
tp_whatsapp_sid(const TpForm *form, char sid[TP_WHATSAPP_SID + 1])
{
	TpSlice given = tp_form_get(form, "MessageSid");

	if (given.length == 0)
		given = tp_form_get(form, "SmsMessageSid");
	if (given.length == 0 || given.length > TP_WHATSAPP_SID)
		return false;
	for (size_t i = 0; i < given.length; i++)
	{
		char c = given.data[i];

		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')))
			return false;
	}
	memcpy(sid, given.data, given.length);
	sid[given.length] = '\0';
	return true;
}

static void
add_text(TpBuffer *json, const char *name, TpSlice value)
{
	TpBuffer text = { 0 };

	tp_form_text(value, &text);
	tp_buffer_format(json, ",\"%s\":", name);
	tp_buffer_json(json, value.data == NULL ? value : (TpSlice){ text.data == NULL ? "" : text.data, text.length });
	tp_buffer_free(&text);
}

/* Bytes of the first `most` characters. */
static size_t
cut(TpSlice text, int most)
{
	size_t at = 0;

	while (at < text.length && most-- > 0)
	{
		size_t width = tp_utf8_width(text.data + at, text.length - at);

		at += width == 0 ? 1 : width;
	}
	return at;
}

static bool
begins(TpSlice text, const char *word)
{
	return text.length >= strlen(word) && strncasecmp(text.data, word, strlen(word)) == 0;
}

/* "0", "" and no such field: none. */
static int
media_count(const TpForm *form)
{
	TpSlice count = tp_form_get(form, "NumMedia");
	int number = 0;

	for (size_t i = 0; i < count.length && i < 3; i++)
	{
		if (count.data[i] < '0' || count.data[i] > '9')
			return 0;
		number = number * 10 + (count.data[i] - '0');
	}
	return number;
}

void
tp_whatsapp_arguments(const TpForm *form, int64_t tenant, const char *phone, const char *sid, bool hears,
					  TpBuffer *json)
{
	TpSlice media_type = tp_form_get(form, "MediaContentType0");
	TpSlice body = tp_form_get(form, "Body");
	TpSlice button = tp_form_get(form, "ButtonPayload");
	int media = media_count(form);
	const char *kind = "text";
	size_t length;

	if (button.length == 0)
		button = tp_form_get(form, "ButtonText");
	if (media > 0)
		kind = begins(media_type, "audio/") ? "voice" : "other";
	else if (button.length > 0)
	{
		kind = "button";
		body = button;
	}
	else if (body.length == 0)
		kind = "other";
	length = cut(body, TP_WHATSAPP_BODY);
	if (length < body.length)
		kind = "other";
	tp_buffer_text(json, "{\"tenant\":");
	tp_buffer_integer(json, tenant);
	add_text(json, "accountSid", tp_form_get(form, "AccountSid"));
	tp_buffer_format(json, ",\"messageSid\":\"%s\",\"phone\":\"%s\",\"kind\":\"%s\",\"mediaCount\":%d,\"voice\":%s",
					 sid, phone, kind, media, hears ? "true" : "false");
	add_text(json, "body", (TpSlice){ body.data == NULL ? "" : body.data, length });
	add_text(json, "mediaUrl", tp_form_get(form, "MediaUrl0"));
	add_text(json, "mediaType", media_type);
	add_text(json, "profileName", tp_form_get(form, "ProfileName"));
	tp_buffer_add(json, "}", 1);
}
