/*
 * spoken_asides.c
 *	  What stands in a message beside what it asks for: whom it is said to, who signs it, a year
 *	  apart from its month; see spoken_sentence.h.
 */
#include "spoken_sentence.h"

/* Regards, Tom: a name is no word of the order. */
static void
forget_signature(TpSentence *s)
{
	static const char *const farewells[] = { "regards",      "sincerely",      "cheers",  "saludos", "atentamente",
											 "cordialmente", "atenciosamente", "abracos", "abraco",  "atte" };
	int from = -1;

	for (int i = 0; i < s->count; i++)
		for (size_t n = 0; n < sizeof(farewells) / sizeof(farewells[0]); n++)
			if (s->item[i].kind == TP_ITEM_WORD && strstr(tp_item_word(s, &s->item[i]), farewells[n]) != NULL)
				from = i;
	if (from < 0 || s->count - from > 5)
		return;
	for (int i = from + 1; i < s->count; i++)
		if (s->item[i].kind != TP_ITEM_MARK && (s->item[i].kind != TP_ITEM_WORD || s->item[i].senses != 0))
			return;
	for (int i = from + 1; i < s->count; i++)
		if (s->item[i].kind == TP_ITEM_WORD)
			s->item[i].senses = TP_BIT(TP_SENSE_FILL);
}

/* December wheat 2025: the year belongs to the month. */
static void
join_years(TpSentence *s)
{
	for (int i = 2; i < s->count; i++)
	{
		TpItem *year = &s->item[i];
		TpItem *month = &s->item[i - 2];
		long long value;

		if (month->kind != TP_ITEM_CONTRACT || !month->contract.inferred || s->item[i - 1].kind != TP_ITEM_ASSET ||
			year->kind != TP_ITEM_NUMBER || s->tokens.token[year->token].kind != TP_TOKEN_NUMERAL ||
			strlen(s->tokens.token[year->token].text) != 4 || year->number.units % 100000000 != 0)
			continue;
		value = (long long) (year->number.units / 100000000);
		if (value < s->reference->today.year || value > s->reference->today.year + 5 || year->number.money ||
			tp_item_count(s, TP_ITEM_NUMBER) < 3)
			continue;
		month->contract.year = (int) value;
		month->contract.inferred = false;
		year->kind = TP_ITEM_WORD;
		year->senses = TP_BIT(TP_SENSE_FILL);
	}
}

/* hey mate, buy; ... at 150, amigo: whom it is said to, set off by marks; my mate is told of. */
static void
forget_vocatives(TpSentence *s)
{
	for (int i = 0; i < s->count; i++)
	{
		TpItem *item = &s->item[i];
		const TpItem *before = i > 0 ? item - 1 : NULL;
		bool opens = before == NULL || before->kind != TP_ITEM_WORD ||
					 (tp_item_has(before, TP_SENSE_FILL) &&
					  tp_word_value(tp_item_word(s, before), TP_SENSE_FILL, tp_language_bit(s->language)) == 1);
		bool closes = i + 1 == s->count || s->item[i + 1].kind == TP_ITEM_MARK;

		if (tp_item_has(item, TP_SENSE_NEVER) && opens && closes && item->phrase == NULL &&
			tp_word_value(tp_item_word(s, item), TP_SENSE_NEVER, tp_language_bit(s->language)) == 1)
			item->senses = TP_BIT(TP_SENSE_FILL);
	}
}

void
tp_forget_asides(TpSentence *s)
{
	forget_vocatives(s);
	forget_signature(s);
	join_years(s);
}
