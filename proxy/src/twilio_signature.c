/*
 * twilio_signature.c
 *	  X-Twilio-Signature, made and checked; see twilio_signature.h.
 *
 * Called by twilio_request.c.
 */
#include "twilio_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdlib.h>
#include <strings.h>

#include "query.h"

#define SHA1_BYTES 20

_Static_assert(TP_TWILIO_SIGNATURE_CHARS == (SHA1_BYTES + 2) / 3 * 4, "base 64 of SHA-1");

/*
 * The order of UTF-16's units, of texts in UTF-8: that of the bytes, but what UTF-16 writes with surrogates (D800 to
 * DFFF) comes before U+E000 to U+FFFF (EE and EF).
 */
static int
compare(TpSlice a, TpSlice b)
{
	size_t least = a.length < b.length ? a.length : b.length;

	for (size_t i = 0; i < least; i++)
	{
		unsigned char x = (unsigned char) a.data[i];
		unsigned char y = (unsigned char) b.data[i];

		if (x == y)
			continue;
		if (x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0))
			return x >= 0xF0 ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return (a.length > b.length) - (a.length < b.length);
}

static int
compare_fields(const void *a, const void *b)
{
	const TpFormField *x = a;
	const TpFormField *y = b;
	int names = compare(x->name, y->name);

	return names != 0 ? names : compare(x->value, y->value);
}

void
tp_twilio_signed_text(TpSlice url, const TpForm *form, TpBuffer *out)
{
	TpFormField *sorted;

	tp_buffer_slice(out, url);
	if (form == NULL || form->count == 0)
		return;
	sorted = tp_alloc((size_t) form->count * sizeof(*sorted));
	memcpy(sorted, form->fields, (size_t) form->count * sizeof(*sorted));
	qsort(sorted, (size_t) form->count, sizeof(*sorted), compare_fields);
	for (int i = 0; i < form->count; i++)
	{
		if (i > 0 && compare_fields(&sorted[i - 1], &sorted[i]) == 0)
			continue;
		tp_buffer_slice(out, sorted[i].name);
		tp_buffer_slice(out, sorted[i].value);
	}
	free(sorted);
}

void
tp_twilio_sign(TpSlice text, const char *token, char signature[TP_TWILIO_SIGNATURE_CHARS + 1])
{
	unsigned char mac[SHA1_BYTES] = { 0 };
	unsigned int length = sizeof(mac);

	(void) HMAC(EVP_sha1(), token, (int) strlen(token), (const unsigned char *) text.data, text.length, mac, &length);
	(void) EVP_EncodeBlock((unsigned char *) signature, mac, sizeof(mac));
}

/* The URL with and without its port, as `way` says; onto the end of out. */
static void
add_url(TpSlice base, TpSlice target, bool with_port, TpBuffer *out)
{
	const char *mark = base.length == 0 ? NULL : memmem(base.data, base.length, "://", 3);
	size_t scheme = mark == NULL ? 0 : (size_t) (mark - base.data) + 3;
	TpSlice rest = { base.data + scheme, base.length - scheme };
	const char *slash = rest.length == 0 ? NULL : memchr(rest.data, '/', rest.length);
	TpSlice host = { rest.data, slash == NULL ? rest.length : (size_t) (slash - rest.data) };
	const char *colon = host.length == 0 ? NULL : memrchr(host.data, ':', host.length);
	size_t name = host.length;

	/* an address of IPv6 has colons within its brackets */
	if (colon != NULL && memchr(colon, ']', host.length - (size_t) (colon - host.data)) == NULL)
		name = (size_t) (colon - host.data);
	tp_buffer_add(out, base.data, scheme + name);
	if (with_port && name < host.length)
		tp_buffer_add(out, host.data + name, host.length - name);
	else if (with_port)
		tp_buffer_text(out, scheme == 8 && strncasecmp(base.data, "https", 5) == 0 ? ":443" : ":80");
	tp_buffer_add(out, rest.data + host.length, rest.length - host.length);
	tp_buffer_slice(out, target);
}

bool
tp_twilio_signature_fine(TpSlice signature, TpSlice base, TpSlice target, const TpForm *form, const char *token)
{
	char expected[TP_TWILIO_SIGNATURE_CHARS + 1];
	TpBuffer text = { 0 };
	TpBuffer url = { 0 };
	bool fine = false;

	for (int way = 0; way < 2; way++)
	{
		tp_buffer_clear(&url);
		tp_buffer_clear(&text);
		add_url(base, target, way == 1, &url);
		tp_twilio_signed_text((TpSlice){ url.data, url.length }, form, &text);
		tp_twilio_sign((TpSlice){ text.data, text.length }, token, expected);
		fine |= signature.length == TP_TWILIO_SIGNATURE_CHARS &&
				sodium_memcmp(signature.data, expected, TP_TWILIO_SIGNATURE_CHARS) == 0;
	}
	tp_buffer_free(&text);
	tp_buffer_free(&url);
	return fine;
}

bool
tp_twilio_body_hash(TpSlice query, TpSlice body, bool *fine)
{
	unsigned char given[crypto_hash_sha256_BYTES];
	unsigned char hash[crypto_hash_sha256_BYTES];
	TpBuffer value = { 0 };
	size_t length = 0;
	bool there = tp_query_find(query, "bodySHA256", &value);

	*fine = there && value.length == 2 * sizeof(given) &&
			sodium_hex2bin(given, sizeof(given), value.data, value.length, NULL, &length, NULL) == 0 &&
			length == sizeof(given);
	if (*fine)
	{
		crypto_hash_sha256(hash, (const unsigned char *) (body.length == 0 ? "" : body.data), body.length);
		*fine = sodium_memcmp(given, hash, sizeof(hash)) == 0;
	}
	tp_buffer_free(&value);
	return there;
}
