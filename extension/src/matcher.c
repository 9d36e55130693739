/*
 * matcher.c
 *	  The one writer of a database's market: a background worker that decides
 *	  commands in batches, each batch one transaction.
 *
 * Started by the launcher.  It holds no lock between batches, and none that a
 * client may hold for long: clients only insert into commands.  Any error ends
 * it; the launcher starts it again, and it rebuilds its memory from tables.
 *
 * After an end inside a batch the first commands are decided one at a time, and
 * before each "trying it" is committed.  What is found there at two starts is
 * what brings the matcher down, and is rejected instead of tried.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "compat.h"
#include "executor/spi.h"
#include "doorbell.h"
#include "durable.h"
#include "fault.h"
#include "guc.h"
#include "inbox.h"
#include "installed.h"
#include "matcher.h"
#include "miscadmin.h"
#include "pending.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "publish.h"
#include "recover.h"
#include "request.h"
#include "worker.h"
#include "shmem.h"
#include "storage/ipc.h"
#include "tail.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* How often an idle matcher looks at what nobody wakes it for. */
#define IDLE_MS 1000

/* Starts at which a command may be found as "tried alone" before it is rejected. */
#define MAX_TRIES 2

typedef struct Matcher
{
	TpDatabase *db;
	Oid extension;
	TpEngine *engine;
	TpInbox *inbox;
	TpProgress progress;
	int64 checkpoint_seq;
	bool long_tail;   /* recovery read much after the last checkpoint */
	int careful;      /* commands still to be decided one at a time */
	bool announced;   /* progress.trying_id is committed */
	int64 suspect_id; /* what the last matcher was trying alone, or 0 */
	int suspect_tries;
	bool ready;  /* memory is rebuilt, commands are decided */
	bool failed; /* with an error */
	int64 batches;
	TpTail *tail;
	TpCommand *commands; /* a batch's */
	MemoryContext scratch;
} Matcher;

static Matcher matcher;

static void
matcher_exit(int code, Datum arg)
{
	TpDatabase *db = matcher.db;

	/*
	 * An error says something about the batch; a request to end does not, a crash never gets here, and who decided
	 * nothing leaves what is said of the one before.
	 */
	if (matcher.ready)
		db->clean_end = !matcher.failed;
	pg_atomic_write_u32(&db->committing, 0);
	db->matcher_pid = 0;
	db->matcher_latch = NULL;
	tradepost_set_state(db, TP_STATE_OFF);
	tradepost_wake_launcher();
}

/*
 * There is one writer: a launcher that was ended and started again may have
 * another matcher start while its predecessor's is on its way.
 */
static bool
claim_place(TpDatabase *db)
{
	bool free;

	LWLockAcquire(&tradepost_shared->lock, LW_EXCLUSIVE);
	free = db->matcher_pid == 0;
	if (free)
	{
		db->matcher_latch = MyLatch;
		db->matcher_pid = MyProcPid;
	}
	LWLockRelease(&tradepost_shared->lock);
	return free;
}

/*
 * Until the engine may run here: the extension is installed in our version,
 * init() was called, and the rows are this instance's.  Exits for good when the
 * extension is gone.
 */
static void
wait_until_ready(TpDatabase *db)
{
	for (;;)
	{
		TpInstalled installed;
		TpReadiness readiness = TP_NOT_INITIALIZED;

		tradepost_worker_begin();
		installed = tradepost_installed(&matcher.extension);
		if (installed == TP_INSTALLED_SAME)
			readiness = tradepost_recover_readiness();
		tradepost_worker_commit();

		if (installed == TP_NOT_INSTALLED)
		{
			db->gone = true;
			proc_exit(0);
		}
		if (installed == TP_INSTALLED_SAME && readiness == TP_READY)
			return;
		if (installed == TP_INSTALLED_OTHER && tradepost_get_state(db) != TP_STATE_PAUSED)
			ereport(LOG, (errmsg("tradepost is paused: extension and library differ in version"),
						  errhint("ALTER EXTENSION tradepost UPDATE, or restart the server to load the new library.")));
		if (installed == TP_INSTALLED_OTHER)
			tradepost_set_state(db, TP_STATE_PAUSED);
		else if (readiness == TP_NOT_THIS_INSTANCE)
			tradepost_set_state(db, TP_STATE_RESTORED);
		else
			tradepost_set_state(db, TP_STATE_IDLE);
		pgstat_report_activity(STATE_IDLE, NULL);
		tradepost_worker_sleep(IDLE_MS);
	}
}

