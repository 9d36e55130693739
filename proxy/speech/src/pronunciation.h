/*
 * pronunciation.h
 *	  The model's dictionary: which words it can hear, and the part of it that a grammar
 *	  needs.  Pure over the dictionary's bytes.
 *
 * A line is a word, or word(2) for its second pronunciation, a blank, and phones.
 */
#ifndef TRADEPOST_SPEECH_PRONUNCIATION_H
#define TRADEPOST_SPEECH_PRONUNCIATION_H

#include "buffer.h"

typedef struct TpPronunciations TpPronunciations;

/* text is kept, not copied. */
extern TpPronunciations *tp_pronunciations_open(TpSlice text);
extern void tp_pronunciations_close(TpPronunciations *known);

extern bool tp_pronounced(const TpPronunciations *known, TpSlice word);

/* The lines of each word of a grammar (all that is no <rule> and no punctuation), once. */
extern void tp_pronunciations_of(const TpPronunciations *known, TpSlice grammar, TpBuffer *dictionary);

#endif
