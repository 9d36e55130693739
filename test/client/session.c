/*
 * session.c
 *	  A database session of a client program.  Contract: session.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "session.h"

#define MAX_PARAMS 32

const char tradepost_null = '\0';

static const char *program = "tradepost";

jmp_buf *tradepost_lost = NULL;

void
tradepost_program(const char *name)
{
	program = name;
}

void
tradepost_die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(TRADEPOST_EXIT_TROUBLE);
}

void *
tradepost_realloc(void *p, size_t size)
{
	void *result = realloc(p, size ? size : 1);

	if (result == NULL)
		tradepost_die("out of memory (%zu bytes)", size);
	return result;
}

void *
tradepost_alloc(size_t size)
{
	return memset(tradepost_realloc(NULL, size), 0, size);
}

char *
tradepost_strdup(const char *string)
{
	size_t size = strlen(string) + 1;

	return memcpy(tradepost_realloc(NULL, size), string, size);
}

double
tradepost_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void
ignore_notice(void *arg, const PGresult *result)
{
	(void) arg;
	(void) result;
}

PGconn *
tradepost_connect(void)
{
	const char *const keywords[] = { "fallback_application_name", NULL };
	const char *const values[] = { program, NULL };
	PGconn *conn = PQconnectdbParams(keywords, values, 0);

	if (PQstatus(conn) != CONNECTION_OK)
	{
		const char *message = PQerrorMessage(conn);
		int length = (int) strcspn(message, "\n");

		fprintf(stderr, "%s: %.*s\n", program, length, message);
		fprintf(stderr, "%s: is the stack running? Start it with `make start`, then `. .run/env`.\n", program);
		exit(TRADEPOST_EXIT_TROUBLE);
	}
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	return conn;
}

void
tradepost_check_result(PGconn *conn, PGresult *result, const char *sql)
{
	ExecStatusType status = PQresultStatus(result);
	const char *message = result ? PQresultErrorMessage(result) : PQerrorMessage(conn);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return;
	if (tradepost_lost != NULL && PQstatus(conn) == CONNECTION_BAD)
		longjmp(*tradepost_lost, 1);
	if (*message == '\0')
		message = PQerrorMessage(conn);
	tradepost_die("%s%sin: %.300s", message, *message && message[strlen(message) - 1] == '\n' ? "" : "\n", sql);
}

static PGresult *
query(PGconn *conn, const char *sql, va_list args)
{
	const char *values[MAX_PARAMS];
	int count = 0;
	const char *value;
	PGresult *result;

	while ((value = va_arg(args, const char *)) != NULL)
	{
		if (count == MAX_PARAMS)
			tradepost_die("too many parameters");
		values[count++] = value == TRADEPOST_NULL ? NULL : value;
	}
	result = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);
	tradepost_check_result(conn, result, sql);
	return result;
}

PGresult *
tradepost_query(PGconn *conn, const char *sql, ...)
{
	va_list args;
	PGresult *result;

	va_start(args, sql);
	result = query(conn, sql, args);
	va_end(args);
	return result;
}

void
tradepost_execute(PGconn *conn, const char *sql, ...)
{
	va_list args;

	va_start(args, sql);
	PQclear(query(conn, sql, args));
	va_end(args);
}

int64_t
tradepost_query_int64(PGconn *conn, const char *sql, ...)
{
	va_list args;
	PGresult *result;
	int64_t value;

	va_start(args, sql);
	result = query(conn, sql, args);
	va_end(args);
	if (PQntuples(result) != 1)
		tradepost_die("%d rows instead of 1\nin: %s", PQntuples(result), sql);
	value = tradepost_int64(result, 0, 0);
	PQclear(result);
	return value;
}

int
tradepost_column(PGresult *result, const char *name)
{
	int column = PQfnumber(result, name);

	if (column < 0)
		tradepost_die("the server's answer has no column \"%s\"", name);
	return column;
}

int64_t
tradepost_text_int64(const char *string)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(string, &end, 10);
	if (end == string || *end != '\0' || errno != 0)
		tradepost_die("the server's answer \"%s\" is no whole number", string);
	return value;
}

int64_t
tradepost_int64(PGresult *result, int row, int column)
{
	if (PQgetisnull(result, row, column))
		tradepost_die("column \"%s\" of the server's answer is null", PQfname(result, column));
	return tradepost_text_int64(PQgetvalue(result, row, column));
}

size_t
tradepost_int64_array(const char *string, int64_t *out, size_t max)
{
	size_t count = 0;
	const char *p = string;

	if (*p++ != '{')
		tradepost_die("the server's answer \"%.60s\" is no array", string);
	while (*p != '}')
	{
		char *end;
		long long value = strtoll(p, &end, 10);

		if (end == p || (*end != ',' && *end != '}'))
			tradepost_die("the server's answer \"%.60s\" is no array of whole numbers", string);
		if (count < max)
			out[count] = value;
		count++;
		p = *end == ',' ? end + 1 : end;
	}
	return count < max ? count : max;
}
