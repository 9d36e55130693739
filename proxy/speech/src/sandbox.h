/*
 * sandbox.h
 *	  What this process gives up before it looks at a stranger's bytes.
 */
#ifndef TRADEPOST_SPEECH_SANDBOX_H
#define TRADEPOST_SPEECH_SANDBOX_H

#include <stdbool.h>

/* Words why not, or NULL. network: it has to open connections later. */
extern const char *tp_sandbox_enter(bool network);

/* Ends with the process that started it. False: that has ended already. */
extern bool tp_sandbox_tie(void);

#endif
