/*
 * socket_protocol.h
 *	  What is said over /ws: messages in, answers out.  Pure.
 *
 * A client's message is an object with "op", or, as clients of older systems say it, with
 * "event" and "data":
 *
 *	{"op":"subscribe","id":1,"channels":["market:Dec25-Wheat","orders"],"since":123,"part":2}
 *	{"op":"unsubscribe","id":2,"channels":["orders"]}
 *	{"op":"auth","id":3,"token":"..."}
 *	{"op":"ping","id":4}
 *	{"op":"session","id":5,"cancelOnDisconnect":true,"grace":5}
 *	{"op":"order.place","id":6,"key":"...","data":{...}}      and the other commands
 *	{"event":"subscribe:market","data":"Dec25-Wheat"}         and unsubscribe:market
 *	{"event":"subscribe:signals"}                             and notifications, account
 *
 * The answers: {"op":"ack","id":1,...}, {"op":"error","id":1,"status":..,"code":..,"detail":..}.
 */
#ifndef TRADEPOST_PROXY_SOCKET_PROTOCOL_H
#define TRADEPOST_PROXY_SOCKET_PROTOCOL_H

#include <stdint.h>

#include "buffer.h"
#include "json_view.h"
#include "slice.h"

#define TP_SOCKET_MESSAGE 65536 /* bytes of a client's message */
#define TP_SOCKET_CHANNELS 256  /* of one message */
#define TP_SOCKET_GRACE 60      /* seconds */

typedef enum TpSocketOp
{
	TP_OP_SUBSCRIBE,
	TP_OP_UNSUBSCRIBE,
	TP_OP_AUTH,
	TP_OP_PING,
	TP_OP_SESSION,
	TP_OP_COMMAND
} TpSocketOp;

typedef enum TpSocketCommand
{
	TP_COMMAND_PLACE,
	TP_COMMAND_BATCH,
	TP_COMMAND_CANCEL,
	TP_COMMAND_AMEND,
	TP_COMMAND_CANCEL_ALL,
	TP_COMMAND_ORDER,
	TP_COMMAND_ORDERS,
	TP_COMMAND_SUMMARY,
	TP_COMMAND_COUNT
} TpSocketCommand;

/* Slices point into the message. Raw: as spelled in JSON. */
typedef struct TpSocketRequest
{
	TpSocketOp op;
	TpSocketCommand command;
	TpSlice name;     /* of op or event */
	TpSlice id;       /* raw number or string; data NULL: none */
	bool plain;       /* "event" instead of "op" */
	bool market;      /* channels are symbols of markets, not channels */
	TpSlice channels; /* raw string, or raw array of strings */
	bool resumes;     /* since was given */
	int64_t since;
	int64_t part;
	TpSlice token;            /* raw string */
	TpSlice key;              /* raw string: the command's idempotency key */
	TpSlice data;             /* raw */
	int cancel_on_disconnect; /* 1, 0; -1: not said */
	int64_t grace_s;
} TpSocketRequest;

typedef struct TpSocketFault
{
	const char *code;
	char detail[160];
} TpSocketFault;

/* text: UTF-8. False: the fault; the request's id and name are set if they could be read. */
extern bool tp_socket_parse(TpSlice text, TpSocketRequest *request, TpSocketFault *fault);

/*
 * What Socket.IO's clients say is the same: an event's name, and its arguments (a raw array whose first element is the
 * name).
 */
extern bool tp_socket_parse_event(TpSlice arguments, TpSocketRequest *request, TpSocketFault *fault);

/* The next channel of a request onto the end of an empty name, "market:" put before it where that is meant. */
extern bool tp_socket_next_channel(const TpSocketRequest *request, TpJsonCursor *cursor, TpBuffer *name);

/* Fills the fault; false. */
extern bool
tp_socket_fault(TpSocketFault *fault, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* How much of a name may stand in an answer. */
extern int tp_socket_printable(TpSlice name);

/*
 * From a command's data to a request's path, query and body below /api/v1/: what REST would be sent. False: the fault.
 */
extern bool tp_socket_command_rest(const TpSocketRequest *request, TpBuffer *path, TpBuffer *query, TpBuffer *body,
								   TpSocketFault *fault);

#endif
