/*
 * twilio_api.h
 *	  Twilio's Messages API: what is asked of it, and what its answers say.  Pure.
 *
 * Answers are somebody else's: what is not as it must be is as if it were not there.
 */
#ifndef TRADEPOST_PROXY_TWILIO_API_H
#define TRADEPOST_PROXY_TWILIO_API_H

#include <stdint.h>

#include "buffer.h"

#define TP_TWILIO_SID_CHARS 34

/* A message to a phone. Numbers are +digits. */
typedef struct TpTwilioMessage
{
	const char *from;
	const char *to;
	const char *body;     /* or the variable of the template */
	const char *content;  /* SID of the template; NULL: free text */
	const char *callback; /* where its status is told; NULL: nowhere */
} TpTwilioMessage;

/* The form that POST Messages.json takes, onto the end of out. */
extern void tp_twilio_message_form(const TpTwilioMessage *message, TpBuffer *out);

/* What follows the URL of the API to list the messages from one number to another, newest first. */
extern void tp_twilio_list_path(const char *account, const char *from, const char *to, TpBuffer *out);

typedef struct TpTwilioAnswer
{
	char sid[TP_TWILIO_SID_CHARS + 1]; /* "": none */
	int code;                          /* Twilio's own; 0: none */
	char text[256];                    /* its words; "": none */
} TpTwilioAnswer;

extern void tp_twilio_read_answer(TpSlice body, TpTwilioAnswer *answer);

typedef enum TpTwilioPage
{
	TP_TWILIO_BROKEN, /* it is no page of a list */
	TP_TWILIO_MORE,   /* the next one is to be read */
	TP_TWILIO_ALL     /* there is none, or it is older than is asked for */
} TpTwilioPage;

/*
 * Of a page of the list: those that the API was asked for with this text (a template: that have it in them), as elements
 * {"sid","status","code","at"} onto the end of found, each followed by a comma; next: what follows the API's URL for the
 * next page. since: seconds since 1970.
 */
extern TpTwilioPage tp_twilio_read_page(TpSlice page, const char *account, const char *body, bool template,
										int64_t since, TpBuffer *found, TpBuffer *next);

#endif
