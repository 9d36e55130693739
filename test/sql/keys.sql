--
-- Idempotency: the same key and request again is the first one; another request is an error.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('KEYS', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(100000, 1000, 'keys_a', 'keys_b'); END $$;
:wait

SELECT tradepost.place_order(t.account('keys_a'), 'KEYS', 'buy', 5, 99, client_order_id => 'k-1') AS first \gset
SELECT tradepost.place_order(t.account('keys_a'), 'KEYS', 'buy', 5, 99, client_order_id => 'k-1') = :first AS same;
SELECT tradepost.place_order(t.account('keys_a'), 'KEYS', 'buy', 5.0, 99.00, client_order_id => 'k-1') = :first AS same_value_written_otherwise;
:wait
SELECT tradepost.place_order(t.account('keys_a'), 'KEYS', 'buy', 5, 99, client_order_id => 'k-1') = :first AS same_after_decision;
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''KEYS'', ''buy'', 6, 99, client_order_id => ''k-1'')', t.account('keys_a')));
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''KEYS'', ''sell'', 5, 99, client_order_id => ''k-1'')', t.account('keys_a')));
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''KEYS'', ''buy'', 5, 99, client_order_id => ''k-1'', post_only => true)', t.account('keys_a')));
-- Keys are an account's own.
SELECT tradepost.place_order(t.account('keys_b'), 'KEYS', 'buy', 5, 99, client_order_id => 'k-1') > :first AS anothers;
:wait
SELECT label, account, quantity, price, status FROM t.orders('KEYS');

-- Also in one statement.
SELECT tradepost.place_orders(ARRAY[t.account('keys_a')], ARRAY['KEYS'], ARRAY['buy']::tradepost.side[], ARRAY[1, 2], ARRAY[98, 98], client_order_ids => ARRAY['k-2', 'k-3']) AS ids \gset
SELECT tradepost.place_orders(ARRAY[t.account('keys_a')], ARRAY['KEYS'], ARRAY['buy']::tradepost.side[], ARRAY[1, 2, 3], ARRAY[98], client_order_ids => ARRAY['k-2', 'k-3', 'k-4']) AS again \gset
SELECT (:'again'::bigint[])[1:2] = :'ids'::bigint[] AS same, (:'again'::bigint[])[3] > (:'ids'::bigint[])[2] AS newer;
SELECT a[1] = a[2] AS same_twice_in_one_call FROM tradepost.place_orders(ARRAY[t.account('keys_a')], ARRAY['KEYS'], ARRAY['buy']::tradepost.side[], ARRAY[1, 1], ARRAY[97], client_order_ids => ARRAY['k-5', 'k-5']) a;
SELECT * FROM t.refused(format('SELECT tradepost.place_orders(ARRAY[%s], ARRAY[''KEYS''], ARRAY[''buy'']::tradepost.side[], ARRAY[1, 2], ARRAY[97], client_order_ids => ARRAY[''k-6'', ''k-6''])', t.account('keys_a')));
:wait
SELECT label, account, quantity, price, status FROM t.orders('KEYS') OFFSET 2;

-- A key of what was rolled back is free.
BEGIN;
SELECT tradepost.place_order(t.account('keys_a'), 'KEYS', 'buy', 7, 99, client_order_id => 'k-7') > 0 AS placed;
ROLLBACK;
SELECT tradepost.place_order(t.account('keys_a'), 'KEYS', 'buy', 8, 99, client_order_id => 'k-7') > 0 AS placed;

-- Cancelled by the name that the client knows.
SELECT cardinality(tradepost.submit_commands(jsonb_build_array(jsonb_build_object('command', 'cancel', 'account', t.account('keys_a'), 'client_order_id', 'k-7')))) AS cancels;
SELECT * FROM t.refused(format('SELECT tradepost.submit_commands(''[{"command": "cancel", "account": %s, "client_order_id": "k-none"}]'')', t.account('keys_a')));
:wait
SELECT label, quantity, status, reason FROM t.orders('KEYS') WHERE label = 'k-7';

-- Transfers.
SELECT tradepost.deposit(t.account('keys_a'), 'USD', 5, 'd-1') AS first \gset
SELECT tradepost.deposit(t.account('keys_a'), 'USD', 5, 'd-1') = :first AS same;
SELECT * FROM t.refused(format('SELECT tradepost.deposit(%s, ''USD'', 6, ''d-1'')', t.account('keys_a')));
SELECT * FROM t.refused(format('SELECT tradepost.withdraw(%s, ''USD'', 5, ''d-1'')', t.account('keys_a')));
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''KEYS'', ''buy'', 5, 99, client_order_id => ''d-1'')', t.account('keys_a')));
SELECT tradepost.withdraw(t.account('keys_a'), 'USD', 5, 'd-2') AS first \gset
SELECT tradepost.withdraw(t.account('keys_a'), 'USD', 5, 'd-2') = :first AS same;
:wait
SELECT kind, quantity FROM tradepost.events WHERE account = t.account('keys_a') AND kind IN ('deposited', 'withdrawn') ORDER BY seq;

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
