/*
 * spoken_sentence.c
 *	  Tokens to items: words with their senses, numbers, contracts, assets; see
 *	  spoken_sentence.h.
 */
#include "spoken_sentence.h"

#include <stdio.h>

const char *
tp_item_word(const TpSentence *s, const TpItem *item)
{
	return item->phrase != NULL ? item->phrase : s->tokens.token[item->token].text;
}

bool
tp_item_has(const TpItem *item, TpSense sense)
{
	return item->kind == TP_ITEM_WORD && (item->senses & TP_BIT(sense)) != 0;
}

bool
tp_item_has_any(const TpItem *item, unsigned long long senses)
{
	return item->kind == TP_ITEM_WORD && (item->senses & senses) != 0;
}

bool
tp_item_is_mark(const TpSentence *s, int i, char mark)
{
	return i >= 0 && i < s->count && s->item[i].kind == TP_ITEM_MARK && tp_item_word(s, &s->item[i])[0] == mark;
}

int
tp_sense_at(const TpSentence *s, TpSense sense)
{
	for (int i = 0; i < s->count; i++)
		if (tp_item_has(&s->item[i], sense))
			return i;
	return -1;
}

int
tp_item_count(const TpSentence *s, TpItemKind kind)
{
	int n = 0;

	for (int i = 0; i < s->count; i++)
		n += s->item[i].kind == kind && !s->item[i].used;
	return n;
}

bool
tp_item_unknown(const TpSentence *s, int *at)
{
	for (int i = 0; i < s->count; i++)
	{
		if (s->item[i].kind == TP_ITEM_WORD && (s->item[i].senses & ~TP_BIT(TP_SENSE_OTHER)) == 0)
		{
			*at = i;
			return true;
		}
	}
	return false;
}

/* Nothing but words of these senses, marks, and kinds allowed by number/place. */
bool
tp_items_only(const TpSentence *s, unsigned long long senses, bool numbers, bool places)
{
	for (int i = 0; i < s->count; i++)
	{
		const TpItem *item = &s->item[i];

		if ((item->kind == TP_ITEM_WORD && (item->senses & senses) == 0) ||
			(item->kind == TP_ITEM_NUMBER && !numbers) ||
			((item->kind == TP_ITEM_ASSET || item->kind == TP_ITEM_CONTRACT) && !places))
			return false;
	}
	return true;
}

void
tp_spoken_fail(TpSpoken *out, TpSpokenFault what, const char *about)
{
	out->fault = what;
	out->action = what >= TP_FAULT_ASSET_UNKNOWN ? TP_SPOKEN_ERROR : TP_SPOKEN_CLARIFY;
	out->needs_confirmation = false;
	out->confidence = 50;
	snprintf(out->about, sizeof(out->about), "%s", about != NULL ? about : "");
}

const TpItem *
tp_first_number(TpSentence *s)
{
	for (int i = 0; i < s->count; i++)
		if (s->item[i].kind == TP_ITEM_NUMBER)
			return &s->item[i];
	return NULL;
}

/* Items ---------------------------------------------------------------------- */

/* How a known word may have become this one: 1 letters swapped or doubled, 2 one left out, 3 otherwise; 0 not at all. */
static int
slip(const char *word, const char *known)
{
	size_t length = strlen(word);
	size_t meant = strlen(known);
	size_t i = 0;

	if (!tp_word_near(word, known))
		return 0;
	while (word[i] != '\0' && word[i] == known[i])
		i++;
	if (length == meant + 1 && i > 0 && word[i] == word[i - 1])
		return 1;
	if (meant < 3)
		return 0;
	if (length == meant && word[i] != '\0' && word[i] == known[i + 1] && word[i + 1] == known[i])
		return 1;
	if (meant <= 3) /* too short for more; only buy is worth it */
		return length == 4 && strcmp(known, "buy") == 0 ? 3 : 0;
	return length + 1 == meant ? 2 : 3;
}

/*
 * The senses of the one word of trading that this may be a slip of the finger for.  The
 * likelier slips count only; a word that denies is as good as any among them, and between
 * buying and selling nothing is chosen.
 */
