/*
 * fuzz_tenants.c
 *	  libFuzzer: hosts as clients may write them, and settings of tenants.  A host that is a
 *	  tenant's is found again, however it is written.
 */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "json.h"
#include "tenant_table.h"

#define S(text) ((TpSlice){ text, sizeof(text) - 1 })

static int64_t
whose(const TpTenantTable *table, TpSlice host)
{
	int64_t tenant = 0;
	bool named;

	assert(tp_tenants_resolve(table, 0, (TpSlice){ NULL, 0 }, host, &tenant, &named) == TP_TENANT_FINE);
	assert(named == (tenant != 1));
	return tenant;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TpSlice text = { (const char *) data, size };
	TpTenantTable table = { 0 };
	TpBuffer hosts = { 0 };
	TpBuffer shouted = { 0 };
	TpBuffer with_port = { 0 };
	const char *ignored = NULL;
	char outermost;
	size_t at;
	int64_t found;

	tp_buffer_text(&hosts, "[\"one.example\",");
	tp_buffer_json(&hosts, text);
	tp_buffer_text(&hosts, ",\"two.example\"]");
	tp_tenants_add(&table, 1, S("first"), S("[]"), S("{}"), &ignored);
	tp_tenants_add(&table, 2, S("second"), (TpSlice){ hosts.data, hosts.length },
				   tp_json_check(text, &outermost, &at) == TP_JSON_FINE && outermost == '{' ? text : S("{}"), &ignored);
	assert(whose(&table, S("one.example")) == 2 && whose(&table, S("TWO.example:8000")) == 2);
	found = whose(&table, text);
	for (size_t i = 0; i < size; i++)
	{
		char c = (char) toupper(data[i]);

		tp_buffer_add(&shouted, &c, 1);
	}
	assert(whose(&table, (TpSlice){ shouted.data, shouted.length }) == found);
	/* What has a colon may have a port already. */
	tp_buffer_slice(&with_port, text);
	tp_buffer_text(&with_port, ":8443");
	if (found == 2 && memchr(data, ':', size) == NULL)
		assert(whose(&table, (TpSlice){ with_port.data, with_port.length }) == 2);
	tp_buffer_free(&hosts);
	tp_buffer_free(&shouted);
	tp_buffer_free(&with_port);
	tp_tenants_clear(&table);
	return 0;
}
