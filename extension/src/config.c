/*
 * config.c
 *	  What a backend remembers of the configuration.
 *
 * Instruments, assets, tenants and tiers are read whole when their generation in
 * shared memory has moved; accounts are looked up when first met.  Rows are read
 * with a fresh snapshot whatever the transaction's isolation, because that is
 * what the generation vouches for, and as the bootstrap superuser, because
 * traders may not read these tables: so every name in a query is qualified, down
 * to the operators, whatever the caller's search_path holds.  What a transaction changed itself is
 * dropped when it ends.
 *
 * Over 500 lines, because it is one memory: what is read together, kept together and
 * dropped together.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "config.h"
#include "errcodes.h"
#include "executor/spi.h"
#include "guc.h"
#include "instance.h"
#include "listings.h"
#include "miscadmin.h"
#include "pending.h"
#include "shmem.h"
#include "units.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#define MAX_OWNERS 8 /* remembered per account; more are looked up each time */

typedef struct Tenant
{
	int64 id;
	int64 external_account;
} Tenant;

typedef struct TierLimit
{
	int64 tenant; /* 0: every one that has no terms of its own */
	char *tier;
	int32 open_orders; /* 0: no limit */
} TierLimit;

typedef struct AccountEntry
{
	int64 id; /* key */
	int64 tenant;
	int owners;
	Oid owner[MAX_OWNERS];
	Oid allowed_role; /* role last found to be allowed */
} AccountEntry;

static MemoryContext config_context = NULL;
static uint32 loaded_generation = 0; /* 0: nothing loaded */
static bool must_reload = false;     /* set where nothing may throw */
static bool accounts_changed = false;
static TransactionId tentative_xid = InvalidTransactionId; /* what wrote before it looked up an account, last */
static bool instance_matches;
static bool initialized;
static TpListings listings;
static TpAsset *assets;
static int asset_count;
static Tenant *tenants;
static int tenant_count;
static TierLimit *tiers; /* a tenant's own terms before everybody's */
static int tier_count;
static HTAB *accounts = NULL;

#define LISTING_SOURCE                                                                                               \
	" FROM tradepost_internal.instruments i JOIN tradepost_internal.assets q ON q.id OPERATOR(pg_catalog.=) i.quote" \
	" JOIN tradepost_internal.tenants t ON t.id OPERATOR(pg_catalog.=) i.tenant"

/*
 * A (sub)transaction aborted or changed the configuration; nothing may throw here.
 * What others committed stays known: or each refused order of a batch would make
 * the next look up everybody anew.
 */
static void
forget(bool configuration)
{
	if (configuration)
		must_reload = true;
	if (configuration || (TransactionIdIsValid(tentative_xid) && tentative_xid == GetTopTransactionIdIfAny()))
		accounts_changed = true;
}

static void
role_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	accounts_changed = true;
}

/* Of a column that is never NULL. */
static Datum
column(HeapTuple row, TupleDesc desc, int number)
{
	bool isnull;

	return SPI_getbinval(row, desc, number, &isnull);
}

