--
-- Reading the market: book, tape, candles, market, events, one order's history.
--
\set SHOW_CONTEXT never
\set wait 'SELECT max(id) AS last_id FROM tradepost.commands \\gset \\\\ CALL tradepost.wait_for_order(:last_id) \\gset wait_'
SELECT tradepost.create_instrument('READ', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
SELECT tradepost.create_instrument('READ2', 'spot', 'EUR', 'USD', 0.01, 1, 100) > 0 AS listed;
DO $$ BEGIN PERFORM t.open(1000000, 10000, 'read_a', 'read_b'); END $$;
:wait
SELECT max(seq) AS first_seq FROM tradepost.events \gset
DO $$
BEGIN
	FOR n IN 1..150 LOOP
		PERFORM t.place('read-bid-' || n, 'read_a', 'READ', 'buy', 2, 100 - n * 0.01);
		PERFORM t.place('read-ask-' || n, 'read_b', 'READ', 'sell', 3, 100 + n * 0.01);
	END LOOP;
	PERFORM t.place('read-bid-twice', 'read_a', 'READ', 'buy', 5, 99.99);
END
$$;
:wait

SELECT * FROM tradepost.order_book('READ', 2);
SELECT side, count(*), min(price), max(price), sum(quantity), sum(orders) FROM tradepost.order_book('READ') GROUP BY side ORDER BY side;
-- Deeper than shared memory holds: from the tables, and it is the same book.
SELECT current_setting('tradepost.book_depth') AS published;
SELECT side, count(*), min(price), max(price), sum(quantity), sum(orders) FROM tradepost.order_book('READ', 10000) GROUP BY side ORDER BY side;
SELECT count(*) FROM (SELECT * FROM tradepost.order_book('READ', 100) EXCEPT SELECT * FROM tradepost.order_book('READ', 101)) x;
SELECT * FROM tradepost.order_book('READ2');
SELECT r.* FROM unnest(ARRAY['0', '-1', '10001', 'NULL']) WITH ORDINALITY u (d, n), t.refused(format('SELECT * FROM tradepost.order_book(''READ'', %s)', d)) r ORDER BY n;
SELECT * FROM t.refused('SELECT * FROM tradepost.order_book(''NOSUCH'')');
SELECT * FROM t.refused('SELECT * FROM tradepost.order_book(NULL)');

DO $$
BEGIN
	PERFORM t.place('read-buy', 'read_a', 'READ', 'buy', 7, 100.05);
	PERFORM t.place('read-sell', 'read_b', 'READ', 'sell', 1, 99.90);
	PERFORM t.place('read-self', 'read_a', 'READ', 'sell', 1, 99.99);
END
$$;
:wait
SELECT price, quantity, side FROM tradepost.tape('READ');
SELECT price, quantity, side FROM tradepost.tape('READ', 1);
SELECT * FROM tradepost.tape('READ2');
SELECT * FROM t.refused('SELECT * FROM tradepost.tape(''READ'', 0)');
SELECT * FROM t.refused('SELECT * FROM tradepost.tape(''NOSUCH'')');

-- Candles: however the trades fell into them, the day adds up.
SELECT count(*) BETWEEN 1 AND 2 AS days, sum(volume) AS volume, sum(trades) AS trades, max(high) AS high, min(low) AS low FROM tradepost.candles('READ', '1d');
SELECT (array_agg(open ORDER BY start))[1] AS open, (array_agg(close ORDER BY start DESC))[1] AS close, sum(volume) AS volume, bool_and(high >= low AND open BETWEEN low AND high AND close BETWEEN low AND high) AS sane,
	bool_and(start = date_bin('1 minute', start, '2000-01-01 00:00:00+00')) AS on_the_minute FROM tradepost.candles('READ');
SELECT count(*) FROM tradepost.candles('READ', '1h', '2001-01-01', '2001-01-02');
SELECT count(*) FROM tradepost.candles('READ2', '5m');
SELECT * FROM t.refused('SELECT * FROM tradepost.candles(''READ'', ''2m'')');
SELECT * FROM t.refused('SELECT * FROM tradepost.candles(''READ'', NULL)');
SELECT * FROM t.refused('SELECT * FROM tradepost.candles(''READ'', ''1m'', ''2001-01-01'', ''2002-01-01'')');
SELECT * FROM t.refused('SELECT * FROM tradepost.candles(''READ'', ''1m'', ''-infinity'')');
SELECT * FROM t.refused('SELECT * FROM tradepost.candles(''NOSUCH'')');

SELECT symbol, kind, status, last_price, mark, bid, bid_quantity, ask, ask_quantity, volume_24h, high_24h, low_24h, trades_24h, open_interest
FROM tradepost.market WHERE symbol LIKE 'READ%' ORDER BY symbol;

-- Events by seq, without a gap; whoever read up to one goes on after it.
SELECT count(*), max(seq) - min(seq) + 1 = count(*) AS dense FROM tradepost.events_since(:first_seq, 10000);
SELECT (SELECT array_agg(seq) FROM tradepost.events_since(:first_seq, 5)) || (SELECT array_agg(seq) FROM tradepost.events_since(:first_seq + 5, 5))
	= (SELECT array_agg(seq) FROM tradepost.events_since(:first_seq, 10)) AS resumes;
SELECT count(*) FROM tradepost.events_since(9000000000000000000);
SELECT count(*) > 0 AS from_the_beginning, min(seq) FROM tradepost.events_since(0, 1);
SELECT r.* FROM unnest(ARRAY['0', '10001', 'NULL']) WITH ORDINALITY u (d, n), t.refused(format('SELECT * FROM tradepost.events_since(0, %s)', d)) r ORDER BY n;
-- They are enough to rebuild the book order by order.
WITH touched AS (
	SELECT order_id AS id, symbol, side, price, CASE kind WHEN 'accepted' THEN quantity WHEN 'amended' THEN NULL ELSE -quantity END AS change, seq
	FROM tradepost.events WHERE symbol LIKE 'READ%' AND kind IN ('accepted', 'trade', 'cancelled', 'expired', 'decremented')
	UNION ALL
	SELECT maker_order_id, symbol, NULL, NULL, -quantity, seq FROM tradepost.events WHERE symbol LIKE 'READ%' AND kind = 'trade'
), rebuilt AS (
	SELECT id, max(side) AS side, max(price) FILTER (WHERE change > 0) AS price, sum(change) AS remaining FROM touched GROUP BY id HAVING sum(change) > 0
)
SELECT count(*) FROM (
	(SELECT side, price, sum(remaining), count(*) FROM rebuilt GROUP BY side, price EXCEPT SELECT * FROM tradepost.order_book('READ', 1000))
	UNION ALL
	(SELECT * FROM tradepost.order_book('READ', 1000) EXCEPT SELECT side, price, sum(remaining), count(*) FROM rebuilt GROUP BY side, price)) x;

SELECT kind, side, price, quantity, reason FROM tradepost.order_history(t.id('read-bid-1'));
SELECT kind, side, price, quantity, commission, counter_commission FROM tradepost.order_history(t.id('read-buy'));
SELECT count(*) FROM tradepost.order_history(9000000000000000000);

SELECT jsonb_pretty(tradepost.account_summary(t.account('read_b')) - 'account');
SELECT * FROM t.refused('SELECT tradepost.account_summary(987654321)');

-- No plan reads all orders to find the open ones.
BEGIN;
SET LOCAL enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT o.* FROM tradepost_internal.open_order_ids() ids (id) CROSS JOIN LATERAL (SELECT * FROM tradepost_internal.orders x WHERE x.id = ids.id OFFSET 0) o;
DO $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXPLAIN (COSTS OFF) SELECT seq, kind, symbol, price FROM tradepost.events WHERE seq > 10 ORDER BY seq LIMIT 1000 LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RAISE NOTICE 'events are read by seq, and not sorted: %', plan LIKE '%Index Scan using events_pkey on events%' AND plan NOT LIKE '%Sort%';
END
$$;
COMMIT;
-- The functions say so themselves.
SELECT p.proname, array_to_string(p.proconfig, ', ') AS settings FROM pg_proc p WHERE p.pronamespace = 'tradepost_internal'::regnamespace AND p.proname LIKE 'open_order%' ORDER BY 1;
SELECT count(*) = (SELECT count(*) FROM tradepost.orders WHERE status IN ('open', 'partially_filled', 'untriggered')) AS all_found FROM tradepost_internal.open_orders();

-- The engine says how it is.
SELECT state, last_seq = (SELECT max(seq) FROM tradepost.events) AS last_seq, watermark > (SELECT max(id) FROM tradepost.commands) AS all_decided,
	open_orders = (SELECT count(*) FROM tradepost_internal.open_orders()) AS open_orders, batches > 0 AS batches, instance_ok, last_error FROM tradepost.engine_status;

SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds;
