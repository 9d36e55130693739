/*
 * generator.c
 *	  One stream of commands in a world; generator_world.c made the world,
 *	  generator_spoil.c spoils some.
 *
 * Called by differential.c and risk_brute.c.  Pure: reads nothing but its
 * random numbers and what it wrote itself.
 */
#include "generator.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(random, array) ((array)[between(random, 0, COUNT(array) - 1)])

#define REMEMBERED 48
#define SECOND INT64_C(1000000)
#define DAY (INT64_C(86400) * SECOND)

/* What the generator remembers of the stream so far. */
typedef struct TpMemory
{
	TpRandom *random;
	const TpWorld *world;
	TpInstrument instruments[TP_WORLD_INSTRUMENTS]; /* with the marks and states it believes in */
	TpCommand placed[REMEMBERED];                   /* that may rest, the latest last */
	size_t n_placed;
	int64_t now;
	int64_t next_id;
	int64_t late_id; /* drawn, used only later; 0 if none */
} TpMemory;

static int64_t
between(TpRandom *random, int64_t low, int64_t high)
{
	return tradepost_random_between(random, low, high);
}

static bool
chance(TpMemory *memory, double percent)
{
	return tradepost_random_chance(memory->random, percent);
}

/* Products that may leave 64 bits: then what is asked for is senseless, and that is as good. */
static int64_t
times(int64_t a, int64_t b)
{
	return (int64_t) ((uint64_t) a * (uint64_t) b);
}

/* Ids come from one sequence but commit out of order. */
static int64_t
draw_id(TpMemory *memory)
{
	int64_t id = memory->next_id;

	memory->next_id += between(memory->random, 1, 3);
	if (chance(memory, 5))
	{
		int64_t late = memory->late_id;

		memory->late_id = id;
		if (late != 0)
			return late;
		return draw_id(memory);
	}
	return id;
}

/* One that is open, if the first few drawn show one. */
static TpInstrument *
draw_target(TpMemory *memory)
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

static int64_t
draw_account(TpMemory *memory)
{
	return memory->world->accounts[between(memory->random, 0, memory->world->n_accounts - 1)];
}

static TpCommand
blank(TpMemory *memory, TpCommandKind kind)
{
	return (TpCommand){ .id = draw_id(memory), .kind = (uint8_t) kind };
}

/*
 * Near the mark, each side leaning away from it, now and then across or at the
 * band's edge.  One draw a statement, here as everywhere: the order in which C
 * evaluates operands is the compiler's choice.
 */
static int64_t
draw_price(TpMemory *memory, const TpInstrument *instrument, TpSide side)
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

static int64_t
draw_quantity(TpMemory *memory, const TpInstrument *instrument)
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

static void
forget(TpMemory *memory, size_t at)
{
	memory->n_placed--;
	memmove(&memory->placed[at], &memory->placed[at + 1], (memory->n_placed - at) * sizeof(TpCommand));
}

static void
remember(TpMemory *memory, const TpCommand *command)
{
	if (memory->n_placed == REMEMBERED)
		forget(memory, 0);
	memory->placed[memory->n_placed++] = *command;
}

static TpCommand
draw_place(TpMemory *memory)
{
	static const uint8_t times[] = { TP_DAY, TP_DAY, TP_GTC, TP_GTC, TP_GTD, TP_IOC, TP_FOK };
	static const int32_t rates[] = { 100000, 100000, 50000, 250000, 0, 1, 333333, 7777777, TRADEPOST_ONE };
	TpCommand command = blank(memory, TP_CMD_PLACE);
	const TpInstrument *instrument = draw_target(memory);

	command.account = draw_account(memory);
	command.instrument = instrument->id;
	command.side = (uint8_t) between(memory->random, 0, 1);
	command.type = chance(memory, 12) ? TP_MARKET : TP_LIMIT;
	command.time_in_force = PICK(memory->random, times);
	command.expires_at = draw_expiry(memory, instrument, command.time_in_force);
	command.stp = (uint8_t) (chance(memory, 30) ? TP_STP_CANCEL_TAKER : between(memory->random, 0, TP_STP_NONE));
	command.flags = chance(memory, 12) ? TP_CMD_POST_ONLY : 0;
	command.quantity = draw_quantity(memory, instrument);
	command.price = command.type == TP_MARKET && chance(memory, 95) ? 0 : draw_price(memory, instrument, command.side);
	command.maker_rate = PICK(memory->random, rates);
	command.taker_rate = PICK(memory->random, rates);
	if (memory->world->temper == TP_TEMPER_COARSE && chance(memory, 99))
		command.maker_rate = command.taker_rate = 0;
	if (command.type == TP_LIMIT && command.time_in_force <= TP_GTD)
		remember(memory, &command);
	return command;
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
	command->account = chance(memory, 96) ? target->account : draw_account(memory);
	if (chance(memory, 2))
		command->order_id += between(memory->random, -2, 2);
	/* it may be gone by now, and after a cancel surely is */
	if (chance(memory, command->kind == TP_CMD_CANCEL ? 90 : 25))
	{
		static TpCommand gone;

		gone = *target;
		forget(memory, at);
		return &gone;
	}
	return target;
}

