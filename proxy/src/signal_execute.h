/*
 * signal_execute.h
 *	  POST trading/signals/execute.
 */
#ifndef TRADEPOST_PROXY_SIGNAL_EXECUTE_H
#define TRADEPOST_PROXY_SIGNAL_EXECUTE_H

#include "call.h"

/* Handler: answers with the execution as it is when its entry has been decided; 202 if that takes too long. */
extern void tp_signal_execute(TpCall *call);

#endif
