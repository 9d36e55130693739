/*
 * spoken_sentence.h
 *	  A message as a row of items, between the parts of the parser that look at it.
 *
 * Made in spoken_sentence.c, looked at in spoken_places.c (side, asset, contract),
 * spoken_order.c, spoken_change.c (cancel, amend) and parse_command.c (everything else).
 */
#ifndef TRADEPOST_PROXY_SPOKEN_SENTENCE_H
#define TRADEPOST_PROXY_SPOKEN_SENTENCE_H

#include "spoken_contract.h"
#include "spoken_number.h"
#include "spoken_words.h"

typedef enum TpItemKind
{
	TP_ITEM_NUMBER,
	TP_ITEM_CONTRACT,
	TP_ITEM_ASSET,
	TP_ITEM_WORD,
	TP_ITEM_MARK
} TpItemKind;

typedef struct TpItem
{
	TpItemKind kind;
	unsigned long long senses; /* 0: an unknown word */
	TpSpokenNumber number;
	TpSpokenContract contract;
	int asset;
	int token;          /* the first */
	const char *phrase; /* of a WORD that is several */
	bool priced;
	bool strongly; /* at, @, a currency; for and por say less */
	bool counted;  /* a quantity, by a word beside it */
	bool used;
} TpItem;

typedef struct TpSentence
{
	TpTokens tokens;
	TpItem item[TP_TOKENS];
	int count;
	TpLanguage language;
	const TpSpokenReference *reference;
	TpSpoken *out;
	int typos;
} TpSentence;

/* Writes out slips of the finger in months (before the language is known) and number words. */
extern void tp_mend_tokens(TpSentence *s, TpLanguage language);
/* Takes salutations and signatures for what says nothing. */
extern void tp_forget_asides(TpSentence *s);
/* Makes the items of the tokens. */
extern void tp_spoken_items(TpSentence *s);

extern const char *tp_item_word(const TpSentence *s, const TpItem *item);
extern bool tp_item_has(const TpItem *item, TpSense sense);
extern bool tp_item_has_any(const TpItem *item, unsigned long long senses);
extern bool tp_item_is_mark(const TpSentence *s, int i, char mark);
/* Where the first word of this sense stands; -1: nowhere. */
extern int tp_sense_at(const TpSentence *s, TpSense sense);
/* How many of this kind that are not used yet. */
extern int tp_item_count(const TpSentence *s, TpItemKind kind);
/* Is there a word that is not known; at: where. */
extern bool tp_item_unknown(const TpSentence *s, int *at);
/* Nothing but words of these senses, marks, and numbers, assets and contracts if allowed. */
extern bool tp_items_only(const TpSentence *s, unsigned long long senses, bool numbers, bool places);
extern const TpItem *tp_first_number(TpSentence *s);

/* Makes the answer a question (clarify) or an error. */
extern void tp_spoken_fail(TpSpoken *out, TpSpokenFault what, const char *about);

#define TP_SIDES (TP_BIT(TP_SENSE_BUY) | TP_BIT(TP_SENSE_SELL) | TP_BIT(TP_SENSE_BID) | TP_BIT(TP_SENSE_OFFER))

/* oferta de compra is a bid, orden de venta a sale: one side of the two words. */
extern void tp_merge_sides(TpSentence *s);
extern int tp_count_sides(const TpSentence *s, int *at);
/* Asset and contract into the answer; missing ones are no fault yet. False: failed, and said so. */
extern bool tp_set_places(TpSentence *s);
/* An instrument without a contract, such as EURUSD. */
extern bool tp_is_spot(const TpSentence *s);
extern const TpSpokenLast *tp_last_of(const TpSentence *s, const char *symbol);
extern TpSpokenUnits tp_units_of(TpSlice decimal);

/* Which numbers a word or sign beside them makes prices or quantities. */
extern void tp_mark_numbers(TpSentence *s);
/* Quantity and price among the numbers; bare: by their places only. False: failed, and said so. */
extern bool tp_assign_numbers(TpSentence *s, bool quote, const TpItem **quantity, const TpItem **price, bool *bare);
extern bool tp_set_number(TpSpoken *out, const TpItem *item, bool whole, char *text);

extern void tp_read_order(TpSentence *s, int side);
extern void tp_read_cancel(TpSentence *s);
extern void tp_read_amend(TpSentence *s);

#endif
