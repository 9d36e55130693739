-- Invariants of orders, commands and events, and check_invariants() itself.

CREATE OR REPLACE FUNCTION tradepost_internal.check_orders()
	RETURNS TABLE (name text, holds boolean, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	RETURN QUERY
		WITH best AS (
			SELECT o.instrument, max(o.price) FILTER (WHERE o.side = 0) AS bid, min(o.price) FILTER (WHERE o.side = 1) AS ask
			FROM tradepost_internal.orders o WHERE o.status IN (0, 1) GROUP BY o.instrument
		)
		SELECT 'book_not_crossed', coalesce(bool_and(c.bid < c.ask), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.bid >= c.ask),
				min(format('instrument %s: bid %s, ask %s', c.instrument, c.bid, c.ask)) FILTER (WHERE c.bid >= c.ask))
		FROM best c;

	RETURN QUERY
		WITH compared AS (
			SELECT o.id, o.filled < 0 OR o.filled > o.quantity OR NOT CASE o.status WHEN 0 THEN o.filled = 0
				WHEN 1 THEN o.filled > 0 AND o.filled < o.quantity WHEN 2 THEN o.filled = o.quantity WHEN 5 THEN o.filled = 0 ELSE true END AS wrong,
				o.status, o.filled, o.quantity
			FROM tradepost_internal.orders o
		)
		SELECT 'orders_within_quantity', coalesce(NOT bool_or(c.wrong), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.wrong),
				min(CASE WHEN c.wrong THEN format('order %s: status %s, filled %s of %s', c.id, c.status, c.filled, c.quantity) END))
		FROM compared c;

	-- An amended order is held to the limit that it had when it traded.
	RETURN QUERY
		WITH amended AS (
			SELECT DISTINCT e.order_id AS id FROM tradepost_internal.events e WHERE e.kind = 6
		), fills AS (
			SELECT e.order_id AS id, e.seq, e.price FROM tradepost_internal.events e WHERE e.kind = 3
			UNION ALL
			SELECT e.maker_order_id, e.seq, e.price FROM tradepost_internal.events e WHERE e.kind IN (3, 18)
		), steps AS (
			SELECT e.order_id AS id, e.seq, e.price AS limit_price, NULL AS price
			FROM tradepost_internal.events e WHERE e.kind IN (1, 6) AND e.order_id IN (SELECT a.id FROM amended a)
			UNION ALL
			SELECT f.id, f.seq, NULL, f.price FROM fills f WHERE f.id IN (SELECT a.id FROM amended a)
		), spans AS (
			SELECT s.*, count(s.limit_price) OVER (PARTITION BY s.id ORDER BY s.seq) AS span FROM steps s
		), compared AS (
			SELECT f.id, f.seq, f.price, o.price AS limit_price, o.side
			FROM fills f JOIN tradepost_internal.orders o ON o.id = f.id
			WHERE NOT EXISTS (SELECT FROM amended a WHERE a.id = f.id)
			UNION ALL
			-- A triggered order that trades at market has the limit that it got at its trigger.
			SELECT s.id, s.seq, s.price, coalesce(s.limit_price, o.price), o.side
			FROM (SELECT s.id, s.seq, s.price, max(s.limit_price) OVER (PARTITION BY s.id, s.span) AS limit_price FROM spans s) s
			JOIN tradepost_internal.orders o ON o.id = s.id
			WHERE s.price IS NOT NULL
		), judged AS (
			SELECT c.*, CASE c.side WHEN 0 THEN c.price > c.limit_price ELSE c.price < c.limit_price END AS wrong FROM compared c
		)
		SELECT 'orders_within_limit', coalesce(NOT bool_or(c.wrong), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.wrong),
				min(CASE WHEN c.wrong THEN format('order %s, event %s: price %s, limit %s', c.id, c.seq, c.price, c.limit_price) END))
		FROM judged c;

	RETURN QUERY
		WITH sides AS (
			SELECT e.order_id AS id, sum(e.quantity) AS filled, sum(e.quantity * e.price) AS value,
				sum(e.quantity * abs(e.price)) AS taker, 0::numeric AS maker, sum(e.commission) AS commission
			FROM tradepost_internal.events e WHERE e.kind = 3 GROUP BY e.order_id
			UNION ALL
			SELECT e.maker_order_id, sum(e.quantity), sum(e.quantity * e.price), 0, sum(e.quantity * abs(e.price)), sum(e.counter_commission)
			FROM tradepost_internal.events e WHERE e.kind IN (3, 18) GROUP BY e.maker_order_id
		), traded AS (
			SELECT s.id, sum(s.filled) AS filled, sum(s.value) AS value, sum(s.taker) AS taker, sum(s.maker) AS maker, sum(s.commission) AS commission
			FROM sides s GROUP BY s.id
		), compared AS (
			SELECT o.id, o.filled, o.commission, coalesce(t.filled, 0) AS event_filled, coalesce(t.commission, 0) AS event_commission,
				(o.filled, o.commission, o.filled_value, o.taker_notional, o.maker_notional) IS DISTINCT FROM
				(coalesce(t.filled, 0), coalesce(t.commission, 0), coalesce(t.value, 0) * i.multiplier, coalesce(t.taker, 0) * i.multiplier, coalesce(t.maker, 0) * i.multiplier) AS wrong
			FROM tradepost_internal.orders o
			JOIN tradepost_internal.instruments i ON i.id = o.instrument
			LEFT JOIN traded t ON t.id = o.id
		)
		SELECT 'orders_equal_events', coalesce(NOT bool_or(c.wrong), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.wrong), min(CASE WHEN c.wrong THEN format('order %s: filled %s and commission %s, events %s and %s',
				c.id, c.filled, c.commission, c.event_filled, c.event_commission) END))
		FROM compared c;

	-- However an order was sliced, it paid its rate on all that it traded in each role, rounded up once.
	RETURN QUERY
		WITH compared AS (
			SELECT o.id, o.commission, tradepost_internal.round_up(o.maker_rate * o.maker_notional * 0.00000001, q.scale)
				+ tradepost_internal.round_up(o.taker_rate * o.taker_notional * 0.00000001, q.scale) AS due
			FROM tradepost_internal.orders o
			JOIN tradepost_internal.instruments i ON i.id = o.instrument
			JOIN tradepost_internal.assets q ON q.id = i.quote
			WHERE o.filled > 0
		)
		SELECT 'commission_equals_rates', coalesce(bool_and(c.commission = c.due), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.commission <> c.due),
				min(CASE WHEN c.commission <> c.due THEN format('order %s: paid %s, due %s', c.id, c.commission, c.due) END))
		FROM compared c;

	RETURN QUERY
		WITH compared AS (
			SELECT id, s.id AS scanned, f.id AS found
			FROM (SELECT o.id FROM tradepost_internal.orders o WHERE o.status IN (0, 1, 7)) s
			FULL JOIN (SELECT o.id FROM tradepost_internal.open_orders() o) f USING (id)
		)
		SELECT 'open_orders_found', coalesce(bool_and(c.scanned IS NOT NULL AND c.found IS NOT NULL), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.scanned IS NULL OR c.found IS NULL),
				min(format('order %s', c.id)) FILTER (WHERE c.scanned IS NULL OR c.found IS NULL))
		FROM compared c;
