/*
 * spoken_order.c
 *	  A sentence with a side as an order; see spoken_sentence.h.
 */
#include "spoken_sentence.h"

#include <stdio.h>

/* Numbers of an order -------------------------------------------------------- */

static bool
skips(const TpSentence *s, int i)
{
	return tp_item_has(&s->item[i], TP_SENSE_FILL) || tp_item_has(&s->item[i], TP_SENSE_PRICE) ||
		   tp_item_is_mark(s, i, ':') ||
		   (tp_item_has(&s->item[i], TP_SENSE_TO) && i > 0 && tp_item_has(&s->item[i - 1], TP_SENSE_PRICE));
}

static bool
weak_preposition(const char *word)
{
	return strcmp(word, "for") == 0 || strcmp(word, "por") == 0;
}

/* buy limit, limit sell: says the kind of order, not that a price follows. */
static bool
kind_of_order(const TpSentence *s, int i)
{
	return strncmp(tp_item_word(s, &s->item[i]), "limit", 5) == 0 &&
		   ((i > 0 && tp_item_has_any(&s->item[i - 1], TP_SIDES)) ||
			(i + 1 < s->count && tp_item_has_any(&s->item[i + 1], TP_SIDES)));
}

/* Which numbers a word or sign beside them makes prices or quantities. */
void
tp_mark_numbers(TpSentence *s)
{
	for (int i = 0; i < s->count; i++)
	{
		TpItem *item = &s->item[i];
		int before = i - 1;

		if (item->kind != TP_ITEM_NUMBER)
			continue;
		if (i + 1 < s->count && tp_item_has(&s->item[i + 1], TP_SENSE_UNIT))
			item->counted = true;
		if ((i + 1 < s->count && tp_item_has(&s->item[i + 1], TP_SENSE_CURRENCY)) || item->number.money ||
			tp_item_is_mark(s, before, '@'))
			item->priced = item->strongly = true;
		for (; before >= 0 && !tp_item_has(&s->item[before], TP_SENSE_ORDER) &&
			   (skips(s, before) || tp_item_has(&s->item[before], TP_SENSE_QUANTITY));
			 before--)
		{
			if (tp_item_has(&s->item[before], TP_SENSE_QUANTITY))
				item->counted = true;
			else if (tp_item_has(&s->item[before], TP_SENSE_PRICE) && !item->counted && !kind_of_order(s, before))
			{
				item->priced = true;
				item->strongly |= !weak_preposition(tp_item_word(s, &s->item[before]));
			}
		}
		if (item->counted && !item->number.money)
			item->priced = false;
	}
	/* an order for 50 at 2000: beside a price that is surely one, for says nothing */
	for (int i = 0; i < s->count; i++)
		for (int n = 0; n < s->count; n++)
			if (s->item[i].priced && !s->item[i].strongly && s->item[n].priced && s->item[n].strongly)
				s->item[i].priced = false;
	/* an order for 50 gold for 2000: the later one */
	for (int i = 0; i < s->count; i++)
		for (int n = i + 1; n < s->count; n++)
			if (s->item[i].priced && !s->item[i].strongly && s->item[n].priced && !s->item[n].strongly)
				s->item[i].priced = false;
	/* bid 150 for 100 Dec25 wheat: what is for is the quantity, and confirmed as a bare quote */
	for (int i = 1; i < s->count; i++)
	{
		int before = 0;
		int next = i + 1;

		if (!s->item[i].priced || s->item[i].strongly ||
			(tp_sense_at(s, TP_SENSE_BID) < 0 && tp_sense_at(s, TP_SENSE_OFFER) < 0))
			continue;
		while (before < i && s->item[before].kind != TP_ITEM_NUMBER)
			before++;
		while (next < s->count && tp_item_has(&s->item[next], TP_SENSE_FILL))
			next++;
		if (before < i && next < s->count &&
			(s->item[next].kind == TP_ITEM_CONTRACT || s->item[next].kind == TP_ITEM_ASSET))
			s->item[i].priced = false;
	}
}

bool
tp_set_number(TpSpoken *out, const TpItem *item, bool whole, char *text)
{
	const TpSpokenNumber *number = &item->number;

	if (number->unreadable)
		tp_spoken_fail(out, TP_FAULT_NUMBER, number->text);
	else if (number->negative)
		tp_spoken_fail(out, TP_FAULT_NEGATIVE, number->text);
	else if (number->overflow || number->units / 100000000 > (TpSpokenUnits) 90000000000LL)
		tp_spoken_fail(out, TP_FAULT_OVERFLOW, number->text);
	else if (number->units == 0)
		tp_spoken_fail(out, TP_FAULT_ZERO, number->text);
	else if (whole && number->units % 100000000 != 0)
		tp_spoken_fail(out, TP_FAULT_PART_OF_LOT, number->text);
	else
		return tp_spoken_decimal(number->units, text, TP_SPOKEN_DECIMAL);
	return false;
}

