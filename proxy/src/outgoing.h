/*
 * outgoing.h
 *	  One HTTP request to somebody else, and what came of it, within limits of time and size.
 *
 * Redirects are not followed: where one points is in the answer, for who asked to judge.
 * Nothing of a request is ever logged here, nor part of the words of a fault.
 */
#ifndef TRADEPOST_PROXY_OUTGOING_H
#define TRADEPOST_PROXY_OUTGOING_H

#include "curl_loop.h"
#include "slice.h"

typedef struct TpOutgoingRequest
{
	const char *url;
	const char *const *headers; /* whole lines, NULL after the last; NULL: none */
	TpSlice body;               /* POSTed; data NULL: GET */
	const char *user;           /* of Basic authentication; NULL: without */
	const char *password;
	const char *ca_file; /* PEM; "" or NULL: the system's */
	int timeout_ms;      /* for all of it */
	size_t most;         /* bytes of the answer's body that are taken; 0: it is thrown away */
	bool https_only;
	/*
	 * Over a connection of its own: libcurl sends a request again by itself when one that it kept has broken, whatever
	 * the peer has made of the first.
	 */
	bool once;
} TpOutgoingRequest;

/* Gone when the callback returns. */
typedef struct TpOutgoingAnswer
{
	const char *fault;    /* NULL: it was answered; else words for the log */
	bool left;            /* the peer may have got the request, or some of it */
	bool too_long;        /* the fault is that the body is longer than `most` */
	long status;          /* 0: none came */
	TpSlice body;         /* what came of it */
	const char *type;     /* Content-Type, or NULL */
	const char *redirect; /* where a 3xx points, whole; or NULL */
	long retry_after_s;   /* Retry-After, seconds or a date; 0: none */
} TpOutgoingAnswer;

typedef void (*TpOutgoingDone)(void *context, const TpOutgoingAnswer *answer);

/* Everything is copied. Once, and not before this returns; as a fault when the loop closes. */
extern void tp_outgoing(TpCurlLoop *curl, const TpOutgoingRequest *request, TpOutgoingDone done, void *context);

#endif
