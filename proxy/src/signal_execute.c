/*
 * signal_execute.c
 *	  A signal is traded: the database places its orders, the engine decides the entry, and
 *	  the answer is the execution as that left it.
 *
 *		asked --> placed --decision--> read --> 201
 *		  |         +----time is up, or nobody wants to wait--> 202, as it was placed
 *		  |         +----it was decided before--> 201
 *		  +--refused--> its problem
 *
 * The orders are placed in one transaction, so nothing is ever half done; an Idempotency-Key
 * becomes the execution's clientOrderId, and with it a call that was lost is sent again by
 * itself.
 */
#include "signal_execute.h"

#include <stdio.h>
#include <stdlib.h>

#include "decisions.h"
#include "edge.h"
#include "json_view.h"
#include "metrics.h"
#include "order_texts.h"
#include "pg.h"
#include "problem.h"
#include "route.h"
#include "settings.h"

#define EXECUTE "SELECT tradepost_edge.signal_execute($1::bigint, $2::bigint, $3::jsonb)"

typedef struct Executing
{
	TpCall *call;
	unsigned expectation;
	bool repeated;
	int64_t entry;
	char id[24];
	TpBuffer placed; /* the answer as it was then */
} Executing;

/* A text is a statement's identity: the blank makes two of them. */
static const TpStatement once_statement = { .sql = EXECUTE, .parameters = 3 };
static const TpStatement keyed_statement = { .sql = EXECUTE " ", .parameters = 3, .idempotent = true };
static const TpStatement get_statement = {
	.sql = "SELECT tradepost_edge.execution_get($1::bigint, $2::bigint, jsonb_build_object('param', $3::text))",
	.parameters = 3,
	.idempotent = true
};

static void
end(Executing *executing)
{
	tp_buffer_free(&executing->placed);
	free(executing);
}

static void
answer(Executing *executing, int status, TpSlice json)
{
	if (executing->repeated)
		tp_call_header(executing->call, "Idempotency-Replayed", "true");
	tp_call_answer_json(executing->call, status, json);
	end(executing);
}

static void
answer_placed(Executing *executing, int status)
{
	answer(executing, status, (TpSlice){ executing->placed.data, executing->placed.length });
}

/* {"execution":{...}} with the member that the first answer had. */
static void
read_again(void *context, const PGresult *result, const TpPgError *error)
{
	Executing *executing = context;
	TpBuffer json = { 0 };
	TpSlice execution;

	/* It is placed and decided, whatever hinders telling how. */
	if (error != NULL || !tp_json_find(tp_slice(PQgetvalue(result, 0, 0)), "execution", &execution))
	{
		answer_placed(executing, 202);
		return;
	}
	tp_buffer_text(&json, "{\"execution\":");
	tp_buffer_slice(&json, execution);
	tp_buffer_text(&json, executing->repeated ? ",\"repeated\":true}" : ",\"repeated\":false}");
	answer(executing, 201, (TpSlice){ json.data, json.length });
	tp_buffer_free(&json);
}

static void
decided(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	Executing *executing = context;
	TpCall *call = executing->call;
	char user[24];
	char session[24];

	(void) instrument;
	if (event == NULL)
	{
		tp_count(TP_M_ORDERS_TIMED_OUT, 1);
		answer_placed(executing, 202);
		return;
	}
	tp_time(TP_T_DECISION, uv_hrtime() - call->started_ns);
	snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
	snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
	tp_pg_call(call->edge->pg, &get_statement, (const char *const[]){ user, session, executing->id }, read_again,
			   executing);
}

/* {"execution":{"id","status","orders":{"entry"}},"repeated"}; false: it is something else. */
static bool
read_placed(Executing *executing, bool *pending)
{
	TpSlice json = { executing->placed.data, executing->placed.length };
	TpSlice execution;
	TpSlice orders;
	TpSlice value;
	int64_t id;

	if (!tp_json_find(json, "execution", &execution) || !tp_json_find(execution, "orders", &orders) ||
		!tp_json_find(orders, "entry", &value) || !tp_json_integer(value, &executing->entry) ||
		!tp_json_find(execution, "id", &value) || !tp_json_integer(value, &id) ||
		!tp_json_find(execution, "status", &value))
		return false;
	*pending = tp_slice_is(value, "\"pending\"");
	executing->repeated = tp_json_find(json, "repeated", &value) && tp_slice_is(value, "true");
	snprintf(executing->id, sizeof(executing->id), "%lld", (long long) id);
	return true;
}

