-- Invariants of money and positions.  Each function of check_invariants() is STABLE, so
-- that all its queries read the snapshot of the query that called it.

CREATE OR REPLACE FUNCTION tradepost_internal.verdict(checked bigint, wrong bigint, example text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN wrong = 0 THEN format('%s checked', checked) ELSE format('%s of %s wrong, such as %s', wrong, checked, example) END;
END;
COMMENT ON FUNCTION tradepost_internal.verdict(bigint, bigint, text) IS 'The detail column of check_invariants()';

CREATE OR REPLACE FUNCTION tradepost_internal.check_balances()
	RETURNS TABLE (name text, holds boolean, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	RETURN QUERY
		SELECT 'assets_sum_to_zero', coalesce(bool_and(c.total = 0), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.total <> 0), min(format('asset %s: %s', c.asset, c.total)) FILTER (WHERE c.total <> 0))
		FROM (SELECT b.asset, sum(b.total) AS total FROM tradepost_internal.balances b GROUP BY b.asset) c;

	RETURN QUERY
		SELECT 'settlements_sum_to_zero', coalesce(bool_and(c.total = 0), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.total <> 0), min(format('instrument %s: %s', c.instrument, c.total)) FILTER (WHERE c.total <> 0))
		FROM (SELECT e.instrument, sum(CASE e.side WHEN 0 THEN e.quantity ELSE -e.quantity END) AS total
			FROM tradepost_internal.events e WHERE e.kind = 16 GROUP BY e.instrument) c;

	-- The same postings as the view ledger, summed before they are spread: one pass over the events.
	RETURN QUERY
		WITH fills AS (
			SELECT e.instrument, e.account, e.counter_account, e.side, sum(e.quantity * e.price) AS value, sum(e.quantity) AS quantity,
				coalesce(sum(e.commission), 0) AS commission, coalesce(sum(e.counter_commission), 0) AS counter_commission
			FROM tradepost_internal.events e WHERE e.kind IN (3, 18, 19) GROUP BY e.instrument, e.account, e.counter_account, e.side
		), postings AS (
			SELECT v.account, v.asset, v.amount
			FROM fills f
			JOIN tradepost_internal.instruments i ON i.id = f.instrument
			JOIN tradepost_internal.tenants t ON t.id = i.tenant
			CROSS JOIN LATERAL (SELECT
				CASE f.side WHEN 0 THEN -1 ELSE 1 END * i.multiplier * (f.value - CASE i.kind WHEN 1 THEN f.quantity * i.reference_price ELSE 0 END) AS money,
				CASE WHEN i.kind = 1 THEN 0 WHEN f.side = 0 THEN f.quantity ELSE -f.quantity END AS goods) d
			CROSS JOIN LATERAL (VALUES
				(f.account, i.quote, d.money - f.commission),
				(f.counter_account, i.quote, -d.money - f.counter_commission),
				(t.house_account, i.quote, f.commission + f.counter_commission),
				(f.account, i.asset, d.goods),
				(f.counter_account, i.asset, -d.goods)) v (account, asset, amount)
			UNION ALL
			SELECT e.account, i.quote, CASE e.side WHEN 0 THEN 1 ELSE -1 END * e.quantity * i.multiplier * (e.price - i.reference_price)
			FROM tradepost_internal.events e JOIN tradepost_internal.instruments i ON i.id = e.instrument WHERE e.kind = 16
			UNION ALL
			SELECT v.account, e.asset, v.amount
			FROM tradepost_internal.events e
			CROSS JOIN LATERAL (SELECT CASE e.kind WHEN 10 THEN -e.quantity ELSE e.quantity END AS amount) d
			CROSS JOIN LATERAL (VALUES (e.account, d.amount), (e.counter_account, -d.amount)) v (account, amount)
			WHERE e.kind IN (9, 10, 20)
		), ledger AS (
			SELECT p.account, p.asset, sum(p.amount) AS total FROM postings p GROUP BY p.account, p.asset
		), compared AS (
			SELECT account, asset, coalesce(l.total, 0) AS ledger_total, coalesce(b.total, 0) AS total
			FROM ledger l FULL JOIN tradepost_internal.balances b USING (account, asset)
		)
		SELECT 'balances_equal_ledger', coalesce(bool_and(c.total = c.ledger_total), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.total <> c.ledger_total),
				min(format('account %s, asset %s: balance %s, ledger %s', c.account, c.asset, c.total, c.ledger_total)) FILTER (WHERE c.total <> c.ledger_total))
		FROM compared c;

	-- The formulas of extension/src/engine.h, written a second time.
	RETURN QUERY
		WITH open AS (
			SELECT o.account, o.side, i.kind, i.asset, i.quote, o.quantity - o.filled AS remaining,
				(o.quantity - o.filled) * i.multiplier * o.price AS value,
				o.maker_rate * o.maker_notional + o.taker_rate * o.taker_notional AS traded_due,
				greatest(o.maker_rate, o.taker_rate) AS rate, o.commission, q.scale
			FROM tradepost_internal.orders o
			JOIN tradepost_internal.instruments i ON i.id = o.instrument
			JOIN tradepost_internal.assets q ON q.id = i.quote
			WHERE o.status IN (0, 1)
		), needed AS (
			SELECT n.account, n.asset, sum(n.amount) AS amount
			FROM (
				SELECT o.account, o.asset, o.remaining AS amount FROM open o WHERE o.kind = 0 AND o.side = 1
				UNION ALL
				SELECT o.account, o.quote, CASE o.kind WHEN 0 THEN o.value ELSE 0 END
					+ tradepost_internal.round_up((o.traded_due + o.rate * abs(o.value)) * 0.00000001, o.scale) + 2 * power(10::numeric, -o.scale) - o.commission
				FROM open o WHERE o.kind = 1 OR o.side = 0
			) n
			GROUP BY n.account, n.asset
		), compared AS (
			SELECT account, asset, coalesce(n.amount, 0) AS needed, coalesce(b.reserved, 0) AS reserved
			FROM needed n FULL JOIN tradepost_internal.balances b USING (account, asset)
		)
		SELECT 'reserved_equals_open_orders', coalesce(bool_and(c.reserved = c.needed), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.reserved <> c.needed),
				min(format('account %s, asset %s: reserved %s, orders need %s', c.account, c.asset, c.reserved, c.needed)) FILTER (WHERE c.reserved <> c.needed))
		FROM compared c;

	-- Where no contract is settled in an asset nothing can lose value: clients' totals always cover their orders.
	RETURN QUERY
		SELECT 'no_overdraft', coalesce(bool_and(b.reserved >= 0 AND b.total >= b.reserved), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE b.reserved < 0 OR b.total < b.reserved),
				min(format('account %s, asset %s: total %s, reserved %s', b.account, b.asset, b.total, b.reserved)) FILTER (WHERE b.reserved < 0 OR b.total < b.reserved))
		FROM tradepost_internal.balances b
		JOIN tradepost_internal.accounts a ON a.id = b.account AND a.kind = 'client'
		WHERE NOT EXISTS (SELECT FROM tradepost_internal.instruments i WHERE i.quote = b.asset AND i.kind = 1);
