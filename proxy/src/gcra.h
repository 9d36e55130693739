/*
 * gcra.h
 *	  The generic cell rate algorithm: a rate limit whose whole state is one time.
 *
 * `count` requests in `window`: a request moves the theoretical arrival time by
 * window/count; it is refused when that time would be more than a window ahead. All
 * may come at once; then one in each window/count. Pure: time is given.
 * Source: ITU-T I.371, annex A, the virtual scheduling form.
 */
#ifndef TRADEPOST_PROXY_GCRA_H
#define TRADEPOST_PROXY_GCRA_H

#include <stdbool.h>
#include <stdint.h>

typedef struct TpGcra
{
	bool allowed;
	int64_t tat;      /* the state to keep, if allowed; us */
	int remaining;    /* requests that could come now */
	int64_t reset_us; /* until everything is free again */
	int64_t retry_us; /* until the next is allowed; 0 if allowed */
} TpGcra;

/* Times in microseconds; count > 0, window_us >= count. */
extern TpGcra tp_gcra(int64_t tat, int64_t now, int count, int64_t window_us);

#endif
