/*
 * link.c
 *	  Orders that end one another: the two of an OCO pair, and an entry with the
 *	  orders that protect it (its children).
 *
 * What an order is tied to is a TpTie, which only such orders have: the others pay a
 * test of a handle.  Ties name orders by handle; all of an order's are undone when it ends,
 * so none outlives what it names.  Children that came before their parent, as they do,
 * hang in the same chain of siblings, whose first is filed under the parent's id until
 * that comes.
 *
 * A child is nobody's parent and only a sibling's partner.  So what an end takes
 * along is bounded: the partner, the children of both, and no further.
 *
 * Called by accept.c, engine.c (loading), and wherever orders trade, trigger and end.
 */
#include "engine_state.h"

void
tradepost_link_init(TpEngine *engine)
{
	tradepost_slab_init(&engine->ties, sizeof(TpTie));
	tradepost_keymap_init(&engine->awaited);
}

void
tradepost_link_destroy(TpEngine *engine)
{
	tradepost_slab_destroy(&engine->ties);
	tradepost_keymap_destroy(&engine->awaited);
}

/* Of an order that has one. */
static TpTie *
tie_of(const TpEngine *engine, uint32_t order)
{
	return tp_slab_at(&engine->ties, tp_details(engine, order)->tie);
}

static TpTie *
get_tie(TpEngine *engine, uint32_t order)
{
	TpOrder *details = tp_details(engine, order);

	if (details->tie == TP_NONE)
	{
		details->tie = tradepost_slab_take(&engine->ties);
		*tie_of(engine, order) = (TpTie){ 0 };
	}
	return tie_of(engine, order);
}

/* The first of the children of a parent to come. */
static uint32_t
first_orphan(const TpEngine *engine, int64_t parent_id)
{
	uint32_t hash = tp_hash1(engine->orders.seed, parent_id);
	uint32_t slot = hash;
	uint32_t child;

	while ((child = tp_keymap_next(&engine->awaited, hash, &slot)) != TP_NONE)
		if (tp_details(engine, child)->state.parent_id == parent_id)
			break;
	return child;
}

static void
file_orphan(TpEngine *engine, uint32_t child)
{
	int64_t parent_id = tp_details(engine, child)->state.parent_id;

	tradepost_keymap_insert(&engine->awaited, tp_hash1(engine->orders.seed, parent_id), child);
}

static void
unfile_orphan(TpEngine *engine, uint32_t child)
{
	int64_t parent_id = tp_details(engine, child)->state.parent_id;

	tradepost_keymap_remove(&engine->awaited, tp_hash1(engine->orders.seed, parent_id), child);
}

static void
await(TpEngine *engine, uint32_t child)
{
	TpTie *tie = get_tie(engine, child);
	uint32_t first = first_orphan(engine, tp_details(engine, child)->state.parent_id);

	tie->awaits = true;
	engine->n_orphans++;
	if (first == TP_NONE)
	{
		file_orphan(engine, child);
		return;
	}
	/* Second, so that the first stays the one that is filed. */
	tie->previous = first;
	tie->next = tie_of(engine, first)->next;
	if (tie->next != TP_NONE)
		tie_of(engine, tie->next)->previous = child;
	tie_of(engine, first)->next = child;
}

static void
join(TpEngine *engine, uint32_t child, uint32_t parent)
{
	TpTie *tie = get_tie(engine, child);
	TpTie *above = get_tie(engine, parent);

	tie->parent = parent;
	tie->next = above->first_child;
	if (tie->next != TP_NONE)
		tie_of(engine, tie->next)->previous = child;
	above->first_child = child;
}

/* It stands alone, or is about to end. */
static void
leave_family(TpEngine *engine, uint32_t child)
{
	TpTie *tie = tie_of(engine, child);

	if (tie->next != TP_NONE)
		tie_of(engine, tie->next)->previous = tie->previous;
	if (tie->previous != TP_NONE)
		tie_of(engine, tie->previous)->next = tie->next;
	else if (tie->awaits)
	{
		unfile_orphan(engine, child);
		if (tie->next != TP_NONE)
			file_orphan(engine, tie->next);
	}
	else if (tie->parent != TP_NONE)
		tie_of(engine, tie->parent)->first_child = tie->next;
	engine->n_orphans -= tie->awaits;
	tie->parent = tie->previous = tie->next = TP_NONE;
	tie->awaits = false;
}

