-- What the market makes of signals: entry reached, target or stop hit, time over.
--
-- Called by the follower with the events that it has just read.  A live signal watches
-- two prices: the next trade at or below watch_low, or at or above watch_high, changes
-- it.  Both are indexed, so that a round costs what it changes: the lowest and highest
-- trade of each instrument are compared with the nearest watches, and only where they
-- reach one are trades walked, in their order, each changing all that it reaches.
--
-- The rule, for a buy (a sell is its mirror image): the first trade at or below
-- entry_price triggers it; from that trade on, the first one at or below stop_loss or at
-- or above take_profit closes it.  Trades count after posted_seq and before expires_at.
-- Judging the same trades again changes nothing, so ranges may overlap.

CREATE OR REPLACE FUNCTION tradepost_internal.expire_signals(moment timestamptz)
	RETURNS bigint[] LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET enable_seqscan = off SET jit = off
AS $$
	WITH over AS (
		UPDATE tradepost_internal.signals s SET status = 3, outcome = 2, closed_at = s.expires_at, watch_low = NULL, watch_high = NULL
			WHERE s.status IN (0, 1) AND s.expires_at <= moment AND NOT EXISTS (SELECT FROM tradepost_internal.new_signals n WHERE n.signal = s.id)
			RETURNING s.id
	)
	SELECT coalesce(array_agg(o.id), '{}') FROM over o
$$;
COMMENT ON FUNCTION tradepost_internal.expire_signals(timestamptz) IS 'Ends the signals whose time is over at this moment, up to which all trades have been judged; returns which';

CREATE OR REPLACE FUNCTION tradepost_internal.judge_trade(of integer, traded_seq bigint, traded_at timestamptz, traded numeric)
	RETURNS bigint[] LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
	below bigint[];
	above bigint[];
BEGIN
	-- A buy that gets its entry here watches its stop from here on, and this very trade may be beyond it.
	WITH hit AS (
		UPDATE tradepost_internal.signals s SET
			status = CASE WHEN s.status = 0 AND traded > s.stop_loss THEN 1 ELSE 2 END,
			outcome = CASE WHEN s.side = 1 THEN 0 WHEN traded <= s.stop_loss THEN 1 END,
			triggered_seq = coalesce(s.triggered_seq, traded_seq), triggered_at = coalesce(s.triggered_at, traded_at),
			closed_seq = CASE WHEN s.side = 1 OR traded <= s.stop_loss THEN traded_seq END, closed_at = CASE WHEN s.side = 1 OR traded <= s.stop_loss THEN traded_at END,
			watch_low = CASE WHEN s.side = 0 AND traded > s.stop_loss THEN s.stop_loss END, watch_high = CASE WHEN s.side = 0 AND traded > s.stop_loss THEN s.take_profit END
		WHERE s.instrument = of AND s.watch_low >= traded AND traded_seq > coalesce(s.triggered_seq, s.posted_seq) AND traded_at < s.expires_at
		RETURNING s.id
	)
	SELECT array_agg(h.id) INTO below FROM hit h;
	WITH hit AS (
		UPDATE tradepost_internal.signals s SET
			status = CASE WHEN s.status = 0 AND traded < s.stop_loss THEN 1 ELSE 2 END,
			outcome = CASE WHEN s.side = 0 THEN 0 WHEN traded >= s.stop_loss THEN 1 END,
			triggered_seq = coalesce(s.triggered_seq, traded_seq), triggered_at = coalesce(s.triggered_at, traded_at),
			closed_seq = CASE WHEN s.side = 0 OR traded >= s.stop_loss THEN traded_seq END, closed_at = CASE WHEN s.side = 0 OR traded >= s.stop_loss THEN traded_at END,
			watch_low = CASE WHEN s.side = 1 AND traded < s.stop_loss THEN s.take_profit END, watch_high = CASE WHEN s.side = 1 AND traded < s.stop_loss THEN s.stop_loss END
		WHERE s.instrument = of AND s.watch_high <= traded AND traded_seq > coalesce(s.triggered_seq, s.posted_seq) AND traded_at < s.expires_at
		RETURNING s.id
	)
	SELECT array_agg(h.id) INTO above FROM hit h;
	RETURN coalesce(below, '{}') || coalesce(above, '{}');
END
$$;
COMMENT ON FUNCTION tradepost_internal.judge_trade(integer, bigint, timestamptz, numeric) IS 'Changes every signal that this trade changes; returns which';

