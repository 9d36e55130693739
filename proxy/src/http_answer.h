/*
 * http_answer.h
 *	  The head of an answer: status line and headers.
 */
#ifndef TRADEPOST_PROXY_HTTP_ANSWER_H
#define TRADEPOST_PROXY_HTTP_ANSWER_H

#include "buffer.h"
#include "call.h"

/*
 * The whole head into `head`, the empty line included. May replace call->answer by its compressed form. The body that
 * goes behind is call->answer, unless the method is HEAD or the status has none.
 */
extern void tp_answer_head(TpCall *call, bool keep_alive, TpBuffer *head);
extern bool tp_answer_has_body(const TpCall *call);

/* For requests that never became a call: problem+json with head and body, and Connection: close. */
extern void tp_answer_refusal(int status, const char *code, const char *detail, TpBuffer *out);

#endif
