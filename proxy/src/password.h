/*
 * password.h
 *	  Passwords: their rule, and their argon2id hashes, made on the thread pool.
 */
#ifndef TRADEPOST_PROXY_PASSWORD_H
#define TRADEPOST_PROXY_PASSWORD_H

#include <stdbool.h>

#include "slice.h"

struct TpEdge;

#define TP_PASSWORD_MAX 256

/* NULL if the password may be taken, else what it lacks, as the end of "password must ...". */
extern const char *tp_password_fault(TpSlice password);

/* hash NULL: too many are waiting. */
typedef void (*TpPasswordHashed)(void *context, const char *hash);
extern void tp_password_hash(struct TpEdge *edge, TpSlice password, TpPasswordHashed done, void *context);

/*
 * hash NULL: takes as long as with one, and does not match. busy: too many are waiting, nothing was compared.
 */
typedef void (*TpPasswordVerified)(void *context, bool matches, bool busy);
extern void
tp_password_verify(struct TpEdge *edge, TpSlice password, const char *hash, TpPasswordVerified done, void *context);

#endif
