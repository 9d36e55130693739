/*
 * fuzz_engine.c
 *	  libFuzzer target: bytes become commands, the engine must stay consistent.
 *
 * A command is a few bytes that pick from small sets of sensible values, so that
 * streams trade; one byte in each says whether a field is instead taken raw,
 * eight arbitrary bytes, so that nonsense gets everywhere too.
 */
#include "engine_check.h"
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONE TRADEPOST_ONE
#define HOUSE 1
#define INSURANCE 2
#define OUTSIDE 3
#define USD 1
#define EUR 2

typedef struct TpInput
{
	const uint8_t *data;
	size_t size;
	size_t at;
} TpInput;

typedef struct TpRun
{
	TpEngine *engine;
	TpInput input;
	int64_t now;
	int64_t id;
	size_t events;         /* of the batch, already looked at */
	int64_t parents[1024]; /* ids that some order named as its parent's */
	size_t n_parents;
} TpRun;

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t
byte(TpInput *input)
{
	return input->at < input->size ? input->data[input->at++] : 0;
}

static int64_t
raw(TpInput *input)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | byte(input);
	return (int64_t) value;
}

static void
fail(const char *what)
{
	fprintf(stderr, "inconsistent: %s\n", what);
	abort();
}

static TpInstrument
instrument(int32_t id, TpInstrumentKind kind)
{
	TpInstrument spec = { .id = id, .kind = (uint8_t) kind, .quote_asset = USD };

	spec.base_asset = kind == TP_SPOT ? EUR : 0;
	spec.tick = ONE / 4;
	spec.lot = ONE;
	spec.multiplier = kind == TP_SPOT ? ONE : 50 * ONE;
	spec.quote_unit = ONE / 100;
	spec.reference = 100 * ONE;
	spec.mark = 100 * ONE;
	spec.band = 20 * ONE;
	spec.mark_step = 30 * ONE;
	spec.max_price = 1000 * ONE;
	spec.max_quantity = 1000 * ONE;
	spec.im_long = 600 * ONE;
	spec.im_short = 700 * ONE;
	spec.mm_long = 400 * ONE;
	spec.mm_short = 500 * ONE;
	spec.taker_rate = 100000;
	spec.expires_at = TRADEPOST_TIME_NEVER;
	spec.house_account = HOUSE;
	spec.insurance_account = INSURANCE;
	return spec;
}

static void
open_world(TpEngine *engine)
{
	TpInstrument spot = instrument(1, TP_SPOT);
	TpInstrument wheat = instrument(2, TP_FUTURE);
	TpInstrument oil = instrument(3, TP_FUTURE);

	oil.allow_negative = true;
	oil.mark = ONE;
	oil.reference = ONE / 4;
	oil.lot = ONE / 10;
	oil.multiplier = 7 * ONE;
	oil.band = 33 * ONE / 10; /* no multiple of the tick */
	oil.expires_at = 4000;
	oil.insurance_account = 12;
	tradepost_engine_add_instrument(engine, &spot);
	tradepost_engine_add_instrument(engine, &wheat);
	tradepost_engine_add_instrument(engine, &oil);
	tradepost_engine_loaded(engine);
}

static int64_t
pick_price(TpInput *input, int32_t instrument)
{
	int64_t ticks = byte(input) % 48 - 24;

	return (instrument == 3 ? ONE : 100 * ONE) + ticks * (ONE / 4);
}

/* One field, all 64 bits of it, becomes what the bytes say. */
static void
make_raw(TpInput *input, TpCommand *command)
{
	switch (byte(input) % 16)
	{
		case 0:
			command->account = raw(input);
			break;
		case 1:
			command->counter_account = raw(input);
			break;
		case 2:
			command->order_id = raw(input);
			break;
		case 3:
			command->quantity = raw(input);
			break;
		case 4:
			command->price = raw(input);
			break;
		case 5:
			command->expires_at = raw(input);
			break;
		case 6:
			command->instrument = (int32_t) raw(input);
			break;
		case 7:
			command->asset = (int32_t) raw(input);
			break;
		case 8:
			command->maker_rate = (int32_t) raw(input);
			command->taker_rate = (int32_t) raw(input);
			break;
		case 9:
			command->kind = byte(input);
			break;
		case 10:
			command->id = raw(input);
			break;
		case 11:
			command->stop_price = raw(input);
			break;
		case 12:
			command->link_id = raw(input);
			break;
		case 13:
			command->parent_id = raw(input);
			break;
		case 14:
			command->max_open = (int32_t) raw(input);
			command->children = byte(input);
			break;
		default:
			command->side = byte(input);
			command->type = byte(input);
			command->time_in_force = byte(input);
			command->stp = byte(input);
			command->flags = byte(input);
	}
}

