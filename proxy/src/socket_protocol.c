/*
 * socket_protocol.c
 *	  What is said over /ws, taken apart; see socket_protocol.h.
 *
 * Pure: called by socket_commands.c with a whole message, and by a fuzzer.  Everything
 * that is refused names its field and limit.
 */
#include "socket_protocol.h"

#include <stdarg.h>
#include <stdio.h>

#include "json.h"

#define ID_BYTES 66 /* 64 and quotes */
#define KEY_BYTES 258
#define NAME_BYTES 64

static const struct
{
	const char *name;  /* of op */
	const char *event; /* what Socket.IO's clients emit */
	TpSocketOp op;
	TpSocketCommand command;
} operations[] = {
	{ "subscribe", "subscribe", TP_OP_SUBSCRIBE, TP_COMMAND_COUNT },
	{ "unsubscribe", "unsubscribe", TP_OP_UNSUBSCRIBE, TP_COMMAND_COUNT },
	{ "auth", "auth", TP_OP_AUTH, TP_COMMAND_COUNT },
	{ "ping", "ping", TP_OP_PING, TP_COMMAND_COUNT },
	{ "session", "session", TP_OP_SESSION, TP_COMMAND_COUNT },
	{ "order.place", "order:create", TP_OP_COMMAND, TP_COMMAND_PLACE },
	{ "orders.place", "orders:create", TP_OP_COMMAND, TP_COMMAND_BATCH },
	{ "order.cancel", "order:cancel", TP_OP_COMMAND, TP_COMMAND_CANCEL },
	{ "order.amend", "order:amend", TP_OP_COMMAND, TP_COMMAND_AMEND },
	{ "orders.cancel_all", "orders:cancel_all", TP_OP_COMMAND, TP_COMMAND_CANCEL_ALL },
	{ "order.get", "order:get", TP_OP_COMMAND, TP_COMMAND_ORDER },
	{ "orders.list", "orders:list", TP_OP_COMMAND, TP_COMMAND_ORDERS },
	{ "account.summary", "account:summary", TP_OP_COMMAND, TP_COMMAND_SUMMARY },
};

bool
tp_socket_fault(TpSocketFault *fault, const char *code, const char *format, ...)
{
	va_list args;

	fault->code = code;
	va_start(args, format);
	vsnprintf(fault->detail, sizeof(fault->detail), format, args);
	va_end(args);
	return false;
}

/* As much of a name as may stand in an answer: whole characters, and nothing that needs care. */
int
tp_socket_printable(TpSlice name)
{
	int length = 0;

	while (length < NAME_BYTES && (size_t) length < name.length && name.data[length] > ' ' && name.data[length] < 0x7F)
		length++;
	return length;
}

static bool
json_fault(TpSocketFault *fault, TpJsonFault found, size_t at)
{
	switch (found)
	{
		case TP_JSON_NOT_UTF8:
			return tp_socket_fault(fault, "json_not_utf8", "the message is not UTF-8 (byte %zu)", at);
		case TP_JSON_NUL:
			return tp_socket_fault(fault, "json_nul", "the message has a NUL character (byte %zu)", at);
		case TP_JSON_DEEP:
			return tp_socket_fault(fault, "json_too_deep", "the message is nested deeper than %d", TP_JSON_DEPTH);
		case TP_JSON_TWICE:
			return tp_socket_fault(fault, "json_name_twice",
								   "the message has an object with the same name twice (byte %zu)", at);
		case TP_JSON_MANY:
			return tp_socket_fault(fault, "json_too_many_names", "the message has an object with more than %d names",
								   TP_JSON_MEMBERS);
		case TP_JSON_NUMBER_LONG:
			return tp_socket_fault(fault, "json_number_too_long", "the message has a number of more than %d characters",
								   TP_JSON_NUMBER);
		default:
			return tp_socket_fault(fault, "json_malformed", "the message is not JSON (byte %zu)", at);
	}
}

static bool
is_string(TpSlice value)
{
	return tp_json_kind(value) == '"';
}

static bool
read_id(TpSlice value, TpSocketRequest *request, TpSocketFault *fault)
{
	char kind = tp_json_kind(value);

	if (kind == 'n')
		return true;
	if (kind != '"' && kind != '-' && (kind < '0' || kind > '9'))
		return tp_socket_fault(fault, "field_type", "id must be a number or a string");
	if (value.length > ID_BYTES)
		return tp_socket_fault(fault, "field_length", "id is longer than %d bytes", ID_BYTES - 2);
	request->id = value;
	return true;
}

static bool
read_string(TpSlice value, const char *name, size_t most, TpSlice *into, TpSocketFault *fault)
{
	if (!is_string(value))
		return tp_socket_fault(fault, "field_type", "%s must be a string", name);
	if (value.length > most)
		return tp_socket_fault(fault, "field_length", "%s is longer than %zu bytes", name, most - 2);
	*into = value;
	return true;
}

