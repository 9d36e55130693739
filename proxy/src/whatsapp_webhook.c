/*
 * whatsapp_webhook.c
 *	  webhooks/twilio/whatsapp: what traders write, and its answers.
 *
 * Twilio waits 15 s, and asks again, here or at its fallback, when it gets no answer; so
 * everything ends after 10 s.  The database knows a message by account and id, and does in
 * one transaction what it asks for: a call that was lost is simply made again, until the
 * time is up.
 *
 *		asking --(reply)---------------------------------------> answered
 *		  |  \--(reply, command)--> deciding --(event, or 2 s)--> telling --(outcome)--> answered
 *		  |                                                          \--(time is up)--> answered by the first reply
 *		  +--(time is up)--> answered: 503 if no call can have arrived, else that nobody knows
 *
 * A 503 lets Twilio ask its fallback, which may be another proxy; the trader hears of none of it.
 */
#include "whatsapp_webhook.h"
#include "voice_jobs.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "decisions.h"
#include "json_view.h"
#include "pg.h"
#include "problem.h"
#include "query.h"
#include "rate_limits.h"
#include "settings.h"
#include "texts.h"
#include "twilio_request.h"
#include "twiml.h"
#include "whatsapp_fields.h"

#define XML "text/xml; charset=utf-8"
#define ANSWER_MS 10000
#define DECISION_MS 2000
#define LOOK_MS 50
#define RETRY_MS 200
#define BAD_TOKEN_WEIGHT 20
#define CHALLENGE_MOST 256
#define TEXT_MOST 512
#define LANGUAGES 3 /* of texts.h */

typedef struct Message Message;
struct Message
{
	TpMessages *messages;
	Message *next;
	Message *previous;
	TpCall *call; /* NULL: it has been answered */
	TpBuffer arguments;
	char sid[TP_WHATSAPP_SID + 1];
	TpBuffer reply;
	bool replied; /* reply is the answer, unless a later one comes */
	bool silent;  /* and it is none */
	bool unsure;  /* a call may have arrived whose answer did not */
	bool asking;  /* its callback will come */
	bool telling; /* what it asks for is the outcome */
	uint64_t answer_at_ms;
	uint64_t ask_at_ms; /* 0: not again */
	unsigned expectation;
};

struct TpMessages
{
	TpEdge *edge;
	Message *first;
	uv_timer_t timer;
	bool closing;
	bool closed; /* the timer */
};

static const TpStatement inbound_statement = { .sql = "SELECT tradepost_edge.whatsapp_inbound($1::jsonb)",
											   .parameters = 1,
											   .idempotent = true };
static const TpStatement outcome_statement = { .sql = "SELECT tradepost_edge.whatsapp_outcome($1, $2)",
											   .parameters = 2,
											   .idempotent = true };

static void on_timer(uv_timer_t *timer);

static void
free_when_done(TpMessages *messages)
{
	if (messages->closed && messages->first == NULL)
		free(messages);
}

static void
free_message(Message *message)
{
	TpMessages *messages = message->messages;

	*(message->previous == NULL ? &messages->first : &message->previous->next) = message->next;
	if (message->next != NULL)
		message->next->previous = message->previous;
	tp_buffer_free(&message->arguments);
	tp_buffer_free(&message->reply);
	free(message);
	if (messages->first == NULL && !messages->closing)
		uv_timer_stop(&messages->timer);
	free_when_done(messages);
}

static void
answer_text(Message *message, TpSlice text)
{
	TpCall *call = message->call;

	message->call = NULL;
	tp_twiml(text, &call->answer);
	tp_call_answer(call, 200, XML);
}

static void
answer_reply(Message *message)
{
	answer_text(message, (TpSlice){ message->reply.data, message->silent ? 0 : message->reply.length });
}

/* In every language: the database would know which it is. */
static void
add_unsure(TpBuffer *out)
{
	for (int language = 1; language <= LANGUAGES; language++)
	{
		char text[TEXT_MOST];

		(void) tp_text(TP_TEXT_WEBHOOK_UNSURE, language, NULL, 0, text, sizeof(text), NULL);
		tp_buffer_format(out, "%s%s", language == 1 ? "" : "\n", text);
	}
}

/* Without a reply: whether anything was done is known, or it is not. */
static void
answer_failure(Message *message, const TpPgError *error)
{
	TpCall *call = message->call;

	if (message->unsure)
	{
		TpBuffer text = { 0 };

		add_unsure(&text);
		answer_text(message, (TpSlice){ text.data, text.length });
		tp_buffer_free(&text);
		return;
	}
	message->call = NULL;
	tp_problem_answer(call, error);
}

