--
-- An entry and the orders that protect it: placed together, waiting for the entry to trade, ending with it,
-- never larger than it.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('BRACKET', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed, tradepost.create_instrument('Brk25-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 600, multiplier => 50, initial_margin => 1000,
	maintenance_margin => 800, contract => 'Brk25') > 0 AS future;
DO $$ BEGIN PERFORM t.open(1000000, 1000, 'brk_a', 'brk_b', 'brk_c'); END $$;
:wait
DO $$ BEGIN PERFORM t.place('b-bid', 'brk_a', 'BRACKET', 'buy', 1, 100), t.place('b-hit', 'brk_c', 'BRACKET', 'sell', 1, 100); END $$;
:wait

-- The entry waits in the book, what protects it for the entry: though the last trade has reached the take profit already.
SELECT tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 5, 98, 95, 99, client_order_id => 'long') AS long \gset
:wait
SELECT cardinality(:'long'::bigint[]) AS ids, (:'long'::bigint[])[1] = t.id('long') AS entry, (:'long'::bigint[])[2] < (:'long'::bigint[])[3] AND (:'long'::bigint[])[3] < (:'long'::bigint[])[1] AS protection_first;
SELECT * FROM t.stops('BRACKET') OFFSET 2;
SELECT o.rank < 0 AS dormant, o.status FROM tradepost_internal.orders o WHERE o.id = ANY (:'long'::bigint[]) ORDER BY id;
SELECT * FROM tradepost.order_book('BRACKET');
SELECT c.kind, t.label(c.id) AS label, c.side, c.quantity, c.price, c.stop_price, t.label(c.linked_order) AS linked, t.label(c.parent_order) AS parent, i.max_open, i.children
FROM tradepost.commands c JOIN tradepost_internal.commands i USING (id) WHERE c.id = ANY (:'long'::bigint[]) ORDER BY c.id;
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
-- The same again is the first one; anything else under its key another request.
SELECT tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 5.0, 98.00, 95, 99, client_order_id => 'long') = :'long'::bigint[] AS same;
SELECT u.a, r.code, r.message FROM unnest(ARRAY['5, 98, 95, 99.5', '5, 98, 94, 99', '5, 98, NULL, 99', '5, 98, 95, NULL', '5, 98, 95, 99, 94', '6, 98, 95, 99', '5, 97, 95, 99', '5, NULL, 95, 99']) WITH ORDINALITY u (a, n),
	t.refused(format('SELECT tradepost.place_bracket(%s, ''BRACKET'', ''buy'', %s, client_order_id => ''long'')', t.account('brk_b'), a)) r ORDER BY n;
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''BRACKET'', ''buy'', 5, 98, time_in_force => ''gtc'', client_order_id => ''long'')', t.account('brk_b')));

-- The entry's first fill arms them: at 98 neither has come. Then one fires: what is left of the entry is cancelled, the other too, and no more is sold than was bought.
SELECT max(seq) AS seq FROM tradepost.events \gset
DO $$
BEGIN
	PERFORM t.place('hit-98', 'brk_c', 'BRACKET', 'sell', 2, 98);
	PERFORM t.place('bid-97', 'brk_a', 'BRACKET', 'buy', 9, 97), t.place('ask-99', 'brk_a', 'BRACKET', 'sell', 1, 99), t.place('lift-99', 'brk_c', 'BRACKET', 'buy', 1, 99);
END
$$;
:wait
SELECT * FROM t.stop_events('BRACKET', :seq);
SELECT label, quantity, filled, status, reason FROM t.stops('BRACKET') WHERE label LIKE 'long%';
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- A market entry that trades less than it asks for: its protection is as large as what it got, and stands alone from then on.
SELECT tradepost.place_bracket(t.account('brk_c'), 'BRACKET', 'sell', 9, NULL, 99.5, 90, 100, client_order_id => 'short') > '{0}' AS placed;
:wait
SELECT label, side, type, quantity, price, stop_price, parent, filled, status, reason FROM t.stops('BRACKET') WHERE label LIKE 'short%';
SELECT tradepost.amend_order(t.account('brk_c'), (SELECT id FROM tradepost.orders WHERE parent_order = t.id('short') AND type = 'stop_limit'), quantity => 12) > 0 AS may_grow_then;
:wait
SELECT label, quantity, status FROM t.stops('BRACKET') WHERE label LIKE 'short %';
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- An entry that ends without a trade, or is rejected, takes them with it.
SELECT tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 1, 90, 80, 120, client_order_id => 'in vain') > '{0}' AS cancelled,
	tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 1, 40, 30, 120, client_order_id => 'far off') > '{0}' AS rejected,
	tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 1, 91, 80, 160, time_in_force => 'fok', client_order_id => 'too cheap') > '{0}' AS also,
	tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 1, 90, NULL, 120, client_order_id => 'profit only') > '{0}' AS profit_only,
	tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 1, 90, 80, NULL, client_order_id => 'stop only') > '{0}' AS stop_only;
