/*
 * http_parser.h
 *	  The head of an HTTP/1.1 request: bytes in, slices of them out.  Pure.
 *
 * Strict where leniency has been used to smuggle requests: lines end in CRLF, one
 * Host, one Content-Length of digits, no chunks, no folded lines, no blank before a
 * colon, no control characters.
 */
#ifndef TRADEPOST_PROXY_HTTP_PARSER_H
#define TRADEPOST_PROXY_HTTP_PARSER_H

#include <stdint.h>

#include "call.h"
#include "slice.h"

#define TP_HEAD_LIMIT 16384 /* bytes of request line and headers */
#define TP_TARGET_LIMIT 8192
#define TP_HEADER_COUNT 100

/* Headers that somebody here reads; no others are kept. */
typedef enum TpHeader
{
	TP_H_HOST,
	TP_H_CONTENT_LENGTH,
	TP_H_CONTENT_TYPE,
	TP_H_CONTENT_ENCODING,
	TP_H_TRANSFER_ENCODING,
	TP_H_CONNECTION,
	TP_H_UPGRADE,
	TP_H_EXPECT,
	TP_H_AUTHORIZATION,
	TP_H_ACCEPT_ENCODING,
	TP_H_ORIGIN,
	TP_H_USER_AGENT,
	TP_H_IDEMPOTENCY_KEY,
	TP_H_X_API_KEY,
	TP_H_X_TENANT,
	TP_H_SIGNATURE,
	TP_H_PREFER,
	TP_H_X_REQUEST_ID,
	TP_H_X_FORWARDED_FOR,
	TP_H_X_FORWARDED_PROTO,
	TP_H_X_FORWARDED_HOST,
	TP_H_X_TWILIO_SIGNATURE,
	TP_H_IF_NONE_MATCH,
	TP_H_REQUEST_METHOD, /* Access-Control-Request-Method */
	TP_H_SOCKET_KEY,
	TP_H_SOCKET_VERSION,
	TP_H_SOCKET_EXTENSIONS,
	TP_H_SOCKET_PROTOCOL,
	TP_H_COUNT
} TpHeader;

typedef struct TpRequest
{
	TpMethod method;
	TpSlice path;                /* as sent */
	TpSlice query;               /* as sent, without the question mark */
	int minor;                   /* of HTTP/1.x */
	TpSlice headers[TP_H_COUNT]; /* data NULL: not there */
	size_t head_length;          /* with the empty line */
	uint64_t body_length;
	bool keep_alive;
	bool upgrade; /* Connection: upgrade, and Upgrade: websocket */
} TpRequest;

typedef enum TpHttpVerdict
{
	TP_HTTP_MORE, /* the head is not complete */
	TP_HTTP_DONE,
	TP_HTTP_REFUSED
} TpHttpVerdict;

typedef struct TpHttpFault
{
	int status;
	const char *code;
	const char *detail;
} TpHttpFault;

/* scanned: where to go on looking for the end of the head; 0 at first, kept by the caller. */
extern TpHttpVerdict tp_request_parse(TpSlice bytes, size_t *scanned, TpRequest *request, TpHttpFault *fault);

/* Whether a comma separated list has the token, in any case; its parameters (;q=0) are looked at only for q=0. */
extern bool tp_list_has(TpSlice list, const char *token);

/* Whether a Content-Type is this type, whatever its parameters. */
extern bool tp_media_type_is(TpSlice header, const char *type);

#endif
