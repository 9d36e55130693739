/*
 * generator.c
 *	  One stream of commands in a world; generator_world.c made the world,
 *	  generator_place.c draws orders, generator_spoil.c spoils some.
 *
 * Called by differential.c and risk_brute.c.  Pure: reads nothing but its
 * random numbers and what it wrote itself.
 */
#include "generator_memory.h"

#include <string.h>

/* Ids come from one sequence but commit out of order. */
int64_t
tradepost_draw_id(TpMemory *memory)
{
	int64_t id = memory->next_id;

	memory->next_id += between(memory->random, 1, 3);
	if (chance(memory, 5))
	{
		int64_t late = memory->late_id;

		memory->late_id = id;
		if (late != 0)
			return late;
		return tradepost_draw_id(memory);
	}
	return id;
}

/* One that is open, if the first few drawn show one. */
TpInstrument *
tradepost_draw_target(TpMemory *memory)
{
	TpInstrument *instrument;

	for (int i = 0; i < 4; i++)
	{
		instrument = &memory->instruments[between(memory->random, 0, memory->world->n_instruments - 1)];
		if (memory->world->temper == TP_TEMPER_GIANT && chance(memory, 40))
			instrument = &memory->instruments[memory->world->n_instruments - 1];
		if (instrument->status == TP_INSTRUMENT_OPEN && instrument->expires_at > memory->now)
			break;
	}
	return instrument;
}

int64_t
tradepost_draw_account(TpMemory *memory)
{
	return memory->world->accounts[between(memory->random, 0, memory->world->n_accounts - 1)];
}

TpCommand
tradepost_draw_blank(TpMemory *memory, TpCommandKind kind)
{
	return (TpCommand){ .id = tradepost_draw_id(memory), .kind = (uint8_t) kind };
}

void
tradepost_forget(TpMemory *memory, size_t at)
{
	memory->n_placed--;
	memmove(&memory->placed[at], &memory->placed[at + 1], (memory->n_placed - at) * sizeof(TpCommand));
}

/* An order that was placed lately, its account's as a rule. */
static const TpCommand *
aim(TpMemory *memory, TpCommand *command)
{
	size_t at;
	const TpCommand *target;

	if (memory->n_placed == 0)
		return NULL;
	at = memory->n_placed - 1;
	if (chance(memory, 60))
		at = between(memory->random, 0, at);
	else
		at -= between(memory->random, 0, at < 5 ? at : 5);
	target = &memory->placed[at];
	command->order_id = target->id;
	command->account = chance(memory, 96) ? target->account : tradepost_draw_account(memory);
	if (chance(memory, 2))
		command->order_id += between(memory->random, -2, 2);
	/* it may be gone by now, and after a cancel surely is */
	if (chance(memory, command->kind == TP_CMD_CANCEL ? 90 : 25))
	{
		static TpCommand gone;

		gone = *target;
		tradepost_forget(memory, at);
		return &gone;
	}
	return target;
}

const TpInstrument *
tradepost_instrument_of(const TpMemory *memory, const TpCommand *order)
{
	for (size_t i = 0; i < memory->world->n_instruments; i++)
		if (memory->instruments[i].id == order->instrument)
			return &memory->instruments[i];
	return &memory->instruments[0];
}

static TpCommand
draw_amend(TpMemory *memory)
{
	TpCommand command = tradepost_draw_blank(memory, TP_CMD_AMEND);
	const TpCommand *order = aim(memory, &command);
	const TpInstrument *instrument;
	int64_t most;

	if (order == NULL)
		return command;
	instrument = tradepost_instrument_of(memory, order);
	most = order->quantity / instrument->lot;
	command.flags = (uint8_t) (between(memory->random, 0, 3) * TP_CMD_HAS_PRICE);
	command.price = chance(memory, 30) ? order->price : tradepost_draw_price(memory, instrument, order->side);
	command.quantity = order->quantity;
	if (chance(memory, order->type > TP_MARKET ? 45 : 3))
	{
		command.flags |= TP_CMD_HAS_STOP_PRICE;
		command.stop_price = chance(memory, 30) ? order->stop_price : tradepost_draw_stop_price(memory, instrument);
	}
	if (order->type > TP_STOP_LIMIT && chance(memory, 80))
		command.flags &= ~TP_CMD_HAS_PRICE;
	if (chance(memory, 45))
		command.quantity -= times(between(memory->random, 0, most > 0 ? most : 0), instrument->lot);
	else if (chance(memory, 60))
		command.quantity = tradepost_draw_quantity(memory, instrument);
	return command;
}

static TpCommand
draw_cancel(TpMemory *memory)
{
	TpCommand command = tradepost_draw_blank(memory, TP_CMD_CANCEL);

	aim(memory, &command);
	return command;
}

