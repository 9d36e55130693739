/*
 * guc.h
 *	  Tradepost's settings.  Each variable is the setting of the same name
 *	  without the prefix; units in guc.c.
 */
#ifndef TRADEPOST_GUC_H
#define TRADEPOST_GUC_H

extern char *tradepost_actor;
extern int tradepost_batch_size;
extern int tradepost_published_depth;
extern int tradepost_checkpoint_events;
extern int tradepost_demo_balance;
extern char *tradepost_demo_asset;
extern bool tradepost_doorbell;
extern int tradepost_flush_wait;
extern bool tradepost_follower;
extern int tradepost_idle_command_timeout;
extern int tradepost_max_databases;
extern int tradepost_max_instruments;
extern int tradepost_max_pending;
extern int tradepost_order_lifetime;
extern int tradepost_pending_timeout;
extern int tradepost_ring_size;
extern int tradepost_whatsapp_far_percent;
extern int tradepost_whatsapp_large_quantity;
extern int tradepost_whatsapp_large_value;

extern void tradepost_guc_init(void);

#endif
