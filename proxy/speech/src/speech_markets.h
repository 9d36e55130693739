/*
 * speech_markets.h
 *	  What can be traded, as it is said: "december twenty five" for Dec25, "natural gas" for
 *	  NaturalGas, "euro dollar" for EURUSD.  Pure.
 *
 * Words that the model cannot pronounce are spelled; what cannot be said even so is left out
 * and named in left_out.
 */
#ifndef TRADEPOST_SPEECH_MARKETS_H
#define TRADEPOST_SPEECH_MARKETS_H

#include "buffer.h"
#include "pronunciation.h"

#define TP_PHRASE_BYTES 96
#define TP_PHRASES_MOST 4          /* ways to say one name */
#define TP_SPEECH_MARKETS_MOST 400 /* more than these make the grammar slow and mistakes many */

/* An asset or a contract. */
typedef struct TpSpokenName
{
	char *written;
	char said[TP_PHRASES_MOST][TP_PHRASE_BYTES]; /* lower case, single blanks */
	int ways;
} TpSpokenName;

typedef struct TpSpokenMarket
{
	int asset;
	int contract; /* -1: none */
} TpSpokenMarket;

typedef struct TpSpeechMarkets
{
	TpSpokenName *assets;
	int n_assets;
	TpSpokenName *contracts;
	int n_contracts;
	TpSpokenMarket *markets;
	int n_markets;
	TpBuffer left_out; /* names, comma separated */
} TpSpeechMarkets;

extern TpSpeechMarkets *tp_speech_markets_make(void);
extern void tp_speech_markets_free(TpSpeechMarkets *markets); /* NULL is fine */

/* contract empty: the asset alone, such as EURUSD. */
extern void
tp_speech_markets_add(TpSpeechMarkets *markets, const TpPronunciations *known, TpSlice asset, TpSlice contract);

/* What was heard, with names as they are written: "buy ten Dec25 Wheat at one fifty". */
extern void tp_speech_written(const TpSpeechMarkets *markets, const char *heard, TpBuffer *out);

#endif
