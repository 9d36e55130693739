/*
 * texts.h
 *	  What users are told, in three languages: the catalogue extension/texts.txt.  Pure.
 *
 * docker/stack/texts.sh makes texts_list.h of it, and fails where a translation is missing.
 * A text has places, such as {price}, and optional parts in brackets, which are left out
 * where a place in them is not known.
 */
#ifndef TRADEPOST_PROXY_TEXTS_H
#define TRADEPOST_PROXY_TEXTS_H

#include "slice.h"
#include "texts_list.h"

/* What stands for a place. NULL data: it is not known. */
typedef struct TpTextPlace
{
	TpSlice name;
	TpSlice value;
} TpTextPlace;

/* The number of a language: 1 en, 2 es, 3 pt, as in TpLanguage; 0: another. */
extern int tp_text_language(TpSlice code);

/* The text of this name; TP_TEXTS: there is none. */
extern TpTextKey tp_text_find(TpSlice name);
extern const char *tp_text_name(TpTextKey key);

/*
 * The text in this language, English for another, with its places filled in, always terminated if size is not 0
 * and cut between letters where it does not fit. The length of all of it; -1: a place is not known whose part is not
 * optional, and *missing, which may be NULL, is its name.
 */
extern long tp_text(TpTextKey key, int language, const TpTextPlace *places, size_t n_places, char *out, size_t size,
					TpSlice *missing);

#endif
