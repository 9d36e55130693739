/*
 * seal.c
 *	  Secrets sealed and opened; see seal.h.  Pure but for the random nonces and keys.
 *
 * What is associated with both layers is the format's name, the id of the key and the
 * identity of the record, each with its length, so that no two records read the same.
 */
#include "seal.h"

#include <stdlib.h>

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define FORMAT 1
#define SECRET_MOST 4096

static void
add_part(TpBuffer *out, const char *text, size_t length)
{
	unsigned char size[4] = { (unsigned char) (length >> 24), (unsigned char) (length >> 16),
							  (unsigned char) (length >> 8), (unsigned char) length };

	tp_buffer_add(out, size, sizeof(size));
	tp_buffer_add(out, text, length);
}

void
tp_seal_identity(TpBuffer *identity, const char *kind, const char *const *parts)
{
	add_part(identity, kind, strlen(kind));
	for (; *parts != NULL; parts++)
		add_part(identity, *parts, strlen(*parts));
}

static void
associate(TpBuffer *out, TpSlice key_id, TpSlice identity)
{
	static const char format[] = "tradepost sealed 1";

	add_part(out, format, sizeof(format) - 1);
	add_part(out, key_id.data, key_id.length);
	tp_buffer_slice(out, identity);
}

void
tp_seal_wipe(TpBuffer *buffer)
{
	if (buffer->data != NULL)
		sodium_memzero(buffer->data, buffer->capacity);
	tp_buffer_free(buffer);
}

/* A nonce and what it encrypts, onto the end. */
static void
add_layer(TpBuffer *out, TpSlice plain, const TpBuffer *associated, const unsigned char *key)
{
	unsigned char nonce[NONCE];
	unsigned long long length;

	randombytes_buf(nonce, sizeof(nonce));
	tp_buffer_add(out, nonce, sizeof(nonce));
	tp_buffer_reserve(out, plain.length + TAG);
	crypto_aead_xchacha20poly1305_ietf_encrypt((unsigned char *) out->data + out->length, &length,
											   (const unsigned char *) plain.data, plain.length,
											   (const unsigned char *) associated->data, associated->length, NULL,
											   nonce, key);
	out->length += length;
}

void
tp_seal(const TpKeyring *keyring, TpSlice identity, TpSlice secret, TpBuffer *out)
{
	const TpKey *key = tp_keyring_first(keyring);
	TpSlice id = tp_slice(key->id);
	unsigned char data_key[TP_KEY_BYTES];
	unsigned char head[2] = { FORMAT, (unsigned char) id.length };
	TpBuffer associated = { 0 };
	TpBuffer sealed = { 0 };
	size_t digits;

	associate(&associated, id, identity);
	randombytes_buf(data_key, sizeof(data_key));
	tp_buffer_add(&sealed, head, sizeof(head));
	tp_buffer_slice(&sealed, id);
	add_layer(&sealed, (TpSlice){ (const char *) data_key, sizeof(data_key) }, &associated, key->bytes);
	add_layer(&sealed, secret, &associated, data_key);
	sodium_memzero(data_key, sizeof(data_key));
	digits = 2 * sealed.length;
	tp_buffer_text(out, "\\x");
	tp_buffer_reserve(out, digits + 1);
	sodium_bin2hex(out->data + out->length, digits + 1, (const unsigned char *) sealed.data, sealed.length);
	out->length += digits;
	tp_buffer_free(&associated);
	tp_buffer_free(&sealed);
}

/* What follows a nonce, which is the layer's beginning. plain has room. */
static bool
open_layer(TpSlice layer, const TpBuffer *associated, const unsigned char *key, unsigned char *plain)
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, (const unsigned char *) layer.data + NONCE,
													  layer.length - NONCE, (const unsigned char *) associated->data,
													  associated->length, (const unsigned char *) layer.data, key) == 0;
}

TpUnseal
tp_unseal(const TpKeyring *keyring, TpSlice identity, TpSlice sealed, TpBuffer *plain)
{
	const size_t wrapped = NONCE + TP_KEY_BYTES + TAG;
	unsigned char data_key[TP_KEY_BYTES];
	TpBuffer associated = { 0 };
	TpSlice id;
	size_t at;
	size_t length;
	const TpKey *key;
	bool fine;

	if (sealed.length < 2 || sealed.data[0] != FORMAT)
		return TP_UNSEAL_BROKEN;
	id = (TpSlice){ sealed.data + 2, (unsigned char) sealed.data[1] };
	at = 2 + id.length;
	if (sealed.length < at + wrapped + NONCE + TAG || sealed.length > at + wrapped + NONCE + TAG + SECRET_MOST)
		return TP_UNSEAL_BROKEN;
	key = tp_keyring_find(keyring, id);
	if (key == NULL)
		return TP_UNSEAL_KEY;
	associate(&associated, id, identity);
	length = sealed.length - at - wrapped - NONCE - TAG;
	tp_buffer_reserve(plain, length + 1);
	fine = open_layer((TpSlice){ sealed.data + at, wrapped }, &associated, key->bytes, data_key) &&
		   open_layer((TpSlice){ sealed.data + at + wrapped, sealed.length - at - wrapped }, &associated, data_key,
					  (unsigned char *) plain->data + plain->length);
	sodium_memzero(data_key, sizeof(data_key));
	tp_buffer_free(&associated);
	if (!fine)
		return TP_UNSEAL_BROKEN;
	plain->length += length;
	return key == tp_keyring_first(keyring) ? TP_UNSEAL_FINE : TP_UNSEAL_OLD;
}

TpUnseal
tp_unseal_hex(const TpKeyring *keyring, TpSlice identity, TpSlice hex, TpBuffer *plain)
{
	TpBuffer sealed = { 0 };
	TpUnseal outcome = TP_UNSEAL_BROKEN;
	size_t length;

	tp_buffer_reserve(&sealed, hex.length / 2 + 1);
	if (sodium_hex2bin((unsigned char *) sealed.data, hex.length / 2, hex.data, hex.length, NULL, &length, NULL) == 0)
		outcome = tp_unseal(keyring, identity, (TpSlice){ sealed.data, length }, plain);
	tp_buffer_free(&sealed);
	return outcome;
}
