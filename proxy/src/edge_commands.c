/*
 * edge_commands.c
 *	  PATCH and DELETE of orders: the command goes to the database, the answer is the
 *	  engine's decision.
 *
 * What a cancel-all has cancelled comes as events of their own behind its decision,
 * up to the next command's: while such a call is under way they are counted.
 */
#include "edge_commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "decisions.h"
#include "edge_orders.h"
#include "pg.h"
#include "problem.h"
#include "settings.h"
#include "stream.h"

#define JSON "application/json"

/* How many one cancel-all cancelled. */
typedef struct Sweep Sweep;
struct Sweep
{
	Sweep *next;
	int64_t command;
	bool complete;
	TpCall *call; /* that waits for it to be complete; NULL: not yet */
	int64_t count;
};

struct TpCommands
{
	TpEdge *edge;
	int sweeping; /* calls under way that cancel all */
	Sweep *sweeps;
	Sweep *current; /* that the stream is in the middle of */
};

/* A call between the database and the engine. */
typedef struct Pending
{
	TpCall *call;
	int64_t command;
	int64_t order; /* 0: all */
	unsigned expectation;
} Pending;

static const TpStatement cancel_statement = {
	.sql = "SELECT tradepost_edge.order_cancel($1::bigint, $2::bigint, $3::jsonb)", .parameters = 3
};
static const TpStatement amend_statement = {
	.sql = "SELECT tradepost_edge.order_amend($1::bigint, $2::bigint, $3::jsonb)", .parameters = 3
};
static const TpStatement cancel_all_statement = {
	.sql = "SELECT tradepost_edge.orders_cancel_all($1::bigint, $2::bigint, $3::jsonb)", .parameters = 3
};

static void
forget_sweeps(TpCommands *commands)
{
	if (commands->sweeping > 0)
		return;
	commands->current = NULL;
	while (commands->sweeps != NULL)
	{
		Sweep *sweep = commands->sweeps;

		commands->sweeps = sweep->next;
		free(sweep);
	}
}

static void
answer_sweep(TpCommands *commands, Sweep *sweep)
{
	TpBuffer *out = &sweep->call->answer;

	tp_buffer_text(out, "{\"cancelled\":");
	tp_buffer_integer(out, sweep->count);
	tp_buffer_text(out, "}");
	tp_call_answer(sweep->call, 200, JSON);
	sweep->call = NULL;
	commands->sweeping--;
	forget_sweeps(commands);
	tp_orders_release(commands->edge->orders);
}

/* The call was answered. */
static void
end_pending(TpCommands *commands, Pending *pending)
{
	if (pending->order == 0)
	{
		commands->sweeping--;
		forget_sweeps(commands);
	}
	free(pending);
	tp_orders_release(commands->edge->orders);
}

static Sweep *
find_sweep(TpCommands *commands, int64_t command)
{
	Sweep *sweep = commands->sweeps;

	while (sweep != NULL && sweep->command != command)
		sweep = sweep->next;
	if (sweep == NULL)
	{
		sweep = tp_alloc(sizeof(Sweep));
		sweep->command = command;
		sweep->next = commands->sweeps;
		commands->sweeps = sweep;
	}
	return sweep;
}

static void
end_current(TpCommands *commands)
{
	Sweep *sweep = commands->current;

	commands->current = NULL;
	sweep->complete = true;
	if (sweep->call != NULL)
		answer_sweep(commands, sweep);
}

static void
on_event(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	TpCommands *commands = context;

	(void) instrument;
	if (commands->sweeping == 0)
		return;
	if (commands->current != NULL &&
		(event == NULL ? !tp_stream_goes_on(commands->edge->stream) : event->command != commands->current->command))
		end_current(commands);
	if (event == NULL || commands->sweeping == 0)
		return;
	if (event->kind == TP_EV_CANCELLED_ALL)
		commands->current = find_sweep(commands, event->command);
	if (commands->current != NULL && event->kind == TP_EV_CANCELLED)
		commands->current->count++;
}

/* What became of an order that is not open any more. */
static const char *
closed_word(const char *reason)
{
	static const char *const words[][2] = { { "order_unknown", "not open" },
											{ "order_filled", "filled" },
											{ "order_cancelled", "cancelled" },
											{ "order_expired", "expired" },
											{ "order_rejected", "rejected" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strcmp(reason, words[i][0]) == 0)
			return words[i][1];
	}
	return NULL;
}

static void
answer_rejected(const Pending *pending, const TpEvent *event)
{
	char reason[64];
	const char *closed;

	snprintf(reason, sizeof(reason), "%.*s", (int) event->reason.length, event->reason.data);
	closed = closed_word(reason);
	if (closed != NULL)
		tp_call_problem_format(pending->call, 409, "order_not_open", "order %lld is %s", (long long) pending->order,
							   closed);
	else
		tp_call_problem_format(pending->call, 409, reason[0] == '\0' ? "command_rejected" : reason,
							   "the engine rejected it: %s; nothing was changed", reason);
}

