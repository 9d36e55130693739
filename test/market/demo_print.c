/*
 * demo_print.c
 *	  What build/market shows: progress, ladders, tape, invariants.
 *
 * Part of build/market; see demo_market.h.  Reads through the public views; counts
 * that are of this run alone come from the program.  Colours only on a terminal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../client/session.h"
#include "demo_market.h"

#define LEVELS 6
#define LADDER_LINES (LEVELS + 2)
#define LADDER_WIDTH 49
#define BAR 6
#define TAPE 12

const char *
tradepost_market_colour(const char *colour)
{
	return isatty(STDOUT_FILENO) ? colour : "";
}

static int
terminal_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 100;
}

static void
repeat(TpText *text, const char *what, int times)
{
	for (int i = 0; i < times; i++)
		tradepost_text_add(text, what);
}

/*
 * A price with all decimals of its tick: prices of one book line up.
 */
static const char *
price_text(const TpInstrumentState *state, int64_t ticks)
{
	static char buffers[8][32];
	static int next = 0;
	char *buffer = buffers[next++ % 8];
	const char *point = strchr(state->listing->tick, '.');
	int decimals = point ? (int) strlen(point + 1) : 0;

	snprintf(buffer, sizeof(buffers[0]), "%.*f", decimals, (double) ticks * (double) state->tick / 1e8);
	return buffer;
}

/*
 * A quantity in at most six characters.
 */
static const char *
short_quantity(double quantity)
{
	static char buffers[8][32];
	static int next = 0;
	char *buffer = buffers[next++ % 8];

	if (quantity >= 1e6)
		snprintf(buffer, sizeof(buffers[0]), "%.2fM", quantity / 1e6);
	else if (quantity >= 1e5)
		snprintf(buffer, sizeof(buffers[0]), "%.0fk", quantity / 1e3);
	else if (quantity == (double) (int64_t) quantity)
		snprintf(buffer, sizeof(buffers[0]), "%lld", (long long) quantity);
	else
		snprintf(buffer, sizeof(buffers[0]), "%.2f", quantity);
	return buffer;
}

/* Ladders ------------------------------------------------------------------- */

typedef struct Level
{
	int64_t price; /* ticks */
	double quantity;
	bool there;
} Level;

static int64_t
to_ticks(const TpInstrumentState *state, const char *string)
{
	int64_t value;

	if (tradepost_parse_decimal(string, 8, &value) != 0)
		tradepost_die("price \"%s\" is no decimal of 8 places", string);
	return value / state->tick;
}

static void
read_book(TpMarket *market, const TpInstrumentState *state, Level levels[2][LEVELS])
{
	char depth[16];
	PGresult *result;
	int count[2] = { 0, 0 };

	snprintf(depth, sizeof(depth), "%d", LEVELS);
	memset(levels, 0, sizeof(Level) * 2 * LEVELS);
	result = tradepost_query(market->conn, "SELECT side, price, quantity FROM tradepost.order_book($1, $2)",
							 state->listing->symbol, depth, NULL);
	for (int row = 0; row < PQntuples(result); row++)
	{
		int side = strcmp(PQgetvalue(result, row, 0), "buy") == 0 ? 0 : 1;
		Level *level = &levels[side][count[side]];

		if (count[side]++ >= LEVELS)
			continue;
		level->price = to_ticks(state, PQgetvalue(result, row, 1));
		level->quantity = atof(PQgetvalue(result, row, 2));
		level->there = true;
	}
	PQclear(result);
}

/*
 * One side of one line, 21 columns: bids grow to the left, asks to the right.
 */
static void
add_level(TpText *line, const TpInstrumentState *state, const Level *level, bool bid, double largest)
{
	int halves = level->there ? (int) (level->quantity / largest * BAR * 2 + 0.5) : 0;
	int full;
	int half;

	if (level->there && halves == 0)
		halves = 1;
	full = halves / 2;
	half = halves % 2;
	if (!level->there)
	{
		repeat(line, " ", 21);
		return;
	}
	if (bid)
	{
		repeat(line, " ", BAR - full - half);
		tradepost_text_printf(line, "%s%s", tradepost_market_colour(MARKET_GREEN), half ? "▐" : "");
		repeat(line, "█", full);
		tradepost_text_printf(line, "%s %6s %s%7s%s", tradepost_market_colour(MARKET_PLAIN),
							  short_quantity(level->quantity), tradepost_market_colour(MARKET_GREEN),
							  price_text(state, level->price), tradepost_market_colour(MARKET_PLAIN));
	}
	else
	{
		tradepost_text_printf(line, "%s%-7s%s %-6s %s", tradepost_market_colour(MARKET_RED),
							  price_text(state, level->price), tradepost_market_colour(MARKET_PLAIN),
							  short_quantity(level->quantity), tradepost_market_colour(MARKET_RED));
		repeat(line, "█", full);
		tradepost_text_printf(line, "%s%s", half ? "▌" : "", tradepost_market_colour(MARKET_PLAIN));
		repeat(line, " ", BAR - full - half);
	}
}

