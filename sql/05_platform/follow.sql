-- What the follower does in each of its transactions.  Everything that follows from a page
-- of events is written in the transaction that moves the cursor past them: once, whenever
-- it ends.

CREATE OR REPLACE FUNCTION tradepost_internal.read_news(after bigint, max integer,
	OUT upto bigint, OUT read integer, OUT instruments integer[], OUT lows numeric[], OUT highs numeric[], OUT news tradepost_internal.news[])
	RETURNS record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_read_news';
COMMENT ON FUNCTION tradepost_internal.read_news(bigint, integer) IS
'Of the events after this seq, at most max: the last one''s seq, how many there were, lowest and highest price of each instrument that traded, and what concerns accounts that a user trades for: fills from either
side, settlements, expiries, cancels that no proxy has asked for';

CREATE OR REPLACE FUNCTION tradepost_internal.follow(max integer, OUT seq bigint, OUT read integer, OUT kept integer)
	RETURNS record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	after bigint;
	page  record;
BEGIN
	SELECT f.seq INTO after FROM tradepost_internal.follower f;
	IF after IS NULL THEN
		INSERT INTO tradepost_internal.follower (seq, push) VALUES (0, 0);
		after := 0;
	END IF;
	SELECT * INTO page FROM tradepost_internal.read_news(after, max);
	seq := page.upto;
	read := page.read;
	kept := cardinality(page.news);
	IF read = 0 THEN
		RETURN;
	END IF;
	IF kept > 0 THEN
		PERFORM tradepost_internal.keep_fills(after, page.news);
		PERFORM tradepost_internal.tell_news(page.news);
	END IF;
	IF cardinality(page.instruments) > 0 THEN
		PERFORM tradepost_internal.judge_signals(after, page.upto, page.instruments, page.lows, page.highs);
	END IF;
	UPDATE tradepost_internal.follower f SET seq = page.upto, updated_at = clock_timestamp();
END
$$;
COMMENT ON FUNCTION tradepost_internal.follow(integer) IS
'Reads at most max events after the cursor, does what follows from them, and moves it. Returns where it is, how many events it has read, and how many sides of them concerned a user';

CREATE OR REPLACE FUNCTION tradepost_internal.follow_pushes(max integer)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	newest bigint;
	moved  bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM tradepost_internal.push_queue q) THEN
		RETURN NULL;
	END IF;
	INSERT INTO tradepost_internal.follower (seq, push) VALUES (0, 0) ON CONFLICT DO NOTHING;
	SELECT f.push INTO newest FROM tradepost_internal.follower f;
	WITH taken AS (
		DELETE FROM tradepost_internal.push_queue q
		WHERE q.id <= (SELECT max(x.id) FROM (SELECT y.id FROM tradepost_internal.push_queue y ORDER BY y.id LIMIT follow_pushes.max) x) RETURNING q.*)
	INSERT INTO tradepost_internal.pushes (seq, time, tenant, user_id, tier, channel, event, data)
		SELECT newest + row_number() OVER (ORDER BY t.id), t.time, t.tenant, t.user_id, t.tier, t.channel, t.event, t.data FROM taken t;
	GET DIAGNOSTICS moved = ROW_COUNT;
	UPDATE tradepost_internal.follower f SET push = newest + moved, updated_at = clock_timestamp() RETURNING f.push INTO newest;
	RETURN newest;
END
$$;
COMMENT ON FUNCTION tradepost_internal.follow_pushes(integer) IS 'Gives numbers to at most max of the pushes that are queued; returns the newest, NULL if there was none';

CREATE OR REPLACE FUNCTION tradepost_internal.follow_clock(minute boolean)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost_internal.expire_signals();
	-- Each second, so that who has asked for a lower tier has it when the higher one ends, and not none.
	PERFORM tradepost.run_subscriptions();
	IF minute THEN
		-- As many as a busy minute brings: what comes faster than it goes would never end.
		PERFORM tradepost.run_retention(most => 200000);
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_internal.follow_clock(boolean) IS 'What time brings: each second signals that expire and subscriptions that end; each minute what is kept long enough';
