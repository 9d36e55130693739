/*
 * gzip.h
 *	  Compresses answers.
 */
#ifndef TRADEPOST_PROXY_GZIP_H
#define TRADEPOST_PROXY_GZIP_H

#include "buffer.h"

/* A gzip member of text onto the end of out; false if that would not be shorter. The loop's thread alone. */
extern bool tp_gzip(TpSlice text, TpBuffer *out);

/* Gives its memory back. */
extern void tp_gzip_close(void);

#endif