/* Of a triggered kind, and now and then one of a pair, or a child of an order to come. */
static void
make_wait(TpRun *run, TpCommand *command)
{
	TpInput *input = &run->input;
	uint8_t form = byte(input);

	command->type = TP_STOP + form % 3;
	command->stop_price = pick_price(input, command->instrument);
	if (form & 0x40)
		command->link_id = run->id - 1 - byte(input) % 12;
	if (form & 0x80)
		command->parent_id = run->id + 1 + byte(input) % 4;
}

/* A parent comes once, as ids do: rows of its children may still name it when it has ended. */
static TpCommand
once(TpRun *run, TpCommand command)
{
	if (command.id != run->id)
		for (size_t i = 0; i < run->n_parents; i++)
			if (run->parents[i] == command.id)
				command.id = run->id;
	if (command.parent_id != 0 && run->n_parents < sizeof(run->parents) / sizeof(run->parents[0]))
		run->parents[run->n_parents++] = command.parent_id;
	return command;
}

static TpCommand
next_command(TpRun *run)
{
	static const uint8_t kinds[] = { TP_CMD_PLACE,   TP_CMD_PLACE,    TP_CMD_PLACE, TP_CMD_PLACE,  TP_CMD_PLACE,
									 TP_CMD_PLACE,   TP_CMD_CANCEL,   TP_CMD_AMEND, TP_CMD_AMEND,  TP_CMD_CANCEL_ALL,
									 TP_CMD_DEPOSIT, TP_CMD_WITHDRAW, TP_CMD_MARK,  TP_CMD_MARK,   TP_CMD_HALT,
									 TP_CMD_RESUME,  TP_CMD_RESUME,   TP_CMD_LIST,  TP_CMD_SETTLE, TP_CMD_SWEEP };
	TpInput *input = &run->input;
	TpCommand command = { .id = ++run->id, .maker_rate = 100000, .taker_rate = 200000 };
	uint8_t form;

	command.kind = kinds[byte(input) % sizeof(kinds)];
	command.account = 10 + byte(input) % 4;
	command.counter_account = OUTSIDE;
	command.asset = 1 + byte(input) % 2;
	command.instrument = 1 + byte(input) % 3;
	command.order_id = run->id - 1 - byte(input) % 24;
	command.quantity = (1 + byte(input) % 20) * ONE;
	command.price = pick_price(input, command.instrument);
	if (command.kind == TP_CMD_DEPOSIT)
		command.quantity *= 1000;
	form = byte(input);
	command.side = form & 1;
	command.stp = (form >> 1) % 5;
	command.type = form >= 224;
	if (form >= 160 && form < 224)
		make_wait(run, &command);
	form = byte(input);
	command.time_in_force = form % 5;
	command.flags = (uint8_t) (TP_CMD_HAS_PRICE | TP_CMD_HAS_QUANTITY);
	if (form >= 200)
		command.flags = form % 8;
	command.expires_at = command.time_in_force == TP_GTD ? run->now + form : 300;
	form = byte(input);
	command.poisoned = form == 255;
	if (form < 24)
		make_raw(input, &command);
	return once(run, command);
}

static void
check_events(TpRun *run, const TpCommand *command, int64_t seq)
{
	const TpEvent *events;
	size_t count = tradepost_engine_events(run->engine, &events);
	int decisions = 0;

	for (; run->events < count; run->events++)
	{
		if (events[run->events].seq != ++seq || events[run->events].command_id != command->id)
			fail("an event's seq or command is wrong");
		decisions += events[run->events].decision;
	}
	if (decisions != 1)
		fail("not exactly one decision");
	if (tradepost_engine_last_seq(run->engine) != seq)
		fail("last_seq is not the last event's");
}

