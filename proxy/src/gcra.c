/*
 * gcra.c
 *	  The arithmetic of a rate limit; see gcra.h.
 */
#include "gcra.h"

TpGcra
tp_gcra(int64_t tat, int64_t now, int count, int64_t window_us)
{
	int64_t interval = window_us / count;
	/* As many intervals as there are requests: a window that `count` does not divide keeps its count. */
	int64_t burst = interval * count;
	int64_t next;
	TpGcra result = { 0 };

	if (tat < now)
		tat = now;
	/* A clock that was set back must not shut anybody out for longer than a window. */
	if (tat > now + burst)
		tat = now + burst;
	next = tat + interval;
	if (next - now > burst)
	{
		result.tat = tat;
		result.retry_us = next - now - burst;
		result.reset_us = tat - now;
		return result;
	}
	result.allowed = true;
	result.tat = next;
	result.remaining = (int) ((burst - (next - now)) / interval);
	result.reset_us = next - now;
	return result;
}
