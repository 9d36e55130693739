/*
 * edge_cache.c
 *	  Reads through the cache; see edge_cache.h.
 *
 *		asked --kept, and not touched since--> answered
 *		  +--somebody asks the same right now--> waits for that answer, or, if it may
 *		  |                                      be older than the question, for the next
 *		  +--Redis has it--> answered, kept
 *		  +--database--> answered, kept, given to Redis
 *
 * Redis' keys hold the version, so that nothing there has to be deleted: an old
 * version's key is never asked for again, and expires.
 */
#include "edge_cache.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "cache_store.h"
#include "edge.h"
#include "metrics.h"
#include "pg.h"
#include "problem.h"
#include "query.h"
#include "redis.h"
#include "route.h"
#include "settings.h"
#include "stream.h"
#include "versions.h"

#define REDIS_TTL_S "60"

/* How the answers of a function become old. */
typedef struct Rule
{
	const char *function;
	uint64_t slack_ms; /* as long a touched one will do: it changes with every event, and costs much */
	uint64_t age_ms;   /* longer none will do: it changes with time, too */
	bool private;      /* everybody has his own */
} Rule;

static const Rule rules[] = { { "market", 250, 5000, false },
							  { "instruments", 0, 60000, false },
							  { "trades", 0, 60000, false },
							  { "candles", 0, 5000, false },
							  { "account_summary", 0, 10000, true } };

typedef struct Waiter Waiter;
struct Waiter
{
	Waiter *next;
	TpCall *call;
};

/* A question that is being asked, by the first of those who wait. */
typedef struct Flight Flight;
struct Flight
{
	Flight *next;
	TpCache *cache;
	const Rule *rule;
	TpSlice key;
	TpSlice arguments;
	bool private;
	int64_t version;
	uint64_t started_ms;
	Waiter *waiters;
	Waiter *later; /* they know of events that this answer may not have */
	char redis_key[64];
};

struct TpCache
{
	TpEdge *edge;
	TpCacheStore *store;
	TpVersions versions;
	Flight *flights;
	bool closing;
};

static void fly(Flight *flight);

static void
on_event(void *context, const TpEvent *event, const TpInstrumentInfo *instrument)
{
	TpCache *cache = context;

	(void) instrument;
	if (event != NULL)
		tp_versions_touch(&cache->versions, event);
}

static const Rule *
rule_of(const TpCall *call)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
	{
		if (strcmp(rules[i].function, call->route->function) == 0)
			return &rules[i];
	}
	return NULL;
}

/* The version of an instrument's trades; of all if the symbol is none. */
static int64_t
trades_version(const TpCache *cache, int64_t tenant, TpSlice symbol)
{
	const TpInstrumentInfo *instrument = tp_stream_instrument_by_symbol(cache->edge->stream, tenant, symbol);

	return instrument == NULL ? cache->versions.trade : tp_versions_trades(&cache->versions, instrument->id);
}

static int64_t
later_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
version_of(const TpCache *cache, const TpCall *call, bool private)
{
	const char *function = call->route->function;
	TpBuffer symbol = { 0 };
	int64_t version;

	if (strcmp(function, "market") == 0)
		return cache->versions.market;
	if (strcmp(function, "instruments") == 0)
		return cache->versions.definitions;
	if (strcmp(function, "candles") == 0)
		return trades_version(cache, call->tenant, call->parameter);
	if (private)
		return later_of(tp_versions_account(&cache->versions, call->caller.account), cache->versions.mark);
	if (!tp_query_find(call->query, "symbol", &symbol))
		return cache->versions.trade;
	version = trades_version(cache, call->tenant, (TpSlice){ symbol.data, symbol.length });
	tp_buffer_free(&symbol);
	return version;
}

static bool
still_good(const Rule *rule, int64_t version, uint64_t born_ms, int64_t wanted, uint64_t now)
{
	uint64_t age = now - born_ms;

	return version == wanted ? age < rule->age_ms : age < rule->slack_ms;
}

static void
answer_all(Waiter *waiters, TpSlice json)
{
	while (waiters != NULL)
	{
		Waiter *next = waiters->next;

		tp_call_answer_json(waiters->call, waiters->call->route->status, json);
		free(waiters);
		waiters = next;
	}
}

static void
free_when_done(TpCache *cache)
{
	if (!cache->closing || cache->flights != NULL)
		return;
	tp_cache_store_free(cache->store);
	tp_versions_free(&cache->versions);
	free(cache);
}

