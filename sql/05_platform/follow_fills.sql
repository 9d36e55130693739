-- Fills of users' accounts, and what they closed.
--
-- What an account ever opened in an instrument is a line from 0, each opening fill a
-- piece of it; what it ever closed is another, of the same beginning.  First in,
-- first out: the piece of the one was closed by the same piece of the other.  So
-- nothing is ever changed to match them, and a page of fills is matched in one statement.

CREATE OR REPLACE FUNCTION tradepost_internal.share(amount numeric, place numeric, of numeric)
	RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT round(amount * place / of, 8);
END;
COMMENT ON FUNCTION tradepost_internal.share(numeric, numeric, numeric) IS
'What of an amount belongs to the first place of a whole: rounded to 1e-8. The share of a piece is the difference of two such, so that the pieces'' shares sum to the amount';

CREATE OR REPLACE FUNCTION tradepost_internal.span_groups(instrument integer, source text)
	RETURNS TABLE (instrument integer, source text) LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 4
BEGIN ATOMIC
	VALUES (0, ''), (span_groups.instrument, ''), (0, span_groups.source), (span_groups.instrument, span_groups.source);
END;
COMMENT ON FUNCTION tradepost_internal.span_groups(integer, text) IS 'The sums that something of this instrument and source is part of: all, of the instrument, of the source, of both';

CREATE OR REPLACE FUNCTION tradepost_internal.spans_at(moment timestamptz)
	RETURNS TABLE (days boolean, start timestamptz) LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
	VALUES (false, date_trunc('hour', moment, 'UTC')), (true, date_trunc('day', moment, 'UTC'));
END;
COMMENT ON FUNCTION tradepost_internal.spans_at(timestamptz) IS 'The hour and the day, UTC, that a time lies in';

CREATE OR REPLACE FUNCTION tradepost_internal.add_fills(after bigint, news tradepost_internal.news[])
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
	-- A page is small beside what there is: every join goes by an index, whatever the planner believes.
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
	-- Where the lines end now, and how far each fill moves them.
	INSERT INTO tradepost_internal.fills (account, seq, maker, time, order_id, instrument, kind, side, source, quantity, price, commission, opened, closed, opened_from, closed_from)
	SELECT y.account, y.seq, y.maker, y.time, y.order_id, y.instrument, y.kind, y.side, y.source, y.quantity, y.price, y.commission, y.opened, y.quantity - y.opened,
		y.opened_base + sum(y.opened) OVER w - y.opened,
		y.closed_base + sum(y.quantity - y.opened) OVER w - (y.quantity - y.opened)
	FROM (SELECT x.*, CASE WHEN x.before * x.signed >= 0 THEN x.quantity ELSE greatest(x.quantity - abs(x.before), 0) END AS opened
		FROM (SELECT n.account, n.seq, n.maker, n.time, n.order_id, n.instrument, n.kind, n.side, n.quantity, n.price, coalesce(n.commission, 0) AS commission, s.signed,
				coalesce((SELECT o.source FROM tradepost_internal.order_sources o WHERE o.order_id = n.order_id), 'manual') AS source,
				coalesce(p.opened, 0) AS opened_base, coalesce(p.closed, 0) AS closed_base,
				coalesce(p.position, 0) + sum(s.signed) OVER (PARTITION BY n.account, n.instrument ORDER BY n.seq, n.maker ROWS UNBOUNDED PRECEDING) - s.signed AS before
			FROM unnest(news) n
			CROSS JOIN LATERAL (SELECT CASE n.side WHEN 0 THEN n.quantity ELSE -n.quantity END AS signed) s
			LEFT JOIN tradepost_internal.fill_positions p ON p.account = n.account AND p.instrument = n.instrument
			WHERE n.kind IN (3, 16, 18, 19)) x) y
	WINDOW w AS (PARTITION BY y.account, y.instrument ORDER BY y.seq, y.maker ROWS UNBOUNDED PRECEDING);

	INSERT INTO tradepost_internal.fill_positions AS p (account, instrument, position, opened, closed)
	SELECT f.account, f.instrument, sum(CASE f.side WHEN 0 THEN f.quantity ELSE -f.quantity END), sum(f.opened), sum(f.closed)
	FROM (SELECT DISTINCT n.account FROM unnest(news) n) a
	JOIN tradepost_internal.fills f ON f.account = a.account AND f.seq > after
	GROUP BY f.account, f.instrument
	ON CONFLICT ON CONSTRAINT fill_positions_pkey DO UPDATE
		SET position = p.position + excluded.position, opened = p.opened + excluded.opened, closed = p.closed + excluded.closed;
