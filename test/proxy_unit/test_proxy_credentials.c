/*
 * test_proxy_credentials.c
 *	  One-time passwords by RFC 6238's own vectors, sealing and the key file, API keys and
 *	  codes, the QR code.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credential.h"
#include "qr_svg.h"
#include "seal.h"
#include "signature.h"
#include "tap.h"
#include "totp.h"

#define HEX_A "4f1c9a7be2d05836a1b7c4d9e0f253684f1c9a7be2d05836a1b7c4d9e0f25368"
#define HEX_B "00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f"

static void
vectors(TpTap *tap)
{
	/* RFC 6238, appendix B, SHA-1: time and eight digits. */
	static const struct
	{
		int64_t time;
		const char *code;
	} known[] = { { 59, "94287082" },         { 1111111109, "07081804" }, { 1111111111, "14050471" },
				  { 1234567890, "89005924" }, { 2000000000, "69279037" }, { 20000000000, "65353130" } };
	TpSlice secret = tp_slice("12345678901234567890");
	char made[9];
	char what[64];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		tp_totp_code(secret, known[i].time / TP_TOTP_STEP_S, 8, made);
		snprintf(what, sizeof(what), "RFC 6238: %s at %lld", known[i].code, (long long) known[i].time);
		tradepost_tap_ok(tap, strcmp(made, known[i].code) == 0, what);
		tp_totp_code(secret, known[i].time / TP_TOTP_STEP_S, 6, made);
		tradepost_tap_ok(tap, strcmp(made, known[i].code + 2) == 0, "and its six digits");
	}
}

static void
window(TpTap *tap)
{
	TpSlice secret = tp_slice("12345678901234567890");
	const int64_t now = 1234567890;
	char code[7];
	char what[80];
	int64_t step;
	int off;

	for (int away = -12; away <= 12; away++)
	{
		TpTotpMatch wanted = abs(away) <= 1 ? TP_TOTP_GOOD : abs(away) <= 10 ? TP_TOTP_CLOCK_OFF : TP_TOTP_WRONG;
		TpTotpMatch got;

		tp_totp_code(secret, now / 30 + away, 6, code);
		got = tp_totp_match(secret, now, tp_slice(code), &step, &off);
		snprintf(what, sizeof(what), "a code of %d steps away", away);
		tradepost_tap_ok(tap, got == wanted && (got == TP_TOTP_WRONG || (step == now / 30 + away && off == away)),
						 what);
	}
	tradepost_tap_ok(tap, tp_totp_match(secret, now, tp_slice("000000"), &step, &off) == TP_TOTP_WRONG, "a wrong code");
	tradepost_tap_ok(tap, tp_totp_match(secret, now, tp_slice("00592"), &step, &off) == TP_TOTP_WRONG, "a short one");
	tp_totp_code(secret, 0, 6, code);
	tradepost_tap_ok(tap, tp_totp_match(secret, 5, tp_slice(code), &step, &off) == TP_TOTP_GOOD && step == 0,
					 "the first step there is has none before");
}

