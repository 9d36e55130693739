/*
 * spoken_change.c
 *	  Cancelling and amending orders; see spoken_sentence.h.
 */
#include "spoken_sentence.h"

#include <stdio.h>

/* Commands about orders --------------------------------------------------------- */

static bool
set_id(TpSentence *s, const TpItem *item)
{
	if (item->number.unreadable || item->number.negative || item->number.units % 100000000 != 0 ||
		item->number.overflow || item->number.units == 0)
	{
		tp_spoken_fail(s->out, TP_FAULT_ID, item->number.text);
		return false;
	}
	return tp_spoken_decimal(item->number.units, s->out->id, sizeof(s->out->id));
}

/* Everything in it has been understood, and nothing says something else. */
static bool
understood(TpSentence *s)
{
	static const unsigned long long may_stand = TP_SIDES | TP_BIT(TP_SENSE_FILL) | TP_BIT(TP_SENSE_WANT) |
												TP_BIT(TP_SENSE_PRICE) | TP_BIT(TP_SENSE_QUANTITY) |
												TP_BIT(TP_SENSE_UNIT) | TP_BIT(TP_SENSE_CURRENCY) |
												TP_BIT(TP_SENSE_ORDER) | TP_BIT(TP_SENSE_ORDERS) | TP_BIT(TP_SENSE_TO) |
												TP_BIT(TP_SENSE_AND) | TP_BIT(TP_SENSE_YES) | TP_BIT(TP_SENSE_ARTICLE) |
												TP_BIT(TP_SENSE_CANCEL) | TP_BIT(TP_SENSE_AMEND) |
												TP_BIT(TP_SENSE_ALL) | TP_BIT(TP_SENSE_SHOW);

	for (int i = 0; i < s->count; i++)
	{
		if (s->item[i].kind == TP_ITEM_WORD && !tp_item_has_any(&s->item[i], may_stand))
		{
			tp_spoken_fail(s->out, TP_FAULT_WORDS, tp_item_word(s, &s->item[i]));
			return false;
		}
	}
	return true;
}

void
tp_read_cancel(TpSentence *s)
{
	TpSpoken *out = s->out;
	int numbers = tp_item_count(s, TP_ITEM_NUMBER);
	int places = tp_item_count(s, TP_ITEM_ASSET) + tp_item_count(s, TP_ITEM_CONTRACT);
	int sides = tp_count_sides(s, &(int){ 0 });

	if (!understood(s))
		return;
	/* all but 123, all buy orders, 100 Dec25 wheat: no id, and not all */
	if ((tp_sense_at(s, TP_SENSE_ALL) >= 0 && (numbers > 0 || sides > 0)) ||
		(numbers == 1 && places > 0 && tp_sense_at(s, TP_SENSE_ORDER) < 0 && tp_sense_at(s, TP_SENSE_ORDERS) < 0))
		tp_spoken_fail(out, TP_FAULT_ID, NULL);
	else if (tp_sense_at(s, TP_SENSE_ALL) >= 0 && numbers == 0)
	{
		if (!tp_set_places(s))
			return;
		out->action = TP_SPOKEN_CANCEL_ALL;
		out->needs_confirmation = true;
		out->confidence = 100;
	}
	else if (numbers != 1)
		tp_spoken_fail(out, numbers == 0 ? TP_FAULT_ID : TP_FAULT_TWO_ORDERS, NULL);
	else if (set_id(s, tp_first_number(s)))
	{
		out->action = TP_SPOKEN_CANCEL;
		out->confidence = 100 - 10 * s->typos;
	}
}

static bool
reduces(const TpSentence *s)
{
	for (int i = 0; i < s->count; i++)
		if (tp_item_has(&s->item[i], TP_SENSE_AMEND) && strncmp(tp_item_word(s, &s->item[i]), "redu", 4) == 0)
			return true;
	return false;
}

