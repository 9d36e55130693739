/*
 * route_database.c
 *	  The handler of most routes: the database makes the JSON, the proxy hands it on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "edge.h"
#include "pg.h"
#include "problem.h"
#include "query.h"
#include "route.h"
#include "settings.h"

#define LINKS "whatsapp_link_" /* what functions of users/whatsapp are called */

static void
on_result(void *context, const PGresult *result, const TpPgError *error)
{
	TpCall *call = context;

	if (error != NULL)
		tp_problem_answer(call, error);
	else if (call->route->status == 204 || PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
		tp_call_answer(call, 204, NULL);
	else
		tp_call_answer_json(call, call->route->status,
							(TpSlice){ PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0) });
}

/* Made once for each route: a statement's text is its identity. */
static const TpStatement *
statement_of(const TpRoute *route)
{
	static TpStatement *statements;
	TpStatement *statement;

	if (statements == NULL)
		statements = tp_alloc((size_t) tp_route_count * sizeof(*statements));
	statement = &statements[route - tp_routes];
	if (statement->sql == NULL)
	{
		TpBuffer sql = { 0 };

		tp_buffer_format(&sql, "SELECT tradepost_edge.%s($1::bigint, $2::bigint, $3::jsonb)", route->function);
		tp_buffer_add(&sql, "", 1);
		statement->sql = sql.data;
		statement->parameters = 3;
		statement->idempotent = route->method == TP_GET;
	}
	return statement;
}

bool
tp_call_arguments(TpCall *call, TpBuffer *json)
{
	TpBuffer problem = { 0 };

	tp_buffer_text(json, "{\"tenant\":");
	tp_buffer_integer(json, call->tenant);
	/* Where a phone is to write, only the settings know. */
	if (call->route->function != NULL && strncmp(call->route->function, LINKS, strlen(LINKS)) == 0 &&
		*call->edge->settings->twilio_whatsapp_number != '\0')
		tp_buffer_format(json, ",\"number\":\"%s\"", call->edge->settings->twilio_whatsapp_number);
	if (call->parameter.length > 0)
	{
		tp_buffer_text(json, ",\"param\":");
		tp_buffer_json(json, call->parameter);
	}
	if (call->query.length > 0)
	{
		tp_buffer_text(json, ",\"query\":");
		if (!tp_query_json(call->query, json, &problem))
		{
			tp_call_problem_format(call, 400, "query_malformed", "%.*s", (int) problem.length, problem.data);
			tp_buffer_free(&problem);
			return false;
		}
	}
	if (call->body.length > 0)
	{
		tp_buffer_text(json, ",\"body\":");
		tp_buffer_slice(json, call->body);
	}
	tp_buffer_add(json, "}", 1);
	return true;
}

void
tp_answer_from_database(TpCall *call)
{
	TpBuffer json = { 0 };
	char user[24];
	char session[24];
	const char *values[3] = { NULL, NULL, NULL };

	if (tp_call_arguments(call, &json))
	{
		if (call->caller.user != 0)
		{
			snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
			snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
			values[0] = user;
			values[1] = session;
		}
		tp_buffer_add(&json, "", 1);
		values[2] = json.data;
		tp_pg_call(call->edge->pg, statement_of(call->route), values, on_result, call);
	}
	tp_buffer_free(&json);
}
