/*
 * keyring.h
 *	  The keys of SECRETS_KEY_FILE, which secrets are sealed under before they go into
 *	  the database.
 *
 * A line for each: its id (1 to 32 letters, digits, '-', '_' or '.'), a blank, 64
 * hexadecimal digits; '#' begins a comment. The first seals, all open: a new key is put
 * above the old ones, which stay until nothing is sealed under them. The file must be
 * its reader's (or root's) and nobody else's to read.
 */
#ifndef TRADEPOST_PROXY_KEYRING_H
#define TRADEPOST_PROXY_KEYRING_H

#include <sodium.h>

#include "buffer.h"

#define TP_KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define TP_KEY_ID_MOST 32

typedef struct TpKey
{
	char id[TP_KEY_ID_MOST + 1];
	unsigned char bytes[TP_KEY_BYTES];
} TpKey;

typedef struct TpKeyring TpKeyring;

/* NULL: `problem` says what is wrong with the file, without a word of its content. */
extern TpKeyring *tp_keyring_open(const char *path, TpBuffer *problem);

/* The same from a text. */
extern TpKeyring *tp_keyring_parse(TpSlice text, TpBuffer *problem);

extern void tp_keyring_close(TpKeyring *keyring); /* NULL is fine */

/* The one that seals. */
extern const TpKey *tp_keyring_first(const TpKeyring *keyring);

/* NULL: there is none of that id. */
extern const TpKey *tp_keyring_find(const TpKeyring *keyring, TpSlice id);

#endif
