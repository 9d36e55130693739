/*
 * rate_limits.c
 *	  Rate limits and blocked addresses; see rate_limits.h.
 *
 * Three tables in shared memory: arrival times of callers, scores of addresses, and
 * blocks. With Redis one script does the arithmetic of gcra.c there, by Redis's own
 * clock; if it does not answer, the table here does.
 */
#include "rate_limits.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "edge.h"
#include "gcra.h"
#include "log.h"
#include "metrics.h"
#include "pg.h"
#include "redis.h"
#include "settings.h"
#include "tally.h"
#include "tenants.h"

#define RATE_SETS 16384
#define ADDRESS_SETS 4096
#define SECOND INT64_C(1000000)

/* A score is a leaky bucket: so much at once, gone in a minute. */
#define SCORE_LIMIT 1000
#define SCORE_WINDOW (60 * SECOND)
/* Until the database has said how long, or when it cannot. */
#define FIRST_BLOCK (60 * SECOND)
#define FLOOD_WEIGHT 3

struct TpLimitsShared
{
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	TpTallySlot rates[RATE_SETS * TP_TALLY_WAYS];
	TpTallySlot scores[ADDRESS_SETS * TP_TALLY_WAYS];
	TpTallySlot blocks[ADDRESS_SETS * TP_TALLY_WAYS];
};

struct TpLimits
{
	TpEdge *edge;
	TpLimitsShared *shared;
	TpTally rates;
	TpTally scores;
	TpTally blocks;
	char script[41]; /* its hash in Redis; "" until it is known */
	bool local;      /* Redis is configured and gone */
};

static const char gcra_script[] =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000000 + t[2]\n"
	"local interval = tonumber(ARGV[1])\n"
	"local burst = tonumber(ARGV[2])\n"
	"local tat = tonumber(redis.call('GET', KEYS[1]) or now)\n"
	"if tat < now then tat = now end\n"
	"if tat > now + burst then tat = now + burst end\n"
	"local next = tat + interval\n"
	"if next - now > burst then return {0, 0, tat - now, next - now - burst} end\n"
	"redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))\n"
	"return {1, math.floor((burst - (next - now)) / interval), next - now, 0}\n";

static const char *const class_names[TP_LIMIT_CLASSES] = { "none", "auth", "api", "orders", "signals", "webhooks" };

static const TpStatement block_statement = {
	.sql = "SELECT extract(epoch FROM tradepost_edge.block_ip($1::inet, $2))::bigint", .parameters = 2
};

size_t
tp_limits_shared_size(void)
{
	return sizeof(TpLimitsShared);
}

void
tp_limits_shared_init(TpLimitsShared *shared)
{
	/* The memory comes zeroed, and zero is an empty table. */
	randombytes_buf(shared->hash_key, sizeof(shared->hash_key));
}

TpLimits *
tp_limits_open(TpEdge *edge, TpLimitsShared *shared)
{
	TpLimits *limits = tp_alloc(sizeof(*limits));

	limits->edge = edge;
	limits->shared = shared;
	limits->rates = (TpTally){ RATE_SETS, shared->rates };
	limits->scores = (TpTally){ ADDRESS_SETS, shared->scores };
	limits->blocks = (TpTally){ ADDRESS_SETS, shared->blocks };
	return limits;
}

void
tp_limits_close(TpLimits *limits)
{
	free(limits);
}

/* 16 bytes that stand for an address: of IPv6 the /64, which is what one customer gets. */
static bool
address_bytes(const char *ip, uint8_t bytes[17])
{
	struct in6_addr six;

	memset(bytes, 0, 17);
	if (inet_pton(AF_INET, ip, bytes) == 1)
	{
		bytes[16] = 4;
		return true;
	}
	if (inet_pton(AF_INET6, ip, &six) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&six))
	{
		memcpy(bytes, &six.s6_addr[12], 4);
		bytes[16] = 4;
	}
	else
	{
		memcpy(bytes, &six, 8);
		bytes[16] = 6;
	}
	return true;
}

static uint64_t
hash(const TpLimits *limits, const void *data, size_t length)
{
	uint64_t key;

	crypto_shorthash((uint8_t *) &key, data, length, limits->shared->hash_key);
	return key == 0 ? 1 : key;
}

static uint64_t
address_key(const TpLimits *limits, const char *ip)
{
	uint8_t bytes[17];

	(void) address_bytes(ip, bytes); /* what is no address shares one place */
	return hash(limits, bytes, sizeof(bytes));
}

