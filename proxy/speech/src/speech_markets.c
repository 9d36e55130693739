/*
 * speech_markets.c
 *	  Names of assets and contracts as people say them; see speech_markets.h.
 *
 * Called by speech_grammar.c's callers with what the exchange lists, and again with what
 * the recognizer heard.
 */
#include "speech_markets.h"

#include <ctype.h>
#include <stdlib.h>

/* Tickers that are said by another name; the pairs made of them too. */
static const struct
{
	const char *code;
	const char *said;
} tickers[] = {
	{ "AUD", "aussie" }, { "BRL", "real" },    { "BTC", "bitcoin" }, { "CAD", "canadian" },
	{ "CHF", "franc" },  { "CNY", "yuan" },    { "ETH", "ether" },   { "EUR", "euro" },
	{ "GBP", "pound" },  { "JPY", "yen" },     { "MXN", "peso" },    { "NZD", "kiwi" },
	{ "USD", "dollar" }, { "USDT", "tether" }, { "XAG", "silver" },  { "XAU", "gold" },
};

static const struct
{
	const char *code;
	const char *said;
	const char *shorter; /* NULL: nothing that is said */
} months[] = {
	{ "Jan", "january", "jan" }, { "Feb", "february", "feb" }, { "Mar", "march", NULL },
	{ "Apr", "april", NULL },    { "May", "may", NULL },       { "Jun", "june", NULL },
	{ "Jul", "july", NULL },     { "Aug", "august", NULL },    { "Sep", "september", NULL },
	{ "Oct", "october", NULL },  { "Nov", "november", NULL },  { "Dec", "december", "dec" },
};

static const char *const small[] = { "oh",       "one",     "two",     "three",     "four",     "five",    "six",
									 "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
									 "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen" };
static const char *const tens[] = {
	"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"
};

/* A phrase that grows by words; one that does not fit is empty for good. */
typedef struct Phrase
{
	char text[TP_PHRASE_BYTES];
	size_t length;
	bool broken;
} Phrase;

static void
add_word(Phrase *phrase, TpSlice word)
{
	size_t blank = phrase->length > 0;

	if (phrase->broken || word.length == 0 || phrase->length + blank + word.length >= sizeof(phrase->text))
	{
		phrase->broken = true;
		return;
	}
	if (blank)
		phrase->text[phrase->length++] = ' ';
	for (size_t i = 0; i < word.length; i++)
		phrase->text[phrase->length++] = (char) tolower((unsigned char) word.data[i]);
	phrase->text[phrase->length] = '\0';
}

static bool
all_known(const TpPronunciations *known, const char *phrase)
{
	while (*phrase != '\0')
	{
		size_t length = strcspn(phrase, " ");

		if (!tp_pronounced(known, (TpSlice){ phrase, length }))
			return false;
		phrase += length;
		phrase += *phrase == ' ';
	}
	return true;
}

/* One more way to say it, if it can be said and is new. */
static void
add_way(TpSpokenName *name, const TpPronunciations *known, const Phrase *phrase)
{
	if (phrase->broken || phrase->length == 0 || name->ways == TP_PHRASES_MOST || !all_known(known, phrase->text))
		return;
	for (int i = 0; i < name->ways; i++)
		if (strcmp(name->said[i], phrase->text) == 0)
			return;
	memcpy(name->said[name->ways++], phrase->text, phrase->length + 1);
}

static const char *
ticker_of(TpSlice code)
{
	for (size_t i = 0; i < sizeof(tickers) / sizeof(tickers[0]); i++)
		if (tp_slice_is(code, tickers[i].code))
			return tickers[i].said;
	return NULL;
}

/* The next part of a name: NaturalGas has two, and so has natural-gas. */
static TpSlice
next_part(TpSlice *rest)
{
	TpSlice part;
	size_t end;

	while (rest->length > 0 && !isalnum((unsigned char) rest->data[0]))
		*rest = (TpSlice){ rest->data + 1, rest->length - 1 };
	for (end = 0; end < rest->length && isalnum((unsigned char) rest->data[end]); end++)
	{
		bool digit = isdigit((unsigned char) rest->data[end]) != 0;

		if (end > 0 && (digit || isdigit((unsigned char) rest->data[end - 1]) ||
						(isupper((unsigned char) rest->data[end]) && islower((unsigned char) rest->data[end - 1]))))
			break;
	}
	part = (TpSlice){ rest->data, end };
	*rest = (TpSlice){ rest->data + end, rest->length - end };
	return part;
}