/* A preview must change nothing and must say what then happens. */
static void
check_preview(TpRun *run, const TpCommand *command, const TpPreview *preview, size_t first)
{
	TpOrderState order;
	const TpEvent *events;
	size_t count = tradepost_engine_events(run->engine, &events);
	bool open;

	if (command->kind != TP_CMD_PLACE || command->poisoned || !tradepost_engine_order(run->engine, command->id, &order))
		return;
	if ((preview->reason != TP_REASON_NONE) != (order.status == TP_ORDER_REJECTED))
		fail("the preview was wrong about acceptance");
	/* what fires then is not foreseen */
	for (size_t i = first; i < count; i++)
		if (events[i].kind == TP_EV_TRIGGERED)
			return;
	if (preview->filled != order.filled || preview->commission != order.commission ||
		preview->filled_value != order.filled_value)
		fail("the preview was wrong about fills");
	open = order.status <= TP_ORDER_PARTIALLY_FILLED || order.status == TP_ORDER_UNTRIGGERED;
	if ((preview->resting > 0) != open)
		fail("the preview was wrong about resting");
}

static void
step(TpRun *run)
{
	TpCommand command = next_command(run);
	int64_t seq = tradepost_engine_last_seq(run->engine);
	TpPreview preview;
	size_t first;
	TpCommand sweep = { .id = 0, .kind = TP_CMD_SWEEP };

	run->now += byte(&run->input) % 32;
	/* Funds that expiry frees are not the preview's business: expire first. */
	if (tradepost_engine_next_expiry(run->engine) <= run->now)
	{
		tradepost_engine_apply(run->engine, &sweep, run->now);
		check_events(run, &sweep, seq);
		seq = tradepost_engine_last_seq(run->engine);
	}
	tradepost_engine_preview(run->engine, &command, run->now, &preview);
	first = run->events;
	tradepost_engine_apply(run->engine, &command, run->now);
	check_events(run, &command, seq);
	if (preview.reason != TP_REASON_OUT_OF_RANGE)
		check_preview(run, &command, &preview, first);
}

static void
check_all(TpRun *run)
{
	const char *wrong = tradepost_engine_check(run->engine);
	const TpDirtyOrder *orders;
	const TpDirtyBalance *balances;
	const TpDirtyPosition *positions;
	const int32_t *ids;

	if (wrong != NULL)
		fail(wrong);
	tradepost_engine_dirty_orders(run->engine, &orders);
	tradepost_engine_dirty_balances(run->engine, &balances);
	tradepost_engine_dirty_positions(run->engine, &positions);
	tradepost_engine_dirty_instruments(run->engine, &ids);
}

static void
check_reload(TpRun *run)
{
	TpEngine *copy;
	const char *wrong;

	tradepost_engine_end_batch(run->engine);
	run->events = 0;
	check_all(run);
	copy = tradepost_engine_reloaded(run->engine);
	wrong = tradepost_engine_check(copy);
	if (wrong != NULL)
		fail(wrong);
	if (tradepost_engine_checksum(copy) != tradepost_engine_checksum(run->engine))
		fail("the checksum of a reloaded engine differs");
	tradepost_engine_destroy(run->engine);
	run->engine = copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TpRun run = { .input = { .data = data, .size = size }, .now = 1 };

	run.engine = tradepost_engine_create();
	open_world(run.engine);
	for (int64_t account = 10; account < 14; account++)
		for (int32_t asset = USD; asset <= EUR; asset++)
		{
			TpCommand deposit = { .id = ++run.id, .kind = TP_CMD_DEPOSIT, .asset = asset };
			int64_t seq = tradepost_engine_last_seq(run.engine);

			deposit.account = account;
			deposit.counter_account = OUTSIDE;
			deposit.quantity = (asset == USD ? 20000 : 100) * ONE;
			tradepost_engine_apply(run.engine, &deposit, run.now);
			check_events(&run, &deposit, seq);
		}
	while (run.input.at < run.input.size)
	{
		step(&run);
		if (run.id % 4 == 0)
			check_all(&run);
		if (run.id % 32 == 0)
			check_reload(&run);
	}
	check_reload(&run);
	tradepost_engine_destroy(run.engine);
	return 0;
}
