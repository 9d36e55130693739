/*
 * command_stream.c
 *	  Reads a command stream and its known answers.  Contract: command_stream.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../client/session.h"
#include "command_stream.h"
#include "csv_file.h"

#define MAX_PRICE INT64_C(9000000000000) /* 900 million; an empty level's price is none */
#define MAX_QUANTITY INT64_C(1000000000)
#define MAX_SEQ INT64_C(1000000000000000)

/* Where each order id of the file was placed: open addressing, a power of two of slots. */
typedef struct IdMap
{
	int64_t *ids;
	int32_t *indexes; /* -1: free */
	size_t slots;
	size_t used;
} IdMap;

static size_t
id_slot(const IdMap *map, int64_t id)
{
	size_t slot = ((uint64_t) id * UINT64_C(0x9E3779B97F4A7C15)) >> 20;

	for (slot &= map->slots - 1; map->indexes[slot] >= 0 && map->ids[slot] != id; slot = (slot + 1) & (map->slots - 1))
		;
	return slot;
}

static void
id_map_resize(IdMap *map, size_t slots)
{
	IdMap old = *map;

	map->ids = tradepost_alloc(slots * sizeof(int64_t));
	map->indexes = tradepost_alloc(slots * sizeof(int32_t));
	map->slots = slots;
	memset(map->indexes, 0xff, slots * sizeof(int32_t));
	for (size_t i = 0; i < old.slots; i++)
	{
		if (old.indexes[i] >= 0)
		{
			size_t slot = id_slot(map, old.ids[i]);

			map->ids[slot] = old.ids[i];
			map->indexes[slot] = old.indexes[i];
		}
	}
	free(old.ids);
	free(old.indexes);
}

/*
 * Remembers where an id was placed last: the format lets an order that was
 * cancelled come back under its id.
 */
static void
id_map_put(IdMap *map, int64_t id, int32_t index)
{
	size_t slot;

	if (2 * (map->used + 1) > map->slots)
		id_map_resize(map, map->slots ? 2 * map->slots : 1024);
	slot = id_slot(map, id);
	map->used += map->indexes[slot] < 0;
	map->ids[slot] = id;
	map->indexes[slot] = index;
}

static int32_t
id_map_get(const IdMap *map, int64_t id)
{
	return map->slots == 0 ? -1 : map->indexes[id_slot(map, id)];
}