static TpCommand
draw_cancel_all(TpMemory *memory)
{
	TpCommand command = tradepost_draw_blank(memory, TP_CMD_CANCEL_ALL);

	command.account = tradepost_draw_account(memory);
	if (chance(memory, memory->world->temper == TP_TEMPER_DEEP ? 99 : 60))
		command.instrument = tradepost_draw_target(memory)->id;
	return command;
}

/* Money for a few orders (or for very many), in either currency or the thing. */
static TpCommand
draw_transfer(TpMemory *memory, TpCommandKind kind, int64_t account)
{
	TpCommand command = tradepost_draw_blank(memory, kind);
	const TpInstrument *instrument = tradepost_draw_target(memory);
	bool giant = memory->world->temper == TP_TEMPER_GIANT;
	bool thin = memory->world->temper == TP_TEMPER_THIN || memory->world->temper == TP_TEMPER_COARSE ||
				(giant && chance(memory, 70));
	int64_t orders = thin ? between(memory->random, 1, 8) : between(memory->random, 20, 500);
	tp_int128 price = instrument->mark < 0 ? -instrument->mark : instrument->mark;
	tp_int128 amount;

	command.account = account;
	command.counter_account = memory->world->external;
	if (instrument->kind == TP_SPOT && chance(memory, 60))
	{
		command.asset = instrument->base_asset;
		amount = (tp_int128) instrument->lot * orders * 6;
	}
	else
	{
		command.asset = instrument->quote_asset;
		amount = (price / instrument->tick + 5) *
				 ((tp_int128) instrument->tick * instrument->lot * instrument->multiplier / TRADEPOST_ONE /
				  TRADEPOST_ONE) *
				 orders;
	}
	if (giant && chance(memory, 15))
		amount = INT64_MAX;
	if (kind == TP_CMD_WITHDRAW)
		amount = amount / between(memory->random, 1, 200) + 1;
	command.quantity = amount > INT64_MAX ? INT64_MAX : (int64_t) amount;
	return command;
}

/* A step of a few ticks, sometimes the largest allowed, sometimes larger. */
static TpCommand
draw_mark(TpMemory *memory)
{
	TpCommand command = tradepost_draw_blank(memory, TP_CMD_MARK);
	TpInstrument *instrument = tradepost_draw_target(memory);
	int64_t most = instrument->mark_step < instrument->max_price ? instrument->mark_step : instrument->max_price;
	int64_t move = between(memory->random, -3, 3) * instrument->tick;
	bool fits;

	if (chance(memory, 15))
		move = most / instrument->tick * instrument->tick * (chance(memory, 50) ? 1 : -1);
	if (chance(memory, 3))
		move += instrument->tick * between(memory->random, -1, 1);
	command.instrument = instrument->id;
	command.price = instrument->mark + move;
	fits = command.price <= instrument->max_price && move <= instrument->mark_step && -move <= instrument->mark_step &&
		   (instrument->allow_negative ? command.price >= -instrument->max_price : command.price > 0);
	if (fits)
		instrument->mark = command.price;
	return command;
}

static TpCommand
draw_administration(TpMemory *memory)
{
	static const uint8_t kinds[] = { TP_CMD_HALT,   TP_CMD_RESUME, TP_CMD_RESUME, TP_CMD_RESUME, TP_CMD_RESUME,
									 TP_CMD_RESUME, TP_CMD_RESUME, TP_CMD_SWEEP,  TP_CMD_SWEEP,  TP_CMD_LIST };
	TpCommand command = tradepost_draw_blank(memory, PICK(memory->random, kinds));

	TpInstrument *instrument = &memory->instruments[between(memory->random, 0, memory->world->n_instruments - 1)];

	command.instrument = instrument->id;
	if (chance(memory, 0.5))
	{
		command.kind = TP_CMD_SETTLE;
		command.price = instrument->mark + between(memory->random, -20, 20) * instrument->tick;
	}
	if (command.kind == TP_CMD_SETTLE || command.kind == TP_CMD_HALT)
		instrument->status = TP_INSTRUMENT_HALTED;
	if (command.kind == TP_CMD_RESUME)
		instrument->status = TP_INSTRUMENT_OPEN;
	return command;
}

static TpCommand
draw_command(TpMemory *memory)
{
	int64_t dice = between(memory->random, 0, 999);

	if (memory->n_queue > 0 && chance(memory, 75))
		return tradepost_draw_queued(memory);
	if (memory->n_queue == 0 && chance(memory, 4))
		return tradepost_draw_bracket(memory);
	if (memory->world->temper == TP_TEMPER_DEEP && chance(memory, 50))
		return tradepost_draw_place(memory);
	if ((memory->world->temper == TP_TEMPER_COARSE || memory->world->temper == TP_TEMPER_GIANT) && chance(memory, 12))
		return draw_mark(memory);
	if (dice < 580)
		return tradepost_draw_place(memory);
	if (dice < 700)
		return draw_amend(memory);
	if (dice < 820)
		return draw_cancel(memory);
	if (dice < 832)
		return draw_cancel_all(memory);
	if (dice < 860)
		return draw_transfer(memory, TP_CMD_DEPOSIT, tradepost_draw_account(memory));
	if (dice < 890)
		return draw_transfer(memory, TP_CMD_WITHDRAW, tradepost_draw_account(memory));
	if (dice < 960)
		return draw_mark(memory);
	return draw_administration(memory);
}

