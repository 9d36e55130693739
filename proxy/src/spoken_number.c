/*
 * spoken_number.c
 *	  Numerals and number words; see spoken_number.h.
 *
 * Rules: where both marks stand, the last is the decimal one.  One mark with three digits
 * behind it is a thousands mark by the language's habit (English comma, Spanish and Portuguese
 * point, which is confirmed since many write the other way); a comma with other than three
 * digits behind it is the decimal mark in Spanish and Portuguese and asked back in English.
 */
#include "spoken_number.h"

#include <stdio.h>

#include "spoken_words.h"

#define UNIT ((TpSpokenUnits) 100000000)
#define MOST (UNIT * UNIT * 100) /* far above what any engine takes */

unsigned
tp_language_bit(TpLanguage language)
{
	return language == TP_SPANISH ? TP_IN_SPANISH : language == TP_PORTUGUESE ? TP_IN_PORTUGUESE : TP_IN_ENGLISH;
}

bool
tp_spoken_decimal(TpSpokenUnits units, char *text, size_t size)
{
	unsigned long long whole = (unsigned long long) (units / UNIT);
	unsigned long long part = (unsigned long long) (units % UNIT);
	int used;

	if (units < 0 || units / UNIT > (TpSpokenUnits) 999999999999999LL)
		return false;
	used = part == 0 ? snprintf(text, size, "%llu", whole) : snprintf(text, size, "%llu.%08llu", whole, part);
	while (part != 0 && used > 0 && text[used - 1] == '0')
		text[--used] = '\0';
	return true;
}

static void
clamp(TpSpokenNumber *number)
{
	if (number->units > MOST)
	{
		number->units = MOST;
		number->overflow = true;
	}
}

/* Digits of text with `decimal` as the decimal mark (0: none), all other marks left out. */
static TpSpokenUnits
value_of(const char *text, const char *decimal, bool *overflow)
{
	TpSpokenUnits value = 0;
	TpSpokenUnits scale = UNIT;

	for (const char *c = text; *c != '\0'; c++)
	{
		if (*c < '0' || *c > '9')
			continue;
		if (decimal != NULL && c > decimal)
		{
			scale /= 10;
			value += scale * (*c - '0');
			*overflow |= scale == 0 && *c != '0'; /* more than 8 digits behind the mark */
		}
		else if (value < MOST)
			value = value * 10 + (*c - '0') * UNIT;
		else
			*overflow = true;
	}
	return value;
}

/* Groups of three behind each thousands mark, up to the decimal mark or the end. */
static bool
grouped(const char *text, const char *end)
{
	const char *c = text;
	int run = 0;
	int groups = 0;

	for (; c < end; c++)
	{
		if (*c >= '0' && *c <= '9')
		{
			run++;
			continue;
		}
		if (groups > 0 ? run != 3 : run > 3 || run == 0)
			return false;
		groups++;
		run = 0;
	}
	return groups == 0 || run == 3;
}

static int
count_of(const char *text, char mark)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == mark;
	return n;
}

static void
read_one_mark(const char *text, char mark, TpLanguage language, TpSpokenNumber *number)
{
	const char *at = strchr(text, mark);
	size_t before = (size_t) (at - text);
	size_t behind = strlen(at + 1);
	bool english = language == TP_ENGLISH || language == TP_LANGUAGE_NONE;
	bool thousands = behind == 3 && before > 0 && before <= 3 && text[0] != '0';

	if (mark == '\'')
	{
		number->unreadable = !thousands;
		number->units = value_of(text, NULL, &number->overflow);
		return;
	}
	if (thousands && mark == (english ? ',' : '.'))
	{
		number->units = value_of(text, NULL, &number->overflow);
		number->other = value_of(text, at, &number->overflow);
		number->ambiguous = !english;
		return;
	}
	if (thousands && english && mark == '.')
	{
		number->dotted = true;
		number->other = value_of(text, NULL, &number->overflow);
	}
	if (english && mark == ',')
		number->unreadable = true;
	number->units = value_of(text, at, &number->overflow);
	if (thousands && !english)
	{
		number->ambiguous = number->comma = true;
		number->other = value_of(text, NULL, &number->overflow);
	}
}

