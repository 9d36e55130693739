/*
 * tenants.h
 *	  The tenants as the database has them now.
 *
 * Read by the stream at each (re)connect, before anybody is answered, and again when the
 * database tells of a change.
 */
#ifndef TRADEPOST_PROXY_TENANTS_H
#define TRADEPOST_PROXY_TENANTS_H

#include "call.h"
#include "pg.h"
#include "tenant_table.h"

typedef struct TpTenants TpTenants;

extern TpTenants *tp_tenants_open(struct TpEdge *edge);
extern void tp_tenants_close(TpTenants *tenants);

/* What the stream asks, and what it gets. */
extern const TpStatement tp_tenants_statement;
extern void tp_tenants_took(TpTenants *tenants, const PGresult *result);

/* One has changed; and, from the stream's timer: read them if that failed. */
extern void tp_tenants_notified(TpTenants *tenants);
extern void tp_tenants_look(TpTenants *tenants);

/*
 * Sets call->tenant by call->caller and what the request names. False: it has been answered: 404 tenant_unknown, 403
 * tenant_mismatch, 503 before they were read.
 */
extern bool tp_tenant_of_call(const TpTenants *tenants, TpCall *call);

/* The same for a handshake; NULL, or the code of why not. Before they were read: unavailable. */
extern const char *tp_tenant_of(const TpTenants *tenants, int64_t caller, TpSlice name, TpSlice host, int64_t *tenant);

/* The tenant's own rate for the class and column of TpSettings.rates; else the proxy's. */
extern const TpRate *tp_tenant_rate(const TpTenants *tenants, int64_t tenant, TpLimitClass class, int column);

/* WebSockets that a user may have; -1: any number. */
extern int tp_tenant_sockets(const TpTenants *tenants, int64_t tenant, TpTier tier);

#endif
