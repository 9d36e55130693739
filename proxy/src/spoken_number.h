/*
 * spoken_number.h
 *	  Numbers as people write and say them, in units of 1e-8.
 */
#ifndef TRADEPOST_PROXY_SPOKEN_NUMBER_H
#define TRADEPOST_PROXY_SPOKEN_NUMBER_H

#include "spoken_text.h"

__extension__ typedef __int128 TpSpokenUnits;

typedef struct TpSpokenNumber
{
	TpSpokenUnits units; /* its sign aside */
	TpSpokenUnits other; /* the second reading, if ambiguous */
	bool ambiguous;      /* read by the language's habit: to be confirmed */
	bool comma;          /* 1,185 in Spanish and Portuguese: the last price may tell */
	bool run_on;         /* one fifty: 150 or 1.50, as the market tells */
	bool dotted;         /* 2.000 in English: other is what a foreigner means */
	bool unreadable;     /* 1,50 in English, 1.2.3: asked back */
	bool overflow;
	bool negative;
	bool money;                /* with a currency's sign or word */
	bool article;              /* a, un, um: perhaps no number at all */
	char digits[9];            /* said one by one: four eight two one */
	char text[TP_SPOKEN_NAME]; /* as it was written */
} TpSpokenNumber;

/* Reads the number that begins at token i; returns how many tokens it takes, 0 if none begins there. */
extern int tp_spoken_number(const TpTokens *tokens, int i, TpLanguage language, TpSpokenNumber *number);

/* One numeral: digits and their marks. */
extern void tp_spoken_numeral(const char *text, TpLanguage language, TpSpokenNumber *number);
/* Digits of text with `decimal` as the decimal mark (NULL: none), all other marks left out. */
extern TpSpokenUnits tp_spoken_digits(const char *text, const char *decimal, bool *overflow);
extern void tp_spoken_clamp(TpSpokenNumber *number);

/* Trimmed decimal; false if it does not fit. */
extern bool tp_spoken_decimal(TpSpokenUnits units, char *text, size_t size);

extern unsigned tp_language_bit(TpLanguage language);

#endif
