/*
 * wav.c
 *	  The one kind of file that every transcription service takes; see wav.h.
 */
#include "wav.h"

static void
add_little(TpBuffer *out, uint32_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
	{
		char byte = (char) (number >> (8 * i) & 0xFF);

		tp_buffer_add(out, &byte, 1);
	}
}

void
tp_wav_write(const TpNote *note, TpBuffer *out)
{
	uint32_t bytes = (uint32_t) (note->count * 2);

	tp_buffer_reserve(out, bytes + 64);
	tp_buffer_text(out, "RIFF");
	add_little(out, bytes + 36, 4);
	tp_buffer_text(out, "WAVEfmt ");
	add_little(out, 16, 4);
	add_little(out, 1, 2); /* linear */
	add_little(out, 1, 2); /* channels */
	add_little(out, TP_NOTE_RATE, 4);
	add_little(out, TP_NOTE_RATE * 2, 4);
	add_little(out, 2, 2);
	add_little(out, 16, 2);
	tp_buffer_text(out, "data");
	add_little(out, bytes, 4);
	for (size_t i = 0; i < note->count; i++)
		add_little(out, (uint16_t) note->samples[i], 2);
}
