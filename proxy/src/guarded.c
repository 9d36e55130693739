/*
 * guarded.c
 *	  Asked, proven, asked again; see guarded.h.
 */
#include "guarded.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "edge.h"
#include "factor.h"
#include "json_view.h"
#include "problem.h"
#include "route.h"
#include "seal.h"

#define EXTRAS (int) (sizeof(((TpGuarded *) NULL)->extra) / sizeof(char *))

typedef struct Asking
{
	TpCall *call;
	TpGuarded what;
	TpBuffer body; /* the call's, without the code */
	TpBuffer code; /* terminated; empty: none was sent */
	char *extra[EXTRAS];
	int64_t grant;
} Asking;

static void
end_asking(Asking *asking, const PGresult *result)
{
	asking->what.done(asking->call, asking->what.context, result);
	for (int i = 0; i < EXTRAS; i++)
		free(asking->extra[i]);
	tp_buffer_free(&asking->body);
	tp_seal_wipe(&asking->code);
	free(asking);
}

/* False: the code is no string, and the call has been answered. */
static bool
take_code(Asking *asking)
{
	TpCall *call = asking->call;

	if (!tp_json_take(call->body, "code", &asking->body, &asking->code))
	{
		tp_call_problem(call, 400, "field_type", "field \"code\" must be a string", NULL);
		return false;
	}
	if (call->body.length > 0)
		call->body = (TpSlice){ asking->body.data, asking->body.length };
	return true;
}

static void ask(Asking *asking);

static void
proven(void *context, int64_t grant)
{
	Asking *asking = context;

	asking->grant = grant;
	if (grant == 0)
		end_asking(asking, NULL);
	else
		ask(asking);
}

static void
answered(void *context, const PGresult *result, const TpPgError *error)
{
	Asking *asking = context;
	TpCall *call = asking->call;

	if (error == NULL)
		end_asking(asking, result);
	else if (error->failure == TP_PG_REFUSED && strcmp(error->sqlstate, "TP022") == 0 && asking->grant == 0 &&
			 asking->code.length > 0)
		tp_factor_prove(call, call->caller.user, call->caller.session, asking->what.purpose, asking->code.data, proven,
						asking);
	else
	{
		tp_problem_answer(call, error);
		end_asking(asking, NULL);
	}
}

/* What only the proxy may say, into the object that arguments is. */
static void
add_ours(const Asking *asking, TpBuffer *arguments)
{
	TpCall *call = asking->call;
	bool first = arguments->length == 2;

	arguments->length--;
	if (asking->grant != 0)
	{
		tp_buffer_format(arguments, "%s\"grant\":%lld", first ? "" : ",", (long long) asking->grant);
		first = false;
	}
	if (call->idempotency_key.data != NULL)
	{
		tp_buffer_text(arguments, first ? "\"key\":" : ",\"key\":");
		tp_buffer_json(arguments, call->idempotency_key);
	}
	tp_buffer_add(arguments, "}", 2);
}

static void
ask(Asking *asking)
{
	TpCall *call = asking->call;
	TpBuffer arguments = { 0 };
	char user[24];
	char session[24];
	const char *values[3 + EXTRAS] = { user, session };

	if (!tp_call_arguments(call, &arguments))
		end_asking(asking, NULL);
	else
	{
		add_ours(asking, &arguments);
		snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
		snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
		values[2] = arguments.data;
		for (int i = 0; i < EXTRAS; i++)
			values[3 + i] = asking->extra[i];
		tp_pg_call(call->edge->pg, asking->what.statement, values, answered, asking);
	}
	tp_buffer_free(&arguments);
}

void
tp_guarded_call(TpCall *call, const TpGuarded *what)
{
	Asking *asking = tp_alloc(sizeof(*asking));

	asking->call = call;
	asking->what = *what;
	for (int i = 0; i < EXTRAS; i++)
		asking->extra[i] = what->extra[i] == NULL ? NULL : tp_strdup(what->extra[i]);
	if (what->code != NULL)
		tp_buffer_text(&asking->code, what->code);
	if (what->without_body)
		call->body.length = 0;
	if (!take_code(asking))
	{
		end_asking(asking, NULL);
		return;
	}
	if (asking->code.length > 0)
		tp_buffer_add(&asking->code, "", 1);
	ask(asking);
}

void
tp_guarded_answer(TpCall *call, void *context, const PGresult *result)
{
	(void) context;
	if (result == NULL)
		return;
	if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
		tp_call_answer(call, 204, NULL);
	else
		tp_call_answer_json(call, call->route->status,
							(TpSlice){ PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0) });
}
