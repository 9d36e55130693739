/*
 * place.c
 *	  place_order() and place_orders().
 *
 * Both only read their arguments; request.c checks them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "errcodes.h"
#include "fmgr.h"
#include "labels.h"
#include "place.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(tradepost_place_order);
PG_FUNCTION_INFO_V1(tradepost_place_orders);

/* Positions of the arguments of place_order and submit_order; place_orders has those before A_OCO. */
enum
{
	A_ACCOUNT,
	A_SYMBOL,
	A_SIDE,
	A_QUANTITY,
	A_PRICE,
	A_TYPE,
	A_TIME_IN_FORCE,
	A_CLIENT_ORDER_ID,
	A_EXPIRES_AT,
	A_STP,
	A_POST_ONLY,
	A_STOP_PRICE,
	A_OCO,
	A_COUNT
};

/* Read one value of each argument, NULL or not, into what request.c takes. */
static void
read_values(const Datum *values, const bool *nulls, TpPlaceArguments *arguments)
{
	memset(arguments, 0, sizeof(*arguments));
	arguments->has_account = !nulls[A_ACCOUNT];
	if (!nulls[A_ACCOUNT])
		arguments->account = DatumGetInt64(values[A_ACCOUNT]);
	if (!nulls[A_SYMBOL])
	{
		text *symbol = DatumGetTextPP(values[A_SYMBOL]);

		arguments->symbol = VARDATA_ANY(symbol);
		arguments->symbol_length = VARSIZE_ANY_EXHDR(symbol);
	}
	arguments->side = nulls[A_SIDE] ? -1 : tradepost_label_code(TP_LABELS_SIDE, DatumGetObjectId(values[A_SIDE]));
	arguments->type = nulls[A_TYPE] ? -1 : tradepost_label_code(TP_LABELS_ORDER_TYPE, DatumGetObjectId(values[A_TYPE]));
	arguments->time_in_force = nulls[A_TIME_IN_FORCE] ? -1
													  : tradepost_label_code(TP_LABELS_TIME_IN_FORCE,
																			 DatumGetObjectId(values[A_TIME_IN_FORCE]));
	arguments->stp = nulls[A_STP] ? -1 : tradepost_label_code(TP_LABELS_STP, DatumGetObjectId(values[A_STP]));
	arguments->quantity = nulls[A_QUANTITY] ? NULL : DatumGetNumeric(values[A_QUANTITY]);
	arguments->price = nulls[A_PRICE] ? NULL : DatumGetNumeric(values[A_PRICE]);
	if (!nulls[A_CLIENT_ORDER_ID])
	{
		text *key = DatumGetTextPP(values[A_CLIENT_ORDER_ID]);

		arguments->client_order_id = VARDATA_ANY(key);
		arguments->client_order_id_length = VARSIZE_ANY_EXHDR(key);
	}
	arguments->has_expires_at = !nulls[A_EXPIRES_AT];
	if (!nulls[A_EXPIRES_AT])
		arguments->expires_at = DatumGetTimestampTz(values[A_EXPIRES_AT]);
	arguments->post_only = !nulls[A_POST_ONLY] && DatumGetBool(values[A_POST_ONLY]);
	arguments->stop_price = nulls[A_STOP_PRICE] ? NULL : DatumGetNumeric(values[A_STOP_PRICE]);
	arguments->has_oco = !nulls[A_OCO];
	if (!nulls[A_OCO])
		arguments->oco = DatumGetInt64(values[A_OCO]);
}

void
tradepost_read_place_arguments(FunctionCallInfo fcinfo, TpPlaceArguments *arguments)
{
	Datum values[A_COUNT];
	bool nulls[A_COUNT];

	for (int i = 0; i < A_COUNT; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i);
	}
	read_values(values, nulls, arguments);
}

Datum
tradepost_place_order(PG_FUNCTION_ARGS)
{
	TpPlaceArguments arguments;
	TpRequest request;

	tradepost_read_place_arguments(fcinfo, &arguments);
	tradepost_request_place(&arguments, &request);
	tradepost_insert_requests(&request, 1);
	PG_RETURN_INT64(request.command.id);
}

/* One argument of place_orders: as many values as there are orders, or one for all. */
typedef struct Column
{
	int count; /* 0: not given */
	Datum *values;
	bool *nulls;
} Column;

