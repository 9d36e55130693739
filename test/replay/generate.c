/*
 * generate.c
 *	  build/replay-generate: writes a command stream with its known answers, in
 *	  the format that test/replay/README.md describes.
 *
 * Called by hand or by test/t; the files in fixtures/ are its output.  On purpose it shares
 * nothing with the engine or with build/replay: one list of resting orders,
 * searched from its front for every fill, is all the model there is.
 *
 *	  replay-generate DIR SEED COMMANDS DEPTH
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK 2500 /* 0.25, in 1/10000 */
#define LOT 5
#define MAX_RESTING 100000

typedef struct Resting
{
	int64_t id;
	int64_t price;
	int64_t quantity;
	char side;
} Resting;

/* In order of arrival: among equal prices the first one trades first. */
static Resting resting[MAX_RESTING];
static int resting_count;

static FILE *commands;
static FILE *fills;
static FILE *checks;
static FILE *book;
static int64_t seq;
static int64_t rows;
static uint64_t state;

/*
 * splitmix64: the same numbers everywhere for the same seed.
 */
static uint64_t
draw(uint64_t below)
{
	uint64_t z = (state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % below;
}

static void
drop(int i)
{
	memmove(resting + i, resting + i + 1, (resting_count - i - 1) * sizeof(Resting));
	resting_count--;
}

/*
 * The best order of a side: best price, and the oldest there.  -1: none.
 */
static int
best(char side)
{
	int found = -1;

	for (int i = 0; i < resting_count; i++)
	{
		if (resting[i].side != side)
			continue;
		if (found < 0 ||
			(side == 'B' ? resting[i].price > resting[found].price : resting[i].price < resting[found].price))
			found = i;
	}
	return found;
}

static void
write_command(const char *cmd, const Resting *order, int64_t quantity)
{
	seq++;
	fprintf(commands, "%" PRId64 ",%" PRId64 ",,%s,%" PRId64 ",%c,%" PRId64 ",%" PRId64 ",\n", seq, rows + 1, cmd,
			order->id, order->side, order->price, quantity);
}

/*
 * Trades an incoming order against what rests, and lets the rest of it rest.
 */
static void
take(Resting order, bool rests)
{
	write_command(rests ? "NEW" : "IOC", &order, order.quantity);
	while (order.quantity > 0)
	{
		int i = best(order.side == 'B' ? 'S' : 'B');
		int64_t traded;

		if (i < 0 || (order.side == 'B' ? resting[i].price > order.price : resting[i].price < order.price))
			break;
		traded = resting[i].quantity < order.quantity ? resting[i].quantity : order.quantity;
		fprintf(fills, "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n", seq, resting[i].id, resting[i].price,
				traded);
		order.quantity -= traded;
		resting[i].quantity -= traded;
		if (resting[i].quantity == 0)
			drop(i);
	}
	if (rests && order.quantity > 0 && resting_count < MAX_RESTING)
		resting[resting_count++] = order;
}

/*
 * The price of a side's next worse level after `price`, and what rests there.
 */
static bool
next_level(char side, bool first, int64_t *price, int64_t *quantity)
{
	bool found = false;
	int64_t next = 0;

	for (int i = 0; i < resting_count; i++)
	{
		int64_t p = resting[i].price;

		if (resting[i].side != side || (!first && (side == 'B' ? p >= *price : p <= *price)))
			continue;
		if (!found || (side == 'B' ? p > next : p < next))
			next = p;
		found = true;
	}
	if (!found)
		return false;
	*price = next;
	*quantity = 0;
	for (int i = 0; i < resting_count; i++)
		if (resting[i].side == side && resting[i].price == next)
			*quantity += resting[i].quantity;
	return true;
}

static void
write_row(int depth)
{
	int64_t price[2] = { 0, 0 };
	int64_t quantity[2];
	bool more[2] = { true, true };

	for (int level = 0; level < depth; level++)
	{
		for (int s = 0; s < 2; s++)
		{
			more[s] = more[s] && next_level(s ? 'B' : 'S', level == 0, &price[s], &quantity[s]);
			fprintf(book, "%s%" PRId64 ",%" PRId64, level || s ? "," : "",
					more[s] ? price[s]
					: s     ? INT64_C(-9999999999)
							: INT64_C(9999999999),
					more[s] ? quantity[s] : 0);
		}
	}
	fputc('\n', book);
	fprintf(checks, "%" PRId64 ",%" PRId64 "\n", ++rows, seq);
}

/*
 * An order around a fair price that drifts.
 */
static Resting
new_order(int64_t fair, int64_t number)
{
	Resting order;
	int64_t away = (int64_t) draw(12) - 3; /* ticks behind the fair price; below 0 it likely crosses */

	order.side = draw(2) ? 'B' : 'S';
	order.id = 700000 + number * 13 % 9973 + number * 10000;
	order.price = (fair + (order.side == 'B' ? -away : away)) * TICK;
	order.quantity = LOT * (int64_t) (1 + draw(draw(10) == 0 ? 200 : 20));
	return order;
}

/*
 * What the replay can tell apart: queue places kept by reductions, empty
 * sides, levels that come and go, sweeps of several levels.
 */
static void
step(int64_t *fair, int64_t number)
{
	uint64_t what = draw(100);
	int i = resting_count ? (int) draw(resting_count) : 0;

	*fair += (int64_t) draw(3) - 1;
	if (*fair < 40)
		*fair = 40;
	if (number % 997 == 0)
	{
		/* A sweep that empties a side. */
		Resting order = new_order(*fair, number);

		order.price = order.side == 'B' ? 40000 * TICK : TICK;
		order.quantity = LOT * 100000;
		take(order, false);
	}
	else if (what < 50 || resting_count < 5)
		take(new_order(*fair, number), true);
	else if (what < 57)
		take(new_order(*fair, number), false);
	else if (what < 67 && resting[i].quantity > LOT)
	{
		int64_t less = LOT * (int64_t) (1 + draw(resting[i].quantity / LOT - 1));

		write_command("REDUCE", &resting[i], less);
		resting[i].quantity -= less;
	}
	else
	{
		write_command("CANCEL", &resting[i], resting[i].quantity);
		drop(i);
	}
}

static FILE *
create(const char *dir, const char *name, const char *header)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (file == NULL)
	{
		perror(path);
		exit(2);
	}
	fputs(header, file);
	return file;
}

int
main(int argc, char **argv)
{
	int64_t fair = 1700;
	int64_t count;
	int depth;

	if (argc != 5 || (count = atoll(argv[3])) < 1 || (depth = atoi(argv[4])) < 1 || depth > 100)
	{
		fputs("Usage: replay-generate DIR SEED COMMANDS DEPTH\n", stderr);
		return 2;
	}
	state = strtoull(argv[2], NULL, 10);
	commands = create(argv[1], "commands.csv", "seq,row,time,cmd,id,side,price,qty,tag\n");
	fills = create(argv[1], "fills.csv", "seq,maker_id,price,qty\n");
	checks = create(argv[1], "checks.csv", "row,seq\n");
	book = create(argv[1], "book.csv", "");
	for (int64_t number = 1; number <= count; number++)
	{
		step(&fair, number);
		/* Not after every command, so that a check's row is not its command's number. */
		if (draw(5) != 0)
			write_row(depth);
	}
	if (fclose(commands) | fclose(fills) | fclose(checks) | fclose(book))
	{
		perror(argv[1]);
		return 2;
	}
	return 0;
}
