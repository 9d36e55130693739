/*
 * model.h
 *	  A second, deliberately simple implementation of the exchange, to hold
 *	  the engine against.
 *
 * It was written from the comment in engine.h alone and shares nothing with
 * the engine but command.h and the public structs.  It keeps only what cannot
 * be derived (instruments, orders, cash, positions) in plain arrays, finds
 * everything by linear scan, and computes what is reserved, margins, free
 * funds, best prices and depth from scratch at every question.  So it is slow
 * and has no cache that could go stale: where the two disagree, one of them
 * misread the rules.
 *
 * Called by differential.c.  Amounts that leave here are in the engine's units.
 */
#ifndef TRADEPOST_MODEL_H
#define TRADEPOST_MODEL_H

#include "engine.h"

typedef struct TpModel TpModel;

extern TpModel *tradepost_model_create(void);
extern void tradepost_model_destroy(TpModel *model);
extern void tradepost_model_add_instrument(TpModel *model, const TpInstrument *spec);
extern void tradepost_model_apply(TpModel *model, const TpCommand *command, int64_t now);
extern void tradepost_model_set_seq(TpModel *model, int64_t last_seq);
extern void tradepost_model_end_batch(TpModel *model);

extern size_t tradepost_model_events(const TpModel *model, const TpEvent **events);
extern int64_t tradepost_model_last_seq(const TpModel *model);
extern int64_t tradepost_model_next_expiry(const TpModel *model);
extern const TpInstrument *tradepost_model_instrument(const TpModel *model, int32_t id);
extern size_t tradepost_model_depth(const TpModel *model, int32_t instrument, TpSide side, size_t max, TpLevel *out);

/* Open orders and those closed or rejected since end_batch, in no particular order. */
extern size_t tradepost_model_orders(const TpModel *model, const TpOrderState **orders);
extern bool tradepost_model_order_is_open(const TpOrderState *order); /* in the book, or a taker at work */
extern bool tradepost_model_order_is_live(const TpOrderState *order); /* open or untriggered */
extern bool tradepost_model_order(const TpModel *model, int64_t id, TpOrderState *out);

/* Every account and asset that was ever named; with the instruments they span all balances and positions. */
extern size_t tradepost_model_accounts(const TpModel *model, const int64_t **accounts);
extern size_t tradepost_model_assets(const TpModel *model, const int32_t **assets);
extern void tradepost_model_balance(const TpModel *model, int64_t account, int32_t asset, TpBalanceState *out);
extern void tradepost_model_position(const TpModel *model, int64_t account, int32_t instrument, TpPositionState *out);
extern tp_int128 tradepost_model_free_funds(const TpModel *model, int64_t account, int32_t asset);

extern tp_int128 tradepost_model_value(const TpInstrument *instrument, tp_int128 quantity, tp_int128 price);

/* Would this PLACE command of a triggered kind, once accepted, wait? */
extern bool tradepost_model_would_wait(const TpModel *model, const TpCommand *command);

/* What a PLACE command that passes the earlier checks would take from its account's free funds. */
extern tp_int128 tradepost_model_requirement(TpModel *model, const TpCommand *command);

/* The asset whose free funds must cover an order: the base of a spot sale, else the quote currency. */
extern int32_t tradepost_model_paying_asset(const TpInstrument *instrument, TpSide side);

#endif