static bool
far_from(TpSpokenUnits price, TpSpokenUnits last, int percent)
{
	TpSpokenUnits apart = price > last ? price - last : last - price;

	return last > 0 && apart * 100 > last * percent;
}

/* Orders ---------------------------------------------------------------------- */

static void
add_alternative(TpSpoken *out, const char *quantity, const char *price)
{
	TpSpokenAlternative *alternative;

	if (out->alternatives == 2)
		return;
	alternative = &out->alternative[out->alternatives++];
	snprintf(alternative->quantity, sizeof(alternative->quantity), "%s", quantity);
	snprintf(alternative->price, sizeof(alternative->price), "%s", price);
}

/* Quantity and price among the numbers; false: said so. */
bool
tp_assign_numbers(TpSentence *s, bool quote, const TpItem **quantity, const TpItem **price, bool *bare)
{
	const TpItem *free_ones[3] = { NULL, NULL, NULL };
	int n_free = 0;
	int n = 0;

	*quantity = *price = NULL;
	*bare = false;
	for (int i = 0; i < s->count; i++)
	{
		const TpItem *item = &s->item[i];

		if (item->kind != TP_ITEM_NUMBER || item->used)
			continue;
		n++;
		if ((item->priced && *price != NULL) || (item->counted && !item->priced && *quantity != NULL) || n > 2)
		{
			tp_spoken_fail(s->out, TP_FAULT_NUMBERS, item->number.text);
			return false;
		}
		if (item->priced)
			*price = item;
		else if (item->counted)
			*quantity = item;
		else
			free_ones[n_free++] = item;
	}
	if (n_free == 2)
	{
		*quantity = free_ones[quote ? 1 : 0];
		*price = free_ones[quote ? 0 : 1];
		*bare = true;
	}
	else if (n_free == 1 && *quantity == NULL && !(quote && *price == NULL))
		*quantity = free_ones[0];
	else if (n_free == 1)
	{
		*price = free_ones[0];
		*bare = quote;
	}
	return true;
}

/* What may stand in an order beside numbers and places. */
static const unsigned long long may_stand = TP_SIDES | TP_BIT(TP_SENSE_FILL) | TP_BIT(TP_SENSE_WANT) |
											TP_BIT(TP_SENSE_PRICE) | TP_BIT(TP_SENSE_QUANTITY) | TP_BIT(TP_SENSE_UNIT) |
											TP_BIT(TP_SENSE_CURRENCY) | TP_BIT(TP_SENSE_MARKET) |
											TP_BIT(TP_SENSE_ORDER) | TP_BIT(TP_SENSE_TO) | TP_BIT(TP_SENSE_AND) |
											TP_BIT(TP_SENSE_YES) | TP_BIT(TP_SENSE_ARTICLE);

static void
confirm_if_unusual(TpSentence *s, const TpItem *quantity, const TpItem *price, bool bare)
{
	TpSpoken *out = s->out;
	const TpSpokenLast *last = tp_last_of(s, out->symbol);
	TpSpokenUnits market = last == NULL ? 0 : tp_units_of(last->price);
	TpSpokenUnits large = s->reference->large.length > 0 ? tp_units_of(s->reference->large)
														 : (TpSpokenUnits) 10000 * 100000000;
	int percent = s->reference->far_percent > 0 ? s->reference->far_percent : 10;

	if (out->market || bare)
		out->needs_confirmation = true;
	if (bare)
		out->confidence = 70;
	if (quantity->number.units > large)
		out->needs_confirmation = true;
	/* lots have no decimals: 2.000 of them are rather 2000; a price of 1.185 is plain */
	if (quantity->number.dotted)
	{
		char other[TP_SPOKEN_DECIMAL];

		out->needs_confirmation = true;
		out->confidence = 80;
		if (tp_spoken_decimal(quantity->number.other, other, sizeof(other)))
			add_alternative(out, other, out->price);
	}
	/* one fifty is 150 where the market is near it */
	if (price != NULL && price->number.run_on && (market == 0 || far_from(price->number.units, market, percent)))
	{
		char other[TP_SPOKEN_DECIMAL];

		out->needs_confirmation = true;
		out->confidence = 80;
		if (tp_spoken_decimal(price->number.other, other, sizeof(other)))
			add_alternative(out, out->quantity, other);
	}
	if (quantity->number.ambiguous ||
		(price != NULL && price->number.ambiguous &&
		 !(price->number.comma && market > 0 && !far_from(price->number.units, market, percent) &&
		   far_from(price->number.other, market, percent))))
	{
		char other_quantity[TP_SPOKEN_DECIMAL];
		char other_price[TP_SPOKEN_DECIMAL] = "";

		out->needs_confirmation = true;
		out->confidence = 80;
		tp_spoken_decimal(quantity->number.ambiguous ? quantity->number.other : quantity->number.units, other_quantity,
						  sizeof(other_quantity));
		if (price != NULL)
			tp_spoken_decimal(price->number.ambiguous ? price->number.other : price->number.units, other_price,
							  sizeof(other_price));
		if (!quantity->number.ambiguous || quantity->number.other % 100000000 == 0)
			add_alternative(out, other_quantity, other_price);
	}
	if (price == NULL || market == 0)
		return;
	if (far_from(price->number.units, market, percent))
		out->needs_confirmation = true;
	if (bare && price->number.units % 100000000 == 0 && far_from(price->number.units, market, percent) &&
		!far_from(quantity->number.units, market, percent))
		add_alternative(out, out->price, out->quantity);
}

