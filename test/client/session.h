/*
 * session.h
 *	  A database session of a client program, and how such a program fails.
 *
 * Used by the client programs under test/ (replay, market, bench).  They have
 * one way to fail: a line on stderr and exit status 2.  So nothing here
 * returns an error, and memory never runs out quietly.
 */
#ifndef TRADEPOST_SESSION_H
#define TRADEPOST_SESSION_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#define TRADEPOST_EXIT_TROUBLE 2

/* Names the program in messages; call it first. */
extern void tradepost_program(const char *name);
extern void tradepost_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

extern void *tradepost_alloc(size_t size); /* zeroed */
extern void *tradepost_realloc(void *p, size_t size);
extern char *tradepost_strdup(const char *string);

extern double tradepost_seconds(void); /* of a clock that only goes forward */

/* Connects with what PGHOST, PGPORT, PGUSER, PGDATABASE say. */
extern PGconn *tradepost_connect(void);

/*
 * A program that can go on after the server went away (a crash, a restart) sets
 * this: then a lost connection jumps there, instead of ending the program.
 */
extern jmp_buf *tradepost_lost;

/*
 * Runs one statement with text parameters, up to a NULL: the caller clears
 * the result.  A statement that fails ends the program with the server's
 * message.  A parameter that is SQL NULL is TRADEPOST_NULL.
 */
#define TRADEPOST_NULL ((const char *) &tradepost_null)
extern const char tradepost_null;
extern PGresult *tradepost_query(PGconn *conn, const char *sql, ...) __attribute__((sentinel));
extern void tradepost_execute(PGconn *conn, const char *sql, ...) __attribute__((sentinel));
extern int64_t tradepost_query_int64(PGconn *conn, const char *sql, ...) __attribute__((sentinel));

/* Ends the program unless the result is rows or a finished command. */
extern void tradepost_check_result(PGconn *conn, PGresult *result, const char *sql);

/* Fields of a result.  A column that is not there, a NULL or no number ends the program. */
extern int tradepost_column(PGresult *result, const char *name);
extern int64_t tradepost_int64(PGresult *result, int row, int column);
extern int64_t tradepost_text_int64(const char *string);

/* Reads a bigint[] such as {1,2,3}; returns how many, at most max. */
extern size_t tradepost_int64_array(const char *string, int64_t *out, size_t max);

#endif
