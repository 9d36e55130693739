/*
 * revoked.c
 *	  The set of revoked sessions; see revoked.h.
 *
 * Few and short-lived, so a plain array: an entry may go when the last access token of
 * its session has expired.
 */
#include "revoked.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "clock.h"
#include "edge.h"
#include "key_identity.h"
#include "log.h"
#include "pg.h"
#include "pushes.h"
#include "rate_limits.h"
#include "settings.h"
#include "tenants.h"
#include "whatsapp_sender.h"
#include "tier_names.h"

typedef struct Revoked
{
	int64_t session;
	int64_t until; /* seconds since 1970 */
} Revoked;

/* A user as the database has it; from each answer anew, so that old ones go. */
typedef struct Changed
{
	int64_t user;
	int64_t tier_ends; /* seconds since 1970; 0: never */
	TpTier tier;
	bool admin;
} Changed;

struct TpSessions
{
	TpEdge *edge;
	Revoked *revoked;
	int count;
	int capacity;
	Changed *changed; /* in order of their number */
	int changed_count;
	uint64_t changes_asked; /* askings are numbered */
	uint64_t changes_taken;
	void (*on_revoke)(void *context, int64_t session, int64_t user);
	void *context;
	void (*on_return)(void *context, int64_t user, int64_t at);
	void *return_context;
	void (*on_change)(void *context);
	void *change_context;
};

static const TpStatement revocations = { .sql = "SELECT session_id FROM tradepost_edge.revocations()",
										 .idempotent = true };
static const TpStatement changes = {
	.sql = "SELECT user_id, tier, role, tier_until FROM tradepost_edge.changed_users() ORDER BY user_id",
	.idempotent = true
};
static const TpStatement blocks = { .sql = "SELECT ip, extract(epoch FROM until)::bigint FROM tradepost_edge.blocks()",
									.idempotent = true };

TpSessions *
tp_sessions_open(TpEdge *edge)
{
	TpSessions *sessions = tp_alloc(sizeof(*sessions));

	sessions->edge = edge;
	return sessions;
}

void
tp_sessions_close(TpSessions *sessions)
{
	if (sessions == NULL)
		return;
	free(sessions->revoked);
	free(sessions->changed);
	free(sessions);
}

bool
tp_session_revoked(const TpSessions *sessions, int64_t session)
{
	for (int i = 0; i < sessions->count; i++)
	{
		if (sessions->revoked[i].session == session)
			return true;
	}
	return false;
}

void
tp_session_refresh(const TpSessions *sessions, TpIdentity *identity)
{
	int low = 0;
	int high = sessions->changed_count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (sessions->changed[middle].user < identity->user)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < sessions->changed_count && sessions->changed[low].user == identity->user)
	{
		identity->tier = sessions->changed[low].tier;
		identity->tier_ends = sessions->changed[low].tier_ends;
		identity->admin = sessions->changed[low].admin;
	}
	if (identity->tier_ends != 0 && identity->tier_ends <= tp_wall_us() / 1000000)
		identity->tier = TP_TIER_FREE;
}

void
tp_sessions_on_revoke(TpSessions *sessions, void (*revoked)(void *context, int64_t session, int64_t user),
					  void *context)
{
	sessions->on_revoke = revoked;
	sessions->context = context;
}

void
tp_sessions_on_return(TpSessions *sessions, void (*returned)(void *context, int64_t user, int64_t at), void *context)
{
	sessions->on_return = returned;
	sessions->return_context = context;
}

void
tp_sessions_on_change(TpSessions *sessions, void (*changed)(void *context), void *context)
{
	sessions->on_change = changed;
	sessions->change_context = context;
}

static void
forget_old(TpSessions *sessions, int64_t now)
{
	int kept = 0;

	for (int i = 0; i < sessions->count; i++)
	{
		if (sessions->revoked[i].until > now)
			sessions->revoked[kept++] = sessions->revoked[i];
	}
	sessions->count = kept;
}

static void
add(TpSessions *sessions, int64_t session)
{
	int64_t now = tp_wall_us() / 1000000;

	if (tp_session_revoked(sessions, session))
		return;
	if (sessions->count == sessions->capacity)
	{
		forget_old(sessions, now);
		if (sessions->count * 2 >= sessions->capacity)
		{
			sessions->capacity = sessions->capacity == 0 ? 64 : sessions->capacity * 2;
			sessions->revoked = tp_realloc(sessions->revoked, sessions->capacity * sizeof(Revoked));
		}
	}
	/* The clock of another machine may have made the session's last token a little later. */
	sessions->revoked[sessions->count++] = (Revoked){ .session = session,
													  .until = now + sessions->edge->settings->access_ttl_s + 60 };
	tp_keys_forget(sessions->edge->keys, session, 0);
	if (sessions->on_revoke != NULL)
		sessions->on_revoke(sessions->context, session, 0);
}

static void
revocations_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpSessions *sessions = context;

	/* Without a database no call that needs a session is answered anyway; the next connect asks again. */
	if (result == NULL)
	{
		tp_log(TP_LOG_WARN, "revoked sessions could not be read", "reason", error->message, NULL);
		return;
	}
	for (int i = 0; i < PQntuples(result); i++)
		add(sessions, strtoll(PQgetvalue(result, i, 0), NULL, 10));
}

