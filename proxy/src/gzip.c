/*
 * gzip.c
 *	  Compresses answers: one state for the whole process, reset for each, because
 *	  making it anew costs more than the compressing.
 */
#include <zlib.h>

#include "gzip.h"

/* JSON shrinks well at once: higher levels take twice the time for a tenth of the bytes. */
#define LEVEL 1
#define WITH_GZIP_HEADER 31

static z_stream stream;
static bool ready;

bool
tp_gzip(TpSlice text, TpBuffer *out)
{
	size_t start = out->length;
	int state;

	if (!ready && deflateInit2(&stream, LEVEL, Z_DEFLATED, WITH_GZIP_HEADER, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	ready = true;
	tp_buffer_reserve(out, text.length);
	stream.next_in = (Bytef *) (uintptr_t) text.data;
	stream.avail_in = (uInt) text.length;
	stream.next_out = (Bytef *) out->data + start;
	stream.avail_out = (uInt) text.length;
	state = deflate(&stream, Z_FINISH);
	if (state == Z_STREAM_END)
		out->length = start + text.length - stream.avail_out;
	deflateReset(&stream);
	return state == Z_STREAM_END;
}

void
tp_gzip_close(void)
{
	if (ready)
		deflateEnd(&stream);
	ready = false;
}
