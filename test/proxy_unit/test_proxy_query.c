/*
 * test_proxy_query.c
 *	  Query strings to JSON, percent escapes, and what is wrong with others.
 */
#include "query.h"
#include "tap.h"

static void
is_json(TpTap *tap, const char *query, const char *expected)
{
	TpBuffer json = { 0 };
	TpBuffer problem = { 0 };
	bool fine = tp_query_json(tp_slice(query), &json, &problem);

	tp_buffer_add(&json, "", 1);
	if (!tradepost_tap_ok(tap, fine && strcmp(json.data, expected) == 0, *query == '\0' ? "(empty)" : query))
		printf("# got %s %.*s\n", json.data, (int) problem.length, problem.data);
	tp_buffer_free(&json);
	tp_buffer_free(&problem);
}

static void
is_problem(TpTap *tap, const char *query, const char *expected)
{
	TpBuffer json = { 0 };
	TpBuffer problem = { 0 };
	bool fine = tp_query_json(tp_slice(query), &json, &problem);

	tp_buffer_add(&problem, "", 1);
	if (!tradepost_tap_ok(tap, !fine && strstr(problem.data, expected) != NULL, expected))
		printf("# %s: got %s\n", query, problem.data);
	tp_buffer_free(&json);
	tp_buffer_free(&problem);
}

static void
many(TpTap *tap)
{
	TpBuffer query = { 0 };

	for (int i = 0; i <= TP_QUERY_PARAMETERS; i++)
		tp_buffer_format(&query, "p%d=%d&", i, i);
	tp_buffer_add(&query, "", 1);
	is_problem(tap, query.data, "more than 32");
	tp_buffer_free(&query);
}

static void
find(TpTap *tap)
{
	TpBuffer value = { 0 };

	tradepost_tap_ok(tap,
					 tp_query_find(tp_slice("a=1&token=x%2By+z"), "token", &value) && value.length == 5 &&
						 memcmp(value.data, "x+y z", 5) == 0,
					 "one parameter is found and decoded");
	tradepost_tap_ok(tap, !tp_query_find(tp_slice("tokens=1"), "token", &value), "another is not");
	tp_buffer_free(&value);
}

int
main(void)
{
	TpTap tap = { 0 };

	is_json(&tap, "", "{}");
	is_json(&tap, "&&", "{}");
	is_json(&tap, "a=1&b=two", "{\"a\":\"1\",\"b\":\"two\"}");
	is_json(&tap, "limit", "{\"limit\":\"\"}");
	is_json(&tap, "a=%22%5c&b=x+y%2B", "{\"a\":\"\\\"\\\\\",\"b\":\"x y+\"}");
	is_json(&tap, "a==b", "{\"a\":\"=b\"}");
	is_json(&tap, "s=%C3%A9", "{\"s\":\"\xC3\xA9\"}");
	is_problem(&tap, "limit=1&limit=2", "\"limit\" is given twice");
	is_problem(&tap, "limit=1&li%6dit=2", "is given twice");
	is_problem(&tap, "=x", "name is empty");
	is_problem(&tap, "a=%zz", "value of the query parameter \"a\"");
	is_problem(&tap, "a=%4", "wrongly escaped");
	is_problem(&tap, "a=%", "wrongly escaped");
	is_problem(&tap, "a=%00", "NUL");
	is_problem(&tap, "a=%ff", "not UTF-8");
	is_problem(&tap, "%00=1", "name is empty or wrongly escaped");
	many(&tap);
	find(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
