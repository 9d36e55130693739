/*
 * batch_feed.c
 *	  Feeds a stream's commands to the server.  Contract: batch_feed.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "batch_feed.h"

/* Well below tradepost.max_pending, whose wait would be ours. */
#define MAX_AHEAD 200000

static const char submit[] = "SELECT tradepost.submit_commands($1::jsonb)";

void
tradepost_feed_start(TpFeed *feed, PGconn *conn, const TpStream *stream, const TpVenue *venue, int32_t batch_size)
{
	memset(feed, 0, sizeof(*feed));
	feed->conn = conn;
	feed->stream = stream;
	feed->venue = venue;
	feed->batch_size = batch_size;
	feed->ids = tradepost_alloc(stream->command_count * sizeof(int64_t));
}

void
tradepost_feed_free(TpFeed *feed)
{
	free(feed->ids);
	tradepost_text_free(&feed->json);
}

/*
 * Names an order: by its id, or by its place in this batch if that is not known yet.
 */
static void
add_reference(TpFeed *feed, const TpStreamCommand *command)
{
	if (command->order < feed->acknowledged)
		tradepost_text_printf(&feed->json, ",\"order_id\":%lld", (long long) feed->ids[command->order]);
	else
		tradepost_text_printf(&feed->json, ",\"order_index\":%d", command->order - feed->acknowledged);
}

static void
add_command(TpFeed *feed, const TpStreamCommand *command)
{
	static const char *const names[] = { "place", "place", "amend", "cancel" };
	TpText *json = &feed->json;
	int kind = command->kind;

	/* An amend to nothing would be refused: it means cancel. */
	if (kind == TP_STREAM_REDUCE && command->quantity == 0)
		kind = TP_STREAM_CANCEL;

	tradepost_text_printf(json, "{\"command\":\"%s\",\"account\":%lld", names[kind],
						  (long long) (command->side == 'B' ? feed->venue->buyer : feed->venue->seller));
	if (kind == TP_STREAM_NEW || kind == TP_STREAM_IOC)
	{
		tradepost_text_add(json, ",\"symbol\":");
		tradepost_text_json(json, feed->venue->symbol);
		tradepost_text_printf(json, ",\"side\":\"%s\",\"time_in_force\":\"%s\",\"price\":\"",
							  command->side == 'B' ? "buy" : "sell", kind == TP_STREAM_NEW ? "gtc" : "ioc");
		tradepost_text_decimal(json, command->price, TRADEPOST_STREAM_PRICE_DECIMALS);
		tradepost_text_add(json, "\"");
	}
	else
		add_reference(feed, command);
	if (kind != TP_STREAM_CANCEL)
		tradepost_text_printf(json, ",\"quantity\":\"%lld\"", (long long) command->quantity);
	tradepost_text_add(json, "}");
}

static void
send_batch(TpFeed *feed)
{
	const char *values[1];
	int32_t end = feed->sent + feed->batch_size;

	if (end > feed->stream->command_count)
		end = feed->stream->command_count;
	tradepost_text_reset(&feed->json);
	for (int32_t i = feed->sent; i < end; i++)
	{
		tradepost_text_add(&feed->json, i == feed->sent ? "[" : ",\n");
		add_command(feed, &feed->stream->commands[i]);
	}
	tradepost_text_add(&feed->json, "]");
	values[0] = feed->json.data;
	if (!PQsendQueryParams(feed->conn, submit, 1, NULL, values, NULL, NULL, 0))
		tradepost_die("cannot send: %s", PQerrorMessage(feed->conn));
	feed->sent = end;
}

/*
 * Takes the answer: the ids that the commands got.
 */
static void
receive_batch(TpFeed *feed)
{
	PGresult *result = PQgetResult(feed->conn);
	size_t due = feed->sent - feed->acknowledged;
	size_t count;

	tradepost_check_result(feed->conn, result, submit);
	if (PQntuples(result) != 1)
		tradepost_die("submit_commands() returned %d rows", PQntuples(result));
	count = tradepost_int64_array(PQgetvalue(result, 0, 0), feed->ids + feed->acknowledged, due);
	if (count != due)
		tradepost_die("submit_commands() took %zu commands and returned %zu ids", due, count);
	PQclear(result);
	while ((result = PQgetResult(feed->conn)) != NULL)
		PQclear(result);

	/* tradepost_feed_find() relies on it. */
	for (int32_t i = feed->acknowledged ? feed->acknowledged : 1; i < feed->sent; i++)
		if (feed->ids[i] <= feed->ids[i - 1])
			tradepost_die("submit_commands() returned ids out of order: %lld after %lld", (long long) feed->ids[i],
						  (long long) feed->ids[i - 1]);
	feed->acknowledged = feed->sent;
}

void
tradepost_feed_turn(TpFeed *feed, int32_t decided, int wait_ms)
{
	struct pollfd pfd = { .fd = PQsocket(feed->conn), .events = POLLIN };

	if (tradepost_feed_busy(feed))
	{
		if (PQisBusy(feed->conn))
		{
			if (poll(&pfd, 1, wait_ms) < 0 && errno != EINTR)
				tradepost_die("poll: %s", strerror(errno));
			if ((pfd.revents & ~POLLOUT) != 0 && !PQconsumeInput(feed->conn))
				tradepost_die("lost the connection: %s", PQerrorMessage(feed->conn));
		}
		if (PQisBusy(feed->conn))
			return;
		receive_batch(feed);
	}
	if (feed->sent < feed->stream->command_count && feed->sent - decided < MAX_AHEAD)
		send_batch(feed);
	else if (wait_ms > 0)
		poll(NULL, 0, wait_ms);
}

int32_t
tradepost_feed_find(const TpFeed *feed, int64_t id)
{
	int32_t low = 0;
	int32_t high = feed->acknowledged;

	while (low < high)
	{
		int32_t middle = low + (high - low) / 2;

		if (feed->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < feed->acknowledged && feed->ids[low] == id ? low : -1;
}
