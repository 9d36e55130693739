/*
 * side_by_side.c
 *	  One stream, step by step, through engine and model.
 *
 * Called by differential.c and fuzz_shrink.c.
 */
#include "side_by_side.h"

#include <stdio.h>
#include <string.h>

#define SAME(field)                                                                                           \
	do                                                                                                        \
	{                                                                                                         \
		if (theirs->field != ours->field)                                                                     \
			return tradepost_fuzz_fail(pair, "event %s: " #field " is %s, the model has %s (its kind is %d)", \
									   tradepost_wide(ours->seq), tradepost_wide(theirs->field),              \
									   tradepost_wide(ours->field), ours->kind);                              \
	} while (0)

static bool
compare_event(TpPair *pair, const TpEvent *theirs, const TpEvent *ours)
{
	SAME(kind);
	SAME(reason);
	SAME(seq);
	SAME(command_id);
	SAME(time);
	SAME(order_id);
	SAME(maker_order_id);
	SAME(account);
	SAME(counter_account);
	SAME(quantity);
	SAME(price);
	SAME(commission);
	SAME(counter_commission);
	SAME(instrument);
	SAME(asset);
	SAME(decision);
	SAME(side);
	SAME(fields);
	return true;
}

/* Whatever the model says: no order trades past its limit, a trade is at the maker's price. */
static bool
check_limits(TpPair *pair, const TpEvent *event)
{
	TpOrderState order;

	if (event->kind != TP_EV_TRADE && event->kind != TP_EV_CLOSED_OUT)
		return true;
	if (!tradepost_engine_order(pair->engine, event->maker_order_id, &order) || order.price != event->price)
		return tradepost_fuzz_fail(pair, "event %lld: not at the maker's price", (long long) event->seq);
	if (event->kind == TP_EV_CLOSED_OUT)
		return true;
	if (!tradepost_engine_order(pair->engine, event->order_id, &order) ||
		(event->side == TP_BUY ? event->price > order.price : event->price < order.price))
		return tradepost_fuzz_fail(pair, "event %lld: past the taker's limit", (long long) event->seq);
	return true;
}

static bool
compare_events(TpPair *pair)
{
	const TpEvent *theirs;
	const TpEvent *ours;
	size_t n_theirs = tradepost_engine_events(pair->engine, &theirs);
	size_t n_ours = tradepost_model_events(pair->model, &ours);
	int decisions = 0;

	for (; pair->seen < n_theirs && pair->seen < n_ours; pair->seen++)
	{
		if (!compare_event(pair, &theirs[pair->seen], &ours[pair->seen]) || !check_limits(pair, &theirs[pair->seen]))
			return false;
		decisions += ours[pair->seen].decision;
		pair->coverage->events[ours[pair->seen].kind % 32]++;
		pair->coverage->reasons[ours[pair->seen].reason % 32]++;
	}
	if (n_theirs != n_ours)
		return tradepost_fuzz_fail(pair, "engine emitted %zu events in this batch, the model %zu", n_theirs, n_ours);
	if (decisions != 1)
		return tradepost_fuzz_fail(pair, "%d decisions for one command", decisions);
	return true;
}

/* What a preview must not move. */
typedef struct TpFootprint
{
	uint64_t checksum;
	size_t events;
	int64_t last_seq;
	int64_t next_expiry;
	size_t open_orders;
} TpFootprint;

static TpFootprint
footprint(const TpPair *pair)
{
	const TpEvent *events;

	return (TpFootprint){ .checksum = tradepost_engine_checksum(pair->engine),
						  .events = tradepost_engine_events(pair->engine, &events),
						  .last_seq = tradepost_engine_last_seq(pair->engine),
						  .next_expiry = tradepost_engine_next_expiry(pair->engine),
						  .open_orders = tradepost_engine_open_orders(pair->engine) };
}

