/*
 * spoken_contract.c
 *	  Months, years, assets; see spoken_contract.h.
 *
 * A month's short word is also a number (dez), a verb (set), the sea (mar): those count only
 * with a year behind them.  Month names of every language and the exchanges' letter codes are
 * taken in every language, since Dec25 is a contract's symbol.
 */
#include "spoken_contract.h"

#include "spoken_number.h"
#include "spoken_words.h"

static const char month_codes[] = "fghjkmnquvxz";

/* A year in a numeral of two or four digits; 0: none. */
static int
year_of(const TpToken *token, const TpSpokenReference *reference, bool joined)
{
	size_t length = strlen(token->text);
	int value = 0;
	int now = reference->today.year % 100;

	if (token->kind != TP_TOKEN_NUMERAL || (length != 2 && length != 4))
		return 0;
	for (size_t i = 0; i < length; i++)
	{
		if (token->text[i] < '0' || token->text[i] > '9')
			return 0;
		value = value * 10 + (token->text[i] - '0');
	}
	if (length == 4)
		return value >= 2000 && value <= 2099 ? value : 0;
	if (!joined && (value < now - 6 || value > now + 12))
		return 0;
	return 2000 + value;
}

static bool
is_word(const TpTokens *tokens, int i, const char *word)
{
	return i < tokens->count && tokens->token[i].kind == TP_TOKEN_WORD && strcmp(tokens->token[i].text, word) == 0;
}

/* twenty five, twenty twenty six, dos mil veintiseis: near years only, since it may be a quantity, too */
static int
year_words(const TpTokens *tokens, int i, TpLanguage language, const TpSpokenReference *reference, int *used)
{
	TpSpokenNumber number;
	TpSpokenNumber second;
	long long value;
	int took;

	*used = 0;
	if (i >= tokens->count || tokens->token[i].kind != TP_TOKEN_WORD ||
		(*used = tp_spoken_number(tokens, i, language, &number)) == 0 || number.article ||
		number.units >= 1000000000000LL)
		return 0;
	value = (long long) (number.units / 100000000);
	if (value == 20 && language == TP_ENGLISH && i + *used < tokens->count &&
		tokens->token[i + *used].kind == TP_TOKEN_WORD &&
		(took = tp_spoken_number(tokens, i + *used, language, &second)) > 0 && second.units >= 1000000000 &&
		second.units < 10000000000LL)
	{
		*used += took;
		value = 2000 + (long long) (second.units / 100000000);
	}
	if (i + *used < tokens->count &&
		(tp_word_senses(tokens->token[i + *used].text, tp_language_bit(language)) & TP_BIT(TP_SENSE_UNIT)) != 0)
		return 0;
	if (value < 100)
		value += 2000;
	else if (value >= 2000 && value <= 2099)
		return (int) value;
	return value >= reference->today.year && value <= reference->today.year + 5 ? (int) value : 0;
}

/* The year behind a month's word at i; *used counts the tokens from i on. */
static int
year_behind(const TpTokens *tokens, int i, TpLanguage language, const TpSpokenReference *reference, int *used)
{
	int n = i;
	bool joined = true;

	*used = 0;
	if (n >= tokens->count)
		return 0;
	if (tokens->token[n].kind == TP_TOKEN_MARK && strchr("-/.'", tokens->token[n].text[0]) != NULL &&
		tokens->token[n].joined)
		n++;
	else if (is_word(tokens, n, "de") || is_word(tokens, n, "del") || is_word(tokens, n, "do") ||
			 is_word(tokens, n, "of"))
	{
		n++;
		joined = false;
	}
	if (n >= tokens->count)
		return 0;
	if (tokens->token[n].kind == TP_TOKEN_MARK && tokens->token[n].text[0] == '\'')
		n++;
	if (n >= tokens->count)
		return 0;
	joined = joined && tokens->token[n].joined;
	if (tokens->token[n].kind == TP_TOKEN_WORD)
	{
		int year = year_words(tokens, n, language, reference, used);

		*used += n - i;
		return year;
	}
	*used = n - i + 1;
	return year_of(&tokens->token[n], reference, joined);
}

