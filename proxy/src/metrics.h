/*
 * metrics.h
 *	  What is counted, and how: in memory that all workers share, so that any of them
 *	  answers /metrics for all.
 *
 * To count something more: a line in TP_METRICS, and tp_count() or tp_gauge() where it
 * happens. Each worker writes only its own numbers; they are added up when they are read.
 */
#ifndef TRADEPOST_PROXY_METRICS_H
#define TRADEPOST_PROXY_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "route.h"
#include "status.h"

/*
 * COUNTER only grows; COMMON too, and every worker counts the same things; GAUGE is now, added up; HIGHEST is now, the
 * largest of all workers'. unit us: kept in microseconds,
 * shown in seconds.
 */
#define TP_METRICS(X)                                                                                               \
	X(CONNECTIONS, GAUGE, "tradepost_proxy_connections", "", "Connections that are open, WebSockets apart.")        \
	X(CONNECTIONS_TOTAL, COUNTER, "tradepost_proxy_connections_total", "", "Connections taken.")                    \
	X(CONNECTIONS_REFUSED, COUNTER, "tradepost_proxy_connections_refused_total", "",                                \
	  "Connections closed because of CONNECTION_LIMIT.")                                                            \
	X(CONNECTIONS_TIMED_OUT, COUNTER, "tradepost_proxy_connections_timed_out_total", "",                            \
	  "Connections closed in the middle of a request or an answer.")                                                \
	X(TLS_FAILED, COUNTER, "tradepost_proxy_tls_failures_total", "", "TLS handshakes that failed.")                 \
	X(SOCKETS, GAUGE, "tradepost_proxy_websockets", "", "WebSockets that are open.")                                \
	X(SOCKETS_TOTAL, COUNTER, "tradepost_proxy_websockets_total", "", "WebSockets opened.")                         \
	X(SOCKETS_CULLED, COUNTER, "tradepost_proxy_websockets_culled_total", "",                                       \
	  "WebSockets closed because they were slower than their events.")                                              \
	X(SOCKET_MESSAGES_IN, COUNTER, "tradepost_proxy_websocket_messages_received_total", "",                         \
	  "Messages received over WebSockets.")                                                                         \
	X(SOCKET_MESSAGES_OUT, COUNTER, "tradepost_proxy_websocket_messages_sent_total", "",                            \
	  "Messages sent over WebSockets.")                                                                             \
	X(SOCKET_BYTES_OUT, COUNTER, "tradepost_proxy_websocket_sent_bytes_total", "",                                  \
	  "Bytes of messages sent over WebSockets, with their frames.")                                                 \
	X(POOL_CONNECTIONS, GAUGE, "tradepost_proxy_database_pool_connections", "", "Connections of the pools.")        \
	X(POOL_CONNECTED, GAUGE, "tradepost_proxy_database_pool_connected", "", "Of these, connected ones.")            \
	X(POOL_WAITING, GAUGE, "tradepost_proxy_database_pool_waiting", "", "Calls that wait for their turn.")          \
	X(POOL_IN_FLIGHT, GAUGE, "tradepost_proxy_database_pool_in_flight", "", "Calls that wait for their answer.")    \
	X(POOL_CALLS, COUNTER, "tradepost_proxy_database_calls_total", "", "Calls of the database.")                    \
	X(POOL_FAILURES, COUNTER, "tradepost_proxy_database_failures_total", "",                                        \
	  "Calls that failed because the database was gone, read-only or slow.")                                        \
	X(POOL_RECONNECTS, COUNTER, "tradepost_proxy_database_reconnects_total", "", "Connections made anew.")          \
	X(EVENTS, COMMON, "tradepost_proxy_events_total", "", "Events read from the exchange.")                         \
	X(EVENTS_SEQ, HIGHEST, "tradepost_proxy_events_seq", "", "The last event read.")                                \
	X(EVENTS_LAG_US, HIGHEST, "tradepost_proxy_newest_event_lag_seconds", "us",                                     \
	  "From an event to its being read, of the newest one.")                                                        \
	X(CACHE_HITS, COUNTER, "tradepost_proxy_cache_hits_total", "", "Reads answered from memory or Redis.")          \
	X(CACHE_REDIS_HITS, COUNTER, "tradepost_proxy_cache_redis_hits_total", "", "Of these, those that Redis had.")   \
	X(CACHE_MISSES, COUNTER, "tradepost_proxy_cache_misses_total", "", "Reads that had to ask the database.")       \
	X(CACHE_BYTES, GAUGE, "tradepost_proxy_cache_bytes", "", "Memory of the workers' caches.")                      \
	X(BOOK_READS, COUNTER, "tradepost_proxy_book_reads_total", "", "Order books answered from memory.")             \
	X(ORDERS_PLACED, COUNTER, "tradepost_proxy_orders_total", "", "Orders taken from clients of this proxy.")       \
	X(TRADES, COMMON, "tradepost_proxy_trades_total", "", "Trades read from the exchange.")                         \
	X(ORDERS_REFUSED, COUNTER, "tradepost_proxy_orders_refused_total", "", "Orders that failed their checks.")      \
	X(ORDER_BATCHES, COUNTER, "tradepost_proxy_order_batches_total", "",                                            \
	  "Calls in which orders went to the database.")                                                                \
	X(ORDERS_TIMED_OUT, COUNTER, "tradepost_proxy_orders_undecided_total", "",                                      \
	  "Orders whose decision did not come in time for the answer.")                                                 \
	X(RATE_LIMITED, COUNTER, "tradepost_proxy_rate_limited_total", "", "Requests refused because of a rate limit.") \
	X(BLOCKS, COUNTER, "tradepost_proxy_addresses_blocked_total", "", "Addresses blocked.")                         \
	X(LOGINS_FAILED, COUNTER, "tradepost_proxy_logins_failed_total", "", "Logins with a wrong password or e-mail.") \
	X(PUSHES, COMMON, "tradepost_proxy_pushes_total", "", "Signals, notifications and the like read.")              \
	X(PUSHES_NUMBER, HIGHEST, "tradepost_proxy_pushes_number", "", "The last push read.")                           \
	X(KEY_LOOKUPS, COUNTER, "tradepost_proxy_api_key_lookups_total", "", "API keys asked of the database.")         \
	X(REDIS_COMMANDS, COUNTER, "tradepost_proxy_redis_commands_total", "", "Commands sent to Redis.")               \
	X(REDIS_FAILURES, COUNTER, "tradepost_proxy_redis_failures_total", "", "Commands that Redis did not answer.")   \
	X(REDIS_RECONNECTS, COUNTER, "tradepost_proxy_redis_reconnects_total", "", "Connections to Redis made anew.")   \
	X(PUBLISHED, COUNTER, "tradepost_proxy_events_published_total", "", "Messages published through Redis.")        \
	X(WHATSAPP_QUEUED, HIGHEST, "tradepost_proxy_whatsapp_queued", "", "Messages to phones that wait.")             \
	X(WHATSAPP_SENDING, HIGHEST, "tradepost_proxy_whatsapp_sending", "",                                            \
	  "Messages to phones under way, or whose sending is not known.")                                               \
	X(WHATSAPP_OLDEST_S, HIGHEST, "tradepost_proxy_whatsapp_oldest_seconds", "", "Age of the oldest of both.")      \
	X(WHATSAPP_PAUSED, HIGHEST, "tradepost_proxy_whatsapp_paused", "", "1 while all messages to phones wait.")      \
	X(WHATSAPP_SENT, COUNTER, "tradepost_proxy_whatsapp_sent_total", "", "Messages that Twilio has taken.")         \
	X(WHATSAPP_REFUSED, COUNTER, "tradepost_proxy_whatsapp_refused_total", "",                                      \
	  "Requests to send one that Twilio refused.")                                                                  \
	X(WHATSAPP_UNKNOWN, COUNTER, "tradepost_proxy_whatsapp_unknown_total", "",                                      \
	  "Requests to send one whose outcome had to be looked up.")                                                    \
	X(WHATSAPP_FAILED, COUNTER, "tradepost_proxy_whatsapp_failed_total", "",                                        \
	  "Messages given up by this proxy's sender.")                                                                  \
	X(WHATSAPP_STATUSES, COUNTER, "tradepost_proxy_whatsapp_statuses_total", "", "Status callbacks taken.")         \
	X(LOOP_DELAY_US, HIGHEST, "tradepost_proxy_loop_delay_seconds", "us",                                           \
	  "How late a worker's timer was: how long its loop was busy.")                                                 \
	X(CPU_US, COUNTER, "tradepost_proxy_worker_cpu_seconds_total", "us", "CPU time of the workers.")                \
	X(RESIDENT_BYTES, GAUGE, "tradepost_proxy_worker_resident_bytes", "", "Memory of the workers.")

