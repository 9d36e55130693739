/*
 * spoken_places.c
 *	  What a sentence is about: side, asset, contract, last price; see spoken_sentence.h.
 */
#include "spoken_sentence.h"

#include <stdio.h>

const TpSpokenLast *
tp_last_of(const TpSentence *s, const char *symbol)
{
	for (size_t i = 0; i < s->reference->n_last; i++)
		if (tp_slice_is(s->reference->last[i].symbol, symbol))
			return &s->reference->last[i];
	return NULL;
}

TpSpokenUnits
tp_units_of(TpSlice decimal)
{
	TpSpokenUnits units = 0;
	TpSpokenUnits scale = 0;

	for (size_t i = 0; i < decimal.length && i < 30; i++)
	{
		char c = decimal.data[i];

		if (c == '.' && scale == 0)
			scale = 100000000;
		else if (c >= '0' && c <= '9' && scale == 0)
			units = units * 10 + (TpSpokenUnits) (c - '0') * 100000000;
		else if (c >= '0' && c <= '9')
		{
			scale /= 10;
			units += (TpSpokenUnits) (c - '0') * scale;
		}
		else
			return 0;
	}
	return units;
}

/* Side ------------------------------------------------------------------------ */

/* oferta de compra is a bid, orden de venta a sale: one side of the two words, the other is forgotten. */
void
tp_merge_sides(TpSentence *s)
{
	for (int i = 0; i < s->count; i++)
	{
		int next = i + 1;

		if (s->item[i].kind != TP_ITEM_WORD || (s->item[i].senses & TP_SIDES) == 0)
			continue;
		while (next < s->count && tp_item_has(&s->item[next], TP_SENSE_FILL) && (s->item[next].senses & TP_SIDES) == 0)
			next++;
		if (next < s->count && tp_item_has(&s->item[next], TP_SENSE_TO))
			next++;
		if (next >= s->count || s->item[next].kind != TP_ITEM_WORD || (s->item[next].senses & TP_SIDES) == 0)
			continue;
		if (tp_item_has(&s->item[i], TP_SENSE_OFFER) && tp_item_has(&s->item[next], TP_SENSE_BUY))
			s->item[i].senses = TP_BIT(TP_SENSE_BID);
		else if (next == i + 1 &&
				 ((tp_item_has(&s->item[i], TP_SENSE_SELL) && tp_item_has(&s->item[next], TP_SENSE_SELL)) ||
				  (tp_item_has(&s->item[i], TP_SENSE_BUY) && tp_item_has(&s->item[next], TP_SENSE_BUY))))
			; /* sell short */
		else if (!(tp_item_has(&s->item[i], TP_SENSE_OFFER) && tp_item_has(&s->item[next], TP_SENSE_SELL)) &&
				 !(tp_item_has(&s->item[i], TP_SENSE_BID) && tp_item_has(&s->item[next], TP_SENSE_BUY)))
			continue;
		s->item[next].senses = TP_BIT(TP_SENSE_FILL);
	}
}

int
tp_count_sides(const TpSentence *s, int *at)
{
	int n = 0;

	for (int i = 0; i < s->count; i++)
	{
		if (s->item[i].kind == TP_ITEM_WORD && (s->item[i].senses & TP_SIDES) != 0)
		{
			if (n == 0)
				*at = i;
			n++;
		}
	}
	return n;
}

/* Places ---------------------------------------------------------------------- */

static bool
set_asset(TpSentence *s, const TpItem *item)
{
	TpSlice name;

	if (item->asset == TP_ASSET_UNLISTED)
	{
		tp_spoken_fail(s->out, TP_FAULT_ASSET_UNKNOWN, tp_item_word(s, item));
		return false;
	}
	name = s->reference->assets[item->asset];
	snprintf(s->out->asset, sizeof(s->out->asset), "%.*s", (int) name.length, name.data);
	return true;
}

/* Is it traded all the same, of this asset or, where none is named, of any?  A market may settle its contracts late. */
static bool
still_trades(const TpSentence *s)
{
	char symbol[sizeof(s->out->symbol)];
	size_t length = (size_t) snprintf(symbol, sizeof(symbol), "%s-%s", s->out->contract, s->out->asset);

	if (s->out->asset[0] != '\0')
		return tp_last_of(s, symbol) != NULL;
	for (size_t i = 0; i < s->reference->n_last; i++)
		if (s->reference->last[i].symbol.length > length &&
			memcmp(s->reference->last[i].symbol.data, symbol, length) == 0)
			return true;
	return false;
}

static bool
set_contract(TpSentence *s, const TpItem *item)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
										  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	const TpSpokenContract *c = &item->contract;

	snprintf(s->out->contract, sizeof(s->out->contract), "%s%02d", months[c->month - 1], c->year % 100);
	if ((c->year < s->reference->today.year ||
		 (c->year == s->reference->today.year && c->month < s->reference->today.month)) &&
		!still_trades(s))
	{
		char about[8];

		memcpy(about, s->out->contract, sizeof(about));
		tp_spoken_fail(s->out, TP_FAULT_CONTRACT_PAST, about);
		return false;
	}
	return true;
}

bool
tp_is_spot(const TpSentence *s)
{
	for (size_t i = 0; i < s->reference->n_spot; i++)
		if (tp_slice_is(s->reference->spot[i], s->out->asset))
			return true;
	return tp_last_of(s, s->out->asset) != NULL ||
		   (strlen(s->out->asset) == 6 && s->out->asset[0] < 'a' && s->out->asset[5] < 'a');
}

/* Asset and contract into out; missing ones are no fault yet. */
bool
tp_set_places(TpSentence *s)
{
	int assets = 0;
	int contracts = 0;

	for (int i = 0; i < s->count; i++)
	{
		if (s->item[i].kind == TP_ITEM_ASSET)
		{
			int before = s->item[i].asset;

			if (assets++ == 0 && !set_asset(s, &s->item[i]))
				return false;
			for (int n = 0; n < i; n++)
				if (s->item[n].kind == TP_ITEM_ASSET && s->item[n].asset != before)
				{
					tp_spoken_fail(s->out, TP_FAULT_TWO_ORDERS, NULL);
					return false;
				}
		}
	}
	for (int i = 0; i < s->count; i++)
	{
		if (s->item[i].kind == TP_ITEM_CONTRACT)
		{
			if (contracts++ == 0)
			{
				if (!set_contract(s, &s->item[i]))
					return false;
			}
			else
			{
				tp_spoken_fail(s->out, TP_FAULT_TWO_ORDERS, NULL);
				return false;
			}
		}
	}
	if (s->out->asset[0] != '\0')
		snprintf(s->out->symbol, sizeof(s->out->symbol), "%s%s%s", s->out->contract, contracts > 0 ? "-" : "",
				 s->out->asset);
	if (contracts == 0 && !tp_is_spot(s))
		s->out->symbol[0] = '\0';
	return true;
}