/* Who is counted, in words for Redis: "tradepost:limit:orders:user:17", "tradepost:limit:auth:1:ip:04...", "tradepost:limit:webhooks:1:phone:+1...". */
static int
caller_name(const TpCall *call, TpLimitClass class, char *name, size_t size)
{
	uint8_t bytes[17];
	char hex[35];

	if (call->phone[0] != '\0')
		return snprintf(name, size, "tradepost:limit:%s:%lld:phone:%s", class_names[class], (long long) call->tenant,
						call->phone);
	if (call->caller.user != 0 && class != TP_LIMIT_AUTH)
		return snprintf(name, size, "tradepost:limit:%s:user:%lld", class_names[class], (long long) call->caller.user);
	(void) address_bytes(call->ip, bytes);
	sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
	return snprintf(name, size, "tradepost:limit:%s:%lld:ip:%s", class_names[class], (long long) call->tenant, hex);
}

static const TpRate *
rate_of(const TpCall *call, TpLimitClass class)
{
	int column = call->caller.user == 0 ? TP_TIER_COUNT : (int) call->caller.tier;

	return tp_tenant_rate(call->edge->tenants, call->tenant, class, column);
}

static void
number_header(TpCall *call, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long) value);
	tp_call_header(call, name, text);
}

/* Up: a client that waits so long must find it free. */
static int64_t
whole_seconds(int64_t us)
{
	return (us + SECOND - 1) / SECOND;
}

/* Tells the outcome; true if the call may go on. */
static bool
conclude(TpCall *call, TpLimitClass class, const TpGcra *outcome)
{
	const TpRate *rate = rate_of(call, class);

	number_header(call, "RateLimit-Limit", rate->count);
	number_header(call, "RateLimit-Remaining", outcome->remaining);
	number_header(call, "RateLimit-Reset", whole_seconds(outcome->reset_us));
	if (outcome->allowed)
		return true;
	number_header(call, "Retry-After", whole_seconds(outcome->retry_us));
	tp_count(TP_M_RATE_LIMITED, 1);
	/* the address is Twilio's, who brings the messages of all */
	if (call->phone[0] == '\0')
		tp_suspicious(call->edge, call->ip, call->caller.user, "flood", FLOOD_WEIGHT);
	tp_call_problem_format(call, 429, "rate_limited", "more than %d %s requests in %d s", rate->count,
						   class_names[class], rate->window_s);
	return false;
}

static void
check_here(TpCall *call, TpLimitClass class, void (*go_on)(TpCall *call))
{
	TpLimits *limits = call->edge->limits;
	const TpRate *rate = rate_of(call, class);
	char name[128];
	int length = caller_name(call, class, name, sizeof(name));
	TpTallySlot *slot = tp_tally_slot(&limits->rates, hash(limits, name, (size_t) length));
	int64_t tat = atomic_load(&slot->value);
	TpGcra outcome;

	do
		outcome = tp_gcra(tat, tp_wall_us(), rate->count, rate->window_s * SECOND);
	while (outcome.allowed && !atomic_compare_exchange_weak(&slot->value, &tat, outcome.tat));
	if (conclude(call, class, &outcome))
		go_on(call);
}

/* A call whose turn Redis decides. */
typedef struct Asked
{
	TpCall *call;
	TpLimitClass class;
	void (*go_on)(TpCall *call);
} Asked;

static void
say_where(TpLimits *limits, bool local)
{
	if (limits->local == local)
		return;
	limits->local = local;
	tp_log(TP_LOG_WARN, local ? "Redis is gone: rate limits are this proxy's own" : "rate limits are in Redis again",
		   NULL);
}

static void
script_known(void *context, const redisReply *reply)
{
	TpLimits *limits = context;

	if (reply != NULL && reply->type == REDIS_REPLY_STRING && reply->len == 40)
		memcpy(limits->script, reply->str, 41);
}

static void
redis_decided(void *context, const redisReply *reply)
{
	Asked asked = *(Asked *) context;
	TpLimits *limits = asked.call->edge->limits;
	TpGcra outcome;

	free(context);
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 4)
	{
		/* An error means that Redis has forgotten the script, or cannot run it. */
		limits->script[0] = '\0';
		say_where(limits, reply == NULL);
		check_here(asked.call, asked.class, asked.go_on);
		return;
	}
	say_where(limits, false);
	outcome = (TpGcra){ .allowed = reply->element[0]->integer == 1,
						.remaining = (int) reply->element[1]->integer,
						.reset_us = reply->element[2]->integer,
						.retry_us = reply->element[3]->integer };
	if (conclude(asked.call, asked.class, &outcome))
		asked.go_on(asked.call);
}