static void
read_numeral(const char *text, TpLanguage language, TpSpokenNumber *number)
{
	int points = count_of(text, '.');
	int commas = count_of(text, ',');
	int quotes = count_of(text, '\'');
	const char *decimal = NULL;

	if (points + commas + quotes == 0)
		number->units = value_of(text, NULL, &number->overflow);
	else if (points + commas + quotes == 1)
		read_one_mark(text, points > 0 ? '.' : commas > 0 ? ',' : '\'', language, number);
	else
	{
		const char *point = strrchr(text, '.');
		const char *comma = strrchr(text, ',');

		if (points > 0 && commas > 0)
			decimal = point > comma ? point : comma;
		else if (quotes > 0)
			decimal = point != NULL ? point : comma;
		number->unreadable = (decimal != NULL && count_of(text, *decimal) > 1) ||
							 (points > 0 && commas > 0 && quotes > 0) ||
							 !grouped(text, decimal != NULL ? decimal : text + strlen(text));
		number->units = value_of(text, decimal, &number->overflow);
	}
	clamp(number);
}

static const TpToken *
word_at(const TpTokens *tokens, int i)
{
	return i < tokens->count && tokens->token[i].kind == TP_TOKEN_WORD ? &tokens->token[i] : NULL;
}

static const TpToken *
numeral_at(const TpTokens *tokens, int i)
{
	return i < tokens->count && tokens->token[i].kind == TP_TOKEN_NUMERAL ? &tokens->token[i] : NULL;
}

static int
value_at(const TpTokens *tokens, int i, TpSense sense, unsigned bit)
{
	const TpToken *word = word_at(tokens, i);

	return word == NULL ? -1 : tp_word_value(word->text, sense, bit);
}

/* thousand, million, k, behind a number. */
static int
scales(const TpTokens *tokens, int i, unsigned bit, TpSpokenNumber *number)
{
	int used = 0;
	int scale;

	while ((scale = value_at(tokens, i + used, TP_SENSE_SCALE, bit)) > 0 && used < 3)
	{
		/* a letter alone must touch its number */
		if (tokens->token[i + used].text[1] == '\0' && !tokens->token[i + used].joined &&
			(tokens->token[i + used].text[0] != 'k' ||
			 (i + used + 1 < tokens->count && tokens->token[i + used + 1].joined)))
			break;
		number->units *= scale;
		if (number->ambiguous)
			number->other *= scale;
		clamp(number);
		used++;
	}
	return used;
}

/* Ones, tens, hundreds, joined by and: below a thousand. */
static int
below_thousand(const TpTokens *tokens, int i, unsigned bit, int *value)
{
	int used = 0;
	int room = 1000; /* what comes next must be below it */
	bool english = bit == TP_IN_ENGLISH;

	*value = 0;
	for (;;)
	{
		int next = i + used;
		int n;

		if (used > 0 && next + 1 < tokens->count && tokens->token[next].kind == TP_TOKEN_MARK &&
			tokens->token[next].text[0] == '-' && tokens->token[next].joined && tokens->token[next + 1].joined)
			next++; /* twenty-five */
		else if (used > 0 &&
				 tp_word_value(word_at(tokens, next) != NULL ? tokens->token[next].text : "", TP_SENSE_AND, bit) >= 0)
			next++;
		if (english && used > 0 && *value > 0 && *value < 20 && value_at(tokens, i + used, TP_SENSE_SCALE, bit) == 100)
		{
			*value *= 100;
			room = 100;
			used++;
			continue;
		}
		if ((n = value_at(tokens, next, TP_SENSE_HUNDREDS, bit)) > 0 && room == 1000 && used == 0)
			room = 100;
		else if ((n = value_at(tokens, next, TP_SENSE_TENS, bit)) > 0 && room >= 100 && (room == 100 || used == 0))
			room = 10;
		else if ((n = value_at(tokens, next, TP_SENSE_ONES, bit)) >= 0 && (used == 0 || (n > 0 && n < room)))
			room = 1;
		else if ((n = value_at(tokens, next, TP_SENSE_ARTICLE, bit)) >= 0 && used > 0 && room > 1 && !english)
			room = 1;
		else
			return used;
		if (room == 1 && used > 0 && *value % 100 != 0 && *value % 10 != 0)
			return used;
		*value += n;
		used = next - i + 1;
		if (room == 1 && !(english && *value < 20))
			return used;
		if (room == 1 && value_at(tokens, i + used, TP_SENSE_SCALE, bit) != 100)
			return used;
	}
}

