/*
 * mem_libc.c
 *	  mem.h on malloc, for the stand-alone library, the tests and the fuzzers.
 *	  Not part of the extension.  Nothing sensible can be done without memory in
 *	  the middle of a command, so failure aborts, as mem.h promises.
 */
#include <stdlib.h>
#include "mem.h"

void *
tradepost_mem_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		abort();
	return p;
}

void *
tradepost_mem_realloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (p == NULL)
		abort();
	return p;
}

void
tradepost_mem_free(void *p)
{
	free(p);
}
