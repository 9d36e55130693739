/*
 * shared.c
 *	  Memory that all workers of this proxy share.
 *
 * Called by the supervisor, once.
 */
#include <sys/mman.h>

#include "clock.h"
#include "shared.h"

TpShared *
tp_shared_create(int workers)
{
	size_t own = (sizeof(TpShared) + 4095) & ~(size_t) 4095;
	size_t size = own + tp_limits_shared_size();
	TpShared *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return NULL;
	shared->workers = workers;
	shared->started_us = tp_wall_us();
	shared->limits = (TpLimitsShared *) ((char *) shared + own);
	tp_limits_shared_init(shared->limits);
	return shared;
}