/* Sometimes also with the id of something that may well be open. */
static void
spoil(TpMemory *memory, TpCommand *command)
{
	tradepost_spoil(memory->random, command);
	if (command->kind == TP_CMD_PLACE && memory->n_placed > 1 && chance(memory, 10))
	{
		int64_t id = memory->placed[between(memory->random, 0, memory->n_placed - 1)].id;

		/* a parent comes once: rows of its children may still name it when it has ended */
		if (id >= 0 && id < NAMED && !memory->named[id])
			command->id = id;
	}
}

static void
pass_time(TpMemory *memory)
{
	if (chance(memory, 50))
		return;
	if (chance(memory, 90))
		memory->now += between(memory->random, 1, 1000);
	else if (chance(memory, 90))
		memory->now += between(memory->random, 1, 10 * SECOND);
	else if (chance(memory, 80))
		memory->now = (memory->now / SECOND + 1) * SECOND;
	else
		memory->now += between(memory->random, 1, 40 * 3600 * SECOND);
}

/* The host changes what may change, and tries to change what may not. */
static void
respecify(TpMemory *memory, TpStep *step)
{
	TpInstrument *instrument = tradepost_draw_target(memory);

	instrument->band = between(memory->random, 2, 60) * instrument->tick;
	instrument->mark_step = between(memory->random, 2, 60) * instrument->tick;
	instrument->taker_rate = (int32_t) between(memory->random, 0, 1000000);
	if (chance(memory, 50))
	{
		instrument->im_long += instrument->im_long / 3;
		instrument->im_short -= instrument->im_short / 4;
		instrument->mm_short = instrument->im_short / 2;
		instrument->mm_long = instrument->im_long / 2;
	}
	if (chance(memory, 10))
		instrument->expires_at = chance(memory, 80)   ? TRADEPOST_TIME_NEVER
								 : chance(memory, 40) ? memory->now + between(memory->random, -5, 100 * SECOND)
													  : (memory->now / SECOND + between(memory->random, 1, 5)) * SECOND;
	if (chance(memory, 10))
		instrument->house_account = tradepost_draw_account(memory);
	if (chance(memory, 10))
		instrument->insurance_account = tradepost_draw_account(memory);
	if (chance(memory, 10) && instrument->max_price / instrument->tick > 100)
		instrument->max_price -= instrument->tick * between(memory->random, 0, 50);
	if (chance(memory, 10) && instrument->max_quantity / instrument->lot > 100)
		instrument->max_quantity -= instrument->lot * between(memory->random, 0, 50);
	step->spec = *instrument;
	step->spec.mark += 5 * instrument->tick;
	step->spec.reference -= instrument->tick;
	step->spec.status = TP_INSTRUMENT_HALTED;
	step->spec.last_price = 77;
	step->kind = TP_STEP_RESPECIFY;
	step->command = tradepost_draw_blank(memory, TP_CMD_LIST);
	step->command.instrument = instrument->id;
}

void
tradepost_generate_steps(TpRandom *random, const TpWorld *world, TpStep *steps, size_t count)
{
	TpMemory memory = { .random = random, .world = world, .now = world->start, .next_id = 1 };
	double hostile = world->temper == TP_TEMPER_HOSTILE ? 20 : 2;

	memcpy(memory.instruments, world->instruments, sizeof(memory.instruments));
	memory.next_id += between(random, 0, 1000);
	for (size_t i = 0; i < count; i++)
	{
		TpStep *step = &steps[i];

		pass_time(&memory);
		*step = (TpStep){ .kind = TP_STEP_COMMAND, .now = memory.now, .preview = chance(&memory, 15) };
		if (i < world->n_accounts * 5)
			step->command = draw_transfer(&memory, TP_CMD_DEPOSIT, world->accounts[i % world->n_accounts]);
		else if (chance(&memory, 2.5))
			step->kind = TP_STEP_END_BATCH;
		else if (chance(&memory, 0.6))
			step->kind = TP_STEP_RECOVER;
		else if (chance(&memory, 0.4))
			respecify(&memory, step);
		else
			step->command = draw_command(&memory);
		if (step->kind != TP_STEP_COMMAND)
			continue;
		if (chance(&memory, hostile))
			spoil(&memory, &step->command);
		step->command.poisoned = chance(&memory, 0.4);
		if (step->command.parent_id > 0 && step->command.parent_id < NAMED)
			memory.named[step->command.parent_id] = true;
	}
}
