/*
 * worker.h
 *	  The matcher's database session.
 */
#ifndef TRADEPOST_WORKER_H
#define TRADEPOST_WORKER_H

/* Settings that the matcher's statements rest on, whatever the server's are. */
extern void tradepost_worker_configure(void);

/* From now on act as role tradepost_engine.  Outside a transaction. */
extern void tradepost_worker_become_engine(void);

/* A transaction with a snapshot, which SPI wants below it. */
extern void tradepost_worker_begin(void);
extern void tradepost_worker_commit(void);

/* Sleep until woken, and do what signals ask for. */
extern void tradepost_worker_sleep(long ms);

#endif