void
tp_read_amend(TpSentence *s)
{
	TpSpoken *out = s->out;
	const TpItem *quantity;
	const TpItem *price;
	TpItem *id = NULL;
	bool bare;

	for (int i = 0; i < s->count && id == NULL; i++)
		if (s->item[i].kind == TP_ITEM_NUMBER)
			id = &s->item[i];
	if (id == NULL)
	{
		tp_spoken_fail(out, TP_FAULT_ID, NULL);
		return;
	}
	if (!understood(s))
		return;
	if (tp_item_count(s, TP_ITEM_ASSET) + tp_item_count(s, TP_ITEM_CONTRACT) > 0 && tp_sense_at(s, TP_SENSE_ORDER) < 0)
	{
		tp_spoken_fail(out, TP_FAULT_ID, NULL);
		return;
	}
	tp_mark_numbers(s);
	if (id->strongly || !set_id(s, id))
	{
		tp_spoken_fail(out, TP_FAULT_ID, id->number.text);
		return;
	}
	id->used = true;
	id->priced = id->counted = false;
	/* price to 149, to a price of 149 */
	for (int i = 1; i < s->count; i++)
		if (s->item[i].kind == TP_ITEM_NUMBER && !s->item[i].used && tp_item_has(&s->item[i - 1], TP_SENSE_TO) &&
			i > 1 && !s->item[i].priced && !s->item[i].counted)
		{
			for (int n = i - 2; n >= 0 && s->item[n].kind == TP_ITEM_WORD; n--)
			{
				s->item[i].priced |= tp_item_has(&s->item[n], TP_SENSE_PRICE) && !tp_item_has(&s->item[n], TP_SENSE_TO);
				s->item[i].counted |= tp_item_has(&s->item[n], TP_SENSE_QUANTITY);
			}
		}
	/* Spanish "a" is to and at: what it marks is a price only beside another number or a word for prices. */
	if (tp_item_count(s, TP_ITEM_NUMBER) == 1)
	{
		TpItem *only_one = NULL;
		bool named = false;
		bool counted = false;

		for (int i = 0; i < s->count; i++)
		{
			if (s->item[i].kind == TP_ITEM_NUMBER && !s->item[i].used)
				only_one = &s->item[i];
			named |= tp_item_has(&s->item[i], TP_SENSE_PRICE) && strlen(tp_item_word(s, &s->item[i])) > 3;
			named |= tp_item_has(&s->item[i], TP_SENSE_PRICE) && s->language == TP_ENGLISH;
			named |= tp_item_is_mark(s, i, '@');
			counted |= tp_item_has(&s->item[i], TP_SENSE_QUANTITY);
		}
		/* reduce order 123 to 10: prices are lowered, quantities are reduced */
		counted |= !named && !only_one->number.money && reduces(s);
		/* the quantity of order 7 to 40 */
		if (counted && !named && !only_one->number.money)
		{
			only_one->counted = true;
			only_one->priced = false;
		}
		if (only_one->priced && !named && !only_one->number.money)
			only_one->priced = false;
		if (!only_one->priced && named && !only_one->counted)
			only_one->priced = true;
		if (!only_one->priced && !only_one->counted)
		{
			tp_spoken_fail(out, TP_FAULT_AMENDMENT, only_one->number.text);
			return;
		}
	}
	else if (tp_item_count(s, TP_ITEM_NUMBER) == 2)
	{
		/* to 80 at 149: the first of two that "a" marks both is the quantity */
		TpItem *both[2] = { NULL, NULL };
		int n = 0;

		for (int i = 0; i < s->count; i++)
			if (s->item[i].kind == TP_ITEM_NUMBER && !s->item[i].used && n < 2)
				both[n++] = &s->item[i];
		if (both[0]->priced && both[1]->priced)
			both[0]->priced = false;
	}
	if (!tp_assign_numbers(s, false, &quantity, &price, &bare))
		return;
	if (bare || (quantity == NULL && price == NULL))
	{
		tp_spoken_fail(out, TP_FAULT_AMENDMENT, out->id);
		return;
	}
	if ((quantity != NULL && !tp_set_number(out, quantity, true, out->quantity)) ||
		(price != NULL && !tp_set_number(out, price, false, out->price)))
		return;
	out->action = TP_SPOKEN_AMEND;
	out->needs_confirmation = (quantity != NULL && quantity->number.ambiguous) ||
							  (price != NULL && price->number.ambiguous);
	out->confidence = (out->needs_confirmation ? 80 : 100) - 10 * s->typos;
}
