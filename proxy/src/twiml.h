/*
 * twiml.h
 *	  Answers to a webhook of Twilio's messages: TwiML.  Pure.
 */
#ifndef TRADEPOST_PROXY_TWIML_H
#define TRADEPOST_PROXY_TWIML_H

#include "buffer.h"
#include "slice.h"

/* Units of UTF-16 that a message may have. */
#define TP_TWIML_MESSAGE 1600

/*
 * Onto the end of out. No text: an answer without a message. A longer one becomes several messages, parted at ends of
 * lines, else at blanks, a monospaced block (```) closed and opened again. What XML cannot hold becomes U+FFFD.
 */
extern void tp_twiml(TpSlice text, TpBuffer *out);

#endif
