/*
 * socket_session.h
 *	  A WebSocket as the files socket*.c share it; nobody else looks inside.
 *
 *	       established            tp_socket_close()         the peer answered, or 5 s
 *	(none) -----------> OPEN ---------------------> CLOSING ------------------------> (freed)
 *	                     |                                                              ^
 *	                     +---------------- the peer went, or broke off -----------------+
 *
 * CLOSING still sends what waits, unless the reason is that the peer is slow; it hears
 * nothing any more. Memory goes in the wsi's own close callback alone.
 */
#ifndef TRADEPOST_PROXY_SOCKET_SESSION_H
#define TRADEPOST_PROXY_SOCKET_SESSION_H

#include "call.h"
#include "hub.h"
#include "socket.h"
#include "socket_protocol.h"

typedef struct TpSocket TpSocket;

typedef enum TpSocketState
{
	TP_SOCKET_OPEN,
	TP_SOCKET_CLOSING
} TpSocketState;

/* A whole frame, as it goes out. */
typedef struct TpWire
{
	size_t length;
	unsigned char bytes[];
} TpWire;

/* Either a hub's message, framed when its turn comes, or a wire of this socket's own. */
typedef struct TpOutgoing
{
	TpMessage *message;
	TpWire *wire;
	size_t bytes; /* what it counts */
} TpOutgoing;

/* A ring that grows and, when it is empty, holds no memory. */
typedef struct TpOutgoings
{
	TpOutgoing *ring;
	size_t capacity; /* a power of two */
	size_t first;
	size_t count;
	size_t bytes;
} TpOutgoings;

/* A command that has not been answered. */
typedef struct TpSocketCall
{
	struct TpSocketCall *next;
	TpSocket *socket;
	TpCall *call;
	char *id; /* as the client spelled it; NULL: none */
} TpSocketCall;

typedef struct TpSocketKey TpSocketKey;

/* A message that waits until it is known whose the socket is. */
typedef struct TpHeld
{
	struct TpHeld *next;
	size_t length;
	char text[];
} TpHeld;

typedef enum TpAuthentication
{
	TP_AUTH_FINE,
	TP_AUTH_REFUSED,
	TP_AUTH_LATER /* what brought the token is to be done again, when the database has answered */
} TpAuthentication;

struct TpSocket
{
	TpSocket *next;
	TpSocket *previous;
	TpSockets *home;
	TpEdge *edge;
	struct lws *wsi;
	TpUpgrade *upgrade;
	TpSocketState state;
	bool socket_io;
	bool connected; /* Socket.IO's handshake is done */
	bool deflates;  /* the client takes compressed messages */
	char sid[24];   /* Socket.IO's */

	int64_t tenant;
	TpIdentity identity; /* user 0: none yet */
	bool expired;        /* its token has, and it was told */
	bool begun;          /* the handshake's token is dealt with */
	int bad_tokens;
	char *key;             /* that it is its user's by; NULL: a token */
	TpSocketKey *question; /* about a key; NULL: none */
	TpHeld *held;          /* messages, in order */
	size_t held_bytes;
	bool wants_look;
	int64_t tier_end_seen;
	char fault_code[40]; /* of the last key that was refused */
	char fault_detail[200];
	TpSubscriber *subscriber;
	bool orders_heard; /* the private channel was subscribed by itself */

	TpBuffer in;
	bool in_deflated;
	int64_t rate_tat;
	int refused; /* messages in a row because of the rate */

	TpOutgoings out;

	bool resuming;
	TpBuffer resume_ack; /* what is said at its end: id, a NUL, fields of the ack */
	int64_t skip_seq;    /* of this seq, parts up to the next are known to the client */
	int64_t skip_part;

	TpSocketCall *calls;
	int call_count;
	bool cancel_on_disconnect;
	int grace_s;

	uint64_t opened_ms;
	uint64_t pinged_ms; /* the last ping */
	uint64_t wrote_ms;  /* the last progress of the queue */
	bool ping_due;
	bool ping_open; /* sent, and nothing heard since */

	uint64_t closing_ms;
	int close_code;
	const char *close_reason;
	bool close_sent; /* the peer is to answer with the same */
};

