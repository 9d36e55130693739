/*
 * keys.c
 *	  Idempotency keys: a client's key names one command for good.
 *
 * A key is claimed by INSERT ... ON CONFLICT DO NOTHING in the caller's own
 * transaction, so two sessions with the same key wait for each other, and a
 * claim that rolls back is none.  Claims are made in key order: two batches with
 * the same keys cannot deadlock.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "errcodes.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "request.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

static SPIPlanPtr claim_plan = NULL;
static SPIPlanPtr find_plan = NULL;

static void
prepare(void)
{
	Oid claim_types[] = { INT8OID, TEXTOID, INT8OID, INT8OID };
	Oid find_types[] = { INT8OID, TEXTOID };

	if (claim_plan != NULL)
		return;
	find_plan = SPI_prepare("SELECT command_id, request_hash FROM tradepost_internal.command_keys"
							" WHERE account OPERATOR(pg_catalog.=) $1 AND key OPERATOR(pg_catalog.=) $2",
							2, find_types);
	SPI_keepplan(find_plan);
	claim_plan = SPI_prepare("INSERT INTO tradepost_internal.command_keys VALUES ($1, $2, $3, $4)"
							 " ON CONFLICT (account, key) DO NOTHING",
							 4, claim_types);
	SPI_keepplan(claim_plan);
}

/* The key's first command, with a snapshot that sees who beat us to it. */
static bool
find(int64 account, Datum key, int64 *command_id, uint64 *hash)
{
	Datum values[] = { Int64GetDatum(account), key };
	bool isnull;
	bool found;

	PushActiveSnapshot(GetLatestSnapshot());
	SPI_execute_plan(find_plan, values, NULL, true, 1);
	PopActiveSnapshot();
	found = SPI_processed == 1;
	if (found)
	{
		*command_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		*hash = (uint64) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	}
	return found;
}

static void
claim(TpRequest *request)
{
	TpCommand *command = &request->command;
	Datum key = PointerGetDatum(cstring_to_text_with_len(request->key, request->key_length));
	Datum values[] = { Int64GetDatum(command->account), key, Int64GetDatum(command->id),
					   Int64GetDatum((int64) request->hash) };
	int64 first;
	uint64 hash;

	SPI_execute_plan(claim_plan, values, NULL, false, 0);
	if (SPI_processed == 1)
		return;
	if (!find(command->account, key, &first, &hash))
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("idempotency key \"%.*s\" of account %lld was claimed and given up meanwhile",
							   request->key_length, request->key, (long long) command->account)));
	if (hash != request->hash)
		ereport(ERROR,
				(errcode(ERRCODE_TP_KEY_REUSED),
				 errmsg("idempotency key \"%.*s\" of account %lld was used for another request", request->key_length,
						request->key, (long long) command->account),
				 errdetail("Its command is %lld.", (long long) first), errhint("Use a new key for a new request.")));
	command->id = first;
	request->repeated = true;
}

static int
compare_keys(const void *a, const void *b)
{
	const TpRequest *left = *(TpRequest *const *) a;
	const TpRequest *right = *(TpRequest *const *) b;
	int length = Min(left->key_length, right->key_length);
	int order;

	if (left->command.account != right->command.account)
		return left->command.account < right->command.account ? -1 : 1;
	order = memcmp(left->key, right->key, length);
	if (order == 0)
		order = left->key_length - right->key_length;
	if (order == 0)
		order = left->command.id < right->command.id ? -1 : 1;
	return order;
}

static void
enter(Oid *user, int *context)
{
	GetUserIdAndSecContext(user, context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, *context | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	prepare();
}

static void
leave(Oid user, int context)
{
	SPI_finish();
	SetUserIdAndSecContext(user, context);
}

void
tradepost_claim_keys(TpRequest *requests, int n)
{
	TpRequest **keyed = palloc(n * sizeof(TpRequest *));
	int count = 0;
	Oid user;
	int context;

	for (int i = 0; i < n; i++)
	{
		if (requests[i].key != NULL)
			keyed[count++] = &requests[i];
	}
	if (count > 0)
	{
		qsort(keyed, count, sizeof(TpRequest *), compare_keys);
		enter(&user, &context);
		for (int i = 0; i < count; i++)
			claim(keyed[i]);
		leave(user, context);
	}
	pfree(keyed);
}

int64
tradepost_find_key(int64 account, const char *key, int length)
{
	Oid user;
	int context;
	int64 id = 0;
	uint64 hash;

	enter(&user, &context);
	if (!find(account, PointerGetDatum(cstring_to_text_with_len(key, length)), &id, &hash))
		id = 0;
	leave(user, context);
	return id;
}
