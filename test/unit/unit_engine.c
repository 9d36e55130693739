/*
 * unit_engine.c
 *	  See unit_engine.h.
 */
#include "unit_engine.h"
#include "engine_check.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define TEXT_SIZE 8192
#define SCALE ((double) TRADEPOST_ONE)

typedef struct TpText
{
	char text[TEXT_SIZE];
	size_t length;
} TpText;

static const char *const event_names[] = { "none",      "accepted", "rejected",    "trade",         "cancelled",
										   "expired",   "amended",  "decremented", "cancelled_all", "deposited",
										   "withdrawn", "marked",   "halted",      "resumed",       "listed",
										   "ended",     "settled",  "swept",       "closed_out",    "taken_over",
										   "covered",   "triggered" };

static const char *const reason_names[] = {
	"",         "funds",    "band",          "cross",        "fill",        "liquidity", "halted",
	"expired",  "unknown",  "filled",        "cancelled",    "past",        "rejected",  "step",
	"exposure", "error",    "no_instrument", "range",        "?",           "?",         "requested",
	"ioc",      "unfilled", "self",          "below_filled", "liquidation", "all",       "settlement",
	"time",     "linked",   "too_many"
};

static void __attribute__((format(printf, 2, 3))) add(TpText *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->length += (size_t) vsnprintf(text->text + text->length, TEXT_SIZE - text->length, format, args);
	va_end(args);
	if (text->length >= TEXT_SIZE)
		text->length = TEXT_SIZE - 1;
}

int64_t
tradepost_unit_units(double amount)
{
	return (int64_t) llround(amount * SCALE);
}

static TpInstrument
instrument(int32_t id, TpInstrumentKind kind)
{
	TpInstrument spec = { .id = id, .kind = (uint8_t) kind, .quote_asset = USD };

	spec.tick = TRADEPOST_ONE / 100;
	spec.lot = TRADEPOST_ONE;
	spec.multiplier = TRADEPOST_ONE;
	spec.quote_unit = TRADEPOST_ONE / 100;
	spec.reference = 100 * TRADEPOST_ONE;
	spec.mark = 100 * TRADEPOST_ONE;
	spec.band = 50 * TRADEPOST_ONE;
	spec.mark_step = 30 * TRADEPOST_ONE;
	spec.max_price = 10000 * TRADEPOST_ONE;
	spec.max_quantity = 100000 * TRADEPOST_ONE;
	spec.im_long = 10 * TRADEPOST_ONE;
	spec.im_short = 12 * TRADEPOST_ONE;
	spec.mm_long = 6 * TRADEPOST_ONE;
	spec.mm_short = 8 * TRADEPOST_ONE;
	spec.expires_at = TRADEPOST_TIME_NEVER;
	spec.house_account = HOUSE;
	spec.insurance_account = INSURANCE;
	return spec;
}

void
tradepost_unit_open(TpUnit *unit, const char *title)
{
	TpInstrument spot = instrument(SPOT, TP_SPOT);
	TpInstrument wheat = instrument(WHEAT, TP_FUTURE);
	TpInstrument oil = instrument(OIL, TP_FUTURE);

	printf("# %s\n", title);
	if (unit->engine != NULL)
		tradepost_engine_destroy(unit->engine);
	unit->engine = tradepost_engine_create();
	unit->now = 1000;
	unit->last_id = 999;
	spot.base_asset = EUR;
	oil.multiplier = 10 * TRADEPOST_ONE;
	oil.allow_negative = true;
	tradepost_engine_add_instrument(unit->engine, &spot);
	tradepost_engine_add_instrument(unit->engine, &wheat);
	tradepost_engine_add_instrument(unit->engine, &oil);
	tradepost_engine_loaded(unit->engine);
	for (int64_t account = 10; account <= 14; account++)
	{
		tradepost_unit_transfer(unit, TP_CMD_DEPOSIT, account, USD, 1000000);
		tradepost_unit_transfer(unit, TP_CMD_DEPOSIT, account, EUR, 10000);
	}
	tradepost_unit_skip(unit);
}

int
tradepost_unit_done(TpUnit *unit)
{
	if (unit->engine != NULL)
		tradepost_engine_destroy(unit->engine);
	tradepost_tap_plan(unit->tap.number);
	return unit->tap.failed == 0 ? 0 : 1;
}

TpCommand
tradepost_unit_order(int64_t id, int64_t account, TpSide side, double quantity, double price)
{
	TpCommand command = { .id = id, .kind = TP_CMD_PLACE, .account = account, .instrument = WHEAT };

	command.side = (uint8_t) side;
	command.quantity = tradepost_unit_units(quantity);
	command.price = tradepost_unit_units(price);
	command.time_in_force = TP_GTC;
	return command;
}