static unsigned long long
senses_near(const TpToken *token, unsigned bit)
{
	static const unsigned long long wanted = TP_SIDES | TP_BIT(TP_SENSE_MARKET) | TP_BIT(TP_SENSE_PRICE) |
											 TP_BIT(TP_SENSE_CANCEL) | TP_BIT(TP_SENSE_AMEND) |
											 TP_BIT(TP_SENSE_ORDERS) | TP_BIT(TP_SENSE_ORDER) |
											 TP_BIT(TP_SENSE_TRADES) | TP_BIT(TP_SENSE_POSITIONS) |
											 TP_BIT(TP_SENSE_BALANCE) | TP_BIT(TP_SENSE_HELP) | TP_BIT(TP_SENSE_UNIT) |
											 TP_BIT(TP_SENSE_QUANTITY) | TP_BIT(TP_SENSE_BOOK) |
											 TP_BIT(TP_SENSE_NEVER) | TP_BIT(TP_SENSE_ALL);
	unsigned long long found = 0;
	int best = 4;

	for (int i = 0; i < tp_spoken_word_count; i++)
	{
		const TpSpokenWord *known = &tp_spoken_words[i];
		bool courtesy = known->sense == TP_SENSE_FILL && known->value == 1;
		int how;

		if ((known->languages & bit) == 0 || (!courtesy && (TP_BIT(known->sense) & wanted) == 0) ||
			(how = slip(token->text, known->text)) == 0 || how > best)
			continue;
		/* take is not make */
		if (how == 3 && strlen(known->text) < 5 && (known->sense == TP_SENSE_AMEND || known->sense == TP_SENSE_CANCEL))
			continue;
		if (how < best)
			found = 0;
		best = how;
		found |= tp_word_senses(known->text, bit);
	}
	if ((found & TP_BIT(TP_SENSE_NEVER)) != 0)
		return TP_BIT(TP_SENSE_NEVER);
	if ((found & (TP_BIT(TP_SENSE_BUY) | TP_BIT(TP_SENSE_BID))) != 0 &&
		(found & (TP_BIT(TP_SENSE_SELL) | TP_BIT(TP_SENSE_OFFER))) != 0)
		return 0;
	/* comprre with an accent at its end is no order either */
	if (bit == TP_IN_SPANISH && token->accented && (found & TP_SIDES) != 0)
		return TP_BIT(TP_SENSE_NEVER);
	return found;
}