/* One that fires at once is accepted, whatever it is then cancelled for. */
static bool
looked_at_funds(const TpPreview *preview)
{
	return (preview->reason == TP_REASON_NONE || preview->reason == TP_REASON_INSUFFICIENT_FUNDS) &&
		   preview->cancel_reason != TP_REASON_OUTSIDE_BAND && preview->cancel_reason != TP_REASON_NO_LIQUIDITY &&
		   preview->cancel_reason != TP_REASON_EXPOSURE;
}

static bool
waits(const TpPair *pair, const TpCommand *command)
{
	return (command->type == TP_STOP || command->type == TP_STOP_LIMIT || command->type == TP_TAKE_PROFIT) &&
		   tradepost_model_would_wait(pair->model, command);
}

/* The preview itself: it changes nothing, and its sums are the model's. */
static bool
take_preview(TpPair *pair, const TpStep *step, TpPreview *preview)
{
	const TpInstrument *instrument = tradepost_model_instrument(pair->model, step->command.instrument);
	TpFootprint before = footprint(pair);
	TpFootprint after;
	int32_t asset;
	tp_int128 available;
	tp_int128 required;

	memset(preview, 0xA5, sizeof(*preview));
	tradepost_engine_preview(pair->engine, &step->command, step->now, preview);
	after = footprint(pair);
	pair->coverage->previews++;
	if (before.checksum != after.checksum || before.events != after.events || before.last_seq != after.last_seq ||
		before.next_expiry != after.next_expiry || before.open_orders != after.open_orders)
		return tradepost_fuzz_fail(pair, "the preview changed something");
	if (!looked_at_funds(preview) || instrument == NULL)
		return true;
	if (waits(pair, &step->command))
	{
		if (preview->requirement != 0 || preview->free_before != 0 || preview->resting != step->command.quantity)
			return tradepost_fuzz_fail(pair, "preview: an order that waits needs something");
		return true;
	}
	asset = tradepost_model_paying_asset(instrument, (TpSide) step->command.side);
	available = tradepost_model_free_funds(pair->model, step->command.account, asset);
	if (preview->free_before != available)
		return tradepost_fuzz_fail(pair, "preview: free_before is %s, the model has %s",
								   tradepost_wide(preview->free_before), tradepost_wide(available));
	if (tradepost_model_next_expiry(pair->model) <= step->now)
		return true;
	required = tradepost_model_requirement(pair->model, &step->command);
	if (preview->requirement != required)
		return tradepost_fuzz_fail(pair, "preview: requirement is %s, the model has %s",
								   tradepost_wide(preview->requirement), tradepost_wide(required));
	return true;
}

/*
 * What became of the order by itself: until an order that it made fire does
 * anything.  True if it fired at once.
 */
static bool
sum_events(TpPair *pair, const TpCommand *command, size_t first_event, TpPreview *real)
{
	const TpInstrument *instrument = tradepost_model_instrument(pair->model, command->instrument);
	const TpEvent *events;
	size_t n = tradepost_engine_events(pair->engine, &events);
	bool decided = false;
	bool fired = false;

	*real = (TpPreview){ 0 };
	for (size_t i = first_event; i < n; i++)
	{
		const TpEvent *event = &events[i];

		if (event->decision)
			real->reason = event->reason;
		decided |= event->decision;
		/* what was due first may have been another order with the same id */
		if (!decided)
			continue;
		/* what fires another order, or is done to this one by its child that fires */
		if (event->kind == TP_EV_TRIGGERED
				? event->order_id != command->id
				: event->order_id == command->id && event->reason == TP_REASON_LINKED && !event->decision)
			break;
		if (event->order_id != command->id)
			continue;
		fired |= event->kind == TP_EV_TRIGGERED;
		if (event->kind == TP_EV_TRADE)
		{
			real->filled += event->quantity;
			real->filled_value += tradepost_model_value(instrument, event->quantity, event->price);
			real->commission += event->commission;
			real->fills++;
		}
		if (event->kind == TP_EV_CANCELLED || event->kind == TP_EV_DECREMENTED)
		{
			real->cancelled += event->quantity;
			real->cancel_reason = event->reason;
		}
	}
	if (real->reason == TP_REASON_NONE)
		real->resting = command->quantity - real->filled - real->cancelled;
	return fired;
}

