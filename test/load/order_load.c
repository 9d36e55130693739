/*
 * order_load.c
 *	  Clients for the tests of crashes and robustness: they place orders as fast as
 *	  they are told to, survive the server, and write down what was acknowledged.
 *
 *		order-load --dir=DIR [--clients=4] [--batch=20] [--rate=ORDERS] [--seed=1]
 *
 * Each client is a process with one session, and each transaction of it places a
 * batch, some of it orders that wait for a stop price, or an entry with what protects it,
 * and writes the keys of its orders into load.rows.  When the server goes
 * away in the middle of one, the client does what a careful client does: it asks
 * for the same with the same keys until it is told that it is committed.  Only then
 * it appends "key id" for each order to DIR/client-N.acked ("- id" for a command
 * without a key).  Some transactions and savepoints are rolled back; their keys
 * begin with "never".
 *
 * SIGTERM ends it: every client first brings its batch to an acknowledged end.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session.h"

#define MAX_CLIENTS 64
#define MAX_BATCH 1000
#define MAX_IDS (MAX_BATCH + 2)
#define COLUMNS 9

/* How long the server may be away. */
#define PATIENCE 120.0

#define FIRST_ACCOUNT 4
#define ACCOUNTS 8

#define PLACE                                                                                                         \
	"INSERT INTO load.rows (key, id) SELECT u.key, u.id FROM unnest($1::text[], tradepost.place_orders($2::bigint[]," \
	" $3::text[], $4::tradepost.side[], $5::numeric[], $6::numeric[], $8::tradepost.order_type[],"                    \
	" $7::tradepost.time_in_force[], $1::text[], stop_prices => $9::numeric[]))"                                      \
	" AS u (key, id) RETURNING id"

#define BRACKET                                                                                         \
	"INSERT INTO load.rows (key, id) VALUES ($1, (tradepost.place_bracket($2, $3, $4, $5, $6, $7, $8, " \
	"client_order_id => $1))[1]) RETURNING id"

typedef struct Text
{
	char *data;
	size_t length;
	size_t room;
} Text;

typedef struct Client
{
	int number;
	uint64_t random;
	PGconn *conn;
	FILE *acked;
	int64_t last_ids[MAX_IDS];
	int last_count;
	long batches;
	long retries;
	long long keys;
} Client;

static struct
{
	const char *dir;
	int clients;
	int batch;
	double rate;
	uint64_t seed;
} options = { NULL, 4, 20, 0, 1 };

static volatile sig_atomic_t stopping = 0;

static void
stop(int signal_number)
{
	(void) signal_number;
	stopping = 1;
}

