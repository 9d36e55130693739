/*
 * edge.h
 *	  A worker process: what its parts share.
 *
 * One loop, one thread; the thread pool only hashes passwords. Parts are opened in the
 * order below and closed in the reverse one.
 */
#ifndef TRADEPOST_PROXY_EDGE_H
#define TRADEPOST_PROXY_EDGE_H

#include <stdbool.h>
#include <uv.h>

typedef struct TpEdge
{
	const struct TpSettings *settings;
	struct TpShared *shared; /* memory of all workers: limits, blocks, counters */
	int worker;              /* its number, from 0 */
	uv_loop_t loop;
	struct TpPg *pg;
	struct TpRedis *redis; /* NULL without REDIS_URL */
	struct TpLimits *limits;
	struct TpTokens *tokens;
	struct TpKeyring *keyring;   /* NULL without SECRETS_KEY_FILE */
	struct TpSessions *sessions; /* revoked ones */
	struct TpTenants *tenants;
	struct TpKeys *keys;               /* API keys that were seen lately */
	struct TpDeliveries *deliveries;   /* NULL without DELIVERY_COMMAND and DELIVERY_WEBHOOK */
	struct TpWhatsappSender *whatsapp; /* NULL: not configured, or another worker's */
	struct TpVoice *voice;             /* NULL without SPEECH_PROVIDER, and in other workers than the first */
	struct TpStream *stream;
	struct TpDecisions *decisions;
	struct TpBooks *books;
	struct TpCache *cache;
	struct TpHub *hub;
	struct TpPushes *pushes;
	struct TpOrders *orders;
	struct TpMessages *messages;   /* of WhatsApp, coming in */
	struct TpPublisher *publisher; /* NULL without Redis */
	struct TpSockets *sockets;
	struct TpUpgrades *upgrades; /* WebSockets */
	struct TpHttp *http;
	struct TpTls *tls; /* NULL without TLS_CERT */
	bool draining;     /* no new work is taken */
} TpEdge;

/* Runs a worker until it is told to stop; its exit status. */
extern int tp_edge_run(const struct TpSettings *settings, struct TpShared *shared, int worker, int listener);

#endif
