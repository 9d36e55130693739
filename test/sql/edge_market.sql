--
-- What the edge shows: the market, the account, and the stream of events and the books that the proxies live on.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('Feed-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 150, contract => 'Feed', expires_at => '2199-12-15') > 0 AS listed,
	tradepost.create_instrument('Idle-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 150, contract => 'Idle') > 0 AS idle;
DO $$ BEGIN PERFORM t.edge_user('gus'), t.edge_user('hal'); END $$;
:wait
SELECT max(seq) AS first_seq FROM tradepost.events \gset
SELECT label, sqlstate FROM t.each(
	('gus', 'feed-1', '{"symbol": "Feed-Wheat", "side": "sell", "price": 150, "quantity": 5}'),
	('gus', 'feed-2', '{"symbol": "Feed-Wheat", "side": "sell", "price": 150.5, "quantity": 5}'),
	('hal', 'feed-3', '{"symbol": "Feed-Wheat", "side": "buy", "price": 150.25, "quantity": 8, "timeInForce": "gtc"}'),
	('hal', 'feed-4', '{"symbol": "Feed-Wheat", "side": "buy", "price": 149.75, "quantity": 2, "postOnly": true}'),
	('gus', 'feed-5', '{"symbol": "Feed-Wheat", "side": "sell", "price": 150, "quantity": 1, "timeInForce": "ioc"}'),
	('hal', 'feed-6', '{"symbol": "Feed-Wheat", "side": "sell", "price": 149.5, "quantity": 1, "timeInForce": "fok", "stp": "cancel_maker"}'),
	('hal', 'feed-7', '{"symbol": "Feed-Wheat", "side": "buy", "price": 1000, "quantity": 1}'));
:wait
SELECT id AS feed FROM tradepost.instruments WHERE symbol = 'Feed-Wheat' \gset
SELECT id AS idle FROM tradepost.instruments WHERE symbol = 'Idle-Wheat' \gset

-- Instruments and quotes.
SELECT jsonb_pretty(i - 'createdAt') FROM jsonb_array_elements(t.call('instruments', NULL, '{"query": {"contract": "Feed"}}') -> 'instruments') i;
SELECT jsonb_pretty(t.call('market', NULL, '{"query": {"symbol": "Feed-Wheat"}}'));
SELECT m ->> 'symbol' AS symbol, m -> 'last' AS last, m -> 'bid' AS bid, m ->> 'volume24h' AS volume FROM jsonb_array_elements(t.call('market', NULL, '{"query": {"contract": "Idle"}}') -> 'markets') m;
SELECT jsonb_array_length(t.call('market', NULL, '{}') -> 'markets') = (SELECT count(*) FROM tradepost.instruments) AS all_of_them,
	jsonb_array_length(t.call('instruments', NULL, NULL) -> 'instruments') = (SELECT count(*) FROM tradepost.instruments) AS and_here;
SELECT r.* FROM unnest(ARRAY['{"symbol": "X"}', '{"asset": "Wheat", "contract": "X"}', '{"depth": "1"}']) WITH ORDINALITY u (q, n), t.refused(format('SELECT t.call(''market'', NULL, ''{"query": %s}'')', q)) r ORDER BY n;
SELECT r.message FROM t.refused('SELECT t.call(''instruments'', NULL, ''{"query": {"kind": "swap"}}'')') r;

-- The tape: the taker's side, no names; with mine the caller's own.
SELECT x ->> 'price' AS price, x ->> 'quantity' AS quantity, x ->> 'amount' AS amount, x ->> 'side' AS side, x ->> 'contract' AS contract, (SELECT string_agg(k, ' ' ORDER BY n) FROM json_object_keys(x) WITH ORDINALITY j (k, n)) AS fields
FROM json_array_elements(tradepost_edge.trades(NULL, NULL, '{"query": {"symbol": "Feed-Wheat"}}') -> 'trades') x;
SELECT w, x ->> 'price' AS price, x ->> 'quantity' AS quantity, x ->> 'side' AS side, x ->> 'role' AS role, x ->> 'commission' AS commission, x ->> 'kind' AS kind, c.client_order_id
FROM unnest(ARRAY['gus', 'hal']) w, jsonb_array_elements(t.call('trades', w, '{"query": {"mine": "true", "contract": "Feed"}}') -> 'trades') x JOIN tradepost.commands c ON c.id = (x ->> 'orderId')::bigint ORDER BY w, (x ->> 'id')::bigint DESC;
SELECT t.call('trades', NULL, '{"query": {"contract": "Idle"}}');
SELECT (t.call('trades', NULL, '{"query": {"contract": "Feed", "limit": "1"}}') ->> 'nextCursor') IS NOT NULL AS goes_on;
SELECT t.call('trades', NULL, '{"query": {"contract": "Feed", "limit": "1"}}') ->> 'nextCursor' AS next \gset
SELECT x ->> 'price' AS price, p -> 'nextCursor' AS next FROM (SELECT t.call('trades', NULL, jsonb_build_object('query', jsonb_build_object('contract', 'Feed', 'limit', '1', 'cursor', :'next'))) AS p) y, jsonb_array_elements(p -> 'trades') x;
SELECT r.* FROM unnest(ARRAY['{"mine": "true"}', '{"mine": "yes"}', '{"limit": "1000"}', '{"side": "buy"}']) WITH ORDINALITY u (q, n), t.refused(format('SELECT t.call(''trades'', NULL, ''{"query": %s}'')', q)) r ORDER BY n;

-- Candles.
SELECT p ->> 'symbol' AS symbol, p ->> 'resolution' AS resolution, (SELECT sum((c ->> 'volume')::numeric) FROM jsonb_array_elements(p -> 'candles') c) AS volume,
	(SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(p -> 'candles' -> 0) k) AS fields
FROM unnest(ARRAY['{}', '{"interval": "1d", "limit": "2"}', '{"resolution": "5M", "since": "2020-01-01"}']) WITH ORDINALITY u (q, n), t.call('candles', NULL, jsonb_build_object('param', 'Feed-Wheat', 'query', q::jsonb)) p ORDER BY n;
SELECT t.call('candles', NULL, '{"param": "Feed-Wheat", "query": {"resolution": "1h", "since": "2001-01-01T00:00:00Z", "until": "2001-01-02T00:00:00+01:00"}}') AS long_ago;
SELECT t.call('candles', NULL, '{"param": "Feed-Wheat", "query": {"since": "4102444800"}}') -> 'candles' AS not_yet;
SELECT r.* FROM unnest(ARRAY['{"resolution": "2m"}', '{"resolution": "1m", "interval": "1m"}', '{"limit": "1001"}', '{"since": "yesterday"}', '{"since": "2026-02-31"}', '{"until": "2026-01-01T00:00:00"}', '{"x": "1"}']) WITH ORDINALITY u (q, n), t.refused(format('SELECT t.call(''candles'', NULL, ''{"param": "Feed-Wheat", "query": %s}'')', q)) r ORDER BY n;
SELECT r.* FROM unnest(ARRAY['{"param": "NOSUCH"}', '{}']) WITH ORDINALITY u (a, n), t.refused(format('SELECT t.call(''candles'', NULL, %L)', a)) r ORDER BY n;

-- Rolled up by the minute or not, it is the same as from the events; rolled up twice it is not counted twice.
CREATE FUNCTION t.candles_differ() RETURNS bigint LANGUAGE sql AS
$$
	SELECT count(*) FROM (SELECT DISTINCT symbol FROM tradepost.trades) i, unnest(ARRAY['1m', '5m', '15m', '1h', '1d']) r, LATERAL (
		SELECT to_jsonb(t.call('candles', NULL, jsonb_build_object('param', symbol, 'query', jsonb_build_object('resolution', r, 'limit', '1000', 'since', '2020-01-01'))) -> 'candles') AS edge,
			(SELECT jsonb_agg(jsonb_build_object('time', tradepost_internal.iso(c.start), 'open', c.open::text, 'high', c.high::text, 'low', c.low::text, 'close', c.close::text, 'volume', c.volume::text, 'trades', c.trades) ORDER BY c.start)
				FROM tradepost.candles(symbol, r, now() - 9000 * CASE r WHEN '1m' THEN interval '1 minute' ELSE '5 minutes' END, now() + interval '1 minute') c) AS api) x
	WHERE x.edge IS DISTINCT FROM x.api
$$;
SELECT t.candles_differ();
SELECT seq > 0 AS rolled, (SELECT count(*) > 0 FROM tradepost_internal.market_minutes) AS minutes FROM tradepost_internal.market_rolled;
-- The same with all of it, and with a part of the minute that others are in.
UPDATE tradepost_internal.market_rolled SET seq = 0;
DELETE FROM tradepost_internal.market_minutes;
INSERT INTO tradepost_internal.market_minutes SELECT * FROM tradepost_internal.traded_between(0, :first_seq - 5000);
UPDATE tradepost_internal.market_rolled SET seq = :first_seq - 5000;
SELECT t.candles_differ();
SELECT seq >= :first_seq AS rolled_on FROM tradepost_internal.market_rolled;
SELECT count(*) AS market_differs FROM jsonb_array_elements(t.call('market', NULL, '{}') -> 'markets') m JOIN tradepost.market v ON v.symbol = m ->> 'symbol'
WHERE (m ->> 'volume24h', m ->> 'high24h', m ->> 'low24h', m ->> 'trades24h', m ->> 'last', m ->> 'mark', m ->> 'bid', m ->> 'ask', m ->> 'openInterest', m ->> 'status')
	IS DISTINCT FROM (v.volume_24h::text, v.high_24h::text, v.low_24h::text, v.trades_24h::text, v.last_price::text, v.mark::text, v.bid::text, v.ask::text, v.open_interest::text, v.status::text);

-- The account.
SELECT jsonb_pretty(t.call('account_summary', 'hal', '{}') #- '{account,id}' #- '{account,createdAt}');
SELECT r.code FROM unnest(ARRAY['account_summary', 'profile', 'orders_list', 'orders_cancel_all', 'logout']) f, t.refused(format('SELECT t.call(%L, ''nobody'', ''{}'')', f)) r;

-- Events: each with what its orders are now.
SELECT e.kind, c.client_order_id AS "order", m.client_order_id AS maker, e.side, e.reason, e.decision, e.quantity, e.price, e.commission, e.counter_commission, e.more
FROM tradepost_edge.events_page(:first_seq, 100) e LEFT JOIN tradepost.commands c ON c.id = e.order_id LEFT JOIN tradepost.commands m ON m.id = e.maker_order_id ORDER BY e.seq;
SELECT o_client_order_id, o_side, o_type, o_tif, o_status, o_quantity, o_price, o_filled, o_avg, o_commission, o_post_only, o_stp, o_reason, o_expires_us IS NULL AS no_expiry, o_created_us <= time_us AS created,
	m_client_order_id, m_side, m_type, m_tif, m_status, m_quantity, m_price, m_filled, m_avg, m_commission, m_post_only, m_stp, m_reason, m_expires_us > time_us AS m_expires, m_created_us <= time_us AS m_created
FROM tradepost_edge.events_page(:first_seq, 100) ORDER BY seq;
-- Row for row the same facts as in the view of events.
SELECT count(*) > 1000 AS many, bool_and(p.command_id = e.command_id AND p.time_us = round(extract(epoch FROM e.time) * 1000000) AND p.order_id IS NOT DISTINCT FROM e.order_id AND p.maker_order_id IS NOT DISTINCT FROM e.maker_order_id
	AND p.account IS NOT DISTINCT FROM e.account AND p.counter_account IS NOT DISTINCT FROM e.counter_account AND p.decision = e.decision AND p.quantity IS NOT DISTINCT FROM e.quantity::text AND p.price IS NOT DISTINCT FROM e.price::text
	AND p.commission IS NOT DISTINCT FROM e.commission::text AND p.counter_commission IS NOT DISTINCT FROM e.counter_commission::text AND p.reason IS NOT DISTINCT FROM e.reason
	AND (enum_range(NULL::tradepost.event_kind))[p.kind] = e.kind AND p.side IS NOT DISTINCT FROM CASE e.side WHEN 'buy' THEN 0 WHEN 'sell' THEN 1 END
	AND p.asset IS NOT DISTINCT FROM e.asset AND p.instrument IS NOT DISTINCT FROM (SELECT i.id FROM tradepost.instruments i WHERE i.symbol = e.symbol)) AS events,
	bool_and(o.id IS NULL OR (p.o_status = array_position(enum_range(NULL::tradepost.order_status), o.status) - 1 AND p.o_quantity = o.quantity::text AND p.o_price IS NOT DISTINCT FROM o.price::text AND p.o_filled = o.filled::text
	AND p.o_avg IS NOT DISTINCT FROM o.average_price::text AND p.o_commission = o.commission::text AND p.o_client_order_id IS NOT DISTINCT FROM o.client_order_id AND p.o_reason IS NOT DISTINCT FROM o.reason AND p.o_post_only = o.post_only
	AND p.o_created_us = round(extract(epoch FROM o.created_at) * 1000000) AND p.o_expires_us IS NOT DISTINCT FROM round(extract(epoch FROM o.expires_at) * 1000000))) AS orders,
	bool_and(m.id IS NULL OR (p.m_status = array_position(enum_range(NULL::tradepost.order_status), m.status) - 1 AND p.m_filled = m.filled::text AND p.m_avg IS NOT DISTINCT FROM m.average_price::text)) AS makers
FROM tradepost_edge.events_page(0, 10000) p JOIN tradepost.events e USING (seq) LEFT JOIN tradepost.orders o ON o.id = e.order_id LEFT JOIN tradepost.orders m ON m.id = e.maker_order_id;
SELECT count(*) = (SELECT least(count(*), 10000) FROM tradepost.events) AS all_of_them FROM tradepost_edge.events_page(NULL, 10000);
SELECT count(*), min(seq) = :first_seq + 1 AS after, bool_and(more) AS more FROM tradepost_edge.events_page(:first_seq, 3);
SELECT count(*) FROM tradepost_edge.events_page(9000000000000000000, 100);
SELECT tradepost_edge.newest_seq() = max(seq) AS newest FROM tradepost.events;
SELECT r.* FROM unnest(ARRAY['0', '10001', 'NULL']) WITH ORDINALITY u (d, n), t.refused(format('SELECT * FROM tradepost_edge.events_page(0, %s)', d)) r ORDER BY n;

-- What a client missed: of an instrument the public part, of an account all; and how far that goes.
SELECT e.kind, e.seq > :first_seq AS after, e.o_client_order_id, e.more FROM tradepost_edge.events_catchup(:first_seq, 100, ARRAY[:feed], NULL) e;
SELECT e.kind, e.o_client_order_id, e.m_client_order_id, e.more FROM tradepost_edge.events_catchup(:first_seq, 100, NULL, ARRAY[(SELECT account FROM tradepost.users WHERE id = t.u('gus'))]) e;
SELECT e.kind, e.more FROM tradepost_edge.events_catchup(:first_seq, 2, ARRAY[:feed, :idle], ARRAY[(SELECT account FROM tradepost.users WHERE id = t.u('gus'))]) e;
SELECT e.kind, e.seq = (SELECT max(seq) FROM tradepost.events) AS up_to_the_last, e.more FROM tradepost_edge.events_catchup(:first_seq, 10, '{}', '{}') e;
SELECT e.kind, e.seq, e.more FROM tradepost_edge.events_catchup(9000000000000000000, 10, '{}', '{}') e;

-- Books: of one moment, with the event that they are the state of.
SELECT instrument = :feed AS feed, side, price, quantity, orders, seq = (SELECT max(seq) FROM tradepost.events) AS as_of_the_last FROM tradepost_edge.books(ARRAY[:feed, :idle], 10);
SELECT side, price FROM tradepost_edge.books(ARRAY[:feed], 1);
SELECT count(*) FROM tradepost_edge.books('{}', 1);
SELECT count(*), count(side) FROM tradepost_edge.books('{2000000000,NULL}', 10000);
SELECT r.* FROM unnest(ARRAY['NULL, 1', '''{1}'', 0', '''{1}'', 10001', '''{1}'', NULL', 'array_fill(1, ''{100000}''), 1']) WITH ORDINALITY u (a, n), t.refused(format('SELECT tradepost_edge.books(%s)', a)) r ORDER BY n;
SELECT count(*) AS differ FROM (
	(SELECT (ARRAY['buy', 'sell'])[side + 1], price, quantity, orders FROM tradepost_edge.books(ARRAY[:feed], 100) WHERE side IS NOT NULL EXCEPT SELECT side::text, price::text, quantity::text, orders FROM tradepost.order_book('Feed-Wheat', 100))
	UNION ALL
	(SELECT side::text, price::text, quantity::text, orders FROM tradepost.order_book('Feed-Wheat', 100) EXCEPT SELECT (ARRAY['buy', 'sell'])[side + 1], price, quantity, orders FROM tradepost_edge.books(ARRAY[:feed], 100))) x;
SELECT symbol, asset, contract, kind, status, tick, lot, multiplier, quote, mark, last FROM tradepost_edge.instruments_raw() WHERE id IN (:feed, :idle) ORDER BY id;
SELECT e ->> 'state' AS state, (e ->> 'seq')::bigint = (SELECT max(seq) FROM tradepost.events) AS seq, (e ->> 'openOrders')::bigint = (SELECT count(*) FROM tradepost_internal.open_orders()) AS open_orders,
	(SELECT string_agg(k, ' ' ORDER BY n) FROM json_object_keys(e) WITH ORDINALITY j (k, n)) AS fields FROM tradepost_edge.engine_json() e;

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
