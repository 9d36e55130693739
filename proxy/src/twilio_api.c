/*
 * twilio_api.c
 *	  Twilio's Messages API in forms and JSON; see twilio_api.h.
 */
#include "twilio_api.h"

#include <curl/curl.h>
#include <jansson.h>

#define PAGE_SIZE "100"
#define PATH_MOST 4096
#define STATUS_MOST 32

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		   c == '_' || c == '~';
}

static void
add_escaped(TpBuffer *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (is_plain(text[i]))
			tp_buffer_add(out, &text[i], 1);
		else
			tp_buffer_format(out, "%%%02X", (unsigned char) text[i]);
	}
}

static void
add_field(TpBuffer *out, const char *name, const char *prefix, const char *value)
{
	tp_buffer_text(out, name);
	add_escaped(out, prefix, strlen(prefix));
	add_escaped(out, value, strlen(value));
}

void
tp_twilio_message_form(const TpTwilioMessage *message, TpBuffer *out)
{
	add_field(out, "From=", "whatsapp:", message->from);
	add_field(out, "&To=", "whatsapp:", message->to);
	if (message->content == NULL)
		add_field(out, "&Body=", "", message->body);
	else
	{
		TpBuffer variables = { 0 };

		tp_buffer_text(&variables, "{\"1\":");
		tp_buffer_json(&variables, tp_slice(message->body));
		tp_buffer_text(&variables, "}");
		add_field(out, "&ContentSid=", "", message->content);
		tp_buffer_text(out, "&ContentVariables=");
		add_escaped(out, variables.data, variables.length);
		tp_buffer_free(&variables);
	}
	if (message->callback != NULL)
		add_field(out, "&StatusCallback=", "", message->callback);
}

void
tp_twilio_list_path(const char *account, const char *from, const char *to, TpBuffer *out)
{
	/* Not by DateSent: what has not left Twilio yet has none. */
	tp_buffer_format(out, "/2010-04-01/Accounts/%s/Messages.json?PageSize=" PAGE_SIZE, account);
	add_field(out, "&From=", "whatsapp:", from);
	add_field(out, "&To=", "whatsapp:", to);
}

/* Two letters and 32 hexadecimal digits. */
static bool
is_sid(const char *text)
{
	if (text == NULL || strlen(text) != TP_TWILIO_SID_CHARS)
		return false;
	for (int i = 0; i < TP_TWILIO_SID_CHARS; i++)
	{
		char c = text[i];

		if (i < 2 ? c < 'A' || c > 'Z' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

static int
number_of(const json_t *value)
{
	json_int_t number = json_is_integer(value) ? json_integer_value(value) : 0;

	return number > 0 && number < 1000000 ? (int) number : 0;
}

void
tp_twilio_read_answer(TpSlice body, TpTwilioAnswer *answer)
{
	json_t *root = body.length == 0 ? NULL : json_loadb(body.data, body.length, 0, NULL);
	const char *sid = json_string_value(json_object_get(root, "sid"));
	const char *text = json_string_value(json_object_get(root, "message"));

	memset(answer, 0, sizeof(*answer));
	if (is_sid(sid))
		memcpy(answer->sid, sid, TP_TWILIO_SID_CHARS);
	/* A refusal has code, a message that was taken and failed at once error_code. */
	answer->code = number_of(json_object_get(root, "code"));
	if (answer->code == 0)
		answer->code = number_of(json_object_get(root, "error_code"));
	if (text == NULL)
		text = json_string_value(json_object_get(root, "error_message"));
	if (text != NULL)
	{
		size_t length = strnlen(text, sizeof(answer->text) - 1);

		/* Not in the middle of a character. */
		while (text[length] != '\0' && length > 0 && ((unsigned char) text[length] & 0xC0) == 0x80)
			length--;
		memcpy(answer->text, text, length);
	}
	json_decref(root);
}

static const char *
skip_blanks(const char *text)
{
	while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
		text++;
	return text;
}

/* Of two texts whether they are the same but for blanks and line ends, which may have been trimmed; how: begins with. */
static bool
begins_alike(const char *text, const char *body, bool whole)
{
	for (;;)
	{
		text = skip_blanks(text);
		body = skip_blanks(body);
		if (*body == '\0')
			return !whole || *text == '\0';
		if (*text++ != *body++)
			return false;
	}
}

static bool
has_text(const char *text, const char *body, bool template)
{
	if (text == NULL)
		return false;
	if (!template)
		return begins_alike(text, body, true);
	for (; *text != '\0'; text++)
		if (begins_alike(text, body, false))
			return true;
	return false;
}

/* One message of the list; its time, 0: it has none that can be read. */
static int64_t
read_message(const json_t *message, const char *body, bool template, TpBuffer *found)
{
	const char *sid = json_string_value(json_object_get(message, "sid"));
	const char *direction = json_string_value(json_object_get(message, "direction"));
	const char *status = json_string_value(json_object_get(message, "status"));
	const char *created = json_string_value(json_object_get(message, "date_created"));
	int64_t at = created == NULL ? 0 : (int64_t) curl_getdate(created, NULL);
	int code = number_of(json_object_get(message, "error_code"));

	if (at < 0)
		at = 0;
	/* Answers to webhooks are in the list too. */
	if (!is_sid(sid) || at == 0 || status == NULL || strlen(status) > STATUS_MOST ||
		(direction != NULL && strcmp(direction, "outbound-api") != 0) ||
		!has_text(json_string_value(json_object_get(message, "body")), body, template))
		return at;
	tp_buffer_format(found, "{\"sid\":\"%s\",\"status\":", sid);
	tp_buffer_json(found, tp_slice(status));
	if (code > 0)
		tp_buffer_format(found, ",\"code\":%d", code);
	tp_buffer_format(found, ",\"at\":%lld},", (long long) at);
	return at;
}

/* The next page is of the same list, whatever the answer says. */
static bool
is_next_path(const char *next, const char *account)
{
	TpBuffer list = { 0 };
	bool fine;

	tp_buffer_format(&list, "/2010-04-01/Accounts/%s/Messages.json?", account);
	fine = strlen(next) < PATH_MOST && strncmp(next, list.data, list.length) == 0;
	for (const char *c = next; fine && *c != '\0'; c++)
		fine = *c > ' ' && *c < 0x7f && *c != '#';
	tp_buffer_free(&list);
	return fine;
}

TpTwilioPage
tp_twilio_read_page(TpSlice page, const char *account, const char *body, bool template, int64_t since, TpBuffer *found,
					TpBuffer *next)
{
	json_t *root = page.length == 0 ? NULL : json_loadb(page.data, page.length, 0, NULL);
	const json_t *messages = json_object_get(root, "messages");
	const json_t *more = json_object_get(root, "next_page_uri");
	const char *path = json_string_value(more);
	TpTwilioPage answer = TP_TWILIO_ALL;
	int64_t oldest = INT64_MAX;
	const json_t *message;
	size_t i;

	if (!json_is_array(messages) || (more != NULL && !json_is_null(more) && path == NULL))
	{
		json_decref(root);
		return TP_TWILIO_BROKEN;
	}
	json_array_foreach(messages, i, message)
	{
		int64_t at = read_message(message, body, template, found);

		if (at > 0 && at < oldest)
			oldest = at;
	}
	if (path != NULL && *path != '\0' && (json_array_size(messages) == 0 || oldest >= since))
	{
		answer = is_next_path(path, account) ? TP_TWILIO_MORE : TP_TWILIO_BROKEN;
		tp_buffer_text(next, path);
	}
	json_decref(root);
	return answer;
}
