/*
 * key_identity.c
 *	  Who API keys stand for, remembered for a moment; see key_identity.h.
 *
 *		(none) --asked--> ASKING --answer--> KNOWN --5 s, or a change--> (none)
 *		                    +--refused, or a change meanwhile--> (none)
 *
 * Those who ask while an answer is under way share it.  Neither the key nor what the
 * database knows it by is kept: entries are found by a keyed hash of key and address.
 * Refusals are not remembered: their rate is bounded by the blocking of addresses.
 */
#include "key_identity.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "credential.h"
#include "edge.h"
#include "metrics.h"
#include "tier_names.h"

#define BUCKETS 1024
#define KNOWN_MS 5000
#define KNOWN_MOST 16384

typedef struct Waiter Waiter;
struct Waiter
{
	Waiter *next;
	TpKeyDone done;
	void *context;
};

typedef struct Entry Entry;
struct Entry
{
	Entry *next;
	TpKeys *keys;
	uint8_t hash[16];
	TpIdentity identity; /* user 0: ASKING */
	uint64_t until_ms;
	bool changed; /* something was told that the answer under way may not know */
	Waiter *waiters;
};

struct TpKeys
{
	TpEdge *edge;
	uint8_t hash_key[crypto_generichash_KEYBYTES];
	Entry *buckets[BUCKETS];
	int count;
};

static const TpStatement lookup_statement = { .sql = "SELECT tradepost_edge.api_key_lookup($1::bytea, $2::inet)",
											  .parameters = 2,
											  .idempotent = true };

TpKeys *
tp_keys_open(TpEdge *edge)
{
	TpKeys *keys = tp_alloc(sizeof(*keys));

	keys->edge = edge;
	randombytes_buf(keys->hash_key, sizeof(keys->hash_key));
	return keys;
}

static void
free_entry(Entry *entry)
{
	sodium_memzero(entry->hash, sizeof(entry->hash));
	free(entry);
}

void
tp_keys_close(TpKeys *keys)
{
	if (keys == NULL)
		return;
	tp_keys_forget(keys, 0, 0);
	sodium_memzero(keys, sizeof(*keys));
	free(keys);
}

bool
tp_key_meant(TpSlice text)
{
	size_t length = strlen(TP_API_KEY_PREFIX);

	return text.length >= length && memcmp(text.data, TP_API_KEY_PREFIX, length) == 0;
}

static Entry **
bucket_of(TpKeys *keys, const uint8_t *hash)
{
	return &keys->buckets[(hash[0] | hash[1] << 8) % BUCKETS];
}

static void
unlink_entry(Entry *entry)
{
	Entry **at = bucket_of(entry->keys, entry->hash);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	entry->keys->count--;
}

static bool
is_asking(const Entry *entry)
{
	return entry->identity.user == 0;
}

/* Whether to drop an entry, wherever it is. */
static bool
is_meant(const Entry *entry, int64_t session, int64_t user)
{
	if (session == 0 && user == 0)
		return true;
	return session != 0 ? entry->identity.session == session : entry->identity.user == user;
}

void
tp_keys_forget(TpKeys *keys, int64_t session, int64_t user)
{
	for (int i = 0; keys->count > 0 && i < BUCKETS; i++)
	{
		Entry *next;

		for (Entry *entry = keys->buckets[i]; entry != NULL; entry = next)
		{
			next = entry->next;
			/* Whose an answer under way will be is not known. */
			if (is_asking(entry))
				entry->changed = true;
			else if (is_meant(entry, session, user))
			{
				unlink_entry(entry);
				free_entry(entry);
			}
		}
	}
}

/* When there are very many, all that are over go. */
static void
make_room(TpKeys *keys)
{
	uint64_t now = uv_now(&keys->edge->loop);

	if (keys->count < KNOWN_MOST)
		return;
	for (int i = 0; i < BUCKETS; i++)
	{
		Entry *next;

		for (Entry *entry = keys->buckets[i]; entry != NULL; entry = next)
		{
			next = entry->next;
			if (!is_asking(entry) && entry->until_ms <= now)
			{
				unlink_entry(entry);
				free_entry(entry);
			}
		}
	}
}

static unsigned
read_scopes(const json_t *names)
{
	unsigned scopes = 0;
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);

		for (TpScope scope = TP_SCOPE_READ; text != NULL && scope < TP_SCOPE_LOGIN; scope <<= 1)
		{
			if (strcmp(text, tp_scope_name(scope)) == 0)
				scopes |= scope;
		}
	}
	return scopes;
}