/* point five, coma veinticinco; and a half */
static int
spoken_fraction(const TpTokens *tokens, int i, unsigned bit, TpSpokenNumber *number)
{
	TpSpokenUnits scale = UNIT;
	int used = 0;

	if (value_at(tokens, i, TP_SENSE_AND, bit) >= 0)
	{
		int half = i + 1;

		if (value_at(tokens, half, TP_SENSE_ARTICLE, bit) >= 0)
			half++;
		if (value_at(tokens, half, TP_SENSE_HALF, bit) >= 0)
		{
			number->units += UNIT / 2;
			return half - i + 1;
		}
		return 0;
	}
	if (value_at(tokens, i, TP_SENSE_POINT, bit) < 0)
		return 0;
	used = 1;
	for (;;)
	{
		const TpToken *numeral = numeral_at(tokens, i + used);
		int value;
		int took = below_thousand(tokens, i + used, bit, &value);
		char digits[12];

		if (numeral != NULL && used == 1)
		{
			snprintf(digits, sizeof(digits), "%.11s", numeral->text);
			took = 1;
		}
		else if (took > 0)
			snprintf(digits, sizeof(digits), "%d", value);
		else
			break;
		for (const char *c = digits; *c != '\0'; c++)
		{
			if (*c < '0' || *c > '9')
				return 0;
			scale /= 10;
			number->units += scale * (*c - '0');
		}
		used += took;
		if (numeral != NULL)
			break;
	}
	return used > 1 ? used : 0;
}

/* Thousands and what is below them, in words. */
static int
number_words(const TpTokens *tokens, int i, unsigned bit, TpSpokenNumber *number)
{
	TpSpokenUnits total = 0;
	int used = 0;
	int room = 1000000000;
	bool article = value_at(tokens, i, TP_SENSE_ARTICLE, bit) >= 0;

	/* half a dozen, media docena */
	if (value_at(tokens, i, TP_SENSE_HALF, bit) >= 0)
	{
		int half = value_at(tokens, i + 1, TP_SENSE_ARTICLE, bit) >= 0 ? i + 2 : i + 1;

		if (value_at(tokens, half, TP_SENSE_UNIT, bit) >= 0)
		{
			number->units = UNIT / 2;
			return half - i;
		}
		if (value_at(tokens, half, TP_SENSE_DOZEN, bit) <= 0)
			return 0;
		number->units = 6 * UNIT;
		return half - i + 1;
	}
	if (value_at(tokens, i, TP_SENSE_DOZEN, bit) > 0 || (article && value_at(tokens, i + 1, TP_SENSE_DOZEN, bit) > 0))
	{
		number->units = 12 * UNIT;
		return article ? 2 : 1;
	}
	for (;;)
	{
		int next = i + used;
		int value = 0;
		int took;
		int scale;

		if (used > 0 && value_at(tokens, next, TP_SENSE_AND, bit) >= 0)
			next++;
		took = below_thousand(tokens, next, bit, &value);
		/* dois mil e um */
		if (took == 0 && next > i + used && bit != TP_IN_ENGLISH &&
			(value = value_at(tokens, next, TP_SENSE_ARTICLE, bit)) > 0)
			took = 1;
		if (took == 0 && used == 0 && article)
		{
			/* a hundred, un millon */
			value = 1;
			took = 1;
			if (value_at(tokens, next + 1, TP_SENSE_SCALE, bit) == 100 && bit == TP_IN_ENGLISH)
			{
				int more;

				value = 100;
				took = 2;
				if (value_at(tokens, next + 2, TP_SENSE_AND, bit) >= 0 &&
					below_thousand(tokens, next + 3, bit, &more) > 0 && more < 100)
				{
					took = 3 + below_thousand(tokens, next + 3, bit, &more);
					value += more;
				}
			}
		}
		scale = value_at(tokens, next + took, TP_SENSE_SCALE, bit);
		if (scale == 100 || (scale > 0 && word_at(tokens, next + took)->text[1] == '\0'))
			scale = -1;
		if (took == 0 && scale > 0 && used == 0 && bit != TP_IN_ENGLISH)
			value = 1; /* mil */
		else if (took == 0)
			break;
		if (scale > 0 ? scale >= room : used > 0 && room <= 1)
			break;
		if (used > 0 && next > i + used && value == 0)
			break;
		total += (TpSpokenUnits) value * (scale > 0 ? scale : 1);
		room = scale > 0 ? scale : 1;
		used = next - i + took + (scale > 0 ? 1 : 0);
		if (scale <= 0)
			break;
	}
	if (used == 0)
		return 0;
	/* one fifty, twelve twenty five */
	if (bit == TP_IN_ENGLISH && total > 0 && total < 20 && room == 1 && !(used == 1 && article))
	{
		int value;
		int took = below_thousand(tokens, i + used, bit, &value);

		if (took > 0 && value >= 10 && value < 100)
		{
			number->run_on = true;
			number->other = total * UNIT + value * (UNIT / 100);
			total = total * 100 + value;
			used += took;
		}
	}
	if (value_at(tokens, i + used, TP_SENSE_DOZEN, bit) > 0)
	{
		total *= 12;
		used++;
	}
	number->units = total * UNIT;
	number->article = used == 1 && article;
	return used;
}

