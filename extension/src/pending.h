/*
 * pending.h
 *	  What this transaction has asked of the engine: ids, and the queue that
 *	  is handed over at commit.
 */
#ifndef TRADEPOST_PENDING_H
#define TRADEPOST_PENDING_H

#include "command.h"

/* Set up the transaction callbacks; once per backend, before the first command. */
extern void tradepost_pending_init(void);

/* Wait while tradepost.max_pending commands wait for the engine; TP008 if that lasts too long. */
extern void tradepost_wait_for_room(void);

/*
 * Draw `n` ids (rising, not necessarily without gaps) into ids[].  From the
 * first one on, the watermark waits for this transaction.
 */
extern void tradepost_draw_ids(int n, int64 *ids);

/* The commands' rows are inserted: hand them to the matcher if this (sub)transaction commits. */
extern void tradepost_pending_add(const TpCommand *commands, int n);

/* Once this transaction commits: make every backend reload the configuration, wake engine and launcher. */
extern void tradepost_pending_configuration_change(void);

/* Once this transaction commits: what shared memory shows is of an extension that was dropped. */
extern void tradepost_pending_extension_dropped(void);

/* Whether this transaction changed the configuration and has not ended. */
extern bool tradepost_configuration_is_dirty(void);

/*
 * Called when a (sub)transaction aborts, and when one that changed the
 * configuration (then with true) goes on or ends.  The callback must not throw.
 */
extern void tradepost_pending_on_forget(void (*callback)(bool configuration));

#endif