static bool
read_integer(TpSlice value, const char *name, int64_t most, int64_t *into, TpSocketFault *fault)
{
	if (!tp_json_integer(value, into) || *into < 0 || *into > most)
		return tp_socket_fault(fault, "field_range", "%s must be a whole number from 0 to %lld", name,
							   (long long) most);
	return true;
}

static bool
read_boolean(TpSlice value, const char *name, int *into, TpSocketFault *fault)
{
	if (tp_slice_is(value, "true"))
		*into = 1;
	else if (tp_slice_is(value, "false"))
		*into = 0;
	else
		return tp_socket_fault(fault, "field_type", "%s must be true or false", name);
	return true;
}

static bool
read_channels(TpSlice value, TpSocketRequest *request, TpSocketFault *fault)
{
	TpJsonCursor cursor;
	TpSlice channel;
	int count = 0;

	request->channels = value;
	if (is_string(value))
		return true;
	if (tp_json_kind(value) != '[')
		return tp_socket_fault(fault, "field_type", "%s must be a string or an array of strings",
							   request->plain ? "data" : "channels");
	cursor = tp_json_open(value);
	while (tp_json_element(&cursor, &channel))
	{
		if (!is_string(channel))
			return tp_socket_fault(fault, "field_type", "%s[%d] must be a string", request->plain ? "data" : "channels",
								   count);
		if (++count > TP_SOCKET_CHANNELS)
			return tp_socket_fault(fault, "too_many_channels", "one message may name %d channels", TP_SOCKET_CHANNELS);
	}
	return true;
}

static bool
read_member(TpSlice name, TpSlice value, TpSocketRequest *request, TpSocketFault *fault)
{
	if (tp_slice_is(name, "id"))
		return read_id(value, request, fault);
	if (tp_slice_is(name, "op") || tp_slice_is(name, "event"))
		return true;
	if (tp_slice_is(name, "data"))
	{
		request->data = value;
		return true;
	}
	if (tp_slice_is(name, "channels"))
		return read_channels(value, request, fault);
	if (tp_slice_is(name, "since"))
	{
		request->resumes = true;
		return read_integer(value, "since", INT64_MAX, &request->since, fault);
	}
	if (tp_slice_is(name, "part"))
		return read_integer(value, "part", 1000000, &request->part, fault);
	if (tp_slice_is(name, "token"))
		return read_string(value, "token", 4096 + 2, &request->token, fault);
	if (tp_slice_is(name, "key"))
		/* An empty one would protect from nothing, as no key does, but who sends one thinks that it does. */
		return (value.length == 2 && is_string(value)) ? tp_socket_fault(fault, "field_length", "key is empty")
													   : read_string(value, "key", KEY_BYTES, &request->key, fault);
	if (tp_slice_is(name, "cancelOnDisconnect"))
		return read_boolean(value, "cancelOnDisconnect", &request->cancel_on_disconnect, fault);
	if (tp_slice_is(name, "grace"))
		return read_integer(value, "grace", TP_SOCKET_GRACE, &request->grace_s, fault);
	return tp_socket_fault(fault, "field_unknown", "unknown field %.*s", tp_socket_printable(name), name.data);
}

/* subscribe:signals and the like: what they subscribe to stands in the name. */
static bool
push_name(TpSlice name, TpSocketRequest *request)
{
	static const struct
	{
		const char *name;
		TpSlice channel;
	} names[] = { { "subscribe:signals", { "\"signals\"", 9 } },
				  { "subscribe:notifications", { "\"notifications\"", 15 } },
				  { "subscribe:account", { "\"account\"", 9 } } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		bool off = name.length > 2 && memcmp(name.data, "un", 2) == 0;
		TpSlice bare = off ? (TpSlice){ name.data + 2, name.length - 2 } : name;

		if (!tp_slice_is(bare, names[i].name))
			continue;
		request->op = off ? TP_OP_UNSUBSCRIBE : TP_OP_SUBSCRIBE;
		request->channels = names[i].channel;
		return true;
	}
	return false;
}

/* What a name means; plain names may also say what they subscribe to. */
static bool
find_operation(TpSlice name, TpSocketRequest *request, TpSocketFault *fault)
{
	request->name = name;
	if (request->plain && (tp_slice_is(name, "subscribe:market") || tp_slice_is(name, "unsubscribe:market")))
	{
		request->op = name.data[0] == 's' ? TP_OP_SUBSCRIBE : TP_OP_UNSUBSCRIBE;
		request->market = true;
		return true;
	}
	if (request->plain && push_name(name, request))
		return true;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
	{
		if (tp_slice_is(name, request->plain ? operations[i].event : operations[i].name))
		{
			request->op = operations[i].op;
			request->command = operations[i].command;
			return true;
		}
	}
	return tp_socket_fault(fault, "operation_unknown", "unknown %s %.*s", request->plain ? "event" : "op",
						   tp_socket_printable(name), name.data);
}

