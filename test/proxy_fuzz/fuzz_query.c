/*
 * fuzz_query.c
 *	  libFuzzer: query strings, lists of addresses. What becomes of a query is JSON.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "address.h"
#include "query.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	TpBuffer json = { 0 };
	TpBuffer problem = { 0 };
	TpBuffer value = { 0 };
	TpAddress address;
	TpSlice bad;

	memcpy(text, data, size);
	text[size] = '\0';
	if (tp_query_json((TpSlice){ text, size }, &json, &problem))
	{
		json_t *parsed = json_loadb(json.data == NULL ? "" : json.data, json.length, JSON_REJECT_DUPLICATES, NULL);

		assert(json_is_object(parsed));
		json_decref(parsed);
	}
	else
		assert(problem.length > 0);
	(void) tp_query_find((TpSlice){ text, size }, "limit", &value);
	if (tp_address_parse((TpSlice){ text, size }, &address))
	{
		char printed[TP_ADDRESS_TEXT];
		TpAddress again;

		tp_address_print(&address, printed);
		assert(tp_address_parse(tp_slice(printed), &again) && memcmp(&address, &again, sizeof(address)) == 0);
	}
	if (tp_address_list_valid(text, &bad))
		(void) tp_address_listed(&address, text);
	(void) tp_address_client(address, (TpSlice){ text, size }, "127.0.0.0/8, ::1, 10.0.0.0/8");
	tp_buffer_free(&json);
	tp_buffer_free(&problem);
	tp_buffer_free(&value);
	free(text);
	return 0;
}
