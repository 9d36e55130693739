/*
 * utf8.h
 *	  Is it UTF-8.
 */
#ifndef TRADEPOST_PROXY_UTF8_H
#define TRADEPOST_PROXY_UTF8_H

#include "slice.h"

/* Bytes of the character at the start of data, 1 to 4; 0: it is none (overlong, a surrogate, too large, cut off). */
extern size_t tp_utf8_width(const char *data, size_t length);

/* All of it, and no NUL in it: what PostgreSQL takes as text. */
extern bool tp_utf8_text(TpSlice text);

#endif
