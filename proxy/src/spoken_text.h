/*
 * spoken_text.h
 *	  A message as tokens: words without case and accents, numerals, marks.
 */
#ifndef TRADEPOST_PROXY_SPOKEN_TEXT_H
#define TRADEPOST_PROXY_SPOKEN_TEXT_H

#include "parse_command.h"

#define TP_TOKENS 96
#define TP_TOKEN_TEXT 28

typedef enum TpTokenKind
{
	TP_TOKEN_WORD,    /* letters */
	TP_TOKEN_NUMERAL, /* digits with their marks, as written */
	TP_TOKEN_MARK     /* one of @ # ? ! - + / $ . , ; : & */
} TpTokenKind;

typedef struct TpToken
{
	TpTokenKind kind;
	char text[TP_TOKEN_TEXT]; /* folded; cut off if it is longer */
	bool joined;              /* nothing between it and the token before */
	bool long_word;           /* it was cut off */
	bool accented;            /* its last letter has an acute accent: which makes a Spanish verb past */
	size_t start;             /* of its bytes */
	size_t end;
} TpToken;

typedef struct TpTokens
{
	TpToken token[TP_TOKENS];
	int count;
	bool too_many;
	bool question;        /* ? or its Spanish beginning */
	bool jest;            /* a laughing, winking or eye-rolling face */
	bool quoted;          /* what somebody else wrote: in quotation marks, or behind a > */
	bool spanish_mark;    /* inverted marks, n with tilde */
	bool portuguese_mark; /* a or o with tilde, c with cedilla */
} TpTokens;

extern void tp_spoken_tokens(TpSlice text, TpTokens *tokens);

/* One name folded like a message's words: letters and digits only. */
extern void tp_spoken_fold(TpSlice name, char *text, size_t size);

#endif
