/*
 * parse_command.h
 *	  What a person wrote or said, as a command: the one parser behind WhatsApp, voice and
 *	  tradepost.parse_command().
 *
 * Pure: bytes and a reference in, a fixed-size answer out; no clock, no allocation, no
 * locale.  English, Spanish, Portuguese.  It never guesses: what has two readings is asked
 * back (clarify), what cannot be is an error, what does not ask for anything is none.
 *
 * Parts: spoken_text.c (bytes to folded tokens), spoken_words.c (the three languages'
 * words: spoken_vocabulary.c has them), spoken_number.c (numerals and number words), spoken_contract.c (months, years,
 * assets), spoken_sentence.c (a row of items of all that), spoken_places.c (side, asset,
 * contract), spoken_order.c, spoken_change.c (cancel, amend), parse_command.c (which of all it
 * is), spoken_question.c (texts), spoken_json.c (the answer as JSON).
 *
 * Compiled twice: into the proxy, and with hidden symbols into the extension, whose
 * spoken_sql.c calls it.
 */
#ifndef TRADEPOST_PROXY_PARSE_COMMAND_H
#define TRADEPOST_PROXY_PARSE_COMMAND_H

#include "slice.h"

#define TP_SPOKEN_BYTES 4096 /* a WhatsApp message's most */
#define TP_SPOKEN_DECIMAL 32
#define TP_SPOKEN_NAME 64
#define TP_SPOKEN_QUESTION 256

typedef enum TpLanguage
{
	TP_LANGUAGE_NONE, /* to be found out */
	TP_ENGLISH,
	TP_SPANISH,
	TP_PORTUGUESE
} TpLanguage;

typedef enum TpSpokenAction
{
	TP_SPOKEN_NONE,
	TP_SPOKEN_ORDER,
	TP_SPOKEN_CANCEL,
	TP_SPOKEN_CANCEL_ALL,
	TP_SPOKEN_AMEND,
	TP_SPOKEN_MARKET,
	TP_SPOKEN_ORDERS,
	TP_SPOKEN_TRADES,
	TP_SPOKEN_POSITIONS,
	TP_SPOKEN_BALANCE,
	TP_SPOKEN_HELP,
	TP_SPOKEN_CONFIRM,
	TP_SPOKEN_REJECT,
	TP_SPOKEN_STOP,
	TP_SPOKEN_CLARIFY,
	TP_SPOKEN_ERROR,
	TP_SPOKEN_ACTIONS
} TpSpokenAction;

/* What is not understood or not there, as the question or error says it. */
typedef enum TpSpokenFault
{
	TP_FAULT_NONE,
	/* clarify */
	TP_FAULT_SIDE,
	TP_FAULT_QUANTITY,
	TP_FAULT_PRICE,
	TP_FAULT_CONTRACT,
	TP_FAULT_ASSET,
	TP_FAULT_ID,
	TP_FAULT_NUMBER,  /* 1,50 in English */
	TP_FAULT_NUMBERS, /* which of them is what */
	TP_FAULT_TWO_ORDERS,
	TP_FAULT_WORDS, /* an order with words that are not understood */
	TP_FAULT_AMENDMENT,
	/* error */
	TP_FAULT_ASSET_UNKNOWN,
	TP_FAULT_CONTRACT_PAST,
	TP_FAULT_ZERO,
	TP_FAULT_NEGATIVE,
	TP_FAULT_OVERFLOW,
	TP_FAULT_PART_OF_LOT,
	TP_FAULT_TOO_LONG,
	TP_FAULTS
} TpSpokenFault;

typedef struct TpSpokenDate
{
	int year;
	int month;
	int day;
} TpSpokenDate;

typedef struct TpSpokenLast
{
	TpSlice symbol;
	TpSlice price; /* decimal */
} TpSpokenLast;

/* What the sentence is about: the catalogue, the day, the last prices. */
typedef struct TpSpokenReference
{
	const TpSlice *assets;
	size_t n_assets;
	const TpSpokenLast *last;
	size_t n_last;
	const TpSlice *spot; /* those of the assets that have no contracts */
	size_t n_spot;
	TpSpokenDate today;
	int far_percent; /* a price further from the last one is confirmed; 0: 10 */
	TpSlice large;   /* a quantity above it is confirmed; empty: 10000 */
} TpSpokenReference;

typedef struct TpSpokenAlternative
{
	char quantity[TP_SPOKEN_DECIMAL];
	char price[TP_SPOKEN_DECIMAL];
} TpSpokenAlternative;

/* Strings are empty where there is nothing to say. */
typedef struct TpSpoken
{
	TpSpokenAction action;
	TpLanguage language;
	char side; /* 'b', 's' or 0 */
	bool market;
	bool needs_confirmation;
	int confidence; /* percent */
	char quantity[TP_SPOKEN_DECIMAL];
	char price[TP_SPOKEN_DECIMAL];
	char contract[8];
	char asset[TP_SPOKEN_NAME];
	char symbol[TP_SPOKEN_NAME + 8];
	char id[24];
	char code[16];
	int alternatives;
	TpSpokenAlternative alternative[2];
	TpSpokenFault fault;
	char about[TP_SPOKEN_NAME]; /* the word or number that the fault is about */
} TpSpoken;

/* text need not be UTF-8.  language TP_LANGUAGE_NONE: found out from the words. */
extern void tp_parse_command(TpSlice text, TpLanguage language, const TpSpokenReference *reference, TpSpoken *out);

extern const char *const tp_spoken_actions[TP_SPOKEN_ACTIONS];
extern const char *const tp_language_codes[4];

/* The question or error in the answer's language; empty if there is none. */
extern void tp_spoken_question(const TpSpoken *spoken, char *text, size_t size);

#define TP_SPOKEN_JSON 4096 /* more than any answer takes */

/* As JSON, terminated; how long it is, also where size was too small for it. */
extern size_t tp_spoken_json(const TpSpoken *spoken, char *text, size_t size);

#endif
