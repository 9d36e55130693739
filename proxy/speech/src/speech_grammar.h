/*
 * speech_grammar.h
 *	  What may be said to the exchange, as a JSGF grammar: orders in the listed markets,
 *	  cancelling one order by its number, and questions.  Pure.
 *
 * Nothing that confirms, stops, or cancels more than one order is in it: what is not in it
 * cannot be heard.
 */
#ifndef TRADEPOST_SPEECH_GRAMMAR_H
#define TRADEPOST_SPEECH_GRAMMAR_H

#include "speech_markets.h"

/* The root rule is <command>. */
extern void tp_speech_grammar(const TpSpeechMarkets *markets, TpBuffer *jsgf);

#endif