/*
 * A frame's edge with words in it: ╭─ left ───── right ─╮
 */
static void
add_edge(TpText *line, bool top, const char *left, const char *right)
{
	int rest = LADDER_WIDTH - 8 - (int) strlen(left) - (int) strlen(right);

	tradepost_text_printf(line, "%s%s─%s %s%s%s %s", tradepost_market_colour(MARKET_DIM), top ? "╭" : "╰",
						  tradepost_market_colour(MARKET_PLAIN), top ? tradepost_market_colour(MARKET_BOLD) : "", left,
						  tradepost_market_colour(MARKET_PLAIN), tradepost_market_colour(MARKET_DIM));
	repeat(line, "─", rest > 0 ? rest : 0);
	tradepost_text_printf(line, "%s %s %s─%s%s", tradepost_market_colour(MARKET_PLAIN), right,
						  tradepost_market_colour(MARKET_DIM), top ? "╮" : "╯", tradepost_market_colour(MARKET_PLAIN));
}

static void
make_ladder(TpMarket *market, int instrument, TpText lines[LADDER_LINES])
{
	const TpInstrumentState *state = &market->instruments[instrument];
	Level levels[2][LEVELS];
	PGresult *result;
	double largest = 1e-9;
	char left[64];
	char right[64];

	read_book(market, state, levels);
	for (int i = 0; i < 2 * LEVELS; i++)
		if (levels[i / LEVELS][i % LEVELS].quantity > largest)
			largest = levels[i / LEVELS][i % LEVELS].quantity;

	result = tradepost_query(market->conn,
							 "SELECT last_price, trades_24h, open_interest FROM tradepost.market WHERE symbol = $1",
							 state->listing->symbol, NULL);
	if (PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
	{
		int64_t last = to_ticks(state, PQgetvalue(result, 0, 0));

		snprintf(right, sizeof(right), "last %s  %+.2f %%", price_text(state, last),
				 ((double) last - state->start) / state->start * 100);
	}
	else
		snprintf(right, sizeof(right), "no trade yet");
	add_edge(&lines[0], true, state->listing->symbol, right);
	for (int i = 0; i < LEVELS; i++)
	{
		TpText *line = &lines[i + 1];

		tradepost_text_printf(line, "%s│%s ", tradepost_market_colour(MARKET_DIM),
							  tradepost_market_colour(MARKET_PLAIN));
		add_level(line, state, &levels[0][i], true, largest);
		tradepost_text_printf(line, " %s│%s ", tradepost_market_colour(MARKET_DIM),
							  tradepost_market_colour(MARKET_PLAIN));
		add_level(line, state, &levels[1][i], false, largest);
		tradepost_text_printf(line, " %s│%s", tradepost_market_colour(MARKET_DIM),
							  tradepost_market_colour(MARKET_PLAIN));
	}
	if (levels[0][0].there && levels[1][0].there)
		snprintf(left, sizeof(left), "spread %s", price_text(state, levels[1][0].price - levels[0][0].price));
	else
		snprintf(left, sizeof(left), "one-sided");
	snprintf(right, sizeof(right), "%s trades",
			 tradepost_thousands(PQntuples(result) ? tradepost_text_int64(PQgetvalue(result, 0, 1)) : 0));
	if (PQntuples(result) && !PQgetisnull(result, 0, 2))
		snprintf(right + strlen(right), sizeof(right) - strlen(right), ", %s open",
				 short_quantity(atof(PQgetvalue(result, 0, 2))));
	add_edge(&lines[LADDER_LINES - 1], false, left, right);
	PQclear(result);
}

static void
print_ladders(TpMarket *market)
{
	int columns = terminal_width() >= 2 * LADDER_WIDTH + 1 ? 2 : 1;

	printf("\n%sOrder books%s  (bids left, asks right, best price first)\n", tradepost_market_colour(MARKET_BOLD),
		   tradepost_market_colour(MARKET_PLAIN));
	for (int i = 0; i < MARKET_INSTRUMENTS; i += columns)
	{
		TpText ladders[2][LADDER_LINES] = { 0 };

		for (int j = 0; j < columns && i + j < MARKET_INSTRUMENTS; j++)
			make_ladder(market, i + j, ladders[j]);
		for (int line = 0; line < LADDER_LINES; line++)
			printf("%s%s%s\n", ladders[0][line].data, ladders[1][line].data ? " " : "",
				   ladders[1][line].data ? ladders[1][line].data : "");
		for (int j = 0; j < columns; j++)
			for (int line = 0; line < LADDER_LINES; line++)
				tradepost_text_free(&ladders[j][line]);
	}
}

/* Tape and accounts --------------------------------------------------------- */

static const char *
account_name(const TpMarket *market, const char *id)
{
	for (int i = 0; i < MARKET_ACCOUNTS; i++)
		if (*id != '\0' && market->accounts[i].id == tradepost_text_int64(id))
			return market->accounts[i].name;
	return *id == '\0' ? "(nobody)" : "(somebody else)";
}

static void
print_tape(TpMarket *market)
{
	char limit[16];
	PGresult *result;

	snprintf(limit, sizeof(limit), "%d", TAPE);
	result = tradepost_query(
		market->conn,
		"SELECT to_char(time, 'HH24:MI:SS.US'), symbol, side, price, quantity, taker_account, maker_account"
		" FROM tradepost.trades ORDER BY seq DESC LIMIT $1",
		limit, NULL);
	printf("\n%sTape%s  (last %d trades)\n", tradepost_market_colour(MARKET_BOLD),
		   tradepost_market_colour(MARKET_PLAIN), PQntuples(result));
	for (int row = PQntuples(result) - 1; row >= 0; row--)
	{
		const char *side = PQgetvalue(result, row, 2);

		printf("  %s%s%s  %-13s %s%-4s%s %9s at %-10s %s%s took from %s%s\n", tradepost_market_colour(MARKET_DIM),
			   PQgetvalue(result, row, 0), tradepost_market_colour(MARKET_PLAIN), PQgetvalue(result, row, 1),
			   tradepost_market_colour(*side == 'b' ? MARKET_GREEN : MARKET_RED), side,
			   tradepost_market_colour(MARKET_PLAIN), PQgetvalue(result, row, 4), PQgetvalue(result, row, 3),
			   tradepost_market_colour(MARKET_DIM), account_name(market, PQgetvalue(result, row, 5)),
			   account_name(market, PQgetvalue(result, row, 6)), tradepost_market_colour(MARKET_PLAIN));
	}
	PQclear(result);
}

void
tradepost_market_report(TpMarket *market)
{
	print_ladders(market);
	print_tape(market);
	tradepost_market_accounts(market);
}

bool
tradepost_market_invariants(TpMarket *market, bool print)
{
	PGresult *result = tradepost_query(market->conn, "SELECT name, holds, detail FROM tradepost.check_invariants()",
									   NULL);
	int rows = PQntuples(result);
	int held = 0;

	for (int row = 0; row < rows; row++)
		held += *PQgetvalue(result, row, 1) == 't';
	if (print)
	{
		printf("\n%sInvariants%s  check_invariants(): %s%d of %d hold%s\n", tradepost_market_colour(MARKET_BOLD),
			   tradepost_market_colour(MARKET_PLAIN), tradepost_market_colour(held == rows ? MARKET_GREEN : MARKET_RED),
			   held, rows, tradepost_market_colour(MARKET_PLAIN));
		for (int row = 0; row < rows; row++)
			printf("  %s%s%s %s%s%s\n",
				   tradepost_market_colour(*PQgetvalue(result, row, 1) == 't' ? MARKET_GREEN : MARKET_RED),
				   *PQgetvalue(result, row, 1) == 't' ? "✓" : "✗", tradepost_market_colour(MARKET_PLAIN),
				   PQgetvalue(result, row, 0), *PQgetvalue(result, row, 1) == 't' ? "" : ": ",
				   *PQgetvalue(result, row, 1) == 't' ? "" : PQgetvalue(result, row, 2));
	}
	PQclear(result);
	return rows > 0 && held == rows;
}

void
tradepost_market_connect_hint(TpMarket *market)
{
	const char *symbol = tradepost_market_listings[0].symbol;

	printf("\n%sConnect%s  psql -h %s -p %s -U %s %s\n", tradepost_market_colour(MARKET_BOLD),
		   tradepost_market_colour(MARKET_PLAIN), PQhost(market->conn), PQport(market->conn), PQuser(market->conn),
		   PQdb(market->conn));
	printf("  SELECT * FROM tradepost.market;\n"
		   "  SELECT * FROM tradepost.order_book('%s');\n"
		   "  SELECT tradepost.place_order(%lld, '%s', 'buy', 2, type => 'market');\n"
		   "  SELECT * FROM tradepost.engine_status;\n",
		   symbol, (long long) market->accounts[MARKET_MAKERS + MARKET_FUNDS].id, symbol);
}

/* One line ------------------------------------------------------------------ */

/*
 * Best bid and ask of one instrument and what is between them.
 */
static void
add_spread(TpText *text, const TpMarket *market, int instrument)
{
	const TpInstrumentState *state = &market->instruments[instrument];
	int64_t bid;
	int64_t ask;

	tradepost_text_printf(text, "%s ", state->listing->symbol);
	if (tradepost_market_best(market, instrument, 'B', &bid) && tradepost_market_best(market, instrument, 'S', &ask))
		tradepost_text_printf(text, "%s/%s, spread %s", price_text(state, bid), price_text(state, ask),
							  price_text(state, ask - bid));
	else
		tradepost_text_add(text, "one-sided");
}

/*
 * Prints a line in place of the last one on a terminal; elsewhere below it.
 */
static void
print_line(const TpText *text, bool last)
{
	if (isatty(STDOUT_FILENO))
		printf("\r\033[K%s%s", text->data, last ? "\n" : "");
	else
		printf("%s\n", text->data);
	fflush(stdout);
}

void
tradepost_market_progress(const TpMarket *market, int64_t goal, bool last)
{
	static double next = 0;
	double now = tradepost_seconds();
	TpText text = { 0 };

	if (now < next && !last)
		return;
	next = now + (isatty(STDOUT_FILENO) ? 0.1 : 2.0);
	tradepost_text_printf(&text, "%s of %s orders, %s trades, %s orders/s; ", tradepost_thousands(market->orders),
						  tradepost_thousands(goal), tradepost_thousands(market->trades),
						  tradepost_thousands((int64_t) ((double) market->orders / (now - market->started + 1e-6))));
	add_spread(&text, market, 3);
	print_line(&text, last);
	tradepost_text_free(&text);
}

void
tradepost_market_status(const TpMarket *market, bool last)
{
	static int instrument = 0;
	static double next = 0;
	double now = tradepost_seconds();
	TpText text = { 0 };

	if (!last && now < next)
		return;
	next = now + (isatty(STDOUT_FILENO) ? 1.0 : 30.0);
	tradepost_text_printf(&text, "open: %s orders, %s trades, %s in the books; ", tradepost_thousands(market->orders),
						  tradepost_thousands(market->trades), tradepost_thousands(market->open_count));
	add_spread(&text, market, instrument++ % MARKET_INSTRUMENTS);
	print_line(&text, last);
	tradepost_text_free(&text);
}

void
tradepost_market_json(TpMarket *market, double seconds, bool holds)
{
	printf("{\"orders\":%lld,\"commands\":%lld,\"trades\":%lld,\"rejected\":%lld,\"seconds\":%.3f,\"orders_per_"
		   "second\":%.0f,\"open_orders\":%d,"
		   "\"invariants\":%s,\"instruments\":[",
		   (long long) market->orders, (long long) market->commands, (long long) market->trades,
		   (long long) market->rejected, seconds, (double) market->orders / (seconds + 1e-6), market->open_count,
		   holds ? "true" : "false");
	for (int i = 0; i < MARKET_INSTRUMENTS; i++)
	{
		const TpInstrumentState *state = &market->instruments[i];
		int64_t price;

		printf("%s{\"symbol\":\"%s\",\"trades\":%lld,\"mark\":\"%s\"", i ? "," : "", state->listing->symbol,
			   (long long) state->trades, price_text(state, state->mark));
		if (tradepost_market_best(market, i, 'B', &price))
			printf(",\"bid\":\"%s\"", price_text(state, price));
		if (tradepost_market_best(market, i, 'S', &price))
			printf(",\"ask\":\"%s\"", price_text(state, price));
		printf("}");
	}
	printf("]}\n");
}
