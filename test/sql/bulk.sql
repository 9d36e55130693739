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
-- RETURNING shows what was placed: the order waits to be decided.  A known key has the first one's id, and no status here.
INSERT INTO tradepost.orders (account, symbol, side, quantity, price, client_order_id) VALUES (t.account('bulk_a'), 'BULK', 'sell', 1, 111, 'i-4')
	RETURNING id > :before AS new_id, symbol, side, type, time_in_force, quantity, price, filled, remaining, average_price, commission, status, reason, client_order_id, stp, post_only, expires_at, created_at;
INSERT INTO tradepost.orders (account, symbol, side, quantity, price, client_order_id) VALUES (t.account('bulk_a'), 'BULK', 'sell', 1, 111, 'i-4')
	RETURNING id = t.id('i-4') AS same_id, type, time_in_force, stp, post_only, status, filled, remaining;
INSERT INTO tradepost.orders (account, symbol, side, quantity, type, time_in_force, stp) VALUES (t.account('bulk_b'), 'BULK', 'buy', 1, 'market', 'ioc', 'decrement') RETURNING type, time_in_force, price, stp, post_only, status;

-- NULL means not given, in every way to place an order.
SELECT t.account('bulk_a') AS bulk_a \gset
SELECT max(id) AS before FROM tradepost.commands \gset
SELECT tradepost.place_order(:bulk_a, 'BULK', 'sell', 1, 109, NULL, NULL, 'n-1', NULL, NULL, NULL) > :before AS placed;
SELECT cardinality(tradepost.place_orders(ARRAY[:bulk_a], ARRAY['BULK'], ARRAY['sell']::tradepost.side[], ARRAY[1, 1], ARRAY[109], ARRAY[NULL, 'limit']::tradepost.order_type[],
	ARRAY[NULL]::tradepost.time_in_force[], ARRAY['n-2', 'n-3'], ARRAY[NULL]::timestamptz[], ARRAY['cancel_taker', NULL]::tradepost.stp[], ARRAY[NULL]::boolean[])) AS placed;
SELECT cardinality(tradepost.submit_commands(jsonb_build_array(jsonb_build_object('command', NULL, 'account', :bulk_a, 'symbol', 'BULK', 'side', 'sell', 'quantity', 1, 'price', 109, 'type', NULL,
	'time_in_force', NULL, 'client_order_id', 'n-4', 'expires_at', NULL, 'stp', NULL, 'post_only', NULL)))) AS placed;
INSERT INTO tradepost.orders (account, symbol, side, quantity, price, type, time_in_force, client_order_id, expires_at, stp, post_only)
	VALUES (:bulk_a, 'BULK', 'sell', 1, 109, NULL, NULL, 'n-5', NULL, NULL, NULL) RETURNING type, time_in_force, stp, post_only;
