/*
 * test_risk.c
 *	  The margin formula against all subsets of fills, and what accounts may do by it.
 */
#include "risk.h"
#include "unit_engine.h"

#include <stdlib.h>

#define ORDERS 8

typedef struct TpOpenOrder
{
	TpSide side;
	int64_t price;
	int64_t quantity;
} TpOpenOrder;

static TpMarket
market(int64_t mark)
{
	TpMarket m = { .spec = { .kind = TP_FUTURE } };

	m.spec.mark = mark;
	m.spec.quote_unit = TRADEPOST_ONE / 100;
	m.spec.im_long = 7 * TRADEPOST_ONE + 3;
	m.spec.im_short = 9 * TRADEPOST_ONE + 1;
	m.spec.mm_long = 5 * TRADEPOST_ONE;
	m.spec.mm_short = 6 * TRADEPOST_ONE;
	m.scale = tp_scale_make(TRADEPOST_ONE, TRADEPOST_ONE);
	return m;
}

/* The most that any subset of fills, each at its limit, can make the account need. */
static tp_int128
worst(const TpMarket *m, int64_t position, const TpOpenOrder *orders, int count)
{
	tp_int128 most = 0;

	for (unsigned subset = 0; subset < 1u << count; subset++)
	{
		TpExposure after = { .position = position };
		tp_int128 need;

		for (int i = 0; i < count; i++)
		{
			bool buy = orders[i].side == TP_BUY;
			int64_t loss = buy ? orders[i].price - m->spec.mark : m->spec.mark - orders[i].price;

			if (!(subset >> i & 1))
				continue;
			after.position += buy ? orders[i].quantity : -orders[i].quantity;
			after.loss += (tp_int128) orders[i].quantity * loss / TRADEPOST_ONE;
		}
		need = tradepost_risk_margin(&m->spec, &after);
		most = need > most ? need : most;
	}
	return most;
}

/* Without the losses of each order the formula would be too low: is that seen? */
static void
brute_force(TpUnit *u)
{
	int covered = 0;
	int too_low = 0;

	srand(11);
	for (int round = 0; round < 2000; round++)
	{
		TpMarket m = market((50 + rand() % 50) * TRADEPOST_ONE);
		TpExposure exposure = { .position = (rand() % 21 - 10) * TRADEPOST_ONE };
		TpOpenOrder orders[ORDERS];
		tp_int128 most;

		for (int i = 0; i < ORDERS; i++)
		{
			TpOpenOrder *o = &orders[i];

			o->side = rand() % 2 ? TP_BUY : TP_SELL;
			o->price = m.spec.mark + (rand() % 21 - 10) * TRADEPOST_ONE;
			o->quantity = (1 + rand() % 9) * TRADEPOST_ONE;
			*(o->side == TP_BUY ? &exposure.open_bids : &exposure.open_asks) += o->quantity;
			exposure.loss += tradepost_risk_loss(&m, o->side, o->price, o->quantity);
		}
		most = worst(&m, exposure.position, orders, ORDERS);
		covered += tradepost_risk_margin(&m.spec, &exposure) >= most;
		exposure.loss = 0;
		too_low += tradepost_risk_margin(&m.spec, &exposure) < most;
	}
	tradepost_unit_ok(u, covered == 2000, "the margin covers every subset of fills");
	tradepost_unit_ok(u, too_low > 100, "and would not without the orders' losses");
}