static void
raise_last_drawn(TpDatabase *db, int64 id)
{
	uint64 seen = pg_atomic_read_u64(&db->last_drawn);

	while (seen < (uint64) id && !pg_atomic_compare_exchange_u64(&db->last_drawn, &seen, (uint64) id))
		;
}

static void
recover(Matcher *m)
{
	TpRecovered recovered;

	tradepost_set_state(m->db, TP_STATE_RECOVERING);
	tradepost_worker_begin();
	tradepost_recover(&recovered);
	SPI_connect();
	SPI_execute("UPDATE tradepost_internal.engine_state SET starts = starts + 1 RETURNING starts", false, 0);
	if (SPI_processed == 1)
	{
		bool isnull;

		m->db->status.restarts =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)) - 1;
	}
	SPI_finish();
	tradepost_worker_commit();

	m->engine = recovered.engine;
	m->progress = recovered.progress;
	m->checkpoint_seq = recovered.checkpoint_seq;
	m->long_tail = tradepost_engine_last_seq(m->engine) - m->checkpoint_seq > tradepost_checkpoint_events / 10;
	m->suspect_id = m->progress.trying_id;
	m->suspect_tries = m->progress.trying_count;
	m->careful = m->db->clean_end && m->suspect_id == 0 ? 0 : tradepost_batch_size;
	raise_last_drawn(m->db, recovered.last_drawn);
	m->inbox = tradepost_inbox_create(m->db, recovered.decided, m->progress.watermark);
	m->tail = tradepost_tail_create(recovered.last_drawn, m->progress.tail_seq);

	tradepost_worker_begin();
	tradepost_store_init();
	tradepost_worker_commit();
	tradepost_publish_books(m->db, m->engine, recovered.instruments, recovered.instrument_count);
	tradepost_publish_progress(m->db, m->engine, m->progress.watermark);
	m->db->status.open_orders = tradepost_engine_open_orders(m->engine);
	m->ready = true;
	tradepost_set_state(m->db, TP_STATE_RUNNING);
}

/* A command of the matcher's own, so that time passes when nobody asks for anything. */
static void
make_sweep(Matcher *m, TpCommand *command)
{
	TpRequest request;

	memset(&request, 0, sizeof(request));
	request.command.kind = TP_CMD_SWEEP;
	tradepost_draw_ids(1, &request.command.id);
	tradepost_insert_rows(&request, 1);
	*command = request.command;
	tradepost_inbox_note(m->inbox, command->id);
}

static bool
is_poison(Matcher *m, int64 id)
{
	return id == m->suspect_id && m->suspect_tries >= MAX_TRIES;
}

static int
try_number(Matcher *m, int64 id)
{
	return id == m->suspect_id ? m->suspect_tries + 1 : 1;
}

/* Commit "trying this one alone", so that the next start finds it if we do not come back. */
static void
announce(Matcher *m, int64 id)
{
	m->progress.trying_id = id;
	m->progress.trying_count = try_number(m, id);
	tradepost_worker_begin();
	tradepost_store_trying(id, m->progress.trying_count);
	tradepost_worker_commit();
	m->announced = true;
}

static void
apply(Matcher *m, TpCommand *command)
{
	if (is_poison(m, command->id))
	{
		command->poisoned = 1;
		ereport(LOG, (errmsg("command %lld brought the matcher down %d times and is rejected", (long long) command->id,
							 m->suspect_tries)));
		tradepost_store_error(command->id,
							  m->db->status.last_error[0] ? m->db->status.last_error : "the matcher crashed");
	}
	else
		TRADEPOST_FAULT_COMMAND(command);
	if (command->kind == TP_CMD_LIST)
		(void) tradepost_recover_instrument(m->engine, command->instrument);
	tradepost_engine_apply(m->engine, command, m->progress.last_time);
}

