/*
 * shared.c
 *	  Memory that all workers of this proxy share.
 *
 * Made by the supervisor, once.
 */
#include <sys/mman.h>

#include <string.h>

#include "clock.h"
#include "shared.h"

#define SOCKET_SETS 2048
#define SOCKET_SLOTS ((size_t) SOCKET_SETS * TP_TALLY_WAYS)

TpShared *
tp_shared_create(int workers)
{
	size_t own = (sizeof(TpShared) + 4095) & ~(size_t) 4095;
	size_t limits = (tp_limits_shared_size() + 63) & ~(size_t) 63;
	size_t size = own + limits + (size_t) workers * SOCKET_SLOTS * sizeof(TpTallySlot);
	TpShared *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return NULL;
	shared->workers = workers;
	shared->started_us = tp_wall_us();
	shared->limits = (TpLimitsShared *) ((char *) shared + own);
	tp_limits_shared_init(shared->limits);
	shared->sockets = (TpTallySlot *) ((char *) shared + own + limits);
	return shared;
}

TpTally
tp_shared_sockets(const TpShared *shared, int worker)
{
	return (TpTally){ SOCKET_SETS, shared->sockets + (size_t) worker * SOCKET_SLOTS };
}

void
tp_shared_forget_sockets(const TpShared *shared, int worker)
{
	memset((void *) (shared->sockets + (size_t) worker * SOCKET_SLOTS), 0, SOCKET_SLOTS * sizeof(TpTallySlot));
}