static void
arithmetic(TpUnit *u)
{
	TpMarket m = market(60 * TRADEPOST_ONE);
	TpExposure e = { .position = 3 * TRADEPOST_ONE };
	TpTerms terms = { .side = TP_SELL, .price = 60 * TRADEPOST_ONE, .commission = { .taker_rate = 1000000 } };

	tradepost_unit_ok(u, tradepost_risk_margin(&m.spec, &e) == tradepost_unit_units(21.01),
					  "rounded up to the currency");
	e.position = -3 * TRADEPOST_ONE;
	tradepost_unit_ok(u, tradepost_risk_margin(&m.spec, &e) == tradepost_unit_units(27.01), "a short has its own rate");
	e.open_bids = 10 * TRADEPOST_ONE;
	tradepost_unit_ok(u, tradepost_risk_margin(&m.spec, &e) == tradepost_unit_units(49.01), "what bids could make it");
	tradepost_unit_ok(u,
					  tradepost_risk_maintenance(&m.spec, 2 * TRADEPOST_ONE) == 10 * TRADEPOST_ONE &&
						  tradepost_risk_maintenance(&m.spec, -2 * TRADEPOST_ONE) == 12 * TRADEPOST_ONE &&
						  tradepost_risk_maintenance(&m.spec, 0) == 0,
					  "maintenance by side");
	tradepost_unit_ok(u,
					  tradepost_risk_loss(&m, TP_BUY, 62 * TRADEPOST_ONE, 5 * TRADEPOST_ONE) == 10 * TRADEPOST_ONE &&
						  tradepost_risk_loss(&m, TP_BUY, 58 * TRADEPOST_ONE, 5 * TRADEPOST_ONE) == 0,
					  "a bid loses what it is above the mark");
	tradepost_unit_ok(u,
					  tradepost_risk_loss(&m, TP_SELL, 58 * TRADEPOST_ONE, 5 * TRADEPOST_ONE) == 10 * TRADEPOST_ONE &&
						  tradepost_risk_loss(&m, TP_SELL, 62 * TRADEPOST_ONE, 5 * TRADEPOST_ONE) == 0,
					  "an ask what it is below");
	tradepost_unit_ok(u, tradepost_risk_reserve(&m, &terms) == 0, "nothing is reserved when nothing remains");
	terms.remaining = TRADEPOST_ONE;
	tradepost_unit_ok(u, tradepost_risk_reserve(&m, &terms) == tradepost_unit_units(0.62),
					  "else commission, and a unit a role");
}

static void
acceptance(TpUnit *u)
{
	tradepost_unit_open(u, "free funds");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 100.02);
	tradepost_unit_place(u, 1, 20, TP_BUY, 11, 100);
	tradepost_unit_place(u, 2, 20, TP_BUY, 10, 101);
	tradepost_unit_place(u, 3, 20, TP_BUY, 10, 100);
	tradepost_unit_expect(u, "margin, losses and reserve fit to the cent",
						  "deposited of 20 100.02; rejected 1 buy 11 @100 funds; rejected 2 buy 10 @101 funds; "
						  "accepted 3 buy 10 @100");
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), 0, "nothing is free");
	tradepost_unit_place(u, 4, 20, TP_SELL, 9, 101);
	tradepost_unit_place(u, 5, 20, TP_SELL, 8, 101);
	tradepost_unit_expect(u, "the other side is free up to the same margin",
						  "rejected 4 sell 9 @101 funds; accepted 5 sell 8 @101");
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), -0.02, "its commission notwithstanding");
}

static void
follows_the_mark(TpUnit *u)
{
	tradepost_unit_open(u, "the mark moves");
	tradepost_unit_place(u, 1, 10, TP_BUY, 10, 101);
	tradepost_unit_is(u, tradepost_unit_free(u, 10, USD), 1000000 - 100 - 10 - 0.02,
					  "a bid above the mark needs its loss");
	tradepost_unit_mark(u, WHEAT, 99);
	tradepost_unit_is(u, tradepost_unit_free(u, 10, USD), 1000000 - 100 - 20 - 0.02, "more by a lower mark");
	tradepost_unit_mark(u, WHEAT, 102);
	tradepost_unit_place(u, 2, 10, TP_BUY, 10, 103);
	tradepost_unit_is(u, tradepost_unit_free(u, 10, USD), 1000000 - 200 - 10 - 0.04,
					  "none by a higher; new orders count by it");
	tradepost_unit_mark(u, WHEAT, 100);
	tradepost_unit_place(u, 3, 11, TP_SELL, 15, 100);
	tradepost_unit_is(u, tradepost_unit_free(u, 10, USD), 1000000 - 200 - 10 * 3 - 5 * 1 - 5 * 1 - 0.02,
					  "fills by another mark than the last computed one");
	tradepost_unit_expect(
		u, "both makers traded",
		"accepted 1 buy 10 @101; marked i2 @99; marked i2 @102; accepted 2 buy 10 @103; marked i2 @100; "
		"accepted 3 sell 15 @100; trade 3 2 10 @103; trade 3 1 5 @101");
}

