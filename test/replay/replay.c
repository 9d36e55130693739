/*
 * replay.c
 *	  build/replay: feeds a command stream with known answers through the SQL
 *	  API of a running stack, and compares fills and books.
 *
 * Called by `make replay` and test/t.  Connects with the PG* environment; uses
 * public functions and views only.  The last line of its output is
 *	  fills A/B, book rows C/D, rejected E, N orders/s
 * Exit status: 0 all is equal, 1 something differs, 2 it could not be tried.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../client/session.h"
#include "../client/text.h"
#include "batch_feed.h"
#include "command_stream.h"
#include "event_check.h"
#include "fresh_venue.h"

#define DEFAULT_BATCH 4000
#define GIVE_UP 300.0 /* seconds without any event */

static void
usage(FILE *out)
{
	fputs("Usage: replay --commands=FILE --fills=FILE [--checks=FILE --book=FILE] [--batch=N]\n"
		  "Feeds a command stream through a running stack and compares it with its known answers.\n"
		  "The files' format is in test/replay/README.md; they may be gzipped.\n"
		  "Connects as PGHOST, PGPORT, PGUSER and PGDATABASE say.\n",
		  out);
}

/*
 * One line that is overwritten on a terminal; elsewhere a line now and then.
 */
static void
progress(const TpEventCheck *check, double start, bool last)
{
	static double next = 0;
	bool terminal = isatty(STDERR_FILENO);
	double now = tradepost_seconds();

	if (last)
	{
		if (terminal && next > 0)
			fputs("\r\033[K", stderr);
		return;
	}
	if (next == 0)
		next = start + (terminal ? 0.2 : 10);
	if (now < next)
		return;
	next = now + (terminal ? 0.2 : 10);
	fprintf(stderr, "%sreplay: %s of %s commands, %s fills, %s book rows, %s orders/s%s", terminal ? "\r\033[K" : "",
			tradepost_thousands(check->decisions), tradepost_thousands(check->stream->command_count),
			tradepost_thousands(check->fills), tradepost_thousands(check->rows_equal),
			tradepost_thousands((int64_t) (check->decisions / (now - start))), terminal ? "" : "\n");
	fflush(stderr);
}

/*
 * Feeds everything and reads until everything is decided; returns the seconds it took.
 */
static double
run(TpFeed *feed, TpEventCheck *check)
{
	double start = tradepost_seconds();
	double last_news = start;
	bool news = true;

	while (check->decisions < feed->stream->command_count || news)
	{
		tradepost_feed_turn(feed, check->decisions, news ? 0 : 5);
		news = tradepost_check_read(check);
		progress(check, start, false);
		if (news || feed->sent < feed->stream->command_count)
			last_news = tradepost_seconds();
		else if (tradepost_seconds() - last_news > GIVE_UP)
		{
			PGresult *status = tradepost_query(check->conn, "SELECT * FROM tradepost.engine_status", NULL);

			fprintf(stderr, "replay: %d of %d commands are decided, and no event came for %.0f s\n", check->decisions,
					feed->stream->command_count, GIVE_UP);
			for (int i = 0; i < PQnfields(status) && PQntuples(status) > 0; i++)
				fprintf(stderr, "  %s: %s\n", PQfname(status, i), PQgetvalue(status, 0, i));
			tradepost_die("the engine does not decide");
		}
	}
	progress(check, start, true);
	return tradepost_seconds() - start;
}

/*
 * Returns whether every invariant holds; prints those that do not.
 */
static bool
invariants_hold(PGconn *conn)
{
	PGresult *result = tradepost_query(conn, "SELECT name, holds, detail FROM tradepost.check_invariants()", NULL);
	bool all = PQntuples(result) > 0;

	for (int row = 0; row < PQntuples(result); row++)
	{
		if (*PQgetvalue(result, row, 1) == 't')
			continue;
		printf("invariant \"%s\" does not hold: %s\n", PQgetvalue(result, row, 0), PQgetvalue(result, row, 2));
		all = false;
	}
	PQclear(result);
	return all;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "commands", required_argument, NULL, 'c' },
											 { "fills", required_argument, NULL, 'f' },
											 { "checks", required_argument, NULL, 'k' },
											 { "book", required_argument, NULL, 'b' },
											 { "batch", required_argument, NULL, 'n' },
											 { "help", no_argument, NULL, 'h' },
											 { 0 } };
	const char *commands = NULL;
	const char *fills = NULL;
	const char *checks = NULL;
	const char *book = NULL;
	long batch = DEFAULT_BATCH;
	TpStream *stream;
	TpVenue venue;
	TpFeed feed;
	TpEventCheck check;
	PGconn *feed_conn;
	PGconn *read_conn;
	double seconds;
	bool holds;
	bool good;
	int c;

	tradepost_program("replay");
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
	{
		switch (c)
		{
			case 'c':
				commands = optarg;
				break;
			case 'f':
				fills = optarg;
				break;
			case 'k':
				checks = optarg;
				break;
			case 'b':
				book = optarg;
				break;
			case 'n':
				batch = strtol(optarg, NULL, 10);
				break;
			case 'h':
				usage(stdout);
				return 0;
			default:
				usage(stderr);
				return TRADEPOST_EXIT_TROUBLE;
		}
	}
	if (commands == NULL || fills == NULL || (checks == NULL) != (book == NULL) || optind != argc || batch < 1 ||
		batch > 100000)
	{
		if (commands != NULL && fills == NULL)
			fputs("replay: the fills' file is missing\n", stderr);
		else if ((checks == NULL) != (book == NULL))
			fputs("replay: checks and book go together: one of them is missing\n", stderr);
		usage(stderr);
		return TRADEPOST_EXIT_TROUBLE;
	}

	stream = tradepost_stream_read(commands, fills, checks, book);
	feed_conn = tradepost_connect();
	read_conn = tradepost_connect();
	tradepost_venue_open(&venue, feed_conn, stream);
	tradepost_feed_start(&feed, feed_conn, stream, &venue, (int32_t) batch);
	tradepost_check_start(&check, read_conn, stream, &feed, venue.first_seq);

	seconds = run(&feed, &check);
	tradepost_check_finish(&check);
	tradepost_check_order_book(&check, venue.symbol);
	holds = invariants_hold(read_conn);

	if (check.differences > 10)
		printf("... %lld differences in all\n", (long long) check.differences);
	good = holds && check.differences == 0 && check.fills_equal == stream->fill_count &&
		   check.fills == stream->fill_count && check.rows_equal == stream->check_count && check.rejected == 0;
	printf("fills %d/%d, book rows %d/%d, rejected %d, %.0f orders/s\n", check.fills_equal, stream->fill_count,
		   check.rows_equal, stream->check_count, check.rejected, stream->command_count / (seconds > 0 ? seconds : 1));

	tradepost_check_free(&check);
	tradepost_feed_free(&feed);
	tradepost_stream_free(stream);
	PQfinish(feed_conn);
	PQfinish(read_conn);
	return good ? 0 : 1;
}