static void
placed(void *context, const PGresult *result, const TpPgError *error)
{
	Executing *executing = context;
	TpCall *call = executing->call;
	TpEdge *edge = call->edge;
	unsigned expectation = executing->expectation;
	bool pending;

	if (error != NULL)
	{
		tp_problem_answer(call, error);
		end(executing);
	}
	else
	{
		tp_buffer_text(&executing->placed, PQgetvalue(result, 0, 0));
		if (!read_placed(executing, &pending) || !pending)
			answer_placed(executing, 201);
		else if (call->respond_async)
			answer_placed(executing, 202);
		else
			tp_decisions_wait(edge->decisions, executing->entry, (unsigned) edge->settings->decision_timeout_ms,
							  decided, executing);
	}
	tp_decisions_looked_up(edge->decisions, expectation);
}

/* The key as a member of the body, which has none yet; it is an object. */
static void
add_key(const TpCall *call, TpBuffer *body)
{
	TpJsonCursor cursor = tp_json_open(call->body);
	const char *brace = memchr(call->body.data, '{', call->body.length);
	TpSlice name;
	TpSlice value;

	tp_buffer_text(body, "{\"clientOrderId\":");
	tp_buffer_json(body, call->idempotency_key);
	if (tp_json_member(&cursor, &name, &value))
		tp_buffer_add(body, ",", 1);
	tp_buffer_slice(body, (TpSlice){ brace + 1, call->body.length - (size_t) (brace + 1 - call->body.data) });
}

/* What the client calls it in the body; length 0: nothing. */
static TpSlice
named_in_body(const TpCall *call)
{
	TpSlice value = { NULL, 0 };

	if (!tp_json_find(call->body, "clientOrderId", &value) && !tp_json_find(call->body, "client_order_id", &value))
		return (TpSlice){ NULL, 0 };
	return tp_json_kind(value) == 'n' ? (TpSlice){ NULL, 0 } : value;
}

/* False: it has been answered. */
static bool
take_key(TpCall *call, TpBuffer *body)
{
	TpSlice named = named_in_body(call);
	TpBuffer text = { 0 };
	bool same;

	if (call->idempotency_key.data == NULL)
		return true;
	if (!tp_key_fine(call->idempotency_key))
	{
		tp_call_problem_format(call, 400, "idempotency_key_invalid",
							   "Idempotency-Key must have 1 to %d visible ASCII characters, and this has %zu bytes",
							   TP_KEY_BYTES, call->idempotency_key.length);
		return false;
	}
	if (named.length == 0)
	{
		add_key(call, body);
		call->body = (TpSlice){ body->data, body->length };
		return true;
	}
	same = tp_json_text(named, &text) && text.length == call->idempotency_key.length &&
		   memcmp(text.data, call->idempotency_key.data, text.length) == 0;
	tp_buffer_free(&text);
	if (!same)
		tp_call_problem(call, 400, "idempotency_key_invalid",
						"Idempotency-Key and clientOrderId are the same thing, and differ", "Give one of them.");
	return same;
}

void
tp_signal_execute(TpCall *call)
{
	TpBuffer body = { 0 };
	TpBuffer json = { 0 };
	char user[24];
	char session[24];
	Executing *executing;

	if (call->body.length == 0 || tp_json_kind(call->body) != '{')
	{
		tp_call_problem(call, 400, "json_not_object", "the request needs a body, a JSON object", NULL);
		return;
	}
	if (take_key(call, &body) && tp_call_arguments(call, &json))
	{
		bool keyed = named_in_body(call).length > 0;

		tp_buffer_add(&json, "", 1);
		snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
		snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
		executing = tp_alloc(sizeof(*executing));
		executing->call = call;
		executing->expectation = tp_decisions_look_up(call->edge->decisions);
		tp_pg_call(call->edge->pg, keyed ? &keyed_statement : &once_statement,
				   (const char *const[]){ user, session, json.data }, placed, executing);
		/* It is part of json by now. */
		call->body = (TpSlice){ NULL, 0 };
	}
	tp_buffer_free(&body);
	tp_buffer_free(&json);
}
