/*
 * durable.h
 *	  A batch's commit: visible only to those who make sure that it is durable.
 */
#ifndef TRADEPOST_DURABLE_H
#define TRADEPOST_DURABLE_H

#include "shmem.h"

/* The matcher's: commit the current transaction, a batch of so many commands; returns when it is durable. */
extern void tradepost_commit_batch(TpDatabase *db, int commands);

#endif
