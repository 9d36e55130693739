/*
 * delivery_command.c
 *	  DELIVERY_COMMAND: a program for each message, which it reads from its standard input.
 *
 * No shell, no environment of ours, whose secrets are not the program's, nothing kept of
 * what it writes. Its exit status 0 says that the message was taken; who takes longer
 * than DELIVERY_TIMEOUT is killed, with all that it has started.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "delivery_parts.h"
#include "settings.h"

#define ARGUMENTS_MOST 16

struct TpCommandRunner
{
	TpEdge *edge;
	char *words; /* the command, cut at its blanks */
	char *arguments[ARGUMENTS_MOST + 1];
	TpErrand *errands;
};

/* Its three handles are closed when it is freed. */
typedef struct Run
{
	TpErrand errand; /* first */
	uv_process_t process;
	uv_pipe_t input;
	uv_timer_t timer;
	uv_write_t write;
	char *message;
	int open; /* handles */
	bool late;
} Run;

static void
on_closed(uv_handle_t *handle)
{
	Run *run = handle->data;

	if (--run->open > 0)
		return;
	free(run->message);
	free(run);
}

static void
close_handles(Run *run)
{
	uv_handle_t *handles[] = { (uv_handle_t *) &run->process, (uv_handle_t *) &run->input,
							   (uv_handle_t *) &run->timer };

	for (int i = 0; i < 3; i++)
		if (!uv_is_closing(handles[i]))
			uv_close(handles[i], on_closed);
}

/* Its whole group: it was started as the leader of one. */
static void
kill_run(Run *run)
{
	if (run->process.pid > 0)
		(void) kill(-run->process.pid, SIGKILL);
}

static void
on_exit_status(uv_process_t *process, int64_t status, int number)
{
	Run *run = process->data;
	char text[96];

	if (run->late)
		snprintf(text, sizeof(text), "DELIVERY_COMMAND took longer than DELIVERY_TIMEOUT");
	else if (number != 0)
		snprintf(text, sizeof(text), "DELIVERY_COMMAND was ended by signal %d", number);
	else
		snprintf(text, sizeof(text), "DELIVERY_COMMAND ended with status %d", (int) status);
	tp_errand_end(&run->errand, status == 0 && number == 0 && !run->late ? NULL : text);
	close_handles(run);
}

static void
on_late(uv_timer_t *timer)
{
	Run *run = timer->data;

	run->late = true;
	kill_run(run);
}

/* Who does not read says so by its exit status, or not at all. */
static void
on_written(uv_write_t *write, int status)
{
	Run *run = write->data;

	(void) status;
	if (!uv_is_closing((uv_handle_t *) &run->input))
		uv_close((uv_handle_t *) &run->input, on_closed);
}

static int
spawn(TpCommandRunner *runner, Run *run)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char language[] = "LANG=C.UTF-8";
	char *environment[] = { path, language, NULL };
	uv_stdio_container_t streams[3] = { { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
										  .data.stream = (uv_stream_t *) &run->input },
										{ .flags = UV_IGNORE },
										{ .flags = UV_IGNORE } };
	uv_process_options_t options = { .exit_cb = on_exit_status,
									 .file = runner->arguments[0],
									 .args = runner->arguments,
									 .env = environment,
									 .cwd = "/",
									 .flags = UV_PROCESS_DETACHED,
									 .stdio_count = 3,
									 .stdio = streams };

	return uv_spawn(&runner->edge->loop, &run->process, &options);
}

void
tp_command_run(TpCommandRunner *runner, TpSlice message, TpDelivered done, void *context)
{
	TpEdge *edge = runner->edge;
	Run *run = tp_alloc(sizeof(*run));
	uv_buf_t bytes;
	int error;

	tp_errand_begin(&run->errand, &runner->errands, done, context);
	run->message = tp_slice_dup(message);
	run->open = 3;
	uv_pipe_init(&edge->loop, &run->input, 0);
	uv_timer_init(&edge->loop, &run->timer);
	run->process.data = run->input.data = run->timer.data = run->write.data = run;
	error = spawn(runner, run);
	if (error != 0)
	{
		char text[128];

		snprintf(text, sizeof(text), "DELIVERY_COMMAND cannot be run: %s", uv_strerror(error));
		tp_errand_end(&run->errand, text);
		close_handles(run);
		return;
	}
	uv_timer_start(&run->timer, on_late, (uint64_t) edge->settings->delivery_timeout_s * 1000, 0);
	bytes = uv_buf_init(run->message, (unsigned) message.length);
	if (uv_write(&run->write, (uv_stream_t *) &run->input, &bytes, 1, on_written) != 0)
		on_written(&run->write, 0);
}

TpCommandRunner *
tp_command_runner_open(TpEdge *edge)
{
	TpCommandRunner *runner = tp_alloc(sizeof(*runner));
	int count = 0;
	char *rest;

	runner->edge = edge;
	runner->words = tp_strdup(edge->settings->delivery_command);
	for (char *word = strtok_r(runner->words, " \t", &rest); word != NULL && count < ARGUMENTS_MOST;
		 word = strtok_r(NULL, " \t", &rest))
		runner->arguments[count++] = word;
	return runner;
}

void
tp_command_runner_close(TpCommandRunner *runner)
{
	if (runner == NULL)
		return;
	while (runner->errands != NULL)
	{
		Run *run = (Run *) runner->errands;

		kill_run(run);
		tp_errand_end(&run->errand, "the proxy ends");
		close_handles(run);
	}
	free(runner->words);
	free(runner);
}