/* haha, jaja, kkkk, rsrs */
static bool
laughs(const char *word)
{
	static const char *const beginnings[] = { "haha", "hehe", "jaja", "jeje", "jiji",
											  "kkk",  "rsrs", "ahah", "ajaj", "huehue" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncmp(word, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

/* The one month or number word that this may be a slip for; NULL: none, or several. */
static const TpSpokenWord *
meant(const char *word, TpLanguage language)
{
	static const unsigned long long numbers = TP_BIT(TP_SENSE_ONES) | TP_BIT(TP_SENSE_TENS) |
											  TP_BIT(TP_SENSE_HUNDREDS) | TP_BIT(TP_SENSE_SCALE);
	bool months = language == TP_LANGUAGE_NONE;
	const TpSpokenWord *found = NULL;

	for (int i = 0; i < tp_spoken_word_count; i++)
	{
		const TpSpokenWord *known = &tp_spoken_words[i];
		unsigned long long sense = TP_BIT(known->sense);

		if ((months ? sense != TP_BIT(TP_SENSE_MONTH) || strlen(known->text) < 5
					: (sense & numbers) == 0 || strlen(known->text) < 6 ||
						  (known->languages & tp_language_bit(language)) == 0) ||
			slip(word, known->text) == 0)
			continue;
		if (found != NULL && found->value != known->value)
			return NULL;
		found = known;
	}
	return found;
}

void
tp_mend_tokens(TpSentence *s, TpLanguage language)
{
	for (int i = 0; i < s->tokens.count; i++)
	{
		TpToken *token = &s->tokens.token[i];
		TpToken before = *token;
		const TpSpokenWord *word;
		TpSpokenContract contract;
		int asset;
		bool near;

		if (token->kind != TP_TOKEN_WORD || token->long_word || strlen(token->text) < 4 ||
			tp_word_languages(token->text) != 0 || tp_spoken_asset(&s->tokens, i, s->reference, &asset, &near) > 0 ||
			(word = meant(token->text, language)) == NULL)
			continue;
		snprintf(token->text, sizeof(token->text), "%s", word->text);
		/* a month only where a year follows */
		if (language == TP_LANGUAGE_NONE &&
			(tp_spoken_contract(&s->tokens, i, TP_ENGLISH, s->reference, &contract) == 0 || contract.inferred))
			*token = before;
		else
			s->typos++;
	}
}

/* compré, vendió: past, or the third person's; comprá, vendé: what Argentines say to order it. */
static bool
past_by_accent(const TpToken *token)
{
	static const char *const imperatives[] = { "vende", "pone", "ofrece", "mete", "hace" };
	char last = token->text[strlen(token->text) - 1];

	for (size_t i = 0; i < sizeof(imperatives) / sizeof(imperatives[0]); i++)
		if (strcmp(token->text, imperatives[i]) == 0)
			return false;
	return last != 'a';
}

static bool
negative_word(const char *word)
{
	return strcmp(word, "minus") == 0 || strcmp(word, "menos") == 0 || strcmp(word, "negative") == 0 ||
		   strcmp(word, "negativo") == 0;
}

/* I'd like to: a wish; I'd buy: none */
static bool
wish(const TpSentence *s, const TpToken *token)
{
	return token < s->tokens.token + s->tokens.count &&
		   (tp_word_senses(token->text, tp_language_bit(s->language)) & TP_BIT(TP_SENSE_WANT)) != 0;
}

static unsigned long long
senses_of(TpSentence *s, const TpToken *token)
{
	unsigned bit = tp_language_bit(s->language);
	unsigned long long senses = tp_word_senses(token->text, bit);
	unsigned long long verbs = TP_BIT(TP_SENSE_BUY) | TP_BIT(TP_SENSE_SELL) | TP_BIT(TP_SENSE_CANCEL) |
							   TP_BIT(TP_SENSE_AMEND) | TP_BIT(TP_SENSE_OFFER) | TP_BIT(TP_SENSE_BID);

	if (s->language == TP_SPANISH && token->accented && (senses & verbs) != 0 && past_by_accent(token))
		return TP_BIT(TP_SENSE_NEVER);
	if (s->language == TP_SPANISH && token->accented && strcmp(token->text, "si") == 0)
		return TP_BIT(TP_SENSE_YES);
	if (s->language == TP_ENGLISH && senses == 0)
	{
		/* don't, I'll, I've, I'm: what is left of them by their apostrophe tells or denies; let's and what's do not */
		static const char *const rests[] = { "t", "ll", "m", "re", "ve" };

		for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++)
			if (strcmp(token->text, rests[i]) == 0)
				return TP_BIT(TP_SENSE_NEVER);
		if (strcmp(token->text, "s") == 0)
			return TP_BIT(TP_SENSE_FILL);
		if (strcmp(token->text, "d") == 0)
			return wish(s, token + 1) ? TP_BIT(TP_SENSE_FILL) : TP_BIT(TP_SENSE_NEVER);
	}
	if (s->language == TP_ENGLISH && strcmp(token->text, "id") == 0 && token + 1 < s->tokens.token + s->tokens.count &&
		(tp_word_senses(token[1].text, bit) & TP_SIDES) != 0)
		return TP_BIT(TP_SENSE_NEVER);
	if (senses == 0 && strlen(token->text) >= 3 && !token->long_word && tp_word_languages(token->text) == 0)
	{
		senses = laughs(token->text) ? TP_BIT(TP_SENSE_NEVER) : senses_near(token, bit);
		s->typos += senses != 0;
	}
	return senses;
}

/* Words that ask or tell of somebody, but not here: quiero que compres, I want you to, the price is. */
static bool
courtesy(const TpSentence *s, const TpItem *item)
{
	const TpItem *before = s->count > 0 ? item - 1 : NULL;
	const char *word = tp_item_word(s, item);

	if (item->kind != TP_ITEM_WORD || before == NULL)
		return false;
	if (strcmp(word, "is") == 0 || strcmp(word, "es") == 0)
		return tp_item_has(before, TP_SENSE_PRICE) || tp_item_has(before, TP_SENSE_QUANTITY);
	if (strcmp(word, "que") == 0 || strcmp(word, "you") == 0)
		return tp_item_has(before, TP_SENSE_WANT) || strcmp(tp_item_word(s, before), "thank") == 0;
	return false;
}

static bool
number_follows(const TpSentence *s, int i)
{
	TpSpokenNumber number;

	return i < s->tokens.count && tp_spoken_number(&s->tokens, i, s->language, &number) > 0 && !number.article;
}

/* How many tokens from i on are this phrase's words; 0: they are not. */
static int
spans(const TpTokens *tokens, int i, const char *phrase)
{
	int n = i;

	while (*phrase != '\0')
	{
		size_t length = strcspn(phrase, " ");

		if (n > i && n < tokens->count && tokens->token[n].kind == TP_TOKEN_MARK && tokens->token[n].text[0] == '\'')
			n++;
		if (n >= tokens->count || tokens->token[n].kind != TP_TOKEN_WORD || strlen(tokens->token[n].text) != length ||
			strncmp(tokens->token[n].text, phrase, length) != 0)
			return 0;
		n++;
		phrase += length;
		phrase += *phrase == ' ';
	}
	return n - i;
}

static int
read_phrase(TpSentence *s, int i, TpItem *item)
{
	const char *first = s->tokens.token[i].text;
	int took;

	if (s->tokens.token[i].kind != TP_TOKEN_WORD)
		return 0;
	for (const TpSpokenPhrase *phrase = tp_spoken_phrase(first, -1); phrase != NULL;
		 phrase = tp_spoken_next_phrase(phrase, first))
	{
		if ((phrase->languages & tp_language_bit(s->language)) == 0 ||
			(took = spans(&s->tokens, i, phrase->text)) == 0 || (phrase->numbered && !number_follows(s, i + took)))
			continue;
		item->kind = TP_ITEM_WORD;
		item->senses = TP_BIT(phrase->sense);
		item->phrase = phrase->text;
		return took;
	}
	return 0;
}

void
tp_spoken_items(TpSentence *s)
{
	const TpTokens *tokens = &s->tokens;
	bool minus = false;

	s->count = 0;
	for (int i = 0; i < tokens->count;)
	{
		TpItem *item = &s->item[s->count];
		const TpToken *token = &tokens->token[i];
		bool near;
		int took;

		memset(item, 0, sizeof(*item));
		item->token = i;
		item->asset = -1;
		if ((took = read_phrase(s, i, item)) > 0)
			;
		else if ((took = tp_spoken_contract(tokens, i, s->language, s->reference, &item->contract)) > 0)
			item->kind = TP_ITEM_CONTRACT;
		else if ((took = tp_spoken_asset(tokens, i, s->reference, &item->asset, &near)) > 0)
		{
			item->kind = TP_ITEM_ASSET;
			s->typos += near;
		}
		else if ((took = tp_spoken_number(tokens, i, s->language, &item->number)) > 0)
		{
			item->kind = TP_ITEM_NUMBER;
			item->number.negative |= minus;
			/* 25 cada uno: not a number of its own */
			if (i > 0 && item->number.units == 100000000 && took == 1 && token->kind == TP_TOKEN_WORD &&
				(strcmp(tokens->token[i - 1].text, "cada") == 0 || strcmp(tokens->token[i - 1].text, "each") == 0))
			{
				item->kind = TP_ITEM_WORD;
				item->senses = TP_BIT(TP_SENSE_FILL);
			}
			if (item->number.article && !item->number.negative)
			{
				/* a number only in front of what can be counted */
				const TpToken *next = i + took < tokens->count ? &tokens->token[i + took] : NULL;
				TpSpokenContract c;
				int a;

				if (next == NULL || s->language == TP_ENGLISH ||
					((tp_word_senses(next->text, tp_language_bit(s->language)) & TP_BIT(TP_SENSE_UNIT)) == 0 &&
					 tp_spoken_contract(tokens, i + took, s->language, s->reference, &c) == 0 &&
					 tp_spoken_asset(tokens, i + took, s->reference, &a, &near) == 0))
				{
					item->kind = TP_ITEM_WORD;
					item->senses = TP_BIT(TP_SENSE_FILL);
				}
			}
		}
		else
		{
			took = 1;
			item->kind = token->kind == TP_TOKEN_WORD ? TP_ITEM_WORD : TP_ITEM_MARK;
			/* R$, US$ */
			if (item->kind == TP_ITEM_WORD && i + 1 < tokens->count && tokens->token[i + 1].joined &&
				tokens->token[i + 1].text[0] == '$')
				item->senses = TP_BIT(TP_SENSE_FILL);
			else if (item->kind == TP_ITEM_WORD)
				item->senses = senses_of(s, token);
		}
		if (courtesy(s, item))
			item->senses = TP_BIT(TP_SENSE_FILL);
		minus = token->kind == TP_TOKEN_WORD && negative_word(token->text);
		if (minus)
			item->senses = TP_BIT(TP_SENSE_FILL);
		i += took;
		s->count++;
	}
	tp_forget_asides(s);
}
