/*
 * log.c
 *	  Structured log lines: one JSON object a line, on stderr.
 *
 * Called from everywhere in the loop's thread.  Lines of one turn of the loop leave in
 * one write, so that an access log costs a copy and not a system call per request.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "log.h"

#define KEEP_AT_MOST 65536

static TpLogLevel lowest_level = TP_LOG_INFO;
static int worker_number = -1;
static bool deferring;
static TpBuffer lines;

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void
tp_log_open(TpLogLevel lowest, int worker)
{
	lowest_level = lowest;
	worker_number = worker;
}

bool
tp_log_wanted(TpLogLevel level)
{
	return level >= lowest_level;
}

void
tp_log_defer(bool defer)
{
	deferring = defer;
	if (!defer)
	{
		tp_log_flush();
		tp_buffer_free(&lines);
	}
}

void
tp_log_flush(void)
{
	size_t done = 0;

	while (done < lines.length)
	{
		ssize_t wrote = write(STDERR_FILENO, lines.data + done, lines.length - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		/* A log that nobody takes must not stop an exchange. */
		if (wrote <= 0)
			break;
		done += (size_t) wrote;
	}
	tp_buffer_clear(&lines);
}

static void
add_fields(va_list args)
{
	const char *name;

	while ((name = va_arg(args, const char *)) != NULL)
	{
		tp_buffer_add(&lines, ",\"", 2);
		tp_buffer_text(&lines, name[0] == '#' ? name + 1 : name);
		tp_buffer_add(&lines, "\":", 2);
		if (name[0] == '#')
			tp_buffer_integer(&lines, va_arg(args, int64_t));
		else
			tp_buffer_json(&lines, tp_slice(va_arg(args, const char *)));
	}
}

void
tp_log(TpLogLevel level, const char *message, ...)
{
	struct timespec now;
	va_list args;

	if (level < lowest_level)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	tp_buffer_text(&lines, "{\"time\":");
	tp_buffer_json_time(&lines, (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000);
	tp_buffer_text(&lines, ",\"level\":\"");
	tp_buffer_text(&lines, level_names[level]);
	tp_buffer_text(&lines, "\",\"pid\":");
	tp_buffer_integer(&lines, getpid());
	if (worker_number >= 0)
	{
		tp_buffer_text(&lines, ",\"worker\":");
		tp_buffer_integer(&lines, worker_number);
	}
	tp_buffer_text(&lines, ",\"message\":");
	tp_buffer_json(&lines, tp_slice(message));
	va_start(args, message);
	add_fields(args);
	va_end(args);
	tp_buffer_add(&lines, "}\n", 2);
	if (!deferring || level >= TP_LOG_WARN || lines.length > KEEP_AT_MOST)
		tp_log_flush();
}
