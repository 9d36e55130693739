/*
 * test_proxy_tenants.c
 *	  Whose a request is: names, hosts as clients may write them, callers; a tenant's own
 *	  rates.
 */
#include "settings_table.h"
#include "tap.h"
#include "tenant_table.h"

#define S(text) ((TpSlice){ text, sizeof(text) - 1 })
#define NONE ((TpSlice){ NULL, 0 })

static TpTenantTable table;

/* The tenant; -1: the name is nobody's, -2: they contradict each other. */
static int64_t
whose(int64_t caller, TpSlice name, TpSlice host, bool *named)
{
	int64_t tenant = 0;

	switch (tp_tenants_resolve(&table, caller, name, host, &tenant, named))
	{
		case TP_TENANT_UNKNOWN:
			return -1;
		case TP_TENANT_MISMATCH:
			return -2;
		case TP_TENANT_FINE:
			break;
	}
	return tenant;
}

static int64_t
of_host(TpSlice host)
{
	bool named;

	return whose(0, NONE, host, &named);
}

static void
test_names(TpTap *tap)
{
	bool named;

	tradepost_tap_ok(tap, whose(0, NONE, NONE, &named) == 1 && !named, "who names none is the first's");
	tradepost_tap_ok(tap, whose(0, S("other"), NONE, &named) == 2 && named, "by name");
	tradepost_tap_ok(tap, whose(0, S("Other"), NONE, &named) == -1, "names are as they are");
	tradepost_tap_ok(tap, whose(0, S(""), NONE, &named) == -1, "nobody is called nothing");
	tradepost_tap_ok(tap, whose(0, NONE, S("other.example"), &named) == 2 && named, "by host");
	tradepost_tap_ok(tap, whose(0, S("default"), S("other.example"), &named) == -2,
					 "name and host agree, or neither counts");
	tradepost_tap_ok(tap, whose(0, S("other"), S("elsewhere.example"), &named) == 2, "a host of nobody says nothing");
	tradepost_tap_ok(tap, whose(2, NONE, NONE, &named) == 2 && !named, "a caller's own");
	tradepost_tap_ok(tap, whose(2, S("other"), S("other.example:8000"), &named) == 2, "who says the same");
	tradepost_tap_ok(tap, whose(2, S("default"), NONE, &named) == -2, "a name that is not the caller's");
	tradepost_tap_ok(tap, whose(1, NONE, S("other.example"), &named) == -2, "a host that is not the caller's");
	tradepost_tap_ok(tap, whose(2, S("nobody"), NONE, &named) == -1, "an unknown name before all else");
}

static void
test_hosts(TpTap *tap)
{
	tradepost_tap_ok(tap, of_host(S("OTHER.Example")) == 2, "in any case");
	tradepost_tap_ok(tap, of_host(S("other.example:8443")) == 2 && of_host(S("other.example.:8443")) == 2,
					 "with its port, with its dot");
	tradepost_tap_ok(tap, of_host(S("[::1]:8000")) == 3 && of_host(S("[::1]")) == 3, "an address of IPv6");
	tradepost_tap_ok(tap,
					 of_host(S("xother.example")) == 1 && of_host(S("other.example.evil")) == 1 &&
						 of_host(S(":80")) == 1,
					 "no other");
}

static void
test_rates(TpTap *tap)
{
	const TpTenant *one = tp_tenants_find(&table, 1);
	const TpTenant *two = tp_tenants_find(&table, 2);
	const TpTenantRate *rate = &two->rates[TP_LIMIT_API][TP_TIER_PRO];

	tradepost_tap_ok(tap, tp_tenants_find(&table, 9) == NULL, "no such tenant");
	tradepost_tap_ok(tap, !one->rates[TP_LIMIT_API][TP_TIER_PRO].own, "without one of its own");
	tradepost_tap_ok(tap, rate->own && rate->rate.count == 7 && rate->rate.window_s == 60, "of a class and tier");
	rate = &two->rates[TP_LIMIT_AUTH][TP_TIER_BASIC];
	tradepost_tap_ok(tap, rate->own && rate->rate.count == 50, "of a whole class");
	rate = &two->rates[TP_LIMIT_ORDERS][TP_TIER_COUNT];
	tradepost_tap_ok(tap, rate->own && rate->rate.count == 0, "off, and nobody in particular has the free tier's");
	tradepost_tap_ok(tap, two->sockets[TP_TIER_FREE] == -1, "sockets without a limit until it is set");
}

/* Every rate of the settings has its place, and no two the same. */
static void
test_every_rate(TpTap *tap)
{
	bool fine = true;
	TpTenantTable other = { 0 };

	for (int i = 0; i < tp_settings_count; i++)
	{
		const TpSetting *setting = &tp_settings_table[i];
		const char *ignored = NULL;
		TpBuffer json = { 0 };
		const TpTenant *tenant;
		size_t place = (setting->offset - offsetof(TpSettings, rates)) / sizeof(TpRate);

		if (setting->kind != TP_SETTING_RATE)
			continue;
		tp_buffer_format(&json, "{\"rateLimits\":{\"%s\":\"3/4\"}}", setting->name + strlen("RATE_LIMIT_"));
		tp_tenants_add(&other, i + 1, S("t"), S("[]"), (TpSlice){ json.data, json.length }, &ignored);
		tenant = tp_tenants_find(&other, i + 1);
		fine = fine && ignored == NULL &&
			   tenant->rates[place / (TP_TIER_COUNT + 1)][place % (TP_TIER_COUNT + 1)].rate.window_s == 4;
		tp_buffer_free(&json);
	}
	tradepost_tap_ok(tap, fine, "every rate that the proxy has a tenant may have");
	tp_tenants_clear(&other);
}

static void
test_ignored(TpTap *tap)
{
	static const char *const strange[] = { "{\"rateLimits\":{\"api_free\":\"often\"}}",
										   "{\"rateLimits\":{\"api_gold\":\"1/2\"}}",
										   "{\"rateLimits\":{\"api_free\":7}}" };
	TpTenantTable other = { 0 };
	bool fine = true;

	for (int i = 0; i < 3; i++)
	{
		const char *ignored = NULL;

		tp_tenants_add(&other, i + 1, S("t"), S("[]"), tp_slice(strange[i]), &ignored);
		fine = fine && ignored != NULL && !tp_tenants_find(&other, i + 1)->rates[TP_LIMIT_API][TP_TIER_FREE].own;
	}
	tradepost_tap_ok(tap, fine, "what is not understood is named and left out");
	tp_tenants_clear(&other);
}

int
main(void)
{
	TpTap tap = { 0 };

	tp_tenants_add(&table, 1, S("default"), S("[]"), S("{}"), NULL);
	tp_tenants_add(
		&table, 2, S("other"), S("[\"Other.Example\", \"second.example.\"]"),
		S("{\"demoAsset\":\"USD\",\"rateLimits\":{\"api_pro\":\"7/60\",\"auth\":\"50/60\",\"orders_free\":\"off\"}}"),
		NULL);
	tp_tenants_add(&table, 3, S("third"), S("[\"[::1]\"]"), S("{\"rateLimits\":null}"), NULL);
	test_names(&tap);
	test_hosts(&tap);
	test_rates(&tap);
	test_every_rate(&tap);
	test_ignored(&tap);
	tp_tenants_clear(&table);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
