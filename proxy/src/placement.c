/*
 * placement.c
 *	  How orders that were asked for end: decided, pending, replayed or refused; see
 *	  placement.h.
 *
 *		asked --> placed --decision--> 201
 *		  |         +----time is up, or nobody wants to wait--> 202
 *		  |         +----it was there before--> 201, as it now is, once it is decided
 *		  +--refused--> its problem
 */
#include "placement.h"

#include <stdio.h>
#include <stdlib.h>

#include "decisions.h"
#include "edge.h"
#include "metrics.h"
#include "problem.h"
#include "settings.h"
#include "status.h"

#define JSON "application/json"

static const TpStatement get_statement = {
	.sql = "SELECT tradepost_edge.order_get($1::bigint, $2::bigint, jsonb_build_object('param', $3::text))",
	.parameters = 3,
	.idempotent = true
};

TpPlacement *
tp_placement_new(TpCall *call, const TpSlice *texts, int count, bool batch)
{
	TpPlacement *placement = tp_alloc(sizeof(TpPlacement) + (size_t) count * sizeof(TpPlacing));

	placement->call = call;
	placement->batch = batch;
	placement->count = placement->left = count;
	for (int i = 0; i < count; i++)
	{
		placement->orders[i].placement = placement;
		placement->orders[i].json = texts[i];
	}
	return placement;
}

static void
end_placement(TpPlacement *placement)
{
	for (int i = 0; i < placement->count; i++)
		tp_buffer_free(&placement->orders[i].result);
	placement->ended(placement->context);
	free(placement);
}

static void
answer_batch(TpPlacement *placement)
{
	TpBuffer *out = &placement->call->answer;

	tp_buffer_text(out, "{\"results\":[");
	for (int i = 0; i < placement->count; i++)
	{
		if (i > 0)
			tp_buffer_add(out, ",", 1);
		tp_buffer_add(out, placement->orders[i].result.data, placement->orders[i].result.length);
	}
	tp_buffer_text(out, "]}");
	tp_call_answer(placement->call, 200, JSON);
	end_placement(placement);
}

static void
element_ended(TpPlacing *order)
{
	if (--order->placement->left == 0)
		answer_batch(order->placement);
}

static void
answer_single(TpPlacing *order, int status)
{
	tp_call_answer(order->placement->call, status, JSON);
	end_placement(order->placement);
}

static void
put_member(TpBuffer *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	tp_buffer_text(out, name);
	tp_buffer_json(out, tp_slice(value));
}

void
tp_placing_refused(TpPlacing *order, const TpPgError *error, bool whole)
{
	TpPlacement *placement = order->placement;
	TpBuffer *out = &order->result;
	TpProblem problem;

	tp_count(TP_M_ORDERS_REFUSED, 1);
	placement->failed += whole;
	if (!placement->batch || placement->failed == placement->count)
	{
		tp_problem_answer(placement->call, error);
		end_placement(placement);
		return;
	}
	problem = tp_problem_of(error);
	tp_buffer_format(out, "{\"status\":%d,\"problem\":{\"type\":\"about:blank\",\"status\":%d", problem.status,
					 problem.status);
	put_member(out, ",\"title\":", tp_statuses[tp_status_index(problem.status)].phrase);
	put_member(out, ",\"code\":", problem.code);
	put_member(out, ",\"detail\":", problem.detail);
	put_member(out, ",\"hint\":", problem.hint);
	tp_buffer_text(out, "}}");
	element_ended(order);
}

/* Accepted by the database, and not decided as far as this answer goes. */
static void
end_pending(TpPlacing *order)
{
	char location[64];

	if (order->placement->batch)
	{
		tp_buffer_text(&order->result, "{\"status\":202,\"id\":");
		tp_buffer_integer(&order->result, order->id);
		tp_buffer_add(&order->result, "}", 1);
		element_ended(order);
		return;
	}
	snprintf(location, sizeof(location), "/api/v1/orders/%lld", (long long) order->id);
	tp_call_header(order->placement->call, "Location", location);
	tp_buffer_text(&order->placement->call->answer, "{\"id\":");
	tp_buffer_integer(&order->placement->call->answer, order->id);
	tp_buffer_text(&order->placement->call->answer, ",\"status\":\"pending\"}");
	answer_single(order, 202);
}