TpCommand
tradepost_unit_market(int64_t id, int64_t account, TpSide side, double quantity)
{
	TpCommand command = tradepost_unit_order(id, account, side, quantity, 0);

	command.type = TP_MARKET;
	return command;
}

TpCommand
tradepost_unit_stop(int64_t id, int64_t account, TpOrderType type, TpSide side, double quantity, double stop_price)
{
	TpCommand command = tradepost_unit_order(id, account, side, quantity, 0);

	command.type = (uint8_t) type;
	command.stop_price = tradepost_unit_units(stop_price);
	return command;
}

void
tradepost_unit_apply(TpUnit *unit, TpCommand command)
{
	if (command.id == 0)
		command.id = ++unit->last_id;
	tradepost_engine_apply(unit->engine, &command, unit->now);
}

void
tradepost_unit_place_in(TpUnit *unit, int32_t instrument, int64_t id, int64_t account, TpSide side, double quantity,
						double price)
{
	TpCommand command = tradepost_unit_order(id, account, side, quantity, price);

	command.instrument = instrument;
	tradepost_unit_apply(unit, command);
}

void
tradepost_unit_place(TpUnit *unit, int64_t id, int64_t account, TpSide side, double quantity, double price)
{
	tradepost_unit_place_in(unit, WHEAT, id, account, side, quantity, price);
}

void
tradepost_unit_cancel(TpUnit *unit, int64_t id, int64_t account)
{
	tradepost_unit_apply(unit, (TpCommand){ .kind = TP_CMD_CANCEL, .account = account, .order_id = id });
}

void
tradepost_unit_amend(TpUnit *unit, int64_t id, int64_t account, double quantity, double price)
{
	TpCommand command = { .kind = TP_CMD_AMEND, .account = account, .order_id = id };

	command.quantity = tradepost_unit_units(quantity);
	command.price = tradepost_unit_units(price);
	command.flags = (quantity < 0 ? 0 : TP_CMD_HAS_QUANTITY) | (price < 0 ? 0 : TP_CMD_HAS_PRICE);
	tradepost_unit_apply(unit, command);
}

void
tradepost_unit_mark(TpUnit *unit, int32_t instrument, double price)
{
	TpCommand command = { .kind = TP_CMD_MARK, .instrument = instrument };

	command.price = tradepost_unit_units(price);
	tradepost_unit_apply(unit, command);
}

void
tradepost_unit_simple(TpUnit *unit, TpCommandKind kind, int32_t instrument)
{
	tradepost_unit_apply(unit, (TpCommand){ .kind = (uint8_t) kind, .instrument = instrument });
}

void
tradepost_unit_transfer(TpUnit *unit, TpCommandKind kind, int64_t account, int32_t asset, double amount)
{
	TpCommand command = { .kind = (uint8_t) kind, .account = account, .asset = asset };

	command.counter_account = OUTSIDE;
	command.quantity = tradepost_unit_units(amount);
	tradepost_unit_apply(unit, command);
}

void
tradepost_unit_sweep_at(TpUnit *unit, int64_t now)
{
	unit->now = now;
	tradepost_unit_simple(unit, TP_CMD_SWEEP, 0);
}

void
tradepost_unit_list(TpUnit *unit, int32_t id, void (*change)(TpInstrument *))
{
	TpInstrument spec = instrument(id, TP_FUTURE);

	change(&spec);
	tradepost_engine_add_instrument(unit->engine, &spec);
}

void
tradepost_unit_respecify(TpUnit *unit, int32_t instrument, void (*change)(TpInstrument *))
{
	TpInstrument spec = *tradepost_engine_instrument(unit->engine, instrument);

	change(&spec);
	tradepost_engine_add_instrument(unit->engine, &spec);
}

static void
describe_amounts(TpText *text, const TpEvent *event)
{
	if (event->fields & TP_EVF_SIDE && event->kind != TP_EV_TRADE)
		add(text, " %s", event->side == TP_BUY ? "buy" : "sell");
	if (event->fields & TP_EVF_QUANTITY)
		add(text, " %.10g", (double) event->quantity / SCALE);
	if (event->fields & TP_EVF_PRICE)
		add(text, " @%.10g", (double) event->price / SCALE);
	if (event->commission != 0 || event->counter_commission != 0)
		add(text, " fees %.10g %.10g", (double) event->commission / SCALE, (double) event->counter_commission / SCALE);
	if (event->reason != 0)
		add(text, " %s", reason_names[event->reason]);
}

