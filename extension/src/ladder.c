/*
 * ladder.c
 *	  The price levels of one side in order: an AVL tree threaded with a chain.
 *
 * The chain answers what matching asks (the next worse level); the tree is for
 * the one question that the chain cannot answer in time, where a new price
 * belongs.  A tree because prices come from users: a sorted array would let one
 * of them make every new level move a million others.  AVL because its
 * height has a bound that no order of insertions and removals can pass.
 *
 * "left" is towards better prices on both sides, so the sides share this code.
 * Called by book.c only.
 */
#include "book.h"

#define AT(handle) ((TpBookLevel *) tp_slab_at(levels, (handle)))

/* Put `node` where `old` hung below `parent`. */
static void
replace_child(TpSlab *levels, TpLadder *ladder, uint32_t parent, uint32_t old, uint32_t node)
{
	if (parent == TP_NONE)
		ladder->root = node;
	else if (AT(parent)->left == old)
		AT(parent)->left = node;
	else
		AT(parent)->right = node;
	if (node != TP_NONE)
		AT(node)->parent = parent;
}

/* The right child of `x` takes its place. */
static uint32_t
rotate_left(TpSlab *levels, TpLadder *ladder, uint32_t x)
{
	uint32_t y = AT(x)->right;
	uint32_t inner = AT(y)->left;

	replace_child(levels, ladder, AT(x)->parent, x, y);
	AT(y)->left = x;
	AT(x)->parent = y;
	AT(x)->right = inner;
	if (inner != TP_NONE)
		AT(inner)->parent = x;
	return y;
}

static uint32_t
rotate_right(TpSlab *levels, TpLadder *ladder, uint32_t x)
{
	uint32_t y = AT(x)->left;
	uint32_t inner = AT(y)->right;

	replace_child(levels, ladder, AT(x)->parent, x, y);
	AT(y)->right = x;
	AT(x)->parent = y;
	AT(x)->left = inner;
	if (inner != TP_NONE)
		AT(inner)->parent = x;
	return y;
}

/*
 * `x` leans by two: rotate.  Returns the new top of this subtree; its balance
 * is 0 exactly if the subtree became lower.
 */
static uint32_t
rebalance(TpSlab *levels, TpLadder *ladder, uint32_t x)
{
	int8_t lean = AT(x)->balance > 0 ? 1 : -1;
	uint32_t y = lean > 0 ? AT(x)->right : AT(x)->left;
	uint32_t z;

	if (AT(y)->balance != -lean)
	{
		/* One rotation; y stood even only after a removal. */
		int8_t even = AT(y)->balance == 0 ? lean : 0;

		if (lean > 0)
			rotate_left(levels, ladder, x);
		else
			rotate_right(levels, ladder, x);
		AT(x)->balance = even;
		AT(y)->balance = (int8_t) -even;
		return y;
	}
	if (lean > 0)
	{
		z = rotate_right(levels, ladder, y);
		rotate_left(levels, ladder, x);
	}
	else
	{
		z = rotate_left(levels, ladder, y);
		rotate_right(levels, ladder, x);
	}
	AT(x)->balance = (int8_t) (AT(z)->balance == lean ? -lean : 0);
	AT(y)->balance = (int8_t) (AT(z)->balance == -lean ? lean : 0);
	AT(z)->balance = 0;
	return z;
}

/* The subtree at `node` grew by one: tell those above. */
static void
grew(TpSlab *levels, TpLadder *ladder, uint32_t node)
{
	uint32_t parent;

	while ((parent = AT(node)->parent) != TP_NONE)
	{
		AT(parent)->balance += AT(parent)->left == node ? -1 : 1;
		if (AT(parent)->balance == 0)
			return;
		if (AT(parent)->balance == 2 || AT(parent)->balance == -2)
		{
			rebalance(levels, ladder, parent);
			return;
		}
		node = parent;
	}
}

/* The left (or right) subtree of `node` became one lower: tell those above. */
static void
shrank(TpSlab *levels, TpLadder *ladder, uint32_t node, bool left)
{
	while (node != TP_NONE)
	{
		uint32_t parent;

		AT(node)->balance += left ? 1 : -1;
		if (AT(node)->balance == 1 || AT(node)->balance == -1)
			return;
		if (AT(node)->balance != 0)
		{
			node = rebalance(levels, ladder, node);
			if (AT(node)->balance != 0)
				return;
		}
		parent = AT(node)->parent;
		left = parent != TP_NONE && AT(parent)->left == node;
		node = parent;
	}
}

static void
chain(TpSlab *levels, TpLadder *ladder, uint32_t level, uint32_t better, uint32_t worse)
{
	AT(level)->better = better;
	AT(level)->worse = worse;
	if (better == TP_NONE)
		ladder->best = level;
	else
		AT(better)->worse = level;
	if (worse != TP_NONE)
		AT(worse)->better = level;
}

static void
unchain(TpSlab *levels, TpLadder *ladder, uint32_t level)
{
	uint32_t better = AT(level)->better;
	uint32_t worse = AT(level)->worse;

	if (better == TP_NONE)
		ladder->best = worse;
	else
		AT(better)->worse = worse;
	if (worse != TP_NONE)
		AT(worse)->better = better;
}

void
tradepost_ladder_insert(TpSlab *levels, TpLadder *ladder, uint32_t level)
{
	TpBookLevel *new = AT(level);
	uint32_t better = TP_NONE;
	uint32_t worse = TP_NONE;
	uint32_t node = ladder->root;

	while (node != TP_NONE)
	{
		new->parent = node;
		if (tp_better(new->side, new->price, AT(node)->price))
		{
			worse = node;
			node = AT(node)->left;
		}
		else
		{
			better = node;
			node = AT(node)->right;
		}
	}
	if (new->parent == TP_NONE)
		ladder->root = level;
	else if (new->parent == worse)
		AT(worse)->left = level;
	else
		AT(better)->right = level;
	chain(levels, ladder, level, better, worse);
	ladder->levels++;
	grew(levels, ladder, level);
}

/*
 * A node with two children: its successor, which has no left child, takes its
 * place in the tree.  Nodes move, not contents: orders hold handles of levels.
 */
static void
swap_with_worse(TpSlab *levels, TpLadder *ladder, uint32_t level)
{
	uint32_t next = AT(level)->worse;
	uint32_t below = AT(next)->right;
	uint32_t above = AT(next)->parent;
	bool left = above != level;

	if (left)
	{
		AT(above)->left = below;
		if (below != TP_NONE)
			AT(below)->parent = above;
		AT(next)->right = AT(level)->right;
		AT(AT(next)->right)->parent = next;
	}
	AT(next)->left = AT(level)->left;
	AT(AT(next)->left)->parent = next;
	AT(next)->balance = AT(level)->balance;
	replace_child(levels, ladder, AT(level)->parent, level, next);
	shrank(levels, ladder, left ? above : next, left);
}

void
tradepost_ladder_remove(TpSlab *levels, TpLadder *ladder, uint32_t level)
{
	TpBookLevel *old = AT(level);

	if (old->left != TP_NONE && old->right != TP_NONE)
		swap_with_worse(levels, ladder, level);
	else
	{
		uint32_t parent = old->parent;
		bool left = parent != TP_NONE && AT(parent)->left == level;

		replace_child(levels, ladder, parent, level, old->left != TP_NONE ? old->left : old->right);
		shrank(levels, ladder, parent, left);
	}
	unchain(levels, ladder, level);
	ladder->levels--;
}
