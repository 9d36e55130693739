/*
 * whatsapp_sender.c
 *	  The outbox of WhatsApp, emptied by the first worker of each proxy.
 *
 *		claimed --+-- new -----> POST ----> sent | refused | unsent | unknown
 *		          +-- unknown -> the list, page by page ----> looked up
 *
 * Proxies share the outbox; the database gives each message to one of them, and to one
 * phone one at a time. Whatever comes of a message is noted before the phone's next one is
 * asked for. Nothing is decided here about trying again: a request that may have been taken
 * is told to the database as unknown, and comes back to be looked up. What a message says
 * and whom it is for is not logged, nor anything of the credentials.
 */
#include "whatsapp_sender.h"

#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "edge.h"
#include "log.h"
#include "metrics.h"
#include "outgoing.h"
#include "pg.h"
#include "settings.h"
#include "twilio_api.h"

#define LOOK_MS 1000
#define FIGURES_LOOKS 5 /* how many looks apart the figures are read */
#define MOST 32         /* requests at once */
#define LEASE_MORE_S 10
#define ANSWER_MOST 65536
#define PAGE_MOST (4 * 1024 * 1024)
#define PAGES_MOST 50
/* Twilio's clock and the database's are not one. */
#define CLOCKS_APART_S 300

struct TpWhatsappSender
{
	TpEdge *edge;
	TpCurlLoop *curl;
	uv_timer_t timer;
	int looks;
	int messages;  /* given out and not noted yet */
	int under_way; /* callbacks that name this sender */
	bool claiming;
	bool again; /* something came while a claim was under way */
	bool closing;
	bool timer_closed;
};

typedef struct Message
{
	TpWhatsappSender *sender;
	char id[24];
	char phone[24];
	char *body;
	char *content; /* NULL: free text */
	bool template; /* what is looked up was sent as one */
	int64_t created;
	int pages;
	TpBuffer found;
} Message;

static const TpStatement claim_statement = { .sql = "SELECT id, phone, body, content, unknown, template, created"
													" FROM tradepost_edge.whatsapp_claim($1::integer, $2::integer,"
													" $3::jsonb)",
											 .parameters = 3 };
static const TpStatement sent_statement = { .sql = "SELECT tradepost_edge.whatsapp_sent($1::bigint, $2)",
											.parameters = 2,
											.idempotent = true };
static const TpStatement refused_statement = {
	.sql = "SELECT tradepost_edge.whatsapp_refused($1::bigint, $2::integer, $3::integer, $4, $5::integer)",
	.parameters = 5
};
static const TpStatement unsent_statement = { .sql = "SELECT tradepost_edge.whatsapp_unsent($1::bigint, $2)",
											  .parameters = 2 };
static const TpStatement unknown_statement = {
	.sql = "SELECT tradepost_edge.whatsapp_unknown($1::bigint, $2, $3::boolean)", .parameters = 3
};
static const TpStatement looked_up_statement = {
	.sql = "SELECT tradepost_edge.whatsapp_looked_up($1::bigint, $2::jsonb)", .parameters = 2
};
static const TpStatement figures_statement = {
	.sql = "SELECT f ->> 'queued', f ->> 'sending', f ->> 'oldestSeconds', (f ->> 'pausedUntil' IS NOT NULL)::integer"
		   " FROM tradepost_edge.whatsapp_figures() f",
	.parameters = 0,
	.idempotent = true
};

static void look(TpWhatsappSender *sender);

static void
returned(TpWhatsappSender *sender)
{
	sender->under_way--;
	if (sender->closing && sender->timer_closed && sender->under_way == 0)
		free(sender);
}

static void
end_message(Message *message)
{
	TpWhatsappSender *sender = message->sender;

	tp_buffer_free(&message->found);
	free(message->body);
	free(message->content);
	free(message);
	sender->messages--;
	/* The phone's next one. */
	if (!sender->closing)
		look(sender);
	returned(sender);
}

