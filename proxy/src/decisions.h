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
 * The deciding event; its order's state already counts the trades of its command. NULL when the time was up. May come
 * before tp_decisions_wait() returns.
 */
typedef void (*TpDecided)(void *context, const TpEvent *event, const TpInstrumentInfo *instrument);

extern TpDecisions *tp_decisions_open(struct TpEdge *edge);
extern void tp_decisions_close(TpDecisions *decisions); /* answers all with NULL */

/*
 * Around a call that makes commands: a decision that is read between these two, before its wait began, is kept and
 * found (of the last 65536).
 */
extern unsigned tp_decisions_expect(TpDecisions *decisions); /* for: */
extern void tp_decisions_expected(TpDecisions *decisions, unsigned expectation);

/* The same around a call that asks for a command of an earlier call, which may be waited for already. */
extern unsigned tp_decisions_look_up(TpDecisions *decisions);
extern void tp_decisions_looked_up(TpDecisions *decisions, unsigned expectation);

extern void
tp_decisions_wait(TpDecisions *decisions, int64_t command, unsigned timeout_ms, TpDecided done, void *context);

#endif