static void
answer_pending(const Pending *pending)
{
	tp_buffer_format(&pending->call->answer, "{\"id\":%lld,\"status\":\"pending\"}",
					 (long long) (pending->order == 0 ? pending->command : pending->order));
	tp_call_answer(pending->call, 202, JSON);
}

static void
decided(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	Pending *pending = context;
	TpCall *call = pending->call;
	TpCommands *commands = tp_orders_commands(call->edge->orders);

	if (event != NULL && event->kind == TP_EV_CANCELLED_ALL)
	{
		Sweep *sweep = find_sweep(commands, pending->command);

		sweep->call = call;
		free(pending);
		if (sweep->complete)
			answer_sweep(commands, sweep);
		return;
	}
	if (event != NULL && event->kind == TP_EV_REJECTED)
		answer_rejected(pending, event);
	else if (event == NULL || !event->has_order)
		answer_pending(pending);
	else
	{
		tp_buffer_text(&call->answer, "{\"order\":");
		tp_event_order_json(&call->answer, event, instrument);
		tp_buffer_text(&call->answer, "}");
		tp_call_answer(call, 200, JSON);
	}
	end_pending(commands, pending);
}

/* The number behind a name that the database wrote; 0: none. */
static int64_t
member(const char *json, const char *name)
{
	const char *at = strstr(json, name);

	if (at == NULL)
		return 0;
	at += strlen(name);
	return strtoll(at + strspn(at, " :"), NULL, 10);
}

static void
end_refused(Pending *pending, const TpPgError *error)
{
	TpCommands *commands = tp_orders_commands(pending->call->edge->orders);

	tp_problem_answer(pending->call, error);
	end_pending(commands, pending);
}

static void
commanded(void *context, const PGresult *result, const TpPgError *error)
{
	Pending *pending = context;
	TpEdge *edge = pending->call->edge;
	unsigned expectation = pending->expectation;

	if (error != NULL)
		end_refused(pending, error);
	else
	{
		pending->command = member(PQgetvalue(result, 0, 0), "\"command\"");
		if (pending->order != 0)
			pending->order = member(PQgetvalue(result, 0, 0), "\"order\"");
		tp_decisions_wait(edge->decisions, pending->command,
						  pending->call->respond_async ? 0 : (unsigned) edge->settings->decision_timeout_ms, decided,
						  pending);
	}
	tp_decisions_expected(edge->decisions, expectation);
}

/* False: it is answered already. */
static bool
command(TpCall *call, const TpStatement *statement, bool all)
{
	TpBuffer json = { 0 };
	char user[24];
	char session[24];
	Pending *pending;
	bool fine = tp_call_arguments(call, &json);

	if (fine)
	{
		tp_buffer_add(&json, "", 1);
		snprintf(user, sizeof(user), "%lld", (long long) call->caller.user);
		snprintf(session, sizeof(session), "%lld", (long long) call->caller.session);
		pending = tp_alloc(sizeof(Pending));
		tp_orders_hold(call->edge->orders);
		pending->call = call;
		pending->order = all ? 0 : -1;
		pending->expectation = tp_decisions_expect(call->edge->decisions);
		tp_pg_call(call->edge->pg, statement, (const char *const[]){ user, session, json.data }, commanded, pending);
	}
	tp_buffer_free(&json);
	return fine;
}

void
tp_orders_patch(TpCall *call)
{
	command(call, &amend_statement, false);
}

void
tp_orders_delete(TpCall *call)
{
	command(call, &cancel_statement, false);
}

void
tp_orders_delete_all(TpCall *call)
{
	TpCommands *commands = tp_orders_commands(call->edge->orders);

	commands->sweeping += command(call, &cancel_all_statement, true);
}

TpCommands *
tp_commands_open(TpEdge *edge)
{
	TpCommands *commands = tp_alloc(sizeof(TpCommands));

	commands->edge = edge;
	tp_stream_subscribe(edge->stream, on_event, commands);
	return commands;
}

void
tp_commands_stop(TpCommands *commands)
{
	Sweep *next;

	for (Sweep *sweep = commands->sweeps; sweep != NULL; sweep = next)
	{
		/* Answering the last one forgets them all, and this one's next with them. */
		next = commands->sweeping > 1 ? sweep->next : NULL;
		if (sweep->call != NULL)
			answer_sweep(commands, sweep);
	}
}

void
tp_commands_close(TpCommands *commands)
{
	commands->sweeping = 0;
	forget_sweeps(commands);
	free(commands);
}