static int64_t
gcd(int64_t a, int64_t b)
{
	a = llabs(a);
	b = llabs(b);
	while (b != 0)
	{
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * Grows an array by doubling: room for one more element after `count`.
 */
static void *
one_more(void *array, int64_t count, size_t size)
{
	if (count >= INT32_MAX)
		tradepost_die("more than %d lines", INT32_MAX);
	if ((count & (count - 1)) == 0)
		return tradepost_realloc(array, (count ? 2 * (size_t) count : 1) * size);
	return array;
}

static TpStreamKind
parse_kind(TpCsvFile *csv, int field)
{
	static const char *const names[] = { "NEW", "IOC", "REDUCE", "CANCEL" };

	for (int i = 0; i < 4; i++)
		if (strcmp(csv->fields[field], names[i]) == 0)
			return (TpStreamKind) i;
	tradepost_csv_error(csv, "cmd \"%.20s\" is none of NEW, IOC, REDUCE, CANCEL", csv->fields[field]);
}

/*
 * A NEW or IOC widens what the instrument must take.
 */
static void
note_order(TpStream *stream, const TpStreamCommand *command)
{
	if (stream->order_count++ == 0)
		stream->min_price = stream->max_price = command->price;
	if (command->price < stream->min_price)
		stream->min_price = command->price;
	if (command->price > stream->max_price)
		stream->max_price = command->price;
	if (command->quantity > stream->max_quantity)
		stream->max_quantity = command->quantity;
	stream->price_step = gcd(stream->price_step, command->price);
	if (command->side == 'B')
	{
		stream->bid_value += (long double) llabs(command->price) * command->quantity;
		stream->bid_quantity += command->quantity;
	}
	else
		stream->ask_quantity += command->quantity;
}

static void
read_commands(TpStream *stream, const char *path)
{
	TpCsvFile *csv = tradepost_csv_open(path);
	IdMap ids = { 0 };
	int64_t *totals = NULL; /* of the order placed by command i, as reduced so far */
	int64_t last_seq = -1;

	stream->commands_path = path;
	tradepost_csv_header(csv, "seq,row,time,cmd,id,side,price,qty,tag");
	while (tradepost_csv_next(csv))
	{
		int32_t index = stream->command_count;
		TpStreamCommand *command;
		int64_t quantity;

		tradepost_csv_expect(csv, 9);
		stream->commands = one_more(stream->commands, index, sizeof(TpStreamCommand));
		totals = one_more(totals, index, sizeof(int64_t));
		command = &stream->commands[index];
		command->seq = tradepost_csv_int64(csv, 0, "seq", 0, MAX_SEQ);
		if (command->seq <= last_seq)
			tradepost_csv_error(csv, "seq %lld comes after %lld: the file is not in order", (long long) command->seq,
								(long long) last_seq);
		last_seq = command->seq;
		command->kind = parse_kind(csv, 3);
		command->id = tradepost_csv_int64(csv, 4, "id", INT64_MIN, INT64_MAX);
		command->side = csv->fields[5][0];
		if ((command->side != 'B' && command->side != 'S') || csv->fields[5][1] != '\0')
			tradepost_csv_error(csv, "side \"%.20s\" is neither B nor S", csv->fields[5]);
		command->price = tradepost_csv_int64(csv, 6, "price", -MAX_PRICE, MAX_PRICE);
		quantity = tradepost_csv_int64(csv, 7, "qty", 1, MAX_QUANTITY);
		command->quantity = quantity;
		stream->quantity_step = gcd(stream->quantity_step, quantity);

		if (command->kind == TP_STREAM_NEW || command->kind == TP_STREAM_IOC)
		{
			command->order = index;
			totals[index] = quantity;
			id_map_put(&ids, command->id, index);
			note_order(stream, command);
		}
		else
		{
			const TpStreamCommand *placed;

			command->order = id_map_get(&ids, command->id);
			if (command->order < 0)
				tradepost_csv_error(csv, "order %lld was not placed before", (long long) command->id);
			placed = &stream->commands[command->order];
			if (placed->side != command->side || placed->price != command->price)
				tradepost_csv_error(csv, "order %lld was placed as %c at %lld, not %c at %lld", (long long) command->id,
									placed->side, (long long) placed->price, command->side, (long long) command->price);
			if (command->kind == TP_STREAM_REDUCE)
			{
				totals[command->order] -= quantity;
				command->quantity = totals[command->order];
				if (command->quantity < 0)
					tradepost_csv_error(csv, "order %lld is reduced by more than its quantity",
										(long long) command->id);
			}
		}
		stream->command_count++;
	}
	if (stream->command_count == 0)
		tradepost_csv_error(csv, "the file ends without a command");
	if (stream->order_count == 0)
		tradepost_csv_error(csv, "the file places no order");
	tradepost_csv_close(csv);
	free(totals);
	free(ids.ids);
	free(ids.indexes);
}

/*
 * Index of the command with this seq, looked for from `from` on; -1 if there is none.
 */
static int32_t
find_seq(const TpStream *stream, int32_t from, int64_t seq)
{
	int32_t low = from;
	int32_t high = stream->command_count;

	while (low < high)
	{
		int32_t middle = low + (high - low) / 2;

		if (stream->commands[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < stream->command_count && stream->commands[low].seq == seq ? low : -1;
}

static void
read_fills(TpStream *stream, const char *path)
{
	TpCsvFile *csv = tradepost_csv_open(path);
	int32_t last = 0;

	tradepost_csv_header(csv, "seq,maker_id,price,qty");
	while (tradepost_csv_next(csv))
	{
		TpStreamFill *fill;
		int64_t seq;

		tradepost_csv_expect(csv, 4);
		stream->fills = one_more(stream->fills, stream->fill_count, sizeof(TpStreamFill));
		fill = &stream->fills[stream->fill_count];
		seq = tradepost_csv_int64(csv, 0, "seq", 0, MAX_SEQ);
		if (seq < stream->commands[last].seq)
			tradepost_csv_error(csv,
								stream->fill_count ? "seq %lld: the file is not in order"
												   : "seq %lld is before the first command's",
								(long long) seq);
		fill->command = find_seq(stream, last, seq);
		if (fill->command < 0)
			tradepost_csv_error(csv, "seq %lld is no command of %s", (long long) seq, stream->commands_path);
		last = fill->command;
		fill->maker_id = tradepost_csv_int64(csv, 1, "maker_id", INT64_MIN, INT64_MAX);
		fill->price = tradepost_csv_int64(csv, 2, "price", -MAX_PRICE, MAX_PRICE);
		fill->quantity = tradepost_csv_int64(csv, 3, "qty", 1, MAX_QUANTITY);
		stream->fill_count++;
	}
	tradepost_csv_close(csv);
}

static void
read_book(TpStream *stream, const char *path)
{
	TpCsvFile *csv = tradepost_csv_open(path);
	int columns = 0;

	stream->book_path = path;
	while (tradepost_csv_next(csv))
	{
		int64_t *row;

		if (columns == 0)
		{
			columns = csv->count;
			if (columns % 4 != 0)
				tradepost_csv_error(csv, "%d columns: not four a level", columns);
			stream->depth = columns / 4;
		}
		tradepost_csv_expect(csv, columns);
		stream->book = one_more(stream->book, stream->book_rows, columns * sizeof(int64_t));
		row = stream->book + (int64_t) stream->book_rows * columns;
		for (int i = 0; i < columns; i++)
			row[i] = tradepost_csv_int64(csv, i, i % 2 ? "size" : "price", i % 2 ? 0 : -MAX_PRICE,
										 i % 2 ? INT64_C(1000000000000000) : MAX_PRICE);
		stream->book_rows++;
	}
	if (stream->book_rows == 0)
		tradepost_csv_error(csv, "the file is empty");
	tradepost_csv_close(csv);
}

static void
read_checks(TpStream *stream, const char *path)
{
	TpCsvFile *csv = tradepost_csv_open(path);
	int32_t last = 0;

	tradepost_csv_header(csv, "row,seq");
	while (tradepost_csv_next(csv))
	{
		TpStreamCheck *check;
		int64_t seq;

		tradepost_csv_expect(csv, 2);
		stream->checks = one_more(stream->checks, stream->check_count, sizeof(TpStreamCheck));
		check = &stream->checks[stream->check_count];
		check->row = (int32_t) tradepost_csv_int64(csv, 0, "row", 1, INT32_MAX) - 1;
		if (check->row >= stream->book_rows)
			tradepost_csv_error(csv, "row %d is past the end of %s, which has %d", check->row + 1, stream->book_path,
								stream->book_rows);
		seq = tradepost_csv_int64(csv, 1, "seq", 0, MAX_SEQ);
		if (seq < stream->commands[last].seq)
			tradepost_csv_error(csv,
								stream->check_count ? "seq %lld: the file is not in order"
													: "seq %lld is before the first command's",
								(long long) seq);
		check->command = find_seq(stream, last, seq);
		if (check->command < 0)
			tradepost_csv_error(csv, "seq %lld is no command of %s", (long long) seq, stream->commands_path);
		last = check->command;
		stream->check_count++;
	}
	tradepost_csv_close(csv);
}

TpStream *
tradepost_stream_read(const char *commands, const char *fills, const char *checks, const char *book)
{
	TpStream *stream = tradepost_alloc(sizeof(TpStream));

	read_commands(stream, commands);
	read_fills(stream, fills);
	if (checks != NULL)
	{
		read_book(stream, book);
		read_checks(stream, checks);
	}
	return stream;
}

void
tradepost_stream_free(TpStream *stream)
{
	free(stream->commands);
	free(stream->fills);
	free(stream->checks);
	free(stream->book);
	free(stream);
}
