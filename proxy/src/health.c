/*
 * health.c
 *	  GET /health: can requests be answered.  GET /health/detailed: and how are the parts.
 *
 * Called by route.c.  Nothing here names hosts, users or files: both are open.
 */
#include <stdlib.h>

#include "clock.h"
#include "edge.h"
#include "health.h"
#include "json_view.h"
#include "pg.h"
#include "redis.h"
#include "settings.h"
#include "shared.h"
#include "version.h"

static void
add_head(TpCall *call, const char *status, TpBuffer *out)
{
	int64_t now = tp_wall_us();

	tp_buffer_format(out, "{\"status\":\"%s\",\"version\":\"%s\",\"time\":", status, TP_PROXY_VERSION);
	tp_buffer_json_time(out, now);
	tp_buffer_text(out, ",\"uptime\":");
	tp_buffer_integer(out, (now - call->edge->shared->started_us) / 1000000);
}

void
tp_health_get(TpCall *call)
{
	bool up = tp_pg_usable(call->edge->pg);
	bool draining = call->edge->draining;

	add_head(call, draining ? "stopping" : up ? "ok" : "down", &call->answer);
	tp_buffer_add(&call->answer, "}", 1);
	if (draining || !up)
		tp_call_header(call, "Retry-After", "1");
	tp_call_answer(call, draining || !up ? 503 : 200, "application/json");
}

static void
add_missing(TpBuffer *out, bool *first, const char *part, const char *why, const char *without)
{
	tp_buffer_format(out, "%s{\"part\":\"%s\",\"why\":\"%s\",\"without\":\"%s\"}", *first ? "" : ",", part, why,
					 without);
	*first = false;
}

void
tp_health_missing(const TpEdge *edge, TpBuffer *out)
{
	const TpSettings *settings = edge->settings;
	bool first = true;

	tp_buffer_add(out, "[", 1);
	if (*settings->redis_url == '\0')
		add_missing(out, &first, "redis", "REDIS_URL is not set",
					"limits, blocks and caches are this proxy's own, and events are not published");
	else if (edge->redis == NULL || !tp_redis_usable(edge->redis))
		add_missing(out, &first, "redis", "it does not answer", "limits and caches are this proxy's own for now");
	if (*settings->tls_certificate == '\0')
		add_missing(out, &first, "tls", "TLS_CERT is not set", "connections are not encrypted here");
	if (*settings->web_root == '\0')
		add_missing(out, &first, "web", "WEB_ROOT is not set and there are no files beside the program",
					"/ has no page");
	if (*settings->openapi_path == '\0')
		add_missing(out, &first, "openapi", "openapi.yaml is not beside the program", "/openapi.yaml is not served");
	if (*settings->twilio_account_sid == '\0')
		add_missing(out, &first, "whatsapp", "TWILIO_ACCOUNT_SID is not set", "nobody trades or hears by WhatsApp");
	else if (edge->shared->numbers[0].metrics[TP_M_WHATSAPP_PAUSED] != 0)
		add_missing(out, &first, "whatsapp", "Twilio cannot be reached, refuses, or wants a pause",
					"messages to phones wait");
	if (settings->secrets_made)
		add_missing(out, &first, "secrets", "JWT_SECRET is not set", "tokens end with this process");
	if (*settings->twilio_account_sid != '\0' && strcmp(settings->speech_provider, "none") == 0)
		add_missing(out, &first, "voice", "SPEECH_PROVIDER is none", "voice notes are answered by asking for text");
	else if (*settings->twilio_account_sid != '\0' && !edge->shared->voice_ready)
		add_missing(out, &first, "voice", "tradepost-speech is not ready", "voice notes wait");
	tp_buffer_add(out, "]", 1);
}

static void
add_workers(const TpShared *shared, TpBuffer *out)
{
	int ready = 0;

	for (int i = 0; i < shared->workers; i++)
		ready += shared->ready[i] != 0;
	tp_buffer_format(out, ",\"workers\":{\"configured\":%d,\"ready\":%d,\"restarts\":%lld}", shared->workers, ready,
					 (long long) shared->restarts);
}

static void
add_database(const TpPg *pg, bool up, TpBuffer *out)
{
	TpPgStats stats;

	tp_pg_stats(pg, &stats);
	tp_buffer_format(out,
					 ",\"database\":{\"status\":\"%s\",\"pool\":{\"connections\":%d,\"connected\":%d,\"waiting\":%d,"
					 "\"inFlight\":%d},\"reconnects\":%llu}",
					 up ? "up" : "down", stats.connections, stats.connected, stats.waiting, stats.in_flight,
					 (unsigned long long) stats.reconnects);
}

static const char *
redis_state(const TpEdge *edge)
{
	if (*edge->settings->redis_url == '\0')
		return "off";
	return edge->redis != NULL && tp_redis_usable(edge->redis) ? "up" : "down";
}

/* The engine has stood still for so long that nobody waits for it any more. */
#define STALLED_S 5

static bool
decides(TpSlice engine)
{
	TpSlice value;

	if (tp_json_find(engine, "state", &value) && !tp_slice_is(value, "\"running\""))
		return false;
	/* The value is followed by a comma or a brace. */
	return !tp_json_find(engine, "undecidedAge", &value) || strtod(value.data, NULL) < STALLED_S;
}

static void
on_engine(void *context, const PGresult *result, const TpPgError *error)
{
	TpCall *call = context;
	TpEdge *edge = call->edge;
	TpBuffer *out = &call->answer;
	bool up = error == NULL && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0);
	const char *redis = redis_state(edge);
	bool decided = up && decides(tp_slice(PQgetvalue(result, 0, 0)));
	const char *status = !up ? "down" : !decided ? "stalled" : strcmp(redis, "down") == 0 ? "degraded" : "ok";

	add_head(call, edge->draining ? "stopping" : status, out);
	add_workers(edge->shared, out);
	add_database(edge->pg, up, out);
	tp_buffer_format(out, ",\"redis\":{\"status\":\"%s\"},\"engine\":", redis);
	tp_buffer_text(out, up ? PQgetvalue(result, 0, 0) : "null");
	tp_buffer_text(out, ",\"missing\":");
	tp_health_missing(edge, out);
	tp_buffer_add(out, "}", 1);
	tp_call_answer(call, decided && !edge->draining ? 200 : 503, "application/json");
}

const TpStatement tp_engine_statement = { "SELECT tradepost_edge.engine_json()", 0, true };

void
tp_health_detailed_get(TpCall *call)
{
	tp_pg_call(call->edge->pg, &tp_engine_statement, NULL, on_engine, call);
}
