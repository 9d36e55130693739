/*
 * csv_file.c
 *	  Reads a plain or gzipped file of comma-separated fields.  Contract: csv_file.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "csv_file.h"

TpCsvFile *
tradepost_csv_open(const char *path)
{
	TpCsvFile *csv = tradepost_alloc(sizeof(TpCsvFile));

	csv->path = path;
	errno = 0;
	csv->file = gzopen(path, "rb");
	if (csv->file == NULL)
		tradepost_die("cannot open %s: %s", path, errno ? strerror(errno) : "out of memory");
	gzbuffer(csv->file, 1 << 17);
	return csv;
}

void
tradepost_csv_close(TpCsvFile *csv)
{
	gzclose_r(csv->file);
	free(csv);
}

void
tradepost_csv_error(const TpCsvFile *csv, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	tradepost_die("%s, line %ld: %s", csv->path, csv->line, message);
}

/*
 * Where the data ends: gzgets does not tell the end from a broken file.
 */
static void
check_end(TpCsvFile *csv)
{
	int code;
	const char *message = gzerror(csv->file, &code);

	if (code == Z_BUF_ERROR)
		tradepost_csv_error(csv, "the file ends too early: its compressed data is cut off");
	if (code != Z_OK && code != Z_STREAM_END)
		tradepost_csv_error(csv, "cannot read: %s", code == Z_ERRNO ? strerror(errno) : message);
}

bool
tradepost_csv_next(TpCsvFile *csv)
{
	size_t length;
	char *p = csv->buffer;

	csv->line++;
	if (gzgets(csv->file, csv->buffer, sizeof(csv->buffer)) == NULL)
	{
		check_end(csv);
		return false;
	}
	length = strlen(csv->buffer);
	if (length == 0 || csv->buffer[length - 1] != '\n')
	{
		check_end(csv);
		if (length == sizeof(csv->buffer) - 1)
			tradepost_csv_error(csv, "longer than %d bytes", TRADEPOST_CSV_MAX_LINE - 2);
		if (!gzeof(csv->file))
			tradepost_csv_error(csv, "holds a NUL byte: this is no text");
	}
	else
		csv->buffer[--length] = '\0';
	if (length > 0 && csv->buffer[length - 1] == '\r')
		csv->buffer[--length] = '\0';

	csv->count = 0;
	for (;;)
	{
		if (csv->count == TRADEPOST_CSV_MAX_FIELDS)
			tradepost_csv_error(csv, "more than %d fields", TRADEPOST_CSV_MAX_FIELDS);
		csv->fields[csv->count++] = p;
		p = strchr(p, ',');
		if (p == NULL)
			return true;
		*p++ = '\0';
	}
}

void
tradepost_csv_header(TpCsvFile *csv, const char *header)
{
	const char *expected = header;

	if (!tradepost_csv_next(csv))
		tradepost_csv_error(csv, "the file is empty; its first line must be \"%s\"", header);
	for (int i = 0; i < csv->count; i++)
	{
		size_t length = strlen(csv->fields[i]);

		if (strncmp(csv->fields[i], expected, length) != 0 || expected[length] != (i + 1 < csv->count ? ',' : '\0'))
			tradepost_csv_error(csv, "the first line must be \"%s\"", header);
		expected += length + 1;
	}
}

void
tradepost_csv_expect(TpCsvFile *csv, int count)
{
	if (csv->count == 1 && csv->fields[0][0] == '\0')
		tradepost_csv_error(csv, "empty line");
	if (csv->count != count)
		tradepost_csv_error(csv, "%d fields where %d are due", csv->count, count);
}

int64_t
tradepost_csv_int64(TpCsvFile *csv, int i, const char *name, int64_t min, int64_t max)
{
	const char *field = csv->fields[i];
	char *end;
	long long value;

	errno = 0;
	value = strtoll(field, &end, 10);
	if (end == field || *end != '\0' || (*field != '-' && (*field < '0' || *field > '9')) || errno != 0)
		tradepost_csv_error(csv, "%s \"%.40s\" is no whole number", name, field);
	if (value < min || value > max)
		tradepost_csv_error(csv, "%s %lld is not between %lld and %lld", name, value, (long long) min, (long long) max);
	return value;
}
