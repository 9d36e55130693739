/*
 * tenant_table.c
 *	  The tenants, and whose a request is; see tenant_table.h.
 *
 * Every request looks up its host, and its tenant's limits: both by halving.  Hosts are
 * compared without their port and in any case, as clients may write them.
 */
#include "tenant_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "json_view.h"
#include "settings_table.h"

#define RATE_PREFIX "RATE_LIMIT_"
#define ANONYMOUS TP_TIER_COUNT

/* Without its port, and without the dot of a name that is written out in full. */
static TpSlice
bare_host(TpSlice host)
{
	const char *colon = host.length == 0 ? NULL : memrchr(host.data, ':', host.length);

	/* [::1]:8000 has its last colon behind the bracket, if there is a port. */
	if (colon != NULL &&
		(host.data[0] != '[' || memchr(colon, ']', (size_t) (host.data + host.length - colon)) == NULL))
		host.length = (size_t) (colon - host.data);
	if (host.length > 1 && host.data[host.length - 1] == '.')
		host.length--;
	return host;
}

static char *
copy_host(TpSlice host)
{
	char *copy = tp_slice_dup(bare_host(host));

	for (char *c = copy; *c != '\0'; c++)
		*c = (char) tolower((unsigned char) *c);
	return copy;
}

/* Below 0: the slice comes before the host, which is lower case. */
static int
compare_host(TpSlice slice, const char *host)
{
	int order = strncasecmp(slice.data, host, slice.length);

	/* Of two that begin alike the shorter one comes first. */
	return order != 0 ? order : host[slice.length] == '\0' ? 0 : -1;
}

