/*
 * units.h
 *	  Between numeric and the engine's integers (1e-8 of a unit).
 */
#ifndef TRADEPOST_UNITS_H
#define TRADEPOST_UNITS_H

#include "command.h"
#include "utils/numeric.h"

/* Largest money, price or quantity that fits the engine, for error texts. */
#define TP_MAX_UNITS_TEXT "92233720368"

typedef enum TpUnitsStatus
{
	TP_UNITS_OK,
	TP_UNITS_NAN,
	TP_UNITS_INFINITE,
	TP_UNITS_TOO_FINE, /* more than 8 decimals */
	TP_UNITS_TOO_LARGE
} TpUnitsStatus;

/* Exact or not at all. */
extern TpUnitsStatus tradepost_units_try(Numeric value, int64 *units);
extern TpUnitsStatus tradepost_wide_units_try(Numeric value, tp_int128 *units);

/* The same, raising TP005 or TP006 that names `field` and the value. */
extern int64 tradepost_units(Numeric value, const char *field);
extern tp_int128 tradepost_wide_units(Numeric value, const char *field);

/* Back, with as few decimals as it takes. */
extern Datum tradepost_units_numeric(int64 units);
extern Datum tradepost_wide_units_numeric(tp_int128 units);
extern Datum tradepost_uint64_numeric(uint64 value);

/* The smallest amount with so many decimals, 0 to 8, in 1e-8. */
extern int64 tradepost_unit_of_scale(int scale);

extern char *tradepost_units_text(int64 units);
extern char *tradepost_numeric_text(Numeric value);

#endif
