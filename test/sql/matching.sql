--
-- Limit and market orders: whose price, whose turn, what rests, what is cancelled.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('MATCH', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(1000000, 10000, 'match_a', 'match_b', 'match_c'); END $$;
:wait

-- Three sellers; the best price goes first, then the older order, at the maker's price.
DO $$
BEGIN
	PERFORM t.place('m-ask-101', 'match_a', 'MATCH', 'sell', 10, 101);
	PERFORM t.place('m-ask-100-old', 'match_a', 'MATCH', 'sell', 10, 100);
	PERFORM t.place('m-ask-100-new', 'match_c', 'MATCH', 'sell', 10, 100);
	PERFORM t.place('m-bid-102', 'match_b', 'MATCH', 'buy', 25, 102);
END
$$;
:wait
SELECT * FROM t.trades('MATCH');
SELECT * FROM t.orders('MATCH');
SELECT * FROM tradepost.order_book('MATCH');

-- A partly filled maker keeps its place; a new order at its price goes behind it.
DO $$
BEGIN
	PERFORM t.place('m-ask-101-behind', 'match_c', 'MATCH', 'sell', 10, 101);
	PERFORM t.place('m-bid-6', 'match_b', 'MATCH', 'buy', 6, 101);
END
$$;
:wait
SELECT taker_order, maker_order, price, quantity FROM t.trades('MATCH') OFFSET 3;
SELECT * FROM tradepost.order_book('MATCH');

-- The rest of an order rests; of an immediate-or-cancel order it is cancelled.
DO $$
BEGIN
	PERFORM t.place('m-bid-rests', 'match_b', 'MATCH', 'buy', 12, 101);
	PERFORM t.place('m-ioc', 'match_a', 'MATCH', 'sell', 9, 101, tif => 'ioc');
	PERFORM t.place('m-ioc-nothing', 'match_a', 'MATCH', 'sell', 9, 101, tif => 'ioc');
END
$$;
:wait
SELECT * FROM t.orders('MATCH') OFFSET 6;
SELECT * FROM tradepost.order_book('MATCH');

-- Fill-or-kill: all at once or nothing, over several prices.
DO $$
BEGIN
	PERFORM t.place('m-ask-5', 'match_a', 'MATCH', 'sell', 5, 99);
	PERFORM t.place('m-ask-6', 'match_c', 'MATCH', 'sell', 5, 99.5);
	PERFORM t.place('m-fok-too-much', 'match_b', 'MATCH', 'buy', 11, 99.5, tif => 'fok');
	PERFORM t.place('m-fok-too-low', 'match_b', 'MATCH', 'buy', 10, 99.49, tif => 'fok');
	PERFORM t.place('m-fok', 'match_b', 'MATCH', 'buy', 10, 99.5, tif => 'fok');
END
$$;
:wait
SELECT label, filled, average_price, status, reason FROM t.orders('MATCH') OFFSET 9;

-- Market orders: take what there is, never rest; without anything to trade with they are rejected.
DO $$
BEGIN
	PERFORM t.place('m-market-empty', 'match_b', 'MATCH', 'buy', 1, type => 'market');
	PERFORM t.place('m-ask-7', 'match_a', 'MATCH', 'sell', 4, 98);
	PERFORM t.place('m-ask-8', 'match_a', 'MATCH', 'sell', 4, 120);
	PERFORM t.place('m-market', 'match_b', 'MATCH', 'buy', 5, type => 'market');
	PERFORM t.place('m-market-rest', 'match_b', 'MATCH', 'buy', 10, type => 'market');
END
$$;
:wait
SELECT label, quantity, price, filled, average_price, status, reason FROM t.orders('MATCH') OFFSET 14;
-- What a market order shows of itself: no price, and no price in its event.
SELECT type, time_in_force, price, stp, post_only, expires_at > created_at AS expires FROM tradepost.orders WHERE client_order_id = 'm-market';
SELECT kind, label, maker, side, price, quantity, reason, decision FROM t.events('MATCH') WHERE label = 'm-market-rest';

-- A market order trades inside the band around the mark only (50 to 150 here).
SELECT symbol, mark, band FROM tradepost.instruments WHERE symbol = 'MATCH';
DO $$
BEGIN
	PERFORM t.place('m-ask-150', 'match_a', 'MATCH', 'sell', 4, 150);
	PERFORM tradepost.set_mark('MATCH', 95);
	PERFORM t.place('m-market-band', 'match_b', 'MATCH', 'buy', 1, type => 'market');
	PERFORM tradepost.set_mark('MATCH', 100);
	PERFORM t.place('m-market-in-band', 'match_b', 'MATCH', 'buy', 1, type => 'market');
END
$$;
:wait
SELECT label, filled, average_price, status, reason FROM t.orders('MATCH') OFFSET 19;

-- Post-only: rests, or is rejected whole.
DO $$
BEGIN
	PERFORM t.place('m-post-crosses', 'match_b', 'MATCH', 'buy', 1, 150, post_only => true);
	PERFORM t.place('m-post-rests', 'match_b', 'MATCH', 'buy', 1, 149.99, post_only => true);
	PERFORM t.place('m-takes-post', 'match_a', 'MATCH', 'sell', 1, 149.99);
END
$$;
:wait
SELECT label, filled, status, reason FROM t.orders('MATCH') OFFSET 22;
SELECT time_in_force, post_only FROM tradepost.orders WHERE client_order_id = 'm-post-rests';

-- Lifetimes.
SELECT tradepost.place_order(t.account('match_a'), 'MATCH', 'sell', 1, 149, client_order_id => 'm-day') > 0 AS placed;
SELECT tradepost.place_order(t.account('match_a'), 'MATCH', 'sell', 1, 149, time_in_force => 'gtd', expires_at => '2199-01-01 00:00:00+00', client_order_id => 'm-gtd') > 0 AS placed;
:wait
SELECT client_order_id, time_in_force, expires_at - created_at = interval '1 day' AS a_day FROM tradepost.orders WHERE client_order_id IN ('m-day', 'm-ask-150') ORDER BY id;
SELECT client_order_id, time_in_force, expires_at = '2199-01-01 00:00:00+00' AS as_asked FROM tradepost.orders WHERE client_order_id = 'm-gtd';

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
