/*
 * differential.c
 *	  The differential fuzz: random streams of all commands through the engine
 *	  and through the model, step by step.
 *
 * A program that prints TAP.  Streams are numbered; seed and number make the
 * stream, so any one of them can be run alone (--seed=S --first=K --streams=1).
 * Groups of streams run in a child process each: a crash is a failure like
 * others, and is shrunk like others.
 */
#define _DEFAULT_SOURCE
#include "fuzz_listing.h"
#include "fuzz_shrink.h"
#include "tap.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS 20

typedef struct TpOptions
{
	uint64_t seed;
	int64_t first; /* number of the first stream */
	int64_t streams;
	int64_t commands; /* steps in each stream */
	int64_t check_every;
	bool shrink;
	bool verbose;
} TpOptions;

/* Written by the group's child, read by the parent. */
typedef struct TpGroup
{
	TpCoverage coverage;
	volatile int64_t stream; /* being run */
	volatile size_t step;
	TpVerdict verdict;
} TpGroup;

static TpStep *
make_stream(const TpOptions *options, int64_t number, TpWorld *world)
{
	TpRandom random;
	TpStep *steps = calloc((size_t) options->commands + 1, sizeof(TpStep));

	if (steps == NULL)
		abort();
	tradepost_random_seed(&random, options->seed, (uint64_t) number);
	tradepost_generate_world(&random, world);
	tradepost_generate_steps(&random, world, steps, (size_t) options->commands);
	return steps;
}

/* In the child: stream after stream until one differs. */
static void
run_streams(const TpOptions *options, TpGroup *group, int64_t first, int64_t count)
{
	for (int64_t i = first; i < first + count && !group->verdict.differs; i++)
	{
		TpWorld world;
		TpStep *steps;

		group->stream = i;
		group->step = 0;
		steps = make_stream(options, i, &world);
		tradepost_run_side_by_side(&world, steps, (size_t) options->commands, (size_t) options->check_every,
								   &group->coverage, &group->step, &group->verdict);
		if (options->verbose)
			printf("# stream %lld: temper %d, %zu instruments, %zu accounts\n", (long long) i, world.temper,
				   world.n_instruments, world.n_accounts);
		free(steps);
	}
}

static void
report(const TpOptions *options, const TpGroup *group)
{
	TpWorld world;
	TpStep *steps = make_stream(options, group->stream, &world);
	size_t count = (size_t) options->commands;
	TpVerdict verdict = group->verdict;

	printf("# seed %llu, stream %lld, step %zu: %s\n", (unsigned long long) options->seed, (long long) group->stream,
		   verdict.step + 1, verdict.message);
	printf("# again: engine_differential --seed=%llu --first=%lld --streams=1 --commands=%lld --check-every=%lld\n",
		   (unsigned long long) options->seed, (long long) group->stream, (long long) options->commands,
		   (long long) options->check_every);
	fflush(stdout);
	if (options->shrink)
		count = tradepost_shrink(&world, steps, count, &verdict);
	if (!verdict.differs)
		printf("# it did not happen again\n");
	else if (options->shrink)
	{
		printf("# shrunk to %zu steps; after step %zu: %s\n", count, verdict.step + 1, verdict.message);
		tradepost_list_world(stdout, "#   ", &world, steps, count);
		tradepost_list_steps(stdout, "#   ", &world, steps, count);
	}
	free(steps);
}

