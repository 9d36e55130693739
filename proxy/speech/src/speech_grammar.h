/*
 * speech_grammar.h
 *	  What may be said to the exchange, as a JSGF grammar: orders in the listed markets,
 *	  cancelling one order by its number, and questions.  Pure.
 *
 * Nothing in it confirms, stops, or cancels more than one order; tp_speech_aside() tells
 * what is in it to be refused.
 */
#ifndef TRADEPOST_SPEECH_GRAMMAR_H
#define TRADEPOST_SPEECH_GRAMMAR_H

#include "speech_markets.h"

/* The root rule is <command>. */
extern void tp_speech_grammar(const TpSpeechMarkets *markets, TpBuffer *jsgf);

/* Begins with what is in the grammar only so that "do not buy" is not taken for "buy": it is no command. */
extern bool tp_speech_aside(const char *heard);

#endif
