/*
 * bracket.c
 *	  place_bracket(): an entry and the orders that protect it, in one call.
 *
 * The protecting orders come before their entry, so that the engine knows of them when the
 * entry trades, and the entry says how many of them there must be: it never stands
 * unprotected.  Each is a place command like any other; request.c checks it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "compat.h"
#include "errcodes.h"
#include "fmgr.h"
#include "labels.h"
#include "order_limit.h"
#include "request.h"
#include "units.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(tradepost_place_bracket);

enum
{
	A_ACCOUNT,
	A_SYMBOL,
	A_SIDE,
	A_QUANTITY,
	A_PRICE,
	A_STOP_LOSS,
	A_TAKE_PROFIT,
	A_STOP_LOSS_LIMIT,
	A_TIME_IN_FORCE,
	A_CLIENT_ORDER_ID,
	A_EXPIRES_AT
};

#define MOST 3

typedef struct Bracket
{
	TpPlaceArguments entry;
	Numeric stop_loss;
	Numeric stop_loss_limit;
	Numeric take_profit;
	int children;             /* one or two */
	TpRequest requests[MOST]; /* the children, stop_loss first, then the entry */
} Bracket;

static Numeric
numeric_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_NUMERIC(n);
}

static int
label_argument(FunctionCallInfo fcinfo, int n, TpLabels list)
{
	return PG_ARGISNULL(n) ? -1 : tradepost_label_code(list, PG_GETARG_OID(n));
}

static void
read_arguments(FunctionCallInfo fcinfo, Bracket *bracket)
{
	TpPlaceArguments *entry = &bracket->entry;
	text *symbol = PG_ARGISNULL(A_SYMBOL) ? NULL : PG_GETARG_TEXT_PP(A_SYMBOL);
	text *key = PG_ARGISNULL(A_CLIENT_ORDER_ID) ? NULL : PG_GETARG_TEXT_PP(A_CLIENT_ORDER_ID);

	memset(bracket, 0, sizeof(*bracket));
	bracket->stop_loss = numeric_argument(fcinfo, A_STOP_LOSS);
	bracket->stop_loss_limit = numeric_argument(fcinfo, A_STOP_LOSS_LIMIT);
	bracket->take_profit = numeric_argument(fcinfo, A_TAKE_PROFIT);
	bracket->children = (bracket->stop_loss != NULL) + (bracket->take_profit != NULL);
	entry->has_account = !PG_ARGISNULL(A_ACCOUNT);
	entry->account = PG_ARGISNULL(A_ACCOUNT) ? 0 : PG_GETARG_INT64(A_ACCOUNT);
	entry->symbol = symbol ? VARDATA_ANY(symbol) : NULL;
	entry->symbol_length = symbol ? VARSIZE_ANY_EXHDR(symbol) : 0;
	entry->side = label_argument(fcinfo, A_SIDE, TP_LABELS_SIDE);
	entry->quantity = numeric_argument(fcinfo, A_QUANTITY);
	entry->price = numeric_argument(fcinfo, A_PRICE);
	entry->type = entry->price == NULL ? TP_MARKET : TP_LIMIT;
	entry->time_in_force = label_argument(fcinfo, A_TIME_IN_FORCE, TP_LABELS_TIME_IN_FORCE);
	/* The default is a limit order's: a market order never rests. */
	if (entry->time_in_force < 0 || (entry->type == TP_MARKET && entry->time_in_force == TP_GTC))
		entry->time_in_force = entry->type == TP_MARKET ? TP_DAY : TP_GTC;
	entry->stp = -1;
	entry->client_order_id = key ? VARDATA_ANY(key) : NULL;
	entry->client_order_id_length = key ? VARSIZE_ANY_EXHDR(key) : 0;
	entry->has_expires_at = !PG_ARGISNULL(A_EXPIRES_AT);
	entry->expires_at = PG_ARGISNULL(A_EXPIRES_AT) ? 0 : PG_GETARG_TIMESTAMPTZ(A_EXPIRES_AT);
}

/* One level must be on the right side of another: below it for a buy, above it for a sell. */
static void
check_levels(const Bracket *bracket, const char *lower_name, Numeric lower, const char *higher_name, Numeric higher)
{
	bool buy = bracket->entry.side == TP_BUY;
	int order;

	if (lower == NULL || higher == NULL)
		return;
	order = DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(lower), NumericGetDatum(higher)));
	if (buy ? order < 0 : order > 0)
		return;
	ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
					errmsg("%s %s is not %s %s %s, and the entry is a %s", lower_name, tradepost_numeric_text(lower),
						   buy ? "below" : "above", higher_name, tradepost_numeric_text(higher), buy ? "buy" : "sell"),
					buy ? errhint("A buy has stop_loss below its price and take_profit above it.")
						: errhint("A sell has stop_loss above its price and take_profit below it.")));
}

/* What is left of a position is sold at the limit: beyond the stop, or at it. */
static void
check_limit(const Bracket *bracket)
{
	bool buy = bracket->entry.side == TP_BUY;
	int order;

	if (bracket->stop_loss_limit == NULL)
		return;
	order = DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(bracket->stop_loss_limit),
											  NumericGetDatum(bracket->stop_loss)));
	if (buy ? order > 0 : order < 0)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("stop_loss_limit %s is %s stop_loss %s, and the entry is a %s",
						tradepost_numeric_text(bracket->stop_loss_limit), buy ? "above" : "below",
						tradepost_numeric_text(bracket->stop_loss), buy ? "buy" : "sell"),
				 buy ? errhint("The position is sold at stop_loss_limit or better: at most stop_loss.")
					 : errhint("The position is bought back at stop_loss_limit or better: at least stop_loss.")));
}