/* What an operation cannot do without. */
static bool
check_needs(TpSocketRequest *request, TpSocketFault *fault)
{
	const char *data = request->plain ? "data" : "channels";

	switch (request->op)
	{
		case TP_OP_SUBSCRIBE:
		case TP_OP_UNSUBSCRIBE:
			if (request->channels.data == NULL && request->plain && request->data.data != NULL &&
				!read_channels(request->data, request, fault))
				return false;
			if (request->channels.data == NULL)
				return tp_socket_fault(fault, "field_missing", "%s is missing", data);
			break;
		case TP_OP_AUTH:
			/* Socket.IO's clients say emit('auth', token). */
			if (request->token.data == NULL && request->plain && is_string(request->data))
				request->token = request->data;
			if (request->token.data == NULL)
				return tp_socket_fault(fault, "field_missing", "token is missing");
			break;
		default:
			break;
	}
	if (request->part > 0 && !request->resumes)
		return tp_socket_fault(fault, "field_missing", "part is given without since");
	return true;
}

static void
request_clear(TpSocketRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->command = TP_COMMAND_COUNT;
	request->cancel_on_disconnect = -1;
}

/* Each member of an object but op and event. */
static bool
read_members(TpSlice object, TpSocketRequest *request, TpSocketFault *fault)
{
	TpJsonCursor cursor = tp_json_open(object);
	TpSlice name;
	TpSlice value;

	while (tp_json_member(&cursor, &name, &value))
	{
		if (!read_member(name, value, request, fault))
			return false;
	}
	return true;
}

bool
tp_socket_parse(TpSlice text, TpSocketRequest *request, TpSocketFault *fault)
{
	char outermost;
	size_t at;
	TpJsonFault found = tp_json_check(text, &outermost, &at);
	TpSlice name;
	TpSlice ignored;

	request_clear(request);
	if (found != TP_JSON_FINE)
		return json_fault(fault, found, at);
	if (outermost != '{')
		return tp_socket_fault(fault, "json_not_object", "a message must be a JSON object");
	/* So that an error about another member can name it. */
	if (tp_json_find(text, "id", &name) && !read_id(name, request, fault))
		return false;
	request->plain = !tp_json_find(text, "op", &name);
	if (request->plain && !tp_json_find(text, "event", &name))
		return tp_socket_fault(fault, "field_missing", "op is missing");
	if (!request->plain && tp_json_find(text, "event", &ignored))
		return tp_socket_fault(fault, "field_unknown", "a message has either op or event");
	if (!is_string(name) || name.length < 2)
		return tp_socket_fault(fault, "field_type", "%s must be a string", request->plain ? "event" : "op");
	name = (TpSlice){ name.data + 1, name.length - 2 };
	return find_operation(name, request, fault) && read_members(text, request, fault) && check_needs(request, fault);
}

bool
tp_socket_parse_event(TpSlice arguments, TpSocketRequest *request, TpSocketFault *fault)
{
	TpJsonCursor cursor = tp_json_open(arguments);
	TpSlice name;

	request_clear(request);
	request->plain = true;
	if (!tp_json_element(&cursor, &name) || !is_string(name) || name.length < 2)
		return tp_socket_fault(fault, "field_type", "an event's name must be a string");
	if (!find_operation((TpSlice){ name.data + 1, name.length - 2 }, request, fault))
		return false;
	if (tp_json_element(&cursor, &request->data) && tp_json_kind(request->data) == '{' &&
		request->op != TP_OP_COMMAND && !read_members(request->data, request, fault))
		return false;
	/* emit('order:create', order, {key: '...'}): what is about the command, not of the order */
	if (request->op == TP_OP_COMMAND)
	{
		TpSlice options;
		TpSlice data = request->data;

		if (tp_json_element(&cursor, &options) && tp_json_kind(options) == '{' &&
			!read_members(options, request, fault))
			return false;
		request->data = data;
	}
	return check_needs(request, fault);
}

bool
tp_socket_next_channel(const TpSocketRequest *request, TpJsonCursor *cursor, TpBuffer *name)
{
	TpSlice channel = request->channels;

	tp_buffer_clear(name);
	if (request->market)
		tp_buffer_text(name, "market:");
	if (is_string(channel))
	{
		/* One alone: the cursor only remembers that it was had. */
		if (cursor->data != NULL)
			return false;
		cursor->data = channel.data;
		return tp_json_text(channel, name);
	}
	if (cursor->data == NULL)
		*cursor = tp_json_open(channel);
	return tp_json_element(cursor, &channel) && tp_json_text(channel, name);
}