/* Run a query with a fresh snapshot and all rights; SPI is connected. */
static void
read_rows(const char *query)
{
	Oid user;
	int context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute(query, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the configuration");
	PopActiveSnapshot();
	SetUserIdAndSecContext(user, context);
}

static void
load_listings(void)
{
	MemoryContext old;
	TpListing *array;
	int count;

	read_rows(psprintf("SELECT %s" LISTING_SOURCE, tradepost_listing_columns));
	old = MemoryContextSwitchTo(config_context);
	count = (int) SPI_processed;
	array = palloc_extended((count + 1) * sizeof(TpListing), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		tradepost_listing_from_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, &array[i]);
	tradepost_listings_sort(&listings, array, count);
	MemoryContextSwitchTo(old);
}

static void
load_assets(void)
{
	MemoryContext old;

	read_rows("SELECT id, tenant, code, scale FROM tradepost_internal.assets");
	old = MemoryContextSwitchTo(config_context);
	asset_count = (int) SPI_processed;
	assets = palloc0((asset_count + 1) * sizeof(TpAsset));
	for (int i = 0; i < asset_count; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;

		assets[i].id = DatumGetInt32(column(row, desc, 1));
		assets[i].tenant = DatumGetInt64(column(row, desc, 2));
		assets[i].code = TextDatumGetCString(column(row, desc, 3));
		assets[i].scale = DatumGetInt32(column(row, desc, 4));
		assets[i].unit = tradepost_unit_of_scale(assets[i].scale);
	}
	MemoryContextSwitchTo(old);
}

static void
load_tenants(void)
{
	MemoryContext old;

	read_rows("SELECT id, external_account FROM tradepost_internal.tenants");
	old = MemoryContextSwitchTo(config_context);
	tenant_count = (int) SPI_processed;
	tenants = palloc0((tenant_count + 1) * sizeof(Tenant));
	for (int i = 0; i < tenant_count; i++)
	{
		tenants[i].id = DatumGetInt64(column(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
		tenants[i].external_account = DatumGetInt64(column(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2));
	}
	MemoryContextSwitchTo(old);
}

static void
load_tiers(void)
{
	MemoryContext old;

	read_rows("SELECT coalesce(t.tenant, 0), t.tier, coalesce(t.max_open_orders, 0) FROM tradepost_internal.tiers t"
			  " ORDER BY t.tenant NULLS LAST");
	old = MemoryContextSwitchTo(config_context);
	tier_count = (int) SPI_processed;
	tiers = palloc0((tier_count + 1) * sizeof(TierLimit));
	for (int i = 0; i < tier_count; i++)
	{
		tiers[i].tenant = DatumGetInt64(column(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
		tiers[i].tier = TextDatumGetCString(column(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2));
		tiers[i].open_orders = DatumGetInt32(column(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3));
	}
	MemoryContextSwitchTo(old);
}

static void
load_instance(void)
{
	read_rows("SELECT instance FROM tradepost_internal.engine_state");
	initialized = SPI_processed == 1;
	instance_matches = initialized && strcmp(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
											 tradepost_instance_text()) == 0;
}

static void
make_accounts_table(void)
{
	HASHCTL control = { 0 };

	if (accounts != NULL)
		hash_destroy(accounts);
	control.keysize = sizeof(int64);
	control.entrysize = sizeof(AccountEntry);
	control.hcxt = TopMemoryContext;
	accounts = hash_create("tradepost accounts", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Bring what we remember up to date. */
static void
load(void)
{
	TpDatabase *db = tradepost_my_database(true);
	uint32 generation = pg_atomic_read_u32(&db->generation);

	if (config_context == NULL)
	{
		config_context = AllocSetContextCreate(TopMemoryContext, "tradepost configuration", ALLOCSET_SMALL_SIZES);
		CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, role_changed, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHOID, role_changed, (Datum) 0);
		tradepost_pending_init();
		tradepost_pending_on_forget(forget);
	}
	if (likely(loaded_generation == generation && !must_reload))
		return;

	loaded_generation = 0;
	must_reload = false;
	MemoryContextReset(config_context);
	make_accounts_table();
	SPI_connect();
	load_listings();
	load_assets();
	load_tenants();
	load_tiers();
	load_instance();
	SPI_finish();
	loaded_generation = generation;

	/* Our own uncommitted changes hold for this transaction only, and only until its next one. */
	if (tradepost_configuration_is_dirty())
		must_reload = true;
}

void
tradepost_require_engine(void)
{
	load();
	if (!initialized || instance_matches)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_TP_ENGINE_OFF), errmsg("this database is a copy of another one, and its engine is off"),
			 errhint("If it is to trade in place of the original, call tradepost.post_restore().")));
}

const TpListing *
tradepost_listing(int64 tenant, const char *symbol, int length)
{
	const TpListing *listing;

	load();
	listing = tradepost_listings_find(&listings, tenant, symbol, length);
	if (likely(listing != NULL))
		return listing;
	ereport(ERROR,
			(errcode(ERRCODE_TP_INSTRUMENT_UNKNOWN), errmsg("symbol \"%.*s\" is unknown", Min(length, 64), symbol),
			 errhint("View tradepost.instruments lists what is traded.")));
	return NULL;
}

const TpListing *
tradepost_listing_by_id(int32 id)
{
	load();
	return tradepost_listings_find_id(&listings, id);
}

const TpAsset *
tradepost_asset(int64 tenant, const char *code, int length)
{
	load();
	for (int i = 0; i < asset_count; i++)
	{
		if (assets[i].tenant == tenant && (int) strlen(assets[i].code) == length &&
			memcmp(assets[i].code, code, length) == 0)
			return &assets[i];
	}
	ereport(ERROR, (errcode(ERRCODE_TP_ASSET_UNKNOWN), errmsg("asset \"%.*s\" is unknown", Min(length, 64), code),
					errhint("tradepost.create_asset() makes one.")));
	return NULL;
}

int64
tradepost_external_account(int64 tenant)
{
	load();
	for (int i = 0; i < tenant_count; i++)
	{
		if (tenants[i].id == tenant)
			return tenants[i].external_account;
	}
	elog(ERROR, "tenant %lld is unknown", (long long) tenant);
	return 0;
}

int32
tradepost_open_order_limit(int64 tenant, const char *tier)
{
	load();
	for (int i = 0; i < tier_count; i++)
	{
		if ((tiers[i].tenant == tenant || tiers[i].tenant == 0) && strcmp(tiers[i].tier, tier) == 0)
			return tiers[i].open_orders;
	}
	return 0;
}

static bool
is_member(const char *role)
{
	Oid oid = get_role_oid(role, true);

	return OidIsValid(oid) && has_privs_of_role(GetUserId(), oid);
}

static bool
is_admin(void)
{
	return superuser() || is_member("tradepost_admin");
}

void
tradepost_require_admin(const char *what)
{
	if (is_admin())
		return;
	ereport(ERROR, (errcode(ERRCODE_TP_NOT_ALLOWED),
					errmsg("role \"%s\" may not %s", GetUserNameFromId(GetUserId(), false), what),
					errhint("It takes membership in tradepost_admin.")));
}

static void
drop_account(int64 id)
{
	if (accounts != NULL)
		hash_search(accounts, &id, HASH_REMOVE, NULL);
}

/* As read_rows, with a plan that is made once: there are many accounts. */
static void
read_account(int64 id)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = { INT8OID };
	Datum values[] = { Int64GetDatum(id) };
	Oid user;
	int context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	if (plan == NULL)
	{
		SPIPlanPtr made =
			SPI_prepare_cursor("SELECT a.tenant, o.owner::pg_catalog.text FROM tradepost_internal.accounts a"
							   " LEFT JOIN tradepost_internal.account_owners o ON o.account OPERATOR(pg_catalog.=) a.id"
							   " WHERE a.id OPERATOR(pg_catalog.=) $1",
							   1, types, CURSOR_OPT_GENERIC_PLAN);
		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "cannot prepare the look-up of accounts: %s", SPI_result_code_string(SPI_result));
		plan = made;
	}
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_plan(plan, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the configuration");
	PopActiveSnapshot();
	SetUserIdAndSecContext(user, context);
}

static AccountEntry *
find_account(int64 id)
{
	AccountEntry *entry;
	int64 tenant;
	Oid owners[MAX_OWNERS];
	int owner_count = 0;

	load();
	if (accounts_changed)
	{
		accounts_changed = false;
		make_accounts_table();
	}
	entry = hash_search(accounts, &id, HASH_FIND, NULL);
	if (entry != NULL)
		return entry;

	SPI_connect();
	read_account(id);
	if (SPI_processed == 0)
	{
		SPI_finish();
		return NULL;
	}
	tenant = DatumGetInt64(column(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	for (uint64 i = 0; i < SPI_processed && owner_count < MAX_OWNERS; i++)
	{
		char *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
		Oid oid = name == NULL ? InvalidOid : get_role_oid(name, true);

		if (OidIsValid(oid))
			owners[owner_count++] = oid;
	}
	SPI_finish();

	/* A transaction that has written may have seen rows of its own. */
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		tentative_xid = GetTopTransactionIdIfAny();
	entry = hash_search(accounts, &id, HASH_ENTER, NULL);
	entry->tenant = tenant;
	entry->owners = owner_count;
	memcpy(entry->owner, owners, sizeof(owners));
	entry->allowed_role = InvalidOid;
	return entry;
}

/* The role that must own the account: tradepost_proxy acts for the one that tradepost.actor names. */
static Oid
acting_role(void)
{
	Oid actor;

	if (tradepost_actor == NULL || tradepost_actor[0] == '\0' || !is_member("tradepost_proxy"))
		return GetUserId();

	/* A superuser owns every account, which is more than a proxy may claim to speak for. */
	actor = get_role_oid(tradepost_actor, true);
	return OidIsValid(actor) && superuser_arg(actor) && !superuser() ? InvalidOid : actor;
}

static bool
may_trade(AccountEntry *entry, Oid role)
{
	bool allowed;

	if (!OidIsValid(role))
		return false;
	if (entry->allowed_role == role)
		return true;
	allowed = role == GetUserId() && is_admin();
	for (int i = 0; i < entry->owners && !allowed; i++)
		allowed = has_privs_of_role(role, entry->owner[i]);
	if (allowed)
		entry->allowed_role = role;
	return allowed;
}

TpAccount
tradepost_account_for_trading(int64 id)
{
	AccountEntry *entry = find_account(id);
	Oid role = acting_role();

	if (entry != NULL && likely(may_trade(entry, role)))
		return (TpAccount){ .id = id, .tenant = entry->tenant };

	/* What we remember may be older than the role's ownership. */
	drop_account(id);
	entry = find_account(id);
	if (entry != NULL && may_trade(entry, role))
		return (TpAccount){ .id = id, .tenant = entry->tenant };
	if (entry == NULL && is_admin())
		ereport(ERROR, (errcode(ERRCODE_TP_ACCOUNT_UNKNOWN), errmsg("account %lld does not exist", (long long) id),
						errhint("tradepost.open_account() makes one.")));
	ereport(ERROR, (errcode(ERRCODE_TP_ACCOUNT_NOT_OWNED),
					errmsg("account %lld does not exist or is not this role's", (long long) id),
					errhint("An account is traded by its owners and by members of tradepost_admin.")));
	return (TpAccount){ 0 };
}

TpAccount
tradepost_account_for_administration(int64 id)
{
	AccountEntry *entry = find_account(id);

	if (entry == NULL)
		ereport(ERROR, (errcode(ERRCODE_TP_ACCOUNT_UNKNOWN), errmsg("account %lld does not exist", (long long) id),
						errhint("tradepost.open_account() makes one.")));
	return (TpAccount){ .id = id, .tenant = entry->tenant };
}
