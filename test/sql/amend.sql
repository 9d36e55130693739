--
-- Cancel, amend, cancel all.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('AMEND', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
SELECT tradepost.create_instrument('AMEND2', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(100000, 1000, 'amend_a', 'amend_b'); END $$;
:wait

-- Less at the same price keeps the place; more, or another price, goes to the back.
DO $$
BEGIN
	PERFORM t.place('a1', 'amend_a', 'AMEND', 'sell', 10, 100);
	PERFORM t.place('a2', 'amend_a', 'AMEND', 'sell', 10, 100);
	PERFORM t.place('a3', 'amend_a', 'AMEND', 'sell', 10, 100);
	PERFORM tradepost.amend_order(t.account('amend_a'), t.id('a1'), quantity => 4);
	PERFORM tradepost.amend_order(t.account('amend_a'), t.id('a2'), quantity => 11);
	PERFORM t.place('b1', 'amend_b', 'AMEND', 'buy', 16, 100);
END
$$;
:wait
SELECT taker_order, maker_order, price, quantity FROM t.trades('AMEND');
SELECT label, quantity, price, filled, remaining, status FROM t.orders('AMEND');

-- A new price that crosses trades, at the maker's price.  The quantity is the total.
DO $$
BEGIN
	PERFORM t.place('b2', 'amend_b', 'AMEND', 'buy', 5, 99);
	PERFORM tradepost.amend_order(t.account('amend_b'), t.id('b2'), price => 100.5, quantity => 15);
	PERFORM t.place('b3', 'amend_b', 'AMEND', 'buy', 5, 98);
	PERFORM tradepost.amend_order(t.account('amend_b'), t.id('b3'), price => 97);
END
$$;
:wait
SELECT taker_order, maker_order, price, quantity FROM t.trades('AMEND') OFFSET 3;
SELECT label, quantity, price, filled, remaining, status FROM t.orders('AMEND') OFFSET 4;
SELECT * FROM tradepost.order_book('AMEND');
SELECT kind, label, price, quantity, decision FROM t.events('AMEND') WHERE kind = 'amended';

-- At or below what is filled it cancels.
DO $$
BEGIN
	PERFORM t.place('a4', 'amend_a', 'AMEND', 'sell', 3, 100.5);
	PERFORM tradepost.amend_order(t.account('amend_b'), t.id('b2'), quantity => 12);
END
$$;
:wait
SELECT label, quantity, filled, remaining, status, reason FROM t.orders('AMEND') WHERE label IN ('a4', 'b2');

-- Cancel.
DO $$ BEGIN PERFORM tradepost.cancel_order(t.account('amend_b'), t.id('b3')); END $$;
:wait
SELECT label, quantity, filled, remaining, status, reason FROM t.orders('AMEND') WHERE label = 'b3';

-- Rejected: what is filled, cancelled, another's or unknown; and nothing changes.
DO $$
BEGIN
	PERFORM t.place('b4', 'amend_b', 'AMEND', 'buy', 5, 90);
	PERFORM tradepost.cancel_order(t.account('amend_a'), t.id('a1'));
	PERFORM tradepost.cancel_order(t.account('amend_b'), t.id('b3'));
	PERFORM tradepost.cancel_order(t.account('amend_a'), t.id('b4'));
	PERFORM tradepost.cancel_order(t.account('amend_a'), 9000000000000000000);
	PERFORM tradepost.amend_order(t.account('amend_a'), t.id('a1'), quantity => 1);
	PERFORM tradepost.amend_order(t.account('amend_b'), t.id('b3'), quantity => 1);
	PERFORM tradepost.amend_order(t.account('amend_a'), t.id('b4'), quantity => 1);
	PERFORM tradepost.amend_order(t.account('amend_b'), t.id('b4'), price => 10);
	PERFORM tradepost.amend_order(t.account('amend_b'), t.id('b4'), quantity => 100000);
END
$$;
:wait
SELECT c.kind, o.client_order_id AS of, e.kind, e.reason, e.decision
FROM tradepost.commands c LEFT JOIN tradepost.commands o ON o.id = c.order_id JOIN tradepost.events e ON e.command_id = c.id
WHERE c.id > t.id('b4') AND c.kind IN ('cancel', 'amend') ORDER BY c.id;
SELECT label, quantity, price, filled, remaining, status, reason FROM t.orders('AMEND') WHERE label = 'b4';
-- A post-only order stays post-only.
DO $$
BEGIN
	PERFORM t.place('a5', 'amend_a', 'AMEND', 'sell', 5, 110);
	PERFORM t.place('b5', 'amend_b', 'AMEND', 'buy', 5, 100, post_only => true);
	PERFORM tradepost.amend_order(t.account('amend_b'), t.id('b5'), price => 110);
END
$$;
:wait
SELECT kind, label, price, quantity, reason FROM t.events('AMEND') WHERE label = 'b5';

-- Refused in the call, by the limits of the order's instrument; nothing is written.
SELECT max(id) AS before FROM tradepost.commands \gset
SELECT x.a AS amend, r.* FROM unnest(ARRAY['NULL', 'quantity => 0', 'quantity => -5', 'quantity => ''NaN''', 'quantity => ''Infinity''', 'quantity => 5.5', 'quantity => 1e9 + 1', 'quantity => 1e100',
		'price => 0', 'price => -1', 'price => ''NaN''', 'price => ''-Infinity''', 'price => 90.001', 'price => 90.000000001', 'price => 1000.01', 'price => 1e30', 'quantity => 4, price => 90.005',
		'quantity => 4.5, price => 90']) WITH ORDINALITY x (a, n),
	t.refused(format('SELECT tradepost.amend_order(%s, %s, %s)', t.account('amend_b'), t.id('b4'), x.a)) r ORDER BY x.n;
-- By submit_commands too, however it names the order.
SELECT x.n, r.* FROM unnest(ARRAY[format('"order_id": %s, "price": 90.001', t.id('b4')), '"client_order_id": "b4", "quantity": "5.5"', '"client_order_id": "b4", "quantity": "-1"',
		'"client_order_id": "b4", "price": "1000.01"']) WITH ORDINALITY x (c, n),
	t.refused(format('SELECT tradepost.submit_commands(''[{"command": "amend", "account": %s, %s}]'')', t.account('amend_b'), x.c)) r ORDER BY x.n;
SELECT r.* FROM unnest(ARRAY['"order_index": 0', '"client_order_id": "b4b"']) WITH ORDINALITY x (c, n),
	t.refused(format('SELECT tradepost.submit_commands(''[{"account": %1$s, "symbol": "AMEND", "side": "buy", "quantity": 1, "price": 80, "client_order_id": "b4b"},
		{"command": "amend", "account": %1$s, "price": 80.001, %2$s}]'')', t.account('amend_b'), x.c)) r ORDER BY x.n;
-- Of an order that is not decided yet: placed by an earlier statement of the transaction, of any isolation.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT tradepost.place_order(t.account('amend_b'), 'AMEND', 'buy', 1, 80) AS pending \gset
SELECT * FROM t.refused(format('SELECT tradepost.amend_order(%s, %s, price => 80.001)', t.account('amend_b'), :pending));
SELECT * FROM t.refused(format('SELECT tradepost.amend_order(%s, %s, quantity => 1.5)', t.account('amend_b'), :pending));
ROLLBACK;
SELECT count(*) FROM tradepost.commands WHERE id > :before;
-- What is not to be seen is the engine's to reject, and tells nothing: another's order, none at all, a command that is no order.
SELECT tradepost.amend_order(t.account('amend_a'), t.id('b4'), price => 90.001) > 0 AS another, tradepost.amend_order(t.account('amend_a'), 9000000000000000000, quantity => 5.5) > 0 AS none,
	tradepost.amend_order(t.account('amend_a'), (SELECT id FROM tradepost.commands WHERE account = t.account('amend_a') AND kind = 'cancel' ORDER BY id LIMIT 1), price => -1) > 0 AS no_order,
	tradepost.amend_order(t.account('amend_b'), tradepost.place_order(t.account('amend_b'), 'AMEND', 'buy', 1, 80, client_order_id => 'b4c'), price => 80.01) > 0 AS same_statement;
-- An order of the same statement is seen.
SELECT * FROM t.refused(format('SELECT tradepost.amend_order(%1$s, tradepost.place_order(%1$s, ''AMEND'', ''buy'', 1, 80), price => 80.001)', t.account('amend_b')));
:wait
SELECT c.kind, e.kind AS became, e.reason FROM tradepost.commands c JOIN tradepost.events e ON e.command_id = c.id WHERE c.id > :before ORDER BY c.id;
DO $$ BEGIN PERFORM tradepost.cancel_order(t.account('amend_b'), t.id('b4c')); END $$;
SELECT * FROM t.refused(format('SELECT tradepost.cancel_order(%s, 0)', t.account('amend_b')));
SELECT * FROM t.refused(format('SELECT tradepost.cancel_order(%s, NULL)', t.account('amend_b')));
SELECT * FROM t.refused(format('SELECT tradepost.cancel_all(%s, ''NONE'')', t.account('amend_b')));

-- Cancel all: in one instrument, then everywhere.
DO $$
BEGIN
	PERFORM t.place('b6', 'amend_b', 'AMEND2', 'buy', 5, 90);
	PERFORM t.place('a6', 'amend_a', 'AMEND2', 'sell', 5, 110);
	PERFORM tradepost.cancel_all(t.account('amend_b'), 'AMEND');
END
$$;
:wait
SELECT label, status, reason FROM t.orders('AMEND') WHERE account = 'amend_b' AND label >= 'b4';
SELECT label, status, reason FROM t.orders('AMEND2');
DO $$ BEGIN PERFORM tradepost.cancel_all(t.account('amend_b')); PERFORM tradepost.cancel_all(t.account('amend_a')); END $$;
:wait
SELECT label, status, reason FROM t.orders('AMEND2');
SELECT * FROM tradepost.order_book('AMEND');
-- With no order left nothing is reserved.
SELECT account, asset, reserved FROM t.money('amend_a', 'amend_b');

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
