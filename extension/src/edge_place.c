/*
 * edge_place.c
 *	  tradepost_edge.place_each(): orders of many users in one call, none of which
 *	  hurts another.
 *
 * Called by the proxy for all orders that arrived while its last call was under
 * way.  Sessions are looked up in one query.  Orders are read and checked in a
 * subtransaction that writes nothing, and so costs no transaction id; one that is
 * refused ends it, and the rest go on in another.  Then all good ones are inserted
 * at once.  Only an idempotency key may still be refused by then: orders
 * with keys are inserted in a subtransaction, and if it fails the offenders are
 * found and the rest tried again.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "config.h"
#include "edge_order.h"
#include "errcodes.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "order_limit.h"
#include "request.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(tradepost_place_each);

#define MAX_ORDERS 10000
#define MAX_ATTEMPTS 5

/* A session that is in force, and whom it trades for. */
typedef struct Session
{
	int64 id;
	int64 user;
	int64 account;
	bool in_scope;  /* a login, or a key that may trade */
	bool in_tier;   /* a login, or a key whose owner's subscription has keys */
	int32 max_open; /* by the tier that holds now */
} Session;

/* One element of the call. */
typedef struct Line
{
	int64 id;
	bool repeated;
	bool refused;
	char code[6];
	char *message;
	char *hint;
	char *key; /* Idempotency-Key, or NULL */
	char *json;
	int64 account; /* 0: no session in force */
	int32 max_open;
	TpRequest request;
} Line;

typedef struct Columns
{
	int n;
	Datum *users, *sessions, *keys, *orders;
	bool *user_nulls, *session_nulls, *key_nulls, *order_nulls;
} Columns;

static void
refuse_line(Line *line, int code, const char *message, const char *hint)
{
	line->refused = true;
	strlcpy(line->code, unpack_sql_state(code), sizeof(line->code));
	line->message = pstrdup(message);
	line->hint = hint == NULL ? NULL : pstrdup(hint);
}

static void
read_array(FunctionCallInfo fcinfo, int argument, const char *name, Oid type, Datum **values, bool **nulls, int *n)
{
	bool text = type == TEXTOID;

	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("%s must be given", name),
						errhint("Each array has an element for each order.")));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), type, text ? -1 : 8, text ? false : FLOAT8PASSBYVAL,
					  text ? TYPALIGN_INT : TYPALIGN_DOUBLE, values, nulls, n);
}

static void
read_columns(FunctionCallInfo fcinfo, Columns *columns)
{
	int n;

	read_array(fcinfo, 3, "orders", TEXTOID, &columns->orders, &columns->order_nulls, &columns->n);
	if (columns->n > MAX_ORDERS)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER),
						errmsg("orders has %d elements, and the limit is %d a call", columns->n, MAX_ORDERS),
						errhint("Use several calls.")));
	read_array(fcinfo, 0, "users", INT8OID, &columns->users, &columns->user_nulls, &n);
	if (n == columns->n)
		read_array(fcinfo, 1, "sessions", INT8OID, &columns->sessions, &columns->session_nulls, &n);
	if (n == columns->n)
		read_array(fcinfo, 2, "keys", TEXTOID, &columns->keys, &columns->key_nulls, &n);
	if (n != columns->n)
		ereport(ERROR, (errcode(ERRCODE_TP_INVALID_ORDER), errmsg("the arrays differ in length"),
						errhint("Each has an element for each order.")));
}

/* The sessions of the call that are in force, by id. */
static Session *
find_sessions(FunctionCallInfo fcinfo, int *count)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = { INT8ARRAYOID };
	Datum values[] = { PG_GETARG_DATUM(1) };
	MemoryContext caller = CurrentMemoryContext;
	Session *sessions;

	SPI_connect();
	if (plan == NULL)
	{
		plan = SPI_prepare("SELECT s.id, s.user_id, u.account,"
						   " s.scopes IS NULL OR 'trade' OPERATOR(pg_catalog.=) ANY (s.scopes), u.tenant, " TP_TIER_NOW
						   ", s.scopes IS NULL OR tradepost_internal.has_feature(u.id, 'api_keys')"
						   " FROM tradepost_internal.sessions s"
						   " JOIN tradepost_internal.users u ON u.id OPERATOR(pg_catalog.=) s.user_id"
						   " WHERE s.id OPERATOR(pg_catalog.=) ANY ($1) AND s.revoked_at IS NULL"
						   " AND s.expires_at OPERATOR(pg_catalog.>) pg_catalog.now()"
						   " AND u.status OPERATOR(pg_catalog.=) 'active' AND u.account IS NOT NULL ORDER BY s.id",
						   1, types);
		if (plan == NULL)
			elog(ERROR, "cannot prepare the look-up of sessions: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
	}
	if (SPI_execute_plan(plan, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot look up sessions");
	*count = (int) SPI_processed;
	sessions = MemoryContextAlloc(caller, (*count + 1) * sizeof(Session));
	for (int i = 0; i < *count; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		bool isnull;

		sessions[i].id = DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull));
		sessions[i].user = DatumGetInt64(SPI_getbinval(row, desc, 2, &isnull));
		sessions[i].account = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull));
		sessions[i].in_scope = DatumGetBool(SPI_getbinval(row, desc, 4, &isnull));
		sessions[i].max_open = tradepost_open_order_limit(DatumGetInt64(SPI_getbinval(row, desc, 5, &isnull)),
														  TextDatumGetCString(SPI_getbinval(row, desc, 6, &isnull)));
		sessions[i].in_tier = DatumGetBool(SPI_getbinval(row, desc, 7, &isnull));
	}
	SPI_finish();
	return sessions;
}