SELECT tradepost.cancel_order(t.account('brk_b'), t.id('in vain')) > 0 AS cancel;
:wait
SELECT label, type, linked, status, reason FROM t.stops('BRACKET') WHERE label ~ '^(in vain|far off|too cheap|profit only|stop only)';
SELECT a[1] = t.id('profit only') AS entry, a[2] AS stop, a[3] IS NOT NULL AS profit FROM tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 1, 90, NULL, 120, client_order_id => 'profit only') a;
SELECT a[1] = t.id('stop only') AS entry, a[2] IS NOT NULL AS stop, a[3] AS profit FROM tradepost.place_bracket(t.account('brk_b'), 'BRACKET', 'buy', 1, 90, 80, NULL, client_order_id => 'stop only') a;

-- A contract: a short position protected on both sides, and taken with profit.
DO $$ BEGIN PERFORM t.place('f-bid', 'brk_a', 'Brk25-Wheat', 'buy', 2, 600); END $$;
SELECT cardinality(tradepost.place_bracket(t.account('brk_b'), 'Brk25-Wheat', 'sell', 2, 600, 610, 590, client_order_id => 'f-short', time_in_force => 'gtd', expires_at => '2199-01-01')) AS placed;
DO $$ BEGIN PERFORM t.place('f-ask', 'brk_a', 'Brk25-Wheat', 'sell', 3, 590), t.place('f-lift', 'brk_c', 'Brk25-Wheat', 'buy', 1, 590); END $$;
:wait
SELECT label, side, type, quantity, filled, average, status, reason FROM t.stops('Brk25-Wheat');
SELECT a.name, p.quantity FROM tradepost.positions p JOIN tradepost.accounts a ON a.id = p.account WHERE p.symbol = 'Brk25-Wheat' ORDER BY 1;
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- Levels that make no sense for the side, and what else is wrong.
SELECT x.a, r.* FROM unnest(ARRAY['''buy'', 1, 100, 101, 110', '''buy'', 1, 100, 100, 110', '''buy'', 1, 100, 90, 99', '''buy'', 1, 100, 90, 100', '''sell'', 1, 100, 99, 90', '''sell'', 1, 100, 110, 101',
	'''buy'', 1, NULL, 110, 90', '''sell'', 1, NULL, 90, 110', '''buy'', 1, 100, NULL, NULL', '''buy'', 1, 100, NULL, 110, 95', '''buy'', 1, 100, 90, 110, 91', '''sell'', 1, 100, 110, 90, 109',
	'''buy'', 1, 100, 90.005, 110', '''buy'', 1, 100, 90, 110.005', '''buy'', 1, 100, 90, 110, 89.005', '''buy'', 1, 100.005, 90, 110', '''buy'', 1, 100, -90, 110', '''buy'', 0, 100, 90, 110',
	'NULL, 1, 100, 90, 110', '''buy'', NULL, 100, 90, 110', '''buy'', 1, 100, 90, 110, time_in_force => ''gtd''', '''buy'', 1, NULL, 90, 110, time_in_force => ''gtd'', expires_at => ''2199-01-01''',
	'''buy'', 1, 100, 90, ''NaN''', '''buy'', 1, 100, 90, 110, client_order_id => ''''']) WITH ORDINALITY x (a, n),
	t.refused(format('SELECT tradepost.place_bracket(%s, ''BRACKET'', %s)', t.account('brk_b'), x.a)) r ORDER BY n;
SELECT * FROM t.refused('SELECT tradepost.place_bracket(NULL, ''BRACKET'', ''buy'', 1, 100, 90, 110)');
SELECT * FROM t.refused(format('SELECT tradepost.place_bracket(%s, NULL, ''buy'', 1, 100, 90, 110)', t.account('brk_b')));
SELECT t.account('brk_b') AS brk_b \gset
SET ROLE regress_tp_alice;
SELECT * FROM t.refused(format('SELECT tradepost.place_bracket(%s, ''BRACKET'', ''buy'', 1, 100, 90, 110)', :brk_b));
RESET ROLE;

-- By hand, in one call: the protection first, by the position of what it protects.
CREATE FUNCTION t.bracket_json(VARIADIC o text[]) RETURNS jsonb LANGUAGE sql STABLE AS
$$ SELECT jsonb_agg(jsonb_build_object('account', t.account('brk_b'), 'symbol', 'BRACKET', 'side', 'sell', 'quantity', 1, 'time_in_force', 'gtc') || x::jsonb ORDER BY n) FROM unnest(o) WITH ORDINALITY u (x, n) $$;
SELECT cardinality(tradepost.submit_commands(t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 2, "client_order_id": "hand-stop"}',
	'{"type": "take_profit", "stop_price": 120, "parent_index": 2, "oco_index": 0, "client_order_id": "hand-profit"}', '{"side": "buy", "price": 85, "client_order_id": "hand"}'))) AS placed;
:wait
SELECT label, type, price, stop_price, linked, parent, status FROM t.stops('BRACKET') WHERE label LIKE 'hand%';
SELECT children FROM tradepost_internal.commands WHERE id = t.id('hand');
-- Repeated whole it is the first one; in part, another request.
SELECT tradepost.submit_commands(t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 2, "client_order_id": "hand-stop"}',
	'{"type": "take_profit", "stop_price": 120, "parent_index": 2, "oco_index": 0, "client_order_id": "hand-profit"}', '{"side": "buy", "price": 85, "client_order_id": "hand"}')) = ARRAY[t.id('hand-stop'), t.id('hand-profit'), t.id('hand')] AS same;
SELECT x.n, r.* FROM (VALUES
	(1, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 1, "client_order_id": "hand-new"}', '{"side": "buy", "price": 85, "client_order_id": "hand"}')),
	(2, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 2, "client_order_id": "hand-stop"}', '{"price": 100}', '{"side": "buy", "price": 85, "client_order_id": "hand-new"}')),
	(3, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 1}', '{"side": "buy", "price": 85, "client_order_id": "hand-new"}')),
	(4, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 1}')),
	(5, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 0}', '{"side": "buy", "price": 85}')),
	(6, t.bracket_json('{"side": "buy", "price": 85}', '{"type": "stop", "stop_price": 80, "parent_index": 0}')),
	(7, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": -1}', '{"side": "buy", "price": 85}')),
	(8, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 9000000000000000000}', '{"side": "buy", "price": 85}')),
	(9, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": "1.5"}', '{"side": "buy", "price": 85}')),
	(10, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 1}') || jsonb_build_array(jsonb_build_object('command', 'cancel_all', 'account', t.account('brk_b')))),
	(11, t.bracket_json('{"price": 120, "parent_index": 1}', '{"side": "buy", "price": 85}')),
	(12, t.bracket_json('{"type": "stop", "stop_price": 600, "parent_index": 1, "symbol": "Brk25-Wheat"}', '{"side": "buy", "price": 85}')),
	(13, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 1}', '{"type": "stop", "stop_price": 80, "parent_index": 2}', '{"side": "buy", "price": 85}')),
	(14, t.bracket_json('{"price": 120}', '{"type": "stop", "stop_price": 80, "oco": 1, "oco_index": 0}')),
	(15, t.bracket_json('{"type": "stop", "stop_price": 80, "oco_index": 0}')),
	(16, t.bracket_json('{"type": "stop", "stop_price": 80, "oco_index": 1}', '{"price": 120}')),
	(17, t.bracket_json('{"price": 120}', '{"price": 121, "oco_index": 0}')),
	(18, t.bracket_json('{"type": "stop", "stop_price": 600, "symbol": "Brk25-Wheat"}', '{"price": 120, "oco_index": 0}')),
	(19, t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 2}', '{"price": 120, "oco_index": 0}', '{"side": "buy", "price": 85}')),
	(20, t.bracket_json('{"stop_price": 80, "price": 100}')),
	(21, t.bracket_json('{"type": "stop", "stop_price": "eighty"}')),
	(22, t.bracket_json('{"type": "stop", "stop_price": 80, "oco": "first"}')),
	(23, jsonb_build_array(jsonb_build_object('command', 'cancel', 'account', t.account('brk_b'), 'order_id', 1, 'stop_price', 80)))) x (n, j), t.refused(format('SELECT tradepost.submit_commands(%L)', x.j)) r ORDER BY n;
SELECT r.code, regexp_replace(r.message, 'account \d+$', 'account M') AS message, r.hint FROM t.refused(format('SELECT tradepost.submit_commands(%L)',
	jsonb_set(t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 1}', '{"side": "buy", "price": 85}'), '{1,account}', to_jsonb(t.account('brk_a'))))) r;
-- What protects it is gone before the entry is decided: it is not left unprotected.
SELECT cardinality(tradepost.submit_commands(t.bracket_json('{"type": "stop", "stop_price": 80, "parent_index": 2, "client_order_id": "gone-stop"}') || jsonb_build_array(jsonb_build_object('command', 'cancel', 'account', t.account('brk_b'), 'order_index', 0))
	|| t.bracket_json('{"side": "buy", "price": 85, "client_order_id": "unprotected"}'))) AS placed;
:wait
SELECT label, status, reason FROM t.stops('BRACKET') WHERE label IN ('gone-stop', 'unprotected');
SELECT cardinality(tradepost.submit_commands(jsonb_build_array(jsonb_build_object('command', 'amend', 'account', t.account('brk_b'), 'client_order_id', 'hand-stop', 'stop_price', 79)))) AS amended;
:wait
SELECT label, stop_price, status FROM t.stops('BRACKET') WHERE label = 'hand-stop';
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
