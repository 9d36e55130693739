/*
 * wav.h
 *	  16 kHz mono samples as a WAV file.  Pure.
 */
#ifndef TRADEPOST_SPEECH_WAV_H
#define TRADEPOST_SPEECH_WAV_H

#include "buffer.h"
#include "opus_note.h"

extern void tp_wav_write(const TpNote *note, TpBuffer *out);

#endif