static void
noted(void *context, const PGresult *result, const TpPgError *error)
{
	Message *message = context;

	/* Then the lease runs out, and the message is looked up. */
	if (error != NULL)
		tp_log(TP_LOG_WARN, "what became of a WhatsApp message could not be noted", "outbox", message->id, "why",
			   error->message, NULL);
	else if (PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "failed") == 0)
		tp_count(TP_M_WHATSAPP_FAILED, 1);
	end_message(message);
}

static void
note(Message *message, const TpStatement *statement, const char *const *values)
{
	tp_pg_call(message->sender->edge->pg, statement, values, noted, message);
}

static void
note_unknown(Message *message, const char *why, bool answered)
{
	tp_count(TP_M_WHATSAPP_UNKNOWN, 1);
	tp_log(TP_LOG_WARN, "whether Twilio has taken a message is not known: it will be looked up", "outbox", message->id,
		   "why", why, NULL);
	note(message, &unknown_statement, (const char *const[]){ message->id, why, answered ? "true" : "false" });
}

static void
note_refused(Message *message, const TpOutgoingAnswer *answer, const TpTwilioAnswer *said)
{
	char http[16];
	char code[16];
	char wait[24];
	char why[320];

	snprintf(http, sizeof(http), "%ld", answer->status);
	snprintf(code, sizeof(code), "%d", said->code);
	snprintf(wait, sizeof(wait), "%ld", answer->retry_after_s);
	snprintf(why, sizeof(why), "Twilio answered %ld%s%s", answer->status, *said->text == '\0' ? "" : ": ", said->text);
	tp_count(TP_M_WHATSAPP_REFUSED, 1);
	tp_log(TP_LOG_WARN, "Twilio has refused a message", "outbox", message->id, "#status", (int64_t) answer->status,
		   "#code", (int64_t) said->code, NULL);
	note(message, &refused_statement,
		 (const char *const[]){ message->id, http, said->code == 0 ? NULL : code, why, wait });
}

static void
posted(void *context, const TpOutgoingAnswer *answer)
{
	Message *message = context;
	TpTwilioAnswer said;
	char why[128];

	tp_twilio_read_answer(answer->body, &said);
	snprintf(why, sizeof(why), "Twilio answered %ld", answer->status);
	if (answer->fault != NULL && !answer->left)
	{
		tp_log(TP_LOG_WARN, "Twilio cannot be reached", "outbox", message->id, "why", answer->fault, NULL);
		note(message, &unsent_statement, (const char *const[]){ message->id, answer->fault });
	}
	else if (answer->fault != NULL)
		note_unknown(message, answer->fault, false);
	else if (answer->status >= 200 && answer->status < 300 && *said.sid != '\0')
	{
		tp_count(TP_M_WHATSAPP_SENT, 1);
		note(message, &sent_statement, (const char *const[]){ message->id, said.sid });
	}
	/* An answer without sense, and Twilio's own failures, say nothing about the message. */
	else if (answer->status < 300 || answer->status >= 500 || answer->status == 408)
		note_unknown(message, why, true);
	else
		note_refused(message, answer, &said);
}

static void
request(Message *message, const char *url, TpSlice body, size_t most, TpOutgoingDone done)
{
	const TpSettings *settings = message->sender->edge->settings;

	tp_outgoing(message->sender->curl,
				&(TpOutgoingRequest){ .url = url,
									  .body = body,
									  .user = settings->twilio_account_sid,
									  .password = settings->twilio_auth_token,
									  .ca_file = settings->outgoing_ca_file,
									  .timeout_ms = settings->twilio_timeout_s * 1000,
									  .most = most,
									  .once = body.data != NULL },
				done, message);
}

static void
post(Message *message)
{
	const TpSettings *settings = message->sender->edge->settings;
	TpBuffer url = { 0 };
	TpBuffer callback = { 0 };
	TpBuffer form = { 0 };

	tp_buffer_format(&url, "%s/2010-04-01/Accounts/%s/Messages.json", settings->twilio_api_url,
					 settings->twilio_account_sid);
	tp_buffer_add(&url, "", 1);
	tp_buffer_format(&callback, "%s/api/v1/webhooks/twilio/status?outbox=%s", settings->public_url, message->id);
	tp_buffer_add(&callback, "", 1);
	tp_twilio_message_form(&(TpTwilioMessage){ .from = settings->twilio_whatsapp_number,
											   .to = message->phone,
											   .body = message->body,
											   .content = message->content,
											   .callback = *settings->public_url == '\0' ? NULL : callback.data },
						   &form);
	request(message, url.data, (TpSlice){ form.data, form.length }, ANSWER_MOST, posted);
	tp_buffer_free(&url);
	tp_buffer_free(&callback);
	tp_buffer_free(&form);
}