static void
ask_redis(TpCall *call, TpLimitClass class, void (*go_on)(TpCall *call))
{
	TpLimits *limits = call->edge->limits;
	TpRedis *redis = call->edge->redis;
	const TpRate *rate = rate_of(call, class);
	int64_t interval = rate->window_s * SECOND / rate->count;
	char name[128];
	char numbers[2][24];
	const char *words[] = { "EVALSHA", limits->script, "1", name, numbers[0], numbers[1] };
	Asked *asked = tp_alloc(sizeof(*asked));

	*asked = (Asked){ call, class, go_on };
	(void) caller_name(call, class, name, sizeof(name));
	snprintf(numbers[0], sizeof(numbers[0]), "%lld", (long long) interval);
	snprintf(numbers[1], sizeof(numbers[1]), "%lld", (long long) (interval * rate->count));
	if (limits->script[0] == '\0')
	{
		const char *load[] = { "SCRIPT", "LOAD", gcra_script };

		tp_redis_command(redis, script_known, limits, 3, load, NULL);
		words[0] = "EVAL";
		words[1] = gcra_script;
	}
	tp_redis_command(redis, redis_decided, asked, 6, words, NULL);
}

void
tp_limits_check(TpCall *call, TpLimitClass class, void (*go_on)(TpCall *call))
{
	if (class == TP_LIMIT_NONE || !call->edge->settings->rate_limit || rate_of(call, class)->count == 0)
		go_on(call);
	else if (call->edge->redis != NULL && tp_redis_usable(call->edge->redis))
		ask_redis(call, class, go_on);
	else
	{
		if (call->edge->redis != NULL)
			say_where(call->edge->limits, true);
		check_here(call, class, go_on);
	}
}

/* Blocks -------------------------------------------------------------------- */

bool
tp_blocked(TpEdge *edge, const char *ip, int *retry_after_s)
{
	int64_t until;
	int64_t now;

	if (!edge->settings->rate_limit)
		return false;
	until = tp_tally_get(&edge->limits->blocks, address_key(edge->limits, ip));
	if (until == 0)
		return false;
	now = tp_wall_us();
	if (until <= now)
		return false;
	*retry_after_s = (int) whole_seconds(until - now);
	return true;
}

void
tp_block_set(TpEdge *edge, const char *ip, int64_t until)
{
	char address[64];
	uint64_t key;

	/* The database writes a single address without its mask; an IPv6 one stands for its /64. */
	snprintf(address, sizeof(address), "%.*s", (int) strcspn(ip, "/"), ip);
	key = address_key(edge->limits, address);
	atomic_store(&tp_tally_slot(&edge->limits->blocks, key)->value, until * SECOND);
	if (until == 0)
		atomic_store(&tp_tally_slot(&edge->limits->scores, key)->value, 0);
}

typedef struct Blocking
{
	TpEdge *edge;
	char ip[48];
} Blocking;

static void
block_recorded(void *context, const PGresult *result, const TpPgError *error)
{
	Blocking *blocking = context;

	if (result != NULL && PQntuples(result) == 1)
		tp_block_set(blocking->edge, blocking->ip, strtoll(PQgetvalue(result, 0, 0), NULL, 10));
	else
		tp_log(TP_LOG_WARN, "a block of an address could not be recorded", "ip", blocking->ip, "reason",
			   error == NULL ? "no row" : error->message, NULL);
	free(blocking);
}

void
tp_suspicious(TpEdge *edge, const char *ip, int64_t user, const char *kind, int weight)
{
	TpLimits *limits = edge->limits;
	int64_t now = tp_wall_us();
	int64_t step = weight * (SCORE_WINDOW / SCORE_LIMIT);
	uint64_t key;
	TpTallySlot *slot;
	int64_t score;
	int64_t raised;
	Blocking *blocking;

	if (!edge->settings->rate_limit)
		return;
	key = address_key(limits, ip);
	slot = tp_tally_slot(&limits->scores, key);
	score = atomic_load(&slot->value);
	do
		raised = (score < now ? now : score) + step;
	while (!atomic_compare_exchange_weak(&slot->value, &score, raised));
	if (raised - now <= SCORE_WINDOW)
		return;
	/* Blocked at once, for a first time; the database, which remembers earlier blocks, says how long it is. */
	atomic_store(&slot->value, 0);
	atomic_store(&tp_tally_slot(&limits->blocks, key)->value, now + FIRST_BLOCK);
	tp_count(TP_M_BLOCKS, 1);
	tp_log(TP_LOG_WARN, "address blocked", "ip", ip, "for", kind, "#user", user, NULL);
	blocking = tp_alloc(sizeof(*blocking));
	blocking->edge = edge;
	snprintf(blocking->ip, sizeof(blocking->ip), "%s", ip);
	tp_pg_call(edge->pg, &block_statement, (const char *const[]){ ip, kind }, block_recorded, blocking);
}
