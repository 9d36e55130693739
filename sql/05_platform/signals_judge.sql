-- What the market makes of signals: entry reached, target or stop hit, time over.
--
-- Called by the follower: judge_signals() in each round in which something traded, with
-- the lowest and highest trade of each instrument, expire_signals() once a second.  A
-- live signal watches two prices: the next trade at or below watch_low, or at or above
-- watch_high, changes it.  Both are indexed, so that a round costs what it changes: only
-- where a round's prices reach the nearest watch are its trades walked, in their order,
-- each changing all that it reaches.
--
-- The rule, for a buy (a sell is its mirror image): the first trade at or below
-- entry_price triggers it; from that trade on, the first one at or below stop_loss or at
-- or above take_profit closes it.  Trades count after posted_seq and before expires_at.
-- Judging the same trades again changes nothing, so ranges may overlap.

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

CREATE OR REPLACE FUNCTION tradepost_internal.arm_signals(OUT after_seq bigint)
	RETURNS bigint LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp SET enable_seqscan = off SET jit = off
AS $$
	WITH gone AS (
		DELETE FROM tradepost_internal.new_signals n RETURNING n.signal
	), armed AS (
		UPDATE tradepost_internal.signals s SET watch_low = CASE s.side WHEN 0 THEN s.entry_price END, watch_high = CASE s.side WHEN 1 THEN s.entry_price END
			FROM gone g WHERE s.id = g.signal AND s.status = 0
			RETURNING s.posted_seq
	)
	SELECT min(a.posted_seq) FROM armed a
$$;
COMMENT ON FUNCTION tradepost_internal.arm_signals() IS 'Takes up the signals that are new; returns the event that the first of them was posted after, NULL if there is none';

CREATE OR REPLACE FUNCTION tradepost_internal.walk_trades(after_seq bigint, upto_seq bigint, instruments integer[], lows numeric[], highs numeric[])
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
	hit       integer[];
	begun     integer;
	next_low  numeric;
	next_high numeric;
	trade     record;
	changed   bigint[] := '{}';
BEGIN
	hit := ARRAY(SELECT t.instrument FROM unnest(instruments, lows, highs) t (instrument, lowest, highest)
		WHERE t.lowest <= (SELECT s.watch_low FROM tradepost_internal.signals s WHERE s.instrument = t.instrument AND s.watch_low IS NOT NULL ORDER BY s.watch_low DESC LIMIT 1)
			OR t.highest >= (SELECT s.watch_high FROM tradepost_internal.signals s WHERE s.instrument = t.instrument AND s.watch_high IS NOT NULL ORDER BY s.watch_high LIMIT 1));
	IF hit = '{}' THEN
		RETURN;
	END IF;
	FOR trade IN SELECT e.instrument, e.seq, e.time, e.price FROM tradepost_internal.events e
		WHERE e.seq > after_seq AND e.seq <= upto_seq AND e.kind IN (3, 18) AND e.instrument = ANY (hit) ORDER BY e.instrument, e.seq
	LOOP
		IF begun IS NOT DISTINCT FROM trade.instrument THEN
			CONTINUE WHEN NOT (coalesce(trade.price <= next_low, false) OR coalesce(trade.price >= next_high, false));
			changed := changed || tradepost_internal.judge_trade(trade.instrument, trade.seq, trade.time, trade.price);
		ELSE
			begun := trade.instrument;
			changed := changed || tradepost_internal.judge_trade(trade.instrument, trade.seq, trade.time, trade.price);
		END IF;
		next_low := (SELECT s.watch_low FROM tradepost_internal.signals s WHERE s.instrument = begun AND s.watch_low IS NOT NULL ORDER BY s.watch_low DESC LIMIT 1);
		next_high := (SELECT s.watch_high FROM tradepost_internal.signals s WHERE s.instrument = begun AND s.watch_high IS NOT NULL ORDER BY s.watch_high LIMIT 1);
	END LOOP;
	-- What was triggered and closed by trades of one round is told once, as it is now.
	PERFORM tradepost_internal.signals_changed(ARRAY(SELECT DISTINCT c FROM unnest(changed) c));
END
$$;
COMMENT ON FUNCTION tradepost_internal.walk_trades(bigint, bigint, integer[], numeric[], numeric[]) IS
'Judges armed signals by the trades after one event up to another, of which these are the lowest and highest prices of each instrument; pushes and notifies';

CREATE OR REPLACE FUNCTION tradepost_internal.judge_signals(after_seq bigint, upto_seq bigint, instruments integer[], lows numeric[], highs numeric[])
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
	posted_after bigint := tradepost_internal.arm_signals();
BEGIN
	-- A signal may have been posted before, and committed after, trades that were read in an earlier round.
	IF posted_after < after_seq THEN
		SELECT array_agg(x.instrument), array_agg(x.lowest), array_agg(x.highest) INTO instruments, lows, highs
		FROM (SELECT e.instrument, min(e.price) AS lowest, max(e.price) AS highest FROM tradepost_internal.events e
			WHERE e.seq > posted_after AND e.seq <= upto_seq AND e.kind IN (3, 18) GROUP BY e.instrument) x;
	END IF;
	IF cardinality(instruments) > 0 THEN
		PERFORM tradepost_internal.walk_trades(least(after_seq, posted_after), upto_seq, instruments, lows, highs);
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.judge_signals(bigint, bigint, integer[], numeric[], numeric[]) IS
'Judges all signals by the trades after event after_seq up to event upto_seq, which are durable; instruments are those that traded, lows and highs their lowest and highest prices. Called by the follower once for each
range, in order. The same range again changes nothing.';

CREATE OR REPLACE FUNCTION tradepost_internal.expire_signals()
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
	-- Between the matcher's looking at the clock and its events being here.
	slack   CONSTANT interval := '2 seconds';
	judged  bigint := coalesce((SELECT f.seq FROM tradepost_internal.follower f), 0);
	moment  timestamptz := (SELECT e.time FROM tradepost_internal.events e WHERE e.seq <= judged ORDER BY e.seq DESC LIMIT 1);
	over    bigint[];
BEGIN
	-- What is new is judged by the trades that it has missed, also where no other one comes.
	IF EXISTS (SELECT FROM tradepost_internal.new_signals n) THEN
		PERFORM tradepost_internal.judge_signals(judged, judged, NULL, NULL, NULL);
	END IF;
	-- No trade before the last one judged can still come; in a quiet market the clock ends what is over.
	IF NOT EXISTS (SELECT FROM tradepost_internal.events e WHERE e.seq > judged) THEN
		moment := greatest(moment, clock_timestamp() - slack);
	END IF;
	IF NOT EXISTS (SELECT FROM tradepost_internal.signals s WHERE s.status IN (0, 1) AND s.expires_at <= moment) THEN
		RETURN;
	END IF;
	WITH ended AS (
		UPDATE tradepost_internal.signals s SET status = 3, outcome = 2, closed_at = s.expires_at, watch_low = NULL, watch_high = NULL
			WHERE s.status IN (0, 1) AND s.expires_at <= moment AND NOT EXISTS (SELECT FROM tradepost_internal.new_signals n WHERE n.signal = s.id)
			RETURNING s.id
	)
	SELECT array_agg(e.id) INTO over FROM ended e;
	PERFORM tradepost_internal.signals_changed(over);
END
$$;
COMMENT ON FUNCTION tradepost_internal.expire_signals() IS
'Takes up what is new, and ends the signals whose time is over: as soon as a later event has been judged, or two seconds after it in a market where nothing happens; pushes and notifies. Called by the follower once a second';
