/*
 * request.c
 *	  Checks of a request that need no state of the market.
 *
 * Everything that comes in through SQL ends here, so this is where hostile
 * values stop: what passes fits the engine.  Messages name the field, the value
 * and the limit.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "config.h"
#include "errcodes.h"
#include "guc.h"
#include "labels.h"
#include "mb/pg_wchar.h"
#include "pending.h"
#include "request.h"
#include "units.h"

static void
require(bool given, const char *field)
{
	if (!given)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER), errmsg("%s must be given", field), errhint("It may not be NULL.")));
}

static void
check_quantity(const TpListing *listing, int64 quantity)
{
	const TpInstrument *spec = &listing->spec;

	if (quantity <= 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("quantity %s of %s is not above zero", tradepost_units_text(quantity), listing->symbol),
						errhint("The smallest quantity is its lot, %s; the side says whether it is bought or sold.",
								tradepost_units_text(spec->lot))));
	if (quantity > spec->max_quantity)
		ereport(ERROR, (errcode(ERRCODE_TP_VALUE_OVERFLOW),
						errmsg("quantity %s of %s is above its limit of %s", tradepost_units_text(quantity),
							   listing->symbol, tradepost_units_text(spec->max_quantity)),
						errhint("Split the order.")));
	if (quantity % spec->lot != 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("quantity %s of %s is not a multiple of its lot %s", tradepost_units_text(quantity),
							   listing->symbol, tradepost_units_text(spec->lot)),
						errhint("The nearest below is %s.", tradepost_units_text(quantity / spec->lot * spec->lot))));
}

void
tradepost_check_price(const TpListing *listing, int64 price)
{
	const TpInstrument *spec = &listing->spec;

	if (price <= 0 && !spec->allow_negative)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("price %s of %s is not above zero", tradepost_units_text(price), listing->symbol),
						errhint("The lowest price is its tick, %s.", tradepost_units_text(spec->tick))));
	if (price > spec->max_price || price < -spec->max_price)
		ereport(ERROR, (errcode(ERRCODE_TP_VALUE_OVERFLOW),
						errmsg("price %s of %s is beyond its limit of %s", tradepost_units_text(price), listing->symbol,
							   tradepost_units_text(spec->max_price)),
						errhint("The instrument's max_price sets this limit.")));
	if (price % spec->tick != 0)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("price %s of %s is not a multiple of its tick %s", tradepost_units_text(price), listing->symbol,
						tradepost_units_text(spec->tick)),
				 errhint("The nearest towards zero is %s.", tradepost_units_text(price / spec->tick * spec->tick))));
}

/* timestamptz_to_str has one buffer only, and a message with two times needs two. */
static char *
timestamptz_text(TimestampTz time)
{
	return pstrdup(timestamptz_to_str(time));
}

/* NULL means "not given", in every way that leads here; these three have a default then. */
static void
apply_defaults(TpPlaceArguments *arguments)
{
	if (arguments->type < 0)
		arguments->type = TP_LIMIT;
	if (arguments->time_in_force < 0)
		arguments->time_in_force = TP_DAY;
	if (arguments->stp < 0)
		arguments->stp = TP_STP_CANCEL_TAKER;
}

/* Which of price, type and lifetime go together. */
static void
check_combination(const TpPlaceArguments *arguments, const char *symbol)
{
	bool market = arguments->type == TP_MARKET;
	int tif = arguments->time_in_force;

	if (market && arguments->price != NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("a market order in %s takes no price, and %s was given", symbol,
							   tradepost_numeric_text(arguments->price)),
						errhint("For a price limit, place a limit order with time in force ioc.")));
	if (!market && arguments->price == NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("a limit order in %s needs a price", symbol),
						errhint("Without one, place an order of type market.")));
	if (market && (tif == TP_GTC || tif == TP_GTD))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("a market order never rests, so time in force %s does not apply",
							   tradepost_label_text(TP_LABELS_TIME_IN_FORCE, tif)),
						errhint("Use ioc, fok or the default.")));
	if (tif == TP_GTD && !arguments->has_expires_at)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("time in force gtd needs expires_at"),
						errhint("For an order without an end use gtc.")));
	if (tif != TP_GTD && arguments->has_expires_at)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("expires_at goes with time in force gtd, not %s",
							   tradepost_label_text(TP_LABELS_TIME_IN_FORCE, tif)),
						errhint("Leave expires_at out, or use gtd.")));
	if (tif == TP_GTD && TIMESTAMP_NOT_FINITE(arguments->expires_at))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("expires_at %s is no point in time", timestamptz_text(arguments->expires_at)),
						errhint("For an order without an end use time in force gtc.")));
	if (tif == TP_GTD && arguments->expires_at <= GetCurrentTimestamp())
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("expires_at %s is not in the future", timestamptz_text(arguments->expires_at)),
						errhint("It is now %s.", timestamptz_text(GetCurrentTimestamp()))));
	if (arguments->post_only && (market || tif == TP_IOC || tif == TP_FOK))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("post_only does not go with %s, which never rests",
							   market ? "a market order" : tradepost_label_text(TP_LABELS_TIME_IN_FORCE, tif)),
						errhint("Use it with day, gtc or gtd.")));
}

/* What the caller asked for; not what the configuration made of it, which may have changed by the time of a retry. */
static uint64
request_hash(const TpCommand *command)
{
	TpCommand asked = *command;

	asked.id = 0;
	asked.maker_rate = asked.taker_rate = 0;
	if (asked.time_in_force != TP_GTD)
		asked.expires_at = 0;
	return hash_bytes_extended((const unsigned char *) &asked, sizeof(asked), 0);
}

