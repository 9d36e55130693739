/*
 * account.c
 *	  See account.h.  Called by the engine's parts; knows nothing of orders but
 *	  that a holding has some.
 */
#include "account.h"

void
tradepost_accounts_init(TpAccounts *accounts)
{
	tradepost_slab_init(&accounts->accounts, sizeof(TpAccount));
	tradepost_slab_init(&accounts->balances, sizeof(TpBalance));
	tradepost_slab_init(&accounts->holdings, sizeof(TpHolding));
	tradepost_keymap_init(&accounts->by_account);
	tradepost_keymap_init(&accounts->by_asset);
	tradepost_keymap_init(&accounts->by_instrument);
	accounts->seed = tp_mix((uint64_t) (uintptr_t) accounts->by_account.slots);
}

void
tradepost_accounts_destroy(TpAccounts *accounts)
{
	tradepost_slab_destroy(&accounts->accounts);
	tradepost_slab_destroy(&accounts->balances);
	tradepost_slab_destroy(&accounts->holdings);
	tradepost_keymap_destroy(&accounts->by_account);
	tradepost_keymap_destroy(&accounts->by_asset);
	tradepost_keymap_destroy(&accounts->by_instrument);
}

TpAccount *
tradepost_account_find(const TpAccounts *accounts, int64_t id)
{
	uint32_t hash = tp_hash1(accounts->seed, id);
	uint32_t slot = hash;
	uint32_t handle;

	while ((handle = tp_keymap_next(&accounts->by_account, hash, &slot)) != TP_NONE)
	{
		TpAccount *account = tp_slab_at(&accounts->accounts, handle);

		if (account->id == id)
			return account;
	}
	return NULL;
}

static TpAccount *
get_account(TpAccounts *accounts, int64_t id)
{
	TpAccount *account = tradepost_account_find(accounts, id);
	uint32_t handle;

	if (account != NULL)
		return account;
	handle = tradepost_slab_take(&accounts->accounts);
	account = tp_slab_at(&accounts->accounts, handle);
	*account = (TpAccount){ .id = id };
	tradepost_keymap_insert(&accounts->by_account, tp_hash1(accounts->seed, id), handle);
	return account;
}

TpBalance *
tradepost_balance_find(const TpAccounts *accounts, int64_t account, int32_t asset)
{
	uint32_t hash = tp_hash2(accounts->seed, account, asset);
	uint32_t slot = hash;
	uint32_t handle;

	while ((handle = tp_keymap_next(&accounts->by_asset, hash, &slot)) != TP_NONE)
	{
		TpBalance *balance = tp_slab_at(&accounts->balances, handle);

		if (balance->account == account && balance->asset == asset)
			return balance;
	}
	return NULL;
}

TpBalance *
tradepost_balance_get(TpAccounts *accounts, int64_t account, int32_t asset)
{
	TpBalance *balance = tradepost_balance_find(accounts, account, asset);
	TpAccount *owner;
	uint32_t handle;

	if (balance != NULL)
		return balance;
	owner = get_account(accounts, account);
	handle = tradepost_slab_take(&accounts->balances);
	balance = tp_slab_at(&accounts->balances, handle);
	*balance = (TpBalance){ .account = account, .asset = asset, .next = owner->balances };
	owner->balances = balance;
	tradepost_keymap_insert(&accounts->by_asset, tp_hash2(accounts->seed, account, asset), handle);
	return balance;
}

TpHolding *
tradepost_holding_find(const TpAccounts *accounts, int64_t account, int32_t instrument)
{
	uint32_t hash = tp_hash2(accounts->seed, account, instrument);
	uint32_t slot = hash;
	uint32_t handle;

	while ((handle = tp_keymap_next(&accounts->by_instrument, hash, &slot)) != TP_NONE)
	{
		TpHolding *holding = tp_holding_at(accounts, handle);

		if (holding->account == account && holding->market->spec.id == instrument)
			return holding;
	}
	return NULL;
}

TpHolding *
tradepost_holding_get(TpAccounts *accounts, int64_t account, TpMarket *market)
{
	const TpInstrument *spec = &market->spec;
	TpHolding *holding = tradepost_holding_find(accounts, account, spec->id);
	uint32_t handle;

	if (holding != NULL)
		return holding;
	handle = tradepost_slab_take(&accounts->holdings);
	holding = tp_holding_at(accounts, handle);
	*holding = (TpHolding){ .account = account,
							.market = market,
							.handle = handle,
							.quote = tradepost_balance_get(accounts, account, spec->quote_asset) };
	if (spec->kind == TP_SPOT)
		holding->base = tradepost_balance_get(accounts, account, spec->base_asset);
	tradepost_keymap_insert(&accounts->by_instrument, tp_hash2(accounts->seed, account, spec->id), handle);
	return holding;
}

void
tradepost_holding_relink(TpHolding *holding)
{
	bool active = holding->position != 0 || holding->n_orders > 0 || holding->n_waiting > 0;
	TpHolding **head = &holding->quote->active[holding->market->spec.kind == TP_FUTURE];

	if (active == holding->active)
		return;
	holding->active = active;
	if (active)
	{
		holding->previous_active = NULL;
		holding->next_active = *head;
		if (*head != NULL)
			(*head)->previous_active = holding;
		*head = holding;
		return;
	}
	if (holding->next_active != NULL)
		holding->next_active->previous_active = holding->previous_active;
	if (holding->previous_active != NULL)
		holding->previous_active->next_active = holding->next_active;
	else
		*head = holding->next_active;
}
