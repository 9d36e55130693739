/*
 * generator_place.c
 *	  Orders: plain ones, those that wait for a price, pairs and brackets.
 *
 * Called by generator.c.
 */
#include "generator_memory.h"

/*
 * Near the mark, each side leaning away from it, now and then across or at the
 * band's edge.  One draw a statement, here as everywhere: the order in which C
 * evaluates operands is the compiler's choice.
 */
int64_t
tradepost_draw_price(TpMemory *memory, const TpInstrument *instrument, TpSide side)
{
	int64_t lean = side == TP_BUY ? -1 : 1;
	int64_t ticks = lean * between(memory->random, 0, 6);

	ticks -= lean * between(memory->random, 0, 4);
	if (chance(memory, 4) && instrument->band < INT64_MAX / 2)
	{
		int64_t edge = instrument->band / instrument->tick + between(memory->random, 0, 1);

		if (chance(memory, 50))
			edge = -edge;
		return (instrument->mark / instrument->tick + edge) * instrument->tick;
	}
	if (chance(memory, 5))
		ticks *= 10;
	if (memory->world->temper == TP_TEMPER_DEEP && chance(memory, 95))
		ticks = lean * between(memory->random, -2, 300);
	return instrument->mark + ticks * instrument->tick;
}

/* On either side of the mark, so that some fire at once. */
int64_t
tradepost_draw_stop_price(TpMemory *memory, const TpInstrument *instrument)
{
	int64_t ticks = between(memory->random, -6, 6);

	if (chance(memory, 20))
		ticks *= 5;
	if (memory->world->temper == TP_TEMPER_DEEP && chance(memory, 60))
		ticks = between(memory->random, -200, 200);
	return instrument->mark + ticks * instrument->tick;
}

int64_t
tradepost_draw_quantity(TpMemory *memory, const TpInstrument *instrument)
{
	int64_t lots = between(memory->random, 1, 12);

	if (chance(memory, 10))
		lots = 1;
	if (chance(memory, 4))
		lots = between(memory->random, 1, 300);
	if (chance(memory, 1))
		return instrument->max_quantity - between(memory->random, -1, 1) * instrument->lot;
	if (instrument->max_quantity / instrument->lot < 100 && chance(memory, 50))
		lots = instrument->max_quantity / instrument->lot;
	return times(lots, instrument->lot);
}

static int64_t
draw_expiry(TpMemory *memory, const TpInstrument *instrument, TpTimeInForce time_in_force)
{
	bool hasty = memory->world->temper == TP_TEMPER_HASTY;

	if (time_in_force == TP_DAY && memory->world->temper == TP_TEMPER_DEEP)
		return 30 * DAY;
	if (time_in_force == TP_DAY)
		return chance(memory, hasty ? 80 : 15) ? between(memory->random, 1, SECOND) : DAY;
	if (time_in_force != TP_GTD)
		return chance(memory, 90) ? 0 : between(memory->random, -5, 5);
	if (chance(memory, 4))
		return memory->now - between(memory->random, 0, 1);
	if (chance(memory, 2))
		return TRADEPOST_TIME_NEVER;
	/* the contract's own end, or a round time, so that several things are due at once */
	if (chance(memory, 40) && instrument->expires_at > memory->now)
		return instrument->expires_at;
	if (chance(memory, 30))
		return (memory->now / SECOND + between(memory->random, 1, 3)) * SECOND;
	return memory->now + between(memory->random, 1, hasty ? 2000 : 100 * SECOND);
}

static TpCommand
draw_plain(TpMemory *memory)
{
	static const uint8_t times[] = { TP_DAY, TP_DAY, TP_GTC, TP_GTC, TP_GTD, TP_IOC, TP_FOK };
	static const int32_t rates[] = { 100000, 100000, 50000, 250000, 0, 1, 333333, 7777777, TRADEPOST_ONE };
	TpCommand command = tradepost_draw_blank(memory, TP_CMD_PLACE);
	const TpInstrument *instrument = tradepost_draw_target(memory);

	command.account = tradepost_draw_account(memory);
	command.instrument = instrument->id;
	command.side = (uint8_t) between(memory->random, 0, 1);
	command.type = chance(memory, 12) ? TP_MARKET : TP_LIMIT;
	command.time_in_force = PICK(memory->random, times);
	command.expires_at = draw_expiry(memory, instrument, command.time_in_force);
	command.stp = (uint8_t) (chance(memory, 30) ? TP_STP_CANCEL_TAKER : between(memory->random, 0, TP_STP_NONE));
	command.flags = chance(memory, 12) ? TP_CMD_POST_ONLY : 0;
	command.quantity = tradepost_draw_quantity(memory, instrument);
	command.price = command.type == TP_MARKET && chance(memory, 95)
						? 0
						: tradepost_draw_price(memory, instrument, command.side);
	command.maker_rate = PICK(memory->random, rates);
	command.taker_rate = PICK(memory->random, rates);
	if (memory->world->temper == TP_TEMPER_COARSE && chance(memory, 99))
		command.maker_rate = command.taker_rate = 0;
	return command;
}