END
$$;
COMMENT ON FUNCTION tradepost_internal.add_fills(bigint, tradepost_internal.news[]) IS 'Adds the fills of a page of events after this seq to fills, and moves fill_positions';

CREATE OR REPLACE FUNCTION tradepost_internal.closed_pieces(after bigint, accounts bigint[])
	RETURNS TABLE (account bigint, seq bigint, maker boolean, closed_at timestamptz, opened_at timestamptz, closing bigint, instrument integer, currency integer, side smallint, source text,
		quantity numeric, gross numeric, commission numeric, held numeric)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT c.account, c.seq, c.maker, c.time, o.time, coalesce(c.order_id, -c.seq), c.instrument, i.quote, (1 - c.side)::smallint, o.source,
		p.till - p.since,
		(p.till - p.since) * i.multiplier * (c.price - o.price) * CASE c.side WHEN 1 THEN 1 ELSE -1 END,
		tradepost_internal.share(k.closing, p.till - c.closed_from, c.closed) - tradepost_internal.share(k.closing, p.since - c.closed_from, c.closed)
			+ tradepost_internal.share(k.opening, p.till - o.opened_from, o.opened) - tradepost_internal.share(k.opening, p.since - o.opened_from, o.opened),
		(p.till - p.since) * extract(epoch FROM c.time - o.time) * 1000000
	FROM unnest(accounts) a (account)
	JOIN tradepost_internal.fills c ON c.account = a.account AND c.seq > after AND c.closed > 0
	JOIN tradepost_internal.instruments i ON i.id = c.instrument
	-- From the fill that opened the first of it.
	CROSS JOIN LATERAL (SELECT f.opened_from AS first FROM tradepost_internal.fills f
		WHERE f.account = c.account AND f.instrument = c.instrument AND f.opened > 0 AND f.opened_from <= c.closed_from ORDER BY f.opened_from DESC LIMIT 1) b
	-- OFFSET: looked up for each, and not before it is known where to begin.
	CROSS JOIN LATERAL (SELECT f.time, f.source, f.price, f.quantity, f.commission, f.opened, f.closed, f.opened_from FROM tradepost_internal.fills f
		WHERE f.account = c.account AND f.instrument = c.instrument AND f.opened > 0 AND f.opened_from >= b.first AND f.opened_from < c.closed_from + c.closed OFFSET 0) o
	CROSS JOIN LATERAL (SELECT greatest(c.closed_from, o.opened_from) AS since, least(c.closed_from + c.closed, o.opened_from + o.opened) AS till) p
	-- A fill that turns a position has commission for either.
	CROSS JOIN LATERAL (SELECT tradepost_internal.share(c.commission, c.closed, c.quantity) AS closing, o.commission - tradepost_internal.share(o.commission, o.closed, o.quantity) AS opening) k;
END;
COMMENT ON FUNCTION tradepost_internal.closed_pieces(bigint, bigint[]) IS
'What the fills after this seq closed for these accounts: a row for each pair of a closing fill and a fill that had opened it. side: 0 it was long, 1 short';

