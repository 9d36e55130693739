/*
 * spoken_number.c
 *	  Numbers as they are written and said, of several tokens; see spoken_number.h.
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
		tp_spoken_clamp(number);
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

/* Three and more digits in words, which are what a number of an order or a code sounds like. */
static int
digits_said(const TpTokens *tokens, int i, unsigned bit, TpSpokenNumber *number)
{
	int n = 0;

	for (; n < 8; n++)
	{
		int value = value_at(tokens, i + n, TP_SENSE_ONES, bit);

		if (value < 0 && bit != TP_IN_ENGLISH)
			value = value_at(tokens, i + n, TP_SENSE_ARTICLE, bit);
		if (value < 0 || value > 9)
			break;
		number->digits[n] = (char) ('0' + value);
	}
	/* more of a number: two five thousand */
	if (n < 3 || value_at(tokens, i + n, TP_SENSE_SCALE, bit) > 0 || value_at(tokens, i + n, TP_SENSE_POINT, bit) >= 0)
	{
		memset(number->digits, 0, sizeof(number->digits));
		return 0;
	}
	number->units = tp_spoken_digits(number->digits, NULL, &number->overflow);
	return n;
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
	if ((took = digits_said(tokens, i, bit, number)) > 0)
		i += took;
	else if ((numeral = numeral_at(tokens, i)) != NULL && (i == first || numeral->joined || number->money))
	{
		tp_spoken_numeral(numeral->text, language, number);
		number->unreadable |= numeral->long_word;
		i++;
		/* 12 000 */
		while (numeral_at(tokens, i) != NULL && strcmp(tokens->token[i].text, "000") == 0 && !tokens->token[i].joined)
		{
			number->units *= 1000;
			tp_spoken_clamp(number);
			i++;
		}
		i += scales(tokens, i, bit, number);
		i += spoken_fraction(tokens, i, bit, number);
	}
	else if (word_at(tokens, i) != NULL && (took = number_words(tokens, i, bit, number)) > 0)
	{
		i += took;
		/* um vírgula dezoito */
		if (number->article && bit != TP_IN_ENGLISH && value_at(tokens, i, TP_SENSE_POINT, bit) >= 0)
		{
			took = spoken_fraction(tokens, i, bit, number);
			number->article = took == 0;
			i += took;
		}
		else if (!number->article)
			i += spoken_fraction(tokens, i, bit, number);
	}
	else
		return 0;
	if (i < tokens->count && tokens->token[i].kind == TP_TOKEN_MARK && tokens->token[i].text[0] == '$')
	{
		number->money = true;
		i++;
	}
	tp_spoken_clamp(number);
	for (int n = first, used = 0; n < i; n++)
		used += snprintf(number->text + used, sizeof(number->text) - (size_t) used, "%s%s",
						 n > first && !tokens->token[n].joined ? " " : "",
						 tokens->token[n].text) < (int) sizeof(number->text) - used
					? (int) strlen(number->text + used)
					: 0;
	return i - first;
}
