/*
 * instrument_table.h
 *	  The instruments by number, and by tenant and symbol.  Pure.
 */
#ifndef TRADEPOST_PROXY_INSTRUMENT_TABLE_H
#define TRADEPOST_PROXY_INSTRUMENT_TABLE_H

#include "event.h"

/* All zero is empty. Entries stay where they are until the table is freed. */
typedef struct TpInstrumentTable
{
	TpInstrumentInfo **entries; /* in order of id */
	int count;
	int capacity;
} TpInstrumentTable;

/* Copies it; one that is there already stays as it is. */
extern void tp_instruments_add(TpInstrumentTable *table, const TpInstrumentInfo *instrument);
extern const TpInstrumentInfo *tp_instruments_by_id(const TpInstrumentTable *table, int id);
extern const TpInstrumentInfo *tp_instruments_by_symbol(const TpInstrumentTable *table, int64_t tenant, TpSlice symbol);
extern void tp_instruments_free(TpInstrumentTable *table);

#endif