/* {"reply": text or null}; what is none leaves the old one. */
static void
take_reply(Message *message, TpSlice json)
{
	TpSlice value;

	if (!tp_json_find(json, "reply", &value))
		return;
	tp_buffer_clear(&message->reply);
	message->silent = !tp_json_text(value, &message->reply);
	message->replied = true;
}

static TpSlice
cell(const PGresult *result)
{
	return PQntuples(result) == 1 ? (TpSlice){ PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0) }
								  : (TpSlice){ NULL, 0 };
}

/* True: it will be asked again, for the database may be back in time. */
static bool
again(Message *message, const TpPgError *error)
{
	uint64_t now = uv_now(&message->messages->edge->loop);

	if (message->call == NULL || error->failure == TP_PG_REFUSED || message->messages->closing ||
		now + RETRY_MS >= message->answer_at_ms)
		return false;
	message->ask_at_ms = now + RETRY_MS;
	return true;
}

static void
told(void *context, const PGresult *result, const TpPgError *error)
{
	Message *message = context;

	message->asking = false;
	if (result == NULL && again(message, error))
		return;
	if (result != NULL)
		take_reply(message, cell(result));
	if (message->call != NULL)
		answer_reply(message);
	free_message(message);
}

static void
tell(Message *message)
{
	TpEdge *edge = message->messages->edge;

	message->ask_at_ms = 0;
	message->asking = true;
	message->telling = true;
	tp_pg_call(edge->pg, &outcome_statement, (const char *const[]){ edge->settings->twilio_account_sid, message->sid },
			   told, message);
}

/*
 * What became of the command is put into words by who knows the trader's language; where it is not decided in time, the
 * database learns that the first reply was the answer.
 */
static void
decided(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	Message *message = context;

	(void) event;
	(void) instrument;
	message->asking = false;
	if (!message->messages->closing && message->call != NULL && !message->call->abandoned)
	{
		tell(message);
		return;
	}
	/* Nobody is there to be told: the outbox does it. */
	if (message->call != NULL)
		answer_reply(message);
	free_message(message);
}

static void
inbound_failed(Message *message, const TpPgError *error)
{
	message->unsure = message->unsure || error->failure == TP_PG_LOST || error->failure == TP_PG_TIMEOUT;
	if (again(message, error))
		return;
	if (message->call != NULL)
		answer_failure(message, error);
	free_message(message);
}

static void
inbound(void *context, const PGresult *result, const TpPgError *error)
{
	Message *message = context;
	TpDecisions *decisions = message->messages->edge->decisions;
	unsigned expectation = message->expectation;
	int64_t command = 0;
	TpSlice value;

	message->asking = false;
	if (error != NULL)
		inbound_failed(message, error);
	else
	{
		take_reply(message, cell(result));
		/* Nothing is said to a note until it has been heard. */
		if (message->silent)
			tp_voice_wake(message->messages->edge->shared);
		if (message->call == NULL || !tp_json_find(cell(result), "command", &value) ||
			!tp_json_integer(value, &command) || command == 0)
		{
			if (message->call != NULL)
				answer_reply(message);
			free_message(message);
		}
		else
		{
			message->asking = true;
			tp_decisions_wait(decisions, command, DECISION_MS, decided, message);
		}
	}
	tp_decisions_looked_up(decisions, expectation);
}

static void
ask(Message *message)
{
	TpEdge *edge = message->messages->edge;

	message->ask_at_ms = 0;
	message->asking = true;
	/* It may be a repetition, of a message whose command somebody waits for. */
	message->expectation = tp_decisions_look_up(edge->decisions);
	tp_pg_call(edge->pg, &inbound_statement, (const char *const[]){ message->arguments.data }, inbound, message);
}

static void
on_timer(uv_timer_t *timer)
{
	TpMessages *messages = timer->data;
	static const TpPgError gone = { .failure = TP_PG_UNAVAILABLE, .message = "", .retry_after = 1 };
	uint64_t now = uv_now(&messages->edge->loop);
	Message *next;

	for (Message *message = messages->first; message != NULL; message = next)
	{
		next = message->next;
		if (message->call != NULL && message->answer_at_ms <= now)
		{
			/* What is under way now may be done. */
			message->unsure = message->unsure || message->asking;
			if (message->replied)
				answer_reply(message);
			else
				answer_failure(message, &gone);
			if (!message->asking)
				free_message(message);
		}
		else if (message->ask_at_ms != 0 && message->ask_at_ms <= now)
			(message->telling ? tell : ask)(message);
	}
}

