/*
 * system_metrics.h
 *	  GET system/metrics.
 */
#ifndef TRADEPOST_PROXY_SYSTEM_METRICS_H
#define TRADEPOST_PROXY_SYSTEM_METRICS_H

#include "call.h"

/* Handler: the database's figures, if the caller may have them, and this proxy's. */
extern void tp_system_metrics_get(TpCall *call);

#endif
