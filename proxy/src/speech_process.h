/*
 * speech_process.h
 *	  The process that hears voice notes, as the loop sees it: tradepost-speech, started
 *	  here, fed by frames (speech_frame.h), killed when a note takes too long, and
 *	  started again.
 *
 *		down --(delay)--> starting --(ready)--> idle --(hear)--> busy --(answer)--> idle
 *		  ^                  |                   |                 |
 *		  +---- not ready ---+------- died ------+--- died, late --+
 */
#ifndef TRADEPOST_PROXY_SPEECH_PROCESS_H
#define TRADEPOST_PROXY_SPEECH_PROCESS_H

#include "edge.h"
#include "slice.h"

typedef struct TpSpeech TpSpeech;

/* All gone after the callback. fault NULL: transcript was heard. Else a word for whatsapp_heard(). */
typedef struct TpHeard
{
	const char *fault;
	TpSlice transcript;
	double confidence; /* -1: not known */
	double seconds;    /* of sound */
	long ms;           /* that it took */
	const char *why;   /* for the log */
} TpHeard;

typedef void (*TpHeardDone)(void *context, const TpHeard *heard);

/* on_idle: it can take a note now. */
extern TpSpeech *tp_speech_open(TpEdge *edge, void (*on_idle)(void *context), void *context);
extern void tp_speech_close(TpSpeech *speech); /* a note under way gets no callback */

extern bool tp_speech_idle(const TpSpeech *speech);

/* It has failed so often, or said that it cannot, that nobody should wait for it. */
extern bool tp_speech_hopeless(const TpSpeech *speech);

/* Only when idle. markets: JSON. Copied. */
extern void tp_speech_hear(TpSpeech *speech, const char *language, const char *markets, TpSlice note, TpHeardDone done,
						   void *context);

#endif
