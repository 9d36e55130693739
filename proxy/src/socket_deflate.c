/*
 * socket_deflate.c
 *	  permessage-deflate without context takeover, in both directions.
 *
 * libwebsockets' own extension keeps compressors and buffers for each connection, stalls
 * under libuv when a message is larger than its buffers, and confuses the two
 * no_context_takeover flags when it is a server.  Since upgrade.c lets the client agree to
 * both flags, one compressor and one decompressor of the whole worker are enough: an idle
 * socket holds nothing, and a message that goes to a thousand sockets is compressed once.
 * The extension here only agrees to it; payloads are worked on by socket_queue.c and
 * socket.c, a whole message at a time.
 */
#include <stdlib.h>
#include <zlib.h>

#include "socket_session.h"

#define LEVEL 6
#define WINDOW 12 /* of what is sent: as some clients want it */
#define CLIENT_WINDOW 15
#define BETWEEN_BLOCKS 128 /* in zlib's data_type: a message cut off ends within one */

static z_stream deflater;
static z_stream inflater;
static bool deflater_made;
static bool inflater_made;
static TpBuffer deflated;
static TpBuffer inflated;

bool
tp_deflate(TpSlice text, TpSlice *result)
{
	size_t most;

	if (!deflater_made && deflateInit2(&deflater, LEVEL, Z_DEFLATED, -WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	deflater_made = true;
	(void) deflateReset(&deflater);
	tp_buffer_clear(&deflated);
	most = deflateBound(&deflater, text.length) + 16;
	tp_buffer_reserve(&deflated, most);
	deflater.next_in = (Bytef *) (uintptr_t) text.data;
	deflater.avail_in = (uInt) text.length;
	deflater.next_out = (Bytef *) deflated.data;
	deflater.avail_out = (uInt) most;
	if (deflate(&deflater, Z_SYNC_FLUSH) != Z_OK || deflater.avail_in > 0 || deflater.avail_out == 0)
		return false;
	/* Ends in 00 00 ff ff, which the receiver puts back. */
	*result = (TpSlice){ deflated.data, most - deflater.avail_out - 4 };
	return true;
}

static int
feed(const char *data, size_t length)
{
	inflater.next_in = (Bytef *) (uintptr_t) data;
	inflater.avail_in = (uInt) length;
	return inflate(&inflater, Z_SYNC_FLUSH);
}

TpInflated
tp_inflate(TpSlice text, size_t most, TpSlice *result)
{
	static const char tail[] = { 0, 0, '\xFF', '\xFF' };
	int verdict;

	if (!inflater_made && inflateInit2(&inflater, -CLIENT_WINDOW) != Z_OK)
		return TP_INFLATE_BROKEN;
	inflater_made = true;
	(void) inflateReset(&inflater);
	tp_buffer_clear(&inflated);
	tp_buffer_reserve(&inflated, most + 1);
	inflater.next_out = (Bytef *) inflated.data;
	inflater.avail_out = (uInt) most + 1;
	verdict = feed(text.data, text.length);
	if (verdict == Z_OK)
		verdict = feed(tail, sizeof(tail));
	else if (verdict == Z_STREAM_END && inflater.avail_in > 0)
		verdict = Z_DATA_ERROR; /* something stands behind a final block */
	if (inflater.avail_out == 0)
		return TP_INFLATE_LONG;
	if (verdict != Z_STREAM_END && (verdict != Z_OK || (inflater.data_type & BETWEEN_BLOCKS) == 0))
		return TP_INFLATE_BROKEN;
	*result = (TpSlice){ inflated.data, most + 1 - inflater.avail_out };
	return TP_INFLATED;
}

void
tp_deflate_free(void)
{
	if (deflater_made)
		(void) deflateEnd(&deflater);
	if (inflater_made)
		(void) inflateEnd(&inflater);
	deflater_made = false;
	inflater_made = false;
	tp_buffer_free(&deflated);
	tp_buffer_free(&inflated);
}

/* Offers ---------------------------------------------------------------------- */

static TpSlice
next_part(TpSlice *list, char separator)
{
	const char *end = memchr(list->data, separator, list->length);
	TpSlice part = *list;

	if (end != NULL)
		part.length = (size_t) (end - list->data);
	list->data += part.length + (end != NULL);
	list->length -= part.length + (end != NULL);
	while (part.length > 0 && (*part.data == ' ' || *part.data == '\t'))
		part = (TpSlice){ part.data + 1, part.length - 1 };
	while (part.length > 0 && (part.data[part.length - 1] == ' ' || part.data[part.length - 1] == '\t'))
		part.length--;
	return part;
}

/* 0: not as wanted. */
static int
window_of(TpSlice parameter)
{
	static const char name[] = "server_max_window_bits=";
	size_t length = sizeof(name) - 1;
	int bits = 0;

	if (parameter.length <= length || memcmp(parameter.data, name, length) != 0)
		return 0;
	for (size_t i = length; i < parameter.length; i++)
	{
		char c = parameter.data[i];

		if (c == '"')
			continue;
		if (c < '0' || c > '9' || bits > 15)
			return 0;
		bits = bits * 10 + c - '0';
	}
	return bits <= 15 ? bits : 0;
}

/* Whether the server can do what one offer asks, and whether it must name its window. */
static bool
offer_fits(TpSlice offer, bool *names_window)
{
	*names_window = false;
	if (!tp_slice_is(next_part(&offer, ';'), "permessage-deflate"))
		return false;
	while (offer.length > 0)
	{
		TpSlice parameter = next_part(&offer, ';');

		if (window_of(parameter) >= WINDOW)
			*names_window = true;
		else if (!tp_slice_is(parameter, "server_no_context_takeover") &&
				 !tp_slice_is(parameter, "client_no_context_takeover") &&
				 (parameter.length < 22 || memcmp(parameter.data, "client_max_window_bits", 22) != 0))
			return false;
	}
	return true;
}

#define FLAGS "server_no_context_takeover; client_no_context_takeover"
#define NAMED_WINDOW "server_max_window_bits=12"

const char *
tp_deflate_offer(TpSlice offers)
{
	bool names_window;

	while (offers.length > 0)
	{
		if (offer_fits(next_part(&offers, ','), &names_window))
			return names_window ? "permessage-deflate; " FLAGS "; " NAMED_WINDOW : "permessage-deflate; " FLAGS;
	}
	return NULL;
}

/* What stands in the offer so comes back in the answer. */
static const struct lws_ext_options options[] = {
	{ "server_no_context_takeover", EXTARG_NONE },
	{ "client_no_context_takeover", EXTARG_NONE },
	{ NAMED_WINDOW, EXTARG_NONE },
	{ NULL, EXTARG_NONE },
};

static int
on_extension(struct lws_context *context, const struct lws_extension *extension, struct lws *wsi,
			 enum lws_extension_callback_reasons reason, void *user, void *in, size_t length)
{
	(void) context;
	(void) extension;
	(void) wsi;
	(void) user;
	(void) length;
	if (reason == LWS_EXT_CB_CONSTRUCT && in != NULL)
		*(const struct lws_ext_options **) in = options;
	return 0;
}

const struct lws_extension tp_socket_extensions[] = {
	{ "permessage-deflate", on_extension, "permessage-deflate" },
	{ NULL, NULL, NULL },
};
