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

/* What tp_event_read() reads, in its order. */
#define TP_EVENT_COLUMNS                                                                                             \
	"seq, time_us, kind, command_id, order_id, maker_order_id, account, counter_account, instrument, side, reason, " \
	"asset, "                                                                                                        \
	"decision, quantity, price, commission, counter_commission, o_side, o_type, o_tif, o_status, o_quantity, "       \
	"o_price, "                                                                                                      \
	"o_filled, o_avg, o_commission, o_client_order_id, o_expires_us, o_created_us, o_post_only, o_stp, o_reason, "   \
	"m_side, m_type, m_tif, m_status, m_quantity, m_price, m_filled, m_avg, m_commission, m_client_order_id, "       \
	"m_expires_us, m_created_us, m_post_only, m_stp, m_reason, "                                                     \
	"o_stop_price, o_link, o_parent, m_stop_price, m_link, m_parent, "                                               \
	"CASE WHEN instrument IS NULL AND account IS NOT NULL THEN tradepost_edge.account_tenant(account) END"

typedef struct TpStream TpStream;
struct TpEdge;

/* event NULL: the end of a page, after which everything up to stream's seq is known. */
typedef void (*TpStreamEvent)(void *context, const TpEvent *event, const TpInstrumentInfo *instrument);

extern TpStream *tp_stream_open(struct TpEdge *edge);
extern void tp_stream_close(TpStream *stream);
extern void tp_stream_subscribe(TpStream *stream, TpStreamEvent on_event, void *context);

/* Look now: something was just committed. */
extern void tp_stream_poke(TpStream *stream);

/* Whether the page that is being handed out, or was last, ended in the middle of what there is. */
extern bool tp_stream_goes_on(const TpStream *stream);

/* Whether it follows the events now. */
extern bool tp_stream_live(const TpStream *stream);

/* Which database these events are of: a seq means something in it alone. "" before the first connection. */
extern const char *tp_stream_database(const TpStream *stream);

/* The last seq handed out; 0 before the first page. */
extern int64_t tp_stream_seq(const TpStream *stream);

/* Microseconds between the newest event's time and its being read: the lag that /metrics shows. */
extern int64_t tp_stream_lag_us(const TpStream *stream);

/* Reads a row of SELECT TP_EVENT_COLUMNS FROM tradepost_edge.events_page() or events_catchup(); slices point into result. */
extern void tp_event_read(const PGresult *result, int row, TpEvent *event);

extern const TpInstrumentInfo *tp_stream_instrument(const TpStream *stream, int id);
extern const TpInstrumentInfo *tp_stream_instrument_by_symbol(const TpStream *stream, int64_t tenant, TpSlice symbol);
/* Every instrument of the tenant's asset, or all if asset's data is NULL, in order of id. */
extern void tp_stream_each_instrument(const TpStream *stream, int64_t tenant, TpSlice asset,
									  void (*each)(void *context, const TpInstrumentInfo *instrument), void *context);

#endif
