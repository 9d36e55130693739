/*
 * bench_rows.c
 *	  Results of the benchmark: the table that is printed, and bench.json.
 *
 * Part of build/bench/sql_bench; see sql_bench.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../client/session.h"
#include "sql_bench.h"

#define MAX_ROWS 64

static TpBenchRow rows[MAX_ROWS];
static int row_count = 0;

void
tradepost_bench_say(const char *format, ...)
{
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void
tradepost_samples_add(TpSamples *samples, double value)
{
	if (samples->count < BENCH_MAX_SAMPLES)
		samples->values[samples->count++] = value;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

double
tradepost_samples_median(const TpSamples *samples)
{
	TpSamples sorted = *samples;

	if (samples->count == 0)
		return NAN;
	qsort(sorted.values, sorted.count, sizeof(double), compare);
	return (sorted.values[(sorted.count - 1) / 2] + sorted.values[sorted.count / 2]) / 2;
}

double
tradepost_samples_spread(const TpSamples *samples)
{
	TpSamples sorted = *samples;
	double median = tradepost_samples_median(samples);

	if (samples->count < 2 || median == 0)
		return NAN;
	qsort(sorted.values, sorted.count, sizeof(double), compare);
	return (sorted.values[sorted.count - 1] - sorted.values[0]) / median;
}

/*
 * Each measurement against the one of the baseline that was its neighbour in
 * time: what else the machine did then, it did to both.
 */
static double
median_ratio(const TpSamples *value, const TpSamples *baseline)
{
	TpSamples ratios = { 0 };

	if (value->count != baseline->count)
		return tradepost_samples_median(value) / tradepost_samples_median(baseline);
	for (int i = 0; i < value->count; i++)
		tradepost_samples_add(&ratios, value->values[i] / baseline->values[i]);
	return tradepost_samples_median(&ratios);
}

static TpBenchRow *
new_row(void)
{
	if (row_count == MAX_ROWS)
		tradepost_die("more than %d results", MAX_ROWS);
	return &rows[row_count++];
}

void
tradepost_bench_add_row(const TpBenchRow *row)
{
	*new_row() = *row;
}

TpBenchRow *
tradepost_bench_add(const char *name, const char *unit, const TpSamples *value, const TpSamples *baseline)
{
	TpBenchRow *row = new_row();

	snprintf(row->name, sizeof(row->name), "%s", name);
	row->unit = unit;
	row->value = tradepost_samples_median(value);
	row->baseline = baseline ? tradepost_samples_median(baseline) : NAN;
	row->ratio = baseline ? median_ratio(value, baseline) : NAN;
	row->goal = NAN;
	row->n = value->count;
	row->spread = tradepost_samples_spread(value);
	return row;
}

void
tradepost_bench_goal(TpBenchRow *row, double goal, bool is_most)
{
	row->goal = goal;
	row->goal_is_most = is_most;
}

static bool
is_met(const TpBenchRow *row)
{
	double measured = row->goal_of_value ? row->value : row->ratio;

	return row->goal_is_most ? measured <= row->goal : measured >= row->goal;
}

/* The table ----------------------------------------------------------------- */

static void
print_number(double value, int width)
{
	if (isnan(value))
		printf(" %*s", width, "");
	else if (value >= 1000)
		printf(" %*s", width, tradepost_thousands((int64_t) (value + 0.5)));
	else
		printf(" %*.*f", width, value >= 100 ? 0 : value >= 10 ? 1 : 2, value);
}

static void
print_goal(const TpBenchRow *row)
{
	char goal[32] = "";

	if (!isnan(row->goal))
		snprintf(goal, sizeof(goal), "%s%s%.3g", row->goal_is_most ? "<" : ">", row->goal_of_value ? "" : " ",
				 row->goal);
	printf(" %6s %-3s", goal, isnan(row->goal) ? "" : is_met(row) ? "yes" : "NO");
}

/*
 * First line of a file that contains a word, after the colon.
 */
static void
print_from_file(const char *path, const char *word, const char *label)
{
	char line[512];
	FILE *file = fopen(path, "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
	{
		char *colon = strchr(line, ':');

		if (strncmp(line, word, strlen(word)) != 0 || colon == NULL)
			continue;
		line[strcspn(line, "\n")] = '\0';
		printf("%s%s", label, colon + 1 + strspn(colon + 1, " \t"));
		break;
	}
	if (file != NULL)
		fclose(file);
}

void
tradepost_bench_print(const TpBenchOptions *options)
{
	struct utsname name;

	printf("\nMachine   %ld CPUs", sysconf(_SC_NPROCESSORS_ONLN));
	print_from_file("/proc/cpuinfo", "model name", ", ");
	print_from_file("/proc/meminfo", "MemTotal", ", memory ");
	if (uname(&name) == 0)
		printf(", %s %s", name.sysname, name.release);
	printf("\nServer    %s\nGenerator on the same machine. Medians of n; ratio: median of the n ratios of neighbours; "
		   "spread: (largest - smallest) / median.\n\n",
		   options->settings ? options->settings : "");
	printf("%-50s %11s %11s %6s %6s %-3s %2s %6s  %s\n", "", "value", "baseline", "ratio", "goal", "met", "n", "spread",
		   "unit");
	for (int i = 0; i < row_count; i++)
	{
		const TpBenchRow *row = &rows[i];

		printf("%-50s", row->name);
		print_number(row->value, 11);
		print_number(row->baseline, 11);
		print_number(row->ratio, 6);
		print_goal(row);
		printf(" %2d", row->n);
		if (isnan(row->spread))
			printf(" %6s", "");
		else
			printf(" %4.0f %%", row->spread * 100);
		printf("  %s\n", row->unit);
	}
}

/* bench.json ---------------------------------------------------------------- */

static void
write_number(FILE *file, const char *name, double value)
{
	fprintf(file, "\"%s\":", name);
	if (isnan(value) || isinf(value))
		fputs("null,", file);
	else
		fprintf(file, "%.6g,", value);
}

void
tradepost_bench_write(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		tradepost_die("cannot write %s", path);
	fputs("[\n", file);
	for (int i = 0; i < row_count; i++)
	{
		const TpBenchRow *row = &rows[i];
		TpText name = { 0 };

		tradepost_text_json(&name, row->name);
		fprintf(file, "{\"name\":%s,", name.data);
		tradepost_text_free(&name);
		write_number(file, "value", row->value);
		fprintf(file, "\"unit\":\"%s\",", row->unit);
		write_number(file, "baseline", row->baseline);
		write_number(file, "ratio", row->ratio);
		write_number(file, "goal", row->goal);
		fprintf(file, "\"met\":%s,\"n\":%d,", isnan(row->goal) ? "null" : is_met(row) ? "true" : "false", row->n);
		if (isnan(row->spread))
			fputs("\"spread\":null}", file);
		else
			fprintf(file, "\"spread\":%.4g}", row->spread);
		fputs(i + 1 < row_count ? ",\n" : "\n", file);
	}
	fputs("]\n", file);
	if (fclose(file) != 0)
		tradepost_die("cannot write %s", path);
}