void
tradepost_request_key(TpRequest *request, const char *key, int length)
{
	if (length == 0 || length > TP_MAX_KEY_BYTES)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("an idempotency key has 1 to %d bytes, and this has %d", TP_MAX_KEY_BYTES, length),
						errhint("A UUID is a good key.")));
	pg_verifymbstr(key, length, false);
	request->key = key;
	request->key_length = length;
	request->hash = request_hash(&request->command);
}

void
tradepost_request_place(TpPlaceArguments *arguments, TpRequest *request)
{
	TpCommand *command = &request->command;
	const TpListing *listing;
	TpAccount account;

	require(arguments->has_account, "account");
	require(arguments->symbol != NULL, "symbol");
	require(arguments->side >= 0, "side");
	require(arguments->quantity != NULL, "quantity");
	apply_defaults(arguments);
	tradepost_require_engine();
	account = tradepost_account_for_trading(arguments->account);
	listing = tradepost_listing(account.tenant, arguments->symbol, arguments->symbol_length);
	check_combination(arguments, listing->symbol);

	memset(request, 0, sizeof(*request));
	command->kind = TP_CMD_PLACE;
	command->account = arguments->account;
	command->instrument = listing->spec.id;
	command->side = arguments->side;
	command->type = arguments->type;
	command->time_in_force = arguments->time_in_force;
	command->stp = arguments->stp;
	command->flags = arguments->post_only ? TP_CMD_POST_ONLY : 0;
	command->maker_rate = listing->maker_rate;
	command->taker_rate = listing->taker_rate;
	command->quantity = tradepost_units(arguments->quantity, "quantity");
	check_quantity(listing, command->quantity);
	if (arguments->price != NULL)
	{
		command->price = tradepost_units(arguments->price, "price");
		tradepost_check_price(listing, command->price);
	}
	if (command->time_in_force == TP_GTD)
		command->expires_at = arguments->expires_at;
	else if (command->time_in_force == TP_DAY)
		command->expires_at = (int64) tradepost_order_lifetime * USECS_PER_SEC;
	if (arguments->client_order_id != NULL)
		tradepost_request_key(request, arguments->client_order_id, arguments->client_order_id_length);
}

void
tradepost_request_cancel(int64 account, int64 order_id, TpRequest *request)
{
	tradepost_require_engine();
	(void) tradepost_account_for_trading(account);
	memset(request, 0, sizeof(*request));
	request->command.kind = TP_CMD_CANCEL;
	request->command.account = account;
	request->command.order_id = order_id;
}

void
tradepost_request_amend(int64 account, int64 order_id, int32 instrument, Numeric quantity, Numeric price,
						TpRequest *request)
{
	TpCommand *command = &request->command;
	const TpListing *listing;

	tradepost_require_engine();
	(void) tradepost_account_for_trading(account);
	if (quantity == NULL && price == NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("an amend needs a quantity, a price, or both"),
						errhint("What is left NULL stays as it is.")));
	memset(request, 0, sizeof(*request));
	command->kind = TP_CMD_AMEND;
	command->account = account;
	command->order_id = order_id;

	/* Tick, lot and limits are the order's instrument's.  Of an order that nobody knows yet the engine checks them. */
	if (instrument == 0)
		instrument = tradepost_instrument_of_order(account, order_id);
	listing = tradepost_listing_by_id(instrument);
	if (quantity != NULL)
	{
		command->flags |= TP_CMD_HAS_QUANTITY;
		command->quantity = tradepost_units(quantity, "quantity");
		if (command->quantity <= 0)
			ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
							errmsg("quantity %s is not above zero", tradepost_numeric_text(quantity)),
							errhint("To end an order, cancel it.")));
		if (listing != NULL)
			check_quantity(listing, command->quantity);
	}
	if (price != NULL)
	{
		command->flags |= TP_CMD_HAS_PRICE;
		command->price = tradepost_units(price, "price");
		if (listing != NULL)
			tradepost_check_price(listing, command->price);
	}
}

void
tradepost_request_cancel_all(int64 account, const char *symbol, int length, TpRequest *request)
{
	TpAccount owned;

	tradepost_require_engine();
	owned = tradepost_account_for_trading(account);
	memset(request, 0, sizeof(*request));
	request->command.kind = TP_CMD_CANCEL_ALL;
	request->command.account = account;
	if (symbol != NULL)
		request->command.instrument = tradepost_listing(owned.tenant, symbol, length)->spec.id;
}

void
tradepost_assign_ids(TpRequest *requests, int n)
{
	int64 *ids = palloc(n * sizeof(int64));

	tradepost_wait_for_room();
	tradepost_draw_ids(n, ids);
	for (int i = 0; i < n; i++)
		requests[i].command.id = ids[i];
	pfree(ids);
	tradepost_claim_keys(requests, n);
	for (int i = 0; i < n; i++)
	{
		if (requests[i].command.order_id < 0)
			requests[i].command.order_id = requests[-1 - requests[i].command.order_id].command.id;
	}
}

void
tradepost_write_requests(const TpRequest *requests, int n)
{
	TpCommand *commands = palloc(n * sizeof(TpCommand));
	int fresh = 0;

	for (int i = 0; i < n; i++)
	{
		if (!requests[i].repeated)
			commands[fresh++] = requests[i].command;
	}
	if (fresh > 0)
	{
		tradepost_insert_rows(requests, n);
		tradepost_pending_add(commands, fresh);
	}
	pfree(commands);
}

void
tradepost_insert_requests(TpRequest *requests, int n)
{
	tradepost_assign_ids(requests, n);
	tradepost_write_requests(requests, n);
}
