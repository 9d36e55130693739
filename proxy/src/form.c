/*
 * form.c
 *	  The fields of a request's body; see form.h.
 *
 * Called by twilio_request.c.  What is decoded is never longer than what it was, so one
 * piece of memory as long as the body holds it all.
 */
#include "form.h"

#include <stdlib.h>

#include "json_view.h"
#include "utf8.h"

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* To `to`, which moves. False: a broken escape. */
static bool
decode(TpSlice text, char **to)
{
	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if (c == '+')
			c = ' ';
		else if (c == '%')
		{
			int high = i + 2 < text.length ? digit(text.data[i + 1]) : -1;
			int low = i + 2 < text.length ? digit(text.data[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char) (high * 16 + low);
			i += 2;
		}
		*(*to)++ = c;
	}
	return true;
}

/* Up to the separator or the end; text goes on behind it. */
static TpSlice
take(TpSlice *text, char separator)
{
	const char *end = text->length == 0 ? NULL : memchr(text->data, separator, text->length);
	TpSlice part = { text->data, end == NULL ? text->length : (size_t) (end - text->data) };
	size_t used = part.length + (end != NULL);

	*text = (TpSlice){ text->data + used, text->length - used };
	return part;
}

static TpFormField *
add_field(TpForm *form)
{
	if (form->count == TP_FORM_FIELDS)
		return NULL;
	if (form->count % 32 == 0)
		form->fields = tp_realloc(form->fields, (size_t) (form->count + 32) * sizeof(TpFormField));
	return &form->fields[form->count++];
}

TpFormFault
tp_form_parse(TpSlice body, TpForm *form)
{
	char *to;

	*form = (TpForm){ .memory = tp_alloc(body.length + 1) };
	to = form->memory;
	while (body.length > 0)
	{
		TpSlice value = take(&body, '&');
		TpFormField *field;
		TpSlice name;

		if (value.length == 0)
			continue;
		name = take(&value, '=');
		field = add_field(form);
		if (field == NULL)
			return TP_FORM_MANY;
		field->name.data = to;
		if (!decode(name, &to))
			return TP_FORM_ESCAPE;
		field->name.length = (size_t) (to - field->name.data);
		field->value.data = to;
		if (!decode(value, &to))
			return TP_FORM_ESCAPE;
		field->value.length = (size_t) (to - field->value.data);
	}
	return TP_FORM_FINE;
}

static TpSlice
put(TpBuffer *text, char **to)
{
	TpSlice put = { *to, text->length };

	if (text->length > 0)
		memcpy(*to, text->data, text->length);
	*to += text->length;
	tp_buffer_clear(text);
	return put;
}

TpFormFault
tp_form_json(TpSlice object, TpForm *form)
{
	TpJsonCursor cursor = tp_json_open(object);
	TpBuffer text = { 0 };
	TpFormFault fault = TP_FORM_FINE;
	TpSlice name;
	TpSlice value;
	char *to;

	*form = (TpForm){ .memory = tp_alloc(object.length + 1) };
	to = form->memory;
	while (fault == TP_FORM_FINE && tp_json_kind(object) == '{' && tp_json_member(&cursor, &name, &value))
	{
		char kind = tp_json_kind(value);
		TpFormField *field;

		if (kind == '{' || kind == '[' || kind == 'n')
			continue;
		field = add_field(form);
		if (field == NULL)
			fault = TP_FORM_MANY;
		else
		{
			/* with its quotes the name is a string like another */
			(void) tp_json_text((TpSlice){ name.data - 1, name.length + 2 }, &text);
			field->name = put(&text, &to);
			if (kind == '"')
				(void) tp_json_text(value, &text);
			else
				tp_buffer_slice(&text, value);
			field->value = put(&text, &to);
		}
	}
	tp_buffer_free(&text);
	return fault;
}

void
tp_form_free(TpForm *form)
{
	free(form->fields);
	free(form->memory);
	*form = (TpForm){ 0 };
}

TpSlice
tp_form_get(const TpForm *form, const char *name)
{
	for (int i = 0; i < form->count; i++)
		if (tp_slice_is(form->fields[i].name, name))
			return form->fields[i].value;
	return (TpSlice){ NULL, 0 };
}

void
tp_form_text(TpSlice value, TpBuffer *out)
{
	size_t at = 0;

	tp_buffer_reserve(out, value.length);
	while (at < value.length)
	{
		size_t width = value.data[at] == '\0' ? 0 : tp_utf8_width(value.data + at, value.length - at);

		if (width == 0)
		{
			tp_buffer_text(out, "\xEF\xBF\xBD");
			at++;
			continue;
		}
		tp_buffer_add(out, value.data + at, width);
		at += width;
	}
}