void
tp_read_order(TpSentence *s, int at)
{
	TpSpoken *out = s->out;
	const TpItem *side = &s->item[at];
	bool quote = tp_item_has(side, TP_SENSE_BID) || tp_item_has(side, TP_SENSE_OFFER);
	const TpItem *quantity;
	const TpItem *price;
	bool bare;
	int other = -1;
	int unknown;

	/* what shows, cancels, stops or helps beside a side has been understood, but not as an order */
	for (int i = 0; i < s->count; i++)
		if (s->item[i].kind == TP_ITEM_WORD && s->item[i].senses != 0 &&
			!tp_item_has_any(&s->item[i], may_stand | TP_BIT(TP_SENSE_OTHER)))
			other = i;
	out->side = tp_item_has(side, TP_SENSE_BUY) || tp_item_has(side, TP_SENSE_BID) ? 'b' : 's';
	out->market = tp_sense_at(s, TP_SENSE_MARKET) >= 0;
	if (!tp_set_places(s))
		return;
	if (tp_item_unknown(s, &unknown))
	{
		if (out->asset[0] == '\0')
			tp_spoken_fail(out, TP_FAULT_ASSET_UNKNOWN, tp_item_word(s, &s->item[unknown]));
		else
			tp_spoken_fail(out, TP_FAULT_WORDS, tp_item_word(s, &s->item[unknown]));
		return;
	}
	if (other >= 0)
	{
		if (tp_item_has(&s->item[other], TP_SENSE_CANCEL) || tp_item_has(&s->item[other], TP_SENSE_AMEND))
			tp_spoken_fail(out, TP_FAULT_TWO_ORDERS, NULL);
		else if (tp_item_has(&s->item[other], TP_SENSE_OR))
			tp_spoken_fail(out, TP_FAULT_NUMBERS, NULL);
		else
			tp_spoken_fail(out, TP_FAULT_WORDS, tp_item_word(s, &s->item[other]));
		return;
	}
	tp_mark_numbers(s);
	if (!tp_assign_numbers(s, quote && !out->market, &quantity, &price, &bare))
		return;
	if (quantity != NULL && !tp_set_number(out, quantity, out->asset[0] == '\0' || !tp_is_spot(s), out->quantity))
		return;
	if (price != NULL && !tp_set_number(out, price, false, out->price))
		return;
	if (out->asset[0] == '\0')
		tp_spoken_fail(out, TP_FAULT_ASSET, NULL);
	else if (out->contract[0] == '\0' && !tp_is_spot(s))
		tp_spoken_fail(out, TP_FAULT_CONTRACT, out->asset);
	else if (quantity == NULL)
		tp_spoken_fail(out, TP_FAULT_QUANTITY, out->symbol);
	else if (price == NULL && !out->market)
		tp_spoken_fail(out, TP_FAULT_PRICE, out->symbol);
	else if (price != NULL && out->market)
		tp_spoken_fail(out, TP_FAULT_NUMBERS, price->number.text);
	else
	{
		out->action = TP_SPOKEN_ORDER;
		out->confidence = 100;
		for (int i = 0; i < s->count; i++)
			if (s->item[i].kind == TP_ITEM_CONTRACT && s->item[i].contract.inferred)
			{
				out->needs_confirmation = true;
				out->confidence = 80;
			}
		confirm_if_unusual(s, quantity, price, bare);
		out->confidence -= 10 * s->typos;
	}
}