CREATE OR REPLACE FUNCTION tradepost_internal.judge_signals(after bigint, upto bigint)
	RETURNS integer LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
	-- Between the matcher's looking at the clock and its events being here.
	slack      CONSTANT interval := '2 seconds';
	low        bigint := after;
	earliest   bigint;
	changed    bigint[] := '{}';
	hit        integer[];
	begun      integer;
	next_low   numeric;
	next_high  numeric;
	trade      record;
	newest     timestamptz;
BEGIN
	-- Arm what is new; its trades may have been read before it was seen.
	WITH gone AS (
		DELETE FROM tradepost_internal.new_signals n RETURNING n.signal
	), armed AS (
		UPDATE tradepost_internal.signals s SET watch_low = CASE s.side WHEN 0 THEN s.entry_price END, watch_high = CASE s.side WHEN 1 THEN s.entry_price END
			FROM gone g WHERE s.id = g.signal AND s.status = 0
			RETURNING s.posted_seq
	)
	SELECT min(a.posted_seq) INTO earliest FROM armed a;
	low := least(after, earliest);
	IF NOT EXISTS (SELECT FROM tradepost_internal.signals s WHERE s.status IN (0, 1)) THEN
		RETURN 0;
	END IF;

	IF upto > low THEN
		SELECT array_agg(x.instrument), max(x.newest) INTO hit, newest
		FROM (SELECT e.instrument, min(e.price) AS lowest, max(e.price) AS highest, max(e.time) AS newest
			FROM tradepost_internal.events e WHERE e.seq > low AND e.seq <= upto AND e.kind IN (3, 18) GROUP BY e.instrument) x
		WHERE x.lowest <= (SELECT s.watch_low FROM tradepost_internal.signals s WHERE s.instrument = x.instrument AND s.watch_low IS NOT NULL ORDER BY s.watch_low DESC LIMIT 1)
			OR x.highest >= (SELECT s.watch_high FROM tradepost_internal.signals s WHERE s.instrument = x.instrument AND s.watch_high IS NOT NULL ORDER BY s.watch_high LIMIT 1);
		IF hit IS NOT NULL THEN
			FOR trade IN SELECT e.instrument, e.seq, e.time, e.price FROM tradepost_internal.events e
				WHERE e.seq > low AND e.seq <= upto AND e.kind IN (3, 18) AND e.instrument = ANY (hit) ORDER BY e.instrument, e.seq
			LOOP
				IF begun IS DISTINCT FROM trade.instrument THEN
					begun := trade.instrument;
					next_low := (SELECT s.watch_low FROM tradepost_internal.signals s WHERE s.instrument = begun AND s.watch_low IS NOT NULL ORDER BY s.watch_low DESC LIMIT 1);
					next_high := (SELECT s.watch_high FROM tradepost_internal.signals s WHERE s.instrument = begun AND s.watch_high IS NOT NULL ORDER BY s.watch_high LIMIT 1);
				END IF;
				IF trade.price <= next_low OR trade.price >= next_high THEN
					changed := changed || tradepost_internal.judge_trade(trade.instrument, trade.seq, trade.time, trade.price);
					next_low := (SELECT s.watch_low FROM tradepost_internal.signals s WHERE s.instrument = begun AND s.watch_low IS NOT NULL ORDER BY s.watch_low DESC LIMIT 1);
					next_high := (SELECT s.watch_high FROM tradepost_internal.signals s WHERE s.instrument = begun AND s.watch_high IS NOT NULL ORDER BY s.watch_high LIMIT 1);
				END IF;
			END LOOP;
		END IF;
	END IF;

	-- No trade before the time of the last one judged can still come; in a quiet market the clock ends them.
	newest := greatest(newest, (SELECT e.time FROM tradepost_internal.events e WHERE e.seq <= upto ORDER BY e.seq DESC LIMIT 1));
	IF NOT EXISTS (SELECT FROM tradepost_internal.events e WHERE e.seq > upto) THEN
		newest := greatest(newest, clock_timestamp() - slack);
	END IF;
	IF EXISTS (SELECT FROM tradepost_internal.signals s WHERE s.status IN (0, 1) AND s.expires_at <= newest) THEN
		changed := changed || tradepost_internal.expire_signals(newest);
	END IF;
	IF changed = '{}' THEN
		RETURN 0;
	END IF;
	changed := ARRAY(SELECT DISTINCT c FROM unnest(changed) c);
	PERFORM tradepost_internal.signals_changed(changed);
	RETURN cardinality(changed);
END
$$;
COMMENT ON FUNCTION tradepost_internal.judge_signals(bigint, bigint) IS
'Judges all signals by the trades after event `after` up to event `upto`, which are durable, and ends those whose time is over; pushes and notifies; returns how many have changed. Called by the follower in each of
its rounds, also with after = upto. The same events again change nothing.';