#define COLUMNS A_OCO

static const char *const column_names[COLUMNS] = {
	"accounts",       "symbols",          "sides",        "quantities", "prices",     "types",
	"times_in_force", "client_order_ids", "expire_times", "stps",       "post_onlys", "stop_prices",
};

static void
read_column(FunctionCallInfo fcinfo, int n, Column *column)
{
	static const struct
	{
		int16 length;
		bool by_value;
		char align;
	} layout[COLUMNS] = {
		[A_ACCOUNT] = { 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE },
		[A_SYMBOL] = { -1, false, TYPALIGN_INT },
		[A_SIDE] = { 4, true, TYPALIGN_INT },
		[A_QUANTITY] = { -1, false, TYPALIGN_INT },
		[A_PRICE] = { -1, false, TYPALIGN_INT },
		[A_TYPE] = { 4, true, TYPALIGN_INT },
		[A_TIME_IN_FORCE] = { 4, true, TYPALIGN_INT },
		[A_CLIENT_ORDER_ID] = { -1, false, TYPALIGN_INT },
		[A_EXPIRES_AT] = { 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE },
		[A_STP] = { 4, true, TYPALIGN_INT },
		[A_POST_ONLY] = { 1, true, TYPALIGN_CHAR },
		[A_STOP_PRICE] = { -1, false, TYPALIGN_INT },
	};
	ArrayType *array;

	memset(column, 0, sizeof(*column));
	if (PG_ARGISNULL(n) && n <= A_QUANTITY)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("%s must be given", column_names[n]),
						errhint("It may not be NULL; an empty array of quantities places nothing.")));
	if (PG_ARGISNULL(n))
		return;
	array = PG_GETARG_ARRAYTYPE_P(n);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("%s must have one dimension", column_names[n]),
						errhint("Give a plain array.")));
	deconstruct_array(array, ARR_ELEMTYPE(array), layout[n].length, layout[n].by_value, layout[n].align,
					  &column->values, &column->nulls, &column->count);
}

/* An error in one of many orders says which. */
static void
order_error_context(void *arg)
{
	errcontext("order %d of the call", *(int *) arg + 1);
}

Datum
tradepost_place_orders(PG_FUNCTION_ARGS)
{
	Column columns[COLUMNS];
	TpRequest *requests;
	Datum *ids;
	int n;
	int i;
	ErrorContextCallback error_context = { .callback = order_error_context, .arg = &i };

	for (int c = 0; c < COLUMNS; c++)
		read_column(fcinfo, c, &columns[c]);
	n = columns[A_QUANTITY].count;
	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
	if (n > TP_MAX_COMMANDS_PER_CALL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("quantities has %d elements, and the limit is %d a call", n, TP_MAX_COMMANDS_PER_CALL),
						errhint("Use several calls; they may be one transaction.")));
	for (int c = 0; c < COLUMNS; c++)
	{
		if (columns[c].count > 1 && columns[c].count != n)
			ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
							errmsg("%s has %d elements, and quantities has %d", column_names[c], columns[c].count, n),
							errhint("Give one for all, or one for each order.")));
	}

	requests = palloc_extended(n * sizeof(TpRequest), MCXT_ALLOC_HUGE);
	error_context.previous = error_context_stack;
	error_context_stack = &error_context;
	for (i = 0; i < n; i++)
	{
		Datum values[A_COUNT];
		bool nulls[A_COUNT];
		TpPlaceArguments arguments;

		for (int c = 0; c < COLUMNS; c++)
		{
			int element = columns[c].count == 1 ? 0 : i;

			nulls[c] = columns[c].count == 0 || columns[c].nulls[element];
			values[c] = nulls[c] ? (Datum) 0 : columns[c].values[element];
		}
		nulls[A_OCO] = true;
		read_values(values, nulls, &arguments);
		tradepost_request_place(&arguments, &requests[i]);
	}
	error_context_stack = error_context.previous;

	tradepost_insert_requests(requests, n);
	ids = palloc(n * sizeof(Datum));
	for (i = 0; i < n; i++)
		ids[i] = Int64GetDatum(requests[i].command.id);
	PG_RETURN_ARRAYTYPE_P(construct_array(ids, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
