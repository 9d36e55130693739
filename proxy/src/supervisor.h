/*
 * supervisor.h
 *	  The process that starts the workers and starts them again.
 */
#ifndef TRADEPOST_PROXY_SUPERVISOR_H
#define TRADEPOST_PROXY_SUPERVISOR_H

struct TpSettings;

/* Until SIGTERM or SIGINT; the program's exit status. */
extern int tp_supervise(struct TpSettings *settings);

#endif
