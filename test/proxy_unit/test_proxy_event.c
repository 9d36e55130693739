/*
 * test_proxy_event.c
 *	  Events: which messages they make, for whom, and what an order looks like in them.
 */
#include "decimal.h"
#include "event.h"
#include "tap.h"

#include <jansson.h>

#define S(text) ((TpSlice){ text, sizeof(text) - 1 })

static const TpInstrumentInfo wheat = { .id = 7, .symbol = "Dec25-Wheat", .asset = "Wheat", .contract = "Dec25" };
static const TpInstrumentInfo euro = { .id = 8, .symbol = "EUR-USD", .asset = "EUR" };

typedef struct Told
{
	int count;
	char names[8][32];
	int64_t accounts[8];
	json_t *data[8];
} Told;

static void
hear(void *context, const char *name, int64_t account, TpSlice data)
{
	Told *told = context;

	snprintf(told->names[told->count], sizeof(told->names[0]), "%s", name);
	told->accounts[told->count] = account;
	told->data[told->count++] = json_loadb(data.data, data.length, JSON_REJECT_DUPLICATES, NULL);
}

static void
forget(Told *told)
{
	for (int i = 0; i < told->count; i++)
		json_decref(told->data[i]);
	*told = (Told){ 0 };
}

static void
tell(const TpEvent *event, const TpInstrumentInfo *instrument, Told *told)
{
	TpBuffer scratch = { 0 };

	forget(told);
	tp_event_messages(event, instrument, &scratch, hear, told);
	tp_buffer_free(&scratch);
}

static bool
text_is(const Told *told, int i, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(told->data[i], name));

	return text != NULL && strcmp(text, value) == 0;
}

static bool
number_is(const Told *told, int i, const char *name, int64_t value)
{
	return json_integer_value(json_object_get(told->data[i], name)) == value;
}

static bool
is_null(const Told *told, int i, const char *name)
{
	return json_is_null(json_object_get(told->data[i], name));
}

static TpEvent
accepted(void)
{
	return (TpEvent){ .seq = 100,
					  .time_us = 1795245034123456,
					  .command = 12,
					  .order = 12,
					  .account = 4,
					  .instrument = 7,
					  .kind = TP_EV_ACCEPTED,
					  .decision = true,
					  .quantity = S("5"),
					  .price = S("99.5"),
					  .has_order = true,
					  .of = { .client_order_id = S("a \"quoted\" name"),
							  .quantity = S("5"),
							  .price = S("99.5"),
							  .filled = S("1.25"),
							  .average_price = S("99.4"),
							  .commission = S("0.12"),
							  .side = 0,
							  .type = 0,
							  .time_in_force = 2,
							  .status = 1,
							  .stp = 3,
							  .post_only = true,
							  .expires_us = 1795331434000000,
							  .created_us = 1795245034000000 } };
}

static void
orders(TpTap *tap)
{
	Told told = { 0 };
	TpEvent event = accepted();

	tell(&event, &wheat, &told);
	tradepost_tap_ok(tap, told.count == 1 && strcmp(told.names[0], "order:created") == 0 && told.accounts[0] == 4,
					 "an accepted order is told to its account alone");
	tradepost_tap_ok(tap, number_is(&told, 0, "id", 12) && text_is(&told, 0, "clientOrderId", "a \"quoted\" name"),
					 "id and the client's name for it");
	tradepost_tap_ok(tap, text_is(&told, 0, "symbol", "Dec25-Wheat") && text_is(&told, 0, "contract", "Dec25"),
					 "symbol and contract");
	tradepost_tap_ok(tap,
					 text_is(&told, 0, "side", "buy") && text_is(&told, 0, "type", "limit") &&
						 text_is(&told, 0, "timeInForce", "gtd") && text_is(&told, 0, "stp", "decrement") &&
						 text_is(&told, 0, "status", "partially_filled"),
					 "codes are words");
	tradepost_tap_ok(tap,
					 text_is(&told, 0, "quantity", "5") && text_is(&told, 0, "amount", "5") &&
						 text_is(&told, 0, "filled", "1.25") && text_is(&told, 0, "remaining", "3.75"),
					 "what is left is reckoned exactly");
	tradepost_tap_ok(tap,
					 text_is(&told, 0, "expiresAt", "2026-11-22T07:10:34.000000Z") &&
						 text_is(&told, 0, "updatedAt", "2026-11-21T07:10:34.123456Z"),
					 "times with microseconds");
	tradepost_tap_ok(tap, is_null(&told, 0, "reason") && json_object_size(told.data[0]) == 25, "nothing else");

	event.of.type = 1;
	event.of.status = 3;
	event.of.client_order_id = (TpSlice){ NULL, 0 };
	event.of.expires_us = 0;
	event.of.reason = S("unfilled");
	event.kind = TP_EV_CANCELLED;
	tell(&event, &euro, &told);
	tradepost_tap_ok(tap, strcmp(told.names[0], "order:cancelled") == 0 && text_is(&told, 0, "reason", "unfilled"),
					 "a cancelled one");
	tradepost_tap_ok(tap, is_null(&told, 0, "price") && text_is(&told, 0, "remaining", "0"),
					 "a market order shows no price, a closed one nothing left");
	tradepost_tap_ok(tap,
					 is_null(&told, 0, "clientOrderId") && is_null(&told, 0, "contract") &&
						 is_null(&told, 0, "expiresAt") && text_is(&told, 0, "asset", "EUR"),
					 "what is not there is null");
	event.kind = TP_EV_REJECTED;
	tell(&event, &wheat, &told);
	tradepost_tap_ok(tap, told.count == 1 && strcmp(told.names[0], "order:rejected") == 0, "a rejected order");
	event.command = 13;
	tell(&event, &wheat, &told);
	tradepost_tap_ok(tap, told.count == 0, "a rejected cancel is no rejected order");
	tell(&(TpEvent){ .kind = TP_EV_SWEPT, .seq = 1 }, NULL, &told);
	tradepost_tap_ok(tap, told.count == 0, "a sweep is nobody's business");
	forget(&told);
}

