-- What every trader of a tenant may know of its market: prices, the tape, candles.  None of it
-- names an account or an order, so what reads the events runs as its owner, past row
-- security; which instruments, is asked before with the eyes of who calls.

CREATE OR REPLACE FUNCTION tradepost_internal.market(of integer[])
	RETURNS TABLE (symbol text, kind tradepost.instrument_kind, status tradepost.instrument_status, last_price numeric, mark numeric,
		bid numeric, bid_quantity numeric, ask numeric, ask_quantity numeric,
		volume_24h numeric, high_24h numeric, low_24h numeric, trades_24h bigint, open_interest numeric, tenant bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	since bigint := tradepost_internal.seq_at(now() - interval '24 hours');
BEGIN
	RETURN QUERY
		WITH day AS MATERIALIZED (
			SELECT e.instrument, sum(e.quantity) AS volume, max(e.price) AS high, min(e.price) AS low, count(*) AS trades
			FROM tradepost_internal.events e WHERE e.seq >= since AND e.kind IN (3, 18) GROUP BY e.instrument
		), held AS MATERIALIZED (
			SELECT p.instrument, sum(p.quantity) AS quantity FROM tradepost_internal.positions p WHERE p.quantity > 0 GROUP BY p.instrument
		)
		SELECT i.symbol, (ARRAY['spot', 'future']::tradepost.instrument_kind[])[i.kind + 1],
			(ARRAY['open', 'halted', 'expired']::tradepost.instrument_status[])[coalesce(s.status, 1::smallint) + 1],
			CASE WHEN s.last_trade_seq > 0 THEN trim_scale(s.last_price) END, trim_scale(coalesce(s.mark, i.initial_mark)),
			best.bid, best.bid_quantity, best.ask, best.ask_quantity,
			trim_scale(coalesce(d.volume, 0)), trim_scale(d.high), trim_scale(d.low), coalesce(d.trades, 0),
			CASE i.kind WHEN 1 THEN trim_scale(coalesce(h.quantity, 0)) END, i.tenant
		FROM tradepost_internal.instruments i
		LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
		LEFT JOIN day d ON d.instrument = i.id
		LEFT JOIN held h ON h.instrument = i.id
		-- Each book is read once, so that bid and ask are of one moment.
		CROSS JOIN LATERAL (SELECT max(b.price) FILTER (WHERE b.side = 'buy') AS bid, max(b.quantity) FILTER (WHERE b.side = 'buy') AS bid_quantity,
			max(b.price) FILTER (WHERE b.side = 'sell') AS ask, max(b.quantity) FILTER (WHERE b.side = 'sell') AS ask_quantity
			FROM tradepost_internal.book(i.id, 1) b) best
		WHERE i.id = ANY (of) AND (SELECT tradepost_internal.durable());
END
$$;
COMMENT ON FUNCTION tradepost_internal.market(integer[]) IS 'Rows of the view market, for these instruments; the caller has checked that they are for it to see';

CREATE OR REPLACE VIEW tradepost.market WITH (security_invoker = true) AS
SELECT m.symbol, m.kind, m.status, m.last_price, m.mark, m.bid, m.bid_quantity, m.ask, m.ask_quantity,
	m.volume_24h, m.high_24h, m.low_24h, m.trades_24h, m.open_interest, m.tenant
FROM tradepost_internal.market(ARRAY(SELECT i.id FROM tradepost_internal.instruments i)) m;
COMMENT ON VIEW tradepost.market IS 'Every instrument''s prices, of the caller''s tenants, now and over the last 24 hours. Reads the events of these 24 hours';
COMMENT ON COLUMN tradepost.market.symbol IS 'Instrument';
COMMENT ON COLUMN tradepost.market.kind IS 'spot or future';
COMMENT ON COLUMN tradepost.market.status IS 'open, halted or expired';
COMMENT ON COLUMN tradepost.market.last_price IS 'Price of the last trade; NULL before the first';
COMMENT ON COLUMN tradepost.market.mark IS 'Price that bands, margins and close-outs go by';
COMMENT ON COLUMN tradepost.market.bid IS 'Best price that somebody buys at; NULL: nobody';
COMMENT ON COLUMN tradepost.market.bid_quantity IS 'Quantity at that price';
COMMENT ON COLUMN tradepost.market.ask IS 'Best price that somebody sells at; NULL: nobody';
COMMENT ON COLUMN tradepost.market.ask_quantity IS 'Quantity at that price';
COMMENT ON COLUMN tradepost.market.volume_24h IS 'Quantity traded in the last 24 hours';
COMMENT ON COLUMN tradepost.market.high_24h IS 'Highest trade of the last 24 hours';
COMMENT ON COLUMN tradepost.market.low_24h IS 'Lowest trade of the last 24 hours';
COMMENT ON COLUMN tradepost.market.trades_24h IS 'Trades of the last 24 hours';
COMMENT ON COLUMN tradepost.market.open_interest IS 'Contracts held by all who are long; NULL for spot';
COMMENT ON COLUMN tradepost.market.tenant IS 'Broker that lists it';

CREATE OR REPLACE FUNCTION tradepost_internal.tape(instrument integer, lines integer)
	RETURNS TABLE (seq bigint, "time" timestamptz, price numeric, quantity numeric, side tradepost.side)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	wanted   CONSTANT integer := tape.instrument;
	listed   timestamptz;
	last_seq bigint;
BEGIN
	SELECT i.created_at, s.last_trade_seq INTO listed, last_seq
		FROM tradepost_internal.instruments i JOIN tradepost_internal.instrument_state s ON s.instrument = i.id WHERE i.id = wanted;
	IF last_seq > 0 THEN
		RETURN QUERY
			SELECT e.seq, e.time, trim_scale(e.price), trim_scale(e.quantity), (ARRAY['buy', 'sell']::tradepost.side[])[e.side + 1]
			FROM tradepost_internal.events e
			WHERE e.seq BETWEEN tradepost_internal.seq_at(listed) AND last_seq AND e.instrument = wanted AND e.kind IN (3, 18)
				AND (SELECT tradepost_internal.durable())
			ORDER BY e.seq DESC LIMIT lines;
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.tape(integer, integer) IS 'Rows of tape(); the caller has checked that the instrument is for it to see';

CREATE OR REPLACE FUNCTION tradepost.tape(symbol text, max integer DEFAULT 50, tenant bigint DEFAULT NULL)
	RETURNS TABLE (seq bigint, "time" timestamptz, price numeric, quantity numeric, side tradepost.side)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	SELECT t.seq, t.time, t.price, t.quantity, t.side
	FROM tradepost_internal.tape(tradepost_internal.visible_instrument(tape.symbol, tape.tenant), tradepost_internal.bounded('max', tape.max, 1, 10000)) t;
END;
COMMENT ON FUNCTION tradepost.tape(text, integer, bigint) IS
'An instrument''s last trades, newest first, without the names: seq, time, price in the quote asset, quantity and the taker''s side. tenant as in order_book(). Errors: TP001 unknown symbol, TP005 max not in 1
to 10000.';

CREATE OR REPLACE FUNCTION tradepost_internal.candles(instrument integer, resolution text, since timestamptz, until timestamptz)
	RETURNS TABLE (start timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric, trades bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER ROWS 500 SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	highest CONSTANT integer := 10000;
	epoch   CONSTANT timestamptz := '2000-01-01 00:00:00+00';
	wanted  CONSTANT integer := candles.instrument;
	step    interval := CASE resolution WHEN '1m' THEN '1 minute' WHEN '5m' THEN '5 minutes' WHEN '15m' THEN '15 minutes'
		WHEN '1h' THEN '1 hour' WHEN '1d' THEN '24 hours' END;
	beyond  timestamptz := coalesce(until, now());
	first   timestamptz;
BEGIN
	IF step IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_invalid_order@',
			MESSAGE = format('resolution must be 1m, 5m, 15m, 1h or 1d, not %s', coalesce('"' || left(resolution, 64) || '"', 'null')),
			HINT = 'Days begin at midnight UTC.';
	ELSIF NOT isfinite(beyond) OR NOT isfinite(since) THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_invalid_order@', MESSAGE = 'since and until must be finite',
			HINT = 'Leave until out for now, and since for the last 500 candles.';
	END IF;
	first := date_bin(step, coalesce(since, beyond - 499 * step), epoch);
	IF beyond - first > highest * step THEN
		RAISE EXCEPTION USING ERRCODE = '@tradepost_invalid_order@',
			MESSAGE = format('since to until spans more than %s candles of %s', highest, resolution),
			HINT = 'Ask for less at a time, or for a coarser resolution.';
	END IF;
	RETURN QUERY
		SELECT c.start, trim_scale(o.price), trim_scale(c.high), trim_scale(c.low), trim_scale(l.price), trim_scale(c.volume), c.trades
		FROM (SELECT date_bin(step, e.time, epoch) AS start, min(e.seq) AS first_seq, max(e.seq) AS last_seq,
				max(e.price) AS high, min(e.price) AS low, sum(e.quantity) AS volume, count(*) AS trades
			FROM tradepost_internal.events e
			WHERE e.seq >= tradepost_internal.seq_at(first) AND e.seq < tradepost_internal.seq_at(beyond)
				AND e.instrument = wanted AND e.kind IN (3, 18) AND (SELECT tradepost_internal.durable())
			GROUP BY 1) c
		JOIN tradepost_internal.events o ON o.seq = c.first_seq
		JOIN tradepost_internal.events l ON l.seq = c.last_seq
		ORDER BY c.start;
END
$$;
COMMENT ON FUNCTION tradepost_internal.candles(integer, text, timestamptz, timestamptz) IS 'Rows of candles(); the caller has checked that the instrument is for it to see';

CREATE OR REPLACE FUNCTION tradepost.candles(symbol text, resolution text DEFAULT '1m', since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, tenant bigint DEFAULT NULL)
	RETURNS TABLE (start timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric, trades bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	SELECT c.start, c.open, c.high, c.low, c.close, c.volume, c.trades
	FROM tradepost_internal.candles(tradepost_internal.visible_instrument(candles.symbol, candles.tenant), candles.resolution, candles.since, candles.until) c;
END;
COMMENT ON FUNCTION tradepost.candles(text, text, timestamptz, timestamptz, bigint) IS
'Open, high, low, close, volume and number of trades of an instrument, a row for each 1m, 5m, 15m, 1h or 1d (resolution) in which it traded, oldest first. From the candle that holds since (default:
500 candles back) to before until (default: now). tenant as in order_book(). Errors: TP001 unknown symbol, TP005 another resolution, or more than 10000 candles of time.';
