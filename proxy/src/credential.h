/*
 * credential.h
 *	  API keys, recovery codes and codes sent by mail or message: made, recognised, hashed.
 *	  Pure but for what is random.
 *
 * Hashes are BLAKE2b, as PostgreSQL reads bytea. A key has 256 random bits and a recovery
 * code 79, so theirs want no secret: who reads the table can try none. They stay good when
 * the proxy's secrets change. A sent code has six digits: its hash is keyed.
 */
#ifndef TRADEPOST_PROXY_CREDENTIAL_H
#define TRADEPOST_PROXY_CREDENTIAL_H

#include <sodium.h>
#include <stdint.h>

#include "slice.h"

#define TP_CREDENTIAL_HASH (2 + 2 * crypto_generichash_BYTES + 1) /* "\\x", hexadecimal, terminated */

#define TP_API_KEY_PREFIX "tpk_"
#define TP_API_KEY_TEXT (sizeof(TP_API_KEY_PREFIX) + 43) /* terminated */
#define TP_API_KEY_HINT 12                               /* characters that its owner keeps seeing */
extern void tp_api_key_make(char *text);
extern bool tp_api_key_plausible(TpSlice key);
extern void tp_api_key_hash(TpSlice key, char *hash);

#define TP_RECOVERY_CODES 10
#define TP_RECOVERY_DIGITS 16                         /* letters and digits that nobody takes for one another */
#define TP_RECOVERY_TEXT (TP_RECOVERY_DIGITS + 3 + 1) /* four groups, terminated */
extern void tp_recovery_make(char *text);

/* What a user typed: lower case, no blanks and dashes; plain has TP_RECOVERY_DIGITS + 1 bytes. False: it is no such code. */
extern bool tp_recovery_read(TpSlice typed, char *plain);
extern void tp_recovery_hash(int64_t user, const char *plain, char *hash);

#define TP_SENT_CODE_DIGITS 6
extern void tp_sent_code_make(char *text); /* TP_SENT_CODE_DIGITS + 1 bytes */

/* Six digits, with or without blanks between; the same for a code of the second factor. */
extern bool tp_six_digits_read(TpSlice typed, char *plain);
extern void tp_sent_code_hash(const char *secret, int64_t user, const char *kind, const char *plain, char *hash);

#endif
