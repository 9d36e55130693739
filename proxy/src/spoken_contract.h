/*
 * spoken_contract.h
 *	  Contracts (month and year) and assets in a message.
 */
#ifndef TRADEPOST_PROXY_SPOKEN_CONTRACT_H
#define TRADEPOST_PROXY_SPOKEN_CONTRACT_H

#include "spoken_text.h"

typedef struct TpSpokenContract
{
	int month;
	int year;
	bool inferred;      /* no year was named */
	unsigned languages; /* whose word the month was; 0: a symbol's */
} TpSpokenContract;

/* The contract that begins at token i; how many tokens it takes, 0 if none. */
extern int tp_spoken_contract(const TpTokens *tokens, int i, TpLanguage language, const TpSpokenReference *reference,
							  TpSpokenContract *contract);

#define TP_ASSET_UNLISTED (-2) /* the catalogue knows it, the reference has not got it */

/* The asset that begins at token i: its place in the reference. */
extern int tp_spoken_asset(const TpTokens *tokens, int i, const TpSpokenReference *reference, int *asset, bool *near);

/* Languages in which an asset's word is at home; 0: every one. */
extern unsigned tp_spoken_asset_languages(const char *word);

#endif
