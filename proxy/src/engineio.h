/*
 * engineio.h
 *	  Packets of Engine.IO 4 with Socket.IO 5 in it, as a text frame of a WebSocket holds
 *	  one of them.  Pure.
 *
 *	0{"sid":..}            open: the server's first word
 *	2, 3                   ping (the server's), pong
 *	40{"token":..}         connect; answered by 40{"sid":..} or 44{"message":..}
 *	42["event",..]         an event; 4217["event",..] wants 4317[..] as its ack
 *	41                     disconnect
 *
 * Only the main namespace "/", and no binary attachments.
 */
#ifndef TRADEPOST_PROXY_ENGINEIO_H
#define TRADEPOST_PROXY_ENGINEIO_H

#include <stdint.h>

#include "buffer.h"
#include "slice.h"

typedef enum TpEngineioKind
{
	TP_EIO_CLOSE,
	TP_EIO_PING,
	TP_EIO_PONG,
	TP_EIO_NOOP, /* also upgrade: nothing to do on a WebSocket */
	TP_SIO_CONNECT,
	TP_SIO_DISCONNECT,
	TP_SIO_EVENT,
	TP_SIO_ACK
} TpEngineioKind;

/* Slices point into the frame. */
typedef struct TpEngineioPacket
{
	TpEngineioKind kind;
	TpSlice space; /* the namespace; "/" if it was not said */
	TpSlice ack;   /* digits; data NULL: none wanted */
	TpSlice json;  /* of CONNECT an object or nothing; of EVENT and ACK an array, of EVENT with a name in front */
} TpEngineioPacket;

/* NULL, or what is wrong with the frame: a sentence without a full stop. */
extern const char *tp_engineio_parse(TpSlice frame, TpEngineioPacket *packet);

/* Engine.IO's handshake, as the query says it: NULL, or its own JSON error for a status of 400. */
extern const char *tp_engineio_refusal(TpSlice query);

extern void tp_engineio_write_open(TpBuffer *out, const char *sid, int ping_ms, int timeout_ms, int most_bytes);
extern void tp_engineio_write_connected(TpBuffer *out, const char *sid);
/* code: into "data"; message is what the client's Error says. */
extern void tp_engineio_write_refused(TpBuffer *out, TpSlice space, const char *code, const char *message);
/* data: JSON; tail: a further argument, or length 0. */
extern void tp_engineio_write_event(TpBuffer *out, const char *name, TpSlice data, TpSlice tail);
extern void tp_engineio_write_ack(TpBuffer *out, TpSlice ack, TpSlice json);

#endif