static const Session *
session_of(const Session *sessions, int count, int64 id, int64 user)
{
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (sessions[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && sessions[low].id == id && sessions[low].user == user ? &sessions[low] : NULL;
}

static void
fill_lines(const Columns *columns, const Session *sessions, int count, Line *lines)
{
	for (int i = 0; i < columns->n; i++)
	{
		Line *line = &lines[i];
		const Session *session = NULL;

		if (!columns->user_nulls[i] && !columns->session_nulls[i])
			session = session_of(sessions, count, DatumGetInt64(columns->sessions[i]),
								 DatumGetInt64(columns->users[i]));
		if (session != NULL)
		{
			line->account = session->account;
			line->max_open = session->max_open;
		}
		if (!columns->key_nulls[i])
			line->key = TextDatumGetCString(columns->keys[i]);
		if (line->account == 0)
			refuse_line(line, ERRCODE_TP_SESSION_REVOKED, "the session has ended or was revoked", "Log in again.");
		else if (!session->in_tier)
			refuse_line(line, ERRCODE_TP_TIER_REQUIRED, "the subscription has no API keys any more",
						"GET users/subscription says what it has.");
		else if (!session->in_scope)
			refuse_line(line, ERRCODE_TP_SCOPE_MISSING,
						"this needs the scope \"trade\", which the API key does not have",
						"A key's scopes are chosen when it is made.");
		else if (columns->order_nulls[i])
			refuse_line(line, ERRCODE_TP_INVALID_ORDER, "an order must be a JSON object", NULL);
		else
			line->json = TextDatumGetCString(columns->orders[i]);
	}
}

static void
check_line(Line *line)
{
	TpPlaceArguments arguments;

	tradepost_read_edge_order(line->json, &arguments);
	arguments.has_account = true;
	arguments.account = line->account;
	arguments.max_open = line->max_open;
	if (line->key != NULL)
	{
		arguments.client_order_id = line->key;
		arguments.client_order_id_length = (int) strlen(line->key);
	}
	tradepost_request_place(&arguments, &line->request);
}

/* What is wrong with an order, as against with the server or the call. */
static bool
concerns_order(int code)
{
	int category = ERRCODE_TO_CATEGORY(code);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_TP_INVALID_ORDER) ||
		   category == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION);
}

/* End a failed subtransaction and return its error, which lives in the caller's context. */
static ErrorData *
end_failed(MemoryContext context, ResourceOwner owner)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

/* Check lines from *next on, until all are or one is refused, which is then the one before *next. */
static void
check_some(Line *lines, int n, volatile int *next)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		while (*next < n)
		{
			if (!lines[*next].refused)
				check_line(&lines[*next]);
			(*next)++;
		}
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error = end_failed(context, owner);

		if (!concerns_order(error->sqlerrcode))
			ReThrowError(error);
		/* What PostgreSQL's own input functions refuse is a value of the order too; their hints are about the server. */
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION))
			refuse_line(&lines[*next], ERRCODE_TP_INVALID_ORDER, error->message,
						"No number, text or time can be this.");
		else
			refuse_line(&lines[*next], error->sqlerrcode, error->message, error->hint);
		(*next)++;
	}
	PG_END_TRY();
}