/* What rests or waits is remembered, to be cancelled, amended and linked to. */
static void
remember(TpMemory *memory, const TpCommand *command)
{
	if (command->type == TP_MARKET || command->time_in_force > TP_GTD)
		return;
	if (memory->n_placed == REMEMBERED)
		tradepost_forget(memory, 0);
	memory->placed[memory->n_placed++] = *command;
}

/* A plain order becomes one that waits. */
static void
make_wait(TpMemory *memory, TpCommand *command)
{
	static const uint8_t types[] = { TP_STOP, TP_STOP_LIMIT, TP_STOP_LIMIT, TP_TAKE_PROFIT };
	const TpInstrument *instrument = tradepost_instrument_of(memory, command);

	command->type = PICK(memory->random, types);
	command->stop_price = tradepost_draw_stop_price(memory, instrument);
	if (command->type == TP_STOP_LIMIT)
		command->price = command->stop_price + between(memory->random, -4, 4) * instrument->tick;
	else if (chance(memory, 95))
		command->price = 0;
	if (command->time_in_force > TP_GTD && chance(memory, 95))
		command->time_in_force = TP_GTC;
	if (chance(memory, 97))
		command->flags = 0;
}

/* One half of a pair, the other being an order placed before. */
static void
make_pair(TpMemory *memory, TpCommand *command)
{
	const TpCommand *other;

	if (memory->n_placed == 0)
		return;
	other = &memory->placed[between(memory->random, 0, memory->n_placed - 1)];
	if (command->type <= TP_MARKET && other->type <= TP_MARKET && chance(memory, 90))
		return;
	command->link_id = other->id;
	if (chance(memory, 3))
		return;
	command->account = other->account;
	command->instrument = other->instrument;
}

TpCommand
tradepost_draw_place(TpMemory *memory)
{
	TpCommand command = draw_plain(memory);

	if (chance(memory, 18))
		make_wait(memory, &command);
	if (chance(memory, command.type > TP_MARKET ? 25 : 6))
		make_pair(memory, &command);
	if (chance(memory, 0.5))
		command.children = (uint8_t) between(memory->random, 1, 3);
	if (chance(memory, 6))
		command.max_open = (int32_t) between(memory->random, 1, 12);
	remember(memory, &command);
	return command;
}

static void
make_child(TpMemory *memory, TpCommand *child, const TpCommand *parent)
{
	child->account = parent->account;
	child->instrument = parent->instrument;
	child->side = parent->side == TP_BUY ? TP_SELL : TP_BUY;
	if (chance(memory, 75))
		child->quantity = parent->quantity;
	if (chance(memory, 60))
		child->time_in_force = TP_GTC;
	make_wait(memory, child);
	child->parent_id = parent->id;
	if (chance(memory, 4))
		child->account = tradepost_draw_account(memory);
	if (chance(memory, 2))
		child->instrument = tradepost_draw_target(memory)->id;
	if (chance(memory, 4))
		child->side ^= 1;
}

/*
 * An entry and the orders that protect it, which come first; what is in between is
 * the stream's.  Some never have their parent come, some come after it.
 */
TpCommand
tradepost_draw_bracket(TpMemory *memory)
{
	TpCommand parent = draw_plain(memory);
	int64_t children = between(memory->random, 1, 5);

	if (chance(memory, 15))
		make_wait(memory, &parent);
	children = children > 3 ? 2 : children;
	memory->n_queue = 0;
	for (int64_t i = 0; i < children; i++)
		memory->queue[memory->n_queue++] = draw_plain(memory);
	parent.id = memory->next_id++;
	for (int64_t i = 0; i < children; i++)
	{
		make_child(memory, &memory->queue[i], &parent);
		if (i > 0 && chance(memory, 80))
			memory->queue[i].link_id = memory->queue[i - 1].id;
	}
	if (chance(memory, 60))
		parent.children = (uint8_t) children;
	if (chance(memory, 3))
		parent.children = (uint8_t) between(memory->random, 0, 3);
	if (chance(memory, 3))
		parent.parent_id = memory->next_id;
	if (chance(memory, 4))
	{
		TpCommand late = memory->queue[0];

		memory->queue[0] = parent;
		parent = late;
	}
	if (chance(memory, 95))
		memory->queue[memory->n_queue++] = parent;
	return tradepost_draw_queued(memory);
}

TpCommand
tradepost_draw_queued(TpMemory *memory)
{
	TpCommand command = memory->queue[0];

	memory->n_queue--;
	for (size_t i = 0; i < memory->n_queue; i++)
		memory->queue[i] = memory->queue[i + 1];
	remember(memory, &command);
	return command;
}