static void
no_rise(TpUnit *u)
{
	tradepost_unit_open(u, "an order that does not raise the margin");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 110);
	tradepost_unit_place(u, 1, 20, TP_BUY, 10, 100);
	tradepost_unit_place(u, 2, 11, TP_SELL, 10, 100);
	tradepost_unit_mark(u, WHEAT, 95.5);
	tradepost_unit_skip(u);
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), -35, "below its initial margin, above maintenance");
	tradepost_unit_place(u, 3, 20, TP_BUY, 1, 90);
	tradepost_unit_expect(u, "no more", "rejected 3 buy 1 @90 funds");
	tradepost_unit_place(u, 4, 20, TP_SELL, 4, 96);
	tradepost_unit_expect(u, "less is always allowed", "accepted 4 sell 4 @96");
	tradepost_unit_place(u, 5, 20, TP_SELL, 4, 95);
	tradepost_unit_expect(u, "not at a loss that raises it", "rejected 5 sell 4 @95 funds");
	tradepost_unit_amend(u, 4, 20, 5, 97);
	tradepost_unit_expect(u, "an amend by the same rule", "amended 4 sell 5 @97");
	tradepost_unit_amend(u, 4, 20, 20, 97);
	tradepost_unit_expect(u, "turning it round is a rise", "rejected 4 sell 20 @97 funds");
	tradepost_unit_place_in(u, OIL, 6, 20, TP_SELL, 1, 100);
	tradepost_unit_expect(u, "another contract's margin is another's", "rejected 6 sell 1 @100 funds");
}

static void
across_contracts(TpUnit *u)
{
	tradepost_unit_open(u, "one currency, several contracts");
	tradepost_unit_transfer(u, TP_CMD_DEPOSIT, 20, USD, 100);
	tradepost_unit_place(u, 1, 20, TP_BUY, 5, 100);
	tradepost_unit_place(u, 2, 11, TP_SELL, 5, 100);
	tradepost_unit_mark(u, WHEAT, 110);
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), 100, "gains in one are free for the others");
	tradepost_unit_place_in(u, OIL, 3, 20, TP_BUY, 9, 100);
	tradepost_unit_mark(u, WHEAT, 105);
	tradepost_unit_is(u, tradepost_unit_free(u, 20, USD), 100 + 25 - 50 - 90 - 0.02, "and so are losses");
	tradepost_unit_place_in(u, SPOT, 4, 20, TP_BUY, 1, 60);
	tradepost_unit_expect(
		u, "spot bids come from the same funds",
		"deposited of 20 100; accepted 1 buy 5 @100; accepted 2 sell 5 @100; trade 2 1 5 @100; marked i2 @110; "
		"accepted 3 buy 9 @100; marked i2 @105; rejected 4 buy 1 @60 funds");
	tradepost_unit_is(u, tradepost_unit_free(u, 20, EUR), 0, "an asset that is nobody's quote has its total");
	tradepost_unit_is(u, tradepost_unit_free(u, 4711, USD), 0, "an account that does not exist has nothing");
}

int
main(void)
{
	TpUnit unit = { .engine = NULL };

	brute_force(&unit);
	arithmetic(&unit);
	acceptance(&unit);
	follows_the_mark(&unit);
	no_rise(&unit);
	across_contracts(&unit);
	return tradepost_unit_done(&unit);
}