static void
spell(Phrase *phrase, TpSlice part)
{
	for (size_t i = 0; i < part.length; i++)
		if (isdigit((unsigned char) part.data[i]))
			add_word(phrase, tp_slice(part.data[i] == '0' ? "zero" : small[part.data[i] - '0']));
		else
			add_word(phrase, (TpSlice){ part.data + i, 1 });
}

/* As words; a part that is no word is spelled. */
static void
say_parts(TpSpokenName *name, const TpPronunciations *known, TpSlice asset)
{
	TpSlice rest = asset;
	Phrase phrase = { 0 };
	TpSlice part;

	while ((part = next_part(&rest)).length > 0)
	{
		Phrase lower = { 0 };

		add_word(&lower, part);
		/* All capitals are a code, however much like a word it looks. */
		if (!lower.broken && tp_pronounced(known, (TpSlice){ lower.text, lower.length }) &&
			!(part.length > 1 && isupper((unsigned char) part.data[1])))
			add_word(&phrase, part);
		else
			spell(&phrase, part);
	}
	add_way(name, known, &phrase);
}

/* EURUSD and BTC. */
static void
say_ticker(TpSpokenName *name, const TpPronunciations *known, TpSlice asset)
{
	const char *one = ticker_of(asset);
	Phrase phrase = { 0 };

	if (one == NULL && asset.length == 6)
	{
		const char *two = ticker_of((TpSlice){ asset.data + 3, 3 });

		one = ticker_of((TpSlice){ asset.data, 3 });
		if (one == NULL || two == NULL)
			return;
		add_word(&phrase, tp_slice(one));
		one = two;
	}
	if (one == NULL)
		return;
	add_word(&phrase, tp_slice(one));
	add_way(name, known, &phrase);
}

static bool
sayable(TpSlice name)
{
	for (size_t i = 0; i < name.length; i++)
		if ((unsigned char) name.data[i] >= 0x80 || iscntrl((unsigned char) name.data[i]))
			return false;
	return name.length > 0;
}

static void
say_asset(TpSpokenName *name, const TpPronunciations *known, TpSlice asset)
{
	Phrase spelled = { 0 };

	if (!sayable(asset))
		return;
	say_ticker(name, known, asset);
	say_parts(name, known, asset);
	if (name->ways > 0 || asset.length > 8)
		return;
	spell(&spelled, asset);
	add_way(name, known, &spelled);
}

static void
say_year(Phrase *phrase, int year)
{
	if (year >= 20)
	{
		add_word(phrase, tp_slice(tens[year / 10]));
		if (year % 10 != 0)
			add_word(phrase, tp_slice(small[year % 10]));
		return;
	}
	if (year < 10)
		add_word(phrase, tp_slice("oh"));
	add_word(phrase, tp_slice(year == 0 ? "oh" : small[year]));
}

static void
say_month(TpSpokenName *name, const TpPronunciations *known, const char *month, int year)
{
	Phrase with_century = { 0 };
	Phrase without = { 0 };

	if (month == NULL)
		return;
	add_word(&without, tp_slice(month));
	with_century = without;
	say_year(&without, year);
	add_way(name, known, &without);
	add_word(&with_century, tp_slice("twenty"));
	say_year(&with_century, year);
	add_way(name, known, &with_century);
}

/* A month and a year's last two digits; other names of contracts cannot be said. */
static void
say_contract(TpSpokenName *name, const TpPronunciations *known, TpSlice contract)
{
	if (contract.length != 5 || !isdigit((unsigned char) contract.data[3]) ||
		!isdigit((unsigned char) contract.data[4]))
		return;
	for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++)
	{
		int year = (contract.data[3] - '0') * 10 + contract.data[4] - '0';

		if (memcmp(contract.data, months[i].code, 3) != 0)
			continue;
		say_month(name, known, months[i].said, year);
		say_month(name, known, months[i].shorter, year);
	}
}

