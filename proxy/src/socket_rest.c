/*
 * socket_rest.c
 *	  A command that came over a socket, as what REST would have been sent.
 *
 * Pure: called by socket_commands.c.  So that routes, limits, tiers and checks are the
 * same whichever way a command comes, it becomes path, query and body, and goes the way of
 * every call.
 */
#include "socket_protocol.h"

static void
add_escaped(TpBuffer *out, TpSlice text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
			c == '.')
			tp_buffer_add(out, &text.data[i], 1);
		else
			tp_buffer_format(out, "%%%02X", c);
	}
}

/* A string's text, or a number's, true's and false's spelling. */
static bool
add_value(TpBuffer *out, TpSlice name, TpSlice value, TpSocketFault *fault)
{
	TpBuffer text = { 0 };
	char kind = tp_json_kind(value);

	if (kind == '{' || kind == '[' || kind == 'n')
		return tp_socket_fault(fault, "field_type", "%.*s must be a string or a number", tp_socket_printable(name),
							   name.data);
	if (kind == '"')
		(void) tp_json_text(value, &text);
	else
		tp_buffer_slice(&text, value);
	add_escaped(out, (TpSlice){ text.data, text.length });
	tp_buffer_free(&text);
	return true;
}

static bool
add_query(TpBuffer *query, TpSlice data, TpSocketFault *fault)
{
	TpJsonCursor cursor = tp_json_open(data);
	TpSlice name;
	TpSlice value;

	while (tp_json_member(&cursor, &name, &value))
	{
		if (query->length > 0)
			tp_buffer_add(query, "&", 1);
		add_escaped(query, name);
		tp_buffer_add(query, "=", 1);
		if (!add_value(query, name, value, fault))
			return false;
	}
	return true;
}

/* "orders/<id>", and the data's other members as body. */
static bool
add_order(TpBuffer *path, TpBuffer *body, TpSlice data, TpSocketFault *fault)
{
	TpJsonCursor cursor = tp_json_open(data);
	TpSlice name;
	TpSlice value;
	bool found = false;

	tp_buffer_add(body, "{", 1);
	while (tp_json_member(&cursor, &name, &value))
	{
		if (tp_slice_is(name, "id") || tp_slice_is(name, "orderId"))
		{
			if (found)
				return tp_socket_fault(fault, "field_unknown", "data.id is given twice");
			found = true;
			if (!add_value(path, name, value, fault))
				return false;
			continue;
		}
		if (body->length > 1)
			tp_buffer_add(body, ",", 1);
		tp_buffer_add(body, "\"", 1);
		tp_buffer_slice(body, name);
		tp_buffer_add(body, "\":", 2);
		tp_buffer_slice(body, value);
	}
	tp_buffer_add(body, "}", 1);
	if (!found || path->data[path->length - 1] == '/')
		return tp_socket_fault(fault, "field_missing", "data.id is missing");
	return true;
}

bool
tp_socket_command_rest(const TpSocketRequest *request, TpBuffer *path, TpBuffer *query, TpBuffer *body,
					   TpSocketFault *fault)
{
	TpSlice data = request->data;
	char kind = tp_json_kind(data);
	bool bare = false;

	/* {"op":"order.cancel","data":17} says enough. */
	if ((request->command == TP_COMMAND_CANCEL || request->command == TP_COMMAND_ORDER) &&
		(kind == '"' || (kind >= '0' && kind <= '9')))
		bare = true;
	else if (kind != '\0' && kind != '{' && kind != 'n' && !(kind == '[' && request->command == TP_COMMAND_BATCH))
		return tp_socket_fault(fault, "field_type", "data must be an object");
	if (kind == 'n')
		data = (TpSlice){ NULL, 0 };
	switch (request->command)
	{
		case TP_COMMAND_PLACE:
		case TP_COMMAND_BATCH:
			if (data.data == NULL)
				return tp_socket_fault(fault, "field_missing", "data is missing");
			tp_buffer_text(path, request->command == TP_COMMAND_PLACE ? "orders" : "orders/batch");
			if (kind == '[')
				tp_buffer_text(body, "{\"orders\":");
			tp_buffer_slice(body, data);
			if (kind == '[')
				tp_buffer_text(body, "}");
			return true;
		case TP_COMMAND_CANCEL:
		case TP_COMMAND_ORDER:
		case TP_COMMAND_AMEND:
			tp_buffer_text(path, "orders/");
			if (bare)
				return add_value(path, tp_slice("data"), data, fault) &&
					   (path->data[path->length - 1] != '/' ||
						tp_socket_fault(fault, "field_missing", "data is empty"));
			if (!add_order(path, body, data, fault))
				return false;
			if (request->command != TP_COMMAND_AMEND && body->length > 2)
				return tp_socket_fault(fault, "field_unknown", "data may have id and nothing else");
			return true;
		case TP_COMMAND_CANCEL_ALL:
		case TP_COMMAND_ORDERS:
			tp_buffer_text(path, "orders");
			return add_query(query, data, fault);
		case TP_COMMAND_SUMMARY:
			tp_buffer_text(path, "account/summary");
			return add_query(query, data, fault);
		default:
			return tp_socket_fault(fault, "operation_unknown", "this is no command");
	}
}
