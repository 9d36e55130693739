/*
 * speech_frame.h
 *	  Messages between the proxy and tradepost-speech, by pipes; both sides use it.
 *
 * Four bytes that count the JSON, four that count what follows it, both big-endian, then
 * the JSON and those bytes.  To tradepost-speech: {"language", "markets"} and a
 * note; back: {"transcript", "confidence", "guess", "seconds", "ms", "fault", "why"}, and at start {"ready": true, "provider"} or {"ready": false, "why"}.
 */
#ifndef TRADEPOST_PROXY_SPEECH_FRAME_H
#define TRADEPOST_PROXY_SPEECH_FRAME_H

#include "buffer.h"

#define TP_FRAME_HEAD 8
#define TP_FRAME_JSON_MOST (1 << 20)

extern void tp_frame_head(size_t json, size_t bytes, unsigned char head[TP_FRAME_HEAD]);

/* False: more than the caps, so no frame of ours. */
extern bool tp_frame_read_head(const unsigned char head[TP_FRAME_HEAD], size_t bytes_most, size_t *json, size_t *bytes);

#endif