int
tp_spoken_number(const TpTokens *tokens, int i, TpLanguage language, TpSpokenNumber *number)
{
	unsigned bit = tp_language_bit(language);
	int first = i;
	const TpToken *numeral;
	int took;

	memset(number, 0, sizeof(*number));
	/* -5, $5, -$5, R$5, US$5 */
	for (; i < tokens->count && tokens->token[i].kind == TP_TOKEN_MARK; i++)
	{
		const TpToken *mark = &tokens->token[i];
		bool apart = !mark->joined || i == 0 || tokens->token[i - 1].kind == TP_TOKEN_MARK;

		if (mark->text[0] == '-' && apart && !number->negative)
			number->negative = true;
		else if (mark->text[0] == '$')
			number->money = true;
		else if (mark->text[0] != '+' || !apart)
			return 0;
		if (i - first > 2)
			return 0;
	}
	numeral = numeral_at(tokens, i);
	if (numeral != NULL && (i == first || numeral->joined || number->money))
	{
		read_numeral(numeral->text, language, number);
		number->unreadable |= numeral->long_word;
		i++;
		/* 12 000 */
		while (numeral_at(tokens, i) != NULL && strcmp(tokens->token[i].text, "000") == 0 && !tokens->token[i].joined)
		{
			number->units *= 1000;
			clamp(number);
			i++;
		}
		i += scales(tokens, i, bit, number);
		i += spoken_fraction(tokens, i, bit, number);
	}
	else if (word_at(tokens, i) != NULL && (took = number_words(tokens, i, bit, number)) > 0)
	{
		i += took;
		if (!number->article)
			i += spoken_fraction(tokens, i, bit, number);
	}
	else
		return 0;
	if (i < tokens->count && tokens->token[i].kind == TP_TOKEN_MARK && tokens->token[i].text[0] == '$')
	{
		number->money = true;
		i++;
	}
	clamp(number);
	for (int n = first, used = 0; n < i; n++)
		used += snprintf(number->text + used, sizeof(number->text) - (size_t) used, "%s%s",
						 n > first && !tokens->token[n].joined ? " " : "",
						 tokens->token[n].text) < (int) sizeof(number->text) - used
					? (int) strlen(number->text + used)
					: 0;
	return i - first;
}
