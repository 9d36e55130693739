/*
 * redis.h
 *	  Redis or DragonflyDB, when there is one: limits, cache, and events for others.
 *
 * One connection a worker. Nothing depends on it: a command while it is gone is
 * answered with NULL at once, and everybody has a way on without. Reconnects by itself.
 */
#ifndef TRADEPOST_PROXY_REDIS_H
#define TRADEPOST_PROXY_REDIS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TpRedis TpRedis;
struct TpEdge;

/* reply NULL: Redis is gone. The reply is freed after the callback. */
typedef void (*TpRedisDone)(void *context, const redisReply *reply);

/* NULL and a log line if REDIS_URL cannot be understood. */
extern TpRedis *tp_redis_open(struct TpEdge *edge);
extern void tp_redis_close(TpRedis *redis);
extern bool tp_redis_usable(const TpRedis *redis);

/* done NULL: nobody cares. The callback may come before this returns, when Redis is gone. */
extern void
tp_redis_command(TpRedis *redis, TpRedisDone done, void *context, int argc, const char **argv, const size_t *lengths);

typedef struct TpRedisStats
{
	uint64_t commands;
	uint64_t failures;
	uint64_t reconnects;
} TpRedisStats;
extern void tp_redis_stats(const TpRedis *redis, TpRedisStats *stats);

#endif