/* The parent that it waits for, or that is open; 0: none. */
static int64_t
living_parent(const TpEngine *engine, uint32_t order)
{
	const TpOrder *details = tp_details(engine, order);
	const TpTie *tie;

	if (details->tie == TP_NONE)
		return 0;
	tie = tie_of(engine, order);
	return tie->awaits || tie->parent != TP_NONE ? details->state.parent_id : 0;
}

static uint32_t
partner_of(const TpEngine *engine, uint32_t order)
{
	return tp_details(engine, order)->tie == TP_NONE ? TP_NONE : tie_of(engine, order)->partner;
}

static bool
allows_parent(const TpEngine *engine, const TpCommand *command)
{
	return tp_is_triggered_kind(command->type) && command->parent_id > command->id &&
		   tradepost_orders_find(&engine->orders, command->parent_id) == TP_NONE;
}

static bool
allows_partner(const TpEngine *engine, const TpCommand *command)
{
	uint32_t partner = tradepost_orders_find(&engine->orders, command->link_id);
	const TpOrderState *state;

	if (partner == TP_NONE || !tp_stands(engine, partner))
		return false;
	state = &tp_details(engine, partner)->state;
	return state->account == command->account && state->instrument == command->instrument &&
		   partner_of(engine, partner) == TP_NONE &&
		   (tp_is_triggered_kind(command->type) || tp_waits(engine, partner)) &&
		   living_parent(engine, partner) == command->parent_id;
}

/* As many as it must have, of its account and instrument, wait to protect it. */
static bool
has_children(const TpEngine *engine, const TpCommand *command)
{
	int missing = command->children;

	for (uint32_t child = first_orphan(engine, command->id); missing > 0 && child != TP_NONE;
		 child = tie_of(engine, child)->next)
	{
		const TpOrderState *state = &tp_details(engine, child)->state;

		missing -= state->account == command->account && state->instrument == command->instrument;
	}
	return missing == 0;
}

/* May this place be tied as it wants to be? */
bool
tradepost_link_allows(const TpEngine *engine, const TpCommand *command)
{
	return (command->parent_id == 0 || allows_parent(engine, command)) &&
		   (command->link_id == 0 || allows_partner(engine, command)) &&
		   (command->children == 0 || has_children(engine, command));
}

int64_t
tradepost_link_expires_at(const TpEngine *engine, uint32_t order)
{
	uint32_t partner = partner_of(engine, order);
	int64_t expires_at = tp_details(engine, order)->state.expires_at;

	if (partner != TP_NONE && tp_details(engine, partner)->state.expires_at < expires_at)
		expires_at = tp_details(engine, partner)->state.expires_at;
	return expires_at;
}

static void
pair(TpEngine *engine, uint32_t order, uint32_t partner)
{
	get_tie(engine, order)->partner = partner;
	get_tie(engine, partner)->partner = order;
}

/* The children that waited for this parent are its, as far as they may be. */
static void
adopt(TpEngine *engine, uint32_t parent)
{
	const TpOrder *details = tp_details(engine, parent);
	uint32_t first = first_orphan(engine, details->state.id);
	TpVec strangers = { 0 };

	if (first == TP_NONE)
		return;
	unfile_orphan(engine, first);
	get_tie(engine, parent)->first_child = first;
	for (uint32_t child = first; child != TP_NONE; child = tie_of(engine, child)->next)
	{
		tie_of(engine, child)->parent = parent;
		tie_of(engine, child)->awaits = false;
		engine->n_orphans--;
		if (tp_details(engine, child)->holding != details->holding || details->state.parent_id != 0)
			tradepost_note_order(engine, &strangers, child);
	}
	tradepost_cancel_noted(engine, &strangers, TP_REASON_LINKED);
}

