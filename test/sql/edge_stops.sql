--
-- Triggered, linked and protected orders through the edge; what the proxies read of them; the limit of open orders
-- that a tier has.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('EDGES', 'spot', 'EDGE', 'USD', 0.01, 1, 10) > 0 AS listed;
DO $$ BEGIN PERFORM t.edge_user('ida'), t.edge_user('jan'); END $$;
DO $$ BEGIN PERFORM tradepost.deposit(u.account, 'EDGE', 1000) FROM tradepost.users u WHERE u.email IN ('ida@example.org', 'jan@example.org'); END $$;
:wait

SELECT * FROM t.each(
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": "9.5", "timeInForce": "gtc", "clientOrderId": "es-stop"}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": "3", "type": "STOP_LIMIT", "stopPrice": 9.25, "price": 9, "timeInForce": "gtc", "clientOrderId": "es-limit"}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "buy", "quantity": 1, "type": "take_profit", "stopPrice": 8, "clientOrderId": "es-profit"}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "price": 12, "timeInForce": "gtc", "clientOrderId": "es-ask"}'));
:wait
-- Linked to what was placed before: by number or string.
SELECT t.id('es-ask') AS ask, t.id('es-limit') AS limit \gset
SELECT * FROM t.each(('ida', NULL, format('{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9.75, "timeInForce": "gtc", "clientOrderId": "es-oco", "oco": %s}', :ask)::text),
	('ida', NULL, format('{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "take_profit", "stopPrice": 11, "timeInForce": "gtc", "clientOrderId": "es-oco-2", "oco": "%s"}', :limit)::text));
SELECT (t.call('order_get', 'ida', t.param('es-oco-2')) -> 'order' ->> 'linkedOrder')::bigint = :limit AS linked;
:wait
SELECT jsonb_pretty((t.call('order_get', 'ida', t.param('es-oco')) -> 'order') - '{id,createdAt,updatedAt,linkedOrder}'::text[]);
SELECT o ->> 'clientOrderId' AS name, o ->> 'type' AS type, o ->> 'price' AS price, o ->> 'stopPrice' AS stop, o ->> 'remaining' AS remaining, t.label((o ->> 'linkedOrder')::bigint) AS linked, o ->> 'parentOrder' AS parent, o ->> 'status' AS status
FROM jsonb_array_elements(t.call('orders_list', 'ida', '{}') -> 'orders') o ORDER BY 1;
SELECT s, (SELECT string_agg(o ->> 'clientOrderId', ' ' ORDER BY o ->> 'clientOrderId') FROM jsonb_array_elements(t.call('orders_list', 'ida', jsonb_build_object('query', jsonb_build_object('status', s))) -> 'orders') o) AS orders
FROM unnest(ARRAY['active', 'open', 'untriggered', 'filled']) s;
SELECT t.call('account_summary', 'ida', '{}') -> 'orders' AS orders;

-- One of another's is as unknown as one that never was; the rest is said field by field.
SELECT sqlstate, regexp_replace(message, 'oco \d+', 'oco N') AS message, hint FROM t.each(('jan', NULL, format('{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9.75, "oco": %s}', :ask)::text));
SELECT * FROM t.each(
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9.75, "oco": 999999999}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9.75, "oco": 1.5}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9.75, "oco": -1}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9.75, "oco": "first"}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9.75, "oco": "9999999999999999999"}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop"}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": "low"}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9.755}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": -9}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9, "price": 9}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "price": 11, "stopPrice": 9}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop", "stopPrice": 9, "timeInForce": "ioc"}'),
	('ida', NULL, '{"symbol": "EDGES", "side": "sell", "quantity": 3, "type": "stop_limit", "price": 9, "stopPrice": 9, "postOnly": true}'));

-- Amended: what an order does not have is refused, and the stop price of one that waits is changed.
SELECT r.* FROM unnest(ARRAY['{"stopPrice": "x"}', '{"price": "9"}', '{"stopPrice": 9.005}']) WITH ORDINALITY u (b, n), t.refused(format('SELECT t.call(''order_amend'', ''ida'', t.param(''es-stop'') || ''{"body": %s}'')', b)) r ORDER BY n;
SELECT * FROM t.refused('SELECT t.call(''order_amend'', ''ida'', t.param(''es-ask'') || ''{"body": {"stopPrice": 9}}'')');
SELECT t.call('order_amend', 'ida', t.param('es-stop') || '{"body": {"stopPrice": "9.4", "quantity": 2}}') ? 'command' AS amended;
SELECT t.call('order_cancel', 'ida', t.param('es-profit')) ? 'command' AS cancelled;
:wait
SELECT o ->> 'stopPrice' AS stop, o ->> 'quantity' AS quantity, o ->> 'status' AS status FROM unnest(ARRAY['es-stop', 'es-profit']) l, LATERAL (SELECT t.call('order_get', 'ida', t.param(l)) -> 'order') x (o);

