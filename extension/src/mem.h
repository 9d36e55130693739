/*
 * mem.h
 *	  The memory that the pure parts use.  The extension provides it from a
 *	  long-lived memory context (mem_pg.c; failure raises, the matcher exits and
 *	  rebuilds), the stand-alone library from malloc (mem_libc.c; failure aborts).
 *	  So none of the three returns NULL, and no caller checks.
 */
#ifndef TRADEPOST_MEM_H
#define TRADEPOST_MEM_H

#include <stddef.h>

extern void *tradepost_mem_alloc(size_t size);            /* zeroed */
extern void *tradepost_mem_realloc(void *p, size_t size); /* p may be NULL; new part not zeroed */
extern void tradepost_mem_free(void *p);                  /* p may be NULL */

#endif
