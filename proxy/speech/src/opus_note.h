/*
 * opus_note.h
 *	  A voice note's bytes, Ogg Opus as phones record it, into 16 kHz mono.  Pure.
 *
 * Bytes come from strangers: whatever is not one plain, whole Opus stream is refused rather
 * than heard in part, for a word that is missing may be the one that matters.
 */
#ifndef TRADEPOST_SPEECH_OPUS_NOTE_H
#define TRADEPOST_SPEECH_OPUS_NOTE_H

#include <stdint.h>

#include "slice.h"

#define TP_NOTE_RATE 16000

typedef enum TpNoteFault
{
	TP_NOTE_FINE,
	TP_NOTE_TOO_LARGE,
	TP_NOTE_TOO_LONG,
	TP_NOTE_NOT_OPUS, /* another kind of file, or of stream within Ogg */
	TP_NOTE_CHANNELS, /* more than two */
	TP_NOTE_DAMAGED,
	TP_NOTE_EMPTY
} TpNoteFault;

/* In the order of the enum; words of the protocol. */
extern const char *const tp_note_faults[];

typedef struct TpNoteCaps
{
	size_t bytes;
	int seconds;
	int pages; /* 0: what so many seconds can need */
} TpNoteCaps;

typedef struct TpNote
{
	int16_t *samples; /* tp_note_free() */
	size_t count;
} TpNote;

extern TpNoteFault tp_note_decode(TpSlice bytes, const TpNoteCaps *caps, TpNote *note);
extern void tp_note_free(TpNote *note);

#endif