END
$$;
COMMENT ON FUNCTION tradepost_internal.check_balances() IS 'check_invariants(): money';

CREATE OR REPLACE FUNCTION tradepost_internal.check_positions()
	RETURNS TABLE (name text, holds boolean, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	RETURN QUERY
		SELECT 'positions_sum_to_zero', coalesce(bool_and(c.total = 0), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.total <> 0), min(format('instrument %s: %s', c.instrument, c.total)) FILTER (WHERE c.total <> 0))
		FROM (SELECT p.instrument, sum(p.quantity) AS total FROM tradepost_internal.positions p GROUP BY p.instrument) c;

	RETURN QUERY
		WITH moves AS (
			SELECT e.account, e.instrument, sum(CASE e.side WHEN 0 THEN e.quantity ELSE -e.quantity END) AS quantity
			FROM tradepost_internal.events e WHERE e.kind IN (3, 18, 19) GROUP BY e.account, e.instrument
			UNION ALL
			SELECT e.counter_account, e.instrument, sum(CASE e.side WHEN 0 THEN -e.quantity ELSE e.quantity END)
			FROM tradepost_internal.events e WHERE e.kind IN (3, 18, 19) GROUP BY e.counter_account, e.instrument
			UNION ALL
			-- Settled: side says what the position was.
			SELECT e.account, e.instrument, sum(CASE e.side WHEN 0 THEN -e.quantity ELSE e.quantity END)
			FROM tradepost_internal.events e WHERE e.kind = 16 GROUP BY e.account, e.instrument
		), traded AS (
			SELECT m.account, m.instrument, sum(m.quantity) AS quantity
			FROM moves m JOIN tradepost_internal.instruments i ON i.id = m.instrument AND i.kind = 1 GROUP BY m.account, m.instrument
		), compared AS (
			SELECT account, instrument, coalesce(t.quantity, 0) AS traded, coalesce(p.quantity, 0) AS quantity
			FROM traded t FULL JOIN tradepost_internal.positions p USING (account, instrument)
		)
		SELECT 'positions_equal_trades', coalesce(bool_and(c.quantity = c.traded), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.quantity <> c.traded),
				min(format('account %s, instrument %s: position %s, trades %s', c.account, c.instrument, c.quantity, c.traded)) FILTER (WHERE c.quantity <> c.traded))
		FROM compared c;

	RETURN QUERY
		WITH open AS (
			SELECT o.account, o.instrument, coalesce(sum(o.quantity - o.filled) FILTER (WHERE o.side = 0), 0) AS bids,
				coalesce(sum(o.quantity - o.filled) FILTER (WHERE o.side = 1), 0) AS asks
			FROM tradepost_internal.orders o JOIN tradepost_internal.instruments i ON i.id = o.instrument AND i.kind = 1
			WHERE o.status IN (0, 1) GROUP BY o.account, o.instrument
		), compared AS (
			SELECT account, instrument, coalesce(o.bids, 0) AS bids, coalesce(o.asks, 0) AS asks, coalesce(p.open_bids, 0) AS open_bids, coalesce(p.open_asks, 0) AS open_asks
			FROM open o FULL JOIN tradepost_internal.positions p USING (account, instrument)
		)
		SELECT 'open_quantities_equal_orders', coalesce(bool_and(c.bids = c.open_bids AND c.asks = c.open_asks), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.bids <> c.open_bids OR c.asks <> c.open_asks),
				min(format('account %s, instrument %s: open %s and %s, orders %s and %s', c.account, c.instrument, c.open_bids, c.open_asks, c.bids, c.asks))
					FILTER (WHERE c.bids <> c.open_bids OR c.asks <> c.open_asks))
		FROM compared c;

	RETURN QUERY
		WITH compared AS (
			SELECT s.instrument, (SELECT count(*) FROM tradepost_internal.positions p WHERE p.instrument = s.instrument AND p.quantity <> 0) AS positions,
				(SELECT count(*) FROM tradepost_internal.positions p WHERE p.instrument = s.instrument AND (p.open_bids <> 0 OR p.open_asks <> 0)) AS orders
			FROM tradepost_internal.instrument_state s WHERE s.status = 2
		)
		SELECT 'expired_instruments_are_empty', coalesce(bool_and(c.positions + c.orders = 0), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.positions + c.orders > 0),
				min(format('instrument %s: %s positions, %s accounts with orders', c.instrument, c.positions, c.orders)) FILTER (WHERE c.positions + c.orders > 0))
		FROM compared c;
END
$$;
COMMENT ON FUNCTION tradepost_internal.check_positions() IS 'check_invariants(): contracts';
