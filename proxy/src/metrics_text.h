/*
 * metrics_text.h
 *	  The numbers of all workers, as Prometheus reads them.
 */
#ifndef TRADEPOST_PROXY_METRICS_TEXT_H
#define TRADEPOST_PROXY_METRICS_TEXT_H

#include "buffer.h"
#include "shared.h"

/* engine: the database's engine_json(), or NULL if it does not answer. */
extern void tp_metrics_text(const TpShared *shared, const char *engine, TpBuffer *out);

/* Upper bound of a histogram's bucket. */
extern uint64_t tp_histogram_bound_us(int bucket);

#endif
