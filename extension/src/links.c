/*
 * links.c
 *	  Orders of one call that are linked, or protect one another.
 *
 * Called by submit.c and bracket.c, before anything is written.  Until ids are drawn such
 * orders name each other as -1 - index.  Touches nothing but the requests.
 */
#include "postgres.h"

#include "config.h"
#include "errcodes.h"
#include "links.h"

void
tradepost_raise_parent(int64 parent)
{
	ereport(ERROR,
			(errcode(ERRCODE_TP_INVALID_ORDER),
			 errmsg("parent_index %lld is not a later place in this call", (long long) parent),
			 errhint(
				 "What protects an order comes before it, so that it is never unprotected; positions count from 0.")));
}

void
tradepost_check_linked(const TpRequest *requests, const TpCommand *command)
{
	int64 number = -1 - command->link_id;
	const TpCommand *other;
	TpPlaced partner;

	if (command->link_id >= 0)
		return;
	other = &requests[number].command;
	partner = (TpPlaced){ .instrument = other->instrument, .type = other->type };
	if (other->account != command->account)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("oco_index %lld is an order of account %lld, and this one is of account %lld",
							   (long long) number, (long long) other->account, (long long) command->account),
						errhint("Linked orders are of one account.")));
	if (other->parent_id != command->parent_id)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("oco_index %lld does not protect the same order as this one", (long long) number),
						errhint("Give both the same parent_index, or none.")));
	tradepost_check_link("oco_index", number, &partner, command);
}

void
tradepost_check_parent(TpRequest *requests, int n, int position)
{
	const TpRequest *child = &requests[position];
	int64 index = -1 - child->command.parent_id;
	TpRequest *parent;

	if (child->command.kind != TP_CMD_PLACE || child->command.parent_id >= 0)
		return;
	if (index >= n || requests[index].command.kind != TP_CMD_PLACE)
		tradepost_raise_parent(index);
	parent = &requests[index];
	if (parent->command.account != child->command.account)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("parent_index %lld is an order of account %lld, and this one is of account %lld",
						(long long) index, (long long) parent->command.account, (long long) child->command.account),
				 errhint("An order is protected by its own account's.")));
	if (parent->command.instrument != child->command.instrument)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("parent_index %lld is an order in %s, and this one is in %s", (long long) index,
							   tradepost_listing_by_id(parent->command.instrument)->symbol,
							   tradepost_listing_by_id(child->command.instrument)->symbol),
						errhint("An order is protected by others in its instrument.")));
	if (parent->command.parent_id != 0)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("parent_index %lld is an order that protects another itself", (long long) index),
						errhint("Name the entry.")));
	if ((parent->key != NULL) != (child->key != NULL))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("of an order and its parent_index %lld, one has a client_order_id and the other has not",
							   (long long) index),
						errhint("Give one to both, so that the call can be repeated, or to neither.")));
	if (parent->command.children == TP_MAX_CHILDREN)
		ereport(ERROR,
				(errcode(ERRCODE_TP_INVALID_ORDER),
				 errmsg("parent_index %lld is protected by more than %d orders", (long long) index, TP_MAX_CHILDREN),
				 errhint("A stop and a take profit order that are linked protect all of it.")));
	parent->command.children++;
}

void
tradepost_check_repeated(const TpRequest *requests, int n)
{
	for (int i = 0; i < n; i++)
	{
		const TpRequest *parent;

		if (requests[i].command.parent_id >= 0)
			continue;
		parent = &requests[-1 - requests[i].command.parent_id];
		if (requests[i].repeated != parent->repeated)
			ereport(
				ERROR,
				(errcode(ERRCODE_TP_KEY_REUSED),
				 errmsg("idempotency key \"%.*s\" of account %lld was used, and that of an order it goes with was not",
						requests[i].repeated ? requests[i].key_length : parent->key_length,
						requests[i].repeated ? requests[i].key : parent->key, (long long) parent->command.account),
				 errhint("Use new keys for a new request.")));
	}
}
