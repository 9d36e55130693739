/*
 * decisions.h
 *	  Waiting for the engine's decision about commands.
 */
#ifndef TRADEPOST_PROXY_DECISIONS_H
#define TRADEPOST_PROXY_DECISIONS_H

#include "event.h"

typedef struct TpDecisions TpDecisions;
struct TpEdge;

/*
 * The deciding event, at the end of its command (so that its order's state counts its
 * trades); NULL when the time was up. A decision that came before the wait is found too,
 * if it is one of the last 65536.
 */
typedef void (*TpDecided)(void *context, const TpEvent *event, const TpInstrumentInfo *instrument);

extern TpDecisions *tp_decisions_open(struct TpEdge *edge);
extern void tp_decisions_close(TpDecisions *decisions); /* answers all with NULL */
extern void tp_decisions_wait(TpDecisions *decisions, int64_t command, unsigned timeout_ms, TpDecided done, void *context);

#endif
