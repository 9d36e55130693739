/*
 * test_proxy_cache.c
 *	  The cache's store and its versions.
 */
#include "buffer.h"
#include "cache_store.h"
#include "tap.h"
#include "versions.h"

#include <sodium.h>
#include <stdlib.h>

static void
put(TpCacheStore *store, int number, size_t length, int64_t version)
{
	char key[16];
	char *text = malloc(length + 1);

	snprintf(key, sizeof(key), "key %d", number);
	memset(text, 'a' + number % 26, length);
	tp_cache_store_put(store, tp_slice(key), version, 0, (TpSlice){ text, length });
	free(text);
}

static const TpCacheEntry *
get(TpCacheStore *store, int number)
{
	char key[16];

	snprintf(key, sizeof(key), "key %d", number);
	return tp_cache_store_get(store, tp_slice(key));
}

static void
store(TpTap *tap)
{
	TpCacheStore *s = tp_cache_store_new(100000);
	int there = 0;
	bool right = true;

	tradepost_tap_ok(tap, get(s, 1) == NULL, "nothing is there at first");
	put(s, 1, 100, 7);
	tradepost_tap_ok(tap, get(s, 1) != NULL && get(s, 1)->version == 7 && get(s, 1)->text.length == 100,
					 "what was put");
	put(s, 1, 50, 8);
	tradepost_tap_ok(tap, get(s, 1)->version == 8 && get(s, 1)->text.length == 50, "the newer one in its place");
	put(s, 2, 20000, 1);
	tradepost_tap_ok(tap, get(s, 2) == NULL && get(s, 1) != NULL, "what is very large is not kept");
	for (int i = 10; i < 1010; i++)
	{
		put(s, i, 1000, i);
		(void) get(s, 1);
	}
	for (int i = 10; i < 1010; i++)
	{
		const TpCacheEntry *entry = get(s, i);

		there += entry != NULL;
		right = right && (entry == NULL || (entry->version == i && entry->text.data[999] == 'a' + i % 26));
	}
	tradepost_tap_ok(tap, there > 50 && there < 100 && right, "as many as fit, each with its own text");
	tradepost_tap_ok(tap, get(s, 1009) != NULL && get(s, 10) == NULL, "the newest of them");
	tradepost_tap_ok(tap, get(s, 1) != NULL, "and the one that was used all the time");
	tradepost_tap_ok(tap, tp_cache_store_bytes(s) <= 100000, "no more bytes than allowed");
	tp_cache_store_free(s);
}

static void
versions(TpTap *tap)
{
	TpVersions *v = tp_alloc(sizeof(TpVersions));

	tp_versions_touch(v, &(TpEvent){
							 .seq = 10, .kind = TP_EV_TRADE, .instrument = 3, .account = 4, .counter_account = 5 });
	tradepost_tap_ok(tap,
					 tp_versions_trades(v, 3) == 10 && tp_versions_trades(v, 2) == 0 && tp_versions_trades(v, 900) == 0,
					 "a trade touches its instrument");
	tradepost_tap_ok(tap,
					 tp_versions_account(v, 4) == 10 && tp_versions_account(v, 5) == 10 &&
						 tp_versions_account(v, 6) == 0,
					 "and both accounts");
	tp_versions_touch(v, &(TpEvent){ .seq = 11, .kind = TP_EV_ACCEPTED, .instrument = 3, .account = 4 });
	tradepost_tap_ok(tap, tp_versions_trades(v, 3) == 10 && v->market == 11 && tp_versions_account(v, 4) == 11,
					 "an order touches prices and account, not the trades");
	tp_versions_touch(v, &(TpEvent){ .seq = 12, .kind = TP_EV_REJECTED, .instrument = 3, .account = 4 });
	tradepost_tap_ok(tap, v->market == 11 && tp_versions_account(v, 4) == 12, "a rejected one the account alone");
	tp_versions_touch(v, &(TpEvent){ .seq = 13, .kind = TP_EV_DEPOSITED, .account = 5 });
	tradepost_tap_ok(tap, v->market == 11 && v->mark == 0 && tp_versions_account(v, 5) == 13, "a deposit, too");
	tp_versions_touch(v, &(TpEvent){ .seq = 14, .kind = TP_EV_MARKED, .instrument = 3 });
	tradepost_tap_ok(tap, v->mark == 14 && v->definitions == 14 && v->market == 14, "a mark touches what shows marks");
	tp_versions_free(v);
	free(v);
}

int
main(void)
{
	TpTap tap = { 0 };

	if (sodium_init() < 0)
		return 1;
	store(&tap);
	versions(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
