/*
 * model_link.c
 *	  Pairs, parents and children in the model: read off the rows.
 *
 * Two live orders that name each other are a pair.  An untriggered order that names a
 * live order as its parent is its child; a dormant one whose parent is not there waits for it.
 *
 * Called by model_place.c, model_match.c, model_ends.c and model_trigger.c.
 */
#include "model_state.h"

static TpOrderState *
partner_of(const TpModel *model, const TpOrderState *order)
{
	TpOrderState *other = order->link_id == 0 ? NULL : tradepost_model_find_live(model, order->link_id);

	return other != NULL && other->link_id == order->id && other->id != model->outlives ? other : NULL;
}

TpOrderState *
tradepost_model_open_parent(const TpModel *model, const TpOrderState *order)
{
	return order->parent_id == 0 ? NULL : tradepost_model_find_live(model, order->parent_id);
}

/* Whom it must share with a partner: the parent that is open or to come. */
static int64_t
present_parent(const TpModel *model, const TpOrderState *order)
{
	bool waits = order->status == TP_ORDER_UNTRIGGERED;

	return waits && (order->rank < 0 || tradepost_model_open_parent(model, order) != NULL) ? order->parent_id : 0;
}

/* Those that wait to be this order's children, and may be. */
static int
count_waiting(const TpModel *model, const TpCommand *command)
{
	int count = 0;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		const TpOrderState *order = &model->orders[i];

		count += order->status == TP_ORDER_UNTRIGGERED && order->rank < 0 && order->parent_id == command->id &&
				 order->account == command->account && order->instrument == command->instrument;
	}
	return count;
}

bool
tradepost_model_may_link(const TpModel *model, const TpCommand *command)
{
	bool waits = tradepost_model_has_trigger(command->type);
	const TpOrderState *partner;
	TpOrderState known;

	if (command->parent_id != 0)
	{
		if (!waits || command->parent_id <= command->id || tradepost_model_order(model, command->parent_id, &known))
			return false;
	}
	if (count_waiting(model, command) < command->children)
		return false;
	if (command->link_id == 0)
		return true;
	partner = tradepost_model_find_live(model, command->link_id);
	if (partner == NULL || partner->account != command->account || partner->instrument != command->instrument)
		return false;
	if (partner_of(model, partner) != NULL)
		return false;
	if (!waits && partner->status != TP_ORDER_UNTRIGGERED)
		return false;
	return present_parent(model, partner) == command->parent_id;
}

static TpOrderState *
next_child(const TpModel *model, int64_t parent_id, int64_t after, bool dormant_only)
{
	TpOrderState *lowest = NULL;

	for (size_t i = 0; i < model->n_orders; i++)
	{
		TpOrderState *order = &model->orders[i];

		if (order->status == TP_ORDER_UNTRIGGERED && order->parent_id == parent_id && order->id > after &&
			(!dormant_only || order->rank < 0) && (lowest == NULL || order->id < lowest->id))
			lowest = order;
	}
	return lowest;
}

static void
cancel_linked(TpModel *model, TpOrderState *order)
{
	tradepost_model_close(model, order, TP_ORDER_CANCELLED, tradepost_model_remaining(order), TP_REASON_LINKED);
}

/* The one that does it may go on: its partner's end is not its own. */
void
tradepost_model_cancel_partner(TpModel *model, const TpOrderState *order)
{
	TpOrderState *partner = partner_of(model, order);
	int64_t outlives = model->outlives;

	if (partner == NULL)
		return;
	model->outlives = order->id;
	cancel_linked(model, partner);
	model->outlives = outlives;
}

void
tradepost_model_parent_came(TpModel *model, const TpOrderState *parent)
{
	int64_t after = INT64_MIN;
	TpOrderState *child;

	while ((child = next_child(model, parent->id, after, true)) != NULL)
	{
		after = child->id;
		if (child->account != parent->account || child->instrument != parent->instrument || parent->parent_id != 0)
			cancel_linked(model, child);
	}
}

void
tradepost_model_parent_refused(TpModel *model, int64_t id)
{
	TpOrderState *child;

	while ((child = next_child(model, id, INT64_MIN, true)) != NULL)
		cancel_linked(model, child);
}

void
tradepost_model_traded(TpModel *model, const TpOrderState *order)
{
	TpOrderState *child;

	tradepost_model_cancel_partner(model, order);
	while ((child = next_child(model, order->id, INT64_MIN, true)) != NULL)
	{
		child->rank = -child->rank;
		child->updated_at = model->now;
	}
	if (order->filled == order->quantity)
		tradepost_model_ended(model, order);
}

/* An order that ended still names its partner; the partner, if it lives, still names it. */
void
tradepost_model_ended(TpModel *model, const TpOrderState *order)
{
	int64_t after = INT64_MIN;
	TpOrderState *child;

	tradepost_model_cancel_partner(model, order);
	while ((child = next_child(model, order->id, after, false)) != NULL)
	{
		int64_t less = child->quantity - order->filled;

		after = child->id;
		if (order->filled == 0)
			cancel_linked(model, child);
		else if (less > 0)
		{
			child->quantity = order->filled;
			child->updated_at = model->now;
			tradepost_model_order_event(model, TP_EV_DECREMENTED, child, less, TP_REASON_LINKED);
		}
	}
}
