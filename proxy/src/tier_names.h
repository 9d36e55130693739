/*
 * tier_names.h
 *	  Tiers and scopes by name.  Pure.
 */
#ifndef TRADEPOST_PROXY_TIER_NAMES_H
#define TRADEPOST_PROXY_TIER_NAMES_H

#include "call.h"

/* "read", "trade", "withdraw", "login" */
extern const char *tp_scope_name(TpScope scope);

extern const char *const tp_tier_names[TP_TIER_COUNT];
extern bool tp_tier_parse(TpSlice name, TpTier *tier);

#endif
