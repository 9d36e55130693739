/*
 * tier_names.c
 *	  Tiers and scopes by name.
 */
#include "tier_names.h"

const char *const tp_tier_names[TP_TIER_COUNT] = { "free", "basic", "pro", "enterprise" };

bool
tp_tier_parse(TpSlice name, TpTier *tier)
{
	for (int i = 0; i < TP_TIER_COUNT; i++)
	{
		if (tp_slice_is(name, tp_tier_names[i]))
		{
			*tier = (TpTier) i;
			return true;
		}
	}
	return false;
}

const char *
tp_scope_name(TpScope scope)
{
	switch (scope)
	{
		case TP_SCOPE_READ:
			return "read";
		case TP_SCOPE_TRADE:
			return "trade";
		case TP_SCOPE_WITHDRAW:
			return "withdraw";
		case TP_SCOPE_LOGIN:
			break;
	}
	return "login";
}