static void
decided(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	TpPlacing *order = context;
	TpCall *call = order->placement->call;
	TpBuffer *out = order->placement->batch ? &order->result : &call->answer;

	if (event == NULL || !event->has_order)
	{
		tp_count(TP_M_ORDERS_TIMED_OUT, 1);
		end_pending(order);
		return;
	}
	if (order->repeated && !order->placement->batch)
		tp_call_header(call, "Idempotency-Replayed", "true");
	tp_time(TP_T_DECISION, uv_hrtime() - call->started_ns);
	tp_buffer_reserve(out, 768);
	tp_buffer_text(out, order->placement->batch ? "{\"status\":201,\"order\":" : "{\"order\":");
	tp_event_order_json(out, event, instrument);
	tp_buffer_add(out, "}", 1);
	if (order->placement->batch)
		element_ended(order);
	else
		answer_single(order, 201);
}

static void
wait_for_decision(TpPlacing *order)
{
	const TpEdge *edge = order->placement->call->edge;

	tp_decisions_wait(edge->decisions, order->id, (unsigned) edge->settings->decision_timeout_ms, decided, order);
}

/* A text within would have its quotes escaped. */
static bool
is_pending(TpSlice json)
{
	static const char pending[] = "\"status\":\"pending\"";

	return memmem(json.data, json.length, pending, sizeof(pending) - 1) != NULL;
}

/* {"order":{...}} of an order that was placed by an earlier request. */
static void
answer_replayed(TpPlacing *order, TpSlice json)
{
	TpPlacement *placement = order->placement;

	if (!placement->batch)
	{
		tp_call_header(placement->call, "Idempotency-Replayed", "true");
		tp_buffer_slice(&placement->call->answer, json);
		answer_single(order, 201);
		return;
	}
	/* The same object, with one more member. */
	tp_buffer_text(&order->result, "{\"status\":201,");
	tp_buffer_add(&order->result, json.data + 1, json.length - 1);
	element_ended(order);
}

static void
replayed(void *context, const PGresult *result, const TpPgError *error)
{
	TpPlacing *order = context;
	const TpCall *call = order->placement->call;
	TpDecisions *decisions = call->edge->decisions;
	unsigned expectation = order->expectation;
	TpSlice json;

	if (error != NULL)
		tp_placing_refused(order, error, true);
	else
	{
		json = (TpSlice){ PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0) };
		if (!is_pending(json))
			answer_replayed(order, json);
		else if (call->respond_async)
			end_pending(order);
		else
			wait_for_decision(order);
	}
	tp_decisions_looked_up(decisions, expectation);
}

static void
replay(TpPlacing *order)
{
	const TpCall *call = order->placement->call;
	char user[24];
	char session[24];
	char id[24];

	snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
	snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
	snprintf(id, sizeof(id), "%lld", (long long) order->id);
	/* If it is pending still, its decision may be heard before the answer that says so. */
	order->expectation = tp_decisions_look_up(call->edge->decisions);
	tp_pg_call(call->edge->pg, &get_statement, (const char *const[]){ user, session, id }, replayed, order);
}

void
tp_placing_placed(TpPlacing *order, bool repeated)
{
	TpCall *call = order->placement->call;

	tp_count(TP_M_ORDERS_PLACED, 1);
	/* One that was sent again by itself is no repetition of the client's. */
	order->repeated = repeated && !order->unsure;
	if (order->repeated)
		replay(order);
	else if (call->respond_async)
		end_pending(order);
	else if (repeated)
		replay(order);
	else
		wait_for_decision(order);
}
