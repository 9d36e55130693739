/*
 * supervisor.c
 *	  The process that starts the workers and starts them again: it does nothing else,
 *	  so that nothing can end it.
 *
 * Called by proxy_main.c.  It binds one listener for each worker and keeps it open: what
 * waits in a dead worker's queue is taken by the next one.
 *
 *		starting --(fork)--> running --(died)--> waiting --(delay)--> running
 *		                        |                                       |
 *		                        +---------(SIGTERM: told to stop)-------+--> gone
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "edge.h"
#include "log.h"
#include "settings.h"
#include "shared.h"
#include "supervisor.h"
#include "listener.h"

#define DELAY_FIRST_MS 50
#define DELAY_MOST_MS 5000
#define HEALTHY_MS 10000 /* lived so long: the next restart is quick again */
#define GRACE_MS 5000    /* after DRAIN_TIMEOUT, before SIGKILL */

typedef struct TpChild
{
	pid_t pid; /* 0: not running */
	int listener;
	int64_t started_ms;
	int64_t start_at_ms; /* when not running: the next try */
	int delay_ms;
} TpChild;

static TpChild children[TP_WORKERS_MOST];
static TpShared *shared;
static int pid_file = -1;

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

/* In the new process: never returns. */
static void __attribute__((noreturn)) be_worker(TpSettings *settings, int number, pid_t supervisor)
{
	sigset_t none;

	/* If the supervisor is killed, its workers drain and go too. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != supervisor)
		_exit(1);
	for (int i = 0; i < settings->workers; i++)
		if (i != number)
			close(children[i].listener);
	if (pid_file >= 0)
		close(pid_file);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	exit(tp_edge_run(settings, shared, number, children[number].listener));
}

static void
start_worker(TpSettings *settings, int number)
{
	TpChild *child = &children[number];
	pid_t supervisor = getpid();
	pid_t pid;

	child->started_ms = now_ms();
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		be_worker(settings, number, supervisor);
	if (pid < 0)
	{
		tp_log(TP_LOG_ERROR, "a worker cannot be started", "error", strerror(errno), NULL);
		child->start_at_ms = now_ms() + DELAY_MOST_MS;
		return;
	}
	child->pid = pid;
}

static void
on_death(int number, int status, bool stopping)
{
	TpChild *child = &children[number];
	int64_t lived = now_ms() - child->started_ms;

	shared->ready[number] = 0;
	child->pid = 0;
	if (stopping)
		return;
	child->delay_ms = lived >= HEALTHY_MS || child->delay_ms == 0 ? DELAY_FIRST_MS : child->delay_ms * 2;
	if (child->delay_ms > DELAY_MOST_MS)
		child->delay_ms = DELAY_MOST_MS;
	child->start_at_ms = now_ms() + child->delay_ms;
	shared->restarts++;
	tp_log(TP_LOG_ERROR, "a worker died and is started again", "#number", (int64_t) number, "#signal",
		   (int64_t) (WIFSIGNALED(status) ? WTERMSIG(status) : 0), "#exit",
		   (int64_t) (WIFEXITED(status) ? WEXITSTATUS(status) : 0), "#delay_ms", (int64_t) child->delay_ms, NULL);
}

static void
reap(int workers, bool stopping)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < workers; i++)
			if (children[i].pid == pid)
				on_death(i, status, stopping);
}

static int
running(int workers)
{
	int count = 0;

	for (int i = 0; i < workers; i++)
		count += children[i].pid != 0;
	return count;
}

static void
tell_all(int workers, int number)
{
	for (int i = 0; i < workers; i++)
		if (children[i].pid != 0)
			kill(children[i].pid, number);
}

/* Waits for a signal, at most until something is due. */
static int
next_signal(int64_t until_ms)
{
	sigset_t set;
	int64_t wait = until_ms - now_ms();
	struct timespec time;

	wait = wait < 1 ? 1 : wait;
	time.tv_sec = wait / 1000;
	time.tv_nsec = wait % 1000 * 1000000;
	signal_set(&set);
	return sigtimedwait(&set, NULL, &time);
}

static void
stop(const TpSettings *settings)
{
	int64_t end = now_ms() + (int64_t) settings->drain_s * 1000 + GRACE_MS;

	/* Else the kernel would go on queuing connections that nobody takes. */
	for (int i = 0; i < settings->workers; i++)
		close(children[i].listener);
	tell_all(settings->workers, SIGTERM);
	reap(settings->workers, true);
	while (running(settings->workers) > 0)
	{
		if (now_ms() >= end)
		{
			tp_log(TP_LOG_ERROR, "workers do not stop and are killed", "#workers", (int64_t) running(settings->workers),
				   NULL);
			tell_all(settings->workers, SIGKILL);
			end = now_ms() + GRACE_MS;
		}
		(void) next_signal(end);
		reap(settings->workers, true);
	}
}

static void
reload(TpSettings *settings)
{
	TpBuffer kept = { 0 };
	TpBuffer problem = { 0 };

	/* Workers that are started later get the new values too. */
	if (tp_settings_reload(settings, &kept, &problem))
		tp_log_open(settings->log_level, -1);
	tp_buffer_add(&problem, "", 1);
	if (problem.length > 1)
		tp_log(TP_LOG_ERROR, "settings were not read again", "why", problem.data, NULL);
	tp_buffer_free(&kept);
	tp_buffer_free(&problem);
	tell_all(settings->workers, SIGHUP);
}

static void
watch(TpSettings *settings)
{
	for (;;)
	{
		int64_t until = now_ms() + 3600 * 1000;
		int number;

		for (int i = 0; i < settings->workers; i++)
		{
			if (children[i].pid != 0)
				continue;
			if (children[i].start_at_ms <= now_ms())
				start_worker(settings, i);
			else if (children[i].start_at_ms < until)
				until = children[i].start_at_ms;
		}
		number = next_signal(until);
		if (number == SIGTERM || number == SIGINT)
			return;
		if (number == SIGHUP)
			reload(settings);
		reap(settings->workers, false);
	}
}

/* Locked as long as we live, so that a stale file is told from a running proxy. */
static bool
write_pid_file(const char *path)
{
	char text[24];
	int length;

	if (*path == '\0')
		return true;
	pid_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (pid_file < 0 || flock(pid_file, LOCK_EX | LOCK_NB) != 0)
	{
		fprintf(stderr, "tradepost-proxy: PID_FILE %s: %s\n", path,
				pid_file >= 0 && errno == EWOULDBLOCK ? "a proxy with this file is running" : strerror(errno));
		return false;
	}
	length = snprintf(text, sizeof(text), "%ld\n", (long) getpid());
	if (ftruncate(pid_file, 0) != 0 || write(pid_file, text, (size_t) length) != length)
	{
		fprintf(stderr, "tradepost-proxy: PID_FILE %s: %s\n", path, strerror(errno));
		return false;
	}
	return true;
}

static bool
bind_all(const TpSettings *settings)
{
	TpBuffer problem = { 0 };

	for (int i = 0; i < settings->workers; i++)
	{
		children[i].listener = tp_listener_bind(settings, i == 0, &problem);
		if (children[i].listener < 0)
		{
			fprintf(stderr, "tradepost-proxy: %.*s\n", (int) problem.length, problem.data);
			tp_buffer_free(&problem);
			return false;
		}
	}
	return true;
}

/* Each client is a descriptor: take as many as the system lets us. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void) setrlimit(RLIMIT_NOFILE, &limit);
}

int
tp_supervise(TpSettings *settings)
{
	sigset_t set;
	char address[300];

	tp_log_open(settings->log_level, -1);
	if (!write_pid_file(settings->pid_file) || !bind_all(settings))
		return 1;
	raise_descriptors();
	shared = tp_shared_create(settings->workers);
	if (shared == NULL)
	{
		fprintf(stderr, "tradepost-proxy: no memory to share\n");
		return 1;
	}
	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	snprintf(address, sizeof(address), "%s://%s:%d", *settings->tls_certificate == '\0' ? "http" : "https",
			 settings->host, settings->port);
	tp_log(TP_LOG_INFO, "starting", "url", address, "#workers", (int64_t) settings->workers, NULL);
	if (settings->secrets_made)
		tp_log(TP_LOG_WARN, "JWT_SECRET is not set: one is made, and tokens end with this process", NULL);
	watch(settings);
	stop(settings);
	if (pid_file >= 0)
		unlink(settings->pid_file);
	tp_log(TP_LOG_INFO, "stopped", NULL);
	return 0;
}
