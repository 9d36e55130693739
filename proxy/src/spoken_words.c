/*
 * spoken_words.c
 *	  Looking a word up, exactly and within one slip of the finger; see spoken_words.h.
 */
#include "spoken_words.h"

#include <string.h>

/* The first row of a word; the others of the same word follow it. */
static int
find(const char *word)
{
	int low = 0;
	int high = tp_spoken_word_count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (strcmp(tp_spoken_words[middle].text, word) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_row(int row, const char *word)
{
	return row < tp_spoken_word_count && strcmp(tp_spoken_words[row].text, word) == 0;
}

unsigned long long
tp_word_senses(const char *word, unsigned languages)
{
	unsigned long long senses = 0;

	for (int i = find(word); is_row(i, word); i++)
		if ((tp_spoken_words[i].languages & languages) != 0)
			senses |= TP_BIT(tp_spoken_words[i].sense);
	return senses;
}

int
tp_word_value(const char *word, TpSense sense, unsigned languages)
{
	for (int i = find(word); is_row(i, word); i++)
		if ((tp_spoken_words[i].languages & languages) != 0 && tp_spoken_words[i].sense == sense)
			return tp_spoken_words[i].value;
	return -1;
}

unsigned
tp_word_languages(const char *word)
{
	unsigned languages = 0;

	for (int i = find(word); is_row(i, word); i++)
		languages |= tp_spoken_words[i].languages;
	return languages;
}

bool
tp_word_near(const char *a, const char *b)
{
	size_t la = strlen(a);
	size_t lb = strlen(b);
	size_t i = 0;

	if (la > lb)
		return tp_word_near(b, a);
	if (lb - la > 1)
		return false;
	while (i < la && a[i] == b[i])
		i++;
	if (la < lb) /* one more in b */
		return strcmp(a + i, b + i + 1) == 0;
	if (i == la || strcmp(a + i + 1, b + i + 1) == 0)
		return true;
	return a[i + 1] != '\0' && a[i] == b[i + 1] && a[i + 1] == b[i] && strcmp(a + i + 2, b + i + 2) == 0;
}
