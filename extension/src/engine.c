/*
 * engine.c
 *	  The state machine's outside: making it, loading it, the switch over
 *	  commands, and reading.  The contract is in engine.h, the rules are in the files
 *	  that engine_state.h names.
 */
#include "engine_state.h"

TpEngine *
tradepost_engine_create(void)
{
	TpEngine *engine = tradepost_mem_alloc(sizeof(TpEngine));

	tradepost_orders_init(&engine->orders);
	tradepost_slab_init(&engine->details, sizeof(TpOrder));
	tradepost_accounts_init(&engine->accounts);
	tradepost_slab_init(&engine->markets, sizeof(TpMarket));
	tradepost_keymap_init(&engine->by_instrument);
	tradepost_link_init(engine);
	return engine;
}

void
tradepost_engine_destroy(TpEngine *engine)
{
	TpVec *vecs[] = { &engine->events,         &engine->closed,         &engine->loading,         &engine->dirty_orders,
					  &engine->dirty_balances, &engine->dirty_holdings, &engine->dirty_markets,   &engine->out_orders,
					  &engine->out_balances,   &engine->out_positions,  &engine->out_instruments, &engine->due };

	for (size_t i = 0; i < sizeof(vecs) / sizeof(vecs[0]); i++)
		tp_vec_free(vecs[i]);
	tradepost_link_destroy(engine);
	tradepost_market_destroy_all(engine);
	tradepost_accounts_destroy(&engine->accounts);
	tradepost_lifetime_destroy(&engine->lifetime);
	tradepost_slab_destroy(&engine->details);
	tradepost_orders_destroy(&engine->orders);
	tradepost_mem_free(engine);
}

/* Loading: objects are put where commands would have put them, and listed as changed. */

void
tradepost_engine_load_balance(TpEngine *engine, int64_t account, int32_t asset, tp_int128 total)
{
	TpBalance *balance = tradepost_balance_get(&engine->accounts, account, asset);

	balance->total = total;
	balance->stored = true;
	tradepost_touch_balance(engine, balance);
}

void
tradepost_engine_load_position(TpEngine *engine, int64_t account, int32_t instrument, int64_t quantity)
{
	TpMarket *market = tradepost_market_find(engine, instrument);
	TpHolding *holding = tradepost_holding_get(&engine->accounts, account, market);

	holding->stored = true;
	tradepost_settle_move(engine, holding, quantity - holding->position);
}

/*
 * Its place depends on orders that may not be loaded yet, so it is given one in
 * tradepost_engine_loaded().
 */
void
tradepost_engine_load_order(TpEngine *engine, const TpOrderState *state)
{
	TpMarket *market = tradepost_market_find(engine, state->instrument);
	TpHolding *holding = tradepost_holding_get(&engine->accounts, state->account, market);
	TpNamedOrder loaded = { .id = state->rank, .order = tradepost_order_new(engine, state, holding) };

	TP_PUSH(&engine->loading, TpNamedOrder, loaded);
}

/* Pointers of a list, for which `missing` holds. */
static TpVec
pick(const TpVec *list, bool (*missing)(const void *object))
{
	TpVec picked = { 0 };

	for (size_t i = 0; i < list->count; i++)
	{
		void *object = TP_AT(list, void *, i);

		if (missing(object))
			TP_PUSH(&picked, void *, object);
	}
	return picked;
}

static bool
balance_is_missing(const void *balance)
{
	return !((const TpBalance *) balance)->stored;
}

static bool
holding_is_missing(const void *holding)
{
	return !((const TpHolding *) holding)->stored;
}

/*
 * Forget what is listed as changed, but for what orders need and no row was loaded for:
 * that is the host's to store, as anything new.
 */
static void
settle_lists(TpEngine *engine)
{
	TpVec balances = pick(&engine->dirty_balances, balance_is_missing);
	TpVec holdings = pick(&engine->dirty_holdings, holding_is_missing);

	tradepost_engine_end_batch(engine);
	for (size_t i = 0; i < balances.count; i++)
	{
		TpBalance *balance = TP_AT(&balances, TpBalance *, i);

		balance->stored = false;
		tradepost_touch_balance(engine, balance);
	}
	for (size_t i = 0; i < holdings.count; i++)
	{
		TpHolding *holding = TP_AT(&holdings, TpHolding *, i);

		holding->stored = false;
		tradepost_touch_holding(engine, holding);
	}
	tp_vec_free(&balances);
	tp_vec_free(&holdings);
}

