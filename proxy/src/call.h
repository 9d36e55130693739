/*
 * call.h
 *	  One request on its way to its answer, whatever it came by.
 *
 * The HTTP side and the sockets make calls; router.c checks and dispatches them; a
 * handler answers each exactly once, at once or later, by tp_call_answer() or one of
 * its kin. Whoever holds a TpCall * may hold it until then: if the client goes away
 * first, the call stays valid, marked `abandoned`, and its answer goes nowhere.
 */
#ifndef TRADEPOST_PROXY_CALL_H
#define TRADEPOST_PROXY_CALL_H

#include <stdint.h>

#include "buffer.h"
#include "slice.h"

struct TpEdge;
struct TpRoute;

typedef enum TpMethod
{
	TP_GET,
	TP_HEAD,
	TP_POST,
	TP_PATCH,
	TP_PUT,
	TP_DELETE,
	TP_OPTIONS,
	TP_METHOD_COUNT /* also: any other */
} TpMethod;

typedef enum TpTier
{
	TP_TIER_FREE,
	TP_TIER_BASIC,
	TP_TIER_PRO,
	TP_TIER_ENTERPRISE,
	TP_TIER_COUNT
} TpTier;

/* The tenant of who names none. */
#define TP_TENANT_FIRST 1

/* What an API key may be for; a login has all of them. */
typedef enum TpScope
{
	TP_SCOPE_READ = 1,
	TP_SCOPE_TRADE = 2,
	TP_SCOPE_WITHDRAW = 4,
	TP_SCOPE_LOGIN = 8 /* no key has it */
} TpScope;

#define TP_SCOPES_LOGIN (TP_SCOPE_READ | TP_SCOPE_TRADE | TP_SCOPE_WITHDRAW | TP_SCOPE_LOGIN)

/* Who asks: from a verified access token, or an API key. user 0: nobody in particular. */
typedef struct TpIdentity
{
	int64_t user;
	int64_t session;
	int64_t account;
	int64_t tenant;
	int64_t expires;   /* seconds since 1970 */
	int64_t tier_ends; /* the same; 0: never. From then on the tier is free */
	TpTier tier;       /* as it now is, once tp_session_refresh() has looked at it */
	unsigned scopes;   /* bits of TpScope */
	bool admin;
} TpIdentity;

typedef struct TpCall TpCall;

/* How an answer gets back: http.c's and socket.c's. Called once, before the call is freed. */
typedef void (*TpCallSend)(TpCall *call);

struct TpCall
{
	struct TpEdge *edge;
	const struct TpRoute *route;
	TpIdentity caller;
	bool tenant_named; /* by Host or X-Tenant */
	int64_t tenant;    /* whose this is: the caller's, or the one that host or header name. 0: the route is nobody's */
	TpMethod method;

	/* All of these live as long as the call. */
	TpSlice path;      /* as sent */
	TpSlice parameter; /* the :name of the route's path, decoded */
	TpSlice query;     /* as sent, without the question mark */
	TpSlice body;
	TpSlice content_type;
	TpSlice host;
	TpSlice tenant_name; /* X-Tenant */
	TpSlice authorization;
	TpSlice api_key;   /* X-API-Key */
	TpSlice signature; /* Tradepost-Signature */
	TpSlice twilio_signature;
	TpSlice forwarded_proto; /* data NULL: none, or not from a trusted proxy; so the next */
	TpSlice forwarded_host;
	TpSlice idempotency_key; /* data NULL: none */
	TpSlice origin;
	TpSlice user_agent;
	TpSlice if_none_match;
	char ip[48]; /* the client's, past trusted proxies */
	char phone
		[20]; /* of whose message this is, once its signature is found right: limits count it instead of ip; or "" */
	char request_id[40];
	bool respond_async; /* Prefer: respond-async */
	bool accepts_gzip;
	bool encoded; /* the body has a Content-Encoding */
	bool from_socket;

	/* The answer. */
	int status;
	const char *answer_type; /* a constant: application/json, ... */
	TpBuffer headers;        /* more header lines, each ended by \r\n */
	TpBuffer answer;

	uint64_t started_ns;
	bool answered;
	bool abandoned;
	TpCallSend send;
	void *transport; /* the sender's own */
	void *memory;    /* what the slices point into; freed with the call */
};

extern TpCall *tp_call_new(struct TpEdge *edge, TpCallSend send, void *transport);

/* Sends what is in call->answer. Then the call is gone. */
extern void tp_call_answer(TpCall *call, int status, const char *type);

/* Shorthand: a JSON text. */
extern void tp_call_answer_json(TpCall *call, int status, TpSlice json);

/* RFC 9457. code: stable, snake_case; detail names field, value and limit; hint may be NULL. */
extern void tp_call_problem(TpCall *call, int status, const char *code, const char *detail, const char *hint);
extern void tp_call_problem_format(TpCall *call, int status, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* "Name: value" for the answer; both the code's own or checked. */
extern void tp_call_header(TpCall *call, const char *name, const char *value);

/* The transport is gone: whenever the answer comes, it is dropped. */
extern void tp_call_abandon(TpCall *call);

#endif