-- What the proxies read: the events with what their orders wait for.
SELECT max(seq) AS seq FROM tradepost.events \gset
SELECT * FROM t.each(('jan', 'es-bid', '{"symbol": "EDGES", "side": "buy", "price": 9.6, "quantity": 5, "timeInForce": "gtc"}'));
SELECT * FROM t.each(('jan', 'es-hit', '{"symbol": "EDGES", "side": "sell", "price": 9.6, "quantity": 1, "stp": "none"}'));
:wait
SELECT p.kind, t.label(p.order_id) AS order, t.label(p.maker_order_id) AS maker, p.price, p.quantity, p.reason, p.o_type, p.o_status, p.o_price, p.o_stop_price, t.label(p.o_link) AS o_link, t.label(p.o_parent) AS o_parent,
	p.m_price, p.m_stop_price, p.m_link, p.m_parent, p.more FROM tradepost_edge.events_page(:seq, 100) p ORDER BY p.seq;
-- A trigger is its owner's alone to hear of.
SELECT count(*) FILTER (WHERE p.kind = 21) AS triggers, count(*) > 1 AS others FROM tradepost_edge.events_catchup(:seq, 100, (SELECT array_agg(id) FROM tradepost_internal.instruments), '{}') p;
SELECT count(*) FILTER (WHERE p.kind = 21) AS triggers FROM tradepost_edge.events_catchup(:seq, 100, '{}', ARRAY[t.account('ida Edge')]) p;
DO $$ BEGIN PERFORM tradepost.place_bracket(t.account('jan Edge'), 'EDGES', 'buy', 1, 9, 8, 11, client_order_id => 'es-bracket'); END $$;
:wait
SELECT t.label(p.order_id) AS order, p.kind, p.o_type, p.o_stop_price, t.label(p.o_link) AS o_link, t.label(p.o_parent) AS o_parent FROM tradepost_edge.events_page(:seq, 100) p WHERE t.label(p.order_id) LIKE 'es-bracket%' ORDER BY p.seq;

-- A tier's limit of open orders: those that wait count; a bracket is all or nothing; without a user there is none.
SELECT count(*) FROM tradepost_internal.orders WHERE account = t.account('jan Edge') AND status IN (0, 1, 7);
INSERT INTO tradepost_internal.tiers SELECT 1, 'free', t.rank, t.price, t.currency, t.support_channel, t.support_response, 6, t.max_api_keys, t.max_sockets FROM tradepost_internal.tiers t WHERE t.tenant IS NULL AND t.tier = 'free';
SELECT * FROM t.each(
	('jan', 'es-4', '{"symbol": "EDGES", "side": "sell", "quantity": 1, "type": "stop", "stopPrice": 8}'),
	('jan', 'es-5', '{"symbol": "EDGES", "side": "buy", "quantity": 1, "price": 8}'));
SELECT cardinality(tradepost.place_bracket(t.account('jan Edge'), 'EDGES', 'buy', 1, 9, 8, 11, client_order_id => 'es-too-many')) AS asked;
SELECT * FROM t.each(
	('jan', 'es-6', '{"symbol": "EDGES", "side": "buy", "quantity": 1, "price": 8}'),
	('jan', 'es-7', '{"symbol": "EDGES", "side": "buy", "quantity": 1, "type": "stop", "stopPrice": 12}'),
	('jan', 'es-8', '{"symbol": "EDGES", "side": "buy", "quantity": 1, "price": 8, "timeInForce": "ioc"}'));
:wait
SELECT label, status, reason FROM t.stops('EDGES') WHERE label ~ '^es-([4-8]|too)';
SELECT i.max_open, i.children FROM tradepost_internal.commands i WHERE i.id IN (t.id('es-4'), t.id('es-too-many')) ORDER BY i.id;
SELECT count(*) FROM tradepost_internal.orders WHERE account = t.account('jan Edge') AND status IN (0, 1, 7);
SELECT count(*) = 10 AS no_user_no_limit FROM (SELECT tradepost.place_order(t.account('stop_a'), 'EDGES', 'buy', 1, 7, time_in_force => 'gtc') FROM generate_series(1, 10)) o;
DELETE FROM tradepost_internal.tiers WHERE tenant = 1;
SELECT * FROM t.each(('jan', 'es-9', '{"symbol": "EDGES", "side": "buy", "quantity": 1, "price": 8}'));
:wait
SELECT label, status, reason FROM t.stops('EDGES') WHERE label = 'es-9';
SELECT bool_and(status NOT IN ('rejected')) FROM tradepost.orders WHERE account = t.account('stop_a') AND symbol = 'EDGES';
DO $$ BEGIN PERFORM tradepost.cancel_all(a, 'EDGES') FROM unnest(ARRAY[t.account('jan Edge'), t.account('ida Edge'), t.account('stop_a')]) a; END $$;
:wait
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