static bool
run_group(const TpOptions *options, TpGroup *group, int64_t first, int64_t count)
{
	int status;
	pid_t child;

	memset(group, 0, sizeof(*group));
	fflush(NULL);
	child = fork();
	if (child < 0)
	{
		perror("fork");
		exit(2);
	}
	if (child == 0)
	{
		run_streams(options, group, first, count);
		fflush(NULL);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
	{
		group->verdict.differs = true;
		group->verdict.step = group->step;
		snprintf(group->verdict.message, TP_MESSAGE_SIZE, "the process died: %s",
				 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it exited (a sanitizer?)");
	}
	if (group->verdict.differs)
		report(options, group);
	return !group->verdict.differs;
}

static void
add_coverage(TpCoverage *sum, const TpCoverage *one)
{
	int64_t *to = (int64_t *) sum;
	const int64_t *from = (const int64_t *) one;

	for (size_t i = 0; i < sizeof(TpCoverage) / sizeof(int64_t); i++)
		to[i] += from[i];
}

/* Every event kind and every reason that the engine itself gives must have occurred. */
static bool
covers_all(const TpCoverage *coverage)
{
	bool all = true;

	for (int kind = TP_EV_ACCEPTED; kind <= TP_EV_TRIGGERED; kind++)
	{
		if (coverage->events[kind] > 0)
			continue;
		printf("# no event of kind %d\n", kind);
		all = false;
	}
	for (int reason = TP_REASON_INSUFFICIENT_FUNDS; reason <= TP_REASON_TOO_MANY_ORDERS; reason++)
	{
		/* 18 and 19 do not exist; filled, cancelled and rejected are the host's refinements of unknown */
		if (coverage->reasons[reason] > 0 || reason == 18 || reason == 19 || reason == TP_REASON_ORDER_FILLED ||
			reason == TP_REASON_ORDER_CANCELLED || reason == TP_REASON_ORDER_REJECTED)
			continue;
		printf("# no event with reason %d\n", reason);
		all = false;
	}
	return all && coverage->previews > 0 && coverage->recoveries > 0;
}

static void
list_coverage(const TpCoverage *coverage)
{
	printf("# %lld commands, %lld previews (%lld with something due), %lld batches, %lld recoveries\n",
		   (long long) coverage->commands, (long long) coverage->previews, (long long) coverage->passive_funds,
		   (long long) coverage->batches, (long long) coverage->recoveries);
	printf("# events by kind:");
	for (int i = 1; i < 32; i++)
		if (coverage->events[i] > 0)
			printf(" %d:%lld", i, (long long) coverage->events[i]);
	printf("\n# by reason:");
	for (int i = 1; i < 32; i++)
		if (coverage->reasons[i] > 0)
			printf(" %d:%lld", i, (long long) coverage->reasons[i]);
	printf("\n");
}

static void
usage(void)
{
	fprintf(stderr, "usage: engine_differential [--seed=N] [--first=N] [--streams=N] [--commands=N] [--check-every=N]\n"
					"                           [--shrink|--no-shrink] [--verbose]\n");
	exit(2);
}

static int64_t
number(const char *text)
{
	char *end;
	int64_t value = strtoll(text, &end, 0);

	if (*text == '\0' || *end != '\0' || value < 0)
		usage();
	return value;
}

static TpOptions
read_options(int argc, char **argv)
{
	static const struct option names[] = { { "seed", required_argument, NULL, 's' },
										   { "first", required_argument, NULL, 'f' },
										   { "streams", required_argument, NULL, 'n' },
										   { "commands", required_argument, NULL, 'c' },
										   { "check-every", required_argument, NULL, 'e' },
										   { "shrink", no_argument, NULL, 'S' },
										   { "no-shrink", no_argument, NULL, 'N' },
										   { "verbose", no_argument, NULL, 'v' },
										   { 0 } };
	TpOptions options = {
		.seed = 1, .streams = TRADEPOST_STREAMS, .commands = 2000, .check_every = 50, .shrink = true
	};
	const char *longer = getenv("TRADEPOST_TEST_LONG");
	int option;

	if (longer != NULL && *longer == '1')
		options.streams *= 20;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		switch (option)
		{
			case 's':
				options.seed = (uint64_t) number(optarg);
				break;
			case 'f':
				options.first = number(optarg);
				break;
			case 'n':
				options.streams = number(optarg);
				break;
			case 'c':
				options.commands = number(optarg);
				break;
			case 'e':
				options.check_every = number(optarg);
				break;
			case 'S':
				options.shrink = true;
				break;
			case 'N':
				options.shrink = false;
				break;
			case 'v':
				options.verbose = true;
				break;
			default:
				usage();
		}
	}
	if (optind < argc || options.streams < 1 || options.commands < 1 || options.check_every < 1)
		usage();
	return options;
}

int
main(int argc, char **argv)
{
	TpOptions options = read_options(argc, argv);
	int64_t groups = options.streams < GROUPS ? options.streams : GROUPS;
	bool whole = options.streams >= 200 && options.streams * options.commands >= 1000000;
	TpGroup *group = mmap(NULL, sizeof(TpGroup), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	TpCoverage coverage = { .commands = 0 };
	TpTap tap = { 0 };

	if (group == MAP_FAILED)
	{
		perror("mmap");
		return 2;
	}
	tradepost_tap_plan((int) groups + whole);
	for (int64_t i = 0; i < groups; i++)
	{
		int64_t first = options.first + options.streams * i / groups;
		int64_t last = options.first + options.streams * (i + 1) / groups;
		char what[100];
		bool same = run_group(&options, group, first, last - first);

		add_coverage(&coverage, &group->coverage);
		snprintf(what, sizeof(what), "streams %lld to %lld: engine and model agree", (long long) first,
				 (long long) last - 1);
		tradepost_tap_ok(&tap, same, what);
	}
	list_coverage(&coverage);
	if (whole)
		tradepost_tap_ok(&tap, covers_all(&coverage), "every event and every reason occurred");
	return tap.failed == 0 ? 0 : 1;
}
