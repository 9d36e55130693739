/*
 * seal.h
 *	  Sealing a secret for the database, and opening it again.
 *
 * Each secret has a data key of its own, which is wrapped by a key of the keyring; both
 * are XChaCha20-Poly1305, with the record's identity as associated data, so that what is
 * moved to another record does not open there.
 *
 *		1 | length of id | id | nonce 24 | wrapped data key 32 + 16 | nonce 24 | secret n + 16
 */
#ifndef TRADEPOST_PROXY_SEAL_H
#define TRADEPOST_PROXY_SEAL_H

#include "keyring.h"

typedef enum TpUnseal
{
	TP_UNSEAL_FINE,
	TP_UNSEAL_OLD,    /* fine, but sealed under a key that is not the first: seal it again */
	TP_UNSEAL_KEY,    /* its key is not on the ring */
	TP_UNSEAL_BROKEN, /* changed, another record's, or not sealed at all */
} TpUnseal;

/* Who it is sealed for: a kind of record and what tells one from another, parts ended by NULL. */
extern void tp_seal_identity(TpBuffer *identity, const char *kind, const char *const *parts);

/* Onto the end of out, as PostgreSQL reads bytea: \x and hexadecimal; terminated. */
extern void tp_seal(const TpKeyring *keyring, TpSlice identity, TpSlice secret, TpBuffer *out);

/* sealed: as it was made. plain gets the secret; wipe it by tp_seal_wipe(). */
extern TpUnseal tp_unseal(const TpKeyring *keyring, TpSlice identity, TpSlice sealed, TpBuffer *plain);

/* The same from hexadecimal digits, as encode(..., 'hex') makes them. */
extern TpUnseal tp_unseal_hex(const TpKeyring *keyring, TpSlice identity, TpSlice hex, TpBuffer *plain);

/* Frees a buffer that held a secret. */
extern void tp_seal_wipe(TpBuffer *buffer);

#endif
