/*
 * opus_note.c
 *	  Ogg pages to packets to samples; see opus_note.h.
 *
 * Called by speech_server.c and speech_main.c, and by the fuzzer.  libogg checks each
 * page's sum, libopus each packet's frames; what is counted here is how much there is of
 * either, before memory is taken for it.
 */
#include "opus_note.h"

#include <ogg/ogg.h>
#include <opus.h>
#include <stdlib.h>

#include "buffer.h"

#define PACKET_MOST (TP_NOTE_RATE * 120 / 1000) /* samples: a packet lasts 120 ms at most */
#define PAGES_A_SECOND 100
#define PAGES_SPARE 64 /* headers, and short notes */
#define HEAD_LEAST 19  /* bytes of an OpusHead */
#define OPUS_RATE 48000

const char *const tp_note_faults[] = {
	[TP_NOTE_FINE] = "",
	[TP_NOTE_TOO_LARGE] = "too_large",
	[TP_NOTE_TOO_LONG] = "too_long",
	[TP_NOTE_NOT_OPUS] = "not_opus",
	[TP_NOTE_CHANNELS] = "channels",
	[TP_NOTE_DAMAGED] = "damaged",
	[TP_NOTE_EMPTY] = "empty",
};

typedef struct Decoding
{
	const TpNoteCaps *caps;
	TpNote *note;
	size_t capacity;
	size_t skip; /* samples at the start that the encoder asks to drop */
	int64_t pre_skip;
	int packets;
	ogg_int64_t last_granule; /* -1: unknown */
	OpusDecoder *decoder;
} Decoding;

static unsigned
little16(const unsigned char *at)
{
	return (unsigned) at[0] | (unsigned) at[1] << 8;
}

/* The first packet: what kind of stream this is. */
static TpNoteFault
read_head(Decoding *d, const ogg_packet *packet)
{
	const unsigned char *head = packet->packet;
	int error;

	if (packet->bytes < HEAD_LEAST || memcmp(head, "OpusHead", 8) != 0 || (head[8] & 0xF0) != 0)
		return TP_NOTE_NOT_OPUS;
	if (head[9] == 0 || head[9] > 2 || head[18] != 0)
		return TP_NOTE_CHANNELS;
	d->pre_skip = little16(head + 10);
	d->skip = (size_t) d->pre_skip * TP_NOTE_RATE / OPUS_RATE;
	d->decoder = opus_decoder_create(TP_NOTE_RATE, 1, &error);
	if (d->decoder == NULL)
		abort();
	/* Both fit 16 bits; the decoder applies it, and clips. */
	(void) opus_decoder_ctl(d->decoder, OPUS_SET_GAIN((opus_int32) (int16_t) little16(head + 16)));
	return TP_NOTE_FINE;
}

static void
append(Decoding *d, const opus_int16 *samples, size_t count)
{
	size_t dropped = count < d->skip ? count : d->skip;

	d->skip -= dropped;
	samples += dropped;
	count -= dropped;
	if (d->note->count + count > d->capacity)
	{
		d->capacity = d->capacity < TP_NOTE_RATE ? (size_t) TP_NOTE_RATE * 4 : d->capacity * 2;
		d->note->samples = tp_realloc(d->note->samples, d->capacity * sizeof(*d->note->samples));
	}
	if (count > 0)
		memcpy(d->note->samples + d->note->count, samples, count * sizeof(*samples));
	d->note->count += count;
}

static TpNoteFault
read_sound(Decoding *d, const ogg_packet *packet)
{
	opus_int16 samples[PACKET_MOST];
	int expected;
	int got;

	if (packet->bytes <= 0 || packet->bytes > INT32_MAX)
		return TP_NOTE_DAMAGED;
	expected = opus_packet_get_nb_samples(packet->packet, (opus_int32) packet->bytes, TP_NOTE_RATE);
	if (expected <= 0 || expected > PACKET_MOST)
		return TP_NOTE_DAMAGED;
	/* Before it is decoded: time is spent on what may be heard alone. */
	if (d->note->count + (size_t) expected > (size_t) d->caps->seconds * TP_NOTE_RATE)
		return TP_NOTE_TOO_LONG;
	got = opus_decode(d->decoder, packet->packet, (opus_int32) packet->bytes, samples, PACKET_MOST, 0);
	if (got != expected)
		return TP_NOTE_DAMAGED;
	append(d, samples, (size_t) got);
	return TP_NOTE_FINE;
}

