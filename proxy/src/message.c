/*
 * message.c
 *	  A message's memory: one piece, shared by all who get it.
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
