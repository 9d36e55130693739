/*
 * upgrade.h
 *	  From an HTTP connection to a WebSocket: the handshake is checked here, then
 *	  libwebsockets has the descriptor.
 */
#ifndef TRADEPOST_PROXY_UPGRADE_H
#define TRADEPOST_PROXY_UPGRADE_H

#include "address.h"
#include "edge.h"
#include "http_parser.h"

struct lws;
typedef struct TpUpgrades TpUpgrades;

/* What the handshake said; lives as long as the WebSocket. Strings are never NULL. */
typedef struct TpUpgrade
{
	TpEdge *edge;
	bool socket_io;           /* /socket.io/, else /ws */
	char ip[TP_ADDRESS_TEXT]; /* the client's, past trusted proxies */
	const char *query;        /* as sent */
	const char *token;        /* or API key: of the Authorization header, X-API-Key, or ?token=; "": none */
	const char *host;
	const char *tenant_name; /* X-Tenant, or ?tenant=; NULL: none */
	int64_t tenant;
	const char *origin;
	const char *user_agent;
	void *session; /* socket.c's own */
} TpUpgrade;

extern TpUpgrades *tp_upgrades_open(TpEdge *edge);

/* Closes all WebSockets (1001) and the context; its handles close on the loop. */
extern void tp_upgrades_close(TpUpgrades *upgrades);
/* After the loop has closed its handles. */
extern void tp_upgrades_free(TpUpgrades *upgrades);

/* A WebSocket's handshake to a path that has WebSockets. */
extern bool tp_upgrade_wanted(const TpRequest *request);
extern bool tp_upgrade_path(TpSlice path);

/* NULL, or what is wrong with the handshake. */
extern const char *tp_upgrade_fault(const TpRequest *request);

/* May this one become a WebSocket? NULL: no, and refusal is the whole HTTP response that says why not. */
extern TpUpgrade *tp_upgrade_prepare(TpEdge *edge, const TpRequest *request, const TpAddress *peer, TpBuffer *refusal);

/* bytes: what was read of the connection, the handshake at its beginning. Descriptor and upgrade are taken. */
extern void tp_upgrade_take(TpUpgrade *upgrade, int descriptor, const TpRequest *request, TpSlice bytes);

/* In callbacks of libwebsockets, from LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION on. */
extern TpUpgrade *tp_upgrade_of(struct lws *wsi);

#endif
