/*
 * speech_server.h
 *	  One note after the other: from standard input to standard output, or from a file.
 */
#ifndef TRADEPOST_SPEECH_SERVER_H
#define TRADEPOST_SPEECH_SERVER_H

#include "hearing.h"

/* What was heard in an Ogg Opus file, as the JSON of speech_frame.h; markets NULL: none. */
extern json_t *tp_speech_hear(const TpSpeechSettings *settings, const TpProvider *provider, TpSlice file,
							  const char *language, const json_t *markets);

/* Says in a frame why there will be none; the exit status. */
extern int tp_speech_refuse(const char *why);

/* Answers frames until there are no more; the exit status. */
extern int tp_speech_serve(const TpSpeechSettings *settings, const TpProvider *provider);

#endif