/* The deciding event of each command, before end_batch forgets them. */
static int
collect_decisions(Matcher *m, TpDecided *decided)
{
	const TpEvent *events;
	size_t n = tradepost_engine_events(m->engine, &events);
	int count = 0;

	for (size_t i = 0; i < n; i++)
	{
		if (events[i].decision)
		{
			decided[count].id = events[i].command_id;
			decided[count++].seq = events[i].seq;
		}
	}
	return count;
}

/* Fill commands[] with what this batch decides; 0: there is nothing to do. */
static int
choose(Matcher *m, TpCommand *commands)
{
	int max = m->careful > 0 ? 1 : tradepost_batch_size;
	int n = 0;

	while (n < max && tradepost_inbox_peek(m->inbox) != NULL)
		tradepost_inbox_take(m->inbox, &commands[n++]);
	return n;
}

/* While careful, a batch's commit also announces the next one: one commit a command, not two. */
static void
announce_next(Matcher *m)
{
	const TpCommand *next = m->careful > 0 ? tradepost_inbox_peek(m->inbox) : NULL;

	m->progress.trying_id = next && !is_poison(m, next->id) ? next->id : 0;
	m->progress.trying_count = m->progress.trying_id != 0 ? try_number(m, next->id) : 0;
	m->announced = m->progress.trying_id != 0;
}

/*
 * Cheap beside what it follows: 8 bytes an open order, for at least four events
 * each.  After a recovery that had to read far, it does not wait for that; but
 * the first decision does not wait for it either.
 */
static void
checkpoint_if_due(Matcher *m)
{
	int64 events = tradepost_engine_last_seq(m->engine) - m->checkpoint_seq;
	int64 interval = Max(tradepost_checkpoint_events, 4 * (int64) tradepost_engine_open_orders(m->engine));

	if (events < interval && !(m->long_tail && m->batches > 0))
		return;
	tradepost_store_checkpoint(m->engine, m->progress.last_time);
	m->checkpoint_seq = tradepost_engine_last_seq(m->engine);
	m->long_tail = false;
}

static void
decide(Matcher *m, TpCommand *commands, int n)
{
	TimestampTz started = GetCurrentTimestamp();
	int64 first_seq = tradepost_engine_last_seq(m->engine) + 1;
	int64 max_id = 0;
	TpDecided *decided;
	int decided_count;
	const int32 *dirty;
	int32 *instruments;
	size_t instrument_count;
	MemoryContext old = MemoryContextSwitchTo(m->scratch);

	m->progress.last_time = Max(m->progress.last_time, started);
	for (int i = 0; i < n; i++)
	{
		tradepost_engine_prefetch(m->engine, &commands[i], Min(n - i, TRADEPOST_LOOK_AHEAD));
		apply(m, &commands[i]);
		max_id = Max(max_id, commands[i].id);
	}
	TRADEPOST_FAULT_POINT(TP_FAULT_BATCH_DECIDED);
	tradepost_store_refine_reasons(m->engine);
	decided = palloc_extended((Size) (n + 1) * sizeof(TpDecided), MCXT_ALLOC_HUGE);
	decided_count = collect_decisions(m, decided);
	instrument_count = tradepost_engine_dirty_instruments(m->engine, &dirty);
	instruments = palloc((instrument_count + 1) * sizeof(int32));
	memcpy(instruments, dirty, instrument_count * sizeof(int32));

	m->progress.watermark = tradepost_inbox_watermark(m->inbox);
	m->progress.tail_seq = tradepost_tail_add(m->tail, max_id, first_seq, tradepost_engine_last_seq(m->engine),
											  m->progress.watermark);
	if (m->careful > 0)
		m->careful--;
	announce_next(m);
	tradepost_store_batch(m->engine, &m->progress);
	checkpoint_if_due(m);
	TRADEPOST_FAULT_POINT(TP_FAULT_BATCH_STORED);
	PopActiveSnapshot();
	tradepost_commit_batch(m->db, n);
	TRADEPOST_FAULT_POINT(TP_FAULT_BATCH_COMMITTED);
	tradepost_publish_books(m->db, m->engine, instruments, instrument_count);
	tradepost_publish_batch(m->db, m->engine, m->progress.watermark, decided, decided_count, started);
	MemoryContextSwitchTo(old);
	MemoryContextReset(m->scratch);
}

