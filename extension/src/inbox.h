/*
 * inbox.h
 *	  Commands that the matcher has taken and not decided, and how far the
 *	  watermark may go.
 */
#ifndef TRADEPOST_INBOX_H
#define TRADEPOST_INBOX_H

#include "command.h"
#include "shmem.h"
#include "window.h"

typedef struct TpInbox TpInbox;

extern TpInbox *tradepost_inbox_create(TpDatabase *db, TpWindow *decided, int64 watermark);

/*
 * Take what has come in since: from the ring or, when commands are in the table
 * only, from there.  Outside a transaction; may run one of its own.
 */
extern void tradepost_inbox_fill(TpInbox *inbox);

/* The next undecided command, or NULL; and the one after taking it. */
extern const TpCommand *tradepost_inbox_peek(TpInbox *inbox);
extern void tradepost_inbox_take(TpInbox *inbox, TpCommand *command);

/* The matcher decides a command of its own, which was in no ring. */
extern void tradepost_inbox_note(TpInbox *inbox, int64 id);

/* Every lower id is decided, or never will be. */
extern int64 tradepost_inbox_watermark(TpInbox *inbox);

#endif
