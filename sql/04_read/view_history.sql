-- What happened, in the one order that there is: events, and what is read from them.
--
-- Row security shows a trader the events of its accounts on either side; these views
-- hide what such an event tells of the other side.  Names of instruments and
-- assets are looked up row by row, so that a scan by seq stays in that order.

CREATE OR REPLACE VIEW tradepost.events WITH (security_invoker = true) AS
SELECT e.seq, e.time,
	(ARRAY['accepted', 'rejected', 'trade', 'cancelled', 'expired', 'amended', 'decremented', 'cancelled_all', 'deposited', 'withdrawn',
		'marked', 'halted', 'resumed', 'listed', 'instrument_expired', 'settled', 'swept', 'closed_out', 'taken_over', 'covered', 'triggered']::tradepost.event_kind[])[e.kind] AS kind,
	CASE WHEN s.mine OR coalesce(e.account, 0) = 0 THEN e.command_id END AS command_id,
	CASE WHEN s.mine THEN nullif(e.order_id, 0) END AS order_id,
	CASE WHEN s.theirs THEN nullif(e.maker_order_id, 0) END AS maker_order_id,
	CASE WHEN s.mine THEN nullif(e.account, 0) END AS account,
	CASE WHEN s.theirs THEN nullif(e.counter_account, 0) END AS counter_account,
	(SELECT i.symbol FROM tradepost_internal.instruments i WHERE i.id = e.instrument) AS symbol,
	(SELECT a.code FROM tradepost_internal.assets a WHERE a.id = e.asset) AS asset,
	(ARRAY['buy', 'sell']::tradepost.side[])[e.side + 1] AS side,
	trim_scale(e.price) AS price, trim_scale(e.quantity) AS quantity,
	CASE WHEN s.mine THEN trim_scale(e.commission) END AS commission,
	CASE WHEN s.theirs THEN trim_scale(e.counter_commission) END AS counter_commission,
	tradepost_internal.reason_text(e.reason) AS reason,
	e.decision
FROM tradepost_internal.events e
CROSS JOIN LATERAL (SELECT
	(SELECT tradepost_internal.sees_all()) OR e.account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]) AS mine,
	(SELECT tradepost_internal.sees_all()) OR e.counter_account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]) AS theirs) s
WHERE (SELECT tradepost_internal.durable());
COMMENT ON VIEW tradepost.events IS
'Everything that happened, by seq, without a gap: enough to rebuild every book order by order. A trader sees the events of its accounts, with the other side''s columns NULL, and the
instruments'' own (marked, halted, resumed, listed, instrument_expired); administrators, auditors and the proxy see all';
COMMENT ON COLUMN tradepost.events.seq IS 'Place in the one order of events, from 1';
COMMENT ON COLUMN tradepost.events.time IS 'When the engine decided it; never goes back';
COMMENT ON COLUMN tradepost.events.kind IS 'What happened';
COMMENT ON COLUMN tradepost.events.command_id IS 'Command that the engine was deciding; of an expiry just the one that came next, of a trigger the one that moved the price';
COMMENT ON COLUMN tradepost.events.order_id IS 'Order that it is about; in a trade the taker''s; none in a close-out';
COMMENT ON COLUMN tradepost.events.maker_order_id IS 'In a trade the maker''s order';
COMMENT ON COLUMN tradepost.events.account IS 'Account that it is about; in a trade the taker''s';
COMMENT ON COLUMN tradepost.events.counter_account IS 'The other account: a trade''s maker, a transfer''s other side, the insurance account';
COMMENT ON COLUMN tradepost.events.symbol IS 'Instrument';
COMMENT ON COLUMN tradepost.events.asset IS 'deposited, withdrawn, covered: what was paid';
COMMENT ON COLUMN tradepost.events.side IS 'Side of the order; in a trade the taker''s. settled: buy for what was long, sell for what was short';
COMMENT ON COLUMN tradepost.events.price IS 'Price of the trade, the order''s limit, or the mark; triggered: of the last trade, which reached the order''s stop price';
COMMENT ON COLUMN tradepost.events.quantity IS 'Quantity traded, of the order, taken from it or left of it; amount of a transfer';
COMMENT ON COLUMN tradepost.events.commission IS 'Commission of account, in the quote asset';
COMMENT ON COLUMN tradepost.events.counter_commission IS 'Commission of counter_account, in the quote asset';
COMMENT ON COLUMN tradepost.events.reason IS 'Why, where it has a reason';
COMMENT ON COLUMN tradepost.events.decision IS 'Whether this is its command''s decision: each command has exactly one';

