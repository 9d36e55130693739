/*
 * signature.c
 *	  Signatures of webhooks, read, checked and made; see signature.h.
 */
#include "signature.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define TIME_DIGITS 12

_Static_assert(TP_SIGNATURE_BYTES == crypto_auth_hmacsha256_BYTES, "HMAC-SHA-256");

static bool
parse_time(TpSlice text, int64_t *time)
{
	if (text.length == 0 || text.length > TIME_DIGITS)
		return false;
	*time = 0;
	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*time = *time * 10 + (text.data[i] - '0');
	}
	return true;
}

static bool
parse_mac(TpSlice text, TpSignature *signature)
{
	size_t length;

	return signature->count < TP_SIGNATURE_MACS && text.length == 2 * TP_SIGNATURE_BYTES &&
		   sodium_hex2bin(signature->macs[signature->count++], TP_SIGNATURE_BYTES, text.data, text.length, NULL,
						  &length, NULL) == 0 &&
		   length == TP_SIGNATURE_BYTES;
}

static TpSlice
trimmed(TpSlice text)
{
	while (text.length > 0 && *text.data == ' ')
		text = (TpSlice){ text.data + 1, text.length - 1 };
	while (text.length > 0 && text.data[text.length - 1] == ' ')
		text.length--;
	return text;
}

bool
tp_signature_parse(TpSlice header, TpSignature *signature)
{
	bool timed = false;
	bool more = true;

	*signature = (TpSignature){ 0 };
	while (more)
	{
		const char *comma = header.length == 0 ? NULL : memchr(header.data, ',', header.length);
		size_t length = comma == NULL ? header.length : (size_t) (comma - header.data);
		TpSlice part = trimmed((TpSlice){ header.data, length });
		const char *equals = part.length == 0 ? NULL : memchr(part.data, '=', part.length);
		TpSlice name;
		TpSlice value;

		if (equals == NULL)
			return false;
		name = (TpSlice){ part.data, (size_t) (equals - part.data) };
		value = (TpSlice){ equals + 1, part.length - name.length - 1 };
		if (tp_slice_is(name, "t"))
		{
			if (timed || !parse_time(value, &signature->time))
				return false;
			timed = true;
		}
		else if (tp_slice_is(name, "v1") && !parse_mac(value, signature))
			return false;
		more = comma != NULL;
		if (more)
			header = (TpSlice){ comma + 1, header.length - length - 1 };
	}
	return timed && signature->count > 0;
}

static void
make_mac(int64_t time, TpSlice body, const char *secret, unsigned char *mac)
{
	crypto_auth_hmacsha256_state state;
	char text[24];

	snprintf(text, sizeof(text), "%lld.", (long long) time);
	crypto_auth_hmacsha256_init(&state, (const unsigned char *) secret, strlen(secret));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *) text, strlen(text));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *) body.data, body.length);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_memzero(&state, sizeof(state));
}

TpSignatureVerdict
tp_signature_check(TpSlice header, TpSlice body, const char *secret, int64_t now_s)
{
	unsigned char mac[TP_SIGNATURE_BYTES];
	TpSignature signature;
	bool fine = false;

	if (header.length == 0)
		return TP_SIGNATURE_MISSING;
	if (!tp_signature_parse(header, &signature))
		return TP_SIGNATURE_MALFORMED;
	make_mac(signature.time, body, secret, mac);
	for (int i = 0; i < signature.count; i++)
		fine |= sodium_memcmp(mac, signature.macs[i], sizeof(mac)) == 0;
	if (!fine)
		return TP_SIGNATURE_WRONG;
	return llabs(now_s - signature.time) > TP_SIGNATURE_TOLERANCE_S ? TP_SIGNATURE_OLD : TP_SIGNATURE_FINE;
}

void
tp_signature_make(TpSlice body, const char *secret, int64_t now_s, TpBuffer *out)
{
	unsigned char mac[TP_SIGNATURE_BYTES];
	char hex[2 * TP_SIGNATURE_BYTES + 1];

	make_mac(now_s, body, secret, mac);
	tp_buffer_format(out, "t=%lld,v1=%s", (long long) now_s, sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac)));
}