static void
begin(TpCall *call, const TpForm *form)
{
	TpMessages *messages = call->edge->messages;
	Message *message = tp_alloc(sizeof(*message));

	message->messages = messages;
	message->call = call;
	message->answer_at_ms = uv_now(&call->edge->loop) + ANSWER_MS;
	(void) tp_whatsapp_sid(form, message->sid);
	tp_whatsapp_arguments(form, call->tenant, call->phone, message->sid,
						  strcmp(call->edge->settings->speech_provider, "none") != 0, &message->arguments);
	tp_buffer_add(&message->arguments, "", 1);
	message->next = messages->first;
	if (message->next != NULL)
		message->next->previous = message;
	messages->first = message;
	if (!uv_is_active((uv_handle_t *) &messages->timer))
		uv_timer_start(&messages->timer, on_timer, LOOK_MS, LOOK_MS);
	ask(message);
}

/* The form was found fine before the limit was asked, which may take longer than the form lives. */
static void
within_limit(TpCall *call)
{
	TpForm form = { 0 };

	(void) tp_twilio_form(call, &form);
	begin(call, &form);
	tp_form_free(&form);
}

static void
took(TpCall *call, const TpForm *form)
{
	char sid[TP_WHATSAPP_SID + 1];

	if (!tp_whatsapp_sid(form, sid))
		tp_call_problem_format(call, 400, "message_sid_invalid", "MessageSid must have 1 to %d letters and digits",
							   TP_WHATSAPP_SID);
	else if (!tp_whatsapp_phone(tp_form_get(form, "From"), call->phone))
		tp_call_problem(call, 400, "from_invalid", "From must be whatsapp:+ and 7 to 15 digits", NULL);
	else
		tp_limits_check(call, TP_LIMIT_WEBHOOKS, within_limit);
}

void
tp_whatsapp_post(TpCall *call)
{
	tp_twilio_take(call, took);
}

/* Takes as long for every token of some length. */
static bool
is_token(const char *expected, const TpBuffer *given)
{
	unsigned char a[crypto_generichash_BYTES];
	unsigned char b[crypto_generichash_BYTES];

	crypto_generichash(a, sizeof(a), (const unsigned char *) expected, strlen(expected), NULL, 0);
	crypto_generichash(b, sizeof(b), (const unsigned char *) given->data, given->length, NULL, 0);
	return sodium_memcmp(a, b, sizeof(a)) == 0;
}

void
tp_whatsapp_verify(TpCall *call)
{
	const char *expected = call->edge->settings->whatsapp_verify_token;
	TpBuffer mode = { 0 };
	TpBuffer token = { 0 };
	TpBuffer challenge = { 0 };

	if (*expected == '\0')
		tp_call_problem(call, 503, "not_configured", "this proxy has no WHATSAPP_VERIFY_TOKEN", NULL);
	else if (!tp_query_find(call->query, "hub.mode", &mode) ||
			 !tp_slice_is((TpSlice){ mode.data, mode.length }, "subscribe") ||
			 !tp_query_find(call->query, "hub.verify_token", &token) || !is_token(expected, &token))
	{
		tp_suspicious(call->edge, call->ip, 0, "verify_token", BAD_TOKEN_WEIGHT);
		tp_call_problem(call, 403, "verify_token_wrong",
						"hub.mode must be subscribe, and hub.verify_token the token of WHATSAPP_VERIFY_TOKEN", NULL);
	}
	else if (!tp_query_find(call->query, "hub.challenge", &challenge) || challenge.length == 0 ||
			 challenge.length > CHALLENGE_MOST)
		tp_call_problem_format(call, 400, "challenge_invalid", "hub.challenge must have 1 to %d bytes of UTF-8",
							   CHALLENGE_MOST);
	else
	{
		tp_buffer_add(&call->answer, challenge.data, challenge.length);
		tp_call_answer(call, 200, "text/plain; charset=utf-8");
	}
	tp_buffer_free(&mode);
	tp_buffer_free(&token);
	tp_buffer_free(&challenge);
}

TpMessages *
tp_messages_open(TpEdge *edge)
{
	TpMessages *messages = tp_alloc(sizeof(*messages));

	messages->edge = edge;
	uv_timer_init(&edge->loop, &messages->timer);
	messages->timer.data = messages;
	return messages;
}

static void
timer_closed(uv_handle_t *handle)
{
	TpMessages *messages = handle->data;

	messages->closed = true;
	free_when_done(messages);
}

/* Those under way end with their callbacks, which pg and decisions make as they close. */
void
tp_messages_close(TpMessages *messages)
{
	static const TpPgError gone = { .failure = TP_PG_UNAVAILABLE, .message = "the proxy shuts down", .retry_after = 1 };
	Message *next;

	messages->closing = true;
	for (Message *message = messages->first; message != NULL; message = next)
	{
		next = message->next;
		if (message->asking)
			continue;
		if (message->call != NULL)
			answer_failure(message, &gone);
		free_message(message);
	}
	uv_close((uv_handle_t *) &messages->timer, timer_closed);
}
