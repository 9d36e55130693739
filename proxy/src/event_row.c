/*
 * event_row.c
 *	  From a row in libpq's text form to a TpEvent.
 *
 * Every event passes here once in each worker, so numbers are read without strtol().
 */
#include "event_row.h"

#include "stream.h"

/* As TP_EVENT_COLUMNS has them. */
enum
{
	SEQ,
	TIME_US,
	KIND,
	COMMAND_ID,
	ORDER_ID,
	MAKER_ORDER_ID,
	ACCOUNT,
	COUNTER_ACCOUNT,
	INSTRUMENT,
	SIDE,
	REASON,
	ASSET,
	DECISION,
	QUANTITY,
	PRICE,
	COMMISSION,
	COUNTER_COMMISSION,
	O_SIDE,
	O_TYPE,
	O_TIF,
	O_STATUS,
	O_QUANTITY,
	O_PRICE,
	O_FILLED,
	O_AVG,
	O_COMMISSION,
	O_CLIENT_ORDER_ID,
	O_EXPIRES_US,
	O_CREATED_US,
	O_POST_ONLY,
	O_STP,
	O_REASON,
	M_SIDE, /* the same of the maker's order */
	O_STOP_PRICE = M_SIDE + M_SIDE - O_SIDE,
	O_LINK,
	O_PARENT,
	M_STOP_PRICE,
	M_LINK,
	M_PARENT,
	TENANT
};

#define MAKER (M_SIDE - O_SIDE)
#define MAKER_LINKS (M_STOP_PRICE - O_STOP_PRICE)

typedef struct Row
{
	const PGresult *result;
	int row;
} Row;

/* NULL and what is no number: otherwise. */
static int64_t
integer(Row r, int column, int64_t otherwise)
{
	const char *p = PQgetvalue(r.result, r.row, column);
	bool negative = *p == '-';
	int64_t value = 0;

	p += negative;
	if (*p < '0' || *p > '9')
		return otherwise;
	while (*p >= '0' && *p <= '9')
		value = value * 10 + (*p++ - '0');
	return negative ? -value : value;
}

static TpSlice
text(Row r, int column)
{
	if (PQgetisnull(r.result, r.row, column))
		return (TpSlice){ NULL, 0 };
	return (TpSlice){ PQgetvalue(r.result, r.row, column), (size_t) PQgetlength(r.result, r.row, column) };
}

static bool
is_true(Row r, int column)
{
	return PQgetvalue(r.result, r.row, column)[0] == 't';
}

/* of, links: 0, or MAKER and MAKER_LINKS */
static void
read_order(Row r, int of, int links, TpEventOrder *order)
{
	*order = (TpEventOrder){ .client_order_id = text(r, of + O_CLIENT_ORDER_ID),
							 .quantity = text(r, of + O_QUANTITY),
							 .price = text(r, of + O_PRICE),
							 .filled = text(r, of + O_FILLED),
							 .average_price = text(r, of + O_AVG),
							 .commission = text(r, of + O_COMMISSION),
							 .reason = text(r, of + O_REASON),
							 .stop_price = text(r, links + O_STOP_PRICE),
							 .link = integer(r, links + O_LINK, 0),
							 .parent = integer(r, links + O_PARENT, 0),
							 .side = (int) integer(r, of + O_SIDE, -1),
							 .type = (int) integer(r, of + O_TYPE, -1),
							 .time_in_force = (int) integer(r, of + O_TIF, -1),
							 .status = (int) integer(r, of + O_STATUS, -1),
							 .stp = (int) integer(r, of + O_STP, -1),
							 .post_only = is_true(r, of + O_POST_ONLY),
							 .expires_us = integer(r, of + O_EXPIRES_US, 0),
							 .created_us = integer(r, of + O_CREATED_US, 0) };
}

int
tp_event_row_instrument(const PGresult *result, int row)
{
	return (int) integer((Row){ result, row }, INSTRUMENT, 0);
}

void
tp_event_read(const PGresult *result, int row, TpEvent *event)
{
	Row r = { result, row };

	*event = (TpEvent){ .seq = integer(r, SEQ, 0),
						.time_us = integer(r, TIME_US, 0),
						.command = integer(r, COMMAND_ID, 0),
						.order = integer(r, ORDER_ID, 0),
						.maker_order = integer(r, MAKER_ORDER_ID, 0),
						.account = integer(r, ACCOUNT, 0),
						.counter_account = integer(r, COUNTER_ACCOUNT, 0),
						.instrument = (int) integer(r, INSTRUMENT, 0),
						.kind = (int) integer(r, KIND, 0),
						.side = (int) integer(r, SIDE, -1),
						.decision = is_true(r, DECISION),
						.reason = text(r, REASON),
						.asset = text(r, ASSET),
						.tenant = integer(r, TENANT, 0),
						.quantity = text(r, QUANTITY),
						.price = text(r, PRICE),
						.commission = text(r, COMMISSION),
						.counter_commission = text(r, COUNTER_COMMISSION),
						.has_order = !PQgetisnull(result, row, O_STATUS),
						.has_maker = !PQgetisnull(result, row, MAKER + O_STATUS) };
	if (event->has_order)
		read_order(r, 0, 0, &event->of);
	if (event->has_maker)
		read_order(r, MAKER, MAKER_LINKS, &event->maker);
}
