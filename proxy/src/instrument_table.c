/*
 * instrument_table.c
 *	  A sorted array of some hundred entries; see instrument_table.h.
 *
 * Numbers are found by halving. Symbols are compared one by one, lengths first: that
 * costs less than a hash of the symbol until there are thousands.
 */
#include "instrument_table.h"

#include <stdlib.h>

/* The first position whose id is not below. */
static int
find(const TpInstrumentTable *table, int id)
{
	int low = 0;
	int high = table->count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (table->entries[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const char *
copy(const char *text)
{
	return text == NULL ? NULL : tp_strdup(text);
}

void
tp_instruments_add(TpInstrumentTable *table, const TpInstrumentInfo *instrument)
{
	int at = find(table, instrument->id);
	TpInstrumentInfo *entry;

	if (at < table->count && table->entries[at]->id == instrument->id)
		return;
	if (table->count == table->capacity)
	{
		table->capacity = table->capacity == 0 ? 64 : table->capacity * 2;
		table->entries = tp_realloc(table->entries, (size_t) table->capacity * sizeof(table->entries[0]));
	}
	memmove(&table->entries[at + 1], &table->entries[at], (size_t) (table->count - at) * sizeof(table->entries[0]));
	entry = tp_alloc(sizeof(TpInstrumentInfo));
	*entry = (TpInstrumentInfo){ .id = instrument->id,
								 .tenant = instrument->tenant,
								 .symbol = copy(instrument->symbol),
								 .asset = copy(instrument->asset),
								 .contract = copy(instrument->contract),
								 .mark = copy(instrument->mark),
								 .last = copy(instrument->last) };
	table->entries[at] = entry;
	table->count++;
}

const TpInstrumentInfo *
tp_instruments_by_id(const TpInstrumentTable *table, int id)
{
	int at = find(table, id);

	return at < table->count && table->entries[at]->id == id ? table->entries[at] : NULL;
}

const TpInstrumentInfo *
tp_instruments_by_symbol(const TpInstrumentTable *table, int64_t tenant, TpSlice symbol)
{
	for (int i = 0; i < table->count; i++)
	{
		if (table->entries[i]->tenant == tenant && tp_slice_is(symbol, table->entries[i]->symbol))
			return table->entries[i];
	}
	return NULL;
}

void
tp_instruments_free(TpInstrumentTable *table)
{
	for (int i = 0; i < table->count; i++)
	{
		free((char *) table->entries[i]->symbol);
		free((char *) table->entries[i]->asset);
		free((char *) table->entries[i]->contract);
		free((char *) table->entries[i]->mark);
		free((char *) table->entries[i]->last);
		free(table->entries[i]);
	}
	free(table->entries);
	*table = (TpInstrumentTable){ 0 };
}