typedef enum TpMetric
{
#define X(name, kind, text, unit, help) TP_M_##name,
	TP_METRICS(X)
#undef X
	TP_METRIC_COUNT
} TpMetric;

/* Times, in nanoseconds. */
typedef enum TpHistogramId
{
	TP_T_DATABASE,  /* a call of the database, from its being asked for to its answer */
	TP_T_DECISION,  /* an order's decision, from the request */
	TP_T_EVENT_LAG, /* an event, from its time to its being handed out */
	TP_HISTOGRAM_COUNT
} TpHistogramId;

#define TP_BUCKETS 14 /* the last: all */
#define TP_ROUTES_MOST 96

typedef struct TpHistogram
{
	_Atomic uint64_t buckets[TP_BUCKETS];
	_Atomic uint64_t sum_ns;
} TpHistogram;

/* One worker's numbers. */
typedef struct TpNumbers
{
	_Atomic int64_t metrics[TP_METRIC_COUNT];
	TpHistogram times[TP_HISTOGRAM_COUNT];
	_Atomic uint64_t statuses[TP_ROUTES_MOST][TP_STATUS_COUNT]; /* 0: no route */
	TpHistogram latencies[TP_ROUTES_MOST];
} TpNumbers;

/* Where this process counts; before tp_metrics_open() it counts for nobody. */
extern TpNumbers *tp_numbers;

/* Only this process writes there, so no locked instruction is needed. */
static inline void
tp_count(TpMetric metric, int64_t more)
{
	_Atomic int64_t *at = &tp_numbers->metrics[metric];

	atomic_store_explicit(at, atomic_load_explicit(at, memory_order_relaxed) + more, memory_order_relaxed);
}

/* Also for counters that somebody keeps himself. */
static inline void
tp_gauge(TpMetric metric, int64_t value)
{
	atomic_store_explicit(&tp_numbers->metrics[metric], value, memory_order_relaxed);
}

extern void tp_time(TpHistogramId id, uint64_t ns);
extern void tp_metrics_request(const TpRoute *route, int status, uint64_t ns);

/* Counts from now on into the worker's part; what a dead predecessor had open is not open any more. */
extern void tp_metrics_open(struct TpEdge *edge);
extern void tp_metrics_close(struct TpEdge *edge);

/* GET /metrics */
extern void tp_metrics_get(TpCall *call);

#endif
