/*
 * event_check.c
 *	  Compares the events of a replay with the known answers.  Contract: event_check.h.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "../client/text.h"
#include "event_check.h"

#define PAGE 10000
#define MAX_PRINTED 10
#define BOOK_TRIES 500 /* of 10 ms */

static const char events_since[] =
	"SELECT seq, command_id, kind, order_id, maker_order_id, side, quantity, price, reason, decision"
	" FROM tradepost.events_since($1, 10000)";

enum
{
	SEQ,
	COMMAND_ID,
	KIND,
	ORDER_ID,
	MAKER_ORDER_ID,
	SIDE,
	QUANTITY,
	PRICE,
	REASON,
	DECISION
};

void
tradepost_check_start(TpEventCheck *check, PGconn *conn, const TpStream *stream, const TpFeed *feed, int64_t first_seq)
{
	memset(check, 0, sizeof(*check));
	check->conn = conn;
	check->stream = stream;
	check->feed = feed;
	check->book = tradepost_mirror_create(stream->command_count);
	check->last_seq = first_seq;
	check->current = -1;
}

void
tradepost_check_free(TpEventCheck *check)
{
	tradepost_mirror_free(check->book);
}

void
tradepost_check_difference(TpEventCheck *check, const char *format, ...)
{
	va_list args;

	if (check->differences++ >= MAX_PRINTED)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static int64_t
file_seq(const TpEventCheck *check, int32_t command)
{
	return check->stream->commands[command].seq;
}

/*
 * A level of the mirror as the book file would write it.
 */
static void
expected_level(const TpEventCheck *check, char side, int level, int64_t *price, int64_t *quantity)
{
	const TpMirrorLevel *found = tradepost_mirror_level(check->book, side, level);

	*price = found ? found->price : side == 'S' ? TRADEPOST_STREAM_NO_ASK : TRADEPOST_STREAM_NO_BID;
	*quantity = found ? found->quantity : 0;
}

/*
 * Compares one row of the book file, all its levels.
 */
static void
check_row(TpEventCheck *check, const TpStreamCheck *expected)
{
	const int64_t *row = check->stream->book + (int64_t) expected->row * check->stream->depth * 4;

	for (int i = 0; i < 2 * check->stream->depth; i++, row += 2)
	{
		char side = i % 2 ? 'B' : 'S';
		int64_t price;
		int64_t quantity;

		expected_level(check, side, i / 2, &price, &quantity);
		if (price != row[0] || quantity != row[1])
		{
			tradepost_check_difference(
				check, "book row %d, after command %lld: %s level %d should be %lld at %lld, is %lld at %lld",
				expected->row + 1, (long long) file_seq(check, expected->command), side == 'S' ? "ask" : "bid",
				i / 2 + 1, (long long) row[1], (long long) row[0], (long long) quantity, (long long) price);
			return;
		}
	}
	check->rows_equal++;
}

/*
 * No more events of this command will come: what is still missing, is missing.
 */
static void
finish_command(TpEventCheck *check, int32_t command)
{
	const TpStream *stream = check->stream;

	for (; check->next_fill < stream->fill_count && stream->fills[check->next_fill].command <= command;
		 check->next_fill++)
	{
		const TpStreamFill *fill = &stream->fills[check->next_fill];

		tradepost_check_difference(check, "command %lld: missing fill of maker %lld, %lld at %lld",
								   (long long) file_seq(check, fill->command), (long long) fill->maker_id,
								   (long long) fill->quantity, (long long) fill->price);
	}
	for (; check->next_check < stream->check_count && stream->checks[check->next_check].command <= command;
		 check->next_check++)
		check_row(check, &stream->checks[check->next_check]);
}

static void
start_command(TpEventCheck *check, int32_t command)
{
	if (check->current >= 0)
	{
		finish_command(check, check->current);
		if (!check->decided)
			tradepost_check_difference(check, "command %lld: no decision among its events",
									   (long long) file_seq(check, check->current));
	}
	if (command != check->current + 1)
		tradepost_check_difference(check, "command %lld was decided after command %lld: out of order",
								   (long long) file_seq(check, command),
								   (long long) (check->current < 0 ? 0 : file_seq(check, check->current)));
	check->current = command;
	check->decided = false;
	check->fill_number = 0;
}

static int64_t
decimal(PGresult *page, int row, int column, int decimals)
{
	const char *string = PQgetvalue(page, row, column);
	int64_t value;

	if (tradepost_parse_decimal(string, decimals, &value) != 0)
		tradepost_die("event %s: %s \"%s\" does not fit the file's format", PQgetvalue(page, row, SEQ),
					  PQfname(page, column), string);
	return value;
}

/*
 * The command of ours that placed this event's order; -1 if it is not ours.
 */
static int32_t
order_of(const TpEventCheck *check, PGresult *page, int row, int column)
{
	return PQgetisnull(page, row, column) ? -1 : tradepost_feed_find(check->feed, tradepost_int64(page, row, column));
}

/*
 * A fill: the next known one must be this one.
 */
static void
check_fill(TpEventCheck *check, int32_t maker, int64_t price, int64_t quantity)
{
	const TpStream *stream = check->stream;
	int64_t maker_id = maker < 0 ? 0 : stream->commands[maker].id;
	const TpStreamFill *due = NULL;

	check->fills++;
	check->fill_number++;
	if (check->next_fill < stream->fill_count && stream->fills[check->next_fill].command == check->current)
		due = &stream->fills[check->next_fill++];
	if (due != NULL && due->maker_id == maker_id && due->price == price && due->quantity == quantity)
		check->fills_equal++;
	else if (due != NULL)
		tradepost_check_difference(
			check, "command %lld, fill %d: should be maker %lld, %lld at %lld; is maker %lld, %lld at %lld",
			(long long) file_seq(check, check->current), check->fill_number, (long long) due->maker_id,
			(long long) due->quantity, (long long) due->price, (long long) maker_id, (long long) quantity,
			(long long) price);
	else
		tradepost_check_difference(check, "command %lld, fill %d: should not be; maker %lld, %lld at %lld",
								   (long long) file_seq(check, check->current), check->fill_number,
								   (long long) maker_id, (long long) quantity, (long long) price);
}

/*
 * One event of the current command, about an order of ours: into the mirror.
 */
static void
apply(TpEventCheck *check, PGresult *page, int row, int32_t order)
{
	const char *kind = PQgetvalue(page, row, KIND);
	const int decimals = TRADEPOST_STREAM_PRICE_DECIMALS;
	bool ok = true;

	if (strcmp(kind, "accepted") == 0)
		ok = tradepost_mirror_add(check->book, order, strcmp(PQgetvalue(page, row, SIDE), "buy") == 0 ? 'B' : 'S',
								  decimal(page, row, PRICE, decimals), decimal(page, row, QUANTITY, 0));
	else if (strcmp(kind, "trade") == 0)
	{
		int32_t maker = order_of(check, page, row, MAKER_ORDER_ID);
		int64_t quantity = decimal(page, row, QUANTITY, 0);

		check_fill(check, maker, decimal(page, row, PRICE, decimals), quantity);
		ok = tradepost_mirror_take(check->book, maker, quantity);
		ok = tradepost_mirror_take(check->book, order, quantity) && ok;
	}
	else if (strcmp(kind, "amended") == 0)
		ok = tradepost_mirror_amend(check->book, order, decimal(page, row, PRICE, decimals),
									decimal(page, row, QUANTITY, 0));
	else if (strcmp(kind, "decremented") == 0)
		ok = tradepost_mirror_take(check->book, order, decimal(page, row, QUANTITY, 0));
	else if (strcmp(kind, "cancelled") == 0 || strcmp(kind, "expired") == 0)
		ok = tradepost_mirror_remove(check->book, order);
	if (!ok)
		tradepost_check_difference(
			check, "command %lld: event %s, %s, of order %lld does not fit the book that the events before it made",
			(long long) file_seq(check, check->current), PQgetvalue(page, row, SEQ), kind,
			(long long) check->stream->commands[order].id);
}

/*
 * One event of one of our commands.
 */
static void
read_event(TpEventCheck *check, PGresult *page, int row, int32_t command)
{
	int32_t order = order_of(check, page, row, ORDER_ID);

	if (command != check->current)
		start_command(check, command);
	if (*PQgetvalue(page, row, DECISION) == 't')
	{
		if (check->decided)
			tradepost_check_difference(check, "command %lld was decided twice", (long long) file_seq(check, command));
		check->decided = true;
		check->decisions++;
	}
	if (strcmp(PQgetvalue(page, row, KIND), "rejected") == 0)
	{
		check->rejected++;
		tradepost_check_difference(check, "command %lld was rejected: %s", (long long) file_seq(check, command),
								   PQgetvalue(page, row, REASON));
	}
	else if (order >= 0)
		apply(check, page, row, order);
}

bool
tradepost_check_read(TpEventCheck *check)
{
	char after[24];
	PGresult *page;
	int rows;
	int row;
	int64_t known = check->feed->acknowledged ? check->feed->ids[check->feed->acknowledged - 1] : 0;

	snprintf(after, sizeof(after), "%lld", (long long) check->last_seq);
	page = tradepost_query(check->conn, events_since, after, NULL);
	rows = PQntuples(page);
	for (row = 0; row < rows; row++)
	{
		/* Null for an event that this role may not know the command of: not ours. */
		int64_t id = PQgetisnull(page, row, COMMAND_ID) ? 0 : tradepost_int64(page, row, COMMAND_ID);
		int32_t command = tradepost_feed_find(check->feed, id);

		/* The engine may be ahead of submit_commands()' answer: then this page is read again. */
		if (command < 0 && id > known && tradepost_feed_busy(check->feed))
			break;
		if (command >= 0)
			read_event(check, page, row, command);
		check->last_seq = tradepost_int64(page, row, SEQ);
	}
	PQclear(page);

	/* A batch's events become visible together, so the last command's are complete unless the page was full. */
	return row > 0 || rows == PAGE;
}

void
tradepost_check_finish(TpEventCheck *check)
{
	finish_command(check, check->stream->command_count - 1);
}

/*
 * Compares the mirror with what the server says its book is now; returns
 * whether all is equal, and complains only if told to.
 */
static bool
compare_book(TpEventCheck *check, const char *symbol, const char *depth, bool complain)
{
	PGresult *result = tradepost_query(check->conn,
									   "SELECT side, price, quantity, orders FROM tradepost.order_book($1, $2)", symbol,
									   depth, NULL);
	int32_t max = (int32_t) tradepost_text_int64(depth);
	int32_t seen[2] = { 0, 0 };
	bool equal = true;

	for (int row = 0; row < PQntuples(result) && equal; row++)
	{
		char side = strcmp(PQgetvalue(result, row, 0), "buy") == 0 ? 'B' : 'S';
		int64_t price = decimal(result, row, 1, TRADEPOST_STREAM_PRICE_DECIMALS);
		int64_t quantity = decimal(result, row, 2, 0);
		int64_t orders = tradepost_int64(result, row, 3);
		int32_t level = seen[side == 'S']++;
		const TpMirrorLevel *due = tradepost_mirror_level(check->book, side, level);

		equal = due != NULL && due->price == price && due->quantity == quantity && due->orders == orders;
		if (!equal && complain)
			tradepost_check_difference(
				check, "order_book(), %s level %d: %lld in %lld orders at %lld; the events say %lld in %lld at %lld",
				side == 'S' ? "ask" : "bid", level + 1, (long long) quantity, (long long) orders, (long long) price,
				due ? (long long) due->quantity : 0, due ? (long long) due->orders : 0,
				due ? (long long) due->price : 0);
	}
	for (int i = 0; i < 2 && equal; i++)
	{
		int32_t due = tradepost_mirror_depth(check->book, i ? 'S' : 'B');

		due = due < max ? due : max;
		equal = seen[i] == due;
		if (!equal && complain)
			tradepost_check_difference(check, "order_book() has %d %s levels, the events make %d", seen[i],
									   i ? "ask" : "bid", due);
	}
	PQclear(result);
	return equal;
}

/*
 * The book in shared memory is published just after its batch's commit: it may
 * come a moment later than the events.
 */
void
tradepost_check_order_book(TpEventCheck *check, const char *symbol)
{
	PGresult *result = tradepost_query(check->conn,
									   "SELECT coalesce(current_setting('tradepost.book_depth', true), '10')", NULL);
	char depth[24];

	snprintf(depth, sizeof(depth), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	for (int i = 0; i < BOOK_TRIES; i++)
	{
		if (compare_book(check, symbol, depth, false))
			return;
		poll(NULL, 0, 10);
	}
	compare_book(check, symbol, depth, true);
}