void
tradepost_engine_loaded(TpEngine *engine)
{
	TpVec *loading = &engine->loading;

	tradepost_sort_named(loading);
	for (size_t i = 0; i < loading->count; i++)
	{
		uint32_t order = TP_AT(loading, TpNamedOrder, i).order;

		if (tp_waits(engine, order))
			tradepost_order_wait(engine, order);
		else
			tradepost_order_rest(engine, order);
		tradepost_list_order(engine, order);
	}
	for (size_t i = 0; i < loading->count; i++)
		tradepost_link_loaded(engine, TP_AT(loading, TpNamedOrder, i).order);
	tp_vec_free(loading);
	settle_lists(engine);
}

void
tradepost_engine_set_seq(TpEngine *engine, int64_t last_seq)
{
	engine->seq = last_seq;
}

/* Commands. */

static void
deposit(TpEngine *engine)
{
	const TpCommand *command = engine->command;
	bool in = command->kind == TP_CMD_DEPOSIT;
	TpBalance *account;
	TpBalance *counter;
	TpEvent *event;

	if (command->quantity <= 0 || command->asset <= 0)
	{
		tradepost_reject(engine, TP_REASON_OUT_OF_RANGE);
		return;
	}
	account = tradepost_balance_find(&engine->accounts, command->account, command->asset);
	if (!in && tradepost_risk_free_funds(engine, account) < command->quantity)
	{
		tradepost_reject(engine, TP_REASON_INSUFFICIENT_FUNDS);
		return;
	}
	event = tradepost_emit(engine, in ? TP_EV_DEPOSITED : TP_EV_WITHDRAWN);
	event->decision = 1;
	event->account = command->account;
	event->counter_account = command->counter_account;
	event->asset = command->asset;
	event->quantity = command->quantity;
	event->fields = TP_EVF_QUANTITY;
	account = tradepost_balance_get(&engine->accounts, command->account, command->asset);
	counter = tradepost_balance_get(&engine->accounts, command->counter_account, command->asset);
	tradepost_settle_pay(engine, in ? counter : account, in ? account : counter, command->quantity);
}

static void
decide(TpEngine *engine)
{
	switch (engine->command->kind)
	{
		case TP_CMD_PLACE:
			tradepost_accept(engine);
			break;
		case TP_CMD_CANCEL:
			tradepost_cancel(engine);
			break;
		case TP_CMD_AMEND:
			tradepost_amend(engine);
			break;
		case TP_CMD_CANCEL_ALL:
			tradepost_cancel_all(engine);
			break;
		case TP_CMD_DEPOSIT:
		case TP_CMD_WITHDRAW:
			deposit(engine);
			break;
		case TP_CMD_MARK:
			tradepost_market_mark(engine);
			break;
		case TP_CMD_HALT:
			tradepost_market_set_status(engine, TP_INSTRUMENT_HALTED);
			break;
		case TP_CMD_RESUME:
			tradepost_market_set_status(engine, TP_INSTRUMENT_OPEN);
			break;
		case TP_CMD_LIST:
			tradepost_market_list(engine);
			break;
		case TP_CMD_SETTLE:
			tradepost_market_settle(engine);
			break;
		case TP_CMD_SWEEP:
			tradepost_emit(engine, TP_EV_SWEPT)->decision = 1;
			break;
		default:
			tradepost_reject(engine, TP_REASON_OUT_OF_RANGE);
	}
}

void
tradepost_engine_apply(TpEngine *engine, const TpCommand *command, int64_t now)
{
	engine->command = command;
	engine->now = now;
	tradepost_expire_due(engine);
	if (!command->poisoned)
		decide(engine);
	else if (command->kind == TP_CMD_PLACE)
		tradepost_accept_poisoned(engine);
	else
		tradepost_reject(engine, TP_REASON_ENGINE_ERROR);
	engine->command = NULL;
}

