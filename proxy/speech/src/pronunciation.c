/*
 * pronunciation.c
 *	  An index over the model's dictionary; see pronunciation.h.
 *
 * Called by speech_markets.c (can this be said at all?) and by the recognizer, which is
 * given the lines of its grammar's words instead of all 130,000.
 */
#include "pronunciation.h"

#include <ctype.h>
#include <stdlib.h>

typedef struct Line
{
	TpSlice word; /* without the number of the pronunciation */
	TpSlice text;
} Line;

struct TpPronunciations
{
	Line *lines; /* by word */
	size_t count;
};

static int
by_word(const void *a, const void *b)
{
	const Line *left = a;
	const Line *right = b;
	size_t shorter = left->word.length < right->word.length ? left->word.length : right->word.length;
	int order = memcmp(left->word.data, right->word.data, shorter);

	if (order == 0 && left->word.length != right->word.length)
		order = left->word.length < right->word.length ? -1 : 1;
	/* The first pronunciation has to come first in what is made of them. */
	return order != 0 ? order : (left->text.data > right->text.data) - (left->text.data < right->text.data);
}

static bool
read_line(TpSlice text, Line *line)
{
	size_t end = 0;
	size_t word;

	while (end < text.length && text.data[end] != ' ' && text.data[end] != '\t')
		end++;
	if (end == 0 || end == text.length)
		return false;
	for (word = 0; word < end && (word == 0 || text.data[word] != '('); word++)
		;
	*line = (Line){ { text.data, word }, text };
	return true;
}

TpPronunciations *
tp_pronunciations_open(TpSlice text)
{
	TpPronunciations *known = tp_alloc(sizeof(*known));
	size_t capacity = 0;
	size_t at = 0;

	while (at < text.length)
	{
		const char *end = memchr(text.data + at, '\n', text.length - at);
		size_t length = end == NULL ? text.length - at : (size_t) (end - text.data) - at;
		Line line;

		if (read_line((TpSlice){ text.data + at, length }, &line))
		{
			if (known->count == capacity)
			{
				capacity = capacity == 0 ? 1024 : capacity * 2;
				known->lines = tp_realloc(known->lines, capacity * sizeof(*known->lines));
			}
			known->lines[known->count++] = line;
		}
		at += length + 1;
	}
	if (known->count > 0)
		qsort(known->lines, known->count, sizeof(*known->lines), by_word);
	return known;
}

void
tp_pronunciations_close(TpPronunciations *known)
{
	if (known == NULL)
		return;
	free(known->lines);
	free(known);
}

static bool
same(TpSlice a, TpSlice b)
{
	return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

/* The first line of a word; count if there is none. */
static size_t
find(const TpPronunciations *known, TpSlice word)
{
	Line wanted = { word, { NULL, 0 } };
	size_t low = 0;
	size_t high = known->count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		/* Its text is at NULL, before all of the word's own lines. */
		if (by_word(&known->lines[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < known->count && same(known->lines[low].word, word) ? low : known->count;
}

bool
tp_pronounced(const TpPronunciations *known, TpSlice word)
{
	return word.length > 0 && find(known, word) < known->count;
}

static bool
in_word(char c)
{
	return islower((unsigned char) c) || c == '\'';
}

void
tp_pronunciations_of(const TpPronunciations *known, TpSlice grammar, TpBuffer *dictionary)
{
	char *taken = tp_alloc(known->count);
	size_t at = 0;

	while (at < grammar.length)
	{
		TpSlice word = { grammar.data + at, 0 };

		if (grammar.data[at] == '<')
		{
			const char *end = memchr(grammar.data + at, '>', grammar.length - at);

			at = end == NULL ? grammar.length : (size_t) (end - grammar.data) + 1;
			continue;
		}
		while (at < grammar.length && in_word(grammar.data[at]))
		{
			word.length++;
			at++;
		}
		if (word.length == 0)
		{
			at++;
			continue;
		}
		for (size_t line = find(known, word); line < known->count && same(known->lines[line].word, word); line++)
		{
			if (taken[line])
				break;
			taken[line] = 1;
			tp_buffer_slice(dictionary, known->lines[line].text);
			tp_buffer_add(dictionary, "\n", 1);
		}
	}
	free(taken);
}
