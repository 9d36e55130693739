/*
 * signature.h
 *	  Signed webhooks, coming in and going out: Tradepost-Signature: t=<seconds since 1970>,
 *	  v1=<HMAC-SHA-256 of "t.body", hexadecimal>.  Pure.
 *
 * v1 may be there several times, while a sender changes its secret; parts of other names
 * are somebody's extension, and say nothing.
 */
#ifndef TRADEPOST_PROXY_SIGNATURE_H
#define TRADEPOST_PROXY_SIGNATURE_H

#include <stdint.h>

#include "buffer.h"

#define TP_SIGNATURE_TOLERANCE_S 300
#define TP_SIGNATURE_MACS 4
#define TP_SIGNATURE_BYTES 32

typedef struct TpSignature
{
	int64_t time;
	int count;
	unsigned char macs[TP_SIGNATURE_MACS][TP_SIGNATURE_BYTES];
} TpSignature;

typedef enum TpSignatureVerdict
{
	TP_SIGNATURE_FINE,
	TP_SIGNATURE_MISSING,
	TP_SIGNATURE_MALFORMED,
	TP_SIGNATURE_WRONG,
	TP_SIGNATURE_OLD /* right, but not of now */
} TpSignatureVerdict;

/* False: it is malformed. */
extern bool tp_signature_parse(TpSlice header, TpSignature *signature);

/* Takes as long for every signature of a body. */
extern TpSignatureVerdict tp_signature_check(TpSlice header, TpSlice body, const char *secret, int64_t now_s);

/* The header's value, onto the end of out. */
extern void tp_signature_make(TpSlice body, const char *secret, int64_t now_s, TpBuffer *out);

#endif
