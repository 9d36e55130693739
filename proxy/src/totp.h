/*
 * totp.h
 *	  Time-based one-time passwords (RFC 6238): SHA-1, steps of 30 s, six digits, as every
 *	  authenticator makes them.  Pure: the time is an argument.
 */
#ifndef TRADEPOST_PROXY_TOTP_H
#define TRADEPOST_PROXY_TOTP_H

#include <stdint.h>

#include "buffer.h"

#define TP_TOTP_STEP_S 30
#define TP_TOTP_DIGITS 6
#define TP_TOTP_SECRET 20 /* bytes: what SHA-1 makes full use of */
#define TP_TOTP_WINDOW 1  /* steps before and after now whose codes are good */
#define TP_TOTP_AROUND 10 /* steps in which a code tells that a clock is off */

typedef enum TpTotpMatch
{
	TP_TOTP_GOOD,
	TP_TOTP_CLOCK_OFF,
	TP_TOTP_WRONG
} TpTotpMatch;

/* The code of a step, terminated; text has digits + 1 bytes, digits 6 to 8. */
extern void tp_totp_code(TpSlice secret, int64_t step, int digits, char *text);

/*
 * step: the one that the code is of, when good. off: by how many steps it is away from now, when the clock is off. Takes
 * as long for every code.
 */
extern TpTotpMatch tp_totp_match(TpSlice secret, int64_t now_s, TpSlice code, int64_t *step, int *off);

/* The secret as people and authenticators take it: base32, without padding. */
extern void tp_totp_base32(TpSlice secret, TpBuffer *out);

/* otpauth://totp/... onto the end. */
extern void tp_totp_uri(const char *issuer, const char *account, const char *secret_base32, TpBuffer *out);

#endif
