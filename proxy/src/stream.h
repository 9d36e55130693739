/*
 * stream.h
 *	  The exchange's events, in order, each once, as long as the worker lives.
 *
 * Woken by the doorbell (LISTEN), and by itself a few times a second; reads pages of
 * events after the last seq and hands each event to those who asked: decisions.c,
 * hub.c, books.c, cache.c, publisher.c. Starts at the newest seq that there is.
 */
#ifndef TRADEPOST_PROXY_STREAM_H
#define TRADEPOST_PROXY_STREAM_H

#include "event.h"
#include "pg.h"

typedef struct TpStream TpStream;

/* event NULL: the end of a page, after which everything up to stream's seq is known. */
typedef void (*TpStreamEvent)(void *context, const TpEvent *event, const TpInstrumentInfo *instrument);

extern TpStream *tp_stream_open(struct TpEdge *edge);
extern void tp_stream_close(TpStream *stream);
extern void tp_stream_subscribe(TpStream *stream, TpStreamEvent on_event, void *context);

/* Look now: something was just committed. */
extern void tp_stream_poke(TpStream *stream);

/* The last seq handed out; 0 before the first page. */
extern int64_t tp_stream_seq(const TpStream *stream);

/* Microseconds between the newest event's time and its being read: the lag that /metrics shows. */
extern int64_t tp_stream_lag_us(const TpStream *stream);

/* Reads a row of events_page() or events_catchup() into event; slices point into result. */
extern void tp_event_read(const PGresult *result, int row, TpEvent *event);

extern const TpInstrumentInfo *tp_stream_instrument(const TpStream *stream, int id);
extern const TpInstrumentInfo *tp_stream_instrument_by_symbol(const TpStream *stream, TpSlice symbol);
/* Every instrument of an asset, or all if asset is NULL, in order of id. */
extern void tp_stream_each_instrument(const TpStream *stream, const char *asset,
									  void (*each)(void *context, const TpInstrumentInfo *instrument), void *context);

#endif
