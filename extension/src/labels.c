/*
 * labels.c
 *	  Between the API's enum values and the engine's codes.
 *
 * Enum values are OIDs that differ from database to database and from one
 * CREATE EXTENSION to the next: each is looked up once per backend.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_enum.h"
#include "command.h"
#include "labels.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#define MAX_LABELS 5

typedef struct LabelList
{
	const char *type;
	int count;
	const char *labels[MAX_LABELS];
	const char *all;
} LabelList;

static const LabelList lists[TP_LABELS_COUNT] = {
	[TP_LABELS_SIDE] = { "side", 2, { "buy", "sell" }, "buy, sell" },
	[TP_LABELS_ORDER_TYPE] = { "order_type",
							   5,
							   { "limit", "market", "stop", "stop_limit", "take_profit" },
							   "limit, market, stop, stop_limit, take_profit" },
	[TP_LABELS_TIME_IN_FORCE] = { "time_in_force",
								  5,
								  { "day", "gtc", "gtd", "ioc", "fok" },
								  "day, gtc, gtd, ioc, fok" },
	[TP_LABELS_STP] = { "stp",
						5,
						{ "cancel_taker", "cancel_maker", "cancel_both", "decrement", "none" },
						"cancel_taker, cancel_maker, cancel_both, decrement, none" },
};

static Oid known[TP_LABELS_COUNT][MAX_LABELS];

int
tradepost_label_find(TpLabels list, const char *text, int length)
{
	for (int i = 0; i < lists[list].count; i++)
	{
		const char *label = lists[list].labels[i];

		if ((int) strlen(label) == length && pg_strncasecmp(label, text, length) == 0)
			return i;
	}
	return -1;
}

int
tradepost_label_code(TpLabels list, Oid value)
{
	HeapTuple tuple;
	Form_pg_enum form;
	int code;

	for (int i = 0; i < lists[list].count; i++)
	{
		if (known[list][i] == value)
			return i;
	}
	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "invalid internal value %u for enum %s", value, lists[list].type);
	form = (Form_pg_enum) GETSTRUCT(tuple);
	code = tradepost_label_find(list, NameStr(form->enumlabel), strlen(NameStr(form->enumlabel)));
	ReleaseSysCache(tuple);
	if (code < 0)
		elog(ERROR, "enum %s has a label that this library does not know", lists[list].type);
	known[list][code] = value;
	return code;
}

Oid
tradepost_label_value(TpLabels list, int code)
{
	Oid namespace = get_namespace_oid("tradepost", false);
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(lists[list].type),
							   ObjectIdGetDatum(namespace));

	return GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid, ObjectIdGetDatum(type),
						   CStringGetDatum(lists[list].labels[code]));
}

const char *
tradepost_label_text(TpLabels list, int code)
{
	return code >= 0 && code < lists[list].count ? lists[list].labels[code] : "unknown";
}

const char *
tradepost_labels_all(TpLabels list)
{
	return lists[list].all;
}

const char *
tradepost_reason_text(int reason)
{
	static const char *const texts[] = {
		[TP_REASON_NONE] = NULL,
		[TP_REASON_INSUFFICIENT_FUNDS] = "insufficient_funds",
		[TP_REASON_OUTSIDE_BAND] = "outside_band",
		[TP_REASON_WOULD_CROSS] = "would_cross",
		[TP_REASON_CANNOT_FILL] = "cannot_fill",
		[TP_REASON_NO_LIQUIDITY] = "no_liquidity",
		[TP_REASON_INSTRUMENT_HALTED] = "instrument_halted",
		[TP_REASON_INSTRUMENT_EXPIRED] = "instrument_expired",
		[TP_REASON_ORDER_UNKNOWN] = "order_unknown",
		[TP_REASON_ORDER_FILLED] = "order_filled",
		[TP_REASON_ORDER_CANCELLED] = "order_cancelled",
		[TP_REASON_ORDER_EXPIRED] = "order_expired",
		[TP_REASON_ORDER_REJECTED] = "order_rejected",
		[TP_REASON_MARK_STEP] = "mark_step",
		[TP_REASON_EXPOSURE] = "exposure",
		[TP_REASON_ENGINE_ERROR] = "engine_error",
		[TP_REASON_INSTRUMENT_UNKNOWN] = "instrument_unknown",
		[TP_REASON_OUT_OF_RANGE] = "out_of_range",
		[TP_REASON_REQUESTED] = "requested",
		[TP_REASON_IOC] = "ioc",
		[TP_REASON_UNFILLED] = "unfilled",
		[TP_REASON_SELF_TRADE] = "self_trade",
		[TP_REASON_AMENDED_BELOW_FILLED] = "amended_below_filled",
		[TP_REASON_LIQUIDATION] = "liquidation",
		[TP_REASON_CANCEL_ALL] = "cancel_all",
		[TP_REASON_SETTLEMENT] = "settlement",
		[TP_REASON_TIME] = "time",
		[TP_REASON_LINKED] = "linked_order",
		[TP_REASON_TOO_MANY_ORDERS] = "too_many_orders",
	};

	return reason >= 0 && reason < (int) lengthof(texts) ? texts[reason] : NULL;
}
