/*
 * fuzz_listing.c
 *	  Streams as text.
 *
 * Called by differential.c.
 */
#include "fuzz_listing.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAME(names, value) name(names, COUNT(names), value)

typedef long long Wide; /* what %lld wants */

static const char *
name(const char *const *names, size_t count, unsigned value)
{
	static char buffers[8][16];
	static int next;
	char *buffer = buffers[next++ % 8];

	if (value < count && names[value] != NULL)
		return names[value];
	snprintf(buffer, sizeof(buffers[0]), "?%u", value);
	return buffer;
}

static const char *const sides[] = { "buy", "sell" };
static const char *const types[] = { "limit", "market", "stop", "stop_limit", "take_profit" };
static const char *const times[] = { "day", "gtc", "gtd", "ioc", "fok" };
static const char *const modes[] = { "cancel_taker", "cancel_maker", "cancel_both", "decrement", "none" };
static const char *const kinds[] = { NULL,   "place", "cancel", "amend", "cancel_all", "deposit", "withdraw",
									 "mark", "halt",  "resume", "list",  "settle",     "sweep" };

static void
list_ties(FILE *out, const TpCommand *command)
{
	if (command->stop_price != 0)
		fprintf(out, " stop %lld", (Wide) command->stop_price);
	if (command->link_id != 0)
		fprintf(out, " linked to %lld", (Wide) command->link_id);
	if (command->parent_id != 0)
		fprintf(out, " child of %lld", (Wide) command->parent_id);
	if (command->max_open != 0)
		fprintf(out, " of at most %d", command->max_open);
	if (command->children != 0)
		fprintf(out, " with %u children", command->children);
}

static void
list_place(FILE *out, const TpCommand *command)
{
	fprintf(out, " account %lld instrument %d %s %s %lld", (Wide) command->account, command->instrument,
			NAME(types, command->type), NAME(sides, command->side), (Wide) command->quantity);
	if (command->type != TP_MARKET || command->price != 0)
		fprintf(out, " at %lld", (Wide) command->price);
	fprintf(out, " %s", NAME(times, command->time_in_force));
	if (command->expires_at != 0)
		fprintf(out, " (%lld)", (Wide) command->expires_at);
	fprintf(out, " stp %s rates %d/%d%s", NAME(modes, command->stp), command->maker_rate, command->taker_rate,
			command->flags & TP_CMD_POST_ONLY ? " post-only" : "");
	if (command->flags & ~TP_CMD_POST_ONLY)
		fprintf(out, " flags %d", command->flags);
	list_ties(out, command);
}

static void
list_amend(FILE *out, const TpCommand *command)
{
	fprintf(out, " account %lld order %lld", (Wide) command->account, (Wide) command->order_id);
	if (command->flags & TP_CMD_HAS_QUANTITY)
		fprintf(out, " to %lld", (Wide) command->quantity);
	if (command->flags & TP_CMD_HAS_PRICE)
		fprintf(out, " at %lld", (Wide) command->price);
	if (command->flags & TP_CMD_HAS_STOP_PRICE)
		fprintf(out, " stop %lld", (Wide) command->stop_price);
}

static void
list_command(FILE *out, const TpCommand *command)
{
	fprintf(out, "%s id %lld", NAME(kinds, command->kind), (Wide) command->id);
	switch (command->kind)
	{
		case TP_CMD_PLACE:
			list_place(out, command);
			break;
		case TP_CMD_AMEND:
			list_amend(out, command);
			break;
		case TP_CMD_CANCEL:
			fprintf(out, " account %lld order %lld", (Wide) command->account, (Wide) command->order_id);
			break;
		case TP_CMD_CANCEL_ALL:
			fprintf(out, " account %lld instrument %d", (Wide) command->account, command->instrument);
			break;
		case TP_CMD_DEPOSIT:
		case TP_CMD_WITHDRAW:
			fprintf(out, " account %lld (counter %lld) asset %d amount %lld", (Wide) command->account,
					(Wide) command->counter_account, command->asset, (Wide) command->quantity);
			break;
		case TP_CMD_MARK:
		case TP_CMD_SETTLE:
			fprintf(out, " instrument %d at %lld", command->instrument, (Wide) command->price);
			break;
		default:
			fprintf(out, " instrument %d", command->instrument);
			break;
	}
	if (command->poisoned)
		fprintf(out, " POISONED");
}

static void
list_instrument(FILE *out, const char *prefix, const TpInstrument *spec)
{
	fprintf(out, "%sinstrument %d: %s, base %d, quote %d (unit %lld), tick %lld, lot %lld, multiplier %lld%s\n", prefix,
			spec->id, spec->kind == TP_SPOT ? "spot" : "future", spec->base_asset, spec->quote_asset,
			(Wide) spec->quote_unit, (Wide) spec->tick, (Wide) spec->lot, (Wide) spec->multiplier,
			spec->allow_negative ? ", negative prices" : "");
	fprintf(out, "%s    mark %lld, reference %lld, band %lld, mark step %lld, max price %lld, max quantity %lld\n",
			prefix, (Wide) spec->mark, (Wide) spec->reference, (Wide) spec->band, (Wide) spec->mark_step,
			(Wide) spec->max_price, (Wide) spec->max_quantity);
	fprintf(out, "%s    im %lld/%lld, mm %lld/%lld, taker rate %d, expires %lld, house %lld, insurance %lld\n", prefix,
			(Wide) spec->im_long, (Wide) spec->im_short, (Wide) spec->mm_long, (Wide) spec->mm_short, spec->taker_rate,
			(Wide) spec->expires_at, (Wide) spec->house_account, (Wide) spec->insurance_account);
}

static bool
is_named(int32_t instrument, const TpStep *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].command.instrument == instrument)
			return true;
	return false;
}

void
tradepost_list_world(FILE *out, const char *prefix, const TpWorld *world, const TpStep *steps, size_t count)
{
	for (size_t i = 0; i < world->n_instruments; i++)
		if (is_named(world->instruments[i].id, steps, count) ||
			world->instruments[i].expires_at != TRADEPOST_TIME_NEVER)
			list_instrument(out, prefix, &world->instruments[i]);
	fprintf(out, "%sstarts at time %lld, last seq %lld\n", prefix, (Wide) world->start, (Wide) world->first_seq);
}

void
tradepost_list_steps(FILE *out, const char *prefix, const TpWorld *world, const TpStep *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		const TpStep *step = &steps[i];

		fprintf(out, "%s%3zu. +%lld us: ", prefix, i + 1, (Wide) (step->now - world->start));
		if (step->kind == TP_STEP_END_BATCH)
			fprintf(out, "end batch");
		else if (step->kind == TP_STEP_RECOVER)
			fprintf(out, "end batch, recover from rows");
		else
			list_command(out, &step->command);
		if (step->preview && step->command.kind == TP_CMD_PLACE)
			fprintf(out, " (previewed)");
		fprintf(out, "\n");
		if (step->kind == TP_STEP_RESPECIFY)
			list_instrument(out, prefix, &step->spec);
	}
}
