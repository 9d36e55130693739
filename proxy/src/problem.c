/*
 * problem.c
 *	  SQLSTATE to HTTP status; see problem.h.
 *
 * Our own states come from extension/errcodes.txt, as do their statuses. Of
 * PostgreSQL's those that say "not now" become 503; everything else is a fault of
 * ours, which the log learns of and the client does not.
 */
#include "problem.h"

#include <stdio.h>

#include "errcodes_http.h"
#include "log.h"

typedef struct Refusal
{
	const char *sqlstate;
	int status;
	const char *code;
} Refusal;

static const Refusal refusals[] = {
	/* a text that the database's encoding cannot hold */
	{ "22021", 400, "text_invalid" },
	{ "22P05", 400, "text_invalid" },
};

/* The server is starting, stopping, full, a standby, or gave up for another's sake: later it will work. */
static const char *const passing[] = { "25006", "40001", "40P01", "53100", "53200", "53300",
									   "55P03", "57014", "57P01", "57P02", "57P03" };

TpProblem
tp_problem_of(const TpPgError *error)
{
	switch (error->failure)
	{
		case TP_PG_UNAVAILABLE:
			return (TpProblem){ 503, "database_unavailable", "the database cannot be reached or takes no writes now",
								NULL };
		case TP_PG_LOST:
			return (TpProblem){ 503, "outcome_unknown",
								"the connection to the database broke: the request may have been carried out or not",
								"Repeat it with the same Idempotency-Key, or look before you repeat it." };
		case TP_PG_TIMEOUT:
			return (TpProblem){ 503, "database_timeout", "the database did not answer in time",
								"Repeat it with the same Idempotency-Key, or look before you repeat it." };
		case TP_PG_REFUSED:
			break;
	}
	for (size_t i = 0; i < sizeof(tp_errcodes_http) / sizeof(tp_errcodes_http[0]); i++)
	{
		if (strcmp(tp_errcodes_http[i].sqlstate, error->sqlstate) == 0)
			return (TpProblem){ tp_errcodes_http[i].status, tp_errcodes_http[i].code, error->message, error->hint };
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		if (strcmp(refusals[i].sqlstate, error->sqlstate) == 0)
			return (TpProblem){ refusals[i].status, refusals[i].code, error->message, error->hint };
	}
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
	{
		if (strcmp(passing[i], error->sqlstate) == 0)
			return (TpProblem){ 503, "database_unavailable", "the database takes no such request now", NULL };
	}
	tp_log(TP_LOG_ERROR, "the database raised an error that no client should meet", "sqlstate", error->sqlstate, "text",
		   error->message, NULL);
	return (TpProblem){ 500, "internal_error", "something went wrong on our side; it has been logged", NULL };
}

/* "retry_after=30" in the detail of an error of ours. */
static int
retry_after(const TpPgError *error, int status)
{
	int seconds = error->retry_after;

	if (error->detail != NULL)
		(void) sscanf(error->detail, "retry_after=%9d", &seconds);
	if (seconds <= 0 && status == 503)
		seconds = 1;
	return seconds;
}

void
tp_problem_answer(TpCall *call, const TpPgError *error)
{
	TpProblem problem = tp_problem_of(error);
	int seconds = retry_after(error, problem.status);

	/* Nobody's session has not ended: a public route was asked for something private. */
	if (call->caller.user == 0 && error->failure == TP_PG_REFUSED && strcmp(problem.code, "session_revoked") == 0)
		problem = (TpProblem){ 401, "token_missing", "this needs a header Authorization: Bearer <token>", NULL };
	if (seconds > 0)
	{
		char text[16];

		snprintf(text, sizeof(text), "%d", seconds);
		tp_call_header(call, "Retry-After", text);
	}
	tp_call_problem(call, problem.status, problem.code, problem.detail, problem.hint);
}
