/*
 * edge_place_one.c
 *	  tradepost_internal.place_for(): an order of a user who asks otherwise than by a session.
 *
 * Called by the functions behind WhatsApp, which have found the user by the phone.  The
 * order goes the way of edge_place.c, with the limit of the tier that holds now; what is
 * wrong with it is raised, and the caller makes a sentence of it.
 */
#include "postgres.h"

#include "edge_order.h"
#include "fmgr.h"
#include "order_limit.h"
#include "request.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(tradepost_place_for);

/* tradepost_internal.place_for(account bigint, key text, "order" text) */
Datum
tradepost_place_for(PG_FUNCTION_ARGS)
{
	TpPlaceArguments arguments;
	TpRequest request;

	tradepost_read_edge_order(text_to_cstring(PG_GETARG_TEXT_PP(2)), &arguments);
	arguments.has_account = true;
	arguments.account = PG_GETARG_INT64(0);
	arguments.max_open = tradepost_account_order_limit(arguments.account);
	arguments.client_order_id = text_to_cstring(PG_GETARG_TEXT_PP(1));
	arguments.client_order_id_length = (int) strlen(arguments.client_order_id);
	tradepost_request_place(&arguments, &request);
	tradepost_insert_requests(&request, 1);
	PG_RETURN_INT64(request.command.id);
}