SELECT format('echo "%s,BULK,sell,1,109,,,n-6,,,"', :bulk_a) AS program \gset
COPY tradepost.orders (account, symbol, side, quantity, price, type, time_in_force, client_order_id, expires_at, stp, post_only) FROM PROGRAM :'program' WITH (FORMAT csv);
CALL tradepost.submit_order(:bulk_a, 'BULK', 'sell', 1, 109, NULL, NULL, 'n-7', NULL, NULL, NULL) \gset
SELECT preview ->> 'resting' AS resting FROM tradepost.preview_order(:bulk_a, 'BULK', 'sell', 1, 109, NULL, NULL, NULL, NULL) preview;
SELECT client_order_id, type, time_in_force, stp, post_only, expires_at = created_at + interval '1 day' AS for_a_day, status FROM tradepost.orders WHERE id > :before ORDER BY id;
SELECT tradepost.cancel_order(:bulk_a, id) > 0 AS cancelled FROM tradepost.orders WHERE id > :before ORDER BY id;
:wait
-- Columns that are the engine's are refused; so is what place_order() refuses; all or none.
INSERT INTO tradepost.orders (id, account, symbol, side, quantity, price) VALUES (1, t.account('bulk_a'), 'BULK', 'sell', 1, 100);
INSERT INTO tradepost.orders (account, symbol, side, quantity, price, status) VALUES (t.account('bulk_a'), 'BULK', 'sell', 1, 100, 'filled');
INSERT INTO tradepost.orders (account, symbol, side, quantity, price, client_order_id) VALUES (t.account('bulk_a'), 'BULK', 'sell', 1, 120, 'i-lost'), (t.account('bulk_a'), 'BULK', 'sell', 1, 120.001, 'i-bad');
SELECT count(*) FROM tradepost.commands WHERE client_order_id IN ('i-lost', 'i-bad');
-- Orders are changed by commands alone; a row need not be found for that to be said, nor is it a question of rights.
UPDATE tradepost.orders SET price = 1;
DELETE FROM tradepost.orders WHERE id = 0;
-- MERGE: by PostgreSQL itself before version 17.
SELECT code IN ('0A000', '42809', 'TP013') AS refused FROM t.refused('MERGE INTO tradepost.orders o USING (SELECT 1 AS one) x ON o.id = x.one WHEN MATCHED THEN DELETE');
SELECT tradepost.add_owner(t.account('bulk_a'), 'regress_tp_alice');
SET ROLE regress_tp_alice;
UPDATE tradepost.orders SET quantity = 2 WHERE false;
DELETE FROM tradepost.orders;
RESET ROLE;
SELECT tradepost.remove_owner(t.account('bulk_a'), 'regress_tp_alice');

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
-- Its decimals are strings, which nobody rounds.
SELECT key, jsonb_typeof(value) AS type, value FROM jsonb_each(:'result') WHERE key IN ('quantity', 'price', 'filled', 'remaining', 'average_price', 'commission', 'post_only') ORDER BY key;
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
SELECT key, jsonb_typeof(value) AS type, value FROM jsonb_each(:'result') WHERE key IN ('quantity', 'price', 'commission', 'counter_commission') ORDER BY key;
SELECT kind, reason, decision FROM tradepost.decision(:id);
SELECT count(*) FROM tradepost.decision(9000000000000000000);

-- What an order would get, without placing it.
SELECT tradepost.place_orders(ARRAY[:bulk_a], ARRAY['BULK'], ARRAY['sell']::tradepost.side[], ARRAY[5, 5], ARRAY[100, 101]) IS NOT NULL AS placed;
:wait
SELECT max(id) AS before FROM tradepost.commands \gset
SELECT t.account('bulk_b') AS bulk_b \gset
SELECT key, jsonb_typeof(value) AS type, value FROM jsonb_each(tradepost.preview_order(:bulk_b, 'BULK', 'buy', 8, 101)) WHERE key NOT LIKE 'free%' ORDER BY key;
SELECT key, value FROM jsonb_each_text(tradepost.preview_order(:bulk_b, 'BULK', 'buy', 12, type => 'market')) WHERE key IN ('accepted', 'reason', 'filled', 'resting', 'cancelled') ORDER BY key;
SELECT key, value FROM jsonb_each_text(tradepost.preview_order(:bulk_b, 'BULK', 'buy', 12, 101, time_in_force => 'fok')) WHERE key IN ('accepted', 'reason', 'filled', 'resting', 'cancelled') ORDER BY key;
-- Why, for each way that something of it would not rest: the words are those of the events, as the orders placed then show.
CREATE FUNCTION t.foreseen(label text, account bigint, side tradepost.side, quantity numeric, price numeric, tif tradepost.time_in_force, stp tradepost.stp, post_only boolean) RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
	type tradepost.order_type := CASE WHEN price IS NULL THEN 'market' ELSE 'limit' END;
	foreseen jsonb := tradepost.preview_order(account, 'BULK2', side, quantity, price, type, tif, stp, post_only);