int
tp_spoken_contract(const TpTokens *tokens, int i, TpLanguage language, const TpSpokenReference *reference,
				   TpSpokenContract *contract)
{
	const TpToken *word = &tokens->token[i];
	unsigned all = TP_IN_ENGLISH | TP_IN_SPANISH | TP_IN_PORTUGUESE;
	unsigned own = tp_language_bit(language);
	int month;
	int used;
	int asset;
	bool near;

	memset(contract, 0, sizeof(*contract));
	if (word->kind != TP_TOKEN_WORD)
		return 0;
	if (word->text[1] == '\0' && strchr(month_codes, word->text[0]) != NULL && i + 1 < tokens->count &&
		tokens->token[i + 1].joined && (contract->year = year_of(&tokens->token[i + 1], reference, true)) != 0)
	{
		contract->month = (int) (strchr(month_codes, word->text[0]) - month_codes) + 1;
		return 2;
	}
	month = tp_word_value(word->text, TP_SENSE_MONTH, own);
	if (month < 0)
		month = tp_word_value(word->text, TP_SENSE_MONTH_IF, own);
	if (month < 0)
		month = tp_word_value(word->text, TP_SENSE_MONTH, all);
	if (month < 0)
		month = tp_word_value(word->text, TP_SENSE_MONTH_IF, all);
	if (month < 0)
		return 0;
	contract->month = month;
	contract->languages = tp_word_languages(word->text);
	contract->year = year_behind(tokens, i + 1, language, reference, &used);
	if (contract->year != 0)
		return 1 + used;
	/* May wheat; not dez trigo, which is ten of it */
	if (tp_word_value(word->text, TP_SENSE_MONTH, own) < 0 &&
		(tp_word_value(word->text, TP_SENSE_MONTH_IF, own) < 0 || tp_word_value(word->text, TP_SENSE_ONES, own) >= 0 ||
		 i + 1 >= tokens->count || tp_spoken_asset(tokens, i + 1, reference, &asset, &near) == 0 || near))
		return 0;
	contract->inferred = true;
	contract->year = reference->today.year + (month < reference->today.month ? 1 : 0);
	return 1;
}

static const TpSpokenAsset *
entry_of(const char *word)
{
	for (int i = 0; i < tp_spoken_asset_count; i++)
		for (int n = 0; n < 14 && tp_spoken_assets[i].words[n] != NULL; n++)
			if (strcmp(tp_spoken_assets[i].words[n], word) == 0)
				return &tp_spoken_assets[i];
	return NULL;
}

unsigned
tp_spoken_asset_languages(const char *word)
{
	static const struct
	{
		const char *word;
		unsigned languages;
	} homes[] = {
		{ "trigo", TP_IN_SPANISH | TP_IN_PORTUGUESE },
		{ "oro", TP_IN_SPANISH },
		{ "ouro", TP_IN_PORTUGUESE },
		{ "petroleo", TP_IN_SPANISH | TP_IN_PORTUGUESE },
		{ "plata", TP_IN_SPANISH },
		{ "prata", TP_IN_PORTUGUESE },
		{ "maiz", TP_IN_SPANISH },
		{ "milho", TP_IN_PORTUGUESE },
		{ "azucar", TP_IN_SPANISH },
		{ "acucar", TP_IN_PORTUGUESE },
		{ "soja", TP_IN_SPANISH | TP_IN_PORTUGUESE },
		{ "cobre", TP_IN_SPANISH | TP_IN_PORTUGUESE },
		{ "algodon", TP_IN_SPANISH },
		{ "algodao", TP_IN_PORTUGUESE },
		{ "cacau", TP_IN_PORTUGUESE },
		{ "arroz", TP_IN_SPANISH | TP_IN_PORTUGUESE },
		{ "cafe", TP_IN_SPANISH | TP_IN_PORTUGUESE },
		{ "platino", TP_IN_SPANISH },
		{ "platina", TP_IN_PORTUGUESE },
		{ "wheat", TP_IN_ENGLISH },
		{ "silver", TP_IN_ENGLISH },
		{ "gold", TP_IN_ENGLISH },
		{ "corn", TP_IN_ENGLISH },
		{ "oil", TP_IN_ENGLISH },
		{ "copper", TP_IN_ENGLISH },
		{ "coffee", TP_IN_ENGLISH },
		{ "sugar", TP_IN_ENGLISH },
	};

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
		if (strcmp(homes[i].word, word) == 0)
			return homes[i].languages;
	return 0;
}