/* The first place whose host does not come before. */
static int
host_place(const TpTenantTable *table, TpSlice host)
{
	int low = 0;
	int high = table->host_count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (compare_host(host, table->hosts[middle].host) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
add_host(TpTenantTable *table, TpTenant *tenant, TpSlice host)
{
	char *copy = copy_host(host);
	int at = host_place(table, tp_slice(copy));

	tenant->hosts = tp_realloc(tenant->hosts, (size_t) (tenant->host_count + 1) * sizeof(char *));
	tenant->hosts[tenant->host_count++] = copy;
	table->hosts = tp_realloc(table->hosts, (size_t) (table->host_count + 1) * sizeof(TpTenantHost));
	memmove(&table->hosts[at + 1], &table->hosts[at], (size_t) (table->host_count - at) * sizeof(TpTenantHost));
	table->hosts[at] = (TpTenantHost){ copy, tenant->id };
	table->host_count++;
}

static void
read_hosts(TpTenantTable *table, TpTenant *tenant, TpSlice hosts)
{
	TpJsonCursor cursor = tp_json_open(hosts);
	TpSlice value;

	while (tp_json_element(&cursor, &value))
	{
		TpBuffer host = { 0 };

		if (tp_json_text(value, &host) && host.length > 0)
			add_host(table, tenant, (TpSlice){ host.data, host.length });
		tp_buffer_free(&host);
	}
}

/* Where the rate of this name is kept; NULL: it is none. */
static TpTenantRate *
rate_of_name(TpTenant *tenant, TpSlice name)
{
	for (int i = 0; i < tp_settings_count; i++)
	{
		const TpSetting *setting = &tp_settings_table[i];
		const char *rest = setting->name + strlen(RATE_PREFIX);

		if (setting->kind == TP_SETTING_RATE && name.length == strlen(rest) &&
			strncasecmp(name.data, rest, name.length) == 0)
		{
			size_t place = (setting->offset - offsetof(TpSettings, rates)) / sizeof(TpRate);

			return &tenant->rates[place / (TP_TIER_COUNT + 1)][place % (TP_TIER_COUNT + 1)];
		}
	}
	return NULL;
}

/* As in the settings: what stands for a whole class holds for each of its tiers. */
static void
spread(TpTenant *tenant)
{
	static const TpLimitClass whole[] = { TP_LIMIT_AUTH, TP_LIMIT_SIGNALS, TP_LIMIT_WEBHOOKS };

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		for (int tier = 0; tier < TP_TIER_COUNT; tier++)
			tenant->rates[whole[i]][tier] = tenant->rates[whole[i]][ANONYMOUS];
	tenant->rates[TP_LIMIT_ORDERS][ANONYMOUS] = tenant->rates[TP_LIMIT_ORDERS][TP_TIER_FREE];
}

static void
read_rates(TpTenant *tenant, TpSlice settings, const char **ignored)
{
	TpSlice rates;
	TpSlice name;
	TpSlice value;
	TpJsonCursor cursor;

	if (!tp_json_find(settings, "rateLimits", &rates) || tp_json_kind(rates) != '{')
		return;
	cursor = tp_json_open(rates);
	while (tp_json_member(&cursor, &name, &value))
	{
		TpTenantRate *at = rate_of_name(tenant, name);
		TpBuffer text = { 0 };

		if (at != NULL && tp_json_text(value, &text))
		{
			tp_buffer_add(&text, "", 1);
			at->own = tp_rate_parse(text.data, &at->rate);
		}
		if ((at == NULL || !at->own) && ignored != NULL && *ignored == NULL)
			*ignored = "rateLimits";
		tp_buffer_free(&text);
	}
	spread(tenant);
}

void
tp_tenants_add(TpTenantTable *table, int64_t id, TpSlice name, TpSlice hosts, TpSlice settings, const char **ignored)
{
	TpTenant *tenant;

	if (table->count == table->capacity)
	{
		table->capacity = table->capacity == 0 ? 4 : 2 * table->capacity;
		table->entries = tp_realloc(table->entries, (size_t) table->capacity * sizeof(TpTenant));
	}
	tenant = &table->entries[table->count++];
	*tenant = (TpTenant){ .id = id, .name = tp_slice_dup(name) };
	for (int tier = 0; tier < TP_TIER_COUNT; tier++)
		tenant->sockets[tier] = -1;
	read_hosts(table, tenant, hosts);
	read_rates(tenant, settings, ignored);
}

TpTenant *
tp_tenants_find(const TpTenantTable *table, int64_t id)
{
	int low = 0;
	int high = table->count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (table->entries[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->count && table->entries[low].id == id ? &table->entries[low] : NULL;
}

void
tp_tenants_clear(TpTenantTable *table)
{
	for (int i = 0; i < table->count; i++)
	{
		for (int j = 0; j < table->entries[i].host_count; j++)
			free(table->entries[i].hosts[j]);
		free(table->entries[i].hosts);
		free(table->entries[i].name);
	}
	free(table->entries);
	free(table->hosts);
	*table = (TpTenantTable){ 0 };
}

/* 0: nobody's. */
static int64_t
of_name(const TpTenantTable *table, TpSlice name)
{
	for (int i = 0; i < table->count; i++)
	{
		if (tp_slice_is(name, table->entries[i].name))
			return table->entries[i].id;
	}
	return 0;
}

static int64_t
of_host(const TpTenantTable *table, TpSlice host)
{
	int at;

	host = bare_host(host);
	if (host.length == 0 || table->host_count == 0 || memchr(host.data, '\0', host.length) != NULL)
		return 0;
	at = host_place(table, host);
	return at < table->host_count && compare_host(host, table->hosts[at].host) == 0 ? table->hosts[at].tenant : 0;
}

TpTenantFault
tp_tenants_resolve(const TpTenantTable *table, int64_t caller, TpSlice name, TpSlice host, int64_t *tenant, bool *named)
{
	int64_t by_name = name.data == NULL ? 0 : of_name(table, name);
	int64_t by_host = of_host(table, host);

	*named = by_name != 0 || by_host != 0;
	if (name.data != NULL && by_name == 0)
		return TP_TENANT_UNKNOWN;
	*tenant = caller != 0 ? caller : by_name != 0 ? by_name : by_host != 0 ? by_host : TP_TENANT_FIRST;
	if ((by_name != 0 && by_name != *tenant) || (by_host != 0 && by_host != *tenant))
		return TP_TENANT_MISMATCH;
	return TP_TENANT_FINE;
}