static void list(Message *message, const char *path);

/* The list could not be read to its end: nothing follows from it. */
static void
list_failed(Message *message, const char *why)
{
	tp_log(TP_LOG_WARN, "a message could not be looked up at Twilio", "outbox", message->id, "why", why, NULL);
	note(message, &looked_up_statement, (const char *const[]){ message->id, NULL });
}

static void
listed(void *context, const TpOutgoingAnswer *answer)
{
	Message *message = context;
	const TpSettings *settings = message->sender->edge->settings;
	TpBuffer next = { 0 };
	TpTwilioPage page;

	if (answer->fault != NULL || answer->status != 200)
	{
		char why[64];

		snprintf(why, sizeof(why), "Twilio answered %ld", answer->status);
		list_failed(message, answer->fault != NULL ? answer->fault : why);
		return;
	}
	page = tp_twilio_read_page(answer->body, settings->twilio_account_sid, message->body, message->template,
							   message->created - CLOCKS_APART_S, &message->found, &next);
	tp_buffer_add(&next, "", 1);
	if (page == TP_TWILIO_BROKEN)
		list_failed(message, "its answer is no list of messages");
	else if (page == TP_TWILIO_MORE && ++message->pages == PAGES_MOST)
		list_failed(message, "its list does not end");
	else if (page == TP_TWILIO_MORE)
		list(message, next.data);
	else
	{
		/* Each element is followed by a comma. */
		if (message->found.length > 1)
			message->found.length--;
		tp_buffer_text(&message->found, "]");
		tp_buffer_add(&message->found, "", 1);
		note(message, &looked_up_statement, (const char *const[]){ message->id, message->found.data });
	}
	tp_buffer_free(&next);
}

static void
list(Message *message, const char *path)
{
	TpBuffer url = { 0 };

	tp_buffer_text(&url, message->sender->edge->settings->twilio_api_url);
	tp_buffer_add(&url, path, strlen(path) + 1);
	request(message, url.data, (TpSlice){ NULL, 0 }, PAGE_MOST, listed);
	tp_buffer_free(&url);
}

static void
look_up(Message *message)
{
	const TpSettings *settings = message->sender->edge->settings;
	TpBuffer path = { 0 };

	tp_buffer_text(&message->found, "[");
	tp_twilio_list_path(settings->twilio_account_sid, settings->twilio_whatsapp_number, message->phone, &path);
	tp_buffer_add(&path, "", 1);
	list(message, path.data);
	tp_buffer_free(&path);
}

static bool
is_true(const PGresult *result, int row, int column)
{
	return *PQgetvalue(result, row, column) == 't';
}

/* id, phone, body, content, unknown, template, created */
static void
begin(TpWhatsappSender *sender, const PGresult *result, int row)
{
	Message *message = tp_alloc(sizeof(*message));

	message->sender = sender;
	snprintf(message->id, sizeof(message->id), "%s", PQgetvalue(result, row, 0));
	snprintf(message->phone, sizeof(message->phone), "%s", PQgetvalue(result, row, 1));
	message->body = tp_strdup(PQgetvalue(result, row, 2));
	message->content = PQgetisnull(result, row, 3) ? NULL : tp_strdup(PQgetvalue(result, row, 3));
	message->template = is_true(result, row, 5);
	message->created = strtoll(PQgetvalue(result, row, 6), NULL, 10);
	sender->messages++;
	sender->under_way++;
	if (sender->closing || sender->edge->draining)
		note(message, &unsent_statement, (const char *const[]){ message->id, NULL });
	else if (is_true(result, row, 4))
		look_up(message);
	else
		post(message);
}

