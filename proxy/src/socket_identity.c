/*
 * socket_identity.c
 *	  Whose a WebSocket is: by an access token or an API key, of which tenant, and until when.
 *
 * Called by the other socket*.c files.  A token is known at once.  A key is asked of the
 * database: the message that brought it waits, those that come behind it too, and then
 * they are taken anew, now that it is known.
 *
 *		NONE --key--> ASKING --answer--> KNOWN --the message is taken again--> NONE
 *
 * When a user changes, and when a tier ends, keys are asked again: a key that is not
 * included any more closes its socket.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "key_identity.h"
#include "problem.h"
#include "rate_limits.h"
#include "revoked.h"
#include "settings.h"
#include "shared.h"
#include "socket_session.h"
#include "tenants.h"
#include "token.h"

#define BAD_TOKENS_MOST 5
#define BAD_TOKEN_WEIGHT 50
#define HELD_MOST (4 * TP_SOCKET_MESSAGE)

/* A question about a key. Outlives its socket, if that goes first. */
struct TpSocketKey
{
	TpSocket *socket; /* NULL: gone */
	char *key;
	bool again;    /* of a socket that has it already */
	bool answered; /* KNOWN */
	TpIdentity identity;
	char code[40]; /* "": it is a key */
	char detail[200];
};

/* Sockets of a user --------------------------------------------------------------- */

/* Spread, as the tally wants its keys. */
static uint64_t
key_of(int64_t user)
{
	return (uint64_t) user * UINT64_C(0x9E3779B97F4A7C15);
}

/* At all workers of this proxy. */
static int64_t
sockets_of_user(const TpEdge *edge, int64_t user)
{
	int64_t count = 0;

	for (int worker = 0; worker < edge->shared->workers; worker++)
	{
		TpTally tally = tp_shared_sockets(edge->shared, worker);
		int64_t here = tp_tally_get(&tally, key_of(user));

		count += here > 0 ? here : 0;
	}
	return count;
}

static void
count_socket(const TpEdge *edge, int64_t user, int more)
{
	TpTally tally = tp_shared_sockets(edge->shared, edge->worker);
	TpTallySlot *slot = tp_tally_slot(&tally, key_of(user));
	int64_t count = atomic_load(&slot->value) + more;

	/* A slot that had to make room has forgotten some. */
	atomic_store(&slot->value, count < 0 ? 0 : count);
}

/* NULL, or why not: what the tier includes is used up. */
static const char *
limit_fault(const TpEdge *edge, const TpIdentity *identity)
{
	static char detail[160];
	int most = tp_tenant_sockets(edge->tenants, identity->tenant, identity->tier);

	if (most < 0 || sockets_of_user(edge, identity->user) < most)
		return NULL;
	snprintf(detail, sizeof(detail), "the tier \"%s\" includes %d WebSockets at a time", tp_tier_names[identity->tier],
			 most);
	return detail;
}

/* Becoming a user's --------------------------------------------------------------- */

static void
become(TpSocket *socket, const TpIdentity *identity)
{
	if (socket->identity.user == 0)
		count_socket(socket->edge, identity->user, 1);
	socket->identity = *identity;
	socket->expired = false;
	socket->bad_tokens = 0;
	socket->tenant = identity->tenant;
	tp_hub_identify(socket->subscriber, identity);
}

/* NULL, or the code of why this cannot be its user. */
static const char *
identity_fault(const TpSocket *socket, const TpIdentity *identity, const char **detail)
{
	const TpUpgrade *upgrade = socket->upgrade;
	TpSlice name = upgrade->tenant_name == NULL ? (TpSlice){ NULL, 0 } : tp_slice(upgrade->tenant_name);
	int64_t tenant;
	const char *code;

	if (socket->identity.user != 0 && socket->identity.user != identity->user)
		return "user_differs";
	code = tp_tenant_of(socket->edge->tenants, identity->tenant, name, tp_slice(upgrade->host), &tenant);
	if (code != NULL)
		return code;
	if (socket->identity.user == 0 && (*detail = limit_fault(socket->edge, identity)) != NULL)
		return "limit_reached";
	return NULL;
}

