/*
 * texts.c
 *	  The catalogue of texts: found by name, its places filled in; see texts.h.
 *
 * The proxy, and the extension for tradepost_internal.text(), compile it.  The build has
 * checked the catalogue: braces and brackets match, optional parts do not nest.
 */
#include "texts.h"

typedef struct TpTextRow
{
	const char *key;
	const char *text[3];
} TpTextRow;

#define TP_TEXTS_TABLE
#include "texts_list.h"

typedef struct Output
{
	char *data;
	size_t size;
	size_t length; /* of all of it, whether it fits or not */
} Output;

int
tp_text_language(TpSlice code)
{
	return tp_slice_is(code, "en") ? 1 : tp_slice_is(code, "es") ? 2 : tp_slice_is(code, "pt") ? 3 : 0;
}

const char *
tp_text_name(TpTextKey key)
{
	return tp_text_rows[key].key;
}

TpTextKey
tp_text_find(TpSlice name)
{
	size_t low = 0;
	size_t high = TP_TEXTS;

	while (low < high)
	{
		size_t middle = (low + high) / 2;
		const char *key = tp_text_rows[middle].key;
		size_t length = strlen(key);
		int order = memcmp(key, name.data, length < name.length ? length : name.length);

		if (order == 0 && length == name.length)
			return (TpTextKey) middle;
		if (order < 0 || (order == 0 && length < name.length))
			low = middle + 1;
		else
			high = middle;
	}
	return TP_TEXTS;
}

static void
put(Output *output, const char *data, size_t length)
{
	if (output->length < output->size)
	{
		size_t room = output->size - output->length;

		memcpy(output->data + output->length, data, length < room ? length : room);
	}
	output->length += length;
}

static TpSlice
value_of(TpSlice name, const TpTextPlace *places, size_t n_places)
{
	for (size_t i = 0; i < n_places; i++)
	{
		if (places[i].name.length == name.length && memcmp(places[i].name.data, name.data, name.length) == 0)
			return places[i].value;
	}
	return (TpSlice){ NULL, 0 };
}

/* text is at a {; the result is its place's name. */
static TpSlice
place_at(const char *text)
{
	return (TpSlice){ text + 1, (size_t) (strchr(text, '}') - text) - 1 };
}

/* Whether all places up to the next ] are known. */
static bool
part_known(const char *text, const TpTextPlace *places, size_t n_places)
{
	for (; *text != ']'; text++)
	{
		if (*text == '{' && value_of(place_at(text), places, n_places).data == NULL)
			return false;
	}
	return true;
}

static void
terminate(Output *output)
{
	size_t end;

	if (output->size == 0)
		return;
	end = output->length < output->size ? output->length : output->size - 1;
	/* What is behind the end tells whether a letter is cut: of what fits, nothing is. */
	if (output->length >= output->size)
	{
		while (end > 0 && ((unsigned char) output->data[end] & 0xC0) == 0x80)
			end--;
	}
	output->data[end] = '\0';
}

long
tp_text(TpTextKey key, int language, const TpTextPlace *places, size_t n_places, char *out, size_t size,
		TpSlice *missing)
{
	Output output = { out, size, 0 };
	const char *from = tp_text_rows[key].text[language >= 2 && language <= 3 ? language - 1 : 0];

	while (*from != '\0')
	{
		size_t plain = strcspn(from, "{[]");

		put(&output, from, plain);
		from += plain;
		if (*from == '[' && !part_known(from, places, n_places))
			from = strchr(from, ']') + 1;
		else if (*from == '[' || *from == ']')
			from++;
		else if (*from == '{')
		{
			TpSlice name = place_at(from);
			TpSlice value = value_of(name, places, n_places);

			if (value.data == NULL)
			{
				if (missing != NULL)
					*missing = name;
				if (size > 0)
					out[0] = '\0';
				return -1;
			}
			put(&output, value.data, value.length);
			from += name.length + 2;
		}
	}
	terminate(&output);
	return (long) output.length;
}
