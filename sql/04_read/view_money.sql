-- What accounts hold and what their open orders and positions need.

CREATE OR REPLACE FUNCTION tradepost_internal.any_beyond_mark()
	RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	RETURN EXISTS (
		SELECT FROM tradepost_internal.instruments i
		JOIN tradepost_internal.instrument_state s ON s.instrument = i.id AND s.status <> 2
		CROSS JOIN LATERAL tradepost_internal.published_book(i.id, 1) b
		WHERE i.kind = 1 AND CASE b.side WHEN 'buy' THEN b.price > s.mark ELSE b.price < s.mark END);
EXCEPTION WHEN SQLSTATE '@tradepost_not_published@' THEN
	RETURN true;
END
$$;
COMMENT ON FUNCTION tradepost_internal.any_beyond_mark() IS
'Whether any contract has a bid above its mark or an ask below it, by the best levels in shared memory; true where these are not known';

CREATE OR REPLACE VIEW tradepost.positions WITH (security_invoker = true) AS
SELECT p.account, i.symbol, trim_scale(p.quantity) AS quantity,
	trim_scale(p.open_bids) AS open_bids, trim_scale(p.open_asks) AS open_asks,
	trim_scale(s.mark) AS mark,
	trim_scale(p.quantity * i.multiplier * (s.mark - i.reference_price)) AS mark_value,
	trim_scale(tradepost_internal.round_up(greatest(i.initial_margin_long * greatest(0, p.quantity + p.open_bids),
		i.initial_margin_short * greatest(0, p.open_asks - p.quantity)), q.scale)) AS margin,
	trim_scale(tradepost_internal.round_up(i.maintenance_margin_long * greatest(0, p.quantity)
		+ i.maintenance_margin_short * greatest(0, -p.quantity), q.scale)) AS maintenance
FROM tradepost_internal.positions p
JOIN tradepost_internal.instruments i ON i.id = p.instrument
JOIN tradepost_internal.assets q ON q.id = i.quote
JOIN tradepost_internal.instrument_state s ON s.instrument = p.instrument
WHERE i.kind = 1 AND (p.quantity <> 0 OR p.open_bids <> 0 OR p.open_asks <> 0) AND (SELECT tradepost_internal.durable());
COMMENT ON VIEW tradepost.positions IS 'Contracts held, sold or ordered: a trader''s own; all of them for administrators and auditors';
COMMENT ON COLUMN tradepost.positions.account IS 'Account that holds it';
COMMENT ON COLUMN tradepost.positions.symbol IS 'Contract';
COMMENT ON COLUMN tradepost.positions.quantity IS 'What is held: positive long, negative short';
COMMENT ON COLUMN tradepost.positions.open_bids IS 'Quantity that open buy orders may still add';
COMMENT ON COLUMN tradepost.positions.open_asks IS 'Quantity that open sell orders may still take';
COMMENT ON COLUMN tradepost.positions.mark IS 'The contract''s mark';
COMMENT ON COLUMN tradepost.positions.mark_value IS
'quantity * multiplier * (mark - reference price): what the position adds to equity. Not its profit since it was opened: the price paid is in the cash balance, which is kept against the reference price too';
COMMENT ON COLUMN tradepost.positions.margin IS
'Initial margin of the position with its open orders, in the quote asset; what orders priced beyond the mark would lose at once is not in it, but in balances.available';
COMMENT ON COLUMN tradepost.positions.maintenance IS 'Equity that the position needs not to be liquidated, in the quote asset';

CREATE OR REPLACE VIEW tradepost.balances WITH (security_invoker = true) AS
SELECT b.account, a.code AS asset, trim_scale(b.total) AS total, trim_scale(b.reserved) AS reserved,
	trim_scale(b.total - b.reserved + coalesce(c.mark_value, 0) - coalesce(c.margin, 0) - coalesce(l.loss, 0)) AS available,
	trim_scale(b.total + coalesce(c.mark_value, 0)) AS equity