/* {"user","session","account","tier","tierUntil","role","tenant","scopes"} */
static bool
read_identity(const char *text, TpIdentity *identity)
{
	json_t *json = json_loads(text, 0, NULL);
	const char *tier = json_string_value(json_object_get(json, "tier"));
	const char *role = json_string_value(json_object_get(json, "role"));
	bool fine;

	*identity = (TpIdentity){ .user = json_integer_value(json_object_get(json, "user")),
							  .session = json_integer_value(json_object_get(json, "session")),
							  .account = json_integer_value(json_object_get(json, "account")),
							  .tenant = json_integer_value(json_object_get(json, "tenant")),
							  .expires = INT64_MAX / 1000000,
							  .tier_ends = json_integer_value(json_object_get(json, "tierUntil")),
							  .scopes = read_scopes(json_object_get(json, "scopes")),
							  .admin = role != NULL && strcmp(role, "admin") == 0 };
	fine = identity->user > 0 && identity->session > 0 && identity->tenant > 0 && tier != NULL &&
		   tp_tier_parse(tp_slice(tier), &identity->tier);
	json_decref(json);
	return fine;
}

static void
answer_all(Waiter *waiters, const TpIdentity *identity, const TpPgError *error)
{
	while (waiters != NULL)
	{
		Waiter *next = waiters->next;

		waiters->done(waiters->context, identity, error);
		free(waiters);
		waiters = next;
	}
}

static void
lookup_came(void *context, const PGresult *result, const TpPgError *error)
{
	static const TpPgError strange = { .failure = TP_PG_REFUSED,
									   .sqlstate = "XX000",
									   .message = "the answer about a key is not understood" };
	Entry *entry = context;
	TpIdentity identity = { 0 };
	Waiter *waiters = entry->waiters;

	entry->waiters = NULL;
	if (result != NULL && (PQntuples(result) != 1 || !read_identity(PQgetvalue(result, 0, 0), &identity)))
		error = &strange;
	if (error != NULL || entry->changed)
	{
		unlink_entry(entry);
		free_entry(entry);
	}
	else
	{
		entry->identity = identity;
		entry->until_ms = uv_now(&entry->keys->edge->loop) + KNOWN_MS;
	}
	answer_all(waiters, error == NULL ? &identity : NULL, error);
}

static void
ask(Entry *entry, TpSlice key, const char *ip)
{
	char hash[TP_CREDENTIAL_HASH];

	tp_api_key_hash(key, hash);
	tp_count(TP_M_KEY_LOOKUPS, 1);
	tp_pg_call(entry->keys->edge->pg, &lookup_statement, (const char *const[]){ hash, ip }, lookup_came, entry);
}

static void
add_waiter(Entry *entry, TpKeyDone done, void *context)
{
	Waiter *waiter = tp_alloc(sizeof(*waiter));

	*waiter = (Waiter){ entry->waiters, done, context };
	entry->waiters = waiter;
}

/* The entry of key and address, if it may still be used. */
static Entry *
find(TpKeys *keys, const uint8_t *hash)
{
	Entry *entry = *bucket_of(keys, hash);

	while (entry != NULL && (sodium_memcmp(entry->hash, hash, sizeof(entry->hash)) != 0 || entry->changed))
		entry = entry->next;
	if (entry != NULL && !is_asking(entry) && entry->until_ms <= uv_now(&keys->edge->loop))
	{
		unlink_entry(entry);
		free_entry(entry);
		return NULL;
	}
	return entry;
}

void
tp_key_resolve(TpKeys *keys, TpSlice key, const char *ip, TpKeyDone done, void *context)
{
	static const TpPgError none = { .failure = TP_PG_REFUSED, .sqlstate = "TP016", .message = "this is no API key" };
	crypto_generichash_state state;
	uint8_t hash[16];
	Entry *entry;

	if (!tp_api_key_plausible(key))
	{
		done(context, NULL, &none);
		return;
	}
	crypto_generichash_init(&state, keys->hash_key, sizeof(keys->hash_key), sizeof(hash));
	crypto_generichash_update(&state, (const uint8_t *) ip, strlen(ip) + 1);
	crypto_generichash_update(&state, (const uint8_t *) key.data, key.length);
	crypto_generichash_final(&state, hash, sizeof(hash));
	entry = find(keys, hash);
	if (entry != NULL && !is_asking(entry))
	{
		TpIdentity identity = entry->identity;

		done(context, &identity, NULL);
		return;
	}
	if (entry == NULL)
	{
		make_room(keys);
		entry = tp_alloc(sizeof(*entry));
		entry->keys = keys;
		memcpy(entry->hash, hash, sizeof(hash));
		entry->next = *bucket_of(keys, hash);
		*bucket_of(keys, hash) = entry;
		keys->count++;
		add_waiter(entry, done, context);
		ask(entry, key, ip);
	}
	else
		add_waiter(entry, done, context);
}
