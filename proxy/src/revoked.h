/*
 * revoked.h
 *	  What has changed since an access token was made: sessions that were revoked, users
 *	  whose tier or role is another.
 *
 * The database tells by NOTIFY on channel tradepost_edge, in the moment of the logout;
 * after each reconnect everything of the last token's life is read anew.
 */
#ifndef TRADEPOST_PROXY_REVOKED_H
#define TRADEPOST_PROXY_REVOKED_H

#include "call.h"

typedef struct TpSessions TpSessions;

extern TpSessions *tp_sessions_open(struct TpEdge *edge);
extern void tp_sessions_close(TpSessions *sessions);

extern bool tp_session_revoked(const TpSessions *sessions, int64_t session);

/* Tier and role as they now are, if a token may say otherwise; a tier that has ended is free. */
extern void tp_session_refresh(const TpSessions *sessions, TpIdentity *identity);

/* Called by the stream's listener: at each (re)connect, and for what comes on channel tradepost_edge. */
extern void tp_sessions_resync(TpSessions *sessions);
extern void tp_sessions_notified(TpSessions *sessions, const char *payload);

/* Sockets of a session end with it. session 0: all of the user's. */
extern void tp_sessions_on_revoke(TpSessions *sessions, void (*revoked)(void *context, int64_t session, int64_t user),
								  void *context);

/*
 * Asks the database for the users that have changed; done: what it says is in force (known), or it could not be asked.
 * Who then calls tp_session_refresh() knows everybody as of now.
 */
extern void tp_sessions_changes(TpSessions *sessions, void (*done)(void *context, bool known), void *context);

/* Some users are others than before: identities that are kept want tp_session_refresh(). */
extern void tp_sessions_on_change(TpSessions *sessions, void (*changed)(void *context), void *context);

/*
 * A user is back at some worker of some proxy, before orders were cancelled because he had gone. at: when, in
 * microseconds since 1970.
 */
extern void
tp_sessions_on_return(TpSessions *sessions, void (*returned)(void *context, int64_t user, int64_t at), void *context);

#endif
