--
-- Orders that wait for the last trade: stop, stop_limit, take_profit; when they fire, in which order, and what
-- becomes of them; linked pairs.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('STOPS', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed, tradepost.create_instrument('STOP2', 'spot', 'EUR', 'USD', 0.01, 1, 100, band => 20) > 0 AS another,
	tradepost.create_instrument('Stp25-Wheat', 'future', 'Wheat', 'USD', 0.25, 1, 600, multiplier => 50, initial_margin => 1000, maintenance_margin => 800, contract => 'Stp25') > 0 AS future;

-- Places an order that waits; linked to another by its label.
CREATE FUNCTION t.stop(label text, account text, symbol text, side tradepost.side, quantity numeric, type tradepost.order_type, stop_price numeric, price numeric DEFAULT NULL, oco text DEFAULT NULL,
	tif tradepost.time_in_force DEFAULT 'gtc') RETURNS void LANGUAGE sql AS
$$ SELECT tradepost.place_order(t.account(account), symbol, side, quantity, price, type, tif, label, stop_price => stop_price, oco => t.id(oco)) $$;
-- Orders with what they wait for; one without a label by its parent's.
CREATE FUNCTION t.label(of bigint) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce(c.client_order_id, p.client_order_id || ' ' || o.type) FROM tradepost.orders o JOIN tradepost.commands c ON c.id = o.id LEFT JOIN tradepost.commands p ON p.id = o.parent_order WHERE o.id = $1 $$;
CREATE FUNCTION t.stops(symbol text) RETURNS TABLE (label text, side tradepost.side, type tradepost.order_type, quantity numeric, price numeric, stop_price numeric, linked text, parent text, filled numeric,
	remaining numeric, average numeric, status tradepost.order_status, reason text) LANGUAGE sql STABLE AS
$$
	SELECT t.label(o.id), o.side, o.type, o.quantity, o.price, o.stop_price, t.label(o.linked_order), coalesce(t.label(o.parent_order), CASE WHEN o.parent_order > 0 THEN 'not decided' END), o.filled, o.remaining,
		o.average_price, o.status, o.reason
	FROM tradepost.orders o WHERE o.symbol = $1 ORDER BY o.id
$$;
CREATE FUNCTION t.stop_events(symbol text, after bigint) RETURNS TABLE (kind tradepost.event_kind, label text, maker text, price numeric, quantity numeric, reason text, decision boolean) LANGUAGE sql STABLE AS
$$ SELECT e.kind, t.label(e.order_id), t.label(e.maker_order_id), e.price, e.quantity, e.reason, e.decision FROM tradepost.events e WHERE e.symbol = $1 AND e.seq > $2 ORDER BY e.seq $$;

DO $$
BEGIN
	PERFORM t.open(1000000, 1000, 'stop_a', 'stop_b', 'stop_c');
	PERFORM t.open(1000, 2, 'stop_poor');
END
$$;
:wait

-- Before the first trade nothing fires.  What waits is in no book, reserves nothing, and is counted as open.
SELECT open_orders AS open_before FROM tradepost.engine_status \gset
DO $$
BEGIN
	PERFORM t.stop('sell-95', 'stop_b', 'STOPS', 'sell', 2, 'stop', 95);
	PERFORM t.stop('buy-105', 'stop_b', 'STOPS', 'buy', 2, 'stop', 105);
	PERFORM t.stop('sell-limit-97', 'stop_b', 'STOPS', 'sell', 3, 'stop_limit', 97, 96.5);
	PERFORM t.stop('sell-profit-110', 'stop_b', 'STOPS', 'sell', 1, 'take_profit', 110);
	PERFORM t.stop('buy-profit-90', 'stop_b', 'STOPS', 'buy', 1, 'take_profit', 90);
	PERFORM t.stop('buy-limit-104', 'stop_b', 'STOPS', 'buy', 1, 'stop_limit', 104, 104.5, tif => 'day');
END
$$;
:wait
SELECT * FROM t.stops('STOPS');
SELECT * FROM tradepost.order_book('STOPS');
SELECT * FROM t.money('stop_b');
SELECT open_orders - :open_before AS waiting FROM tradepost.engine_status;
SELECT count(*) FROM tradepost_internal.open_orders() o WHERE o.status = 7;
SELECT order_id = t.id('sell-limit-97') AS order_known, kind, price, quantity, decision FROM tradepost.order_history(t.id('sell-limit-97')) e;
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- A trade between them all: nothing.  Then the price falls to 97: the stop limit fires, and rests at its limit.
SELECT max(seq) AS seq FROM tradepost.events \gset
DO $$
BEGIN
	PERFORM t.place('bid-100', 'stop_a', 'STOPS', 'buy', 1, 100);
	PERFORM t.place('hit-100', 'stop_c', 'STOPS', 'sell', 1, 100);
	PERFORM t.place('bid-97', 'stop_a', 'STOPS', 'buy', 1, 97);
	PERFORM t.place('hit-97', 'stop_c', 'STOPS', 'sell', 1, 97);
END
$$;
:wait
SELECT * FROM t.stop_events('STOPS', :seq);
SELECT * FROM t.stops('STOPS') WHERE label LIKE 'sell-limit%';
SELECT * FROM tradepost.order_book('STOPS');
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- A deep fall fires them one after another, each after the one before is done: the first takes the bids that the next does not find.
DO $$
BEGIN
	PERFORM tradepost.cancel_order(t.account('stop_b'), t.id('sell-limit-97'));
	PERFORM t.stop('sell-94', 'stop_b', 'STOPS', 'sell', 4, 'stop', 94);
	PERFORM t.stop('sell-94-too', 'stop_c', 'STOPS', 'sell', 2, 'stop', 94);
	PERFORM t.place('bid-95', 'stop_a', 'STOPS', 'buy', 2, 95);
	PERFORM t.place('bid-94', 'stop_a', 'STOPS', 'buy', 2, 94);
	PERFORM t.place('bid-93', 'stop_a', 'STOPS', 'buy', 5, 93);
	PERFORM t.place('bid-92', 'stop_a', 'STOPS', 'buy', 1, 92);
END
$$;
:wait
SELECT max(seq) AS seq FROM tradepost.events \gset
DO $$ BEGIN PERFORM t.place('fall', 'stop_c', 'STOPS', 'sell', 1, 95); END $$;
:wait
SELECT * FROM t.stop_events('STOPS', :seq);
-- All of it is of the command that moved the price.
SELECT count(DISTINCT command_id), min(command_id) = t.id('fall') AS of_the_fall FROM tradepost.events WHERE seq > :seq AND symbol = 'STOPS';
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- One whose time has come already fires at once.  Buys: above the last price, a profit taken below it.
DO $$ BEGIN PERFORM t.place('ask-101', 'stop_a', 'STOPS', 'sell', 3, 101), t.stop('at-once', 'stop_b', 'STOPS', 'sell', 1, 'stop', 100), t.stop('profit-at-once', 'stop_b', 'STOPS', 'buy', 1, 'take_profit', 95); END $$;
:wait
SELECT * FROM t.stops('STOPS') WHERE label IN ('at-once', 'profit-at-once', 'buy-profit-90', 'buy-limit-104', 'buy-105', 'sell-profit-110');

-- Risk is checked when it fires: funds, a band that has moved on, nobody there.
DO $$
BEGIN
	PERFORM t.place('2-bid', 'stop_a', 'STOP2', 'buy', 1, 100), t.place('2-hit', 'stop_c', 'STOP2', 'sell', 1, 100);
	PERFORM t.stop('poor', 'stop_poor', 'STOP2', 'sell', 3, 'stop', 99);
	PERFORM t.stop('poor-limit', 'stop_poor', 'STOP2', 'buy', 100, 'stop_limit', 101, 102);
	PERFORM t.stop('outside', 'stop_b', 'STOP2', 'sell', 1, 'stop_limit', 99, 70);
	PERFORM t.stop('alone', 'stop_b', 'STOP2', 'buy', 1, 'stop', 101);
	PERFORM t.stop('self', 'stop_a', 'STOP2', 'sell', 2, 'stop', 99);
	PERFORM t.place('2-bid-99', 'stop_a', 'STOP2', 'buy', 5, 99);
END
$$;
:wait
SELECT max(seq) AS seq FROM tradepost.events \gset
DO $$ BEGIN PERFORM t.place('2-hit-99', 'stop_c', 'STOP2', 'sell', 1, 99); END $$;
:wait
SELECT * FROM t.stop_events('STOP2', :seq);
SELECT max(seq) AS seq FROM tradepost.events \gset
DO $$ BEGIN PERFORM t.place('2-ask-101', 'stop_c', 'STOP2', 'sell', 1, 101), t.place('2-lift-101', 'stop_a', 'STOP2', 'buy', 1, 101); END $$;
:wait
SELECT * FROM t.stop_events('STOP2', :seq);
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- Amended while it waits: quantity, limit, stop price; by a stop price it may fire.  Afterwards it has none.
DO $$ BEGIN PERFORM t.stop('amend-me', 'stop_b', 'STOP2', 'sell', 3, 'stop_limit', 95, 94); END $$;
:wait
SELECT max(seq) AS seq FROM tradepost.events \gset
SELECT tradepost.amend_order(t.account('stop_b'), t.id('amend-me'), quantity => 2) > 0 AS quantity, tradepost.amend_order(t.account('stop_b'), t.id('amend-me'), price => 93, stop_price => 94) > 0 AS prices,
	tradepost.amend_order(t.account('stop_b'), t.id('amend-me'), stop_price => 101) > 0 AS fires, tradepost.amend_order(t.account('stop_b'), t.id('amend-me'), stop_price => 90) > 0 AS too_late;
:wait
SELECT * FROM t.stop_events('STOP2', :seq);
SELECT * FROM t.stops('STOP2') WHERE label = 'amend-me';
SELECT kind, quantity, price, stop_price FROM tradepost.commands WHERE order_id = t.id('amend-me') ORDER BY id;
SELECT r.* FROM unnest(ARRAY['price => 95', 'stop_price => 95.005', 'stop_price => 0', 'stop_price => ''NaN''', 'stop_price => 1e30', 'quantity => 0']) WITH ORDINALITY u (a, n),
	t.refused(format('SELECT tradepost.amend_order(%s, %s, %s)', t.account('stop_b'), t.id('sell-profit-110'), a)) r ORDER BY n;
SELECT * FROM t.refused(format('SELECT tradepost.amend_order(%s, %s, stop_price => 95)', t.account('stop_a'), t.id('2-bid-99')));

-- Cancelled like an open one: by itself, with all, with its instrument.
SELECT tradepost.cancel_order(t.account('stop_b'), t.id('sell-profit-110')) > 0 AS one, tradepost.cancel_all(t.account('stop_b'), 'STOPS') > 0 AS all_in_one;
DO $$ BEGIN PERFORM t.stop('until-settled', 'stop_b', 'Stp25-Wheat', 'buy', 1, 'stop', 610), t.stop('poor-future', 'stop_c', 'Stp25-Wheat', 'sell', 1, 'take_profit', 620); END $$;
SELECT tradepost.settle_instrument('Stp25-Wheat', 605) > 0 AS settled;
:wait
SELECT label, status, reason FROM t.stops('STOPS') WHERE status = 'cancelled' AND reason IN ('requested', 'cancel_all');
SELECT label, status, reason FROM t.stops('Stp25-Wheat');
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- Every other way to place one.
CALL tradepost.submit_order(t.account('stop_b'), 'STOPS', 'sell', 1, type => 'take_profit', time_in_force => 'gtc', client_order_id => 'by-call', stop_price => 120.5) \gset called_
SELECT :'called_result'::jsonb - '{id,account,created_at,updated_at}'::text[] AS order;
INSERT INTO tradepost.orders (account, symbol, side, quantity, type, time_in_force, client_order_id, stop_price)
	SELECT t.account('stop_b'), 'STOPS', 'sell', q, 'stop', 'gtc', 'by-insert-' || q, 80 + q FROM generate_series(1, 2) q RETURNING client_order_id, type, price, stop_price, linked_order, parent_order, status;
SELECT cardinality(tradepost.place_orders(ARRAY[t.account('stop_b')], ARRAY['STOPS'], ARRAY['sell', 'buy', 'sell']::tradepost.side[], ARRAY[1, 1, 1], ARRAY[75, NULL, 200], ARRAY['stop_limit', 'stop', 'limit']::tradepost.order_type[],
	ARRAY['gtc']::tradepost.time_in_force[], ARRAY['by-array-1', 'by-array-2', 'by-array-3'], stop_prices => ARRAY[76, 130, NULL])) AS placed;
SELECT cardinality(tradepost.submit_commands(jsonb_build_array(
	jsonb_build_object('account', t.account('stop_b'), 'symbol', 'STOPS', 'side', 'buy', 'quantity', 1, 'type', 'stop_limit', 'time_in_force', 'gtc', 'price', '131.5', 'stop_price', '131', 'client_order_id', 'by-json'),
	jsonb_build_object('command', 'amend', 'account', t.account('stop_b'), 'order_index', 0, 'stop_price', 131.25)))) AS submitted;
:wait
SELECT * FROM t.stops('STOPS') WHERE label LIKE 'by-%';
-- What was asked for is in the request's hash: the same again is the first one, another stop price another request.
SELECT t.id('by-json') = tradepost.place_order(t.account('stop_b'), 'STOPS', 'buy', 1, 131.5, 'stop_limit', 'gtc', 'by-json', stop_price => 131) AS same;
SELECT * FROM t.refused(format('SELECT tradepost.place_order(%s, ''STOPS'', ''buy'', 1, 131.5, ''stop_limit'', ''gtc'', ''by-json'', stop_price => 131.25)', t.account('stop_b')));
SELECT tradepost.preview_order(t.account('stop_b'), 'STOPS', 'sell', 1, type => 'stop', stop_price => 80) AS would_wait;
SELECT tradepost.preview_order(t.account('stop_b'), 'STOPS', 'buy', 1, type => 'stop', stop_price => 80) AS would_fire;

-- Linked: one triggers, the other is cancelled.
DO $$
BEGIN
	PERFORM tradepost.cancel_all(t.account(a)) FROM unnest(ARRAY['stop_a', 'stop_b', 'stop_c']) a;
	PERFORM t.place('o-bid', 'stop_a', 'STOPS', 'buy', 1, 100), t.place('o-hit', 'stop_c', 'STOPS', 'sell', 1, 100);
	PERFORM t.place('o-limit-1', 'stop_b', 'STOPS', 'sell', 2, 103), t.stop('o-stop-1', 'stop_b', 'STOPS', 'sell', 2, 'stop', 98, oco => 'o-limit-1');
	PERFORM t.stop('o-profit-2', 'stop_b', 'STOPS', 'sell', 2, 'take_profit', 104), t.stop('o-stop-2', 'stop_b', 'STOPS', 'sell', 2, 'stop_limit', 90, 89, oco => 'o-profit-2');
END
$$;
:wait
SELECT label, type, stop_price, linked, status FROM t.stops('STOPS') WHERE label ~ '^o-.*-[12]';
SELECT max(seq) AS seq FROM tradepost.events \gset
DO $$ BEGIN PERFORM t.place('o-bid-98', 'stop_a', 'STOPS', 'buy', 2, 98), t.place('o-hit-98', 'stop_c', 'STOPS', 'sell', 1, 98); END $$;
:wait
SELECT * FROM t.stop_events('STOPS', :seq);
-- One trades, if only in part.
SELECT max(seq) AS seq FROM tradepost.events \gset
DO $$
BEGIN
	PERFORM t.place('o-limit-3', 'stop_b', 'STOPS', 'sell', 2, 103), t.stop('o-stop-3', 'stop_b', 'STOPS', 'sell', 2, 'stop', 95, oco => 'o-limit-3');
	PERFORM t.place('o-lift-103', 'stop_a', 'STOPS', 'buy', 1, 103);
END
$$;
:wait
SELECT * FROM t.stop_events('STOPS', :seq);
-- One ends: its owner cancels it.
SELECT tradepost.cancel_order(t.account('stop_b'), t.id('o-stop-2')) > 0 AS cancelled;
:wait
SELECT label, linked, status, reason FROM t.stops('STOPS') WHERE label ~ '^o-.*-[123]';
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;

-- What cannot be linked: two that only the engine can tell are not open any more, or have a partner already.
DO $$
BEGIN
	PERFORM t.stop('o-late', 'stop_b', 'STOPS', 'sell', 2, 'stop', 90, oco => 'o-stop-2');
	PERFORM t.stop('o-one', 'stop_b', 'STOPS', 'sell', 2, 'stop', 90);
	PERFORM t.stop('o-two', 'stop_b', 'STOPS', 'sell', 2, 'take_profit', 120, oco => 'o-one');
	PERFORM t.stop('o-three', 'stop_b', 'STOPS', 'sell', 2, 'take_profit', 121, oco => 'o-one');
END
$$;
:wait
SELECT label, linked, status, reason FROM t.stops('STOPS') WHERE label IN ('o-late', 'o-one', 'o-two', 'o-three');
-- What can be told in the call: another instrument's, another account's, none, no order, two that do not wait.
SELECT x.what, r.code, regexp_replace(r.message, 'oco \d+', 'oco N') AS message, r.hint
FROM (VALUES (1, 'another instrument''s', 'stop_a', t.id('2-bid-99')), (2, 'another account''s', 'stop_c', t.id('o-one')), (3, 'none', 'stop_b', 9000000000000000), (4, 'zero', 'stop_b', 0),
	(5, 'below', 'stop_b', -1), (6, 'no order', 'stop_b', (SELECT max(id) FROM tradepost.commands WHERE kind = 'cancel' AND account = t.account('stop_b')))) x (n, what, account, id),
	t.refused(format('SELECT tradepost.place_order(%s, ''STOPS'', ''sell'', 1, type => ''stop'', time_in_force => ''gtc'', stop_price => 90, oco => %s)', t.account(x.account), x.id)) r ORDER BY x.n;
SELECT r.code, regexp_replace(r.message, 'oco \d+', 'oco N') AS message, r.hint FROM t.refused(format('SELECT tradepost.place_order(%s, ''STOPS'', ''sell'', 1, 200, oco => %s)', t.account('stop_b'), t.id('by-array-3'))) r;
SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
