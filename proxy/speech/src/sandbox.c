/*
 * sandbox.c
 *	  Limits of memory, files and system calls; see sandbox.h.
 *
 * Called by speech_main.c when the provider has read its model.  A limit of processor
 * time would end a healthy process one day: notes are timed one by one, by the proxy.
 */
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMORY_MOST ((rlim_t) 1 << 30) /* of addresses; the English model takes a tenth */
#define FILE_MOST ((rlim_t) 8 << 20)   /* dictionaries in memory count as files */
#define FILES_MOST 64

/* AddressSanitizer takes addresses by the terabyte. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TP_SANITIZED
#endif
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

static bool
limit(int what, rlim_t most)
{
	struct rlimit both = { most, most };

	return setrlimit(what, &both) == 0;
}

#ifdef ARCHITECTURE

/* Nothing here ever starts a program or looks into another process. */
static const unsigned never[] = {
	SYS_execve,          SYS_execveat,   SYS_ptrace,      SYS_process_vm_readv, SYS_process_vm_writev,
	SYS_mount,           SYS_umount2,    SYS_setns,       SYS_unshare,          SYS_bpf,
	SYS_perf_event_open, SYS_kexec_load, SYS_init_module, SYS_add_key,          SYS_open_by_handle_at,
	SYS_userfaultfd,
};
static const unsigned without_network[] = { SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_sendto, SYS_kill };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FILTERS_MOST (2 * (COUNT(never) + COUNT(without_network)) + 8)

typedef struct Filters
{
	struct sock_filter list[FILTERS_MOST];
	unsigned short count;
} Filters;

static void
add(Filters *filters, struct sock_filter filter)
{
	filters->list[filters->count++] = filter;
}

static void
refuse(Filters *filters, const unsigned *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		add(filters, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1));
		add(filters, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
	}
}

static bool
filter_calls(bool network)
{
	Filters filters = { .count = 0 };
	struct sock_fprog program;

	add(&filters,
		(struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned) offsetof(struct seccomp_data, arch)));
	add(&filters, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	add(&filters, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	add(&filters,
		(struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned) offsetof(struct seccomp_data, nr)));
	refuse(&filters, never, COUNT(never));
	if (!network)
		refuse(&filters, without_network, COUNT(without_network));
	add(&filters, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	program = (struct sock_fprog){ filters.count, filters.list };
	/* A kernel built without filters still has the rest. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 || errno == EINVAL;
}

#else

static bool
filter_calls(bool network)
{
	(void) network;
	return true;
}

#endif

bool
tp_sandbox_tie(void)
{
	pid_t parent = getppid();

	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

const char *
tp_sandbox_enter(bool network)
{
	/* The key is in the environment: nobody reads it out of /proc. */
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "prctl";
	if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_FSIZE, FILE_MOST) || !limit(RLIMIT_NOFILE, FILES_MOST))
		return "setrlimit";
#if !defined(__SANITIZE_ADDRESS__) && !defined(TP_SANITIZED)
	if (!limit(RLIMIT_AS, MEMORY_MOST))
		return "setrlimit";
#endif
	return filter_calls(network) ? NULL : "seccomp";
}
