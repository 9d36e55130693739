/*
 * credential.c
 *	  API keys and codes; see credential.h.
 */
#include "credential.h"

#include <stdio.h>

#define API_KEY_BYTES 32

/* Letters and digits that nobody takes for one another. */
static const char recovery_alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";

_Static_assert(sizeof(TP_API_KEY_PREFIX) == 5, "tpk_ has four characters");

static void
finish_hash(crypto_generichash_state *state, char *hash)
{
	unsigned char made[crypto_generichash_BYTES];

	crypto_generichash_final(state, made, sizeof(made));
	memcpy(hash, "\\x", 2);
	sodium_bin2hex(hash + 2, TP_CREDENTIAL_HASH - 2, made, sizeof(made));
}

/* What a hash is of, so that none of one kind is ever one of another; terminated, as all but the last part is. */
static void
begin_hash(crypto_generichash_state *state, const char *what, const unsigned char *key, size_t length)
{
	crypto_generichash_init(state, key, length, crypto_generichash_BYTES);
	crypto_generichash_update(state, (const unsigned char *) what, strlen(what) + 1);
}

static void
add_text(crypto_generichash_state *state, const char *text)
{
	crypto_generichash_update(state, (const unsigned char *) text, strlen(text) + 1);
}

static void
add_number(crypto_generichash_state *state, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long) number);
	add_text(state, text);
}

void
tp_api_key_make(char *text)
{
	unsigned char random[API_KEY_BYTES];

	randombytes_buf(random, sizeof(random));
	memcpy(text, TP_API_KEY_PREFIX, sizeof(TP_API_KEY_PREFIX) - 1);
	sodium_bin2base64(text + sizeof(TP_API_KEY_PREFIX) - 1, TP_API_KEY_TEXT - sizeof(TP_API_KEY_PREFIX) + 1, random,
					  sizeof(random), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(random, sizeof(random));
}

bool
tp_api_key_plausible(TpSlice key)
{
	if (key.length != TP_API_KEY_TEXT - 1 || memcmp(key.data, TP_API_KEY_PREFIX, sizeof(TP_API_KEY_PREFIX) - 1) != 0)
		return false;
	for (size_t i = sizeof(TP_API_KEY_PREFIX) - 1; i < key.length; i++)
	{
		char c = key.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return true;
}

void
tp_api_key_hash(TpSlice key, char *hash)
{
	crypto_generichash_state state;

	begin_hash(&state, "tradepost API key", NULL, 0);
	crypto_generichash_update(&state, (const unsigned char *) key.data, key.length);
	finish_hash(&state, hash);
}

void
tp_recovery_make(char *text)
{
	for (int i = 0; i < TP_RECOVERY_DIGITS; i++)
	{
		if (i > 0 && i % 4 == 0)
			*text++ = '-';
		*text++ = recovery_alphabet[randombytes_uniform(sizeof(recovery_alphabet) - 1)];
	}
	*text = '\0';
}

bool
tp_recovery_read(TpSlice typed, char *plain)
{
	size_t length = 0;

	for (size_t i = 0; i < typed.length; i++)
	{
		char c = typed.data[i];

		if (c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if (length == TP_RECOVERY_DIGITS || c == '\0' || strchr(recovery_alphabet, c) == NULL)
			return false;
		plain[length++] = c;
	}
	plain[length] = '\0';
	return length == TP_RECOVERY_DIGITS;
}

void
tp_recovery_hash(int64_t user, const char *plain, char *hash)
{
	crypto_generichash_state state;

	begin_hash(&state, "tradepost recovery code", NULL, 0);
	add_number(&state, user);
	add_text(&state, plain);
	finish_hash(&state, hash);
}

void
tp_sent_code_make(char *text)
{
	snprintf(text, TP_SENT_CODE_DIGITS + 1, "%06u", randombytes_uniform(1000000));
}

bool
tp_six_digits_read(TpSlice typed, char *plain)
{
	size_t length = 0;

	for (size_t i = 0; i < typed.length; i++)
	{
		char c = typed.data[i];

		if (c == ' ')
			continue;
		if (length == TP_SENT_CODE_DIGITS || c < '0' || c > '9')
			return false;
		plain[length++] = c;
	}
	plain[length] = '\0';
	return length == TP_SENT_CODE_DIGITS;
}

void
tp_sent_code_hash(const char *secret, int64_t user, const char *kind, const char *plain, char *hash)
{
	crypto_generichash_state state;
	unsigned char key[crypto_generichash_BYTES];

	crypto_generichash(key, sizeof(key), (const unsigned char *) secret, strlen(secret), NULL, 0);
	begin_hash(&state, "tradepost sent code", key, sizeof(key));
	add_number(&state, user);
	add_text(&state, kind);
	add_text(&state, plain);
	finish_hash(&state, hash);
	sodium_memzero(key, sizeof(key));
}
