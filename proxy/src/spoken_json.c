/*
 * spoken_json.c
 *	  A parse as JSON: what tradepost.parse_command() answers; see parse_command.h.
 *
 * Every key is always there, null where there is nothing to say; numbers are strings.
 */
#include <stdarg.h>
#include <stdio.h>

#include "parse_command.h"
#include "utf8.h"

typedef struct Json
{
	char *text;
	size_t size;
	size_t length; /* of all of it, even if that is more than there is room for */
} Json;

static void
add_byte(Json *json, char c)
{
	if (json->length + 1 < json->size)
		json->text[json->length] = c;
	json->length++;
}

static void
add(Json *json, const char *text)
{
	while (*text != '\0')
		add_byte(json, *text++);
}

/* Bytes that are not UTF-8 are left out: a name may have been cut off in the middle of a letter. */
static void
add_string(Json *json, const char *value)
{
	TpSlice rest = tp_slice(value);

	if (value[0] == '\0')
	{
		add(json, "null");
		return;
	}
	add_byte(json, '"');
	while (rest.length > 0)
	{
		size_t width = tp_utf8_width(rest.data, rest.length);

		if (width == 1 && (*rest.data == '"' || *rest.data == '\\'))
			add_byte(json, '\\');
		if (width == 1 && (unsigned char) *rest.data < ' ')
			add_byte(json, ' ');
		else
			for (size_t i = 0; i < width; i++)
				add_byte(json, rest.data[i]);
		rest.data += width == 0 ? 1 : width;
		rest.length -= width == 0 ? 1 : width;
	}
	add_byte(json, '"');
}

static void
add_member(Json *json, const char *key, const char *value)
{
	add(json, ", \"");
	add(json, key);
	add(json, "\": ");
	add_string(json, value);
}

/* What an order is, its numbers aside. */
static const char *
type_of(const TpSpoken *spoken)
{
	if (spoken->market)
		return "market";
	return spoken->action == TP_SPOKEN_ORDER ? "limit" : "";
}

static const char *
side_of(const TpSpoken *spoken)
{
	return spoken->side == 'b' ? "buy" : spoken->side == 's' ? "sell" : "";
}

static void
add_places(Json *json, const TpSpoken *spoken)
{
	add_member(json, "contract", spoken->contract);
	add_member(json, "asset", spoken->asset);
	add_member(json, "symbol", spoken->symbol);
}

/* The other readings, each as whole as the command itself. */
static void
add_alternatives(Json *json, const TpSpoken *spoken)
{
	add(json, ", \"alternatives\": [");
	for (int i = 0; i < spoken->alternatives; i++)
	{
		add(json, i == 0 ? "{\"action\": " : ", {\"action\": ");
		add_string(json, tp_spoken_actions[spoken->action]);
		add_member(json, "side", side_of(spoken));
		add_member(json, "type", type_of(spoken));
		add_member(json, "quantity", spoken->alternative[i].quantity);
		add_member(json, "price", spoken->alternative[i].price);
		add_places(json, spoken);
		add_member(json, "id", spoken->id);
		add_byte(json, '}');
	}
	add_byte(json, ']');
}

size_t
tp_spoken_json(const TpSpoken *spoken, char *text, size_t size)
{
	Json json = { .text = text, .size = size };
	char confidence[32];
	char question[TP_SPOKEN_QUESTION] = "";

	snprintf(confidence, sizeof(confidence), "%d.%02d", spoken->confidence / 100, spoken->confidence % 100);
	tp_spoken_question(spoken, question, sizeof(question));
	add(&json, "{\"action\": ");
	add_string(&json, tp_spoken_actions[spoken->action]);
	add_member(&json, "lang", tp_language_codes[spoken->language]);
	add_member(&json, "side", side_of(spoken));
	add_member(&json, "type", type_of(spoken));
	add_member(&json, "quantity", spoken->quantity);
	add_member(&json, "price", spoken->price);
	add_places(&json, spoken);
	add_member(&json, "id", spoken->id);
	add_member(&json, "code", spoken->code);
	add(&json, ", \"confidence\": ");
	add(&json, confidence);
	add(&json, spoken->needs_confirmation ? ", \"needs_confirmation\": true" : ", \"needs_confirmation\": false");
	add_alternatives(&json, spoken);
	add_member(&json, "question", question);
	add_byte(&json, '}');
	if (size > 0)
		text[json.length < size ? json.length : size - 1] = '\0';
	return json.length;
}
