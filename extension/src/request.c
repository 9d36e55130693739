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

bool
tradepost_type_waits(int type)
{
	return type == TP_STOP || type == TP_STOP_LIMIT || type == TP_TAKE_PROFIT;
}

bool
tradepost_type_has_limit(int type)
{
	return type == TP_LIMIT || type == TP_STOP_LIMIT;
}

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
tradepost_check_price(const TpListing *listing, const char *field, int64 price)
{
	const TpInstrument *spec = &listing->spec;

	if (price <= 0 && !spec->allow_negative)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("%s %s of %s is not above zero", field, tradepost_units_text(price), listing->symbol),
						errhint("The lowest price is its tick, %s.", tradepost_units_text(spec->tick))));
	if (price > spec->max_price || price < -spec->max_price)
		ereport(ERROR, (errcode(ERRCODE_TP_VALUE_OVERFLOW),
						errmsg("%s %s of %s is beyond its limit of %s", field, tradepost_units_text(price),
							   listing->symbol, tradepost_units_text(spec->max_price)),
						errhint("The instrument's max_price sets this limit.")));
	if (price % spec->tick != 0)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("%s %s of %s is not a multiple of its tick %s", field, tradepost_units_text(price),
						listing->symbol, tradepost_units_text(spec->tick)),
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
	if (arguments->price_field == NULL)
		arguments->price_field = "price";
	if (arguments->stop_price_field == NULL)
		arguments->stop_price_field = "stop_price";
}

/* Which prices an order of this type takes. */
static void
check_prices(const TpPlaceArguments *arguments, const char *symbol)
{
	const char *type = tradepost_label_text(TP_LABELS_ORDER_TYPE, arguments->type);
	bool limit = tradepost_type_has_limit(arguments->type);
	bool waits = tradepost_type_waits(arguments->type);

	if (!limit && arguments->price != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("a %s order in %s takes no price, and %s was given", type, symbol,
						tradepost_numeric_text(arguments->price)),
				 arguments->type == TP_MARKET
					 ? errhint("For a price limit, place a limit order with time in force ioc.")
					 : errhint("It trades at market once stop_price is reached; a stop_limit order has a price.")));
	if (limit && arguments->price == NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("a %s order in %s needs a price", type, symbol),
						errhint("Without one, place an order of type %s.", waits ? "stop" : "market")));
	if (!waits && arguments->stop_price != NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("a %s order in %s takes no %s, and %s was given", type, symbol,
							   arguments->stop_price_field, tradepost_numeric_text(arguments->stop_price)),
						errhint("Orders of type stop, stop_limit and take_profit wait for one.")));
	if (waits && arguments->stop_price == NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("a %s order in %s needs a %s", type, symbol, arguments->stop_price_field),
						errhint("It is the price of the last trade that triggers the order.")));
	if (arguments->parent != 0 && !waits)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER), errmsg("a %s order in %s cannot protect another", type, symbol),
				 errhint("What protects an order is of type stop, stop_limit or take_profit.")));
}

/* How long an order of this type may live, and whether it may rest. */
static void
check_lifetime(const TpPlaceArguments *arguments)
{
	const char *type = tradepost_label_text(TP_LABELS_ORDER_TYPE, arguments->type);
	bool market = arguments->type == TP_MARKET;
	bool waits = tradepost_type_waits(arguments->type);
	int tif = arguments->time_in_force;

	if (waits && (tif == TP_IOC || tif == TP_FOK))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("a %s order waits for its %s, so time in force %s does not apply", type,
							   arguments->stop_price_field, tradepost_label_text(TP_LABELS_TIME_IN_FORCE, tif)),
						errhint("Use day, gtc or gtd.")));
	if (waits && arguments->post_only)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("post_only does not go with a %s order, which trades when it triggers", type),
						errhint("Use it with a limit order.")));
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

/* The configuration may have changed by the time of a retry. */
uint64
tradepost_request_hash(const TpCommand *command)
{
	TpCommand asked = *command;

	asked.id = 0;
	asked.maker_rate = asked.taker_rate = 0;
	asked.max_open = 0;
	asked.children = 0;
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
	request->hash = tradepost_request_hash(&request->command);
}

