/*
 * speech_frame.c
 *	  The head of a message; see speech_frame.h.  Pure.
 */
#include "speech_frame.h"

static void
put(unsigned char *at, size_t number)
{
	for (int i = 3; i >= 0; i--, number >>= 8)
		at[i] = (unsigned char) (number & 0xFF);
}

static size_t
get(const unsigned char *at)
{
	return (size_t) at[0] << 24 | (size_t) at[1] << 16 | (size_t) at[2] << 8 | at[3];
}

void
tp_frame_head(size_t json, size_t bytes, unsigned char head[TP_FRAME_HEAD])
{
	put(head, json);
	put(head + 4, bytes);
}

bool
tp_frame_read_head(const unsigned char head[TP_FRAME_HEAD], size_t bytes_most, size_t *json, size_t *bytes)
{
	*json = get(head);
	*bytes = get(head + 4);
	return *json <= TP_FRAME_JSON_MOST && *bytes <= bytes_most;
}
