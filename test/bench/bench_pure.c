/*
 * bench_pure.c
 *	  The engine without a database: what build/bench/book_bench measured.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.  That program prints a JSON
 * object a line, with fields of bench.json; its rows are taken over as they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../client/session.h"
#include "sql_bench.h"

/*
 * Where the value of a field begins in a line of JSON; NULL if it has none.
 */
static const char *
field(const char *line, const char *name)
{
	char key[64];
	const char *found;

	snprintf(key, sizeof(key), "\"%s\":", name);
	found = strstr(line, key);
	return found ? found + strlen(key) + strspn(found + strlen(key), " ") : NULL;
}

static double
number(const char *line, const char *name)
{
	const char *found = field(line, name);

	return found ? strtod(found, NULL) : NAN;
}

/*
 * A string without escapes, as these are; into a buffer.
 */
static bool
string(const char *line, const char *name, char *out, size_t size)
{
	const char *found = field(line, name);

	if (found == NULL || *found != '"')
		return false;
	snprintf(out, size, "%.*s", (int) strcspn(found + 1, "\""), found + 1);
	return true;
}

static void
take_over(const char *line)
{
	TpBenchRow row = { .value = number(line, "value"), .spread = number(line, "spread") };
	char unit[16];

	if (!string(line, "name", row.name, sizeof(row.name)) || !string(line, "unit", unit, sizeof(unit)) ||
		isnan(row.value))
		tradepost_die("book_bench printed a line that is no result: %.100s", line);
	row.unit = tradepost_strdup(unit);
	row.baseline = row.ratio = NAN;
	row.n = isnan(number(line, "n")) ? 1 : (int) number(line, "n");
	row.goal = number(line, "goal");
	row.goal_of_value = true;
	if (!isnan(row.goal))
	{
		bool met = field(line, "met") != NULL && *field(line, "met") == 't';

		row.goal_is_most = (row.value <= row.goal) == met;
	}
	tradepost_bench_add_row(&row);
}

void
tradepost_bench_pure(const TpBenchOptions *options)
{
	char command[1024];
	char line[1024];
	FILE *pipe;

	if (options->book_bench == NULL || access(options->book_bench, X_OK) != 0)
	{
		tradepost_bench_say("the pure book is left out: no %s",
							options->book_bench ? options->book_bench : "program for it");
		return;
	}
	tradepost_bench_say("the engine without a database");
	snprintf(command, sizeof(command), "'%s' --json", options->book_bench);
	pipe = popen(command, "r");
	while (pipe != NULL && fgets(line, sizeof(line), pipe) != NULL)
	{
		if (*line == '{')
			take_over(line);
	}
	if (pipe == NULL || pclose(pipe) != 0)
		tradepost_die("%s failed", command);
}