static void
add_waiter(Waiter **list, TpCall *call)
{
	Waiter *waiter = tp_alloc(sizeof(Waiter));

	waiter->call = call;
	waiter->next = *list;
	*list = waiter;
}

/* Those who wait for a newer answer go on with a flight of their own. */
static void
end_flight(Flight *flight)
{
	TpCache *cache = flight->cache;
	Flight **at = &cache->flights;

	if (flight->later != NULL)
	{
		flight->waiters = flight->later;
		flight->later = NULL;
		fly(flight);
		return;
	}
	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
	free((char *) flight->key.data);
	free((char *) flight->arguments.data);
	free(flight);
	free_when_done(cache);
}

static void
land(Flight *flight, TpSlice json)
{
	TpCache *cache = flight->cache;
	Waiter *waiters = flight->waiters;

	flight->waiters = NULL;
	tp_cache_store_put(cache->store, flight->key, flight->version, flight->started_ms, json);
	tp_gauge(TP_M_CACHE_BYTES, (int64_t) tp_cache_store_bytes(cache->store));
	answer_all(waiters, json);
	end_flight(flight);
}

static void
give_to_redis(Flight *flight, TpSlice json)
{
	const char *words[] = { "SET", flight->redis_key, json.data, "EX", REDIS_TTL_S };
	size_t lengths[] = { 3, strlen(flight->redis_key), json.length, 2, strlen(REDIS_TTL_S) };

	if (flight->redis_key[0] != '\0' && tp_redis_usable(flight->cache->edge->redis))
		tp_redis_command(flight->cache->edge->redis, NULL, NULL, 5, words, lengths);
}

static void
database_answered(void *context, const PGresult *result, const TpPgError *error)
{
	Flight *flight = context;
	TpSlice json;

	if (error != NULL)
	{
		Waiter *waiters = flight->waiters;

		flight->waiters = NULL;
		while (waiters != NULL)
		{
			Waiter *next = waiters->next;

			tp_problem_answer(waiters->call, error);
			free(waiters);
			waiters = next;
		}
		end_flight(flight);
		return;
	}
	json = (TpSlice){ PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0) };
	give_to_redis(flight, json);
	land(flight, json);
}

/* Made once for each rule: a statement's text is its identity. */
static const TpStatement *
statement_of(const Rule *rule)
{
	static TpStatement statements[sizeof(rules) / sizeof(rules[0])];
	TpStatement *statement = &statements[rule - rules];

	if (statement->sql == NULL)
	{
		TpBuffer sql = { 0 };

		tp_buffer_format(&sql, "SELECT tradepost_edge.%s($1::bigint, $2::bigint, $3::jsonb)", rule->function);
		tp_buffer_add(&sql, "", 1);
		*statement = (TpStatement){ .sql = sql.data, .parameters = 3, .idempotent = true };
	}
	return statement;
}

static void
ask_database(Flight *flight)
{
	const TpIdentity *caller = &flight->waiters->call->caller;
	char user[24];
	char session[24];
	const char *values[3] = { NULL, NULL, flight->arguments.data };

	if (flight->private)
	{
		snprintf(user, sizeof(user), "%" PRId64, caller->user);
		snprintf(session, sizeof(session), "%" PRId64, caller->session);
		values[0] = user;
		values[1] = session;
	}
	tp_count(TP_M_CACHE_MISSES, 1);
	tp_pg_call(flight->cache->edge->pg, statement_of(flight->rule), values, database_answered, flight);
}

static void
redis_answered(void *context, const redisReply *reply)
{
	Flight *flight = context;

	if (reply == NULL || reply->type != REDIS_REPLY_STRING)
	{
		ask_database(flight);
		return;
	}
	tp_count(TP_M_CACHE_HITS, 1);
	tp_count(TP_M_CACHE_REDIS_HITS, 1);
	land(flight, (TpSlice){ reply->str, reply->len });
}