END
$$;
COMMENT ON FUNCTION tradepost_internal.check_orders() IS 'check_invariants(): orders';

CREATE OR REPLACE FUNCTION tradepost_internal.check_triggers()
	RETURNS TABLE (name text, holds boolean, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	-- What waits has not traded, is of a kind that may wait, and its time has not come: the last trade has not reached it,
	-- or (a negative rank) its parent has not traded.
	RETURN QUERY
		WITH judged AS (
			SELECT o.id, CASE
				WHEN o.type NOT IN (2, 3, 4) OR o.stop_price IS NULL THEN 'has no stop price'
				WHEN o.filled <> 0 THEN 'has traded'
				WHEN s.status = 2 THEN 'waits in an instrument that has expired'
				WHEN o.rank > 0 AND s.last_trade_seq > 0 AND CASE WHEN (o.side = 0) = (o.type <> 4) THEN s.last_price >= o.stop_price ELSE s.last_price <= o.stop_price END
					THEN format('waits for %s, and the last trade was at %s', o.stop_price, s.last_price)
				END AS wrong
			FROM tradepost_internal.orders o LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = o.instrument
			WHERE o.status = 7
		)
		SELECT 'untriggered_orders_wait', count(j.wrong) = 0, tradepost_internal.verdict(count(*), count(j.wrong), min(format('order %s %s', j.id, j.wrong)) FILTER (WHERE j.wrong IS NOT NULL))
		FROM judged j;

	-- Of a pair each names the other.  While both live, neither has traded and one is in no book; when one has ended, it ended the other
	-- or (reason 29) was ended by it.
	RETURN QUERY
		WITH judged AS (
			SELECT o.id, CASE
				WHEN p.id IS NULL THEN 'is linked to what is not there'
				-- One that outlived its partner may have found another.
				WHEN p.link_id IS NULL OR p.link_id <> o.id AND o.status IN (0, 1, 7) THEN format('is linked to %s, which is linked to %s', p.id, coalesce(p.link_id::text, 'none'))
				WHEN (p.account, p.instrument) <> (o.account, o.instrument) THEN format('is linked to %s of another account or instrument', p.id)
				WHEN o.status NOT IN (0, 1, 7) THEN NULL
				WHEN p.status IN (0, 1, 7) AND (o.filled > 0 OR p.filled > 0) THEN format('or %s has traded, and both are open', p.id)
				WHEN p.status IN (0, 1, 7) AND o.status <> 7 AND p.status <> 7 THEN format('and %s are both in the book', p.id)
				WHEN p.status NOT IN (0, 1, 7) AND p.reason <> 29 THEN format('outlived %s', p.id)
				END AS wrong
			FROM tradepost_internal.orders o LEFT JOIN tradepost_internal.orders p ON p.id = o.link_id
			-- What was rejected keeps what it asked for.
			WHERE o.link_id IS NOT NULL AND o.status <> 5
		)
		SELECT 'linked_orders_exclude_each_other', count(j.wrong) = 0, tradepost_internal.verdict(count(*), count(j.wrong), min(format('order %s %s', j.id, j.wrong)) FILTER (WHERE j.wrong IS NOT NULL))
		FROM judged j;

	-- What protects an order waits until that one trades, ends with it if it never did, and is not larger than what it
	-- protects, unless it was amended since.
	RETURN QUERY
		WITH judged AS (
			SELECT o.id, CASE
				WHEN p.id IS NULL AND NOT EXISTS (SELECT FROM tradepost_internal.commands c WHERE c.id = o.parent_id AND c.kind = 1) THEN 'protects what is not there'
				WHEN o.parent_id <= o.id THEN format('protects %s, which is older', o.parent_id)
				WHEN o.status NOT IN (0, 1, 7) AND o.filled = 0 THEN NULL
				WHEN o.rank < 0 AND p.filled > 0 THEN format('is dormant, and %s has traded', p.id)
				WHEN o.rank < 0 AND p.status NOT IN (0, 1, 7) THEN format('is dormant, and %s has ended', p.id)
				WHEN o.rank > 0 AND coalesce(p.filled, 0) = 0 THEN format('is armed, and %s has not traded', o.parent_id)
				WHEN (p.account, p.instrument) <> (o.account, o.instrument) THEN format('protects %s of another account or instrument', p.id)
				WHEN (o.filled > p.filled OR p.status NOT IN (0, 1, 7) AND o.quantity > p.filled)
					AND o.id NOT IN (SELECT e.order_id FROM tradepost_internal.events e WHERE e.kind = 6 AND e.order_id IS NOT NULL)
					THEN format('is of %s, filled %s, and %s has filled %s', o.quantity, o.filled, p.id, p.filled)
				END AS wrong
			FROM tradepost_internal.orders o LEFT JOIN tradepost_internal.orders p ON p.id = o.parent_id
			WHERE o.parent_id IS NOT NULL AND o.status <> 5
		)
		SELECT 'protection_follows_its_order', count(j.wrong) = 0, tradepost_internal.verdict(count(*), count(j.wrong), min(format('order %s %s', j.id, j.wrong)) FILTER (WHERE j.wrong IS NOT NULL))
		FROM judged j;
END
$$;
COMMENT ON FUNCTION tradepost_internal.check_triggers() IS 'check_invariants(): untriggered orders, linked pairs, and orders that protect others';

CREATE OR REPLACE FUNCTION tradepost_internal.check_commands()
	RETURNS TABLE (name text, holds boolean, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	RETURN QUERY
		WITH compared AS (
			SELECT id, c.id AS asked, coalesce(d.decisions, 0) AS decisions
			FROM tradepost_internal.commands c
			FULL JOIN (SELECT e.command_id AS id, count(*) AS decisions FROM tradepost_internal.events e WHERE e.decision GROUP BY e.command_id) d USING (id)
		), judged AS (
			SELECT c.*, c.asked IS NULL OR c.decisions > 1 OR c.decisions = 0 AND c.id < (SELECT s.watermark FROM tradepost_internal.engine_state s) AS wrong
			FROM compared c
		)
		SELECT 'commands_decided_once', coalesce(NOT bool_or(c.wrong), true),
			tradepost_internal.verdict(count(*), count(*) FILTER (WHERE c.wrong),
				min(CASE WHEN c.wrong THEN format('command %s: %s, %s decisions', c.id, CASE WHEN c.asked IS NULL THEN 'no row' ELSE 'asked' END, c.decisions) END))
		FROM judged c;

	-- Every reference leads somewhere.  Only what was rejected as unknown may name what is not there.
	RETURN QUERY
		WITH orphans AS (
			SELECT format('order %s without its place command', o.id) AS what FROM tradepost_internal.orders o
			WHERE NOT EXISTS (SELECT FROM tradepost_internal.commands c WHERE c.id = o.id AND c.kind = 1 AND c.account = o.account)
			UNION ALL
			SELECT format('place command %s decided without an order', e.command_id)
			FROM tradepost_internal.events e JOIN tradepost_internal.commands c ON c.id = e.command_id AND c.kind = 1
			WHERE e.decision AND e.reason <> 16 AND NOT EXISTS (SELECT FROM tradepost_internal.orders o WHERE o.id = e.command_id)
			UNION ALL
			SELECT format('event %s of unknown order %s', e.seq, e.order_id) FROM tradepost_internal.events e
			WHERE e.order_id > 0 AND NOT (e.kind = 2 AND e.reason IN (8, 15, 16)) AND NOT EXISTS (SELECT FROM tradepost_internal.orders o WHERE o.id = e.order_id)
			UNION ALL
			SELECT format('event %s of unknown maker %s', e.seq, e.maker_order_id) FROM tradepost_internal.events e
			WHERE e.maker_order_id > 0 AND NOT EXISTS (SELECT FROM tradepost_internal.orders o WHERE o.id = e.maker_order_id)
			UNION ALL
			SELECT format('instrument %s is unknown to its %s events', e.instrument, e.number)
			FROM (SELECT e.instrument, count(*) AS number FROM tradepost_internal.events e WHERE e.instrument > 0 AND e.reason <> 16 GROUP BY e.instrument) e
			WHERE NOT EXISTS (SELECT FROM tradepost_internal.instruments i WHERE i.id = e.instrument)
			UNION ALL
			SELECT format('account %s is unknown to its %s events', e.account, e.number)
			FROM (SELECT x.account, count(*) AS number FROM (
					SELECT e.account FROM tradepost_internal.events e UNION ALL SELECT e.counter_account FROM tradepost_internal.events e) x
				WHERE x.account > 0 GROUP BY x.account) e
			WHERE NOT EXISTS (SELECT FROM tradepost_internal.accounts a WHERE a.id = e.account)
			UNION ALL
			SELECT format('balance of account %s, asset %s', b.account, b.asset) FROM tradepost_internal.balances b
			WHERE NOT EXISTS (SELECT FROM tradepost_internal.accounts a WHERE a.id = b.account)
				OR NOT EXISTS (SELECT FROM tradepost_internal.assets a WHERE a.id = b.asset)
			UNION ALL
			SELECT format('position of account %s, instrument %s', p.account, p.instrument) FROM tradepost_internal.positions p
			WHERE NOT EXISTS (SELECT FROM tradepost_internal.accounts a WHERE a.id = p.account)
				OR NOT EXISTS (SELECT FROM tradepost_internal.instrument_state s WHERE s.instrument = p.instrument)
			UNION ALL
			SELECT format('state of instrument %s', s.instrument) FROM tradepost_internal.instrument_state s
			WHERE NOT EXISTS (SELECT FROM tradepost_internal.instruments i WHERE i.id = s.instrument)
			UNION ALL
			SELECT format('key of command %s', k.command_id) FROM tradepost_internal.command_keys k
			WHERE NOT EXISTS (SELECT FROM tradepost_internal.commands c WHERE c.id = k.command_id AND c.account = k.account)
		)
		SELECT 'nothing_orphaned', count(*) = 0, CASE WHEN count(*) = 0 THEN 'all found' ELSE format('%s, such as %s', count(*), min(o.what)) END
		FROM orphans o;

	RETURN QUERY
		WITH compared AS (
			SELECT e.seq, e.seq - lag(e.seq) OVER w AS step, e.time < lag(e.time) OVER w AS back FROM tradepost_internal.events e WINDOW w AS (ORDER BY e.seq)
		), judged AS (
			SELECT count(*) AS number, count(*) FILTER (WHERE c.step <> 1 OR c.back) AS wrong, min(c.seq) FILTER (WHERE c.step <> 1 OR c.back) AS example, coalesce(max(c.seq), 0) AS last
			FROM compared c
		)
		SELECT 'events_in_order', j.wrong = 0 AND j.last = coalesce(s.last_seq, 0), CASE WHEN j.wrong > 0 THEN tradepost_internal.verdict(j.number, j.wrong, format('event %s', j.example))
			ELSE format('%s checked, the last is %s, the engine''s %s', j.number, j.last, coalesce(s.last_seq, 0)) END
		FROM judged j LEFT JOIN tradepost_internal.engine_state s ON true;

	-- The engine stores the checksum of its memory with each batch.
	RETURN QUERY
		WITH parts AS (
			SELECT tradepost_internal.order_hash(o.id, o.account, o.instrument, o.side, o.price, o.quantity, o.filled, o.rank, o.stop_price, o.link_id, o.parent_id) AS part
			FROM tradepost_internal.orders o WHERE o.status IN (0, 1, 7)
			UNION ALL
			SELECT tradepost_internal.balance_hash(b.account, b.asset, b.total, b.reserved)
			FROM tradepost_internal.balances b WHERE b.total <> 0 OR b.reserved <> 0
			UNION ALL
			SELECT tradepost_internal.position_hash(p.account, p.instrument, p.quantity, p.open_bids, p.open_asks)
			FROM tradepost_internal.positions p WHERE p.quantity <> 0 OR p.open_bids <> 0 OR p.open_asks <> 0
		), tables AS (
			SELECT count(*) AS number, mod(coalesce(sum(p.part), 0), 18446744073709551616) AS checksum FROM parts p
		)
		SELECT 'memory_equals_tables', t.checksum = coalesce(s.checksum, 0),
			format('%s checked, tables %s, engine %s', t.number, t.checksum, coalesce(s.checksum, 0))
		FROM tables t LEFT JOIN tradepost_internal.engine_state s ON true;
END
$$;
COMMENT ON FUNCTION tradepost_internal.check_commands() IS 'check_invariants(): commands, events and the engine''s memory';

CREATE OR REPLACE FUNCTION tradepost.check_invariants()
	RETURNS TABLE (name text, holds boolean, detail text)
	LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER ROWS 20
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET work_mem = '64MB' SET jit = off
AS $$
	SELECT c.name, c.holds, c.detail FROM tradepost_internal.check_balances() c
	UNION ALL
	SELECT c.name, c.holds, c.detail FROM tradepost_internal.check_positions() c
	UNION ALL
	SELECT c.name, c.holds, c.detail FROM tradepost_internal.check_orders() c
	UNION ALL
	SELECT c.name, c.holds, c.detail FROM tradepost_internal.check_triggers() c
	UNION ALL
	SELECT c.name, c.holds, c.detail FROM tradepost_internal.check_commands() c
$$;
COMMENT ON FUNCTION tradepost.check_invariants() IS
'Whether the exchange is sound: a row an invariant, with what was checked or what is wrong. Reads all orders and events, in one snapshot: true at any moment, while trading goes on too. For
administrators and auditors.';