/* After it was accepted, before it trades or waits. */
void
tradepost_link_placed(TpEngine *engine, uint32_t order)
{
	const TpOrderState *state = &tp_details(engine, order)->state;

	if (engine->n_orphans > 0)
		adopt(engine, order);
	if (state->link_id != 0)
	{
		uint32_t partner = tradepost_orders_find(&engine->orders, state->link_id);

		pair(engine, order, partner);
		tp_details(engine, partner)->state.link_id = state->id;
		tradepost_touch_order(engine, partner);
	}
	if (state->parent_id != 0)
		await(engine, order);
}

/* A place was refused: so are those that were to protect it. */
void
tradepost_link_refused(TpEngine *engine, int64_t id)
{
	TpVec children = { 0 };

	for (uint32_t child = first_orphan(engine, id); child != TP_NONE; child = tie_of(engine, child)->next)
		tradepost_note_order(engine, &children, child);
	tradepost_cancel_noted(engine, &children, TP_REASON_LINKED);
}

/* All loaded orders stand. */
void
tradepost_link_loaded(TpEngine *engine, uint32_t order)
{
	const TpOrderState *state = &tp_details(engine, order)->state;
	uint32_t partner = state->link_id == 0 ? TP_NONE : tradepost_orders_find(&engine->orders, state->link_id);
	uint32_t parent = state->parent_id == 0 ? TP_NONE : tradepost_orders_find(&engine->orders, state->parent_id);

	if (partner != TP_NONE && tp_details(engine, partner)->state.link_id == state->id)
		pair(engine, order, partner);
	if (!tp_waits(engine, order) || state->parent_id == 0)
		return;
	if (parent != TP_NONE)
		join(engine, order, parent);
	else if (state->rank < 0)
		await(engine, order);
}

static void
cancel_partner(TpEngine *engine, uint32_t order)
{
	uint32_t partner = tie_of(engine, order)->partner;

	if (partner == TP_NONE)
		return;
	tie_of(engine, order)->partner = tie_of(engine, partner)->partner = TP_NONE;
	tradepost_order_cancel(engine, partner, TP_REASON_LINKED, false);
}

/* A child protects no more than there is. */
static void
cut(TpEngine *engine, uint32_t child, int64_t to)
{
	TpOrderState *state = &tp_details(engine, child)->state;
	int64_t by = state->quantity - to;

	leave_family(engine, child);
	if (by <= 0)
		return;
	state->quantity = to;
	tradepost_trigger_reduce(engine, child, by);
	tradepost_touch_order(engine, child);
	tradepost_emit_order(engine, TP_EV_DECREMENTED, child, by, TP_REASON_LINKED);
}

static void
release_children(TpEngine *engine, uint32_t parent)
{
	int64_t filled = tp_details(engine, parent)->state.filled;
	TpVec children = { 0 };

	for (uint32_t child = tie_of(engine, parent)->first_child; child != TP_NONE; child = tie_of(engine, child)->next)
		tradepost_note_order(engine, &children, child);
	if (filled == 0)
	{
		tradepost_cancel_noted(engine, &children, TP_REASON_LINKED);
		return;
	}
	tradepost_sort_named(&children);
	for (size_t i = 0; i < children.count; i++)
		cut(engine, TP_AT(&children, TpNamedOrder, i).order, filled);
	tp_vec_free(&children);
}

void
tradepost_link_ended(TpEngine *engine, uint32_t order)
{
	TpOrder *details = tp_details(engine, order);

	cancel_partner(engine, order);
	release_children(engine, order);
	leave_family(engine, order);
	tradepost_slab_give(&engine->ties, details->tie);
	details->tie = TP_NONE;
}

void
tradepost_link_traded(TpEngine *engine, uint32_t order)
{
	const TpOrderState *state = &tp_details(engine, order)->state;

	cancel_partner(engine, order);
	for (uint32_t child = tie_of(engine, order)->first_child; child != TP_NONE; child = tie_of(engine, child)->next)
		tradepost_trigger_arm(engine, child);
	if (state->filled == state->quantity)
		tradepost_link_ended(engine, order);
}

/* What it protected is closed by it, and its partner is not wanted any more. */
void
tradepost_link_triggers(TpEngine *engine, uint32_t order)
{
	uint32_t parent = tie_of(engine, order)->parent;

	if (parent != TP_NONE)
		tradepost_order_cancel(engine, parent, TP_REASON_LINKED, false);
	cancel_partner(engine, order);
}