static void
name_in_redis(Flight *flight)
{
	unsigned char hash[16];
	char text[128];
	crypto_generichash_state state;

	/* Without an event since the start nobody else has the same version. */
	flight->redis_key[0] = '\0';
	if (flight->version == 0 || flight->cache->edge->redis == NULL)
		return;
	snprintf(text, sizeof(text), "%s %" PRId64 " ", tp_stream_database(flight->cache->edge->stream), flight->version);
	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, (const unsigned char *) text, strlen(text));
	crypto_generichash_update(&state, (const unsigned char *) flight->key.data, flight->key.length);
	crypto_generichash_final(&state, hash, sizeof(hash));
	memcpy(flight->redis_key, "tradepost:cache:", 16);
	sodium_bin2hex(flight->redis_key + 16, sizeof(flight->redis_key) - 16, hash, sizeof(hash));
}

static void
fly(Flight *flight)
{
	TpCache *cache = flight->cache;

	flight->started_ms = uv_now(&cache->edge->loop);
	flight->version = version_of(cache, flight->waiters->call, flight->private);
	name_in_redis(flight);
	if (flight->redis_key[0] != '\0' && tp_redis_usable(cache->edge->redis))
		tp_redis_command(cache->edge->redis, redis_answered, flight, 2, (const char *[]){ "GET", flight->redis_key },
						 (size_t[]){ 3, strlen(flight->redis_key) });
	else
		ask_database(flight);
}

static Flight *
find_flight(const TpCache *cache, TpSlice key)
{
	Flight *flight = cache->flights;

	while (flight != NULL && (flight->key.length != key.length || memcmp(flight->key.data, key.data, key.length) != 0))
		flight = flight->next;
	return flight;
}

static TpSlice
copy(TpSlice text)
{
	return (TpSlice){ tp_slice_dup(text), text.length };
}

static void
read_through(TpCache *cache, TpCall *call, const Rule *rule, bool private, TpSlice key, TpSlice arguments)
{
	uint64_t now = uv_now(&cache->edge->loop);
	int64_t wanted = version_of(cache, call, private);
	const TpCacheEntry *entry = tp_stream_live(cache->edge->stream) ? tp_cache_store_get(cache->store, key) : NULL;
	Flight *flight;

	if (entry != NULL && still_good(rule, entry->version, entry->born_ms, wanted, now))
	{
		tp_count(TP_M_CACHE_HITS, 1);
		tp_call_answer_json(call, call->route->status, entry->text);
		return;
	}
	flight = find_flight(cache, key);
	if (flight != NULL)
	{
		bool fits = still_good(rule, flight->version, flight->started_ms, wanted, now);

		add_waiter(fits ? &flight->waiters : &flight->later, call);
		tp_count(TP_M_CACHE_HITS, fits);
		return;
	}
	flight = tp_alloc(sizeof(Flight));
	flight->cache = cache;
	flight->rule = rule;
	flight->private = private;
	flight->key = copy(key);
	flight->arguments = copy(arguments);
	flight->next = cache->flights;
	cache->flights = flight;
	add_waiter(&flight->waiters, call);
	fly(flight);
}

/* trades?mine=true is the caller's own. */
static bool
asks_for_own(const TpCall *call)
{
	TpBuffer mine = { 0 };
	bool found = strcmp(call->route->function, "trades") == 0 && tp_query_find(call->query, "mine", &mine);

	tp_buffer_free(&mine);
	return found;
}

void
tp_cached_read(TpCall *call)
{
	TpCache *cache = call->edge->cache;
	const Rule *rule = rule_of(call);
	bool private = rule->private || asks_for_own(call);
	TpBuffer key = { 0 };
	TpBuffer arguments = { 0 };

	if (private && call->caller.user == 0)
		tp_answer_from_database(call);
	else if (tp_call_arguments(call, &arguments))
	{
		tp_buffer_format(&key, "%s %" PRId64 " ", rule->function, private ? call->caller.user : 0);
		tp_buffer_add(&key, arguments.data, arguments.length);
		read_through(cache, call, rule, private, (TpSlice){ key.data, key.length },
					 (TpSlice){ arguments.data, arguments.length });
	}
	tp_buffer_free(&key);
	tp_buffer_free(&arguments);
}

TpCache *
tp_cache_open(TpEdge *edge)
{
	TpCache *cache = tp_alloc(sizeof(TpCache));

	cache->edge = edge;
	cache->store = tp_cache_store_new((size_t) edge->settings->cache_mb * 1024 * 1024);
	tp_stream_subscribe(edge->stream, on_event, cache);
	return cache;
}

void
tp_cache_close(TpCache *cache)
{
	cache->closing = true;
	free_when_done(cache);
}