BEGIN
	PERFORM tradepost.place_order(account, 'BULK2', side, quantity, price, type, tif, label, NULL, stp, post_only);
	RETURN foreseen;
END
$$;
SELECT tradepost.create_instrument('BULK2', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
SELECT cardinality(tradepost.place_orders(ARRAY[:bulk_a, :bulk_b], ARRAY['BULK2'], ARRAY['sell']::tradepost.side[], ARRAY[5, 5], ARRAY[100, 101])) AS placed;
:wait
CREATE TEMP TABLE foreseen (n integer, label text, preview jsonb);
\set foresee 'INSERT INTO foreseen SELECT 1 + (SELECT count(*) FROM foreseen), label, t.foreseen(label, account, side, quantity, price, tif, stp, post_only) FROM (VALUES'
\set placed ') v (label, account, side, quantity, price, tif, stp, post_only); :wait'
:foresee ('v-ioc', :bulk_b, 'buy'::tradepost.side, 2, 99.00, 'ioc'::tradepost.time_in_force, 'none'::tradepost.stp, false) :placed
:foresee ('v-fok', :bulk_b, 'buy'::tradepost.side, 20, 101.00, 'fok'::tradepost.time_in_force, 'none'::tradepost.stp, false) :placed
:foresee ('v-cross', :bulk_b, 'buy'::tradepost.side, 2, 100.00, 'gtc'::tradepost.time_in_force, 'none'::tradepost.stp, true) :placed
:foresee ('v-empty', :bulk_a, 'sell'::tradepost.side, 2, NULL::numeric, 'day'::tradepost.time_in_force, 'none'::tradepost.stp, false) :placed
:foresee ('v-band', :bulk_a, 'sell'::tradepost.side, 2, 10.00, 'day'::tradepost.time_in_force, 'none'::tradepost.stp, false) :placed
:foresee ('v-funds', :bulk_a, 'buy'::tradepost.side, 1000000, 100.00, 'day'::tradepost.time_in_force, 'none'::tradepost.stp, false) :placed
:foresee ('v-self', :bulk_b, 'buy'::tradepost.side, 6, 101.00, 'gtc'::tradepost.time_in_force, 'cancel_taker'::tradepost.stp, false) :placed
:foresee ('v-decrement', :bulk_b, 'buy'::tradepost.side, 3, 101.00, 'gtc'::tradepost.time_in_force, 'decrement'::tradepost.stp, false) :placed
:foresee ('v-both', :bulk_b, 'buy'::tradepost.side, 4, 101.00, 'ioc'::tradepost.time_in_force, 'decrement'::tradepost.stp, false) :placed
SELECT tradepost.place_order(:bulk_a, 'BULK2', 'sell', 1, 100) > 0 AS placed;
:wait
:foresee ('v-market', :bulk_b, 'buy'::tradepost.side, 2, NULL::numeric, 'day'::tradepost.time_in_force, 'none'::tradepost.stp, false) :placed
SELECT tradepost.halt_instrument('BULK2') > 0 AS halted;
:wait
:foresee ('v-halted', :bulk_b, 'buy'::tradepost.side, 2, 99.00, 'day'::tradepost.time_in_force, 'none'::tradepost.stp, false) :placed
SELECT f.label, f.preview ->> 'accepted' AS accepted, f.preview ->> 'filled' AS filled, f.preview ->> 'cancelled' AS cancelled, f.preview ->> 'reason' AS foreseen, o.status, o.filled, o.reason
FROM foreseen f JOIN tradepost.orders o ON o.client_order_id = f.label ORDER BY f.n;
SELECT max(id) AS before FROM tradepost.commands \gset
SELECT * FROM t.refused(format('SELECT tradepost.preview_order(%s, ''BULK'', ''buy'', 0, 101)', :bulk_b));
SELECT count(*) FROM tradepost.commands WHERE id > :before;

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
