/*
 * api_key_make.c
 *	  POST users/api-keys: the key is made here, shown once, and leaves for the database
 *	  hashed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "credential.h"
#include "credentials.h"
#include "guarded.h"

static const TpStatement add_statement = {
	.sql = "SELECT tradepost_edge.api_key_add($1::bigint, $2::bigint, $3::jsonb, $4::bytea, $5)", .parameters = 5
};

/* {"apiKey":{...}} becomes {"key":"...","apiKey":{...}}. */
static void
added(TpCall *call, void *context, const PGresult *result)
{
	char *key = context;

	if (result != NULL)
	{
		tp_buffer_format(&call->answer, "{\"key\":\"%s\",%s", key, PQgetvalue(result, 0, 0) + 1);
		tp_call_header(call, "Cache-Control", "no-store");
		tp_call_answer(call, 201, "application/json");
	}
	sodium_memzero(key, TP_API_KEY_TEXT);
	free(key);
}

void
tp_api_keys_post(TpCall *call)
{
	char *key = tp_alloc(TP_API_KEY_TEXT);
	char hash[TP_CREDENTIAL_HASH];
	char hint[TP_API_KEY_HINT + 1];

	tp_api_key_make(key);
	tp_api_key_hash(tp_slice(key), hash);
	snprintf(hint, sizeof(hint), "%s", key);
	tp_guarded_call(call, &(TpGuarded){ .statement = &add_statement,
										.purpose = "api_key",
										.extra = { hash, hint },
										.done = added,
										.context = key });
}