static void
uri(TpTap *tap)
{
	TpBuffer base32 = { 0 };
	TpBuffer text = { 0 };
	TpBuffer svg = { 0 };
	char *large = malloc(5001);

	tp_totp_base32(tp_slice("12345678901234567890"), &base32);
	tp_buffer_add(&base32, "", 1);
	tradepost_tap_ok(tap, strcmp(base32.data, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") == 0, "base32 of 20 bytes");
	tp_buffer_clear(&text);
	tp_totp_base32(tp_slice("foob"), &text);
	tradepost_tap_ok(tap, tp_slice_is((TpSlice){ text.data, text.length }, "MZXW6YQ"), "of RFC 4648's foob");
	tp_buffer_clear(&text);
	tp_totp_uri("A & B", "x+y@example.org", base32.data, &text);
	tp_buffer_add(&text, "", 1);
	tradepost_tap_ok(tap,
					 strcmp(text.data, "otpauth://totp/A%20%26%20B:x%2By@example.org?secret="
									   "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%20%26%20B&algorithm=SHA1&digits=6"
									   "&period=30") == 0,
					 "the otpauth URI is escaped");
	tradepost_tap_ok(tap, tp_qr_svg(text.data, &svg), "a QR code of it");
	tp_buffer_add(&svg, "", 1);
	tradepost_tap_ok(tap, strncmp(svg.data, "<svg ", 5) == 0 && strstr(svg.data, "</svg>") == svg.data + svg.length - 7,
					 "is SVG");
	tradepost_tap_ok(tap, strstr(svg.data, "M4 4.5h7M") != NULL,
					 "whose corner is a finder pattern, behind the quiet zone");
	memset(large, 'x', 5000);
	large[5000] = '\0';
	tradepost_tap_ok(tap, !tp_qr_svg(large, &svg), "what no QR code holds is refused");
	free(large);
	tp_buffer_free(&base32);
	tp_buffer_free(&text);
	tp_buffer_free(&svg);
}

static TpBuffer
unhex(const TpBuffer *sealed)
{
	TpBuffer bytes = { 0 };
	size_t length;

	tp_buffer_reserve(&bytes, sealed->length);
	if (sodium_hex2bin((unsigned char *) bytes.data, sealed->length, sealed->data + 2, sealed->length - 2, NULL,
					   &length, NULL) != 0)
		exit(1);
	bytes.length = length;
	return bytes;
}

static TpKeyring *
ring(const char *text)
{
	TpBuffer problem = { 0 };
	TpKeyring *keyring = tp_keyring_parse(tp_slice(text), &problem);

	tp_buffer_free(&problem);
	return keyring;
}

static TpSlice
whole(const TpBuffer *buffer)
{
	return (TpSlice){ buffer->data, buffer->length };
}

static void
sealing(TpTap *tap)
{
	TpKeyring *first = ring("old " HEX_A "\n");
	TpKeyring *both = ring("# newest first\nnew " HEX_B "\n\nold " HEX_A "\r\n");
	TpKeyring *second = ring("new " HEX_B);
	TpKeyring *renamed = ring("old " HEX_B);
	TpBuffer mine = { 0 };
	TpBuffer yours = { 0 };
	TpBuffer sealed = { 0 };
	TpBuffer again = { 0 };
	TpBuffer bytes;
	TpBuffer plain = { 0 };
	bool all = true;

	tp_seal_identity(&mine, "factor", (const char *const[]){ "1", "23", NULL });
	tp_seal_identity(&yours, "factor", (const char *const[]){ "12", "3", NULL });
	tp_seal(first, whole(&mine), tp_slice("a secret"), &sealed);
	tp_seal(first, whole(&mine), tp_slice("a secret"), &again);
	tradepost_tap_ok(tap, strlen(sealed.data) == sealed.length && strncmp(sealed.data, "\\x01", 4) == 0,
					 "sealed, as PostgreSQL reads bytea");
	tradepost_tap_ok(tap, strcmp(sealed.data, again.data) != 0, "twice is never the same");
	bytes = unhex(&sealed);
	tradepost_tap_ok(tap, memmem(bytes.data, bytes.length, "secret", 6) == NULL, "what is sealed is not to be seen");
	tradepost_tap_ok(tap,
					 tp_unseal(first, whole(&mine), whole(&bytes), &plain) == TP_UNSEAL_FINE &&
						 tp_slice_is(whole(&plain), "a secret"),
					 "and opens");
	tp_buffer_clear(&plain);
	tradepost_tap_ok(tap,
					 tp_unseal(first, whole(&yours), whole(&bytes), &plain) == TP_UNSEAL_BROKEN && plain.length == 0,
					 "not for another record, though its parts read the same in a row");
	tradepost_tap_ok(tap,
					 tp_unseal(both, whole(&mine), whole(&bytes), &plain) == TP_UNSEAL_OLD &&
						 tp_slice_is(whole(&plain), "a secret"),
					 "with a newer key on the ring it opens, and wants to be sealed again");
	tradepost_tap_ok(tap, tp_unseal(second, whole(&mine), whole(&bytes), &plain) == TP_UNSEAL_KEY,
					 "without its key it does not, and says so");
	tradepost_tap_ok(tap, tp_unseal(renamed, whole(&mine), whole(&bytes), &plain) == TP_UNSEAL_BROKEN,
					 "nor by another key of the same id");
	for (size_t i = 0; i < bytes.length; i++)
	{
		bytes.data[i] ^= 1;
		all = all && tp_unseal(both, whole(&mine), whole(&bytes), &plain) >= TP_UNSEAL_KEY;
		bytes.data[i] ^= 1;
	}
	tradepost_tap_ok(tap, all, "no bit of it can be changed");
	for (size_t length = 0; length < bytes.length; length++)
		all = all && tp_unseal(both, whole(&mine), (TpSlice){ bytes.data, length }, &plain) >= TP_UNSEAL_KEY;
	tradepost_tap_ok(tap, all, "nor can it be cut");
	tp_seal_wipe(&plain);
	tp_buffer_free(&bytes);
	tp_buffer_free(&mine);
	tp_buffer_free(&yours);
	tp_buffer_free(&sealed);
	tp_buffer_free(&again);
	tp_keyring_close(first);
	tp_keyring_close(both);
	tp_keyring_close(second);
	tp_keyring_close(renamed);
}

static void
refused(TpTap *tap, const char *text, const char *expected)
{
	TpBuffer problem = { 0 };
	TpKeyring *keyring = tp_keyring_parse(tp_slice(text), &problem);

	tp_buffer_add(&problem, "", 1);
	tradepost_tap_ok(tap,
					 keyring == NULL && strstr(problem.data, expected) != NULL && strstr(problem.data, "4f1c") == NULL,
					 expected);
	tp_keyring_close(keyring);
	tp_buffer_free(&problem);
}

static void
key_file(TpTap *tap)
{
	char path[] = "/tmp/tradepost-keys-XXXXXX";
	TpBuffer problem = { 0 };
	int file = mkstemp(path);
	TpKeyring *keyring;

	refused(tap, "", "holds no key");
	refused(tap, "# nothing\n\n", "holds no key");
	refused(tap, "a " HEX_A "\na " HEX_B, "line 2 has the id of a line above");
	refused(tap, HEX_A, "line 1 is not an id");
	refused(tap, "a/b " HEX_A, "line 1 is not an id");
	refused(tap, "a " HEX_A " x", "line 1 is not an id");
	refused(tap, "a " HEX_A "00", "must have 64");
	refused(tap, "a 4f1c9a7b", "must have 64");
	refused(tap, "a 4f1c9a7be2d05836a1b7c4d9e0f253684f1c9a7be2d05836a1b7c4d9e0f2536x", "must have 64");
	refused(tap, "a 0101010101010101010101010101010101010101010101010101010101010101", "repeats itself");
	if (file < 0 || dprintf(file, "a " HEX_A "\n") < 0)
		exit(1);
	keyring = tp_keyring_open(path, &problem);
	tradepost_tap_ok(tap, keyring != NULL && strcmp(tp_keyring_first(keyring)->id, "a") == 0, "a file of mode 600");
	tp_keyring_close(keyring);
	fchmod(file, 0640);
	tradepost_tap_ok(tap, tp_keyring_open(path, &problem) == NULL, "not one that a group may read");
	tp_buffer_add(&problem, "", 1);
	tradepost_tap_ok(tap, strstr(problem.data, "its mode is 640") != NULL, "which it says");
	tp_buffer_clear(&problem);
	fchmod(file, 0600);
	tradepost_tap_ok(tap, ftruncate(file, 20000) == 0 && tp_keyring_open(path, &problem) == NULL, "nor a large one");
	tradepost_tap_ok(tap, tp_keyring_open("/tmp", &problem) == NULL, "nor a directory");
	tradepost_tap_ok(tap, tp_keyring_open("/nonexistent/keys", &problem) == NULL, "nor none");
	close(file);
	unlink(path);
	tp_buffer_free(&problem);
}

static void
keys_and_codes(TpTap *tap)
{
	char key[TP_API_KEY_TEXT];
	char other[TP_API_KEY_TEXT];
	char hash[TP_CREDENTIAL_HASH];
	char same[TP_CREDENTIAL_HASH];
	char typed[TP_RECOVERY_TEXT];
	char plain[TP_RECOVERY_DIGITS + 1];
	char shouted[TP_RECOVERY_TEXT];
	char digits[TP_SENT_CODE_DIGITS + 1];

	tp_api_key_make(key);
	tp_api_key_make(other);
	tradepost_tap_ok(tap, strlen(key) == 47 && strncmp(key, "tpk_", 4) == 0 && strcmp(key, other) != 0,
					 "an API key has 43 characters behind tpk_");
	tradepost_tap_ok(tap, tp_api_key_plausible(tp_slice(key)), "and is known as one");
	tradepost_tap_ok(tap,
					 !tp_api_key_plausible(tp_slice("tpk_short")) && !tp_api_key_plausible((TpSlice){ key + 1, 46 }) &&
						 !tp_api_key_plausible((TpSlice){ key, 46 }) && !tp_api_key_plausible((TpSlice){ NULL, 0 }),
					 "others are not");
	key[10] = '/';
	tradepost_tap_ok(tap, !tp_api_key_plausible(tp_slice(key)), "nor one with a character of another alphabet");
	tp_api_key_hash(tp_slice(other), hash);
	tp_api_key_hash(tp_slice(other), same);
	tradepost_tap_ok(tap, strlen(hash) == TP_CREDENTIAL_HASH - 1 && strcmp(hash, same) == 0,
					 "its hash is always the same");
	tp_recovery_make(typed);
	tradepost_tap_ok(tap, strlen(typed) == 19 && typed[4] == '-' && typed[9] == '-' && typed[14] == '-',
					 "a recovery code has four groups");
	for (size_t i = 0; i < sizeof(typed); i++)
		shouted[i] = (char) (typed[i] >= 'a' && typed[i] <= 'z' ? typed[i] - 'a' + 'A'
							 : typed[i] == '-'                  ? ' '
																: typed[i]);
	tradepost_tap_ok(tap, tp_recovery_read(tp_slice(typed), plain), "read back");
	tp_recovery_hash(7, plain, hash);
	tradepost_tap_ok(tap, tp_recovery_read(tp_slice(shouted), plain), "as upper case with blanks too");
	tp_recovery_hash(7, plain, same);
	tradepost_tap_ok(tap, strcmp(hash, same) == 0, "which is the same code");
	tp_recovery_hash(8, plain, same);
	tradepost_tap_ok(tap, strcmp(hash, same) != 0, "another user's is not");
	tradepost_tap_ok(tap,
					 !tp_recovery_read(tp_slice("aaaa-aaaa-aaaa-aaal"), plain) &&
						 !tp_recovery_read(tp_slice("aaaa-aaaa-aaaa"), plain) &&
						 !tp_recovery_read(tp_slice("aaaa-aaaa-aaaa-aaaa-a"), plain) &&
						 !tp_recovery_read((TpSlice){ "aaaaaaaaaaaaaaa\0", 16 }, plain),
					 "what is no recovery code");
	tradepost_tap_ok(tap, tp_six_digits_read(tp_slice("012 345"), digits) && strcmp(digits, "012345") == 0,
					 "six digits");
	tradepost_tap_ok(tap,
					 !tp_six_digits_read(tp_slice("01234"), digits) &&
						 !tp_six_digits_read(tp_slice("0123456"), digits) &&
						 !tp_six_digits_read(tp_slice("01234x"), digits),
					 "and not five, seven or a letter");
	tp_sent_code_make(digits);
	tradepost_tap_ok(tap, strspn(digits, "0123456789") == 6, "a code to be sent");
	tp_sent_code_hash("one", 7, "email", digits, hash);
	tp_sent_code_hash("two", 7, "email", digits, same);
	tradepost_tap_ok(tap, strcmp(hash, same) != 0, "its hash wants the secret");
	tp_sent_code_hash("one", 7, "phone", digits, same);
	tradepost_tap_ok(tap, strcmp(hash, same) != 0, "and is of its kind");
}

static void
verdict(TpTap *tap, const char *header, TpSignatureVerdict wanted, const char *what)
{
	tradepost_tap_ok(tap, tp_signature_check(tp_slice(header), tp_slice("{\"a\":1}"), "secret", 1700000000) == wanted,
					 what);
}

static void
signatures(TpTap *tap)
{
	/* Made by OpenSSL: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret */
#define RIGHT "49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"
	TpBuffer made = { 0 };

	verdict(tap, "t=1700000000,v1=" RIGHT, TP_SIGNATURE_FINE, "a signature that another program made");
	verdict(tap, " v1=" RIGHT " , t=1700000000 ,v0=x,n=", TP_SIGNATURE_FINE, "in any order, with blanks and others");
	verdict(tap, "t=1700000000,v1=" HEX_A ",v1=" RIGHT, TP_SIGNATURE_FINE, "one of two is enough");
	verdict(tap, "t=1700000000,v1=" HEX_A, TP_SIGNATURE_WRONG, "another's");
	verdict(tap, "t=1700000001,v1=" RIGHT, TP_SIGNATURE_WRONG, "of another time");
	verdict(tap, "", TP_SIGNATURE_MISSING, "none");
	verdict(tap, "t=1700000000", TP_SIGNATURE_MALFORMED, "no v1");
	verdict(tap, "v1=" RIGHT, TP_SIGNATURE_MALFORMED, "no time");
	verdict(tap, "t=1700000000,t=1700000000,v1=" RIGHT, TP_SIGNATURE_MALFORMED, "two times");
	verdict(tap, "t=-1,v1=" RIGHT, TP_SIGNATURE_MALFORMED, "no such time");
	verdict(tap, "t=1700000000000,v1=" RIGHT, TP_SIGNATURE_MALFORMED, "too long a time");
	verdict(tap, "t=1700000000,v1=" RIGHT "00", TP_SIGNATURE_MALFORMED, "too long a signature");
	verdict(tap, "t=1700000000,v1=xx", TP_SIGNATURE_MALFORMED, "no hexadecimal");
	verdict(tap, "t=1700000000,,v1=" RIGHT, TP_SIGNATURE_MALFORMED, "an empty part");
	verdict(tap, "t=1700000000,v1=" HEX_A ",v1=" HEX_A ",v1=" HEX_A ",v1=" HEX_A ",v1=" RIGHT, TP_SIGNATURE_MALFORMED,
			"more than four");
	for (int away = -301; away <= 301; away += 301)
	{
		tp_buffer_clear(&made);
		tp_signature_make(tp_slice("{\"a\":1}"), "secret", 1700000000 + away, &made);
		tp_buffer_add(&made, "", 1);
		verdict(tap, made.data, away == 0 ? TP_SIGNATURE_FINE : TP_SIGNATURE_OLD, "our own, of now, or 301 s away");
	}
	tradepost_tap_ok(tap,
					 tp_signature_check(tp_slice(made.data), tp_slice("{\"a\":2}"), "secret", 1700000301) ==
						 TP_SIGNATURE_WRONG,
					 "of another body");
	tp_buffer_free(&made);
}

int
main(void)
{
	TpTap tap = { 0 };

	if (sodium_init() < 0)
		return 1;
	vectors(&tap);
	window(&tap);
	uri(&tap);
	sealing(&tap);
	key_file(&tap);
	keys_and_codes(&tap);
	signatures(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
