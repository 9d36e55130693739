/*
 * tenants.c
 *	  The tenants as the database has them now; see tenants.h.
 *
 * They change by hand and are few: each change reads all of them anew.  Between a change
 * and its coming here the old ones hold, as if the request had come a moment earlier.
 */
#include "tenants.h"

#include <stdlib.h>

#include "edge.h"
#include "log.h"
#include "problem.h"
#include "rate_limits.h"
#include "settings.h"
#include "tier_names.h"

#define UNKNOWN_WEIGHT 20

struct TpTenants
{
	TpEdge *edge;
	TpTenantTable table;
	bool prices_due; /* those of the settings are to be told to the database */
	bool reading;
	bool again; /* something has changed that no reading under way is sure to have */
};

/* A row a tenant and tier. */
const TpStatement tp_tenants_statement = {
	.sql = "SELECT t.id, t.name, to_json(t.hosts)::text, t.settings::text, l.tier, l.most"
		   " FROM tradepost_edge.tenants() t JOIN tradepost_edge.tier_sockets() l ON l.tenant = t.id ORDER BY t.id",
	.idempotent = true
};

TpTenants *
tp_tenants_open(TpEdge *edge)
{
	TpTenants *tenants = tp_alloc(sizeof(*tenants));

	tenants->edge = edge;
	/* One worker tells it for all. */
	tenants->prices_due = edge->worker == 0;
	return tenants;
}

void
tp_tenants_close(TpTenants *tenants)
{
	if (tenants == NULL)
		return;
	tp_tenants_clear(&tenants->table);
	free(tenants);
}

void
tp_tenants_took(TpTenants *tenants, const PGresult *result)
{
	TpTenantTable table = { 0 };

	for (int row = 0; row < PQntuples(result); row++)
	{
		int64_t id = strtoll(PQgetvalue(result, row, 0), NULL, 10);
		const char *ignored = NULL;
		TpTier tier;

		if (tp_tenants_find(&table, id) == NULL)
			tp_tenants_add(&table, id, tp_slice(PQgetvalue(result, row, 1)), tp_slice(PQgetvalue(result, row, 2)),
						   tp_slice(PQgetvalue(result, row, 3)), &ignored);
		if (ignored != NULL)
			tp_log(TP_LOG_WARN, "a setting of a tenant is not understood", "#tenant", id, "setting", ignored, NULL);
		if (!PQgetisnull(result, row, 5) && tp_tier_parse(tp_slice(PQgetvalue(result, row, 4)), &tier))
			tp_tenants_find(&table, id)->sockets[tier] = atoi(PQgetvalue(result, row, 5));
	}
	tp_tenants_clear(&tenants->table);
	tenants->table = table;
}

static void
tenants_came(void *context, const PGresult *result, const TpPgError *error)
{
	TpTenants *tenants = context;

	tenants->reading = false;
	if (result != NULL)
		tp_tenants_took(tenants, result);
	else
	{
		tp_log(TP_LOG_WARN, "tenants could not be read", "reason", error->message, NULL);
		tenants->again = true;
	}
}

static const TpStatement prices_statement = { .sql = "SELECT tradepost_edge.configure_tiers($1::jsonb)",
											  .parameters = 1,
											  .idempotent = true };

static void
prices_told(void *context, const PGresult *result, const TpPgError *error)
{
	TpTenants *tenants = context;

	if (result != NULL)
		return;
	/* While the database is away, the timer tries again. */
	tenants->prices_due = error->failure != TP_PG_REFUSED;
	tp_log(tenants->prices_due ? TP_LOG_WARN : TP_LOG_ERROR, "prices of tiers could not be set", "reason",
		   error->message, NULL);
}

/* What nobody has set stays as the database has it. */
static void
tell_prices(TpTenants *tenants)
{
	static const char *const names[TP_TIER_COUNT] = { NULL, "BASIC_TIER_PRICE", "PRO_TIER_PRICE",
													  "ENTERPRISE_TIER_PRICE" };
	TpBuffer json = { 0 };

	tenants->prices_due = false;
	for (int tier = TP_TIER_BASIC; tier < TP_TIER_COUNT; tier++)
	{
		if (tp_setting_given(names[tier]))
			tp_buffer_format(&json, "%s\"%s\":\"%s\"", json.length == 0 ? "{" : ",", tp_tier_names[tier],
							 tenants->edge->settings->tier_prices[tier]);
	}
	if (json.length > 0)
	{
		tp_buffer_add(&json, "}", 2);
		tp_pg_call(tenants->edge->pg, &prices_statement, (const char *const[]){ json.data }, prices_told, tenants);
	}
	tp_buffer_free(&json);
}

void
tp_tenants_look(TpTenants *tenants)
{
	if (tenants->prices_due && tp_pg_usable(tenants->edge->pg))
		tell_prices(tenants);
	if (!tenants->again || tenants->reading || !tp_pg_usable(tenants->edge->pg))
		return;
	tenants->again = false;
	tenants->reading = true;
	tp_pg_call(tenants->edge->pg, &tp_tenants_statement, NULL, tenants_came, tenants);
}

void
tp_tenants_notified(TpTenants *tenants)
{
	tenants->again = true;
	tp_tenants_look(tenants);
}

static const char *
resolve(const TpTenants *tenants, int64_t caller, TpSlice name, TpSlice host, int64_t *tenant, bool *named)
{
	if (tenants->table.count == 0)
		return "unavailable";
	switch (tp_tenants_resolve(&tenants->table, caller, name, host, tenant, named))
	{
		case TP_TENANT_UNKNOWN:
			return "tenant_unknown";
		case TP_TENANT_MISMATCH:
			return "tenant_mismatch";
		case TP_TENANT_FINE:
			break;
	}
	return NULL;
}

const char *
tp_tenant_of(const TpTenants *tenants, int64_t caller, TpSlice name, TpSlice host, int64_t *tenant)
{
	bool named;

	return resolve(tenants, caller, name, host, tenant, &named);
}

bool
tp_tenant_of_call(const TpTenants *tenants, TpCall *call)
{
	const char *fault = resolve(tenants, call->caller.tenant, call->tenant_name, call->host, &call->tenant,
								&call->tenant_named);

	if (fault == NULL)
		return true;
	if (strcmp(fault, "unavailable") == 0)
		tp_problem_answer(call, &(TpPgError){ .failure = TP_PG_UNAVAILABLE, .message = "", .retry_after = 1 });
	else if (strcmp(fault, "tenant_unknown") == 0)
	{
		/* Names are not to be found by trying. */
		tp_suspicious(call->edge, call->ip, call->caller.user, "tenant_unknown", UNKNOWN_WEIGHT);
		tp_call_problem(call, 404, fault, "there is no tenant of the name in X-Tenant", NULL);
	}
	else if (call->caller.user != 0)
		tp_call_problem(call, 403, fault, "the token or key is another tenant's than Host or X-Tenant name", NULL);
	else
		tp_call_problem(call, 403, fault, "Host and X-Tenant name different tenants", NULL);
	return false;
}

const TpRate *
tp_tenant_rate(const TpTenants *tenants, int64_t tenant, TpLimitClass class, int column)
{
	const TpTenant *found = tp_tenants_find(&tenants->table, tenant);

	return found != NULL && found->rates[class][column].own ? &found->rates[class][column].rate
															: &tenants->edge->settings->rates[class][column];
}

int
tp_tenant_sockets(const TpTenants *tenants, int64_t tenant, TpTier tier)
{
	const TpTenant *found = tp_tenants_find(&tenants->table, tenant);

	return found == NULL ? -1 : found->sockets[tier];
}