CREATE OR REPLACE FUNCTION tradepost.events_since(seq bigint, max integer DEFAULT 1000)
	RETURNS SETOF tradepost.events LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT e.* FROM tradepost.events e WHERE e.seq > coalesce(events_since.seq, 0) ORDER BY e.seq
	LIMIT tradepost_internal.bounded('max', events_since.max, 1, 10000);
END;
COMMENT ON FUNCTION tradepost.events_since(bigint, integer) IS
'The events after this seq, in order, at most max of them: rows of the view events, under the same rules. 0 begins at the beginning. Error: TP005 if max is not in 1 to 10000.';

CREATE OR REPLACE FUNCTION tradepost.decision(command_id bigint)
	RETURNS SETOF tradepost.events LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	-- By the table's own column, because the view's, which hides some, no index can find.
	SELECT e.* FROM tradepost.events e
	WHERE e.seq = (SELECT x.seq FROM tradepost_internal.events x WHERE x.command_id = decision.command_id AND x.decision LIMIT 1);
END;
COMMENT ON FUNCTION tradepost.decision(bigint) IS
'The event that decided a command: a row of the view events. No row while it is undecided, was rolled back, or is not for the caller to see.';

CREATE OR REPLACE FUNCTION tradepost.order_history(id bigint)
	RETURNS SETOF tradepost.events LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	-- No index leads from an order to its events; they lie between its first and its last change in time.
	SELECT e.*
	FROM (SELECT o.id, tradepost_internal.seq_at(o.created_at) AS first,
			CASE WHEN o.status NOT IN (0, 1, 7) THEN tradepost_internal.seq_at(o.updated_at + interval '1 microsecond') END AS beyond
		FROM tradepost_internal.orders o WHERE o.id = order_history.id) o
	JOIN tradepost.events e ON (e.order_id = o.id OR e.maker_order_id = o.id)
		AND e.seq >= o.first AND e.seq < coalesce(o.beyond, 9223372036854775807)
	ORDER BY e.seq;
END;
COMMENT ON FUNCTION tradepost.order_history(bigint) IS
'The events of one order from its decision to its end, in order: rows of the view events. No row for an order that does not exist or is not the caller''s. Reads what happened in between:
quick for a young order, slow for one that has rested for days.';

CREATE OR REPLACE VIEW tradepost.trades WITH (security_invoker = true) AS
SELECT e.seq, e.time, e.symbol, e.kind, e.side, e.price, e.quantity,
	e.order_id AS taker_order_id, e.maker_order_id, e.account AS taker_account, e.counter_account AS maker_account,
	e.commission AS taker_commission, e.counter_commission AS maker_commission
FROM tradepost.events e
WHERE e.kind IN ('trade', 'closed_out', 'taken_over');
COMMENT ON VIEW tradepost.trades IS
'Every fill: of a trader''s accounts, with the other side''s columns NULL; all of them for administrators and auditors. What everybody may see is tape()';
COMMENT ON COLUMN tradepost.trades.seq IS 'Event that it is';
COMMENT ON COLUMN tradepost.trades.time IS 'When it traded';
COMMENT ON COLUMN tradepost.trades.symbol IS 'Instrument';
COMMENT ON COLUMN tradepost.trades.kind IS 'trade; closed_out: forced on the taker by a liquidation; taken_over: given to the insurance account at the mark';
COMMENT ON COLUMN tradepost.trades.side IS 'The taker''s side';
COMMENT ON COLUMN tradepost.trades.price IS 'The maker''s price, in the quote asset';
COMMENT ON COLUMN tradepost.trades.quantity IS 'Quantity traded';
COMMENT ON COLUMN tradepost.trades.taker_order_id IS 'The incoming order; NULL for what a liquidation forced';
COMMENT ON COLUMN tradepost.trades.maker_order_id IS 'The order that rested in the book';
COMMENT ON COLUMN tradepost.trades.taker_account IS 'Account of the taker, or the one liquidated';
COMMENT ON COLUMN tradepost.trades.maker_account IS 'Account of the maker, or the insurance account';
COMMENT ON COLUMN tradepost.trades.taker_commission IS 'Commission of the taker, in the quote asset';
COMMENT ON COLUMN tradepost.trades.maker_commission IS 'Commission of the maker, in the quote asset';

