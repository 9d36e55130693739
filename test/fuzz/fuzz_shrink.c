/*
 * fuzz_shrink.c
 *	  Delta debugging of streams.
 *
 * Called by differential.c after a difference.  Steps carry absolute times and
 * ids, so any subsequence of a stream is a stream.
 */
#define _DEFAULT_SOURCE
#include "fuzz_shrink.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that computes this long is caught in a loop: CPU time, so that a busy machine changes nothing. */
#define CHILD_CPU_SECONDS 60

typedef struct TpShared
{
	TpVerdict verdict;
	volatile size_t progress;
} TpShared;

static TpShared *
share(void)
{
	static TpShared *shared;

	if (shared != NULL)
		return shared;
	shared = mmap(NULL, sizeof(TpShared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
	{
		perror("mmap");
		exit(2);
	}
	return shared;
}

void
tradepost_run_in_child(const TpWorld *world, const TpStep *steps, size_t count, size_t check_every, TpVerdict *verdict)
{
	TpShared *shared = share();
	int status;
	pid_t child;

	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	child = fork();
	if (child < 0)
	{
		perror("fork");
		exit(2);
	}
	if (child == 0)
	{
		struct rlimit limit = { CHILD_CPU_SECONDS, CHILD_CPU_SECONDS };
		struct rlimit none = { 0, 0 };
		TpCoverage *coverage = calloc(1, sizeof(TpCoverage));

		setrlimit(RLIMIT_CPU, &limit);
		setrlimit(RLIMIT_CORE, &none);
		/* what a sanitizer has to say was said at the first crash */
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		tradepost_run_side_by_side(world, steps, count, check_every, coverage, &shared->progress, &shared->verdict);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		;
	*verdict = shared->verdict;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	verdict->differs = true;
	verdict->step = shared->progress;
	snprintf(verdict->message, sizeof(verdict->message), "the process died: %s",
			 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it exited (a sanitizer?)");
}

/* State is compared after every step here, so that the step named is the one that broke it. */
static bool
still_differs(const TpWorld *world, const TpStep *steps, size_t count)
{
	TpVerdict verdict;

	tradepost_run_in_child(world, steps, count, 1, &verdict);
	return verdict.differs;
}

/* Takes out chunks of half, a quarter, ... one step as long as the rest still differs. */
static size_t
remove_chunks(const TpWorld *world, TpStep *steps, size_t count)
{
	TpStep *candidate = malloc((count + 1) * sizeof(TpStep));

	if (candidate == NULL)
		abort();
	for (size_t chunk = count > 1 ? count / 2 : 1; chunk > 0; chunk /= 2)
	{
		size_t from = 0;

		while (from < count)
		{
			size_t n = chunk < count - from ? chunk : count - from;

			memcpy(candidate, steps, from * sizeof(TpStep));
			memcpy(candidate + from, steps + from + n, (count - from - n) * sizeof(TpStep));
			if (still_differs(world, candidate, count - n))
			{
				count -= n;
				memcpy(steps, candidate, count * sizeof(TpStep));
			}
			else
				from += n;
		}
	}
	free(candidate);
	return count;
}

/* Keeps a change to one step if the stream still differs with it. */
static bool
keep_if_differs(const TpWorld *world, TpStep *steps, size_t count, size_t at, const TpStep *changed)
{
	TpStep old = steps[at];

	if (memcmp(&old, changed, sizeof(old)) == 0)
		return false;
	steps[at] = *changed;
	if (still_differs(world, steps, count))
		return true;
	steps[at] = old;
	return false;
}

static const TpInstrument *
instrument_of(const TpWorld *world, const TpCommand *command)
{
	for (size_t i = 0; i < world->n_instruments; i++)
		if (world->instruments[i].id == command->instrument)
			return &world->instruments[i];
	return NULL;
}

/* One simplification of a step; false when there is no such number. */
static bool
simplify(const TpWorld *world, TpStep *step, int which)
{
	TpCommand *command = &step->command;
	const TpInstrument *instrument = instrument_of(world, command);

	switch (which)
	{
		case 0:
			step->preview = false;
			return true;
		case 1:
			if (step->kind == TP_STEP_RECOVER)
				step->kind = TP_STEP_END_BATCH;
			return true;
		case 2:
			command->flags = 0;
			return true;
		case 3:
			command->maker_rate = command->taker_rate = 0;
			return true;
		case 4:
			command->taker_rate = 0;
			return true;
		case 5:
			command->maker_rate = 0;
			return true;
		case 6:
			if (command->kind == TP_CMD_PLACE)
			{
				command->time_in_force = TP_GTC;
				command->expires_at = 0;
			}
			return true;
		case 7:
			command->stp = TP_STP_CANCEL_TAKER;
			return true;
		case 8:
			if (instrument != NULL && command->kind == TP_CMD_PLACE)
				command->quantity = instrument->lot;
			return true;
		case 9:
			if (instrument != NULL && command->kind == TP_CMD_PLACE)
				command->quantity = command->quantity / instrument->lot / 2 * instrument->lot;
			return true;
		case 10:
			if (instrument != NULL && command->kind == TP_CMD_PLACE && command->type == TP_LIMIT)
				command->price = instrument->mark;
			return true;
		case 11:
			if (command->kind == TP_CMD_PLACE && command->type == TP_MARKET)
				command->type = TP_LIMIT;
			return true;
		case 12:
			if (command->kind == TP_CMD_DEPOSIT)
				command->quantity = INT64_C(1000000000000000);
			return true;
		case 13:
			command->poisoned = 0;
			return true;
		case 14:
			command->link_id = 0;
			return true;
		case 15:
			command->parent_id = 0;
			return true;
		case 16:
			command->max_open = 0;
			command->children = 0;
			return true;
		case 17:
			if (command->kind == TP_CMD_PLACE && command->type >= TP_STOP)
			{
				command->type = TP_LIMIT;
				command->stop_price = 0;
			}
			return true;
		default:
			return false;
	}
}

/* All steps at the time of the first, else each as early as the one before. */
static void
flatten_times(const TpWorld *world, TpStep *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		TpStep changed = steps[i];

		changed.now = i == 0 ? world->start : steps[i - 1].now;
		keep_if_differs(world, steps, count, i, &changed);
	}
}

static bool
simplify_steps(const TpWorld *world, TpStep *steps, size_t count)
{
	bool changed_any = false;

	for (size_t i = 0; i < count; i++)
	{
		for (int which = 0;; which++)
		{
			TpStep changed = steps[i];

			if (!simplify(world, &changed, which))
				break;
			changed_any |= keep_if_differs(world, steps, count, i, &changed);
		}
	}
	return changed_any;
}

/* Instruments that live for ever are easier to read, and so is a world that starts at zero. */
static void
simplify_world(TpWorld *world, const TpStep *steps, size_t count)
{
	for (size_t i = 0; i < world->n_instruments; i++)
	{
		int64_t old = world->instruments[i].expires_at;

		world->instruments[i].expires_at = TRADEPOST_TIME_NEVER;
		if (!still_differs(world, steps, count))
			world->instruments[i].expires_at = old;
	}
}

size_t
tradepost_shrink(TpWorld *world, TpStep *steps, size_t count, TpVerdict *verdict)
{
	tradepost_run_in_child(world, steps, count, 1, verdict);
	if (!verdict->differs)
		return count;
	/* what comes after the step that broke it is of no use */
	if (verdict->step + 1 < count && still_differs(world, steps, verdict->step + 1))
		count = verdict->step + 1;
	count = remove_chunks(world, steps, count);
	simplify_world(world, steps, count);
	for (int round = 0; round < 4; round++)
	{
		size_t before = count;
		bool changed = simplify_steps(world, steps, count);

		count = remove_chunks(world, steps, count);
		if (!changed && count == before)
			break;
	}
	flatten_times(world, steps, count);
	tradepost_run_in_child(world, steps, count, 1, verdict);
	return count;
}