static void
take_changes(TpSessions *sessions, const PGresult *result)
{
	sessions->changed = tp_realloc(sessions->changed, (size_t) (PQntuples(result) + 1) * sizeof(Changed));
	sessions->changed_count = 0;
	for (int i = 0; i < PQntuples(result); i++)
	{
		Changed *changed = &sessions->changed[sessions->changed_count];

		changed->user = strtoll(PQgetvalue(result, i, 0), NULL, 10);
		changed->admin = strcmp(PQgetvalue(result, i, 2), "admin") == 0;
		changed->tier_ends = PQgetisnull(result, i, 3) ? 0 : strtoll(PQgetvalue(result, i, 3), NULL, 10);
		if (tp_tier_parse(tp_slice(PQgetvalue(result, i, 1)), &changed->tier))
			sessions->changed_count++;
	}
	if (sessions->on_change != NULL)
		sessions->on_change(sessions->change_context);
}

/* An asking for changes; done may be NULL. */
typedef struct Asking
{
	TpSessions *sessions;
	uint64_t number;
	void (*done)(void *context, bool known);
	void *context;
} Asking;

static void
changes_came(void *context, const PGresult *result, const TpPgError *error)
{
	Asking asking = *(Asking *) context;
	TpSessions *sessions = asking.sessions;

	free(context);
	if (result == NULL)
		tp_log(TP_LOG_WARN, "changed users could not be read", "reason", error->message, NULL);
	/* Answers may pass each other, and what was asked later knows all that the earlier one does. */
	else if (asking.number > sessions->changes_taken)
	{
		sessions->changes_taken = asking.number;
		take_changes(sessions, result);
	}
	if (asking.done != NULL)
		asking.done(asking.context, result != NULL);
}

void
tp_sessions_changes(TpSessions *sessions, void (*done)(void *context, bool known), void *context)
{
	Asking *asking = tp_alloc(sizeof(*asking));

	*asking = (Asking){ sessions, ++sessions->changes_asked, done, context };
	tp_pg_call(sessions->edge->pg, &changes, NULL, changes_came, asking);
}

static void
blocks_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpSessions *sessions = context;

	if (result == NULL)
	{
		tp_log(TP_LOG_WARN, "blocked addresses could not be read", "reason", error->message, NULL);
		return;
	}
	for (int i = 0; i < PQntuples(result); i++)
		tp_block_set(sessions->edge, PQgetvalue(result, i, 0), strtoll(PQgetvalue(result, i, 1), NULL, 10));
}

void
tp_sessions_resync(TpSessions *sessions)
{
	tp_keys_forget(sessions->edge->keys, 0, 0);
	tp_pg_call(sessions->edge->pg, &revocations, NULL, revocations_came, sessions);
	tp_sessions_changes(sessions, NULL, NULL);
	tp_pg_call(sessions->edge->pg, &blocks, NULL, blocks_came, sessions);
}

void
tp_sessions_notified(TpSessions *sessions, const char *payload)
{
	json_t *message = json_loads(payload, JSON_REJECT_DUPLICATES, NULL);
	const char *address;

	if (json_is_integer(json_object_get(message, "revoke")))
		add(sessions, json_integer_value(json_object_get(message, "revoke")));
	else if (json_is_integer(json_object_get(message, "revoke_user")))
	{
		/* Which sessions these are, the database knows. */
		tp_pg_call(sessions->edge->pg, &revocations, NULL, revocations_came, sessions);
		tp_keys_forget(sessions->edge->keys, 0, json_integer_value(json_object_get(message, "revoke_user")));
		if (sessions->on_revoke != NULL)
			sessions->on_revoke(sessions->context, 0, json_integer_value(json_object_get(message, "revoke_user")));
	}
	else if (json_is_integer(json_object_get(message, "user")))
	{
		tp_keys_forget(sessions->edge->keys, 0, json_integer_value(json_object_get(message, "user")));
		tp_sessions_changes(sessions, NULL, NULL);
	}
	else if (json_is_integer(json_object_get(message, "tenant")))
		tp_tenants_notified(sessions->edge->tenants);
	else if (json_is_integer(json_object_get(message, "whatsapp")))
		tp_whatsapp_sender_wake(sessions->edge->whatsapp);
	else if (json_is_integer(json_object_get(message, "push")))
		tp_pushes_notified(sessions->edge->pushes);
	else if ((address = json_string_value(json_object_get(message, "block"))) != NULL)
		tp_block_set(sessions->edge, address, json_integer_value(json_object_get(message, "until")));
	else if ((address = json_string_value(json_object_get(message, "unblock"))) != NULL)
		tp_block_set(sessions->edge, address, 0);
	else if (json_is_integer(json_object_get(message, "back")) && sessions->on_return != NULL)
		sessions->on_return(sessions->return_context, json_integer_value(json_object_get(message, "back")),
							json_integer_value(json_object_get(message, "at")));
	json_decref(message);
}