CREATE OR REPLACE FUNCTION tradepost_internal.keep_fills(after bigint, news tradepost_internal.news[])
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
	-- A page is small beside what there is: every join goes by an index, whatever the planner believes.
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	touched bigint[];
BEGIN
	PERFORM tradepost_internal.add_fills(after, news);
	touched := ARRAY(SELECT DISTINCT f.account FROM (SELECT DISTINCT n.account FROM unnest(news) n) a JOIN tradepost_internal.fills f ON f.account = a.account AND f.seq > after AND f.closed > 0);
	IF touched = '{}' THEN
		RETURN;
	END IF;
	WITH pieces AS MATERIALIZED (
		SELECT * FROM tradepost_internal.closed_pieces(after, touched)
	),
	-- Trades, as they were and as they now are.
	changes AS MATERIALIZED (
		SELECT p.account, p.closing, p.source, min(p.instrument) AS instrument, min(p.side) AS side, min(p.opened_at) AS opened_at, max(p.closed_at) AS closed_at,
			sum(p.quantity) AS quantity, sum(p.gross) AS gross, sum(p.commission) AS commission, sum(p.held) AS held
		FROM pieces p GROUP BY p.account, p.closing, p.source
	), written AS (
		INSERT INTO tradepost_internal.closed_trades AS t (account, closing, source, instrument, side, opened_at, closed_at, quantity, gross, commission, held)
		SELECT c.account, c.closing, c.source, c.instrument, c.side, c.opened_at, c.closed_at, c.quantity, c.gross, c.commission, c.held FROM changes c
		ON CONFLICT ON CONSTRAINT closed_trades_pkey DO UPDATE SET opened_at = least(t.opened_at, excluded.opened_at), closed_at = excluded.closed_at, quantity = t.quantity + excluded.quantity,
			gross = t.gross + excluded.gross, commission = t.commission + excluded.commission, held = t.held + excluded.held
		RETURNING t.*
	), counted AS (
		-- The statement's snapshot has the row from before it.
		SELECT b.account, b.instrument, b.source, b.closed_at, -1 AS sign, b.gross - b.commission AS net, round(b.held / b.quantity) AS held
		FROM changes c JOIN tradepost_internal.closed_trades b ON b.account = c.account AND b.closing = c.closing AND b.source = c.source
		UNION ALL
		SELECT w.account, w.instrument, w.source, w.closed_at, 1, w.gross - w.commission, round(w.held / w.quantity) FROM written w
	),
	-- The result of each closing fill, one after the other.
	steps AS (
		SELECT p.account, p.currency, g.instrument, g.source, d.days, d.start, p.seq, p.maker, sum(p.gross) AS gross, sum(p.commission) AS commission
		FROM pieces p
		CROSS JOIN LATERAL tradepost_internal.span_groups(p.instrument, p.source) g
		CROSS JOIN LATERAL tradepost_internal.spans_at(p.closed_at) d
		GROUP BY p.account, p.currency, g.instrument, g.source, d.days, d.start, p.seq, p.maker
	), sums AS (
		SELECT s.*, sum(s.gross - s.commission) OVER (PARTITION BY s.account, s.currency, s.instrument, s.source, s.days, s.start ORDER BY s.seq, s.maker ROWS UNBOUNDED PRECEDING) AS net FROM steps s
	), falls AS (
		SELECT s.*, greatest(max(s.net) OVER (PARTITION BY s.account, s.currency, s.instrument, s.source, s.days, s.start ORDER BY s.seq, s.maker ROWS UNBOUNDED PRECEDING), 0) - s.net AS fall FROM sums s
	), parts AS (
		SELECT x.account, i.quote AS currency, g.instrument, g.source, d.days, d.start, x.sign AS trades, CASE WHEN x.net > 0 THEN x.sign ELSE 0 END AS wins, CASE WHEN x.net < 0 THEN x.sign ELSE 0 END AS losses,
			x.sign * greatest(x.net, 0) AS profit, x.sign * greatest(-x.net, 0) AS loss, x.sign * x.held AS held, 0 AS gross, 0 AS commission, 0 AS high, 0 AS low, 0 AS drawdown
		FROM counted x
		JOIN tradepost_internal.instruments i ON i.id = x.instrument
		CROSS JOIN LATERAL tradepost_internal.span_groups(x.instrument, x.source) g
		CROSS JOIN LATERAL tradepost_internal.spans_at(x.closed_at) d
		UNION ALL
		SELECT f.account, f.currency, f.instrument, f.source, f.days, f.start, 0, 0, 0, 0, 0, 0, f.gross, f.commission, f.net, f.net, f.fall FROM falls f
	)
	INSERT INTO tradepost_internal.performance_spans AS t
		(account, currency, instrument, source, days, start, trades, wins, losses, profit, loss, held, gross, commission, high, low, drawdown)
	SELECT p.account, p.currency, p.instrument, p.source, p.days, p.start, sum(p.trades), sum(p.wins), sum(p.losses), sum(p.profit), sum(p.loss), sum(p.held), sum(p.gross), sum(p.commission),
		greatest(max(p.high), 0), least(min(p.low), 0), max(p.drawdown)
	FROM parts p GROUP BY p.account, p.currency, p.instrument, p.source, p.days, p.start
	-- What comes is behind what is there.
	ON CONFLICT ON CONSTRAINT performance_spans_pkey DO UPDATE SET trades = t.trades + excluded.trades, wins = t.wins + excluded.wins, losses = t.losses + excluded.losses,
		profit = t.profit + excluded.profit, loss = t.loss + excluded.loss, held = t.held + excluded.held,
		gross = t.gross + excluded.gross, commission = t.commission + excluded.commission,
		drawdown = greatest(t.drawdown, excluded.drawdown, t.high - (t.gross - t.commission) - excluded.low),
		high = greatest(t.high, t.gross - t.commission + excluded.high),
		low = least(t.low, t.gross - t.commission + excluded.low);
END
$$;
COMMENT ON FUNCTION tradepost_internal.keep_fills(bigint, tradepost_internal.news[]) IS
'Adds the fills of a page of events after this seq to fills, what they closed to closed_trades, and both to the sums of their hours and days';
