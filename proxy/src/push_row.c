/*
 * push_row.c
 *	  From a row in libpq's text form to a TpPush.
 *
 * Called by pushes.c with what is new, and by push_catchup.c with what was missed.
 */
#include <stdlib.h>

#include "pushes.h"
#include "tier_names.h"

static const struct
{
	const char *name;
	TpPushChannel channel;
} channels[] = { { "signals", TP_PUSH_SIGNALS },
				 { "notifications", TP_PUSH_NOTIFICATIONS },
				 { "account", TP_PUSH_ACCOUNT } };

unsigned
tp_push_channel(TpSlice name)
{
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++)
	{
		if (tp_slice_is(name, channels[i].name))
			return channels[i].channel;
	}
	return 0;
}

static TpSlice
text(const PGresult *result, int row, int column)
{
	return (TpSlice){ PQgetvalue(result, row, column), (size_t) PQgetlength(result, row, column) };
}

bool
tp_push_read(const PGresult *result, int row, TpPush *push)
{
	*push = (TpPush){ .number = strtoll(PQgetvalue(result, row, 0), NULL, 10),
					  .tenant = strtoll(PQgetvalue(result, row, 1), NULL, 10),
					  .user = strtoll(PQgetvalue(result, row, 2), NULL, 10),
					  .tier = TP_TIER_FREE,
					  .channel = tp_push_channel(text(result, row, 4)),
					  .event = text(result, row, 5),
					  .data = text(result, row, 6) };
	return push->channel != 0 && (PQgetisnull(result, row, 3) || tp_tier_parse(text(result, row, 3), &push->tier));
}