static void
remember_error(Matcher *m, MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	strlcpy(m->db->status.last_error, error->message ? error->message : "unknown", sizeof(m->db->status.last_error));
	FreeErrorData(error);
}

/* The batch's transaction, from its first command to its commit. */
static void
run_transaction(Matcher *m)
{
	int n = 1;

	tradepost_worker_begin();
	SetCurrentStatementStartTimestamp();
	if (tradepost_inbox_peek(m->inbox) == NULL)
		make_sweep(m, &m->commands[0]);
	else
		n = choose(m, m->commands);
	decide(m, m->commands, n);
}

/* An error ends the matcher; engine_status shows it. */
static void
attempt(Matcher *m, void (*step)(Matcher *m))
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		step(m);
	}
	PG_CATCH();
	{
		m->failed = true;
		remember_error(m, context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
}

/* One batch; false: nothing was there to decide. */
static bool
run_batch(Matcher *m)
{
	const TpCommand *next;

	tradepost_inbox_fill(m->inbox);
	next = tradepost_inbox_peek(m->inbox);
	if (next == NULL)
	{
		m->careful = 0;
		if (tradepost_engine_next_expiry(m->engine) > GetCurrentTimestamp())
			return false;
	}
	else if (m->careful > 0 && !m->announced && !is_poison(m, next->id))
		announce(m, next->id);

	attempt(m, run_transaction);
	tradepost_doorbell_due(tradepost_engine_last_seq(m->engine));
	tradepost_doorbell_ring(m->db);
	pgstat_report_stat(false);
	m->batches++;
	return true;
}

static long
milliseconds_to_sleep(Matcher *m)
{
	int64 next = Min(tradepost_engine_next_expiry(m->engine), tradepost_doorbell_next());
	int64 now = GetCurrentTimestamp();

	if (next == TRADEPOST_TIME_NEVER || next - now > IDLE_MS * INT64CONST(1000))
		return IDLE_MS;
	return next <= now ? 0 : (long) ((next - now) / 1000) + 1;
}

void
tradepost_matcher_main(Datum arg)
{
	Matcher *m = &matcher;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	m->db = tradepost_database_at(DatumGetInt32(arg));
	if (!claim_place(m->db))
		proc_exit(1);
	before_shmem_exit(matcher_exit, (Datum) 0);
	tradepost_set_state(m->db, TP_STATE_STARTING);
	BackgroundWorkerInitializeConnectionByOid(m->db->dboid, InvalidOid, 0);
	tradepost_worker_configure();
	pgstat_report_appname("tradepost matcher");

	wait_until_ready(m->db);
	tradepost_worker_become_engine();
	m->scratch = AllocSetContextCreate(TopMemoryContext, "tradepost batch", ALLOCSET_DEFAULT_SIZES);
	attempt(m, recover);
	m->commands = MemoryContextAllocHuge(TopMemoryContext, 65536 * sizeof(TpCommand));
	tradepost_installed_watch();

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		tradepost_answer_question(m->db, m->engine, Max(m->progress.last_time, GetCurrentTimestamp()));
		if (tradepost_installed_may_have_changed())
		{
			TpInstalled installed;
			Oid extension;

			StartTransactionCommand();
			installed = tradepost_installed(&extension);
			CommitTransactionCommand();
			if (installed != TP_INSTALLED_SAME || extension != m->extension)
			{
				/* Gone, or dropped and made anew: what is in memory is of the old one. */
				m->db->gone = installed == TP_NOT_INSTALLED || extension != m->extension;
				proc_exit(m->db->gone ? 0 : 1);
			}
		}
		if (run_batch(m))
		{
			if (!ConfigReloadPending)
				continue;
			tradepost_worker_sleep(0);
			continue;
		}
		pgstat_report_activity(STATE_IDLE, NULL);
		tradepost_worker_sleep(milliseconds_to_sleep(m));
		tradepost_doorbell_ring(m->db);
	}
}