static void
claimed(void *context, const PGresult *result, const TpPgError *error)
{
	TpWhatsappSender *sender = context;
	bool again = sender->again;

	sender->claiming = false;
	sender->again = false;
	for (int row = 0; error == NULL && row < PQntuples(result); row++)
		begin(sender, result, row);
	if (again && error == NULL && !sender->closing)
		look(sender);
	returned(sender);
}

/* {"en":"HX...","es":...} of those that are set. */
static void
add_templates(const TpSettings *settings, TpBuffer *out)
{
	static const char *const languages[] = { "en", "es", "pt" };

	for (int i = 0; i < 3; i++)
		if (*settings->twilio_templates[i] != '\0')
		{
			tp_buffer_format(out, "%s\"%s\":", out->length == 0 ? "{" : ",", languages[i]);
			tp_buffer_json(out, tp_slice(settings->twilio_templates[i]));
		}
	tp_buffer_text(out, out->length == 0 ? "{}" : "}");
	tp_buffer_add(out, "", 1);
}

static void
look(TpWhatsappSender *sender)
{
	TpEdge *edge = sender->edge;
	TpBuffer templates = { 0 };
	char most[16];
	char lease[16];

	if (sender->closing || edge->draining || !tp_pg_usable(edge->pg))
		return;
	if (sender->claiming)
	{
		sender->again = true;
		return;
	}
	/* Each that ends looks again. */
	if (sender->messages >= MOST)
		return;
	snprintf(most, sizeof(most), "%d", MOST - sender->messages);
	snprintf(lease, sizeof(lease), "%d", edge->settings->twilio_timeout_s + LEASE_MORE_S);
	add_templates(edge->settings, &templates);
	sender->claiming = true;
	sender->under_way++;
	tp_pg_call(edge->pg, &claim_statement, (const char *const[]){ most, lease, templates.data }, claimed, sender);
	tp_buffer_free(&templates);
}

static void
figures_came(void *context, const PGresult *result, const TpPgError *error)
{
	static const TpMetric gauges[] = { TP_M_WHATSAPP_QUEUED, TP_M_WHATSAPP_SENDING, TP_M_WHATSAPP_OLDEST_S,
									   TP_M_WHATSAPP_PAUSED };

	for (int i = 0; error == NULL && i < 4; i++)
		tp_gauge(gauges[i], strtoll(PQgetvalue(result, 0, i), NULL, 10));
	returned(context);
}

static void
on_time(uv_timer_t *timer)
{
	TpWhatsappSender *sender = timer->data;

	look(sender);
	if (sender->looks++ % FIGURES_LOOKS != 0 || !tp_pg_usable(sender->edge->pg))
		return;
	sender->under_way++;
	tp_pg_call(sender->edge->pg, &figures_statement, NULL, figures_came, sender);
}

TpWhatsappSender *
tp_whatsapp_sender_open(TpEdge *edge)
{
	TpWhatsappSender *sender;

	if (edge->worker != 0 || *edge->settings->twilio_account_sid == '\0')
		return NULL;
	sender = tp_alloc(sizeof(*sender));
	sender->edge = edge;
	sender->curl = tp_curl_loop_open(&edge->loop);
	uv_timer_init(&edge->loop, &sender->timer);
	sender->timer.data = sender;
	uv_timer_start(&sender->timer, on_time, LOOK_MS, LOOK_MS);
	return sender;
}

void
tp_whatsapp_sender_wake(TpWhatsappSender *sender)
{
	if (sender != NULL)
		look(sender);
}

int
tp_whatsapp_sender_drain(TpWhatsappSender *sender)
{
	return sender == NULL ? 0 : sender->messages + sender->claiming;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	TpWhatsappSender *sender = handle->data;

	sender->timer_closed = true;
	sender->under_way++;
	returned(sender);
}

void
tp_whatsapp_sender_close(TpWhatsappSender *sender)
{
	if (sender == NULL)
		return;
	sender->closing = true;
	/* What it ends is noted as unknown, if the database still hears it. */
	tp_curl_loop_close(sender->curl);
	uv_close((uv_handle_t *) &sender->timer, on_timer_closed);
}
