/*
 * shmem.h
 *	  Shared memory: one TpDatabase for each database with an engine, one
 *	  TpSlot for each backend.
 *
 * Locks, in the order in which they may be taken (never two databases' at once):
 *	 TpShared.lock (LWLock)		which database has which TpDatabase; start, stop, hold
 *	 TpDatabase.ask_lock (LWLock) one question to the matcher at a time
 *	 TpDatabase.ring_lock (spin) ring pointers, overflow flag, copying of one chunk
 *	 TpDatabase.book_lock (LWLock) published books and the status block
 * Nothing is called while a spinlock is held but memcpy.
 */
#ifndef TRADEPOST_SHMEM_H
#define TRADEPOST_SHMEM_H

#include "command.h"
#include "engine.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

/* Life of an engine.  tradepost_set_state() alone changes it; diagram in extension/README.md. */
typedef enum TpState
{
	TP_STATE_OFF = 0,    /* no matcher process */
	TP_STATE_STARTING,   /* launched, looks for the extension */
	TP_STATE_IDLE,       /* extension there, init() not called yet */
	TP_STATE_RESTORED,   /* rows are another instance's: waits for post_restore() */
	TP_STATE_PAUSED,     /* extension and library differ in version */
	TP_STATE_RECOVERING, /* rebuilds memory from tables */
	TP_STATE_RUNNING
} TpState;

/* A committed command on its way to the matcher. */
typedef struct TpArrival
{
	TpCommand command;
	TimestampTz since; /* its commit; of one that was found in the table without a word, when it was asked */
} TpArrival;

/* A decided command that waiters may ask for, at index id % TP_DECISIONS. */
#define TP_DECISIONS 65536
typedef struct TpDecision
{
	pg_atomic_uint64 id;
	pg_atomic_uint64 seq;
} TpDecision;

/* What the matcher last committed of one book; levels follow: bids, then asks. */
typedef struct TpBookPage
{
	int32 instrument; /* 0: free */
	int32 bids;
	int32 asks;
	bool complete; /* the whole book is here */
} TpBookPage;

/* A question that only the matcher's memory can answer. */
typedef enum TpAskState
{
	TP_ASK_NONE = 0,
	TP_ASK_POSTED,
	TP_ASK_ANSWERED
} TpAskState;

typedef struct TpStatus
{
	int64 open_orders;
	int64 batches;
	int64 last_batch_commands;
	int64 last_batch_time; /* microseconds */
	int64 restarts;
	int64 doorbells_skipped;
	char last_error[256];
} TpStatus;

/* The follower's place, which it alone writes. */
typedef struct TpFollowing
{
	pid_t pid;            /* 0: none */
	Latch *latch;         /* valid while pid is not 0 */
	pg_atomic_uint64 seq; /* the last event it has read */
	pg_atomic_uint64 starts;
	pg_atomic_uint64 rounds;
	pg_atomic_uint64 events;     /* read */
	pg_atomic_uint64 kept;       /* of these, what concerned a user */
	pg_atomic_uint64 round_time; /* microseconds of the last round */
	char last_error[256];
} TpFollowing;

typedef struct TpDatabase
{
	/* Under TpShared.lock. */
	Oid dboid;      /* InvalidOid: free */
	bool wanted;    /* the launcher should have a matcher run here */
	pid_t held_by;  /* backend that needs the database without a matcher, or 0 */
	bool gone;      /* the matcher found no extension: do not restart */
	bool clean_end; /* the last matcher ended outside a batch */

	pg_atomic_uint32 state;    /* TpState */
	pid_t matcher_pid;         /* 0: none */
	Latch *matcher_latch;      /* valid while matcher_pid is not 0 */
	ConditionVariable changed; /* state, decisions, watermark, answers */

	/* Ids. */
	pg_atomic_uint64 last_drawn;    /* no id above it was drawn when it was read, or its slot is set */
	pg_atomic_uint64 watermark;     /* every lower id is decided or never will be */
	pg_atomic_uint32 committing;    /* a batch may be visible whose end is not in batch_end yet */
	pg_atomic_uint64 batch_end;     /* WAL position at which the last batch is durable */
	pg_atomic_uint64 last_seq;      /* committed */
	pg_atomic_uint64 backlog;       /* taken from the ring, or known to wait in the table, and not decided */
	pg_atomic_uint64 backlog_since; /* TimestampTz of the oldest of these */
	pg_atomic_uint32 generation;    /* of the configuration */

	pg_atomic_uint64 waiting; /* in the ring, or flagged instead: written under ring_lock, read without */

	/* Under ring_lock. */
	slock_t ring_lock;
	bool overflow;              /* committed commands are in the table only: read it */
	TimestampTz overflow_since; /* when the flag went up */
	int64 overflow_commands;    /* how many, about */
	int64 overflows;
	uint64 head; /* next to be read, by the matcher alone; both are 0 again when they meet */
	uint64 tail; /* next to be written */

	LWLock ask_lock;
	slock_t ask_mutex; /* protects ask_state and what follows */
	TpAskState ask_state;
	TpCommand question;
	TpPreview answer;

	LWLock book_lock;
	int64 book_seq; /* all published books are as of this event */
	TpStatus status;

	TpFollowing follower;

	TpDecision decisions[TP_DECISIONS];
} TpDatabase;

/*
 * A backend's lowest id that the matcher may not know of.  Set before the id is
 * drawn, cleared when the transaction's commands are in the ring, or it aborted.
 */
typedef struct TpSlot
{
	pg_atomic_uint64 lowest; /* 0: none */
	Oid dboid;
	pid_t pid;
	TimestampTz since;
} TpSlot;

typedef struct TpShared
{
	LWLock lock;
	pid_t launcher_pid;
	Latch *launcher_latch;
	int databases; /* length of what tradepost_database_at() takes */
} TpShared;

extern TpShared *tradepost_shared; /* NULL: not in shared_preload_libraries */

extern void tradepost_shmem_init(void);
extern TpDatabase *tradepost_database_at(int i);
extern TpArrival *tradepost_ring_of(TpDatabase *db);
extern TpBookPage *tradepost_book_page(TpDatabase *db, int i);
extern TpLevel *tradepost_book_levels(TpBookPage *page);
extern TpSlot *tradepost_slot_at(int i);

/* This database's, or NULL; with `create`, one is made (and the launcher told), or an error raised. */
extern TpDatabase *tradepost_my_database(bool create);
extern TpDatabase *tradepost_find_database(Oid dboid, bool create);
extern void tradepost_forget_published(TpDatabase *db); /* books, decisions and progress; cannot throw */
extern void tradepost_reset_database(TpDatabase *db, Oid dboid);

extern void tradepost_set_state(TpDatabase *db, TpState state);
extern TpState tradepost_get_state(TpDatabase *db);
extern const char *tradepost_state_name(TpState state);
extern void tradepost_wake_matcher(TpDatabase *db);
extern void tradepost_wake_follower(TpDatabase *db); /* cannot throw; next to nothing if it is awake */
extern void tradepost_wake_launcher(void);

#endif