static TpNoteFault
read_packet(Decoding *d, const ogg_packet *packet)
{
	d->packets++;
	if (d->packets == 1)
		return read_head(d, packet);
	if (d->packets == 2)
		return packet->bytes >= 8 && memcmp(packet->packet, "OpusTags", 8) == 0 ? TP_NOTE_FINE : TP_NOTE_NOT_OPUS;
	return read_sound(d, packet);
}

static TpNoteFault
read_page(Decoding *d, ogg_stream_state *stream, ogg_page *page)
{
	ogg_packet packet;
	int found;

	if (ogg_stream_pagein(stream, page) != 0)
		return TP_NOTE_DAMAGED;
	while ((found = ogg_stream_packetout(stream, &packet)) != 0)
	{
		TpNoteFault fault = found < 0 ? TP_NOTE_DAMAGED : read_packet(d, &packet);

		if (fault != TP_NOTE_FINE)
			return fault;
	}
	if (ogg_page_granulepos(page) >= 0)
		d->last_granule = ogg_page_granulepos(page);
	return TP_NOTE_FINE;
}

/* All pages; the stream begins with the first, and nothing else stands beside it. */
static TpNoteFault
read_pages(Decoding *d, ogg_sync_state *sync, ogg_stream_state *stream)
{
	int most = d->caps->pages > 0 ? d->caps->pages : d->caps->seconds * PAGES_A_SECOND + PAGES_SPARE;
	bool ended = false;
	ogg_page page;
	int pages = 0;
	int found;

	while ((found = ogg_sync_pageout(sync, &page)) != 0)
	{
		TpNoteFault fault;

		if (found < 0)
			return pages == 0 ? TP_NOTE_NOT_OPUS : TP_NOTE_DAMAGED;
		if (++pages > most)
			return TP_NOTE_TOO_LONG;
		if (pages == 1)
		{
			if (!ogg_page_bos(&page))
				return TP_NOTE_NOT_OPUS;
			ogg_stream_reset_serialno(stream, ogg_page_serialno(&page));
		}
		else if (ogg_page_serialno(&page) != stream->serialno || ogg_page_bos(&page) || ended)
			return TP_NOTE_NOT_OPUS;
		ended = ogg_page_eos(&page) != 0;
		fault = read_page(d, stream, &page);
		if (fault != TP_NOTE_FINE)
			return fault;
	}
	if (pages == 0)
		return TP_NOTE_NOT_OPUS;
	/* A tail that makes no page: the file was cut. Not every phone marks its last page. */
	return sync->returned == sync->fill ? TP_NOTE_FINE : TP_NOTE_DAMAGED;
}

/* The last page says how much of the last packet is sound. */
static void
trim(Decoding *d)
{
	int64_t whole = (d->last_granule - d->pre_skip) / (OPUS_RATE / TP_NOTE_RATE);

	if (whole >= 0 && (uint64_t) whole < d->note->count && d->note->count - (size_t) whole <= PACKET_MOST)
		d->note->count = (size_t) whole;
}

TpNoteFault
tp_note_decode(TpSlice bytes, const TpNoteCaps *caps, TpNote *note)
{
	Decoding d = { .caps = caps, .note = note, .last_granule = -1 };
	ogg_sync_state sync;
	ogg_stream_state stream;
	TpNoteFault fault;
	char *room;

	*note = (TpNote){ 0 };
	if (bytes.length > caps->bytes || bytes.length > INT32_MAX)
		return TP_NOTE_TOO_LARGE;
	if (bytes.length == 0)
		return TP_NOTE_EMPTY;
	ogg_sync_init(&sync);
	ogg_stream_init(&stream, 0);
	room = ogg_sync_buffer(&sync, (long) bytes.length);
	if (room == NULL)
		abort();
	memcpy(room, bytes.data, bytes.length);
	ogg_sync_wrote(&sync, (long) bytes.length);
	fault = read_pages(&d, &sync, &stream);
	if (fault == TP_NOTE_FINE)
		trim(&d);
	if (fault == TP_NOTE_FINE && note->count == 0)
		fault = TP_NOTE_EMPTY;
	if (fault != TP_NOTE_FINE)
		tp_note_free(note);
	if (d.decoder != NULL)
		opus_decoder_destroy(d.decoder);
	ogg_stream_clear(&stream);
	ogg_sync_clear(&sync);
	return fault;
}

void
tp_note_free(TpNote *note)
{
	free(note->samples);
	*note = (TpNote){ 0 };
}
