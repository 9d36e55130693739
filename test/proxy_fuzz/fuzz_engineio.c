/*
 * fuzz_engineio.c
 *	  libFuzzer: frames of Socket.IO clients, the handshake's query, and offers of
 *	  compression. An event that is taken is a request or a fault that names itself.
 */
#include <assert.h>
#include <stdlib.h>

#include "engineio.h"
#include "json.h"
#include "socket_session.h"

static void
inside(TpSlice slice, const char *data, size_t size)
{
	if (slice.data != NULL && slice.length > 0)
		assert(slice.data >= data && slice.data + slice.length <= data + size);
}

static void
check_packet(TpSlice frame)
{
	TpEngineioPacket packet;
	TpSocketRequest request;
	TpSocketFault fault = { 0 };
	TpBuffer out = { 0 };
	char outermost;
	size_t at;

	if (tp_engineio_parse(frame, &packet) != NULL)
		return;
	inside(packet.ack, frame.data, frame.length);
	inside(packet.json, frame.data, frame.length);
	if (packet.kind != TP_SIO_EVENT)
		return;
	assert(tp_json_check(packet.json, &outermost, &at) == TP_JSON_FINE && outermost == '[');
	if (tp_socket_parse_event(packet.json, &request, &fault))
		inside(request.data, frame.data, frame.length);
	else
		assert(fault.code != NULL && fault.detail[0] != '\0');
	/* What goes back is a packet too. */
	if (packet.ack.data != NULL)
	{
		TpEngineioPacket back;

		tp_engineio_write_ack(&out, packet.ack, tp_slice("{\"ok\":true}"));
		assert(tp_engineio_parse((TpSlice){ out.data, out.length }, &back) == NULL && back.kind == TP_SIO_ACK);
	}
	tp_buffer_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size == 0 ? 1 : size);
	TpSlice whole = { text, size };
	TpSlice result;

	memcpy(text, data, size);
	check_packet(whole);
	(void) tp_engineio_refusal(whole);
	(void) tp_deflate_offer(whole);
	/* Whatever it unpacks to is no longer than allowed, and packs and unpacks to itself. */
	if (tp_inflate(whole, 4096, &result) == TP_INFLATED)
	{
		char *copy = malloc(result.length + 1);
		size_t length = result.length;
		TpSlice packed;

		assert(length <= 4096);
		memcpy(copy, result.data, length);
		if (length > 0)
		{
			assert(tp_deflate((TpSlice){ copy, length }, &packed));
			assert(tp_inflate(packed, 4096, &result) == TP_INFLATED && result.length == length &&
				   memcmp(result.data, copy, length) == 0);
		}
		free(copy);
	}
	free(text);
	return 0;
}