void
tradepost_check_link(const char *field, int64 number, const TpPlaced *partner, const TpCommand *command)
{
	if (partner->instrument != command->instrument)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("%s %lld is an order in %s, and this one is in %s", field, (long long) number,
							   tradepost_listing_by_id(partner->instrument)->symbol,
							   tradepost_listing_by_id(command->instrument)->symbol),
						errhint("Linked orders are of one instrument.")));
	if (!tradepost_type_waits(partner->type) && !tradepost_type_waits(command->type))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("%s %lld is a %s order, and this one is a %s order: neither waits for a stop_price",
							   field, (long long) number, tradepost_label_text(TP_LABELS_ORDER_TYPE, partner->type),
							   tradepost_label_text(TP_LABELS_ORDER_TYPE, command->type)),
						errhint("One of two linked orders is of type stop, stop_limit or take_profit.")));
}

static void
find_partner(int64 id, TpCommand *command)
{
	TpPlaced partner;

	if (id <= 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("oco %lld is not above zero", (long long) id),
						errhint("It is what place_order() returned for the other order.")));
	/* Another account's order and one that never was are the same to the caller. */
	if (!tradepost_find_placed(command->account, id, &partner))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("oco %lld names no order of account %lld", (long long) id, (long long) command->account),
						errhint("Linked orders are of one account.")));
	tradepost_check_link("oco", id, &partner, command);
	command->link_id = id;
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
	check_prices(arguments, listing->symbol);
	check_lifetime(arguments);

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
		command->price = tradepost_units(arguments->price, arguments->price_field);
		tradepost_check_price(listing, arguments->price_field, command->price);
	}
	if (arguments->stop_price != NULL)
	{
		command->stop_price = tradepost_units(arguments->stop_price, arguments->stop_price_field);
		tradepost_check_price(listing, arguments->stop_price_field, command->stop_price);
	}
	if (arguments->has_oco)
		find_partner(arguments->oco, command);
	else
		command->link_id = arguments->link;
	command->parent_id = arguments->parent;
	command->max_open = arguments->max_open;
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

/* A stop has no price to amend, and a limit order no stop price.  A market order is never open. */
static void
check_amended_prices(const TpPlaced *placed, Numeric price, Numeric stop_price)
{
	const char *type = tradepost_label_text(TP_LABELS_ORDER_TYPE, placed->type);
	bool waits = tradepost_type_waits(placed->type);

	if (price != NULL && waits && !tradepost_type_has_limit(placed->type))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("a %s order takes no price, and %s was given", type, tradepost_numeric_text(price)),
						errhint("Amend its stop_price.")));
	if (stop_price != NULL && !waits)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("a %s order takes no stop_price, and %s was given", type, tradepost_numeric_text(stop_price)),
				 errhint("Amend its price.")));
}

void
tradepost_request_amend(int64 account, int64 order_id, const TpPlaced *placed, Numeric quantity, Numeric price,
						Numeric stop_price, TpRequest *request)
{
	TpCommand *command = &request->command;
	TpPlaced found = { 0 };
	const TpListing *listing;

	tradepost_require_engine();
	(void) tradepost_account_for_trading(account);
	if (quantity == NULL && price == NULL && stop_price == NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("an amend needs a quantity, a price or a stop_price"),
						errhint("What is left NULL stays as it is.")));
	memset(request, 0, sizeof(*request));
	command->kind = TP_CMD_AMEND;
	command->account = account;
	command->order_id = order_id;

	/* Tick, lot and limits are the order's instrument's.  Of an order that nobody knows yet the engine checks them. */
	if (placed != NULL)
		found = *placed;
	else
		(void) tradepost_find_placed(account, order_id, &found);
	listing = tradepost_listing_by_id(found.instrument);
	if (listing != NULL)
		check_amended_prices(&found, price, stop_price);
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
			tradepost_check_price(listing, "price", command->price);
	}
	if (stop_price != NULL)
	{
		command->flags |= TP_CMD_HAS_STOP_PRICE;
		command->stop_price = tradepost_units(stop_price, "stop_price");
		if (listing != NULL)
			tradepost_check_price(listing, "stop_price", command->stop_price);
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
}

static int64
resolve(const TpRequest *requests, int64 reference)
{
	return reference < 0 ? requests[-1 - reference].command.id : reference;
}

void
tradepost_resolve_references(TpRequest *requests, int n)
{
	for (int i = 0; i < n; i++)
	{
		TpCommand *command = &requests[i].command;

		command->order_id = resolve(requests, command->order_id);
		command->link_id = resolve(requests, command->link_id);
		command->parent_id = resolve(requests, command->parent_id);
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
	tradepost_resolve_references(requests, n);
	tradepost_write_requests(requests, n);
}
