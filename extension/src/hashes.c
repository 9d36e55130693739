/*
 * hashes.c
 *	  The engine's checksum, in SQL: so that check_invariants() can compare
 *	  tables with what the matcher's memory held when it wrote them.
 */
#include "postgres.h"

#include "engine.h"
#include "fmgr.h"
#include "units.h"

PG_FUNCTION_INFO_V1(tradepost_order_hash);
PG_FUNCTION_INFO_V1(tradepost_balance_hash);
PG_FUNCTION_INFO_V1(tradepost_position_hash);

Datum
tradepost_order_hash(PG_FUNCTION_ARGS)
{
	TpOrderState order = { 0 };

	for (int i = 0; i < 8; i++)
	{
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	}
	order.id = PG_GETARG_INT64(0);
	order.account = PG_GETARG_INT64(1);
	order.instrument = PG_GETARG_INT32(2);
	order.side = PG_GETARG_INT16(3);
	order.price = tradepost_units(PG_GETARG_NUMERIC(4), "price");
	order.quantity = tradepost_units(PG_GETARG_NUMERIC(5), "quantity");
	order.filled = tradepost_units(PG_GETARG_NUMERIC(6), "filled");
	order.rank = PG_GETARG_INT64(7);
	order.stop_price = PG_ARGISNULL(8) ? 0 : tradepost_units(PG_GETARG_NUMERIC(8), "stop_price");
	order.link_id = PG_ARGISNULL(9) ? 0 : PG_GETARG_INT64(9);
	order.parent_id = PG_ARGISNULL(10) ? 0 : PG_GETARG_INT64(10);
	return tradepost_uint64_numeric(tradepost_hash_order(&order));
}

Datum
tradepost_balance_hash(PG_FUNCTION_ARGS)
{
	TpBalanceState balance = { 0 };

	balance.account = PG_GETARG_INT64(0);
	balance.asset = PG_GETARG_INT32(1);
	balance.total = tradepost_wide_units(PG_GETARG_NUMERIC(2), "total");
	balance.reserved = tradepost_wide_units(PG_GETARG_NUMERIC(3), "reserved");
	return tradepost_uint64_numeric(tradepost_hash_balance(&balance));
}

Datum
tradepost_position_hash(PG_FUNCTION_ARGS)
{
	TpPositionState position = { 0 };

	position.account = PG_GETARG_INT64(0);
	position.instrument = PG_GETARG_INT32(1);
	position.quantity = tradepost_units(PG_GETARG_NUMERIC(2), "quantity");
	position.open_bids = tradepost_units(PG_GETARG_NUMERIC(3), "open_bids");
	position.open_asks = tradepost_units(PG_GETARG_NUMERIC(4), "open_asks");
	return tradepost_uint64_numeric(tradepost_hash_position(&position));
}