static const TpInstrument *
instrument_of(const TpMemory *memory, const TpCommand *order)
{
	for (size_t i = 0; i < memory->world->n_instruments; i++)
		if (memory->instruments[i].id == order->instrument)
			return &memory->instruments[i];
	return &memory->instruments[0];
}

static TpCommand
draw_amend(TpMemory *memory)
{
	TpCommand command = blank(memory, TP_CMD_AMEND);
	const TpCommand *order = aim(memory, &command);
	const TpInstrument *instrument;
	int64_t most;

	if (order == NULL)
		return command;
	instrument = instrument_of(memory, order);
	most = order->quantity / instrument->lot;
	command.flags = (uint8_t) (between(memory->random, 0, 3) * TP_CMD_HAS_PRICE);
	command.price = chance(memory, 30) ? order->price : draw_price(memory, instrument, order->side);
	command.quantity = order->quantity;
	if (chance(memory, 45))
		command.quantity -= times(between(memory->random, 0, most > 0 ? most : 0), instrument->lot);
	else if (chance(memory, 60))
		command.quantity = draw_quantity(memory, instrument);
	return command;
}

static TpCommand
draw_cancel(TpMemory *memory)
{
	TpCommand command = blank(memory, TP_CMD_CANCEL);

	aim(memory, &command);
	return command;
}

static TpCommand
draw_cancel_all(TpMemory *memory)
{
	TpCommand command = blank(memory, TP_CMD_CANCEL_ALL);

	command.account = draw_account(memory);
	if (chance(memory, memory->world->temper == TP_TEMPER_DEEP ? 99 : 60))
		command.instrument = draw_target(memory)->id;
	return command;
}

/* Money for a few orders (or for very many), in either currency or the thing. */
static TpCommand
draw_transfer(TpMemory *memory, TpCommandKind kind, int64_t account)
{
	TpCommand command = blank(memory, kind);
	const TpInstrument *instrument = draw_target(memory);
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
	TpCommand command = blank(memory, TP_CMD_MARK);
	TpInstrument *instrument = draw_target(memory);
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
	TpCommand command = blank(memory, PICK(memory->random, kinds));

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

	if (memory->world->temper == TP_TEMPER_DEEP && chance(memory, 50))
		return draw_place(memory);
	if ((memory->world->temper == TP_TEMPER_COARSE || memory->world->temper == TP_TEMPER_GIANT) && chance(memory, 12))
		return draw_mark(memory);
	if (dice < 580)
		return draw_place(memory);
	if (dice < 700)
		return draw_amend(memory);
	if (dice < 820)
		return draw_cancel(memory);
	if (dice < 832)
		return draw_cancel_all(memory);
	if (dice < 860)
		return draw_transfer(memory, TP_CMD_DEPOSIT, draw_account(memory));
	if (dice < 890)
		return draw_transfer(memory, TP_CMD_WITHDRAW, draw_account(memory));
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
		command->id = memory->placed[between(memory->random, 0, memory->n_placed - 1)].id;
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
	TpInstrument *instrument = draw_target(memory);

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
		instrument->house_account = draw_account(memory);
	if (chance(memory, 10))
		instrument->insurance_account = draw_account(memory);
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
	step->command = blank(memory, TP_CMD_LIST);
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
	}
}
