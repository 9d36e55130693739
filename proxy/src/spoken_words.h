/*
 * spoken_words.h
 *	  The words of the three languages, and what they may mean in a message.
 */
#ifndef TRADEPOST_PROXY_SPOKEN_WORDS_H
#define TRADEPOST_PROXY_SPOKEN_WORDS_H

#include "parse_command.h"

#define TP_IN_ENGLISH 1
#define TP_IN_SPANISH 2
#define TP_IN_PORTUGUESE 4

typedef enum TpSense
{
	TP_SENSE_BUY,
	TP_SENSE_SELL,
	TP_SENSE_BID,
	TP_SENSE_OFFER,
	TP_SENSE_MARKET,   /* the command, and the kind of order */
	TP_SENSE_BOOK,     /* order book */
	TP_SENSE_PRICE,    /* what comes next is the price */
	TP_SENSE_QUANTITY, /* what comes next is the quantity */
	TP_SENSE_UNIT,     /* what came before is the quantity */
	TP_SENSE_CURRENCY, /* what came before is the price */
	TP_SENSE_MONTH,    /* value: 1 to 12 */
	TP_SENSE_MONTH_IF, /* the same, if a year follows */
	TP_SENSE_ONES,     /* value 0 to 19, Spanish and Portuguese to 29 */
	TP_SENSE_ARTICLE,  /* one, or just a */
	TP_SENSE_TENS,
	TP_SENSE_HUNDREDS, /* value 100 to 900 */
	TP_SENSE_SCALE,    /* value 100 (English), 1000, 1000000 */
	TP_SENSE_DOZEN,
	TP_SENSE_POINT, /* the decimal mark said */
	TP_SENSE_HALF,
	TP_SENSE_AND,
	TP_SENSE_CANCEL,
	TP_SENSE_AMEND,
	TP_SENSE_TO,
	TP_SENSE_ALL,
	TP_SENSE_ORDER, /* one or more */
	TP_SENSE_ORDERS,
	TP_SENSE_TRADES,
	TP_SENSE_POSITIONS,
	TP_SENSE_BALANCE,
	TP_SENSE_HELP,
	TP_SENSE_YES,
	TP_SENSE_NO,
	TP_SENSE_STOP,
	TP_SENSE_SHOW,     /* show me, my */
	TP_SENSE_FILL,     /* says nothing */
	TP_SENSE_WANT,     /* turns the conditional of courtesy into a wish */
	TP_SENSE_NEVER,    /* negation, past, conditional, doubt, report: no order may come of it */
	TP_SENSE_ASKS,     /* begins a question */
	TP_SENSE_OR,       /* two readings said */
	TP_SENSE_MESSAGES, /* what stop is about */
	TP_SENSE_OTHER,    /* a word of something else: neither understood nor a slip of the finger */
	TP_SENSE_LATIN,    /* nothing, but a sign of its language */
	TP_SENSES
} TpSense;

typedef struct TpSpokenWord
{
	const char *text;
	unsigned char languages;
	unsigned char sense;
	int value;
} TpSpokenWord;

typedef struct TpSpokenAsset
{
	const char *name; /* folded: the English name without blanks */
	const char *words[14];
} TpSpokenAsset;

/* Several words that mean something together. */
typedef struct TpSpokenPhrase
{
	const char *text;
	unsigned char languages;
	unsigned char sense;
	bool numbered; /* only if a number follows: give me 100, but give me the price */
} TpSpokenPhrase;

/* The first phrase, or the next ones, that begin with this word; NULL: no more. */
extern const TpSpokenPhrase *tp_spoken_phrase(const char *first, int after);
extern const TpSpokenPhrase *tp_spoken_next_phrase(const TpSpokenPhrase *phrase, const char *first);

extern const TpSpokenWord tp_spoken_words[];
extern const int tp_spoken_word_count;
extern const TpSpokenAsset tp_spoken_assets[];
extern const int tp_spoken_asset_count;

/* Its senses as bits, of these languages; 0: no such word. */
extern unsigned long long tp_word_senses(const char *word, unsigned languages);
/* The value that goes with this sense; -1 if it has not got it. */
extern int tp_word_value(const char *word, TpSense sense, unsigned languages);
/* Languages that know it, as bits. */
extern unsigned tp_word_languages(const char *word);

/* Equal, or one letter more, less, other, or two swapped. */
extern bool tp_word_near(const char *a, const char *b);

#define TP_BIT(sense) (1ULL << (sense))

#endif
