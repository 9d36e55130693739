/*
 * csv_file.h
 *	  Reads a plain or gzipped file of comma-separated whole numbers and words.
 *
 * Used by command_stream.c.  No quoting: the format has none.  Everything that
 * is wrong with the file ends the program with its name and line.
 */
#ifndef TRADEPOST_CSV_FILE_H
#define TRADEPOST_CSV_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <zlib.h>

#define TRADEPOST_CSV_MAX_FIELDS 1024
#define TRADEPOST_CSV_MAX_LINE 65536

typedef struct TpCsvFile
{
	const char *path;
	gzFile file;
	long line; /* number of the line in fields, from 1 */
	int count; /* fields in this line */
	char *fields[TRADEPOST_CSV_MAX_FIELDS];
	char buffer[TRADEPOST_CSV_MAX_LINE];
} TpCsvFile;

extern TpCsvFile *tradepost_csv_open(const char *path);
extern void tradepost_csv_close(TpCsvFile *csv);

/* Next line into fields; false at the end of the file. */
extern bool tradepost_csv_next(TpCsvFile *csv);

/* Reads the first line, which must be exactly this. */
extern void tradepost_csv_header(TpCsvFile *csv, const char *header);

/* Ends the program unless the line has this many fields. */
extern void tradepost_csv_expect(TpCsvFile *csv, int count);

/* Field i as a whole number from min to max; name is for the message. */
extern int64_t tradepost_csv_int64(TpCsvFile *csv, int i, const char *name, int64_t min, int64_t max);

/* Ends the program with "path, line n: ...". */
extern void
tradepost_csv_error(const TpCsvFile *csv, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

#endif