FROM tradepost_internal.balances b
JOIN tradepost_internal.assets a ON a.id = b.asset
LEFT JOIN (
	SELECT p.account, i.quote, sum(v.mark_value) AS mark_value, sum(v.margin) AS margin
	FROM tradepost_internal.positions p
	JOIN tradepost_internal.instruments i ON i.id = p.instrument
	JOIN tradepost_internal.assets q ON q.id = i.quote
	JOIN tradepost_internal.instrument_state s ON s.instrument = p.instrument
	CROSS JOIN LATERAL (SELECT p.quantity * i.multiplier * (s.mark - i.reference_price) AS mark_value,
		tradepost_internal.round_up(greatest(i.initial_margin_long * greatest(0, p.quantity + p.open_bids),
			i.initial_margin_short * greatest(0, p.open_asks - p.quantity)), q.scale) AS margin) v
	WHERE i.kind = 1
	GROUP BY p.account, i.quote
) c ON c.account = b.account AND c.quote = b.asset
LEFT JOIN (
	-- Bids above the mark and asks below it lose the difference as soon as they trade.  Where no book
	-- has any, which its best level tells, the open orders are not read.
	SELECT o.account, i.quote, sum((o.quantity - o.filled) * i.multiplier * greatest(0, CASE o.side WHEN 0 THEN o.price - s.mark ELSE s.mark - o.price END)) AS loss
	FROM tradepost_internal.open_orders() o
	JOIN tradepost_internal.instruments i ON i.id = o.instrument
	JOIN tradepost_internal.instrument_state s ON s.instrument = o.instrument
	WHERE i.kind = 1 AND o.status <> 7 AND (SELECT tradepost_internal.any_beyond_mark())
	GROUP BY o.account, i.quote
) l ON l.account = b.account AND l.quote = b.asset
WHERE (SELECT tradepost_internal.durable());
COMMENT ON VIEW tradepost.balances IS 'What accounts hold of each asset: a trader''s own; all of them for administrators and auditors. available may have to read all open orders: leave it out where speed counts';
COMMENT ON COLUMN tradepost.balances.account IS 'Account that holds it';
COMMENT ON COLUMN tradepost.balances.asset IS 'Asset';
COMMENT ON COLUMN tradepost.balances.total IS 'All of it, reserved included; of contracts the cash kept against their reference prices';
COMMENT ON COLUMN tradepost.balances.reserved IS 'What open spot orders may spend, and the commission of all open orders';
COMMENT ON COLUMN tradepost.balances.available IS 'Free funds: total less reserved and less what contracts need, plus what they are worth at the mark. What new orders and withdrawals may use';
COMMENT ON COLUMN tradepost.balances.equity IS 'total plus the contracts'' quantity * multiplier * (mark - reference price); total where there are none';

CREATE OR REPLACE FUNCTION tradepost.account_summary(account bigint)
	RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT jsonb_build_object(
		'account', a.id,
		'name', a.name,
		'balances', (
			SELECT coalesce(jsonb_agg(jsonb_build_object('asset', b.asset, 'total', b.total::text, 'reserved', b.reserved::text,
				'available', b.available::text, 'equity', b.equity::text) ORDER BY b.asset), '[]')
			FROM tradepost.balances b WHERE b.account = a.id),
		'positions', (
			SELECT coalesce(jsonb_agg(jsonb_build_object('symbol', p.symbol, 'quantity', p.quantity::text, 'open_bids', p.open_bids::text,
				'open_asks', p.open_asks::text, 'mark', p.mark::text, 'mark_value', p.mark_value::text, 'margin', p.margin::text,
				'maintenance', p.maintenance::text) ORDER BY p.symbol), '[]')
			FROM tradepost.positions p WHERE p.account = a.id))
	FROM (SELECT tradepost_internal.visible_account(account_summary.account,
			EXISTS (SELECT FROM tradepost_internal.accounts x WHERE x.id = account_summary.account),
			tradepost_internal.sees_all()) AS id) asked
	LEFT JOIN tradepost_internal.accounts a ON a.id = asked.id;
END;
COMMENT ON FUNCTION tradepost.account_summary(bigint) IS
'An account at a glance: its balances and positions, as the views of these names show them; decimals as strings. Errors: TP002 no such account, TP003 not the
caller''s.';
