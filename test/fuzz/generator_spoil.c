/*
 * generator_spoil.c
 *	  Commands made senseless, as a client that means harm would send them.
 *
 * Called by generator.c.
 */
#include "generator.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(random, array) ((array)[tradepost_random_between(random, 0, COUNT(array) - 1)])

static int64_t
hostile_number(TpRandom *random, int64_t present)
{
	static const int64_t numbers[] = { 0,
									   -1,
									   1,
									   INT64_MIN,
									   INT64_MIN + 1,
									   INT64_MAX,
									   INT64_MAX - 1,
									   INT64_C(1) << 62,
									   -(INT64_C(1) << 62),
									   INT32_MAX,
									   INT32_MIN,
									   9000000000000000000 };

	if (tradepost_random_chance(random, 30))
		return (int64_t) ((uint64_t) present + (uint64_t) tradepost_random_between(random, -1, 1));
	if (tradepost_random_chance(random, 10))
		return (int64_t) - (uint64_t) present;
	return PICK(random, numbers);
}

void
tradepost_spoil(TpRandom *random, TpCommand *command)
{
	uint8_t byte = (uint8_t) tradepost_random_between(random, 0, tradepost_random_chance(random, 50) ? 6 : 255);

	switch (tradepost_random_between(random, 0, 18))
	{
		case 0:
			command->account = hostile_number(random, command->account);
			break;
		case 1:
			command->counter_account = hostile_number(random, command->counter_account);
			break;
		case 2:
			command->order_id = hostile_number(random, command->order_id);
			break;
		case 3:
		case 4:
			command->quantity = hostile_number(random, command->quantity);
			break;
		case 5:
		case 6:
			command->price = hostile_number(random, command->price);
			break;
		case 7:
			command->expires_at = hostile_number(random, command->expires_at);
			break;
		case 8:
			command->instrument = (int32_t) hostile_number(random, command->instrument);
			break;
		case 9:
			command->asset = (int32_t) hostile_number(random, command->asset);
			break;
		case 10:
			command->maker_rate = (int32_t) hostile_number(random, command->maker_rate);
			command->taker_rate = (int32_t) hostile_number(random, command->taker_rate);
			break;
		case 11:
			command->kind = byte;
			break;
		case 12:
			command->side = byte;
			command->type = tradepost_random_chance(random, 50) ? byte : command->type;
			break;
		case 13:
			command->time_in_force = byte;
			break;
		case 14:
			command->stp = byte;
			break;
		case 15:
			command->stop_price = hostile_number(random, command->stop_price);
			break;
		case 16:
			command->link_id = hostile_number(random, command->link_id == 0 ? command->id : command->link_id);
			break;
		case 17:
			command->parent_id = hostile_number(random, command->parent_id == 0 ? command->id : command->parent_id);
			command->max_open = (int32_t) hostile_number(random, command->max_open);
			command->children = tradepost_random_chance(random, 30) ? byte : command->children;
			break;
		default:
			command->flags = byte;
			break;
	}
}