static void
trades(TpTap *tap)
{
	Told told = { 0 };
	TpEvent event = accepted();

	event.kind = TP_EV_TRADE;
	event.side = 1;
	event.maker_order = 9;
	event.counter_account = 5;
	event.commission = S("0.1");
	event.counter_commission = S("0.2");
	event.has_maker = true;
	event.maker = event.of;
	event.maker.client_order_id = S("maker's");
	event.maker.side = 0;
	tell(&event, &wheat, &told);
	tradepost_tap_ok(tap, told.count == 3 && told.accounts[0] == 4 && told.accounts[1] == 5 && told.accounts[2] == 0,
					 "a trade is told to both sides and to everybody");
	tradepost_tap_ok(tap,
					 strcmp(told.names[0], "order:matched") == 0 && strcmp(told.names[1], "order:matched") == 0 &&
						 strcmp(told.names[2], "trade:executed") == 0,
					 "under its names, the taker first");
	tradepost_tap_ok(tap,
					 number_is(&told, 0, "id", 12) && text_is(&told, 0, "role", "taker") &&
						 text_is(&told, 0, "fillCommission", "0.1"),
					 "the taker hears of its order and commission");
	tradepost_tap_ok(tap,
					 number_is(&told, 1, "id", 9) && text_is(&told, 1, "role", "maker") &&
						 text_is(&told, 1, "fillCommission", "0.2") && text_is(&told, 1, "clientOrderId", "maker's"),
					 "the maker of its own");
	tradepost_tap_ok(tap,
					 number_is(&told, 0, "tradeId", 100) && text_is(&told, 0, "fillPrice", "99.5") &&
						 text_is(&told, 0, "fillQuantity", "5"),
					 "what was filled, at which price");
	tradepost_tap_ok(tap,
					 number_is(&told, 2, "sellOrderId", 12) && number_is(&told, 2, "buyOrderId", 9) &&
						 text_is(&told, 2, "side", "sell"),
					 "the taker sold");
	tradepost_tap_ok(tap,
					 json_object_get(told.data[2], "account") == NULL &&
						 json_object_get(told.data[2], "commission") == NULL,
					 "the public message names nobody");
	event.kind = TP_EV_CLOSED_OUT;
	event.has_order = false;
	event.order = 0;
	tell(&event, &wheat, &told);
	tradepost_tap_ok(tap,
					 told.count == 3 && strcmp(told.names[0], "position:closed_out") == 0 &&
						 strcmp(told.names[1], "order:matched") == 0 && is_null(&told, 2, "sellOrderId"),
					 "a close-out has no order of the one closed out");
	forget(&told);
}

static void
others(TpTap *tap)
{
	Told told = { 0 };
	TpEvent deposit = {
		.seq = 3, .kind = TP_EV_DEPOSITED, .account = 4, .counter_account = 1, .asset = S("USD"), .quantity = S("12.5")
	};

	tell(&deposit, NULL, &told);
	tradepost_tap_ok(tap,
					 told.count == 1 && told.accounts[0] == 4 && text_is(&told, 0, "asset", "USD") &&
						 text_is(&told, 0, "amount", "12.5"),
					 "a deposit is its account's");
	tell(&(TpEvent){ .seq = 4, .kind = TP_EV_HALTED, .instrument = 7 }, &wheat, &told);
	tradepost_tap_ok(tap, told.count == 1 && told.accounts[0] == 0 && strcmp(told.names[0], "market:halted") == 0,
					 "a halt is everybody's");
	tell(&deposit, NULL, &told);
	tell(&(TpEvent){ .kind = TP_EV_MARKED, .instrument = 7, .price = S("5") }, &wheat, &told);
	tradepost_tap_ok(tap, told.count == 0, "a mark is told with the prices");
	forget(&told);
}

static void
subtracted(TpTap *tap, const char *a, const char *b, const char *expected)
{
	char text[TP_DECIMAL_TEXT];
	char what[100];
	bool fine = tp_decimal_subtract(tp_slice(a), tp_slice(b), text);

	snprintf(what, sizeof(what), "%s - %s = %s", a, b, expected == NULL ? "nothing" : expected);
	tradepost_tap_ok(tap, expected == NULL ? !fine : fine && strcmp(text, expected) == 0, what);
}

static void
decimals(TpTap *tap)
{
	subtracted(tap, "5", "1.25", "3.75");
	subtracted(tap, "100", "100.00", "0");
	subtracted(tap, "1", "0.00000001", "0.99999999");
	subtracted(tap, "90000000000", "0.5", "89999999999.5");
	subtracted(tap, "0", "10", "-10");
	subtracted(tap, "-1.5", "-3", "1.5");
	subtracted(tap, "92233720368547758079.12345678", "0.00000001", "92233720368547758079.12345677");
	subtracted(tap, "1.123456789", "0", NULL);
	subtracted(tap, "1e5", "0", NULL);
	subtracted(tap, "", "0", NULL);
	subtracted(tap, "NaN", "0", NULL);
	tradepost_tap_ok(tap,
					 tp_decimal_compare(S("9.5"), S("10")) < 0 && tp_decimal_compare(S("-2"), S("-10")) > 0 &&
						 tp_decimal_compare(S("1.50"), S("1.5")) == 0,
					 "numbers are compared, not texts");
}

int
main(void)
{
	TpTap tap = { 0 };

	orders(&tap);
	trades(&tap);
	others(&tap);
	decimals(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
