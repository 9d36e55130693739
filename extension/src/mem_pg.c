/*
 * mem_pg.c
 *	  The pure parts' memory inside the matcher: one long-lived context, whose
 *	  failure raises, so that the matcher ends and rebuilds.
 */
#include "postgres.h"

#include "mem.h"
#include "utils/memutils.h"

static MemoryContext
engine_context(void)
{
	static MemoryContext context = NULL;

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "tradepost engine", ALLOCSET_DEFAULT_SIZES);
	return context;
}

void *
tradepost_mem_alloc(size_t size)
{
	return MemoryContextAllocExtended(engine_context(), size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

void *
tradepost_mem_realloc(void *p, size_t size)
{
	if (p == NULL)
		return MemoryContextAllocExtended(engine_context(), size, MCXT_ALLOC_HUGE);
	return repalloc_huge(p, size);
}

void
tradepost_mem_free(void *p)
{
	if (p != NULL)
		pfree(p);
}
