/*
 * tenant_table.h
 *	  The tenants by number, name and host, and whose a request is.  Pure.
 */
#ifndef TRADEPOST_PROXY_TENANT_TABLE_H
#define TRADEPOST_PROXY_TENANT_TABLE_H

#include <stdint.h>

#include "settings.h"
#include "slice.h"

/* A tenant's own rate; `own` false: the proxy's settings hold. */
typedef struct TpTenantRate
{
	bool own;
	TpRate rate;
} TpTenantRate;

typedef struct TpTenant
{
	int64_t id;
	char *name;
	char **hosts; /* lower case, without a port */
	int host_count;
	TpTenantRate rates[TP_LIMIT_CLASSES][TP_TIER_COUNT + 1];
	int sockets[TP_TIER_COUNT]; /* that a user of this tier may have; -1: any number */
} TpTenant;

typedef struct TpTenantHost
{
	const char *host; /* of the tenant's own list */
	int64_t tenant;
} TpTenantHost;

/* All zero is empty. */
typedef struct TpTenantTable
{
	TpTenant *entries; /* in order of id */
	int count;
	int capacity;
	TpTenantHost *hosts; /* of all, in order */
	int host_count;
} TpTenantTable;

/*
 * In order of id. hosts: a JSON array of names; settings: a JSON object, of which rateLimits {"api_free": "100/900", ...} is read: names
 * as of RATE_LIMIT_..., in any case. What is not understood is left out, and `ignored` (may be NULL) names the first.
 */
extern void
tp_tenants_add(TpTenantTable *table, int64_t id, TpSlice name, TpSlice hosts, TpSlice settings, const char **ignored);
extern TpTenant *tp_tenants_find(const TpTenantTable *table, int64_t id);
extern void tp_tenants_clear(TpTenantTable *table);

typedef enum TpTenantFault
{
	TP_TENANT_FINE,
	TP_TENANT_UNKNOWN, /* the name is nobody's */
	TP_TENANT_MISMATCH /* host, name and caller are not of one tenant */
} TpTenantFault;

/*
 * Whose a request is: the caller's (0: nobody known), which neither name (X-Tenant; data NULL: none) nor host may
 * contradict; else the name's, which the host may not contradict; else the host's; else the first. named: whether name or
 * host say so.
 */
extern TpTenantFault tp_tenants_resolve(const TpTenantTable *table, int64_t caller, TpSlice name, TpSlice host,
										int64_t *tenant, bool *named);

#endif