/* Which orders and accounts: only what a reader needs to know which it was. */
static void
describe(TpText *text, const TpEvent *event)
{
	add(text, "%s%s", text->length > 0 ? "; " : "", event_names[event->kind]);
	if (event->order_id != 0)
		add(text, " %lld", (long long) event->order_id);
	if (event->maker_order_id != 0)
		add(text, " %lld", (long long) event->maker_order_id);
	switch (event->kind)
	{
		case TP_EV_SETTLED:
		case TP_EV_CANCELLED_ALL:
		case TP_EV_DEPOSITED:
		case TP_EV_WITHDRAWN:
		case TP_EV_CLOSED_OUT:
			add(text, " of %lld", (long long) event->account);
			break;
		case TP_EV_TAKEN_OVER:
		case TP_EV_COVERED:
			add(text, " of %lld by %lld", (long long) event->account, (long long) event->counter_account);
			break;
		case TP_EV_MARKED:
		case TP_EV_HALTED:
		case TP_EV_RESUMED:
		case TP_EV_LISTED:
		case TP_EV_INSTRUMENT_EXPIRED:
			add(text, " i%d", event->instrument);
			break;
		default:
			break;
	}
	describe_amounts(text, event);
}

static void
compare(TpUnit *unit, const char *got, const char *expected, const char *what)
{
	const char *wrong = tradepost_engine_check(unit->engine);

	if (!tradepost_tap_ok(&unit->tap, strcmp(got, expected) == 0 && wrong == NULL, what))
		printf("# expected: %s\n# got:      %s\n# memory:   %s\n", expected, got, wrong == NULL ? "fine" : wrong);
}

void
tradepost_unit_expect(TpUnit *unit, const char *what, const char *expected)
{
	TpText got = { .length = 0 };
	const TpEvent *events;
	size_t count = tradepost_engine_events(unit->engine, &events);

	for (; unit->seen < count; unit->seen++)
		describe(&got, &events[unit->seen]);
	compare(unit, got.text, expected, what);
	tradepost_unit_skip(unit);
}

/* Every expectation starts a batch, so that the end of one is exercised as well. */
void
tradepost_unit_skip(TpUnit *unit)
{
	tradepost_engine_end_batch(unit->engine);
	unit->seen = 0;
}

void
tradepost_unit_expect_book(TpUnit *unit, int32_t instrument, const char *what, const char *expected)
{
	TpText got = { .length = 0 };
	TpLevel levels[16];

	for (TpSide side = TP_BUY; side <= TP_SELL; side++)
	{
		size_t count = tradepost_engine_depth(unit->engine, instrument, side, 16, levels);

		for (size_t i = 0; i < count; i++)
			add(&got, "%s%.10g x %.10g (%lld)", i > 0 ? ", " : "", (double) levels[i].price / SCALE,
				(double) levels[i].quantity / SCALE, (long long) levels[i].orders);
		if (side == TP_BUY)
			add(&got, " | ");
	}
	compare(unit, got.text, expected, what);
}

void
tradepost_unit_ok(TpUnit *unit, bool fine, const char *what)
{
	tradepost_tap_ok(&unit->tap, fine, what);
}

void
tradepost_unit_is(TpUnit *unit, double got, double expected, const char *what)
{
	if (!tradepost_tap_ok(&unit->tap, fabs(got - expected) < 1e-9, what))
		printf("# expected: %.10g\n# got:      %.10g\n", expected, got);
}

static TpBalanceState
balance(TpUnit *unit, int64_t account, int32_t asset)
{
	TpBalanceState state;

	tradepost_engine_balance(unit->engine, account, asset, &state);
	return state;
}

double
tradepost_unit_total(TpUnit *unit, int64_t account, int32_t asset)
{
	return (double) balance(unit, account, asset).total / SCALE;
}

double
tradepost_unit_reserved(TpUnit *unit, int64_t account, int32_t asset)
{
	return (double) balance(unit, account, asset).reserved / SCALE;
}

double
tradepost_unit_free(TpUnit *unit, int64_t account, int32_t asset)
{
	return (double) tradepost_engine_free_funds(unit->engine, account, asset) / SCALE;
}

double
tradepost_unit_position(TpUnit *unit, int64_t account, int32_t instrument)
{
	TpPositionState state;

	tradepost_engine_position(unit->engine, account, instrument, &state);
	return (double) state.quantity / SCALE;
}

TpOrderState
tradepost_unit_state(TpUnit *unit, int64_t id)
{
	TpOrderState state = { 0 };

	tradepost_engine_order(unit->engine, id, &state);
	return state;
}

void
tradepost_unit_refused(TpUnit *unit, TpCommand command, TpReason reason, const char *what)
{
	TpOrderState state;

	tradepost_unit_apply(unit, command);
	state = tradepost_unit_state(unit, command.id);
	tradepost_unit_ok(unit, state.status == TP_ORDER_REJECTED && state.reason == reason, what);
	tradepost_unit_skip(unit);
}
