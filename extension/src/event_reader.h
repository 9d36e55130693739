/*
 * event_reader.h
 *	  The stream of events, with what their orders now are, past the executor.
 *
 * A reader works under the active snapshot and fills the tuplestore of the function
 * that opened it.  What it shows is durable.
 */
#ifndef TRADEPOST_EVENT_READER_H
#define TRADEPOST_EVENT_READER_H

#include "fmgr.h"

typedef struct TpEventReader TpEventReader;

/* What a filter asks; 0 stands for none. */
typedef struct TpEventFacts
{
	int64 seq;
	int64 account;
	int64 counter_account;
	int32 instrument;
	int kind;
} TpEventFacts;

/* For a function that returns a set of rows with tradepost_edge.events_page()'s columns. */
extern TpEventReader *tradepost_events_open(FunctionCallInfo fcinfo);
extern void tradepost_events_close(TpEventReader *reader);

/* seq of the last event that there is after this one; the same one if there is none. */
extern int64 tradepost_events_newest(TpEventReader *reader, int64 after);

/* Read on after this event; then each next one, in order; false: there is no more. */
extern void tradepost_events_begin(TpEventReader *reader, int64 after);
extern bool tradepost_events_next(TpEventReader *reader, TpEventFacts *facts);

/* Put the event that was read last into the answer; `more` is its column of that name. */
extern void tradepost_events_put(TpEventReader *reader, bool more);

/* Put a row that is no event: kind 0, up to where was read. */
extern void tradepost_events_put_end(TpEventReader *reader, int64 seq, bool more);

#endif