static void
prefetch_details(const TpEngine *engine, uint32_t order)
{
	const char *details = (const char *) tp_details(engine, order);

	for (size_t at = 0; at < sizeof(TpOrder); at += 64)
		__builtin_prefetch(details + at, 1);
}

/*
 * Three steps, because each needs what the one before fetched: where the id is
 * filed, the order, and what hangs on it.
 */
void
tradepost_engine_prefetch(const TpEngine *engine, const TpCommand *next, size_t count)
{
	const TpCommand *far;
	const TpCommand *middle;
	const TpCommand *near;
	uint32_t order;

	if (count < TRADEPOST_LOOK_AHEAD)
		return;
	far = &next[TRADEPOST_LOOK_AHEAD - 1];
	middle = &next[TRADEPOST_LOOK_AHEAD / 2];
	near = &next[TRADEPOST_LOOK_AHEAD / 4];
	tradepost_orders_prefetch_id(&engine->orders, far->kind == TP_CMD_PLACE ? far->id : far->order_id);
	if (middle->kind == TP_CMD_CANCEL || middle->kind == TP_CMD_AMEND)
	{
		order = tradepost_orders_prefetch_order(&engine->orders, middle->order_id);
		if (order != TP_NONE)
			prefetch_details(engine, order);
	}
	if (near->kind == TP_CMD_CANCEL || near->kind == TP_CMD_AMEND)
		tradepost_orders_prefetch_neighbours(&engine->orders, near->order_id);
}

/* Reading. */

int64_t
tradepost_engine_next_expiry(const TpEngine *engine)
{
	const TpLifetimeEntry *first = tp_lifetime_first(&engine->lifetime);

	return first == NULL ? TRADEPOST_TIME_NEVER : first->expires_at;
}

const TpInstrument *
tradepost_engine_instrument(const TpEngine *engine, int32_t id)
{
	const TpMarket *market = tradepost_market_find(engine, id);

	return market == NULL ? NULL : &market->spec;
}

size_t
tradepost_engine_depth(const TpEngine *engine, int32_t instrument, TpSide side, size_t max, TpLevel *out)
{
	const TpMarket *market = tradepost_market_find(engine, instrument);
	const TpBookLevel *level = market == NULL ? NULL : tp_book_best(&market->book, side);
	size_t n = 0;

	while (level != NULL && n < max)
	{
		out[n].price = level->price;
		out[n].quantity = level->quantity;
		out[n].orders = level->orders;
		n++;
		level = tp_level_worse(&engine->orders, level);
	}
	return n;
}

bool
tradepost_engine_order(const TpEngine *engine, int64_t id, TpOrderState *out)
{
	uint32_t order = tradepost_orders_find(&engine->orders, id);

	if (order == TP_NONE)
		return false;
	*out = tp_details(engine, order)->state;
	return true;
}

size_t
tradepost_engine_open_orders(const TpEngine *engine)
{
	return engine->n_open;
}

void
tradepost_engine_open_order_ids(const TpEngine *engine, int64_t *out)
{
	for (uint32_t order = 1; order <= engine->orders.orders.used; order++)
		if (tp_order(engine, order)->level != TP_NONE || (engine->n_waiting > 0 && tp_waits(engine, order)))
			*out++ = tp_order(engine, order)->id;
}

void
tradepost_engine_balance(const TpEngine *engine, int64_t account, int32_t asset, TpBalanceState *out)
{
	const TpBalance *balance = tradepost_balance_find(&engine->accounts, account, asset);

	if (balance == NULL)
		*out = (TpBalanceState){ .account = account, .asset = asset };
	else
		*out = tp_balance_state(balance);
}

void
tradepost_engine_position(const TpEngine *engine, int64_t account, int32_t instrument, TpPositionState *out)
{
	const TpHolding *holding = tradepost_holding_find(&engine->accounts, account, instrument);

	if (holding == NULL)
		*out = (TpPositionState){ .account = account, .instrument = instrument };
	else
		*out = tp_position_state(holding);
}

tp_int128
tradepost_engine_free_funds(const TpEngine *engine, int64_t account, int32_t asset)
{
	return tradepost_risk_free_funds(engine, tradepost_balance_find(&engine->accounts, account, asset));
}

int64_t
tradepost_engine_last_seq(const TpEngine *engine)
{
	return engine->seq;
}