struct TpSockets
{
	TpEdge *edge;
	TpSocket *first;
	size_t count;
	uv_timer_t *tick;
	uv_idle_t *look; /* sockets that want it */
	struct TpCancel *cancels;
	size_t cancel_count;
};

/* socket.c */

/* The one function that changes the state. reason: a constant. */
extern void tp_socket_close(TpSocket *socket, int code, const char *reason);
extern uint64_t tp_socket_pong_ms(const TpSocket *socket);
extern void tp_socket_begin(TpSocket *socket);                         /* with the handshake's token */
extern void tp_socket_take(TpSocket *socket, TpSlice text, bool held); /* a whole message */
extern void tp_sockets_look_soon(TpSockets *sockets);                  /* tp_socket_look() of who wants it */

/* socket_queue.c: text is sent as it is. */
extern void tp_socket_send(TpSocket *socket, TpSlice text);
extern void tp_socket_deliver(void *socket, TpMessage *message); /* the hub's */
extern bool tp_socket_ready(void *socket);                       /* room for a page of old events */
extern int tp_socket_writeable(TpSocket *socket);
extern void tp_socket_queue_drop(TpSocket *socket);

/* socket_deflate.c. Texts of the last call, gone with the next. */
extern bool tp_deflate(TpSlice text, TpSlice *deflated);
typedef enum TpInflated
{
	TP_INFLATED,
	TP_INFLATE_BROKEN,
	TP_INFLATE_LONG
} TpInflated;
extern TpInflated tp_inflate(TpSlice deflated, size_t most, TpSlice *text);
extern void tp_deflate_free(void);

/* socket_commands.c */
extern void tp_socket_request(TpSocket *socket, const TpSocketRequest *request, TpSlice id);
extern void tp_socket_forget_calls(TpSocket *socket);
extern int tp_socket_reason(const char *code, const char **detail); /* a code's status and sentence */
extern const char *tp_socket_user_fault(const TpSocket *socket);    /* NULL, or why it may not act for a user now */

/*
 * socket_identity.c. The token's or key's user is the socket's from now on; refused: code and a sentence say why not.
 */
extern TpAuthentication tp_socket_authenticate(TpSocket *socket, TpSlice token, const char **code, const char **detail);
extern bool tp_socket_waits(const TpSocket *socket); /* for the answer about a key */
extern bool tp_socket_asked(const TpSocket *socket); /* whether it has come or not, nobody has taken it */
extern void tp_socket_hold(TpSocket *socket, TpSlice text, bool first);
extern void tp_socket_look(TpSocket *socket); /* an answer has come */
extern void tp_socket_forget_key(TpSocket *socket);
extern void tp_socket_token_expired(TpSocket *socket);
extern void tp_socket_refresh(TpSocket *socket); /* users have changed */
extern void tp_socket_tier_tick(TpSocket *socket, int64_t wall_s);
extern void tp_socket_disown(TpSocket *socket); /* it goes */

/* Whether there may be such a socket, as far as that is known now: NULL, or code and sentence. Sets its tenant. */
extern const char *tp_socket_may_be(TpUpgrade *upgrade, const char **detail);

/* socket_reply.c: in the words of /ws or Socket.IO. id: as the request had it. fields: ,"name":value... */
extern void tp_socket_reply_ack(TpSocket *socket, TpSlice id, TpSlice fields);
extern void tp_socket_reply_error(TpSocket *socket, TpSlice id, int status, const char *code, TpSlice detail);
extern void tp_socket_reply_call(TpSocket *socket, TpSlice id, const TpCall *call);
extern void tp_socket_notice(TpSocket *socket, const char *name, TpSlice data);
extern void tp_socket_reply_free(void);

/* socket_engineio.c */
extern void tp_socket_io_open(TpSocket *socket);
extern void tp_socket_io_message(TpSocket *socket, TpSlice text);

/* socket_cancel.c */
extern void tp_cancel_open(TpSockets *sockets);
extern void tp_cancel_after(TpSockets *sockets, int64_t user, int grace_s);
extern void tp_cancel_not(TpSockets *sockets, int64_t user); /* it is back */
extern void tp_cancel_tick(TpSockets *sockets);
extern void tp_cancel_forget(TpSockets *sockets);

#endif