static void
refused(TpSocket *socket, const char *code, const char **detail)
{
	if (*detail == NULL)
		(void) tp_socket_reason(code, detail);
	if (strcmp(code, "limit_reached") == 0)
		return;
	if (tp_token_forged(code) || strcmp(code, "user_differs") == 0 || strcmp(code, "api_key_invalid") == 0)
		tp_suspicious(socket->edge, socket->upgrade->ip, 0, "bad token over a socket", BAD_TOKEN_WEIGHT);
	if (++socket->bad_tokens >= BAD_TOKENS_MOST)
		tp_socket_close(socket, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too many bad tokens");
}

/* Keys ---------------------------------------------------------------------------- */

static void
free_question(TpSocketKey *question)
{
	if (question == NULL)
		return;
	sodium_memzero(question->key, strlen(question->key));
	free(question->key);
	free(question);
}

/* What the database says of a key, as code and sentence. */
static void
note_refusal(TpSocketKey *question, const TpPgError *error)
{
	TpProblem problem = tp_problem_of(error);
	bool none = error->failure == TP_PG_REFUSED && strcmp(error->sqlstate, "TP016") == 0;

	snprintf(question->code, sizeof(question->code), "%s", none ? "api_key_invalid" : problem.code);
	snprintf(question->detail, sizeof(question->detail), "%s", problem.detail);
}

static void
key_known(void *context, const TpIdentity *identity, const TpPgError *error)
{
	TpSocketKey *question = context;
	TpSocket *socket = question->socket;

	if (socket == NULL)
	{
		free_question(question);
		return;
	}
	question->answered = true;
	if (identity != NULL)
	{
		question->identity = *identity;
		tp_session_refresh(socket->edge->sessions, &question->identity);
	}
	else
		note_refusal(question, error);
	/* From the loop, for this may come before the question was asked to its end. */
	socket->wants_look = true;
	tp_sockets_look_soon(socket->home);
}

static void
ask(TpSocket *socket, TpSlice key, bool again)
{
	TpSocketKey *question = tp_alloc(sizeof(*question));

	question->socket = socket;
	question->key = tp_slice_dup(key);
	question->again = again;
	socket->question = question;
	tp_key_resolve(socket->edge->keys, tp_slice(question->key), socket->upgrade->ip, key_known, question);
}

/* The socket's key as it is now: it goes on, or ends. */
static void
asked_again(TpSocket *socket, const TpSocketKey *question)
{
	if (question->code[0] == '\0')
	{
		socket->identity = question->identity;
		tp_hub_identify(socket->subscriber, &socket->identity);
	}
	/* While the database is away nobody can say; it is asked when it is back, for then all changes are read. */
	else if (strcmp(question->code, "database_unavailable") != 0 && strcmp(question->code, "outcome_unknown") != 0 &&
			 strcmp(question->code, "database_timeout") != 0)
		tp_socket_close(socket, TP_CLOSE_REVOKED, "the API key has ended, or is not included any more");
}

TpAuthentication
tp_socket_authenticate(TpSocket *socket, TpSlice token, const char **code, const char **detail)
{
	TpSocketKey *question = socket->question;
	TpIdentity identity = { 0 };
	bool key = tp_key_meant(token);

	*detail = NULL;
	*code = NULL;
	if (key && (question == NULL || !question->answered || !tp_slice_is(token, question->key)))
	{
		tp_socket_forget_key(socket);
		ask(socket, token, false);
		return TP_AUTH_LATER;
	}
	if (key)
	{
		identity = question->identity;
		if (question->code[0] != '\0')
		{
			snprintf(socket->fault_code, sizeof(socket->fault_code), "%s", question->code);
			snprintf(socket->fault_detail, sizeof(socket->fault_detail), "%s", question->detail);
			*code = socket->fault_code;
			*detail = socket->fault_detail;
		}
		tp_socket_forget_key(socket);
	}
	else
		(void) tp_token_verify(socket->edge->tokens, token, &identity, code);
	if (*code == NULL)
		*code = identity_fault(socket, &identity, detail);
	if (*code != NULL)
	{
		refused(socket, *code, detail);
		return TP_AUTH_REFUSED;
	}
	if (socket->key != NULL)
		sodium_memzero(socket->key, strlen(socket->key));
	free(socket->key);
	socket->key = key ? tp_slice_dup(token) : NULL;
	become(socket, &identity);
	return TP_AUTH_FINE;
}

/* Messages that wait for it ------------------------------------------------------- */

bool
tp_socket_waits(const TpSocket *socket)
{
	return tp_socket_asked(socket) && !socket->question->answered;
}

bool
tp_socket_asked(const TpSocket *socket)
{
	return socket->question != NULL && !socket->question->again;
}

void
tp_socket_hold(TpSocket *socket, TpSlice text, bool first)
{
	TpHeld *held;
	TpHeld **at = &socket->held;

	if (socket->held_bytes + text.length > HELD_MOST)
	{
		tp_socket_close(socket, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too many messages before the key is known");
		return;
	}
	held = tp_alloc(sizeof(*held) + text.length);
	held->length = text.length;
	memcpy(held->text, text.data, text.length);
	while (!first && *at != NULL)
		at = &(*at)->next;
	held->next = *at;
	*at = held;
	socket->held_bytes += text.length;
}

static TpHeld *
take_held(TpSocket *socket)
{
	TpHeld *held = socket->held;

	if (held != NULL)
	{
		socket->held = held->next;
		socket->held_bytes -= held->length;
	}
	return held;
}

void
tp_socket_forget_key(TpSocket *socket)
{
	TpSocketKey *question = socket->question;

	socket->question = NULL;
	if (question != NULL && !question->answered)
		question->socket = NULL;
	else
		free_question(question);
}

void
tp_socket_look(TpSocket *socket)
{
	TpSocketKey *question = socket->question;
	TpHeld *held;

	socket->wants_look = false;
	if (question != NULL && question->answered && question->again)
	{
		asked_again(socket, question);
		tp_socket_forget_key(socket);
	}
	if (socket->state == TP_SOCKET_OPEN && !tp_socket_waits(socket) && !socket->begun)
		tp_socket_begin(socket);
	while (socket->state == TP_SOCKET_OPEN && !tp_socket_waits(socket) && (held = take_held(socket)) != NULL)
	{
		tp_socket_take(socket, (TpSlice){ held->text, held->length }, true);
		free(held);
	}
}

/* Time and changes ------------------------------------------------------------------ */

void
tp_socket_token_expired(TpSocket *socket)
{
	TpBuffer data = { 0 };

	socket->expired = true;
	tp_hub_identify(socket->subscriber, NULL);
	tp_buffer_text(&data, "{\"expiredAt\":");
	tp_buffer_json_time(&data, socket->identity.expires * 1000000);
	tp_buffer_add(&data, "}", 1);
	tp_socket_notice(socket, "auth:expired", (TpSlice){ data.data, data.length });
	tp_buffer_free(&data);
}

void
tp_socket_refresh(TpSocket *socket)
{
	if (socket->identity.user == 0 || socket->expired || socket->state != TP_SOCKET_OPEN)
		return;
	if (socket->key == NULL)
	{
		tp_session_refresh(socket->edge->sessions, &socket->identity);
		tp_hub_identify(socket->subscriber, &socket->identity);
	}
	else if (socket->question == NULL)
		ask(socket, tp_slice(socket->key), true);
}

void
tp_socket_tier_tick(TpSocket *socket, int64_t wall_s)
{
	if (socket->key == NULL || socket->identity.tier_ends == 0 || socket->identity.tier_ends > wall_s ||
		socket->tier_end_seen == socket->identity.tier_ends)
		return;
	socket->tier_end_seen = socket->identity.tier_ends;
	tp_keys_forget(socket->edge->keys, 0, socket->identity.user);
	tp_socket_refresh(socket);
}

void
tp_socket_disown(TpSocket *socket)
{
	TpHeld *held;

	tp_socket_forget_key(socket);
	while ((held = take_held(socket)) != NULL)
		free(held);
	if (socket->identity.user != 0)
		count_socket(socket->edge, socket->identity.user, -1);
	if (socket->key != NULL)
		sodium_memzero(socket->key, strlen(socket->key));
	free(socket->key);
}

/* Before the handshake ---------------------------------------------------------------- */

const char *
tp_socket_may_be(TpUpgrade *upgrade, const char **detail)
{
	TpEdge *edge = upgrade->edge;
	TpSlice token = tp_slice(upgrade->token);
	TpSlice name = upgrade->tenant_name == NULL ? (TpSlice){ NULL, 0 } : tp_slice(upgrade->tenant_name);
	TpIdentity identity = { 0 };
	const char *code;

	*detail = NULL;
	/* A key is asked about behind the handshake. */
	if (token.length > 0 && !tp_key_meant(token) && !tp_token_verify(edge->tokens, token, &identity, &code))
	{
		if (tp_token_forged(code))
			tp_suspicious(edge, upgrade->ip, 0, "bad token over a socket", BAD_TOKEN_WEIGHT);
		*detail = "the access token is not accepted";
		return code;
	}
	code = tp_tenant_of(edge->tenants, identity.tenant, name, tp_slice(upgrade->host), &upgrade->tenant);
	if (code != NULL)
	{
		if (strcmp(code, "tenant_unknown") == 0)
			tp_suspicious(edge, upgrade->ip, identity.user, "tenant_unknown", BAD_TOKEN_WEIGHT);
		(void) tp_socket_reason(code, detail);
		return code;
	}
	if (identity.user != 0 && (*detail = limit_fault(edge, &identity)) != NULL)
		return "limit_reached";
	return NULL;
}
