/*
 * engine_check_ties.c
 *	  Pairs, parents and children in the engine's memory; the part of engine_check.c
 *	  that is about link.c.
 *
 * Called by engine_check.c.  Changes nothing.
 */
#include "engine_check.h"
#include "engine_state.h"

#define REQUIRE(condition, what) \
	do                           \
	{                            \
		if (!(condition))        \
			return (what);       \
	} while (0)

static const TpTie *
tie_of(const TpEngine *engine, uint32_t order)
{
	return tp_slab_at(&engine->ties, tp_details(engine, order)->tie);
}

/* One that has no partner may name one that ended. */
static const char *
check_single(const TpEngine *engine, uint32_t order)
{
	const TpOrderState *state = &tp_details(engine, order)->state;
	uint32_t partner = state->link_id == 0 ? TP_NONE : tradepost_orders_find(&engine->orders, state->link_id);

	REQUIRE(partner == TP_NONE || !tp_stands(engine, partner) ||
				tp_details(engine, partner)->state.link_id != state->id,
			"two orders that name each other are no pair");
	return NULL;
}

static const char *
check_pair(const TpEngine *engine, uint32_t order, const TpTie *tie)
{
	const TpOrderState *state = &tp_details(engine, order)->state;
	const TpOrderState *other;

	if (tie->partner == TP_NONE)
		return check_single(engine, order);
	other = &tp_details(engine, tie->partner)->state;
	REQUIRE(tp_stands(engine, tie->partner), "a partner has ended");
	REQUIRE(other->id == state->link_id && other->link_id == state->id &&
				tie_of(engine, tie->partner)->partner == order,
			"the two of a pair do not name each other");
	REQUIRE(tp_details(engine, tie->partner)->holding == tp_details(engine, order)->holding, "a pair of two accounts");
	REQUIRE(tp_waits(engine, order) || tp_waits(engine, tie->partner), "both of a pair are in the book");
	return NULL;
}

static const char *
check_children(const TpEngine *engine, uint32_t order, const TpTie *tie)
{
	const TpOrderState *state = &tp_details(engine, order)->state;
	uint32_t previous = TP_NONE;

	REQUIRE(tie->first_child == TP_NONE || state->parent_id == 0, "a child has children");
	for (uint32_t child = tie->first_child; child != TP_NONE; child = tie_of(engine, child)->next)
	{
		const TpOrderState *below = &tp_details(engine, child)->state;

		REQUIRE(tie_of(engine, child)->parent == order && tie_of(engine, child)->previous == previous,
				"the chain of siblings is broken");
		REQUIRE(below->parent_id == state->id &&
					tp_details(engine, child)->holding == tp_details(engine, order)->holding,
				"a stranger is among the children");
		REQUIRE(tp_waits(engine, child), "a child is not untriggered while its parent is open");
		REQUIRE((below->rank > 0) == (state->filled > 0), "a child is armed before its parent traded, or not after");
		previous = child;
	}
	return NULL;
}

static const char *
check_place_in_family(const TpEngine *engine, uint32_t order, const TpTie *tie)
{
	const TpOrder *details = tp_details(engine, order);

	REQUIRE(!tie->awaits || tie->parent == TP_NONE, "the parent that is awaited is there");
	REQUIRE((details->state.status == TP_ORDER_UNTRIGGERED && details->state.rank < 0) ==
				(tie->awaits || (tie->parent != TP_NONE && tp_details(engine, tie->parent)->state.filled == 0)),
			"an order is dormant and waits for nobody, or the reverse");
	if (tie->awaits)
		REQUIRE(tradepost_orders_find(&engine->orders, details->state.parent_id) == TP_NONE,
				"a parent has come and was not noticed");
	if (tie->parent == TP_NONE && !tie->awaits)
		REQUIRE(tie->previous == TP_NONE && tie->next == TP_NONE, "an order without a family has siblings");
	if (tie->previous != TP_NONE)
		REQUIRE(tie_of(engine, tie->previous)->next == order, "the chain of siblings is broken");
	return NULL;
}

const char *
tradepost_engine_check_ties(const TpEngine *engine)
{
	size_t orphans = 0;
	size_t first_orphans = 0;
	size_t ties = 0;

	for (uint32_t o = 1; o <= engine->orders.orders.used; o++)
	{
		const TpOrder *details = tp_details(engine, o);
		const char *wrong;

		if (!tp_stands(engine, o))
			continue;
		if (details->tie == TP_NONE)
		{
			REQUIRE(details->state.status != TP_ORDER_UNTRIGGERED || details->state.rank > 0,
					"an order is dormant and waits for nobody");
			wrong = check_single(engine, o);
			REQUIRE(wrong == NULL, wrong);
			continue;
		}
		ties++;
		orphans += tie_of(engine, o)->awaits;
		first_orphans += tie_of(engine, o)->awaits && tie_of(engine, o)->previous == TP_NONE;
		wrong = check_pair(engine, o, tie_of(engine, o));
		REQUIRE(wrong == NULL, wrong);
		wrong = check_children(engine, o, tie_of(engine, o));
		REQUIRE(wrong == NULL, wrong);
		wrong = check_place_in_family(engine, o, tie_of(engine, o));
		REQUIRE(wrong == NULL, wrong);
	}
	REQUIRE(ties == engine->ties.used - engine->ties.n_free, "ties are left of orders that ended");
	REQUIRE(orphans == engine->n_orphans, "the number of orphans is wrong");
	REQUIRE(first_orphans == engine->awaited.count, "the map of awaited parents does not add up");
	return NULL;
}
