/*
 * health.h
 *	  GET /health and GET /health/detailed.
 */
#ifndef TRADEPOST_PROXY_HEALTH_H
#define TRADEPOST_PROXY_HEALTH_H

#include "call.h"
#include "edge.h"
#include "pg.h"

extern void tp_health_get(TpCall *call);
extern void tp_health_detailed_get(TpCall *call);

/* What this proxy runs without: a JSON array. */
extern void tp_health_missing(const TpEdge *edge, TpBuffer *out);

/* The state of the engine as JSON. */
extern const TpStatement tp_engine_statement;

#endif