/* Does this word, or any of its catalogue entry's, name the asset? */
static bool
names(const char *word, const char *folded)
{
	const TpSpokenAsset *mine;
	const TpSpokenAsset *its;

	if (strcmp(word, folded) == 0)
		return true;
	mine = entry_of(word);
	its = entry_of(folded);
	return mine != NULL && mine == its;
}

static int
lookup(const char *word, const TpSpokenReference *reference)
{
	char folded[TP_SPOKEN_NAME];

	for (size_t i = 0; i < reference->n_assets; i++)
	{
		/* a name that an answer has no room for is nobody's */
		if (reference->assets[i].length >= TP_SPOKEN_NAME)
			continue;
		tp_spoken_fold(reference->assets[i], folded, sizeof(folded));
		if (folded[0] != '\0' && names(word, folded))
			return (int) i;
	}
	return entry_of(word) != NULL ? TP_ASSET_UNLISTED : -1;
}

/* One edit away from exactly one asset. */
static int
lookup_near(const char *word, const TpSpokenReference *reference)
{
	int found = -1;
	char folded[TP_SPOKEN_NAME];

	for (size_t i = 0; i < reference->n_assets; i++)
	{
		const TpSpokenAsset *entry;
		bool fits;

		if (reference->assets[i].length >= TP_SPOKEN_NAME)
			continue;
		tp_spoken_fold(reference->assets[i], folded, sizeof(folded));
		entry = entry_of(folded);
		fits = strlen(folded) >= 4 && tp_word_near(word, folded);
		for (int n = 0; entry != NULL && n < 14 && entry->words[n] != NULL; n++)
			fits |= strlen(entry->words[n]) >= 4 && tp_word_near(word, entry->words[n]);
		if (fits && found >= 0)
			return -1;
		if (fits)
			found = (int) i;
	}
	return found;
}

int
tp_spoken_asset(const TpTokens *tokens, int i, const TpSpokenReference *reference, int *asset, bool *near)
{
	char joined[3 * TP_TOKEN_TEXT];
	int ends[3];
	int words = 0;

	*near = false;
	joined[0] = '\0';
	for (int n = i; n < tokens->count && words < 3; n++)
	{
		const TpToken *token = &tokens->token[n];

		if (token->kind == TP_TOKEN_MARK && words > 0 && token->joined && strchr("-/", token->text[0]) != NULL)
			continue;
		if (token->kind != TP_TOKEN_WORD || token->long_word)
			break;
		ends[words++] = n;
	}
	for (int most = words; most > 0; most--)
	{
		joined[0] = '\0';
		for (int n = 0; n < most; n++)
			strcat(joined, tokens->token[ends[n]].text);
		*asset = lookup(joined, reference);
		if (*asset != -1)
			return ends[most - 1] - i + 1;
	}
	if (words > 0 && strlen(tokens->token[i].text) >= 3 && tp_word_languages(tokens->token[i].text) == 0 &&
		(*asset = lookup_near(tokens->token[i].text, reference)) >= 0)
	{
		*near = true;
		return 1;
	}
	return 0;
}
