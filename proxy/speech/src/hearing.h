/*
 * hearing.h
 *	  What becomes of a voice note: words, or why there are none.  The providers' interface.
 */
#ifndef TRADEPOST_SPEECH_HEARING_H
#define TRADEPOST_SPEECH_HEARING_H

#include <jansson.h>

#include "buffer.h"
#include "opus_note.h"

#define TP_TRANSCRIPT_BYTES 1024 /* more than an order takes */

/* Words of the protocol, see proxy/README.md: "silence", "not_understood", "language", "provider", and those of a note. */
typedef struct TpHearing
{
	const char *fault; /* NULL: transcript is there */
	TpBuffer transcript;
	double confidence; /* 0 to 1; -1: the provider does not say */
	TpBuffer why;      /* for the log: nothing of the note, and no secret */
} TpHearing;

/* Read from the environment, so that no secret is among a process' arguments. */
typedef struct TpSpeechSettings
{
	const char *provider; /* SPEECH_PROVIDER */
	const char *url;      /* SPEECH_URL */
	const char *key;      /* SPEECH_API_KEY */
	const char *model;    /* SPEECH_MODEL: a name for openai_http; a directory for pocketsphinx */
	const char *ca_file;  /* OUTGOING_CA_FILE */
	int timeout_s;        /* SPEECH_TIMEOUT */
	TpNoteCaps caps;      /* SPEECH_MAX_SECONDS, SPEECH_MAX_BYTES */
} TpSpeechSettings;

/* "en", "es", "pt" or "" (not known); markets: [{"asset", "contract"}], contract null or missing where there is none. */
typedef struct TpHearingOf
{
	const TpNote *note;
	const char *language;
	const json_t *markets;
} TpHearingOf;

/* One of the providers; hear fills an empty TpHearing. */
typedef struct TpProvider
{
	void (*hear)(const TpSpeechSettings *settings, const TpHearingOf *what, TpHearing *hearing);
	/* Words why it cannot work here, or NULL; called once at start, and makes it ready. */
	const char *(*open)(const TpSpeechSettings *settings);
	void (*close)(void);
	bool network; /* it needs sockets */
} TpProvider;

extern const TpProvider tp_sphinx_provider; /* without the library it opens with words that say so */
extern const TpProvider tp_openai_provider;

/* For tp_sphinx_provider: the grammar of a request's markets, for people who want to see it. */
extern bool
tp_sphinx_grammar(const TpSpeechSettings *settings, const json_t *markets, TpBuffer *jsgf, TpBuffer *left_out);

#endif
