/*
 * reasons.c
 *	  Why a cancel or amend was rejected: what became of the order it names.
 *
 * The engine forgets an order when the batch that closed it is stored, so it can
 * only say that it knows of none.  What the table says is looked up here, once
 * for a batch, before its events are stored.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "store.h"
#include "utils/array.h"

static SPIPlanPtr reasons_plan = NULL;

static void
prepare(void)
{
	Oid types[] = { INT8ARRAYOID };

	if (reasons_plan != NULL)
		return;
	reasons_plan = SPI_prepare("SELECT u.n, o.account, o.status FROM unnest($1) WITH ORDINALITY u (id, n)"
							   " JOIN tradepost_internal.orders o ON o.id = u.id",
							   1, types);
	SPI_keepplan(reasons_plan);
}

static TpReason
reason_of_status(int status)
{
	switch ((TpOrderStatus) status)
	{
		case TP_ORDER_FILLED:
			return TP_REASON_ORDER_FILLED;
		case TP_ORDER_CANCELLED:
			return TP_REASON_ORDER_CANCELLED;
		case TP_ORDER_EXPIRED:
			return TP_REASON_ORDER_EXPIRED;
		case TP_ORDER_REJECTED:
			return TP_REASON_ORDER_REJECTED;
		case TP_ORDER_OPEN:
		case TP_ORDER_PARTIALLY_FILLED:
		case TP_ORDER_UNTRIGGERED:
			break;
	}
	return TP_REASON_ORDER_UNKNOWN;
}

/* Orders that this batch closed are in memory, older ones in the table. */
void
tradepost_store_refine_reasons(TpEngine *engine)
{
	const TpEvent *events;
	size_t n = tradepost_engine_events(engine, &events);
	Datum *ids = NULL;
	size_t *positions = NULL;
	int count = 0;

	for (size_t i = 0; i < n; i++)
	{
		TpOrderState order;

		if (events[i].kind != TP_EV_REJECTED || events[i].reason != TP_REASON_ORDER_UNKNOWN || events[i].order_id <= 0)
			continue;
		if (tradepost_engine_order(engine, events[i].order_id, &order))
		{
			if (order.account == events[i].account)
				tradepost_engine_event(engine, i)->reason = reason_of_status(order.status);
			continue;
		}
		if (ids == NULL)
		{
			ids = palloc(n * sizeof(Datum));
			positions = palloc(n * sizeof(size_t));
		}
		ids[count] = Int64GetDatum(events[i].order_id);
		positions[count++] = i;
	}
	if (count > 0)
	{
		Datum values[] = { PointerGetDatum(construct_array(ids, count, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)) };

		SPI_connect();
		prepare();
		SPI_execute_plan(reasons_plan, values, NULL, true, 0);
		for (uint64 row = 0; row < SPI_processed; row++)
		{
			bool isnull;
			HeapTuple tuple = SPI_tuptable->vals[row];
			int64 nth = DatumGetInt64(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));
			int64 account = DatumGetInt64(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull));
			int status = DatumGetInt16(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 3, &isnull));
			TpEvent *event = tradepost_engine_event(engine, positions[nth - 1]);

			if (event->account == account)
				event->reason = reason_of_status(status);
		}
		SPI_finish();
	}
}
