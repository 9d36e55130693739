--
-- Many orders at once: place_orders, submit_commands, INSERT and COPY into the view, and
-- the procedure that places one and waits.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('BULK', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(10000000, 100000, 'bulk_a', 'bulk_b'); END $$;
:wait

-- Arrays: one value for all, one for each, or the default.
SELECT cardinality(tradepost.place_orders(ARRAY[t.account('bulk_a')], ARRAY['BULK'], ARRAY['sell', 'sell', 'buy']::tradepost.side[], ARRAY[1, 2, 3],
	ARRAY[101, 102, 99.5], client_order_ids => ARRAY['p-1', 'p-2', 'p-3'], times_in_force => ARRAY['gtc', 'day', 'gtc']::tradepost.time_in_force[])) AS placed;
SELECT tradepost.place_orders(ARRAY[]::bigint[], ARRAY[]::text[], ARRAY[]::tradepost.side[], ARRAY[]::numeric[]) AS none;
:wait
SELECT o.client_order_id, o.side, o.quantity, o.price, o.type, o.time_in_force, o.stp, o.post_only, o.status FROM tradepost.orders o WHERE o.symbol = 'BULK' ORDER BY id;

-- Place, cancel and amend mixed, decided in this order; decimals as numbers or strings; an order named by its place in the call.
SELECT cardinality(tradepost.submit_commands(jsonb_build_array(
	jsonb_build_object('account', t.account('bulk_a'), 'symbol', 'BULK', 'side', 'sell', 'quantity', 5, 'price', '103.50', 'client_order_id', 'j-1'),
	jsonb_build_object('command', 'place', 'account', t.account('bulk_b'), 'symbol', 'BULK', 'side', 'buy', 'quantity', '2', 'price', 100.25, 'time_in_force', 'gtc', 'client_order_id', 'j-2'),
	jsonb_build_object('command', 'amend', 'account', t.account('bulk_a'), 'order_index', 0, 'price', 101.5, 'quantity', '4'),
	jsonb_build_object('command', 'amend', 'account', t.account('bulk_b'), 'client_order_id', 'j-2', 'price', 101),
	jsonb_build_object('command', 'cancel', 'account', t.account('bulk_a'), 'order_id', t.id('p-3')),
	jsonb_build_object('account', t.account('bulk_b'), 'symbol', 'BULK', 'side', 'buy', 'quantity', 1, 'type', 'market', 'client_order_id', 'j-3'),
	jsonb_build_object('command', 'cancel_all', 'account', t.account('bulk_b'), 'symbol', 'BULK')))) AS commands;
SELECT tradepost.submit_commands('[]') AS none;
:wait
SELECT kind, label, maker, side, price, quantity, reason FROM t.events('BULK') OFFSET 4;

-- INSERT into the view, with its defaults; the ids come back.
SELECT max(id) AS before FROM tradepost.commands \gset
INSERT INTO tradepost.orders (account, symbol, side, quantity, price, client_order_id)
	SELECT t.account('bulk_a'), 'BULK', 'sell', n, 110 + n, 'i-' || n FROM generate_series(1, 3) n RETURNING id > :before AS new_id, client_order_id, status;
INSERT INTO tradepost.orders (account, symbol, side, quantity, type, time_in_force, stp) VALUES (t.account('bulk_b'), 'BULK', 'buy', 1, 'market', 'fok', 'none');
:wait
SELECT client_order_id, side, type, time_in_force, stp, post_only, quantity, price, filled, status FROM tradepost.orders WHERE symbol = 'BULK' AND id >= t.id('i-1') ORDER BY id;
-- Columns that are the engine's are refused; so is what place_order() refuses; all or none.
INSERT INTO tradepost.orders (id, account, symbol, side, quantity, price) VALUES (1, t.account('bulk_a'), 'BULK', 'sell', 1, 100);
INSERT INTO tradepost.orders (account, symbol, side, quantity, price, status) VALUES (t.account('bulk_a'), 'BULK', 'sell', 1, 100, 'filled');
INSERT INTO tradepost.orders (account, symbol, side, quantity, price, client_order_id) VALUES (t.account('bulk_a'), 'BULK', 'sell', 1, 120, 'i-lost'), (t.account('bulk_a'), 'BULK', 'sell', 1, 120.001, 'i-bad');
SELECT count(*) FROM tradepost.commands WHERE client_order_id IN ('i-lost', 'i-bad');
\set VERBOSITY terse
UPDATE tradepost.orders SET price = 1;
DELETE FROM tradepost.orders;
\set VERBOSITY default

-- COPY: buffered, in order; an error, or the abort of its transaction, discards all of it.
SELECT format('seq -f "%s,BULK,sell,1,120,c-%%.0f" 1 5000', t.account('bulk_a')) AS program \gset
COPY tradepost.orders (account, symbol, side, quantity, price, client_order_id) FROM PROGRAM :'program' WITH (FORMAT csv);
:wait
SELECT count(*), sum(quantity), min(client_order_id), max(client_order_id), bool_and(status = 'open') AS all_open FROM tradepost.orders WHERE client_order_id LIKE 'c-%';
SELECT bool_and(right(client_order_id, -2)::integer = n) AS in_order
FROM (SELECT client_order_id, row_number() OVER (ORDER BY id) AS n FROM tradepost.orders WHERE client_order_id LIKE 'c-%') o;
SELECT * FROM tradepost.order_book('BULK');
SELECT format('seq -f "%1$s,BULK,sell,1,120,d-%%.0f" 1 3000; echo "%1$s,BULK,sell,0,120,d-bad"', t.account('bulk_a')) AS program \gset
COPY tradepost.orders (account, symbol, side, quantity, price, client_order_id) FROM PROGRAM :'program' WITH (FORMAT csv);
SELECT format('seq -f "%1$s,BULK,sell,1,120,e-%%.0f" 1 3000', t.account('bulk_a')) AS program \gset
BEGIN;
COPY tradepost.orders (account, symbol, side, quantity, price, client_order_id) FROM PROGRAM :'program' WITH (FORMAT csv);
ROLLBACK;
SELECT format('seq -f "%1$s,BULK,sell,1,120,f-%%.0f" 1 100', t.account('bulk_a')) AS gone, format('seq -f "%1$s,BULK,sell,1,121,g-%%.0f" 1 2', t.account('bulk_a')) AS stays \gset
BEGIN;
SAVEPOINT s;
COPY tradepost.orders (account, symbol, side, quantity, price, client_order_id) FROM PROGRAM :'gone' WITH (FORMAT csv);
ROLLBACK TO s;
COPY tradepost.orders (account, symbol, side, quantity, price, client_order_id) FROM PROGRAM :'stays' WITH (FORMAT csv);
COMMIT;
COPY tradepost.orders (account, symbol, side, quantity, filled) FROM PROGRAM 'echo "1,BULK,sell,1,1"' WITH (FORMAT csv);
:wait
SELECT left(client_order_id, 1) AS file, count(*) FROM tradepost.commands WHERE client_order_id ~ '^[c-g]-' AND symbol = 'BULK' GROUP BY 1 ORDER BY 1;
SELECT * FROM tradepost.order_book('BULK');
DO $$ BEGIN PERFORM tradepost.cancel_all(t.account('bulk_a')); END $$;
:wait
SELECT count(*) FROM tradepost.events WHERE symbol = 'BULK' AND reason = 'cancel_all' AND account = t.account('bulk_a');

-- One order, and its decision as the answer.
SELECT t.account('bulk_a') AS bulk_a \gset
CALL tradepost.submit_order(:bulk_a, 'BULK', 'sell', 3, 100, client_order_id => 's-1') \gset
SELECT r ->> 'client_order_id' AS label, r ->> 'status' AS status, r ->> 'remaining' AS remaining, (r ->> 'id')::bigint = t.id('s-1') AS its_id FROM (SELECT :'result'::jsonb AS r) x;
CALL tradepost.submit_order(:bulk_a, 'BULK', 'buy', 3, 100, client_order_id => 's-2', stp => 'cancel_taker') \gset
SELECT r ->> 'status' AS status, r ->> 'reason' AS reason FROM (SELECT :'result'::jsonb AS r) x;
CALL tradepost.submit_order(:bulk_a, 'BULK', 'buy', 3, 200) \gset
SELECT r ->> 'status' AS status, r ->> 'reason' AS reason FROM (SELECT :'result'::jsonb AS r) x;
CALL tradepost.submit_order(:bulk_a, 'BULK', 'buy', 0, 200);
BEGIN;
CALL tradepost.submit_order(:bulk_a, 'BULK', 'buy', 1, 90);
ROLLBACK;
-- Waiting for a command that is no order gives the event that decided it.
SELECT tradepost.cancel_order(:bulk_a, t.id('s-1')) AS id \gset
CALL tradepost.wait_for_order(:id) \gset
SELECT r ->> 'kind' AS kind, r ->> 'reason' AS reason, r ->> 'decision' AS decision FROM (SELECT :'result'::jsonb AS r) x;
SELECT kind, reason, decision FROM tradepost.decision(:id);
SELECT count(*) FROM tradepost.decision(9000000000000000000);

-- What an order would get, without placing it.
SELECT tradepost.place_orders(ARRAY[:bulk_a], ARRAY['BULK'], ARRAY['sell']::tradepost.side[], ARRAY[5, 5], ARRAY[100, 101]) IS NOT NULL AS placed;
:wait
SELECT max(id) AS before FROM tradepost.commands \gset
SELECT t.account('bulk_b') AS bulk_b \gset
SELECT key, value FROM jsonb_each_text(tradepost.preview_order(:bulk_b, 'BULK', 'buy', 8, 101)) WHERE key NOT LIKE 'free%' ORDER BY key;
SELECT key, value FROM jsonb_each_text(tradepost.preview_order(:bulk_b, 'BULK', 'buy', 12, type => 'market')) WHERE key IN ('accepted', 'reason', 'filled', 'resting', 'cancelled') ORDER BY key;
SELECT key, value FROM jsonb_each_text(tradepost.preview_order(:bulk_b, 'BULK', 'buy', 12, 101, time_in_force => 'fok')) WHERE key IN ('accepted', 'reason', 'filled', 'resting', 'cancelled') ORDER BY key;
SELECT * FROM t.refused(format('SELECT tradepost.preview_order(%s, ''BULK'', ''buy'', 0, 101)', :bulk_b));
SELECT count(*) FROM tradepost.commands WHERE id > :before;

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