static void
check_bracket(const Bracket *bracket)
{
	const TpPlaceArguments *entry = &bracket->entry;

	if (bracket->stop_loss == NULL && bracket->take_profit == NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("a bracket needs a stop_loss, a take_profit or both"),
						errhint("Without protection, use place_order().")));
	if (bracket->stop_loss_limit != NULL && bracket->stop_loss == NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("stop_loss_limit %s was given without a stop_loss",
							   tradepost_numeric_text(bracket->stop_loss_limit)),
						errhint("It is the limit of the order that stop_loss triggers.")));
	if (entry->side < 0)
		return; /* the entry's own check says so */
	check_levels(bracket, "stop_loss", bracket->stop_loss, "price", entry->price);
	check_levels(bracket, "price", entry->price, "take_profit", bracket->take_profit);
	check_levels(bracket, "stop_loss", bracket->stop_loss, "take_profit", bracket->take_profit);
	check_limit(bracket);
}

/* What an error about one of the three is about. */
static void
order_error_context(void *arg)
{
	errcontext("the bracket's %s", *(const char **) arg);
}

/* An order of the other side that waits for the entry to trade; the second is linked to the first. */
static void
add_child(Bracket *bracket, int index, int type, Numeric stop_price, Numeric price)
{
	TpPlaceArguments child = { 0 };

	child.has_account = true;
	child.account = bracket->entry.account;
	child.symbol = bracket->entry.symbol;
	child.symbol_length = bracket->entry.symbol_length;
	child.side = bracket->entry.side == TP_BUY ? TP_SELL : TP_BUY;
	child.type = type;
	child.time_in_force = TP_GTC;
	child.stp = -1;
	child.quantity = bracket->entry.quantity;
	child.price = price;
	child.price_field = "stop_loss_limit";
	child.stop_price = stop_price;
	child.stop_price_field = type == TP_TAKE_PROFIT ? "take_profit" : "stop_loss";
	child.link = index > 0 ? -1 : 0;
	child.parent = -1 - bracket->children;
	tradepost_request_place(&child, &bracket->requests[index]);
}

/* The key is the entry's, and stands for the whole bracket. */
static void
set_hash(const Bracket *bracket, TpRequest *entry)
{
	uint64 parts[MOST];

	for (int i = 0; i <= bracket->children; i++)
		parts[i] = tradepost_request_hash(&bracket->requests[i].command);
	if (entry->key != NULL)
		entry->hash = hash_bytes_extended((const unsigned char *) parts, (bracket->children + 1) * sizeof(uint64), 0);
}

static void
make_requests(Bracket *bracket)
{
	TpRequest *entry = &bracket->requests[bracket->children];
	const char *what = "entry";
	ErrorContextCallback error_context = { .callback = order_error_context,
										   .arg = &what,
										   .previous = error_context_stack };

	error_context_stack = &error_context;
	tradepost_request_place(&bracket->entry, entry);
	if (bracket->stop_loss != NULL)
	{
		what = "stop_loss";
		add_child(bracket, 0, bracket->stop_loss_limit == NULL ? TP_STOP : TP_STOP_LIMIT, bracket->stop_loss,
				  bracket->stop_loss_limit);
	}
	if (bracket->take_profit != NULL)
	{
		what = "take_profit";
		add_child(bracket, bracket->children - 1, TP_TAKE_PROFIT, bracket->take_profit, NULL);
	}
	error_context_stack = error_context.previous;
	entry->command.children = bracket->children;
	set_hash(bracket, entry);
}

/* A repeated call answers with the first one's orders. */
static void
find_first(Bracket *bracket)
{
	int64 ids[MOST];
	int n = tradepost_find_children(bracket->requests[bracket->children].command.id, bracket->children, ids);

	if (n != bracket->children)
		elog(ERROR, "order %lld has lost what protects it",
			 (long long) bracket->requests[bracket->children].command.id);
	for (int i = 0; i < n; i++)
		bracket->requests[n - 1 - i].command.id = ids[i];
}

static ArrayType *
result_ids(const Bracket *bracket)
{
	Datum ids[MOST] = { Int64GetDatum(bracket->requests[bracket->children].command.id) };
	bool nulls[MOST] = { false, bracket->stop_loss == NULL, bracket->take_profit == NULL };
	int count = MOST;
	int lower_bound = 1;

	if (!nulls[1])
		ids[1] = Int64GetDatum(bracket->requests[0].command.id);
	if (!nulls[2])
		ids[2] = Int64GetDatum(bracket->requests[bracket->children - 1].command.id);
	return construct_md_array(ids, nulls, 1, &count, &lower_bound, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

Datum
tradepost_place_bracket(PG_FUNCTION_ARGS)
{
	Bracket bracket;

	read_arguments(fcinfo, &bracket);
	check_bracket(&bracket);
	if (bracket.entry.has_account)
		bracket.entry.max_open = tradepost_account_order_limit(bracket.entry.account);
	make_requests(&bracket);
	tradepost_assign_ids(bracket.requests, bracket.children + 1);
	if (bracket.requests[bracket.children].repeated)
		find_first(&bracket);
	else
	{
		tradepost_resolve_references(bracket.requests, bracket.children + 1);
		tradepost_write_requests(bracket.requests, bracket.children + 1);
	}
	PG_RETURN_ARRAYTYPE_P(result_ids(&bracket));
}