/* splitmix64 */
static uint64_t
draw(Client *c, uint64_t below)
{
	uint64_t z = (c->random += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % below;
}

static void
append(Text *text, const char *format, ...)
{
	va_list args;
	int length;

	for (;;)
	{
		va_start(args, format);
		length = vsnprintf(text->data + text->length, text->room - text->length, format, args);
		va_end(args);
		if (text->length + (size_t) length < text->room)
			break;
		text->room = 2 * (text->room + (size_t) length);
		text->data = tradepost_realloc(text->data, text->room);
	}
	text->length += (size_t) length;
}

static void
nap(double seconds)
{
	if (seconds > 0)
		usleep((useconds_t) (seconds * 1e6));
}

static void
connect_again(Client *c)
{
	double deadline = tradepost_seconds() + PATIENCE;

	for (;;)
	{
		if (c->conn != NULL)
			PQfinish(c->conn);
		c->conn = PQconnectdb("application_name=order-load");
		if (PQstatus(c->conn) == CONNECTION_OK)
			return;
		if (tradepost_seconds() > deadline)
			tradepost_die("client %d: the server did not come back: %s", c->number, PQerrorMessage(c->conn));
		nap(0.02);
	}
}

/* The engine is busy or about to start: not this statement's fault. */
static bool
worth_another_try(const char *sqlstate)
{
	return sqlstate == NULL || strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57P", 3) == 0 ||
		   strcmp(sqlstate, "TP008") == 0 || strcmp(sqlstate, "TP009") == 0;
}

/* NULL: it must be tried again, in a session that may be a new one. */
static PGresult *
run(Client *c, const char *sql, int n, const char *const *values)
{
	PGresult *result = PQexecParams(c->conn, sql, n, NULL, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	if (PQstatus(c->conn) == CONNECTION_OK && !worth_another_try(PQresultErrorField(result, PG_DIAG_SQLSTATE)))
		tradepost_die("client %d: %s", c->number, PQerrorMessage(c->conn));
	PQclear(result);
	c->retries++;
	nap(0.01);
	connect_again(c);
	return NULL;
}

static bool
execute(Client *c, const char *sql)
{
	PGresult *result = run(c, sql, 0, NULL);

	PQclear(result);
	return result != NULL;
}

/* One batch of orders as place_orders() takes them. */
typedef struct Batch
{
	int n;
	Text columns[COLUMNS]; /* keys, accounts, symbols, sides, quantities, prices, times in force, types, stop prices */
} Batch;

static const char *const symbols[] = { "EURUSD", "GBPUSD", "Dec25-Wheat" };
static const char *const sides[] = { "buy", "sell" };

/* One order in eight waits for a price that the market may reach. */
static void
make_prices(Client *c, Batch *batch, const char *comma)
{
	static const char *const times[] = { "day", "gtc", "gtc", "ioc" };
	static const char *const types[] = { "stop", "stop_limit", "take_profit" };
	int type = (int) draw(c, 24);
	bool waits = type < 3;

	if (!waits || type == 1)
		append(&batch->columns[5], "%s%d.%02d", comma, 99 + (int) draw(c, 2), (int) draw(c, 100));
	else
		append(&batch->columns[5], "%sNULL", comma);
	append(&batch->columns[6], "%s%s", comma, times[draw(c, waits ? 3 : 4)]);
	append(&batch->columns[7], "%s%s", comma, waits ? types[type] : "limit");
	if (waits)
		append(&batch->columns[8], "%s%d.%02d", comma, 98 + (int) draw(c, 4), (int) draw(c, 100));
	else
		append(&batch->columns[8], "%sNULL", comma);
}

static void
make_batch(Client *c, Batch *batch, const char *prefix, int n)
{
	batch->n = n;
	for (int column = 0; column < COLUMNS; column++)
	{
		batch->columns[column].length = 0;
		append(&batch->columns[column], "{");
	}
	for (int i = 0; i < n; i++)
	{
		const char *comma = i > 0 ? "," : "";

		append(&batch->columns[0], "%s%s-%d-%lld", comma, prefix, c->number, c->keys++);
		append(&batch->columns[1], "%s%d", comma, FIRST_ACCOUNT + (int) draw(c, ACCOUNTS));
		append(&batch->columns[2], "%s%s", comma, symbols[draw(c, 3)]);
		append(&batch->columns[3], "%s%s", comma, sides[draw(c, 2)]);
		append(&batch->columns[4], "%s%d", comma, 1 + (int) draw(c, 9));
		make_prices(c, batch, comma);
	}
	for (int column = 0; column < COLUMNS; column++)
		append(&batch->columns[column], "}");
}

static PGresult *
place(Client *c, const Batch *batch)
{
	const char *values[COLUMNS];

	for (int i = 0; i < COLUMNS; i++)
		values[i] = batch->columns[i].data;
	return run(c, PLACE, COLUMNS, values);
}

/* In a transaction that ends here, or goes on behind a savepoint. */
static bool
place_in_vain(Client *c, const Batch *batch, bool savepoint)
{
	PGresult *result;

	if (!execute(c, "BEGIN") || (savepoint && !execute(c, "SAVEPOINT s")))
		return false;
	result = place(c, batch);
	if (result == NULL)
		return false;
	PQclear(result);
	return execute(c, savepoint ? "ROLLBACK TO s" : "ROLLBACK");
}

/* What was acknowledged, in the order in which it was asked for. */
static void
acknowledge(Client *c, const Batch *batch, PGresult *result)
{
	const char *key = batch != NULL ? batch->columns[0].data + 1 : NULL;

	c->last_count = PQntuples(result);
	for (int i = 0; i < c->last_count; i++)
	{
		int length = key != NULL ? (int) strcspn(key, ",}") : 0;

		c->last_ids[i] = tradepost_int64(result, i, 0);
		if (key != NULL)
			fprintf(c->acked, "%.*s %lld\n", length, key, (long long) c->last_ids[i]);
		else
			fprintf(c->acked, "- %lld\n", (long long) c->last_ids[i]);
		key += key != NULL ? length + 1 : 0;
	}
	if (fflush(c->acked) != 0)
		tradepost_die("client %d: cannot write what was acknowledged: %s", c->number, strerror(errno));
	PQclear(result);
}

/* A batch until it is acknowledged, alone or behind a savepoint that is rolled back. */
static void
place_surely(Client *c, const Batch *batch, const Batch *in_vain)
{
	for (;;)
	{
		PGresult *result;

		if (in_vain != NULL && !place_in_vain(c, in_vain, true))
			continue;
		result = place(c, batch);
		if (result == NULL)
			continue;
		if (in_vain != NULL && !execute(c, "COMMIT"))
		{
			PQclear(result);
			continue;
		}
		acknowledge(c, batch, result);
		return;
	}
}

/* An entry, at the market or waiting, with one or two orders that protect it, until it is acknowledged. */
static void
place_bracket(Client *c)
{
	bool buy = draw(c, 2) == 0;
	int middle = 9900 + (int) draw(c, 200);
	int below = middle - 1 - (int) draw(c, 100);
	int above = middle + 1 + (int) draw(c, 100);
	int some = (int) draw(c, 4);
	char texts[7][32];
	const char *values[8];
	Batch batch = { .n = 1 };
	PGresult *result = NULL;

	append(&batch.columns[0], "{key-%d-%lld}", c->number, c->keys++);
	snprintf(texts[0], sizeof(texts[0]), "%.*s", (int) batch.columns[0].length - 2, batch.columns[0].data + 1);
	snprintf(texts[1], sizeof(texts[1]), "%d", FIRST_ACCOUNT + (int) draw(c, ACCOUNTS));
	snprintf(texts[2], sizeof(texts[2]), "%s", symbols[draw(c, 3)]);
	snprintf(texts[3], sizeof(texts[3]), "%d", 1 + (int) draw(c, 9));
	snprintf(texts[4], sizeof(texts[4]), "%d.%02d", middle / 100, middle % 100);
	snprintf(texts[5], sizeof(texts[5]), "%d.%02d", below / 100, below % 100);
	snprintf(texts[6], sizeof(texts[6]), "%d.%02d", above / 100, above % 100);
	values[0] = texts[0];
	values[1] = texts[1];
	values[2] = texts[2];
	values[3] = sides[buy ? 0 : 1];
	values[4] = texts[3];
	values[5] = draw(c, 4) == 0 ? NULL : texts[4];
	values[6] = some == 0 ? NULL : texts[buy ? 5 : 6];
	values[7] = some == 1 ? NULL : texts[buy ? 6 : 5];
	while (result == NULL)
		result = run(c, BRACKET, 8, values);
	acknowledge(c, &batch, result);
	free(batch.columns[0].data);
}

/* Cancel one of the last orders, make another one smaller; whether they still can is the engine's to say. */
static void
change_orders(Client *c)
{
	char commands[400];
	const char *values[] = { commands };
	PGresult *result;

	if (c->last_count == 0)
		return;
	snprintf(commands, sizeof(commands),
			 "[{\"command\": \"cancel\", \"account\": %d, \"order_id\": %lld},"
			 " {\"command\": \"amend\", \"account\": %d, \"order_id\": %lld, \"quantity\": 1}]",
			 FIRST_ACCOUNT + (int) draw(c, ACCOUNTS), (long long) c->last_ids[draw(c, (uint64_t) c->last_count)],
			 FIRST_ACCOUNT + (int) draw(c, ACCOUNTS), (long long) c->last_ids[draw(c, (uint64_t) c->last_count)]);
	result = run(c, "SELECT unnest(tradepost.submit_commands($1::jsonb))", 1, values);
	if (result != NULL)
		acknowledge(c, NULL, result);
}

static void
work(int number)
{
	Client *c = tradepost_alloc(sizeof(Client));
	Batch batch = { 0 };
	Batch in_vain = { 0 };
	char path[1024];
	double due;

	c->number = number;
	c->random = options.seed * 1000 + (uint64_t) number;
	snprintf(path, sizeof(path), "%s/client-%d.acked", options.dir, number);
	c->acked = fopen(path, "w");
	if (c->acked == NULL)
		tradepost_die("cannot write %s: %s", path, strerror(errno));
	/* So that no two runs share a key. */
	c->keys = (long long) options.seed * 10000000;
	connect_again(c);

	due = tradepost_seconds();
	while (!stopping)
	{
		int n = 1 + (int) draw(c, (uint64_t) options.batch * 2 - 1);
		int kind = (int) draw(c, 10);

		make_batch(c, &batch, "key", n);
		if (kind < 2)
			make_batch(c, &in_vain, "never", n);
		if (kind == 0)
			(void) place_in_vain(c, &in_vain, false);
		place_surely(c, &batch, kind == 1 ? &in_vain : NULL);
		if (kind == 2)
			change_orders(c);
		if (kind < 5)
			place_bracket(c);
		c->batches++;
		if (options.rate > 0)
		{
			due += n * options.clients / options.rate;
			nap(due - tradepost_seconds());
		}
	}
	PQfinish(c->conn);
	printf("client %d: %ld batches, %ld tries in vain\n", number, c->batches, c->retries);
}

static void
read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "dir", required_argument, NULL, 'd' },   { "clients", required_argument, NULL, 'c' },
		{ "batch", required_argument, NULL, 'b' }, { "rate", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },  { 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
	{
		switch (option)
		{
			case 'd':
				options.dir = optarg;
				break;
			case 'c':
				options.clients = atoi(optarg);
				break;
			case 'b':
				options.batch = atoi(optarg);
				break;
			case 'r':
				options.rate = atof(optarg);
				break;
			case 's':
				options.seed = strtoull(optarg, NULL, 10);
				break;
			default:
				exit(TRADEPOST_EXIT_TROUBLE);
		}
	}
	if (options.dir == NULL || options.clients < 1 || options.clients > MAX_CLIENTS || options.batch < 1 ||
		options.batch * 2 > MAX_BATCH)
		tradepost_die("--dir=DIR, --clients up to %d, --batch up to %d", MAX_CLIENTS, MAX_BATCH / 2);
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	pid_t children[MAX_CLIENTS];
	int failed = 0;

	tradepost_program("order-load");
	read_options(argc, argv);
	sigaction(SIGTERM, &action, NULL);
	for (int i = 0; i < options.clients; i++)
	{
		children[i] = fork();
		if (children[i] < 0)
			tradepost_die("cannot fork: %s", strerror(errno));
		if (children[i] == 0)
		{
			/* Nobody is left behind when a test dies. */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(i);
			exit(0);
		}
	}
	for (int i = 0; i < options.clients; i++)
	{
		int status;

		while (waitpid(children[i], &status, 0) < 0)
		{
			if (stopping)
				for (int j = i; j < options.clients; j++)
					kill(children[j], SIGTERM);
		}
		if (status != 0)
			failed++;
	}
	return failed > 0 ? TRADEPOST_EXIT_TROUBLE : 0;
}