/* The hash of the request that a key names, if it does. */
static bool
find_key_hash(const TpRequest *request, uint64 *hash)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = { INT8OID, TEXTOID };
	Datum values[] = { Int64GetDatum(request->command.account),
					   PointerGetDatum(cstring_to_text_with_len(request->key, request->key_length)) };
	bool isnull;
	bool found;

	SPI_connect();
	if (plan == NULL)
	{
		plan = SPI_prepare("SELECT k.request_hash FROM tradepost_internal.command_keys k"
						   " WHERE k.account OPERATOR(pg_catalog.=) $1 AND k.key OPERATOR(pg_catalog.=) $2",
						   2, types);
		if (plan == NULL)
			elog(ERROR, "cannot prepare the look-up of keys: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
	}
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_plan(plan, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot look up keys");
	PopActiveSnapshot();
	found = SPI_processed == 1;
	if (found)
		*hash = (uint64) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return found;
}

/* By account, key and place in the call. */
static int
compare_keys(const void *a, const void *b)
{
	const Line *left = *(Line *const *) a;
	const Line *right = *(Line *const *) b;
	int order;

	if (left->request.command.account != right->request.command.account)
		return left->request.command.account < right->request.command.account ? -1 : 1;
	order = left->request.key_length - right->request.key_length;
	if (order == 0)
		order = memcmp(left->request.key, right->request.key, left->request.key_length);
	if (order == 0)
		order = left < right ? -1 : 1;
	return order;
}

static bool
same_key(const Line *a, const Line *b)
{
	return a->request.command.account == b->request.command.account && a->request.key_length == b->request.key_length &&
		   memcmp(a->request.key, b->request.key, a->request.key_length) == 0;
}

/* Refuse the lines whose key names another request: an earlier call's, or an earlier line's. */
static void
refuse_reused_keys(Line **keyed, int n)
{
	uint64 first = 0;

	qsort(keyed, n, sizeof(Line *), compare_keys);
	for (int i = 0; i < n; i++)
	{
		const TpRequest *request = &keyed[i]->request;

		if (i == 0 || !same_key(keyed[i], keyed[i - 1]))
		{
			first = request->hash;
			(void) find_key_hash(request, &first);
		}
		if (request->hash != first)
			refuse_line(keyed[i], ERRCODE_TP_KEY_REUSED,
						psprintf("idempotency key \"%.*s\" of account %lld was used for another request",
								 request->key_length, request->key, (long long) request->command.account),
						"Use a new key for a new request.");
	}
}

/* Insert the lines that are not refused; false: a key stood in the way, and nothing was inserted. */
static bool
insert_lines(Line *lines, int n, bool last)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	TpRequest *requests = palloc_extended((n + 1) * sizeof(TpRequest), MCXT_ALLOC_HUGE);
	Line **keyed = palloc_extended((n + 1) * sizeof(Line *), MCXT_ALLOC_HUGE);
	int count = 0;
	int keys = 0;
	volatile bool inserted = true;

	for (int i = 0; i < n; i++)
	{
		if (lines[i].refused)
			continue;
		requests[count++] = lines[i].request;
		if (lines[i].request.key != NULL)
			keyed[keys++] = &lines[i];
	}
	if (keys == 0 && count > 0)
		tradepost_insert_requests(requests, count);
	else if (keys > 0)
	{
		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(context);
		PG_TRY();
		{
			tradepost_insert_requests(requests, count);
			ReleaseCurrentSubTransaction();
			MemoryContextSwitchTo(context);
			CurrentResourceOwner = owner;
		}
		PG_CATCH();
		{
			ErrorData *error = end_failed(context, owner);

			if (last ||
				(error->sqlerrcode != ERRCODE_TP_KEY_REUSED && error->sqlerrcode != ERRCODE_T_R_SERIALIZATION_FAILURE))
				ReThrowError(error);
			inserted = false;
		}
		PG_END_TRY();
	}
	if (!inserted)
	{
		refuse_reused_keys(keyed, keys);
		return false;
	}
	count = 0;
	for (int i = 0; i < n; i++)
	{
		if (lines[i].refused)
			continue;
		lines[i].id = requests[count].command.id;
		lines[i].repeated = requests[count].repeated;
		count++;
	}
	return true;
}

static void
put_lines(ReturnSetInfo *result, const Line *lines, int n)
{
	for (int i = 0; i < n; i++)
	{
		const Line *line = &lines[i];
		Datum values[6] = { Int32GetDatum(i + 1), Int64GetDatum(line->id), BoolGetDatum(line->repeated) };
		bool nulls[6] = { false, line->refused, line->refused, !line->refused, !line->refused, line->hint == NULL };

		if (line->refused)
		{
			values[3] = CStringGetTextDatum(line->code);
			values[4] = CStringGetTextDatum(line->message);
			if (line->hint != NULL)
				values[5] = CStringGetTextDatum(line->hint);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* tradepost_edge.place_each(users bigint[], sessions bigint[], keys text[], orders text[]) */
Datum
tradepost_place_each(PG_FUNCTION_ARGS)
{
	Columns columns;
	Session *sessions;
	Line *lines;
	int session_count;
	volatile int checked = 0;

	read_columns(fcinfo, &columns);
	InitMaterializedSRF(fcinfo, 0);
	if (columns.n == 0)
		return (Datum) 0;
	sessions = find_sessions(fcinfo, &session_count);
	lines = palloc_extended(columns.n * sizeof(Line), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	fill_lines(&columns, sessions, session_count, lines);
	while (checked < columns.n)
		check_some(lines, columns.n, &checked);
	for (int attempt = 1; !insert_lines(lines, columns.n, attempt == MAX_ATTEMPTS); attempt++)
		CHECK_FOR_INTERRUPTS();
	put_lines((ReturnSetInfo *) fcinfo->resultinfo, lines, columns.n);
	return (Datum) 0;
}
