/*
 * log.h
 *	  Structured log lines: one JSON object a line, on stderr.
 *
 * Never given a password, token, key or body. Names of fields are the code's own;
 * values are escaped.
 */
#ifndef TRADEPOST_PROXY_LOG_H
#define TRADEPOST_PROXY_LOG_H

#include <stdbool.h>
#include <stdint.h>

typedef enum TpLogLevel
{
	TP_LOG_DEBUG,
	TP_LOG_INFO,
	TP_LOG_WARN,
	TP_LOG_ERROR
} TpLogLevel;

/* worker -1: the supervisor. */
extern void tp_log_open(TpLogLevel lowest, int worker);

extern bool tp_log_wanted(TpLogLevel level);

/*
 * Pairs of name and value after the message, ended by NULL. A name that begins with
 * '#' takes an int64_t value, written as a number; the others take const char *
 * (NULL: null).
 *	tp_log(TP_LOG_WARN, "database is gone", "sqlstate", state, "#wait_ms", (int64_t) 500, NULL);
 */
extern void tp_log(TpLogLevel level, const char *message, ...) __attribute__((sentinel));

/*
 * Lines are kept until the loop would sleep, which then calls tp_log_flush(); warnings and errors do not wait. Without
 * tp_log_defer(true) none waits.
 */
extern void tp_log_defer(bool defer);
extern void tp_log_flush(void);

#endif