-- Kinds in the events table: 3 trade, 9 deposited, 10 withdrawn, 16 settled, 18 closed out, 19 taken over, 20 covered.
CREATE OR REPLACE VIEW tradepost.ledger WITH (security_invoker = true) AS
SELECT p.seq, p.time, p.symbol, p.account, (SELECT a.code FROM tradepost_internal.assets a WHERE a.id = p.asset) AS asset,
	trim_scale(p.amount) AS amount, p.what
FROM (
	SELECT e.seq, e.time, i.symbol, v.account, v.asset, v.amount, v.what
	FROM tradepost_internal.events e
	JOIN tradepost_internal.instruments i ON i.id = e.instrument
	JOIN tradepost_internal.tenants t ON t.id = i.tenant
	CROSS JOIN LATERAL (SELECT
		-- What account receives in the quote asset, and of the base asset: a buyer pays the one and gets the other.
		CASE e.side WHEN 0 THEN -1 ELSE 1 END * e.quantity * i.multiplier * (e.price - CASE i.kind WHEN 1 THEN i.reference_price ELSE 0 END) AS money,
		CASE WHEN i.kind = 1 THEN 0 WHEN e.side = 0 THEN e.quantity ELSE -e.quantity END AS goods) d
	CROSS JOIN LATERAL (VALUES
		(e.account, i.quote, d.money, 'trade'),
		(e.counter_account, i.quote, -d.money, 'trade'),
		(e.account, i.asset, d.goods, 'trade'),
		(e.counter_account, i.asset, -d.goods, 'trade'),
		(e.account, i.quote, -e.commission, 'commission'),
		(e.counter_account, i.quote, -e.counter_commission, 'commission'),
		(t.house_account, i.quote, e.commission, 'commission'),
		(t.house_account, i.quote, e.counter_commission, 'commission')) v (account, asset, amount, what)
	WHERE e.kind IN (3, 18, 19)
	UNION ALL
	SELECT e.seq, e.time, i.symbol, e.account, i.quote,
		CASE e.side WHEN 0 THEN 1 ELSE -1 END * e.quantity * i.multiplier * (e.price - i.reference_price), 'settlement'
	FROM tradepost_internal.events e
	JOIN tradepost_internal.instruments i ON i.id = e.instrument
	WHERE e.kind = 16
	UNION ALL
	SELECT e.seq, e.time, NULL, v.account, e.asset, v.amount, (ARRAY['deposit', 'withdrawal'])[e.kind - 8]
	FROM tradepost_internal.events e
	CROSS JOIN LATERAL (VALUES
		(e.account, CASE e.kind WHEN 9 THEN e.quantity ELSE -e.quantity END),
		(e.counter_account, CASE e.kind WHEN 9 THEN -e.quantity ELSE e.quantity END)) v (account, amount)
	WHERE e.kind IN (9, 10)
	UNION ALL
	SELECT e.seq, e.time, NULL, v.account, e.asset, v.amount, 'cover'
	FROM tradepost_internal.events e
	CROSS JOIN LATERAL (VALUES (e.account, e.quantity), (e.counter_account, -e.quantity)) v (account, amount)
	WHERE e.kind = 20
) p
-- Row security has chosen events by either side: here each posting must be the reader's own.
WHERE p.amount <> 0 AND (SELECT tradepost_internal.durable())
	AND ((SELECT tradepost_internal.sees_all()) OR p.account = ANY ((SELECT tradepost_internal.my_accounts())::bigint[]));
COMMENT ON VIEW tradepost.ledger IS
'Every posting, made from the events: the postings of an event sum to zero in each asset, those of a contract''s settlement over all its accounts; the sum by account and asset is the balance.
A trader sees the postings of its accounts; administrators and auditors see all. Contracts: a trade at x moves the buyer''s cash by quantity * multiplier * (reference price - x)';
COMMENT ON COLUMN tradepost.ledger.seq IS 'Event that posted it';
COMMENT ON COLUMN tradepost.ledger.time IS 'When';
COMMENT ON COLUMN tradepost.ledger.symbol IS 'Instrument, where one is concerned';
COMMENT ON COLUMN tradepost.ledger.account IS 'Account whose balance changed';
COMMENT ON COLUMN tradepost.ledger.asset IS 'Asset of the amount';
COMMENT ON COLUMN tradepost.ledger.amount IS 'What was added to the balance';
COMMENT ON COLUMN tradepost.ledger.what IS 'trade, commission, settlement, deposit, withdrawal or cover (of a deficit by the insurance account)';
