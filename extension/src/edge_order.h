/*
 * edge_order.h
 *	  An order as clients of the edge write it: a JSON object.
 */
#ifndef TRADEPOST_EDGE_ORDER_H
#define TRADEPOST_EDGE_ORDER_H

#include "request.h"

/*
 * Read the object's text into what request.c takes; raises TP005, naming the field.
 * What the arguments point to lives in the current memory context.
 */
extern void tradepost_read_edge_order(const char *json, TpPlaceArguments *arguments);

#endif
