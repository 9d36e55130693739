/*
 * units.c
 *	  Between numeric and the engine's integers (1e-8 of a unit).
 *
 * In: through numeric's text, which is exact and covers NaN and infinities; the
 * digits of a numeric are private to PostgreSQL.  Out: trailing zeros are left
 * off first, which keeps rows small and prices readable.
 */
#include "postgres.h"

#include "errcodes.h"
#include "fmgr.h"
#include "units.h"
#include "utils/builtins.h"

#define DECIMALS 8

static const int64 powers[DECIMALS + 1] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };

char *
tradepost_numeric_text(Numeric value)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)));
}

TpUnitsStatus
tradepost_wide_units_try(Numeric value, tp_int128 *units)
{
	char *text;
	const char *p;
	bool negative;
	unsigned __int128 sum = 0;
	const unsigned __int128 limit = ((unsigned __int128) 1 << 126) / 10;
	int decimals = 0;
	bool point = false;

	if (numeric_is_nan(value))
		return TP_UNITS_NAN;
	if (numeric_is_inf(value))
		return TP_UNITS_INFINITE;
	text = tradepost_numeric_text(value);
	p = text;
	negative = *p == '-';
	if (negative)
		p++;
	for (; *p != '\0'; p++)
	{
		if (*p == '.')
		{
			point = true;
			continue;
		}
		if (point && decimals == DECIMALS)
		{
			if (*p != '0')
			{
				pfree(text);
				return TP_UNITS_TOO_FINE;
			}
			continue;
		}
		if (sum > limit)
		{
			pfree(text);
			return TP_UNITS_TOO_LARGE;
		}
		sum = sum * 10 + (unsigned) (*p - '0');
		if (point)
			decimals++;
	}
	pfree(text);
	for (; decimals < DECIMALS; decimals++)
	{
		if (sum > limit)
			return TP_UNITS_TOO_LARGE;
		sum *= 10;
	}
	*units = negative ? -(tp_int128) sum : (tp_int128) sum;
	return TP_UNITS_OK;
}

TpUnitsStatus
tradepost_units_try(Numeric value, int64 *units)
{
	tp_int128 wide;
	TpUnitsStatus status = tradepost_wide_units_try(value, &wide);

	if (status != TP_UNITS_OK)
		return status;
	if (wide > PG_INT64_MAX || wide < -(tp_int128) PG_INT64_MAX)
		return TP_UNITS_TOO_LARGE;
	*units = (int64) wide;
	return TP_UNITS_OK;
}

static void
raise_units_error(TpUnitsStatus status, Numeric value, const char *field)
{
	switch (status)
	{
		case TP_UNITS_OK:
			break;
		case TP_UNITS_NAN:
		case TP_UNITS_INFINITE:
			ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
							errmsg("%s %s is not a finite number", field, tradepost_numeric_text(value)),
							errhint("Give a decimal number.")));
			break;
		case TP_UNITS_TOO_FINE:
			ereport(ERROR,
					(errcode(ERRCODE_TP_INVALID_ORDER),
					 errmsg("%s %.60s has more than %d decimals", field, tradepost_numeric_text(value), DECIMALS),
					 errhint("The engine counts in units of 1e-%d.", DECIMALS)));
			break;
		case TP_UNITS_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_TP_VALUE_OVERFLOW),
					 errmsg("%s %.60s is beyond the limit of " TP_MAX_UNITS_TEXT, field, tradepost_numeric_text(value)),
					 errhint("Give a smaller number.")));
			break;
	}
}

int64
tradepost_units(Numeric value, const char *field)
{
	int64 units = 0;

	raise_units_error(tradepost_units_try(value, &units), value, field);
	return units;
}

tp_int128
tradepost_wide_units(Numeric value, const char *field)
{
	tp_int128 units = 0;

	raise_units_error(tradepost_wide_units_try(value, &units), value, field);
	return units;
}

Datum
tradepost_units_numeric(int64 units)
{
	int decimals = DECIMALS;

	if (units % powers[DECIMALS] == 0)
		return NumericGetDatum(int64_to_numeric(units / powers[DECIMALS]));
	while (units % 10 == 0)
	{
		units /= 10;
		decimals--;
	}
	return NumericGetDatum(int64_div_fast_to_numeric(units, decimals));
}

int64
tradepost_unit_of_scale(int scale)
{
	Assert(scale >= 0 && scale <= DECIMALS);
	return powers[DECIMALS - scale];
}

/* Decimal text of a 128-bit integer, at the end of a buffer of 48. */
static char *
wide_text(tp_int128 value, char *buffer)
{
	unsigned __int128 rest = value < 0 ? -(unsigned __int128) value : (unsigned __int128) value;
	char *p = buffer + 47;

	*p = '\0';
	do
	{
		*--p = '0' + (int) (rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (value < 0)
		*--p = '-';
	return p;
}

static Datum
text_numeric(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

Datum
tradepost_wide_units_numeric(tp_int128 units)
{
	char buffer[48];
	Datum scaled;

	if (units <= PG_INT64_MAX && units >= PG_INT64_MIN)
		return tradepost_units_numeric((int64) units);
	scaled = DirectFunctionCall2(numeric_div, text_numeric(wide_text(units, buffer)),
								 text_numeric("100000000.00000000"));
	return DirectFunctionCall1(numeric_trim_scale, scaled);
}

Datum
tradepost_uint64_numeric(uint64 value)
{
	char buffer[48];

	return text_numeric(wide_text((tp_int128) value, buffer));
}

char *
tradepost_units_text(int64 units)
{
	return tradepost_numeric_text(DatumGetNumeric(tradepost_units_numeric(units)));
}
