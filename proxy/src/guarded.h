/*
 * guarded.h
 *	  Calls that the second factor guards: withdrawals, API keys, credentials.
 *
 * The database says whether a code is needed (TP022), after everything else was found in
 * order: so a code is only used up for what will be done. Then field "code" of the body is
 * proven, and the same is asked again with the grant. The code itself stays here.
 */
#ifndef TRADEPOST_PROXY_GUARDED_H
#define TRADEPOST_PROXY_GUARDED_H

#include "call.h"
#include "pg.h"

/* result NULL: the call has been answered, else it is to be answered now. */
typedef void (*TpGuardedDone)(TpCall *call, void *context, const PGresult *result);

typedef struct TpGuarded
{
	const TpStatement
		*statement;       /* (user, session, args as jsonb, extra ...); args get "grant" and "key", Idempotency-Key */
	const char *purpose;  /* a constant: see tradepost_edge.factor_prove() */
	const char *extra[2]; /* copied; NULL: no more */
	const char *code;     /* copied; given, or NULL: the body's, if there is one */
	bool without_body;    /* the handler has taken what is in it */
	TpGuardedDone done;
	void *context;
} TpGuarded;

extern void tp_guarded_call(TpCall *call, const TpGuarded *what);

/* done for who has nothing to add: the result is the answer, with the route's status; NULL: 204. */
extern void tp_guarded_answer(TpCall *call, void *context, const PGresult *result);

#endif
