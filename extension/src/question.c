/*
 * question.c
 *	  preview_order(): a question to the matcher's own memory.
 *
 * It is posted in shared memory, one at a time, answered between two batches, and
 * given up when no answer comes.
 */
#include "postgres.h"

#include "compat.h"
#include "config.h"
#include "errcodes.h"
#include "fmgr.h"
#include "labels.h"
#include "pgstat.h"
#include "publish.h"
#include "request.h"
#include "units.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(tradepost_preview_order);

#define QUESTION_TIMEOUT_MS 5000

void
tradepost_answer_question(TpDatabase *db, TpEngine *engine, int64 now)
{
	TpCommand question;
	TpPreview answer;
	bool posted;

	SpinLockAcquire(&db->ask_mutex);
	posted = db->ask_state == TP_ASK_POSTED;
	question = db->question;
	SpinLockRelease(&db->ask_mutex);
	if (!posted)
		return;

	tradepost_engine_preview(engine, &question, now, &answer);

	SpinLockAcquire(&db->ask_mutex);
	if (db->ask_state == TP_ASK_POSTED)
	{
		db->answer = answer;
		db->ask_state = TP_ASK_ANSWERED;
	}
	SpinLockRelease(&db->ask_mutex);
	ConditionVariableBroadcast(&db->changed);
}

static bool
take_answer(TpDatabase *db, TpPreview *answer)
{
	bool answered;

	SpinLockAcquire(&db->ask_mutex);
	answered = db->ask_state == TP_ASK_ANSWERED;
	*answer = db->answer;
	SpinLockRelease(&db->ask_mutex);
	return answered;
}

static void
ask(TpDatabase *db, const TpCommand *question, TpPreview *answer)
{
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), QUESTION_TIMEOUT_MS);
	bool answered = false;

	LWLockAcquire(&db->ask_lock, LW_EXCLUSIVE);
	SpinLockAcquire(&db->ask_mutex);
	db->question = *question;
	db->ask_state = TP_ASK_POSTED;
	SpinLockRelease(&db->ask_mutex);
	tradepost_wake_matcher(db);
	ConditionVariablePrepareToSleep(&db->changed);
	while (!(answered = take_answer(db, answer)) && GetCurrentTimestamp() < deadline)
		ConditionVariableTimedSleep(&db->changed, 100, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
	LWLockRelease(&db->ask_lock);
	if (!answered)
		ereport(ERROR,
				(errcode(ERRCODE_TP_WAIT_TIMEOUT), errmsg("the engine did not answer in %d ms", QUESTION_TIMEOUT_MS),
				 errhint("View tradepost.engine_status shows what it does.")));
}

static void
put(JsonbParseState **state, const char *name, JsonbValue value)
{
	JsonbValue key = { .type = jbvString };

	key.val.string.val = (char *) name;
	key.val.string.len = strlen(name);
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* A string; NULL: null. */
static JsonbValue
json_text(const char *text)
{
	JsonbValue value = { .type = text != NULL ? jbvString : jbvNull };

	if (text != NULL)
	{
		value.val.string.val = (char *) text;
		value.val.string.len = strlen(text);
	}
	return value;
}

/* Decimals go out as strings, so that no client's floating point rounds them. */
static JsonbValue
json_decimal(Datum numeric)
{
	return json_text(tradepost_numeric_text(DatumGetNumeric(numeric)));
}

static JsonbValue
json_units(tp_int128 units)
{
	return json_decimal(tradepost_wide_units_numeric(units));
}

static JsonbValue
json_count(int count)
{
	JsonbValue value = { .type = jbvNumeric };

	value.val.numeric = int64_to_numeric(count);
	return value;
}

/* What was traded, per unit of quantity. */
static JsonbValue
json_average_price(const TpPreview *preview, int32 instrument)
{
	Datum amount;

	if (preview->filled == 0)
		return json_text(NULL);
	amount = DirectFunctionCall2(numeric_mul, tradepost_units_numeric(preview->filled),
								 tradepost_units_numeric(tradepost_listing_by_id(instrument)->spec.multiplier));
	return json_decimal(
		DirectFunctionCall1(numeric_trim_scale,
							DirectFunctionCall2(numeric_round,
												DirectFunctionCall2(numeric_div,
																	tradepost_wide_units_numeric(preview->filled_value),
																	amount),
												Int32GetDatum(8))));
}

Datum
tradepost_preview_order(PG_FUNCTION_ARGS)
{
	TpDatabase *db;
	TpPlaceArguments arguments = { 0 };
	TpRequest request;
	TpPreview preview;
	JsonbParseState *state = NULL;
	JsonbValue value;
	text *symbol = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);

	arguments.has_account = !PG_ARGISNULL(0);
	arguments.account = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	arguments.symbol = symbol ? VARDATA_ANY(symbol) : NULL;
	arguments.symbol_length = symbol ? VARSIZE_ANY_EXHDR(symbol) : 0;
	arguments.side = PG_ARGISNULL(2) ? -1 : tradepost_label_code(TP_LABELS_SIDE, PG_GETARG_OID(2));
	arguments.quantity = PG_ARGISNULL(3) ? NULL : PG_GETARG_NUMERIC(3);
	arguments.price = PG_ARGISNULL(4) ? NULL : PG_GETARG_NUMERIC(4);
	arguments.type = PG_ARGISNULL(5) ? -1 : tradepost_label_code(TP_LABELS_ORDER_TYPE, PG_GETARG_OID(5));
	arguments.time_in_force = PG_ARGISNULL(6) ? -1 : tradepost_label_code(TP_LABELS_TIME_IN_FORCE, PG_GETARG_OID(6));
	arguments.stp = PG_ARGISNULL(7) ? -1 : tradepost_label_code(TP_LABELS_STP, PG_GETARG_OID(7));
	arguments.post_only = !PG_ARGISNULL(8) && PG_GETARG_BOOL(8);
	arguments.stop_price = PG_ARGISNULL(9) ? NULL : PG_GETARG_NUMERIC(9);
	tradepost_request_place(&arguments, &request);
	db = tradepost_require_published();
	request.command.id = PG_INT64_MAX; /* no order has it */
	ask(db, &request.command, &preview);

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	value.type = jbvBool;
	value.val.boolean = preview.reason == TP_REASON_NONE;
	put(&state, "accepted", value);
	put(&state, "reason", json_text(tradepost_reason_text(preview.reason ? preview.reason : preview.cancel_reason)));
	put(&state, "filled", json_units(preview.filled));
	put(&state, "resting", json_units(preview.resting));
	put(&state, "cancelled", json_units(preview.cancelled));
	put(&state, "fills", json_count(preview.fills));
	put(&state, "average_price", json_average_price(&preview, request.command.instrument));
	put(&state, "commission", json_units(preview.commission));
	put(&state, "requirement", json_units(preview.requirement));
	put(&state, "free_funds", json_units(preview.free_before));
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
