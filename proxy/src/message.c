/*
 * message.c
 *	  Messages: what an event or a push says, before and after somebody wants it.
 *
 * A draft is words in the hub's buffer; a message is one piece of memory, shared by all who
 * get it.
 */
#include <stdlib.h>

#include "hub_parts.h"

#define WIRES (sizeof(((TpMessage *) NULL)->wire) / sizeof(void *))

TpMessage *
tp_message_new(const char *name, int64_t seq, int part, int of, TpSlice data)
{
	TpBuffer json = { 0 };
	TpMessage *message;
	char *text;

	tp_buffer_reserve(&json, data.length + 96);
	tp_buffer_text(&json, "{\"event\":\"");
	tp_buffer_text(&json, name);
	tp_buffer_text(&json, "\",\"seq\":");
	tp_buffer_integer(&json, seq);
	if (of > 1)
	{
		tp_buffer_text(&json, ",\"part\":");
		tp_buffer_integer(&json, part);
		tp_buffer_text(&json, ",\"of\":");
		tp_buffer_integer(&json, of);
	}
	tp_buffer_text(&json, ",\"data\":");
	tp_buffer_slice(&json, data);
	tp_buffer_add(&json, "}", 1);
	message = tp_realloc(NULL, sizeof(TpMessage) + json.length);
	text = memcpy(message + 1, json.data, json.length);
	*message = (TpMessage){ .references = 1,
							.name = name,
							.seq = seq,
							.part = part,
							.of = of,
							.json = { text, json.length },
							.data = { text + json.length - 1 - data.length, data.length } };
	tp_buffer_free(&json);
	return message;
}

/* Its name stands behind the text. */
TpMessage *
tp_message_of_push(const TpPush *push)
{
	TpBuffer json = { 0 };
	TpMessage *message;
	char *text;

	tp_buffer_reserve(&json, push->data.length + push->event.length + 64);
	tp_buffer_text(&json, "{\"event\":");
	tp_buffer_json(&json, push->event);
	tp_buffer_text(&json, ",\"push\":");
	tp_buffer_integer(&json, push->number);
	tp_buffer_text(&json, ",\"data\":");
	tp_buffer_slice(&json, push->data);
	tp_buffer_add(&json, "}", 1);
	message = tp_realloc(NULL, sizeof(TpMessage) + json.length + push->event.length + 1);
	text = memcpy(message + 1, json.data, json.length);
	memcpy(text + json.length, push->event.data, push->event.length);
	text[json.length + push->event.length] = '\0';
	*message = (TpMessage){ .references = 1,
							.name = text + json.length,
							.push = push->number,
							.json = { text, json.length },
							.data = { text + json.length - 1 - push->data.length, push->data.length } };
	tp_buffer_free(&json);
	return message;
}

TpMessage *
tp_message_hold(TpMessage *message)
{
	message->references++;
	return message;
}

void
tp_message_release(TpMessage *message)
{
	if (--message->references > 0)
		return;
	for (size_t i = 0; i < WIRES; i++)
		free(message->wire[i]);
	free(message);
}

/* Drafts -------------------------------------------------------------------- */

static void
add_draft(void *context, const char *name, int64_t account, TpSlice data)
{
	TpHub *hub = context;

	if (hub->draft_count == TP_HUB_DRAFTS)
		abort();
	hub->drafts[hub->draft_count++] = (TpDraft){ name, account, hub->texts.length, data.length };
	tp_buffer_slice(&hub->texts, data);
}

int
tp_hub_draft(TpHub *hub, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	hub->draft_count = 0;
	tp_buffer_clear(&hub->texts);
	tp_event_messages(event, instrument, &hub->scratch, add_draft, hub);
	return hub->draft_count;
}

TpMessage *
tp_hub_message(TpHub *hub, int draft, int64_t seq)
{
	const TpDraft *d = &hub->drafts[draft];

	return tp_message_new(d->name, seq, draft + 1, hub->draft_count, (TpSlice){ hub->texts.data + d->at, d->length });
}
