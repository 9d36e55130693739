/*
 * links.h
 *	  Orders of one call that are linked, or protect one another.
 */
#ifndef TRADEPOST_LINKS_H
#define TRADEPOST_LINKS_H

#include "request.h"

/* TpCommand.children counts them. */
#define TP_MAX_CHILDREN 255

/* The link of a place to an earlier request of its call, if it has one; raises TP005. */
extern void tradepost_check_linked(const TpRequest *requests, const TpCommand *command);

/*
 * Once all of a call are read: the parent of this one, if it names one, must be a later place that it can
 * protect; the parent is told that it has one more that does.
 */
extern void tradepost_check_parent(TpRequest *requests, int n, int position);
extern void tradepost_raise_parent(int64 parent) pg_attribute_noreturn();

/*
 * Once keys are claimed: what protects an order is repeated with it, or new like it; TP007.  An entry that was
 * there would never know of protection that comes now.
 */
extern void tradepost_check_repeated(const TpRequest *requests, int n);

#endif