static int
find_name(const TpSpokenName *names, int count, TpSlice written)
{
	for (int i = 0; i < count; i++)
		if (tp_slice_is(written, names[i].written))
			return i;
	return -1;
}

typedef void (*Say)(TpSpokenName *name, const TpPronunciations *known, TpSlice written);

/* Its number; -1: it cannot be said. */
static int
name_of(TpSpokenName **names, int *count, const TpPronunciations *known, TpSlice written, Say say)
{
	int found = find_name(*names, *count, written);
	TpSpokenName *name;

	if (found >= 0)
		return found;
	*names = tp_realloc(*names, (size_t) (*count + 1) * sizeof(**names));
	name = *names + *count;
	*name = (TpSpokenName){ 0 };
	say(name, known, written);
	if (name->ways == 0)
		return -1;
	name->written = tp_slice_dup(written);
	return (*count)++;
}

TpSpeechMarkets *
tp_speech_markets_make(void)
{
	return tp_alloc(sizeof(TpSpeechMarkets));
}

static void
free_names(TpSpokenName *names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i].written);
	free(names);
}

void
tp_speech_markets_free(TpSpeechMarkets *markets)
{
	if (markets == NULL)
		return;
	free_names(markets->assets, markets->n_assets);
	free_names(markets->contracts, markets->n_contracts);
	free(markets->markets);
	tp_buffer_free(&markets->left_out);
	free(markets);
}

static void
leave_out(TpSpeechMarkets *markets, TpSlice asset, TpSlice contract)
{
	if (markets->left_out.length > 0)
		tp_buffer_text(&markets->left_out, ", ");
	tp_buffer_slice(&markets->left_out, contract);
	if (contract.length > 0)
		tp_buffer_add(&markets->left_out, "-", 1);
	tp_buffer_slice(&markets->left_out, asset);
}

void
tp_speech_markets_add(TpSpeechMarkets *markets, const TpPronunciations *known, TpSlice asset, TpSlice contract)
{
	TpSpokenMarket market = { -1, -1 };

	if (markets->n_markets < TP_SPEECH_MARKETS_MOST)
	{
		market.asset = name_of(&markets->assets, &markets->n_assets, known, asset, say_asset);
		if (contract.length > 0)
			market.contract = name_of(&markets->contracts, &markets->n_contracts, known, contract, say_contract);
	}
	if (market.asset < 0 || (contract.length > 0 && market.contract < 0))
	{
		leave_out(markets, asset, contract);
		return;
	}
	markets->markets = tp_realloc(markets->markets, (size_t) (markets->n_markets + 1) * sizeof(market));
	markets->markets[markets->n_markets++] = market;
}

/* So many bytes at the start of text are this phrase, and whole words. */
static size_t
begins_with(const char *text, const char *phrase)
{
	size_t length = strlen(phrase);

	return strncmp(text, phrase, length) == 0 && (text[length] == '\0' || text[length] == ' ') ? length : 0;
}

static size_t
longest(const TpSpokenName *names, int count, const char *text, const char **written)
{
	size_t best = 0;

	for (int i = 0; i < count; i++)
		for (int way = 0; way < names[i].ways; way++)
		{
			size_t length = begins_with(text, names[i].said[way]);

			if (length > best)
			{
				best = length;
				*written = names[i].written;
			}
		}
	return best;
}

void
tp_speech_written(const TpSpeechMarkets *markets, const char *heard, TpBuffer *out)
{
	while (*heard != '\0')
	{
		const char *written = NULL;
		size_t contract = longest(markets->contracts, markets->n_contracts, heard, &written);
		size_t asset = contract > 0 ? 0 : longest(markets->assets, markets->n_assets, heard, &written);
		size_t length = contract > 0 ? contract : asset > 0 ? asset : strcspn(heard, " ");

		if (out->length > 0)
			tp_buffer_add(out, " ", 1);
		tp_buffer_slice(out, written != NULL ? tp_slice(written) : (TpSlice){ heard, length });
		heard += length;
		heard += *heard == ' ';
	}
}
