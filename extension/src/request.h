/*
 * request.h
 *	  From a caller's words to a checked command, and from there to its row.
 */
#ifndef TRADEPOST_REQUEST_H
#define TRADEPOST_REQUEST_H

#include "command.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define TP_MAX_KEY_BYTES 128
#define TP_MAX_COMMANDS_PER_CALL 100000

/* What place_order takes; NULL pointers and has_* false mean "not given". */
typedef struct TpPlaceArguments
{
	bool has_account;
	int64 account;
	const char *symbol; /* not terminated */
	int symbol_length;
	int side; /* codes; -1: not given */
	int type;
	int time_in_force;
	int stp;
	Numeric quantity;
	Numeric price;
	Numeric stop_price;
	const char *client_order_id;
	int client_order_id_length;
	bool has_expires_at;
	TimestampTz expires_at;
	bool post_only;
	bool has_oco;
	int64 oco;               /* the order that it is linked to */
	int64 link;              /* or an earlier request of the same call: -1 - index; 0: none */
	int64 parent;            /* a later request of the same call, which it protects: -1 - index; 0: none */
	int32 max_open;          /* TpCommand's */
	const char *price_field; /* what the caller calls them; NULL: price and stop_price */
	const char *stop_price_field;
} TpPlaceArguments;

/* What never changes of an order that was placed. */
typedef struct TpPlaced
{
	int32 instrument; /* 0: no such order of this account is to be seen yet */
	int type;
} TpPlaced;

typedef struct TpRequest
{
	TpCommand command; /* id is set by tradepost_insert_requests */
	const char *key;   /* idempotency key, not terminated; or NULL */
	int key_length;
	uint64 hash;   /* of what the caller asked, for the key */
	bool repeated; /* the key was there: command.id is the first one's */
} TpRequest;

/*
 * Every check that needs no state of the market; raises class TP.  Of a place's
 * arguments, a type, time in force or stp that was not given becomes its default.
 * placed: the amended order, NULL if not known: then it is looked up, and what
 * cannot be found is left to the engine.
 */
extern void tradepost_request_place(TpPlaceArguments *arguments, TpRequest *request);
extern void tradepost_request_cancel(int64 account, int64 order_id, TpRequest *request);
extern void tradepost_request_amend(int64 account, int64 order_id, const TpPlaced *placed, Numeric quantity,
									Numeric price, Numeric stop_price, TpRequest *request);
extern void tradepost_request_cancel_all(int64 account, const char *symbol, int length, TpRequest *request);

/* Whether orders of this type wait for a stop price, and whether they have a limit of their own. */
extern bool tradepost_type_waits(int type);
extern bool tradepost_type_has_limit(int type);

/* Sign, limit and tick of the price in this field. */
struct TpListing;
extern void tradepost_check_price(const struct TpListing *listing, const char *field, int64 price);

/* Two orders that are to be linked, of these types and instruments; raises if they cannot be. */
extern void tradepost_check_link(const char *field, int64 number, const TpPlaced *partner, const TpCommand *command);

/* Of what the caller asked for, not of what the configuration made of it. */
extern uint64 tradepost_request_hash(const TpCommand *command);

/* Give the request an idempotency key, checked. */
extern void tradepost_request_key(TpRequest *request, const char *key, int length);

/*
 * Draw ids and claim keys.  An order_id of a cancel or amend, a link and a parent may refer to
 * another request of the same call, as -1 - index.  Requests whose key is known
 * get the first one's id, and will have no row.
 */
extern void tradepost_assign_ids(TpRequest *requests, int n);

/* Once ids are assigned: what refers to another request of the call now names its command. */
extern void tradepost_resolve_references(TpRequest *requests, int n);

/* Then write the rows and queue the commands for the matcher. */
extern void tradepost_write_requests(const TpRequest *requests, int n);

/* All three. */
extern void tradepost_insert_requests(TpRequest *requests, int n);

/* rows.c: the rows alone. */
extern void tradepost_insert_rows(const TpRequest *requests, int n);

/* placed.c: an order of this account, decided or not; false: there is no such order to be seen yet. */
extern bool tradepost_find_placed(int64 account, int64 order_id, TpPlaced *placed);

/* The orders that were placed to protect this one, latest first, in the same call; returns how many, at most max. */
extern int tradepost_find_children(int64 parent_id, int max, int64 *ids);

/* keys.c: claim the key for requests[i].command.id, or find out whose it is. */
extern void tradepost_claim_keys(TpRequest *requests, int n);
extern int64 tradepost_find_key(int64 account, const char *key, int length); /* 0: none */

#endif