static bool
is_about_funds(uint8_t reason)
{
	return reason == TP_REASON_INSUFFICIENT_FUNDS || reason == TP_REASON_EXPOSURE;
}

/* What falls due first may free funds, or take them, makes room among open orders, and may be a child that is missed. */
static bool
may_differ(const TpCommand *command, const TpPreview *preview, const TpPreview *real)
{
	if (command->children > 0 && real->reason == TP_REASON_LINKED)
		return true;
	if (preview->reason != real->reason)
		return is_about_funds(preview->reason) || is_about_funds(real->reason) ||
			   preview->reason == TP_REASON_TOO_MANY_ORDERS;
	return preview->cancel_reason != real->cancel_reason &&
		   (is_about_funds(preview->cancel_reason) || is_about_funds(real->cancel_reason));
}

/* What the preview promised and what the command then did.  Its events are the model's too by now. */
static bool
check_preview(TpPair *pair, const TpCommand *command, const TpPreview *preview, size_t first_event,
			  bool something_was_due)
{
	TpPreview real;
	bool fired = sum_events(pair, command, first_event, &real);

	if (something_was_due && may_differ(command, preview, &real))
		return true;
	pair->coverage->passive_funds += something_was_due;
	if (preview->reason != real.reason)
		return tradepost_fuzz_fail(pair, "preview: reason is %d, it became %d", preview->reason, real.reason);
	/* its partner was cancelled first, which the preview does not foresee */
	if (fired && command->link_id != 0)
		return true;
	if (preview->filled != real.filled || preview->fills != real.fills || preview->commission != real.commission ||
		preview->filled_value != real.filled_value)
		return tradepost_fuzz_fail(pair,
								   "preview: filled %s in %d for %s, commission %s; it became %s in %d for %s, %s",
								   tradepost_wide(preview->filled), preview->fills,
								   tradepost_wide(preview->filled_value), tradepost_wide(preview->commission),
								   tradepost_wide(real.filled), real.fills, tradepost_wide(real.filled_value),
								   tradepost_wide(real.commission));
	if (preview->resting != real.resting || preview->cancelled != real.cancelled)
		return tradepost_fuzz_fail(pair, "preview: resting %s, cancelled %s; it became %s, %s",
								   tradepost_wide(preview->resting), tradepost_wide(preview->cancelled),
								   tradepost_wide(real.resting), tradepost_wide(real.cancelled));
	if (preview->cancel_reason != real.cancel_reason)
		return tradepost_fuzz_fail(pair, "preview: would be cancelled for reason %d, it was for %d",
								   preview->cancel_reason, real.cancel_reason);
	return true;
}

static bool
do_command(TpPair *pair, const TpStep *step)
{
	TpPreview preview;
	bool previewed = step->preview && step->command.kind == TP_CMD_PLACE && !step->command.poisoned;
	bool due = tradepost_model_next_expiry(pair->model) <= step->now;
	size_t first_event = pair->seen;

	if (previewed && !take_preview(pair, step, &preview))
		return false;
	tradepost_engine_apply(pair->engine, &step->command, step->now);
	tradepost_model_apply(pair->model, &step->command, step->now);
	pair->coverage->commands++;
	return compare_events(pair) && (!previewed || check_preview(pair, &step->command, &preview, first_event, due));
}

