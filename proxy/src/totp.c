/*
 * totp.c
 *	  One-time passwords by liboath; see totp.h.
 */
#include "totp.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <stdlib.h>

void
tp_totp_code(TpSlice secret, int64_t step, int digits, char *text)
{
	if (oath_hotp_generate(secret.data, secret.length, (uint64_t) step, (unsigned) digits, false,
						   OATH_HOTP_DYNAMIC_TRUNCATION, text) != OATH_OK)
		abort(); /* out of memory, or we asked for something that there is not */
}

TpTotpMatch
tp_totp_match(TpSlice secret, int64_t now_s, TpSlice code, int64_t *step, int *off)
{
	int64_t current = now_s / TP_TOTP_STEP_S;
	char made[TP_TOTP_DIGITS + 1];
	int nearest = TP_TOTP_AROUND + 1;

	if (code.length != TP_TOTP_DIGITS)
		return TP_TOTP_WRONG;
	/* All of them, whatever was found: how long it takes tells nothing. */
	for (int away = -TP_TOTP_AROUND; away <= TP_TOTP_AROUND; away++)
	{
		bool same;

		if (current + away < 0)
			continue;
		tp_totp_code(secret, current + away, TP_TOTP_DIGITS, made);
		same = sodium_memcmp(made, code.data, TP_TOTP_DIGITS) == 0;
		nearest = same && abs(away) < abs(nearest) ? away : nearest;
	}
	sodium_memzero(made, sizeof(made));
	*step = current + nearest;
	*off = nearest;
	return abs(nearest) <= TP_TOTP_WINDOW   ? TP_TOTP_GOOD
		   : abs(nearest) <= TP_TOTP_AROUND ? TP_TOTP_CLOCK_OFF
											: TP_TOTP_WRONG;
}

void
tp_totp_base32(TpSlice secret, TpBuffer *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < secret.length; i++)
	{
		bits = bits << 8 | (unsigned char) secret.data[i];
		for (held += 8; held >= 5; held -= 5)
			tp_buffer_add(out, &alphabet[bits >> (held - 5) & 31], 1);
	}
	if (held > 0)
		tp_buffer_add(out, &alphabet[bits << (5 - held) & 31], 1);
}

static void
add_escaped(TpBuffer *out, const char *text)
{
	for (; *text != '\0'; text++)
	{
		unsigned char c = (unsigned char) *text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~@", c) != NULL)
			tp_buffer_add(out, text, 1);
		else
			tp_buffer_format(out, "%%%02X", c);
	}
}

void
tp_totp_uri(const char *issuer, const char *account, const char *secret_base32, TpBuffer *out)
{
	tp_buffer_text(out, "otpauth://totp/");
	add_escaped(out, issuer);
	tp_buffer_text(out, ":");
	add_escaped(out, account);
	tp_buffer_text(out, "?secret=");
	tp_buffer_text(out, secret_base32);
	tp_buffer_text(out, "&issuer=");
	add_escaped(out, issuer);
	tp_buffer_format(out, "&algorithm=SHA1&digits=%d&period=%d", TP_TOTP_DIGITS, TP_TOTP_STEP_S);
}
