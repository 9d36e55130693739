/*
 * problem.h
 *	  From what the database refuses to what HTTP says.
 */
#ifndef TRADEPOST_PROXY_PROBLEM_H
#define TRADEPOST_PROXY_PROBLEM_H

#include "call.h"
#include "pg.h"

typedef struct TpProblem
{
	int status;
	const char *code;
	const char *detail; /* may be told to the client */
	const char *hint;   /* or NULL */
} TpProblem;

/* What an error is to a client; what it may not know is logged instead. Pointers live as long as the error. */
extern TpProblem tp_problem_of(const TpPgError *error);

/* Answers the call with it; Retry-After where trying again makes sense. */
extern void tp_problem_answer(TpCall *call, const TpPgError *error);

#endif
