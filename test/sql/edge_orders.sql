--
-- Orders through the edge: placed for many users in one call, none of which hurts another; read, cancelled, amended
-- by those whose they are.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_asset('EDGE', 0) > 0 AS asset;
SELECT tradepost.create_instrument('Edg25-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 150, contract => 'Edg25') > 0 AS future,
	tradepost.create_instrument('EDGE', 'spot', 'EDGE', 'USD', 0.01, 1, 10) > 0 AS spot;

-- Users by a short name, each with one session.
CREATE FUNCTION t.edge_user(name text) RETURNS void LANGUAGE sql AS
$$
	SELECT tradepost_edge.register(name || '@example.org', 'h', name, 'Edge', 'free', NULL, NULL);
	SELECT tradepost_edge.login_done(name || '@example.org', (SELECT id FROM tradepost.users WHERE email = name || '@example.org'), true, NULL, NULL, sha256(name::bytea));
$$;
CREATE FUNCTION t.u(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT id FROM tradepost.users WHERE email = name || '@example.org' $$;
CREATE FUNCTION t.s(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT max(id) FROM tradepost_internal.sessions WHERE user_id = t.u(name) $$;
-- A call with one order a row: user, key, order.
CREATE TYPE t.edge_order AS (who text, key text, "order" text);
CREATE FUNCTION t.each(VARIADIC o t.edge_order[]) RETURNS TABLE (n integer, label text, repeated boolean, sqlstate text, message text, hint text) LANGUAGE plpgsql AS
$$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT * FROM tradepost_edge.place_each(ARRAY(SELECT t.u((x).who) FROM unnest(o) x), ARRAY(SELECT t.s((x).who) FROM unnest(o) x), ARRAY(SELECT (x).key FROM unnest(o) x), ARRAY(SELECT (x)."order" FROM unnest(o) x)) LOOP
		RETURN QUERY SELECT p.n, (SELECT c.client_order_id FROM tradepost.commands c WHERE c.id = p.id), p.repeated, p.sqlstate, regexp_replace(p.message, 'account \d+', 'account N'), p.hint;
	END LOOP;
END
$$;
CREATE FUNCTION t.call(function text, who text, args jsonb) RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT tradepost_edge.%I($1, $2, $3)', function) INTO answer USING t.u(who), t.s(who), args;
	RETURN answer;
END
$$;
CREATE FUNCTION t.param(label text) RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('param', t.id(label)::text) $$;
DO $$ BEGIN PERFORM t.edge_user('ed'), t.edge_user('flo'); END $$;
:wait
SELECT a.name, b.asset, b.total FROM tradepost.balances b JOIN tradepost.accounts a ON a.id = b.account WHERE a.name LIKE '% Edge' ORDER BY 1;

-- Every way to write an order.  What the key is, the order's name is too.
SELECT * FROM t.each(
	('ed', NULL, '{"asset": "Wheat", "contract": "Edg25", "side": "buy", "price": "149.5", "amount": "3", "clientOrderId": "edge-1"}'),
	('ed', NULL, '{"symbol": "Edg25-Wheat", "side": "BUY", "price": 149.25, "quantity": 2, "timeInForce": "GTC", "clientOrderId": "edge-2", "stp": "CANCEL_MAKER", "postOnly": true}'),
	('flo', 'edge-3', '{"asset": "EDGE", "side": "Buy", "price": "9.50", "amount": 10, "type": "LIMIT", "timeInForce": "gtd", "expiresAt": "2099-12-31T23:59:59Z"}'),
	('flo', 'edge-4', '{"asset": "EDGE", "side": "Buy", "price": 9.49, "amount": 10, "clientOrderId": "its own name", "expiresAt": "2099-12-31T23:59:59.5+02:00", "type": null, "contract": null}'),
	('flo', 'edge-5', '{"symbol": "Edg25-Wheat", "side": "sell", "quantity": "1", "type": "market"}'));
:wait
SELECT jsonb_pretty((t.call('order_get', 'ed', t.param('edge-2')) -> 'order') - '{id,createdAt,updatedAt}'::text[]);
SELECT o ->> 'clientOrderId' AS name, o ->> 'symbol' AS symbol, o ->> 'asset' AS asset, o ->> 'contract' AS contract, o ->> 'type' AS type, o ->> 'timeInForce' AS tif, o ->> 'price' AS price, o ->> 'quantity' AS quantity,
	o ->> 'filled' AS filled, o ->> 'averagePrice' AS average, o ->> 'commission' AS commission, o ->> 'status' AS status, o ->> 'expiresAt' LIKE '2099%' AS given_expiry
FROM unnest(ARRAY['ed', 'flo']) w, jsonb_array_elements(t.call('orders_list', w, '{}') -> 'orders') o ORDER BY 1;

-- What is wrong with one hurts no other: good ones stand between them, and are placed.
SELECT * FROM t.each(
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "clientOrderId": "good-1"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "prize": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "long", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": 1, "price": 9, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "amount": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": "nine", "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": {"a": 1}, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": "NaN", "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 1e999999, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9.005, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 0.5}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": -1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1e30}'),
	('flo', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "clientOrderId": "good-2"}'),
	('ed', NULL, '{"symbol": "NOSUCH", "side": "buy", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"asset": "Wheat", "side": "buy", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"contract": "Edg25", "side": "buy", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "asset": "EDGE", "side": "buy", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"side": "buy", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "type": "stop"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "type": "market"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "timeInForce": "forever"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "timeInForce": "gtd"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "expiresAt": "tomorrow"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "expiresAt": "2099-12-31 23:59:59"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "expiresAt": "2099-13-31T23:59:59Z"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "expiresAt": 4102444799}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "postOnly": "yes"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "postOnly": true, "timeInForce": "ioc"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "stp": "maybe"}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "clientOrderId": ""}'),
	('ed', repeat('k', 129), '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"symbol": "ED\u0000GE", "side": "buy", "price": 9, "quantity": 1}'),
	('ed', NULL, '[]'),
	('ed', NULL, '7'),
	('ed', NULL, '{"symbol": '),
	('ed', NULL, NULL),
	('nobody', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 9, "quantity": 1, "clientOrderId": "good-3"}'));
:wait
SELECT client_order_id, status FROM tradepost.orders WHERE client_order_id LIKE 'good-%' ORDER BY id;
-- A call of which nothing is good leaves no trace, not even a transaction id.
BEGIN;
SELECT count(*), count(sqlstate) FROM t.each(('ed', 'a key', '{"symbol": "EDGE", "side": "buy", "price": 9.005, "quantity": 1}'), ('nobody', NULL, '{}'));
SELECT pg_current_xact_id_if_assigned() IS NULL AS no_transaction_id;
COMMIT;
SELECT count(*) FROM t.each(VARIADIC '{}');
SELECT * FROM t.refused('SELECT tradepost_edge.place_each(NULL, ''{}'', ''{}'', ''{}'')');
SELECT * FROM t.refused('SELECT tradepost_edge.place_each(''{1}'', ''{}'', ''{x}'', ''{x}'')');
SELECT * FROM t.refused('SELECT tradepost_edge.place_each(array_fill(1::bigint, ''{10001}''), array_fill(1::bigint, ''{10001}''), array_fill(''x''::text, ''{10001}''), array_fill(''{}''::text, ''{10001}''))');

-- Keys: the same request again is the first one, another under the same key is refused, alone; whosever key it is, it is theirs.
SELECT * FROM t.each(
	('ed', 'key-1', '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 1}'),
	('ed', 'key-2', '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 2}'),
	('ed', 'key-1', '{"asset": "EDGE", "side": "BUY", "price": "8.00", "amount": "1"}'),
	('flo', 'key-1', '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 3}'));
SELECT * FROM t.each(
	('ed', 'key-3', '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 4}'),
	('ed', 'key-2', '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 2}'),
	('ed', 'key-1', '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 7}'),
	('ed', 'key-3', '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 5}'),
	('flo', 'key-3', '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 5}'),
	('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 6, "clientOrderId": "key-4"}'));
:wait
SELECT a.name, o.client_order_id, o.quantity FROM tradepost.orders o JOIN tradepost.accounts a ON a.id = o.account WHERE o.client_order_id LIKE 'key-%' ORDER BY 1, 2;

-- Sessions: another user's, an ended one.
SELECT n, sqlstate, message FROM tradepost_edge.place_each(ARRAY[t.u('ed'), t.u('ed'), NULL], ARRAY[t.s('flo'), 9000000000, t.s('ed')], ARRAY[NULL, NULL, NULL]::text[], array_fill('{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 1}'::text, '{3}'));
SELECT tradepost.set_status(t.u('flo'), 'suspended');
SELECT * FROM t.each(('flo', NULL, '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 1}'), ('ed', NULL, '{"symbol": "EDGE", "side": "buy", "price": 8, "quantity": 1, "clientOrderId": "not flo"}'));
SELECT tradepost.set_status(t.u('flo'), 'active'), tradepost_edge.login_done('flo@example.org', t.u('flo'), true, NULL, NULL, sha256('flo again')) IS NOT NULL AS logged_in;

-- An order is its owner's; to others it does not exist.
SELECT w, f, r.code, r.message FROM unnest(ARRAY['order_get', 'order_cancel', 'order_amend']) WITH ORDINALITY u (f, n), unnest(ARRAY['flo', 'nobody']) w,
	t.refused(format('SELECT t.call(%L, %L, t.param(''edge-1'') || ''{"body": {}}'')', f, w)) x, LATERAL (SELECT x.code, regexp_replace(x.message, '\d+', 'N') AS message) r ORDER BY w, n;
SELECT r.code, r.message, r.hint FROM unnest(ARRAY['{}', '{"param": "0"}', '{"param": "abc"}', '{"param": "99999999999999999999"}', '{"param": "1; DROP TABLE x"}', '{"param": "-5"}']) WITH ORDINALITY u (a, n), t.refused(format('SELECT t.call(''order_get'', ''ed'', %L)', a)) r ORDER BY n;
-- A deposit is a command, but no order.
SELECT regexp_replace(r.message, '\d+', 'N') AS message FROM t.refused(format('SELECT t.call(''order_cancel'', ''ed'', ''{"param": "%s"}'')', (SELECT c.id FROM tradepost.commands c JOIN tradepost.users u ON u.account = c.account WHERE u.id = t.u('ed') AND c.kind = 'deposit'))) r;

-- Amended and cancelled.
SELECT t.call('order_amend', 'ed', t.param('edge-1') || '{"body": {"price": 149.75, "amount": "2"}}') ->> 'order' = t.id('edge-1')::text AS amended;
:wait
SELECT o ->> 'price' AS price, o ->> 'quantity' AS quantity, o ->> 'filled' AS filled, o ->> 'remaining' AS remaining, o ->> 'status' AS status FROM (SELECT t.call('order_get', 'ed', t.param('edge-1')) -> 'order' AS o) x;
SELECT r.* FROM unnest(ARRAY['{}', '{"price": "x"}', '{"quantity": 1, "amount": 1}', '{"side": "sell"}', '{"quantity": true}', '{"price": "1e3"}', '{"quantity": "0"}']) WITH ORDINALITY u (b, n), t.refused(format('SELECT t.call(''order_amend'', ''ed'', t.param(''edge-1'') || ''{"body": %s}'')', b)) r ORDER BY n;
SELECT t.call('order_cancel', 'ed', t.param('edge-1')) ->> 'order' = t.id('edge-1')::text AS cancelled;
:wait
SELECT o ->> 'status' AS status, o ->> 'reason' AS reason, o ->> 'remaining' AS remaining FROM (SELECT t.call('order_get', 'ed', t.param('edge-1')) -> 'order' AS o) x;
SELECT r.* FROM t.refused('SELECT t.call(''orders_cancel_all'', ''ed'', ''{"query": {"symbol": "NOSUCH"}}'')') r;
SELECT r.* FROM t.refused('SELECT t.call(''orders_cancel_all'', ''ed'', ''{"query": {"side": "buy"}}'')') r;
SELECT t.call('orders_cancel_all', 'ed', '{"body": {"asset": "Wheat", "contract": "Edg25"}}') ->> 'symbol' AS in_symbol;
:wait
SELECT i ->> 'symbol' AS symbol, count(*) FROM jsonb_array_elements(t.call('orders_list', 'ed', '{"query": {"status": "active"}}') -> 'orders') i GROUP BY 1;
-- Asked for in this transaction, decided after it: it is there, and pending.
BEGIN;
SELECT label, sqlstate FROM t.each(('ed', 'pending-1', '{"symbol": "EDGE", "side": "buy", "price": 7, "quantity": 1}'));
SELECT o ->> 'status' AS status, o ->> 'symbol' AS symbol, o ->> 'price' AS price, o ->> 'clientOrderId' AS name, o ->> 'remaining' AS remaining FROM (SELECT t.call('order_get', 'ed', t.param('pending-1')) -> 'order' AS o) x;
SELECT t.call('order_cancel', 'ed', t.param('pending-1')) ? 'command' AS cancel_goes_with_it;
COMMIT;
:wait
SELECT t.call('order_get', 'ed', t.param('pending-1')) -> 'order' ->> 'status' AS status;

-- Lists: page by page they give each order once, newest first.
DO $$
BEGIN
	PERFORM p.n FROM tradepost_edge.place_each(array_fill(t.u('flo'), '{45}'), array_fill(t.s('flo'), '{45}'), array_fill(NULL::text, '{45}'),
		array_fill('{"symbol": "EDGE", "side": "buy", "price": 6, "quantity": 1}'::text, '{45}')) p;
END
$$;
:wait
DO $$
DECLARE
	next    text := '';
	page    jsonb;
	pages   integer := 0;
	ids     bigint[] := '{}';
BEGIN
	WHILE next IS NOT NULL LOOP
		page := t.call('orders_list', 'flo', jsonb_build_object('query', jsonb_build_object('limit', '10', 'status', 'active', 'asset', 'EDGE', 'side', 'BUY') || CASE next WHEN '' THEN '{}' ELSE jsonb_build_object('cursor', next) END));
		ids := ids || ARRAY(SELECT (o ->> 'id')::bigint FROM jsonb_array_elements(page -> 'orders') o);
		next := page ->> 'nextCursor';
		pages := pages + 1;
	END LOOP;
	RAISE NOTICE '% pages, % orders; newest first: %; all: %', pages, cardinality(ids), ids = ARRAY(SELECT i FROM unnest(ids) i ORDER BY i DESC),
		ids = ARRAY(SELECT o.id FROM tradepost.orders o JOIN tradepost.users u ON u.account = o.account WHERE u.id = t.u('flo') AND o.symbol = 'EDGE' AND o.status = 'open' ORDER BY o.id DESC);
END
$$;
SELECT r.* FROM unnest(ARRAY['{"limit": "0"}', '{"limit": "201"}', '{"limit": "ten"}', '{"limit": "99999999999"}', '{"cursor": "x"}', '{"cursor": "AAAAAAAAAAB"}', '{"cursor": "___________"}', '{"status": "dead"}', '{"side": "up"}', '{"symbol": "NOSUCH"}', '{"asset": "EDGE", "contract": "Edg25"}', '{"page": "2"}', '{"status": 7}']) WITH ORDINALITY u (q, n),
	t.refused(format('SELECT t.call(''orders_list'', ''ed'', ''{"query": %s}'')', q)) r ORDER BY n;
SELECT r.code FROM t.refused('SELECT t.call(''orders_list'', ''nobody'', ''{}'')') r;
SELECT jsonb_array_length(t.call('orders_list', 'ed', jsonb_build_object('query', jsonb_build_object('status', s))) -> 'orders') AS n, s FROM unnest(ARRAY['active', 'open', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected']) s ORDER BY s;

-- Whoever has many orders and looks for few of them gets them over several pages.
SELECT cardinality(tradepost.place_orders(ARRAY[(SELECT account FROM tradepost.users WHERE id = t.u('flo'))], '{EDGE}', '{buy}', array_fill(1::numeric, '{10050}'), '{5}', NULL, '{gtc}')) AS placed;
:wait
SELECT jsonb_array_length(p -> 'orders') AS orders, p ->> 'nextCursor' IS NOT NULL AS goes_on FROM t.call('orders_list', 'flo', '{"query": {"symbol": "Edg25-Wheat", "status": "filled"}}') p;
SELECT t.call('orders_list', 'flo', '{"query": {"symbol": "Edg25-Wheat", "status": "filled"}}') ->> 'nextCursor' AS next \gset
SELECT p -> 'orders' -> 0 ->> 'clientOrderId' AS name, p -> 'nextCursor' AS next FROM t.call('orders_list', 'flo', jsonb_build_object('query', jsonb_build_object('symbol', 'Edg25-Wheat', 'status', 'filled', 'cursor', :'next'))) p;
SELECT jsonb_array_length(p -> 'orders') AS orders, p ->> 'nextCursor' IS NOT NULL AS goes_on FROM t.call('orders_list', 'flo', '{"query": {"limit": "200"}}') p;

-- A socket that is gone: no session is asked for.
SELECT tradepost.revoke_user(t.u('flo')) > 0 AS revoked, tradepost_edge.cancel_on_disconnect(t.u('flo')) > 0 AS asked, tradepost_edge.cancel_on_disconnect(9000000000) AS nobody;
:wait
SELECT count(*) FILTER (WHERE o.status IN ('open', 'partially_filled')) AS open, count(*) FILTER (WHERE o.status = 'cancelled' AND o.reason = 'cancel_all') AS cancelled FROM tradepost.orders o JOIN tradepost.users u ON u.account = o.account WHERE u.id = t.u('flo');

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
