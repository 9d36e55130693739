/*
 * test_hostile.c
 *	  tradepost_engine_apply() is total: whatever is in a command, it gets one
 *	  decision and memory stays consistent.  Meant for the sanitized build.
 */
#include "engine_check.h"
#include "unit_engine.h"

#include <stdlib.h>
#include <string.h>

static const int64_t extremes[] = {
	INT64_MIN, INT64_MIN + 1,          INT32_MIN,     -TRADEPOST_ONE, -1, 0, 1, TRADEPOST_ONE,
	INT32_MAX, TRADEPOST_MAX_EXPOSURE, INT64_MAX - 1, INT64_MAX
};

#define EXTREMES ((int) (sizeof(extremes) / sizeof(extremes[0])))
#define FIELDS 18

static void
set_field(TpCommand *c, int field, int64_t value)
{
	int64_t *wide[] = {
		&c->id, &c->account, &c->counter_account, &c->order_id, &c->quantity, &c->price, &c->expires_at
	};
	int32_t *middle[] = { &c->instrument, &c->asset, &c->maker_rate, &c->taker_rate };
	uint8_t *narrow[] = { &c->kind, &c->side, &c->type, &c->time_in_force, &c->stp, &c->flags, &c->poisoned };

	if (field < 7)
		*wide[field] = value;
	else if (field < 11)
		*middle[field - 7] = (int32_t) value;
	else
		*narrow[field - 11] = (uint8_t) value;
}

/* Applied; true if it got one decision and seq went on without a gap. */
static bool
decided_once(TpUnit *u, const TpCommand *command)
{
	int64_t seq = tradepost_engine_last_seq(u->engine);
	const TpEvent *events;
	size_t count;
	size_t seen = tradepost_engine_events(u->engine, &events);
	int decisions = 0;

	tradepost_engine_apply(u->engine, command, u->now);
	count = tradepost_engine_events(u->engine, &events);
	for (size_t i = seen; i < count; i++)
	{
		if (events[i].seq != ++seq)
			return false;
		decisions += events[i].decision;
	}
	return decisions == 1;
}

static TpCommand
sensible(int64_t id)
{
	TpCommand c = tradepost_unit_order(id, 10 + rand() % 5, rand() % 2, 1 + rand() % 9, 95 + rand() % 11);

	c.instrument = 1 + rand() % 3;
	c.counter_account = OUTSIDE;
	c.asset = USD;
	c.order_id = id - 1 - rand() % 9;
	c.expires_at = 100;
	c.flags = TP_CMD_HAS_PRICE | TP_CMD_HAS_QUANTITY;
	c.stp = TP_STP_CANCEL_MAKER;
	return c;
}

/* Each field of each kind at each extreme, amid orders that make sense. */
static void
one_field(TpUnit *u)
{
	bool once = true;
	int64_t id = 1;

	tradepost_unit_open(u, "one field at an extreme");
	for (int kind = 0; kind <= TP_CMD_SWEEP + 1; kind++)
		for (int field = 0; field < FIELDS; field++)
			for (int i = 0; i < EXTREMES; i++)
			{
				TpCommand good = sensible(id++);
				TpCommand bad = sensible(id++);

				once &= decided_once(u, &good);
				bad.kind = (uint8_t) kind;
				set_field(&bad, field, extremes[i]);
				once &= decided_once(u, &bad);
			}
	tradepost_unit_ok(u, once, "is decided once");
	tradepost_unit_ok(u, tradepost_engine_check(u->engine) == NULL, "memory is consistent");
	tradepost_unit_skip(u);
	tradepost_unit_ok(u, tradepost_engine_check(u->engine) == NULL, "also after the batch");
}

static void
many_fields(TpUnit *u)
{
	const char *wrong = NULL;
	bool once = true;
	TpPreview preview;
	TpCommand coming[TRADEPOST_LOOK_AHEAD] = { { .id = 0 } };

	tradepost_unit_open(u, "several fields at once");
	srand(9);
	for (int64_t id = 1; id < 60000 && wrong == NULL; id++)
	{
		TpCommand c = sensible(id);

		if (rand() % 3 == 0)
			c.kind = (uint8_t) (rand() % 14);
		if (c.kind == TP_CMD_SETTLE && rand() % 50 != 0)
			c.kind = TP_CMD_MARK;
		for (int n = rand() % 4; n > 0; n--)
			set_field(&c, rand() % FIELDS, extremes[rand() % EXTREMES]);
		tradepost_engine_preview(u->engine, &c, u->now, &preview);
		coming[id % TRADEPOST_LOOK_AHEAD] = c;
		tradepost_engine_prefetch(u->engine, coming, id % 2 ? TRADEPOST_LOOK_AHEAD : 1);
		once &= decided_once(u, &c);
		u->now += rand() % 2;
		if (id % 1000 == 0)
		{
			wrong = tradepost_engine_check(u->engine);
			tradepost_engine_end_batch(u->engine);
		}
	}
	tradepost_unit_ok(u, once, "is decided once");
	tradepost_unit_ok(u, wrong == NULL, wrong == NULL ? "memory is consistent" : wrong);
}

/* Bytes that nobody made sense of. */
static void
noise(TpUnit *u)
{
	bool once = true;

	tradepost_unit_open(u, "noise");
	for (int i = 0; i < 50000; i++)
	{
		TpCommand c;
		uint8_t bytes[sizeof(c)];

		for (size_t n = 0; n < sizeof(bytes); n++)
			bytes[n] = (uint8_t) rand();
		memcpy(&c, bytes, sizeof(c));
		c.kind %= 14;
		once &= decided_once(u, &c);
	}
	tradepost_unit_ok(u, once, "is decided once");
	tradepost_unit_ok(u, tradepost_engine_check(u->engine) == NULL, "memory is consistent");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	one_field(&unit);
	many_fields(&unit);
	noise(&unit);
	return tradepost_unit_done(&unit);
}
