/*
 * clock.h
 *	  The two clocks.
 */
#ifndef TRADEPOST_PROXY_CLOCK_H
#define TRADEPOST_PROXY_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds since 1970: what tokens, limits of several machines and logs go by. */
static inline int64_t
tp_wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#endif
