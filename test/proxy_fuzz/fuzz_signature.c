/*
 * fuzz_signature.c
 *	  libFuzzer: the header Tradepost-Signature, what users type as codes, and what is said
 *	  to be sealed.  What was made here is found right, and nothing else.
 */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "credential.h"
#include "json_view.h"
#include "seal.h"
#include "signature.h"

static const char secret[] = "a secret of the fuzzer's own";

static TpKeyring *
ring(void)
{
	static TpKeyring *keyring;
	TpBuffer problem = { 0 };

	if (keyring == NULL && sodium_init() >= 0)
		keyring = tp_keyring_parse(tp_slice("a 4f1c9a7be2d05836a1b7c4d9e0f253684f1c9a7be2d05836a1b7c4d9e0f25368"),
								   &problem);
	return keyring;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TpSlice input = { (const char *) data, size };
	TpSignature parsed;
	TpBuffer made = { 0 };
	TpBuffer plain = { 0 };
	char key[TP_RECOVERY_DIGITS + 1];
	char digits[TP_SENT_CODE_DIGITS + 1];
	TpBuffer problem = { 0 };
	TpKeyring *keyring = ring();

	if (tp_signature_parse(input, &parsed))
		assert(parsed.count > 0 && parsed.count <= TP_SIGNATURE_MACS && parsed.time >= 0);
	assert(tp_signature_check(input, tp_slice("body"), secret, 1234567890) != TP_SIGNATURE_FINE);
	tp_signature_make(input, secret, 1234567890, &made);
	assert(tp_signature_check((TpSlice){ made.data, made.length }, input, secret, 1234567890) == TP_SIGNATURE_FINE);
	if (tp_recovery_read(input, key))
		assert(strlen(key) == TP_RECOVERY_DIGITS);
	if (tp_six_digits_read(input, digits))
		assert(strlen(digits) == TP_SENT_CODE_DIGITS);
	(void) tp_api_key_plausible(input);
	/* 16 bytes of tag twice: nobody guesses them. */
	assert(tp_unseal(keyring, tp_slice("identity"), input, &plain) >= TP_UNSEAL_KEY);
	assert(tp_unseal_hex(keyring, tp_slice("identity"), input, &plain) >= TP_UNSEAL_KEY);
	tp_keyring_close(tp_keyring_parse(input, &problem));
	tp_buffer_free(&made);
	tp_buffer_free(&plain);
	tp_buffer_free(&problem);
	return 0;
}
