/*
 * cors.h
 *	  Which web pages may call.  Pure.
 */
#ifndef TRADEPOST_PROXY_CORS_H
#define TRADEPOST_PROXY_CORS_H

#include "buffer.h"

/* allowed: FRONTEND_URL, origins separated by commas, or *. Scheme and host are compared in any case. */
extern bool tp_cors_allows(const char *allowed, TpSlice origin);

/* The header lines that an answer to this origin needs; nothing for others. */
extern void tp_cors_headers(const char *allowed, TpSlice origin, TpBuffer *headers);

/* The further ones of the answer to a preflight. methods: "GET, POST". */
extern void tp_cors_preflight(const char *methods, TpBuffer *headers);

#endif
