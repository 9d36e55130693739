/*
 * model_state.h
 *	  What the model remembers, and the functions its files share: model.c
 *	  (state and reading), model_money.c (arithmetic), model_match.c (queues
 *	  and trades), model_ends.c (expiry, settlement, liquidation), model_trigger.c,
 *	  model_link.c (pairs, parents, children), model_checks.c, and model_apply.c,
 *	  model_place.c and model_amend.c (commands).  Nobody else includes this.
 *
 * Who is whose partner, parent or child, what is armed and what is due: all of it is found
 * in the orders' rows, each time anew.
 */
#ifndef TRADEPOST_MODEL_STATE_H
#define TRADEPOST_MODEL_STATE_H

#include "model.h"

typedef struct TpModelCash
{
	int64_t account;
	int32_t asset;
	tp_int128 total;
} TpModelCash;

typedef struct TpModelHolding
{
	int64_t account;
	int32_t instrument;
	int64_t quantity;
} TpModelHolding;

struct TpModel
{
	TpInstrument *instruments;
	size_t n_instruments;
	TpOrderState *orders;
	size_t n_orders;
	TpModelCash *cash;
	size_t n_cash;
	TpModelHolding *holdings;
	size_t n_holdings;
	TpEvent *events;
	size_t n_events;
	int64_t *accounts;
	size_t n_accounts;
	int32_t *assets;
	size_t n_assets;
	int64_t seq;
	int64_t now;
	int64_t command_id;
	int64_t outlives; /* the order whose partner is being cancelled for it; 0: none */
};

/* model.c */
extern TpInstrument *tradepost_model_find_instrument(const TpModel *model, int32_t id);
extern TpOrderState *tradepost_model_find_live(const TpModel *model, int64_t id); /* open or untriggered */
extern TpOrderState *tradepost_model_append_order(TpModel *model, const TpOrderState *order);
extern TpEvent *tradepost_model_emit(TpModel *model, TpEventKind kind);
extern void tradepost_model_post(TpModel *model, int64_t account, int32_t asset, tp_int128 amount);
extern void tradepost_model_move(TpModel *model, int64_t account, int32_t instrument, tp_int128 quantity);
extern tp_int128 tradepost_model_cash(const TpModel *model, int64_t account, int32_t asset);
extern int64_t tradepost_model_holding(const TpModel *model, int64_t account, int32_t instrument);
extern void tradepost_model_see_account(TpModel *model, int64_t account);

/* model_money.c */
extern int64_t tradepost_model_remaining(const TpOrderState *order);
extern tp_int128 tradepost_model_fee(const TpInstrument *instrument, int32_t rate, tp_int128 notional);
extern tp_int128 tradepost_model_open_quantity(const TpModel *model, int64_t account, int32_t instrument, TpSide side);
extern tp_int128 tradepost_model_margin(const TpModel *model, int64_t account, const TpInstrument *instrument);
extern tp_int128 tradepost_model_equity(const TpModel *model, int64_t account, int32_t currency);
extern tp_int128 tradepost_model_maintenance(const TpModel *model, int64_t account, int32_t currency);

/* model_match.c */
extern TpEvent *tradepost_model_order_event(TpModel *model, TpEventKind kind, const TpOrderState *order,
											int64_t quantity, TpReason reason);
/* What hangs on the order ends with it; the event becomes the command's decision if that is said. */
extern void
tradepost_model_close(TpModel *model, TpOrderState *order, TpOrderStatus status, int64_t quantity, TpReason reason);
extern void tradepost_model_cancel_as_decision(TpModel *model, TpOrderState *order, TpReason reason);
extern int64_t tradepost_model_band_limit(const TpInstrument *instrument, TpSide side);
extern TpOrderState *tradepost_model_best(const TpModel *model, int32_t instrument, TpSide side);
extern bool tradepost_model_crosses(TpSide side, int64_t limit, int64_t opposite);
extern bool tradepost_model_can_fill(const TpModel *model, const TpOrderState *taker);
extern void tradepost_model_match(TpModel *model, TpOrderState *taker);
extern void tradepost_model_take(TpModel *model, TpOrderState *taker); /* the same, and what never rests is cancelled */
/* Cash, things and positions change hands; a fee goes to the house; a fill's fee in its role is returned. */
extern void tradepost_model_exchange(TpModel *model, const TpInstrument *instrument, int64_t buyer, int64_t seller,
									 int64_t quantity, int64_t price);
extern void tradepost_model_charge(TpModel *model, const TpInstrument *instrument, int64_t account, tp_int128 fee);
extern int64_t tradepost_model_fill_order(TpModel *model, const TpInstrument *instrument, TpOrderState *order,
										  bool as_maker, int64_t quantity, int64_t price);
extern TpEvent *tradepost_model_trade_event(TpModel *model, TpEventKind kind, TpInstrument *instrument, int64_t account,
											TpSide side, const TpOrderState *maker, int64_t quantity, int64_t price);

/* model_ends.c */
extern bool tradepost_model_expire_next(TpModel *model);
extern TpOrderState *
tradepost_model_lowest_id(const TpModel *model, const int64_t *account, const int32_t *instrument, int64_t after);
extern void tradepost_model_settle(TpModel *model, TpInstrument *instrument, int64_t final, bool decision);
extern void tradepost_model_liquidate(TpModel *model, const TpInstrument *marked);

/* model_checks.c */
extern bool tradepost_model_price_in_range(const TpInstrument *instrument, int64_t price);
extern bool tradepost_model_quantity_in_range(const TpInstrument *instrument, int64_t quantity);
extern bool tradepost_model_inside_band(const TpInstrument *instrument, int64_t price);
extern bool tradepost_model_exposure_fits(const TpModel *model, const TpOrderState *order);
extern bool tradepost_model_funds_suffice(const TpModel *model, const TpOrderState *order, tp_int128 margin_before);
extern bool tradepost_model_would_cross(const TpModel *model, const TpOrderState *order);

/* model_trigger.c */
extern bool tradepost_model_has_trigger(int type);
extern bool tradepost_model_never_rests(int type);
extern void tradepost_model_trigger(TpModel *model, const TpInstrument *instrument);

/* model_link.c; traded and ended are for after the event. */
extern bool tradepost_model_may_link(const TpModel *model, const TpCommand *command);
extern void tradepost_model_cancel_partner(TpModel *model, const TpOrderState *order);
extern TpOrderState *tradepost_model_open_parent(const TpModel *model, const TpOrderState *order);
extern void tradepost_model_parent_came(TpModel *model, const TpOrderState *parent);
extern void tradepost_model_parent_refused(TpModel *model, int64_t id);
extern void tradepost_model_traded(TpModel *model, const TpOrderState *order);
extern void tradepost_model_ended(TpModel *model, const TpOrderState *order);

/* model_apply.c, model_place.c, model_amend.c */
extern TpEvent *tradepost_model_reject(TpModel *model, const TpCommand *command, TpReason reason);
extern void tradepost_model_place(TpModel *model, const TpCommand *command);
extern void tradepost_model_cancel(TpModel *model, const TpCommand *command);
extern void tradepost_model_amend(TpModel *model, const TpCommand *command);

#endif
