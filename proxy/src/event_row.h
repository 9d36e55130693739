/*
 * event_row.h
 *	  A row of events as libpq has it; tp_event_read() is in stream.h.
 */
#ifndef TRADEPOST_PROXY_EVENT_ROW_H
#define TRADEPOST_PROXY_EVENT_ROW_H

#include <libpq-fe.h>

/* The number of the row's instrument, or 0. */
extern int tp_event_row_instrument(const PGresult *result, int row);

#endif
