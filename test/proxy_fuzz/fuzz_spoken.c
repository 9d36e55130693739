/*
 * fuzz_spoken.c
 *	  libFuzzer: messages of any bytes.  Whatever is answered is whole: numbers are decimals, an
 *	  order has every part, the JSON parses; an order in its canonical words is the same order.
 */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "parse_command.h"

static const TpSlice assets[] = {
	{ "Wheat", 5 }, { "Gold", 4 }, { "Oil", 3 }, { "Crude Oil \xC3\xA9", 12 }, { "EURUSD", 6 }
};
static const TpSpokenLast lasts[] = { { { "Dec25-Wheat", 11 }, { "150", 3 } }, { { "EURUSD", 6 }, { "1.185", 5 } } };
static const TpSlice spots[] = { { "EURUSD", 6 } };
static const TpSpokenReference reference = { .assets = assets,
											 .n_assets = sizeof(assets) / sizeof(assets[0]),
											 .last = lasts,
											 .n_last = sizeof(lasts) / sizeof(lasts[0]),
											 .spot = spots,
											 .n_spot = 1,
											 .today = { 2025, 11, 3 } };

/* Above zero, without a sign, an exponent or zeros that say nothing. */
static bool
is_decimal(const char *text)
{
	const char *point = strchr(text, '.');
	size_t whole = strspn(text, "0123456789");

	if (whole == 0 || (text[0] == '0' && whole > 1) || strspn(text, "0.") == strlen(text))
		return false;
	if (point == NULL)
		return text[whole] == '\0';
	return point == text + whole && point[1] != '\0' && strlen(point + 1) <= 8 &&
		   strspn(point + 1, "0123456789") == strlen(point + 1) && point[strlen(point) - 1] != '0';
}

static bool
is_none_or_decimal(const char *text)
{
	return text[0] == '\0' || is_decimal(text);
}

static void
check_order(const TpSpoken *spoken)
{
	char canonical[300];
	TpSpoken again;

	assert(spoken->side == 'b' || spoken->side == 's');
	assert(is_decimal(spoken->quantity) && spoken->asset[0] != '\0' && spoken->symbol[0] != '\0');
	assert(spoken->market ? spoken->price[0] == '\0' && spoken->needs_confirmation : is_decimal(spoken->price));
	snprintf(canonical, sizeof(canonical), "%s %s %s %s at %s%s", spoken->side == 'b' ? "Buy" : "Sell",
			 spoken->quantity, spoken->contract, spoken->asset, spoken->market ? "market" : "$",
			 spoken->market ? "" : spoken->price);
	tp_parse_command(tp_slice(canonical), TP_ENGLISH, &reference, &again);
	assert(again.action == TP_SPOKEN_ORDER && again.side == spoken->side && again.market == spoken->market);
	assert(strcmp(again.quantity, spoken->quantity) == 0 && strcmp(again.price, spoken->price) == 0);
	assert(strcmp(again.symbol, spoken->symbol) == 0);
}

static void
check(const TpSpoken *spoken)
{
	char text[TP_SPOKEN_JSON];
	json_t *json;

	assert(spoken->action < TP_SPOKEN_ACTIONS && spoken->confidence >= 0 && spoken->confidence <= 100);
	assert(is_none_or_decimal(spoken->quantity) && is_none_or_decimal(spoken->price));
	assert(spoken->alternatives >= 0 && spoken->alternatives <= 2);
	for (int i = 0; i < spoken->alternatives; i++)
		assert(is_decimal(spoken->alternative[i].quantity) && is_none_or_decimal(spoken->alternative[i].price));
	assert((spoken->fault != TP_FAULT_NONE) ==
		   (spoken->action == TP_SPOKEN_CLARIFY || spoken->action == TP_SPOKEN_ERROR));
	assert(spoken->alternatives == 0 || spoken->needs_confirmation);
	if (spoken->action == TP_SPOKEN_ORDER)
		check_order(spoken);
	if (spoken->action == TP_SPOKEN_CANCEL)
		assert(is_decimal(spoken->id));
	if (spoken->action == TP_SPOKEN_CANCEL_ALL)
		assert(spoken->needs_confirmation);
	if (spoken->action == TP_SPOKEN_AMEND)
		assert(is_decimal(spoken->id) && (spoken->quantity[0] != '\0' || spoken->price[0] != '\0'));
	assert(tp_spoken_json(spoken, text, sizeof(text)) < sizeof(text));
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert(json_is_object(json) && json_object_size(json) == 15);
	json_decref(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	TpSpoken spoken;

	memcpy(text, data, size);
	for (TpLanguage language = TP_LANGUAGE_NONE; language <= TP_PORTUGUESE; language++)
	{
		tp_parse_command((TpSlice){ text, size }, language, &reference, &spoken);
		check(&spoken);
	}
	free(text);
	return 0;
}
