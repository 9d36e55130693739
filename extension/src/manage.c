/*
 * manage.c
 *	  Commands about orders that exist, about money and about the market:
 *	  thin functions that name what is asked and hand it to request.c.
 */
#include "postgres.h"

#include "compat.h"
#include "arguments.h"
#include "config.h"
#include "fmgr.h"
#include "pending.h"
#include "request.h"
#include "units.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(tradepost_cancel_order);
PG_FUNCTION_INFO_V1(tradepost_amend_order);
PG_FUNCTION_INFO_V1(tradepost_sql_cancel_all);
PG_FUNCTION_INFO_V1(tradepost_deposit);
PG_FUNCTION_INFO_V1(tradepost_withdraw);
PG_FUNCTION_INFO_V1(tradepost_set_mark);
PG_FUNCTION_INFO_V1(tradepost_halt_instrument);
PG_FUNCTION_INFO_V1(tradepost_resume_instrument);
PG_FUNCTION_INFO_V1(tradepost_sql_settle_instrument);
PG_FUNCTION_INFO_V1(tradepost_list_instrument);
PG_FUNCTION_INFO_V1(tradepost_configuration_changed);
PG_FUNCTION_INFO_V1(tradepost_wake_engine);

static Datum
submit(TpRequest *request)
{
	tradepost_insert_requests(request, 1);
	return Int64GetDatum(request->command.id);
}

static int64
checked_order_id(FunctionCallInfo fcinfo, int n)
{
	int64 id = tradepost_arg_int64(fcinfo, n, "order_id");

	if (id <= 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("order_id %lld is not above zero", (long long) id),
						errhint("An order's id is what place_order() returned.")));
	return id;
}

Datum
tradepost_cancel_order(PG_FUNCTION_ARGS)
{
	TpRequest request;

	tradepost_request_cancel(tradepost_arg_int64(fcinfo, 0, "account"), checked_order_id(fcinfo, 1), &request);
	return submit(&request);
}

Datum
tradepost_amend_order(PG_FUNCTION_ARGS)
{
	TpRequest request;

	tradepost_request_amend(tradepost_arg_int64(fcinfo, 0, "account"), checked_order_id(fcinfo, 1), NULL,
							PG_ARGISNULL(2) ? NULL : PG_GETARG_NUMERIC(2),
							PG_ARGISNULL(3) ? NULL : PG_GETARG_NUMERIC(3),
							PG_ARGISNULL(4) ? NULL : PG_GETARG_NUMERIC(4), &request);
	return submit(&request);
}

Datum
tradepost_sql_cancel_all(PG_FUNCTION_ARGS)
{
	TpRequest request;
	text *symbol = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);

	tradepost_request_cancel_all(tradepost_arg_int64(fcinfo, 0, "account"), symbol ? VARDATA_ANY(symbol) : NULL,
								 symbol ? VARSIZE_ANY_EXHDR(symbol) : 0, &request);
	return submit(&request);
}

static Datum
transfer(FunctionCallInfo fcinfo, TpCommandKind kind)
{
	TpRequest request;
	TpCommand *command = &request.command;
	TpAccount account;
	const TpAsset *asset;
	text *code;

	tradepost_require_admin("move money");
	tradepost_require_engine();
	memset(&request, 0, sizeof(request));
	account = tradepost_account_for_administration(tradepost_arg_int64(fcinfo, 0, "account"));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("asset and amount must be given"),
						errhint("They may not be NULL.")));
	code = PG_GETARG_TEXT_PP(1);
	asset = tradepost_asset(account.tenant, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	command->kind = kind;
	command->account = account.id;
	command->asset = asset->id;
	command->quantity = tradepost_units(PG_GETARG_NUMERIC(2), "amount");
	if (command->quantity <= 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("amount %s %s is not above zero", tradepost_units_text(command->quantity), asset->code),
						errhint("deposit() adds to an account, withdraw() takes from it.")));
	if (command->quantity % asset->unit != 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("amount %s has more decimals than %s, which has %d",
							   tradepost_units_text(command->quantity), asset->code, asset->scale),
						errhint("Round it to the asset's scale.")));
	command->counter_account = tradepost_external_account(account.tenant);
	if (command->counter_account == account.id)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("account %lld is the external account itself", (long long) account.id),
						errhint("It is the other side of every deposit and withdrawal.")));
	if (!PG_ARGISNULL(3))
	{
		text *key = PG_GETARG_TEXT_PP(3);

		tradepost_request_key(&request, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	}
	return submit(&request);
}

Datum
tradepost_deposit(PG_FUNCTION_ARGS)
{
	return transfer(fcinfo, TP_CMD_DEPOSIT);
}

Datum
tradepost_withdraw(PG_FUNCTION_ARGS)
{
	return transfer(fcinfo, TP_CMD_WITHDRAW);
}

static Datum
about_instrument(FunctionCallInfo fcinfo, TpCommandKind kind, const char *what, bool with_price)
{
	TpRequest request;
	const TpListing *listing;
	text *symbol;
	int64 tenant;

	tradepost_require_admin(what);
	tradepost_require_engine();
	if (PG_ARGISNULL(0) || (with_price && PG_ARGISNULL(1)))
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER), errmsg("symbol%s must be given", with_price ? " and price" : ""),
				 errhint("They may not be NULL.")));
	symbol = PG_GETARG_TEXT_PP(0);
	tenant = tradepost_arg_int64(fcinfo, with_price ? 2 : 1, "tenant");
	listing = tradepost_listing(tenant, VARDATA_ANY(symbol), VARSIZE_ANY_EXHDR(symbol));
	memset(&request, 0, sizeof(request));
	request.command.kind = kind;
	request.command.instrument = listing->spec.id;
	if (with_price)
	{
		request.command.price = tradepost_units(PG_GETARG_NUMERIC(1), "price");
		tradepost_check_price(listing, "price", request.command.price);
	}
	return submit(&request);
}

Datum
tradepost_set_mark(PG_FUNCTION_ARGS)
{
	return about_instrument(fcinfo, TP_CMD_MARK, "set marks", true);
}

Datum
tradepost_halt_instrument(PG_FUNCTION_ARGS)
{
	return about_instrument(fcinfo, TP_CMD_HALT, "halt instruments", false);
}

Datum
tradepost_resume_instrument(PG_FUNCTION_ARGS)
{
	return about_instrument(fcinfo, TP_CMD_RESUME, "resume instruments", false);
}

Datum
tradepost_sql_settle_instrument(PG_FUNCTION_ARGS)
{
	return about_instrument(fcinfo, TP_CMD_SETTLE, "settle instruments", true);
}

Datum
tradepost_list_instrument(PG_FUNCTION_ARGS)
{
	TpRequest request;

	tradepost_require_admin("list instruments");
	tradepost_require_engine();
	memset(&request, 0, sizeof(request));
	request.command.kind = TP_CMD_LIST;
	request.command.instrument = PG_GETARG_INT32(0);
	return submit(&request);
}

Datum
tradepost_configuration_changed(PG_FUNCTION_ARGS)
{
	tradepost_pending_configuration_change();
	PG_RETURN_POINTER(NULL);
}

Datum
tradepost_wake_engine(PG_FUNCTION_ARGS)
{
	tradepost_require_admin("wake the engine");
	tradepost_pending_configuration_change();
	PG_RETURN_VOID();
}
