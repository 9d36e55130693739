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
	const char *client_order_id;
	int client_order_id_length;
	bool has_expires_at;
	TimestampTz expires_at;
	bool post_only;
} TpPlaceArguments;

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
 * instrument: the amended order's, 0 if not known: then it is looked up, and what
 * cannot be found is left to the engine.
 */
extern void tradepost_request_place(TpPlaceArguments *arguments, TpRequest *request);
extern void tradepost_request_cancel(int64 account, int64 order_id, TpRequest *request);
extern void tradepost_request_amend(int64 account, int64 order_id, int32 instrument, Numeric quantity, Numeric price,
									TpRequest *request);
extern void tradepost_request_cancel_all(int64 account, const char *symbol, int length, TpRequest *request);

/* Sign, limit and tick of a price. */
struct TpListing;
extern void tradepost_check_price(const struct TpListing *listing, int64 price);

/* Give the request an idempotency key, checked. */
extern void tradepost_request_key(TpRequest *request, const char *key, int length);

/*
 * Draw ids and claim keys.  An order_id of a cancel or amend may refer to an
 * earlier request of the same call as -1 - index.  Requests whose key is known
 * get the first one's id, and will have no row.
 */
extern void tradepost_assign_ids(TpRequest *requests, int n);

/* Then write the rows and queue the commands for the matcher. */
extern void tradepost_write_requests(const TpRequest *requests, int n);

/* Both. */
extern void tradepost_insert_requests(TpRequest *requests, int n);

/* rows.c: the rows alone. */
extern void tradepost_insert_rows(const TpRequest *requests, int n);

/* placed.c: the instrument of an order of this account, decided or not; 0: no such order to be seen yet. */
extern int32 tradepost_instrument_of_order(int64 account, int64 order_id);

/* keys.c: claim the key for requests[i].command.id, or find out whose it is. */
extern void tradepost_claim_keys(TpRequest *requests, int n);
extern int64 tradepost_find_key(int64 account, const char *key, int length); /* 0: none */

#endif