static bool
end_batch(TpPair *pair)
{
	const char *wrong = tradepost_host_store(&pair->host, pair->engine);

	if (wrong != NULL)
		return tradepost_fuzz_fail(pair, "%s", wrong);
	if (!tradepost_compare_state(pair) || !tradepost_compare_rows(pair))
		return false;
	tradepost_engine_end_batch(pair->engine);
	tradepost_model_end_batch(pair->model);
	pair->seen = 0;
	pair->coverage->batches++;
	if (tradepost_engine_checksum(pair->engine) != tradepost_model_checksum(pair->model))
		return tradepost_fuzz_fail(pair, "the checksum is not that of the state");
	return tradepost_compare_state(pair);
}

static bool
recover(TpPair *pair)
{
	if (!end_batch(pair))
		return false;
	tradepost_engine_destroy(pair->engine);
	pair->engine = tradepost_host_recover(&pair->host);
	pair->coverage->recoveries++;
	if (tradepost_engine_checksum(pair->engine) != tradepost_model_checksum(pair->model))
		return tradepost_fuzz_fail(pair, "recovered: the checksum is not that of the state");
	return tradepost_compare_state(pair);
}

static bool
respecify(TpPair *pair, const TpStep *step)
{
	tradepost_engine_add_instrument(pair->engine, &step->spec);
	tradepost_model_add_instrument(pair->model, &step->spec);
	tradepost_host_respecify(&pair->host, tradepost_engine_instrument(pair->engine, step->spec.id));
	return do_command(pair, step);
}

static bool
do_step(TpPair *pair, const TpStep *step)
{
	switch (step->kind)
	{
		case TP_STEP_COMMAND:
			return do_command(pair, step);
		case TP_STEP_END_BATCH:
			return end_batch(pair);
		case TP_STEP_RECOVER:
			return recover(pair);
		case TP_STEP_RESPECIFY:
			return respecify(pair, step);
	}
	return false;
}

/* At the end everyone cancels; compare_state then insists that nothing is reserved. */
static bool
drain(TpPair *pair, int64_t now)
{
	const int64_t *accounts;
	size_t n = tradepost_model_accounts(pair->model, &accounts);

	for (size_t i = 0; i < n; i++)
	{
		TpStep step = { .kind = TP_STEP_COMMAND, .now = now };

		step.command = (TpCommand){ .id = INT64_C(1) << 40, .kind = TP_CMD_CANCEL_ALL, .account = accounts[i] };
		if (!do_step(pair, &step))
			return false;
	}
	if (!tradepost_compare_state(pair))
		return false;
	if (tradepost_engine_open_orders(pair->engine) != 0)
		return tradepost_fuzz_fail(pair, "orders are left after everyone cancelled");
	return recover(pair);
}

void
tradepost_run_side_by_side(const TpWorld *world, const TpStep *steps, size_t count, size_t check_every,
						   TpCoverage *coverage, volatile size_t *progress, TpVerdict *verdict)
{
	TpPair pair = { .coverage = coverage, .message = verdict->message };
	bool fine = true;
	size_t step = 0;

	pair.model = tradepost_model_create();
	tradepost_host_init(&pair.host, world);
	for (size_t i = 0; i < world->n_instruments; i++)
		tradepost_model_add_instrument(pair.model, &world->instruments[i]);
	tradepost_model_set_seq(pair.model, world->first_seq);
	pair.engine = tradepost_host_recover(&pair.host);
	for (; fine && step < count; step++)
	{
		if (progress != NULL)
			*progress = step;
		fine = do_step(&pair, &steps[step]);
		if (fine && step % check_every == 0)
			fine = tradepost_compare_state(&pair);
	}
	if (fine)
	{
		if (progress != NULL)
			*progress = count;
		fine = drain(&pair, count == 0 ? world->start : steps[count - 1].now);
		step = count + 1;
	}
	verdict->differs = !fine;
	verdict->step = fine ? count : step - 1;
	tradepost_engine_destroy(pair.engine);
	tradepost_model_destroy(pair.model);
	tradepost_host_free(&pair.host);
}
