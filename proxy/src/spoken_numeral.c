/*
 * spoken_numeral.c
 *	  Numerals with their marks; see spoken_number.h.
 *
 * Rules: where both marks stand, the last is the decimal one.  One mark with three digits
 * behind it is a thousands mark by the language's habit (English comma, Spanish and Portuguese
 * point, which is confirmed since many write the other way); a comma with other than three
 * digits behind it is the decimal mark in Spanish and Portuguese and asked back in English.
 */
#include "spoken_number.h"

#define UNIT ((TpSpokenUnits) 100000000)
#define MOST (UNIT * UNIT * 100) /* far above what any engine takes */

void
tp_spoken_clamp(TpSpokenNumber *number)
{
	if (number->units > MOST)
	{
		number->units = MOST;
		number->overflow = true;
	}
}

/* Digits of text with `decimal` as the decimal mark (0: none), all other marks left out. */
TpSpokenUnits
tp_spoken_digits(const char *text, const char *decimal, bool *overflow)
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
		number->units = tp_spoken_digits(text, NULL, &number->overflow);
		return;
	}
	if (thousands && mark == (english ? ',' : '.'))
	{
		number->units = tp_spoken_digits(text, NULL, &number->overflow);
		number->other = tp_spoken_digits(text, at, &number->overflow);
		number->ambiguous = !english;
		return;
	}
	if (thousands && english && mark == '.')
	{
		number->dotted = true;
		number->other = tp_spoken_digits(text, NULL, &number->overflow);
	}
	if (english && mark == ',')
		number->unreadable = true;
	number->units = tp_spoken_digits(text, at, &number->overflow);
	if (thousands && !english)
	{
		number->ambiguous = number->comma = true;
		number->other = tp_spoken_digits(text, NULL, &number->overflow);
	}
}

void
tp_spoken_numeral(const char *text, TpLanguage language, TpSpokenNumber *number)
{
	int points = count_of(text, '.');
	int commas = count_of(text, ',');
	int quotes = count_of(text, '\'');
	const char *decimal = NULL;

	if (points + commas + quotes == 0)
		number->units = tp_spoken_digits(text, NULL, &number->overflow);
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
		number->units = tp_spoken_digits(text, decimal, &number->overflow);
	}
	tp_spoken_clamp(number);
}
