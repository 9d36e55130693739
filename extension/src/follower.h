/*
 * follower.h
 *	  The worker that tells users what has happened; and how it is woken.
 */
#ifndef TRADEPOST_FOLLOWER_H
#define TRADEPOST_FOLLOWER_H

#include "postgres.h"

#include "shmem.h"

extern PGDLLEXPORT void tradepost_follower_main(Datum arg); /* arg: index of the TpDatabase */

/* Whether one should run in this database now. */
extern bool tradepost_follower_is_wanted(TpDatabase *db);

#endif
