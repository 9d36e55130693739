/*
 * place.h
 *	  The arguments of placing, shared by the functions that place.
 */
#ifndef TRADEPOST_PLACE_H
#define TRADEPOST_PLACE_H

#include "fmgr.h"
#include "request.h"

/* The first arguments of a call are place_order's, in its order. */
extern void tradepost_read_place_arguments(FunctionCallInfo fcinfo, TpPlaceArguments *arguments);

#endif
