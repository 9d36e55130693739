/*
 * tier.c
 *	  Whether a user's subscription includes a feature.
 *
 * Called at the beginning of every function that is not for everybody.  What a
 * token, a socket or an earlier statement says of the tier does not count: the
 * user's row is read each time, in its latest committed version and by the clock,
 * so that a downgrade holds from the next call on and a subscription that ended a
 * second ago has ended.  One look-up by primary key in each of two tables, by a
 * plan that is made once.  Reads as the caller, which is the owner of the function
 * that asks.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "errcodes.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(tradepost_require_feature);
PG_FUNCTION_INFO_V1(tradepost_has_feature);

/* From the least to the highest; the tables allow no others. */
static const char *const tier_names[] = { "free", "basic", "pro", "enterprise" };

typedef struct Subscription
{
	bool found;        /* there is such a user */
	char *tier;        /* what was subscribed to */
	TimestampTz until; /* until when it holds */
	char *required;    /* the least tier that has the feature */
} Subscription;

static int
tier_rank(const char *tier)
{
	for (int i = 0; i < (int) lengthof(tier_names); i++)
	{
		if (strcmp(tier_names[i], tier) == 0)
			return i;
	}
	elog(ERROR, "tier \"%s\" is unknown", tier);
	return 0;
}

/* Texts live in the caller's context. */
static char *
text_column(MemoryContext context, int number)
{
	bool isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, &isnull);

	return isnull ? NULL : MemoryContextStrdup(context, TextDatumGetCString(value));
}

static Subscription
read_subscription(int64 user, text *feature)
{
	static SPIPlanPtr plan = NULL;
	MemoryContext caller = CurrentMemoryContext;
	Oid types[] = { INT8OID, TEXTOID };
	Datum values[] = { Int64GetDatum(user), PointerGetDatum(feature) };
	Subscription subscription = { 0 };
	bool isnull;

	SPI_connect();
	if (plan == NULL)
	{
		SPIPlanPtr made =
			SPI_prepare_cursor("SELECT u.tier, u.tier_until, (SELECT f.tier FROM tradepost_internal.features f"
							   " WHERE f.feature OPERATOR(pg_catalog.=) $2)"
							   " FROM tradepost_internal.users u WHERE u.id OPERATOR(pg_catalog.=) $1",
							   2, types, CURSOR_OPT_GENERIC_PLAN);
		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "cannot prepare the look-up of subscriptions: %s", SPI_result_code_string(SPI_result));
		plan = made;
	}
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_plan(plan, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the subscription");
	PopActiveSnapshot();
	if (SPI_processed == 1)
	{
		subscription.found = true;
		subscription.tier = text_column(caller, 1);
		subscription.until = DatumGetTimestampTz(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
		subscription.required = text_column(caller, 3);
		if (subscription.required == NULL)
			elog(ERROR, "feature \"%s\" is in no tier", text_to_cstring(feature));
	}
	SPI_finish();
	return subscription;
}

static bool
has_ended(const Subscription *subscription)
{
	return subscription->until <= GetCurrentTimestamp();
}

static bool
includes(const Subscription *subscription)
{
	return tier_rank(has_ended(subscription) ? tier_names[0] : subscription->tier) >= tier_rank(subscription->required);
}

/* ISO 8601, UTC, whatever the session's time zone and style. */
static char *
time_text(TimestampTz time)
{
	struct pg_tm tm;
	fsec_t fraction;

	if (TIMESTAMP_NOT_FINITE(time) || timestamp2tm(time, NULL, &tm, &fraction, NULL, NULL) != 0)
		return pstrdup("some time");
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min,
					tm.tm_sec);
}

static void
refuse(const Subscription *subscription)
{
	const char *others = tier_rank(subscription->required) == lengthof(tier_names) - 1 ? "" : " or a higher one";
	bool ended = has_ended(subscription) && strcmp(subscription->tier, tier_names[0]) != 0;

	if (ended)
		ereport(ERROR, (errcode(ERRCODE_TP_TIER_REQUIRED),
						errmsg("this needs the tier \"%s\"%s; the subscription \"%s\" ended at %s",
							   subscription->required, others, subscription->tier, time_text(subscription->until)),
						errdetail("{\"required\":\"%s\",\"tier\":\"%s\",\"ended\":\"%s\"}", subscription->required,
								  tier_names[0], time_text(subscription->until)),
						errhint("POST users/subscription begins another.")));
	ereport(ERROR, (errcode(ERRCODE_TP_TIER_REQUIRED),
					errmsg("this needs the tier \"%s\"%s; the subscription is \"%s\"", subscription->required, others,
						   subscription->tier),
					errdetail("{\"required\":\"%s\",\"tier\":\"%s\"}", subscription->required, subscription->tier),
					errhint("POST users/subscription changes it.")));
}

/* tradepost_internal.require_feature(user_id bigint, feature text) */
Datum
tradepost_require_feature(PG_FUNCTION_ARGS)
{
	Subscription subscription = { 0 };

	if (PG_ARGISNULL(1))
		elog(ERROR, "feature is null");
	if (!PG_ARGISNULL(0))
		subscription = read_subscription(PG_GETARG_INT64(0), PG_GETARG_TEXT_PP(1));
	if (!subscription.found)
		ereport(ERROR, (errcode(ERRCODE_TP_SESSION_REVOKED), errmsg("the session has ended or was revoked"),
						errhint("Log in again.")));
	if (!includes(&subscription))
		refuse(&subscription);
	PG_RETURN_VOID();
}

/* tradepost_internal.has_feature(user_id bigint, feature text) */
Datum
tradepost_has_feature(PG_FUNCTION_ARGS)
{
	Subscription subscription = read_subscription(PG_GETARG_INT64(0), PG_GETARG_TEXT_PP(1));

	PG_RETURN_BOOL(subscription.found && includes(&subscription));
}
