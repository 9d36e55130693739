/*
 * route.h
 *	  The table of routes, and the way of a call through it.
 *
 * Every path is found under /api/v1/ and /api/ both (`open` ones at the root). A
 * path part that begins with ':' is the route's one parameter. In this order a call
 * meets: path (404), method (405 with Allow; OPTIONS is answered for CORS), blocked
 * address (403), token or key (401), tenant (404 if unknown, 403 if it is not the token's),
 * the key's scope (403), rate limit (429), body (400, 411, 413, 415), handler.  Which tier
 * may do what the database decides, by the subscription as it is (403).
 */
#ifndef TRADEPOST_PROXY_ROUTE_H
#define TRADEPOST_PROXY_ROUTE_H

#include "call.h"

typedef enum TpLimitClass
{
	TP_LIMIT_NONE,
	TP_LIMIT_AUTH,
	TP_LIMIT_API,
	TP_LIMIT_ORDERS,
	TP_LIMIT_SIGNALS,
	TP_LIMIT_WEBHOOKS,
	TP_LIMIT_CLASSES
} TpLimitClass;

typedef enum TpAccess
{
	TP_ACCESS_OPEN,     /* a token is not looked at */
	TP_ACCESS_OPTIONAL, /* used if it is there, refused if it is bad */
	TP_ACCESS_USER,
	TP_ACCESS_ADMIN
} TpAccess;

typedef void (*TpHandler)(TpCall *call);

typedef struct TpRoute
{
	TpMethod method;
	const char *path; /* "orders/:id" below /api/v1/; "/health" at the root */
	TpLimitClass limit;
	TpAccess access;
	TpScope scope;        /* what an API key needs for it */
	const char *function; /* SQL function that answers it: of schema tradepost_edge; NULL: the handler does without */
	int status;           /* of success */
	TpHandler handler;    /* tp_answer_from_database, or the route's own */
	size_t body_limit;    /* bytes; 0: takes no body */
	bool form;            /* takes application/x-www-form-urlencoded too */
} TpRoute;

extern const TpRoute tp_routes[];
extern const int tp_route_count;

/* Checks and dispatches; the call will be answered. */
extern void tp_route_call(TpCall *call);

/* The handler of most routes: function(user, session, {"tenant","param","query","body"}) answers with JSON text. */
extern void tp_answer_from_database(TpCall *call);

/* {"tenant","param","query","body"} onto the end of json; false: something was wrong, and the call has been answered. */
extern bool tp_call_arguments(TpCall *call, TpBuffer *json);

#endif
