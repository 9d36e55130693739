-- The market as everybody may see it: instruments, quotes, the tape, candles.

CREATE OR REPLACE FUNCTION tradepost_internal.roll_market()
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
	-- Fewer are read as fast from events; more at once would keep the one who asks waiting.
	least_events CONSTANT bigint := 2000;
	most_events  CONSTANT bigint := 500000;
	newest       bigint;
	done         bigint := coalesce((SELECT r.seq FROM tradepost_internal.market_rolled r), 0);
BEGIN
	IF pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean THEN
		RETURN;
	END IF;
	newest := (SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq DESC LIMIT 1);
	IF newest IS NULL OR newest - done < least_events THEN
		RETURN;
	END IF;
	-- What is rolled up is durable, and one session at a time does it; the others go on with what there is.
	PERFORM tradepost_internal.durable();
	INSERT INTO tradepost_internal.market_rolled (seq) VALUES (0) ON CONFLICT DO NOTHING;
	SELECT r.seq INTO done FROM tradepost_internal.market_rolled r FOR UPDATE SKIP LOCKED;
	IF NOT FOUND OR newest - done < least_events THEN
		RETURN;
	END IF;
	newest := least(newest, done + most_events);
	INSERT INTO tradepost_internal.market_minutes AS m (instrument, start, open, high, low, close, volume, trades)
		SELECT r.instrument, r.start, r.open, r.high, r.low, r.close, r.volume, r.trades
		FROM tradepost_internal.traded_between(done, newest) r
		ON CONFLICT (instrument, start) DO UPDATE SET high = greatest(m.high, excluded.high), low = least(m.low, excluded.low), close = excluded.close,
			volume = m.volume + excluded.volume, trades = m.trades + excluded.trades;
	UPDATE tradepost_internal.market_rolled r SET seq = newest;
END
$$;
COMMENT ON FUNCTION tradepost_internal.roll_market() IS 'Brings market_minutes near to the present: at most 500000 events a call, and nothing for fewer than 2000';

CREATE OR REPLACE FUNCTION tradepost_internal.traded_between(after bigint, upto bigint)
	RETURNS TABLE (instrument integer, start timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric, trades bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off SET enable_bitmapscan = off
AS $$
BEGIN
	RETURN QUERY
		SELECT x.instrument, x.start, o.price, x.high, x.low, c.price, x.volume, x.trades
		FROM (SELECT e.instrument, date_bin('1 minute', e.time, '2000-01-01 00:00:00+00') AS start, min(e.seq) AS first_seq, max(e.seq) AS last_seq,
				max(e.price) AS high, min(e.price) AS low, sum(e.quantity) AS volume, count(*) AS trades
			FROM tradepost_internal.events e WHERE e.seq > after AND e.seq <= upto AND e.kind IN (3, 18) GROUP BY 1, 2) x
		CROSS JOIN LATERAL (SELECT e.price FROM tradepost_internal.events e WHERE e.seq = x.first_seq OFFSET 0) o
		CROSS JOIN LATERAL (SELECT e.price FROM tradepost_internal.events e WHERE e.seq = x.last_seq OFFSET 0) c;
END
$$;
COMMENT ON FUNCTION tradepost_internal.traded_between(bigint, bigint) IS 'What traded in each minute, of the events after this seq up to that one';

CREATE OR REPLACE FUNCTION tradepost_internal.traded_since(first timestamptz, of integer[])
	RETURNS TABLE (instrument integer, start timestamptz, part integer, open numeric, high numeric, low numeric, close numeric, volume numeric, trades bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 1000
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
BEGIN
	PERFORM tradepost_internal.durable();
	RETURN QUERY
		SELECT m.instrument, m.start, 1, m.open, m.high, m.low, m.close, m.volume, m.trades
		FROM (SELECT i.id FROM tradepost_internal.instruments i WHERE of IS NULL OR i.id = ANY (of)) i
		CROSS JOIN LATERAL (SELECT * FROM tradepost_internal.market_minutes x WHERE x.instrument = i.id AND x.start >= first OFFSET 0) m
		UNION ALL
		SELECT t.instrument, t.start, 2, t.open, t.high, t.low, t.close, t.volume, t.trades
		FROM tradepost_internal.traded_between(coalesce((SELECT r.seq FROM tradepost_internal.market_rolled r), 0), 9223372036854775807) t
		WHERE (of IS NULL OR t.instrument = ANY (of)) AND t.start >= first;
END
$$;
COMMENT ON FUNCTION tradepost_internal.traded_since(timestamptz, integer[]) IS
'What traded in each minute that begins at or after this time: part 1 from market_minutes, part 2, which comes after it and may be of the same minute, from the events since';

CREATE OR REPLACE FUNCTION tradepost_edge.instruments(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	query jsonb := args -> 'query';
	of_tenant bigint := tradepost_internal.edge_tenant(user_id, args);
	of    integer[];
	kinds text;
	found json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{symbol,asset,contract,kind}');
	of := tradepost_internal.edge_instruments(query, of_tenant);
	kinds := tradepost_internal.edge_choice(query, 'kind', '{spot,future}');
	PERFORM tradepost_internal.durable();
	SELECT array_to_json(array_agg(row_to_json(x) ORDER BY x.symbol)) INTO found
	FROM (SELECT i.symbol, i.kind, i.asset, i.contract, i.quote, i.tick::text, i.lot::text, i.multiplier::text, i.status, i.mark::text,
			i.reference_price::text AS "referencePrice", i.band::text, i.max_price::text AS "maxPrice", i.max_quantity::text AS "maxQuantity",
			i.initial_margin_long::text AS "initialMarginLong", i.initial_margin_short::text AS "initialMarginShort",
			i.maintenance_margin_long::text AS "maintenanceMarginLong", i.maintenance_margin_short::text AS "maintenanceMarginShort",
			i.maker_rate::text AS "makerRate", i.taker_rate::text AS "takerRate", i.allow_negative AS "allowNegative", i.contract_size::text AS "contractSize",
			tradepost_internal.iso(i.expires_at) AS "expiresAt", tradepost_internal.iso(i.created_at) AS "createdAt"
		FROM tradepost.instruments i WHERE i.tenant = of_tenant AND (of IS NULL OR i.id = ANY (of)) AND (kinds IS NULL OR i.kind::text = kinds)) x;
	RETURN json_build_object('instruments', coalesce(found, '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.instruments(bigint, bigint, jsonb) IS
'GET instruments: {"instruments": [...]} of the tenant, by symbol. Query: symbol, asset, contract, kind. Public. Errors: TP001, TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.market(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	of_tenant bigint := tradepost_internal.edge_tenant(user_id, args);
	of    integer[];
	found json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{symbol,asset,contract}');
	of := tradepost_internal.edge_instruments(args -> 'query', of_tenant);
	PERFORM tradepost_internal.roll_market();
	PERFORM tradepost_internal.durable();
	SELECT array_to_json(array_agg(row_to_json(x) ORDER BY x.symbol)) INTO found
	FROM (
		WITH day AS MATERIALIZED (
			SELECT t.instrument, sum(t.volume) AS volume, max(t.high) AS high, min(t.low) AS low, sum(t.trades)::bigint AS trades
			FROM tradepost_internal.traded_since(date_trunc('minute', now() - interval '24 hours'), of) t GROUP BY t.instrument
		), held AS MATERIALIZED (
			SELECT p.instrument, sum(p.quantity) AS quantity FROM tradepost_internal.positions p WHERE p.quantity > 0 GROUP BY p.instrument
		)
		SELECT i.symbol, a.code AS asset, i.contract, CASE WHEN s.last_trade_seq > 0 THEN trim_scale(s.last_price)::text END AS last,
			trim_scale(coalesce(s.mark, i.initial_mark))::text AS mark, best.bid::text, best.ask::text, best.bid_quantity::text AS "bidQuantity", best.ask_quantity::text AS "askQuantity",
			trim_scale(coalesce(d.volume, 0))::text AS "volume24h", trim_scale(d.high)::text AS "high24h", trim_scale(d.low)::text AS "low24h", coalesce(d.trades, 0) AS "trades24h",
			CASE i.kind WHEN 1 THEN trim_scale(coalesce(h.quantity, 0))::text END AS "openInterest",
			(ARRAY['open', 'halted', 'expired'])[coalesce(s.status, 1::smallint) + 1] AS status
		FROM tradepost_internal.instruments i
		JOIN tradepost_internal.assets a ON a.id = i.asset
		LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
		LEFT JOIN day d ON d.instrument = i.id
		LEFT JOIN held h ON h.instrument = i.id
		-- Each book is read once, so that bid and ask are of one moment.
		CROSS JOIN LATERAL (SELECT max(b.price) FILTER (WHERE b.side = 'buy') AS bid, max(b.quantity) FILTER (WHERE b.side = 'buy') AS bid_quantity,
			max(b.price) FILTER (WHERE b.side = 'sell') AS ask, max(b.quantity) FILTER (WHERE b.side = 'sell') AS ask_quantity
			FROM tradepost_internal.book(i.id, 1) b) best
		WHERE i.tenant = of_tenant AND (of IS NULL OR i.id = ANY (of))) x;
	RETURN json_build_object('markets', coalesce(found, '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.market(bigint, bigint, jsonb) IS
'GET market: {"markets": [...]} of the tenant, by symbol: best bid and ask, last trade, the last 24 hours by whole minutes. Query: symbol, asset, contract. Public. Errors: TP001, TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.trades(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off SET enable_bitmapscan = off
AS $$
DECLARE
	-- Read in one call at most: what trades rarely is found over several pages, and nobody makes the server read all of history.
	most   CONSTANT bigint := 100000;
	query  jsonb := args -> 'query';
	asking tradepost_internal.users;
	of_tenant bigint;
	lines  integer;
	below  bigint;
	above  bigint;
	oldest bigint;
	of     integer[];
	mine   boolean;
	found_seqs bigint[];
	found_json json[];
	next   bigint;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{symbol,asset,contract,limit,cursor,mine}');
	lines := tradepost_internal.edge_whole(query, 'limit', 1, 200, 50);
	below := tradepost_internal.edge_place(query);
	mine := tradepost_internal.edge_flag(query, 'mine');
	IF mine THEN
		asking := tradepost_edge.caller(user_id, session_id);
		of_tenant := asking.tenant;
	ELSE
		of_tenant := tradepost_internal.edge_tenant(user_id, args);
	END IF;
	-- All of a tenant's instruments where none is named: their ids go into the search.
	of := coalesce(tradepost_internal.edge_instruments(query, of_tenant),
		CASE WHEN NOT mine THEN ARRAY(SELECT i.id FROM tradepost_internal.instruments i WHERE i.tenant = of_tenant) END);
	PERFORM tradepost_internal.durable();
	below := least(below, 1 + coalesce((SELECT max(s.last_trade_seq) FROM tradepost_internal.instrument_state s WHERE of IS NULL OR s.instrument = ANY (of)), 0));
	oldest := (SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq LIMIT 1);
	above := greatest(oldest, below - most);
	SELECT array_agg(p.seq ORDER BY p.seq DESC) INTO found_seqs
	FROM (SELECT e.seq FROM tradepost_internal.events e
		WHERE e.seq < below AND e.seq >= above AND e.kind IN (3, 18, 19) AND (mine OR e.kind <> 19) AND (of IS NULL OR e.instrument = ANY (of))
			AND (NOT mine OR e.account = asking.account OR e.counter_account = asking.account)
		ORDER BY e.seq DESC LIMIT lines + 1) p;
	-- Own fills show what the fill was to the caller, others nobody's name.
	IF mine THEN
		SELECT array_agg(row_to_json(x) ORDER BY x.id DESC) INTO found_json
		FROM (SELECT e.seq AS id, i.symbol, a.code AS asset, i.contract, trim_scale(e.price)::text AS price, trim_scale(e.quantity)::text AS quantity,
				trim_scale(e.quantity)::text AS amount, (ARRAY['buy', 'sell'])[(CASE WHEN w.taker THEN e.side ELSE 1 - e.side END) + 1] AS side,
				nullif(CASE WHEN w.taker THEN e.order_id ELSE e.maker_order_id END, 0) AS "orderId",
				CASE WHEN w.taker THEN 'taker' ELSE 'maker' END AS role,
				trim_scale(CASE WHEN w.taker THEN e.commission ELSE e.counter_commission END)::text AS commission,
				(ARRAY['trade', 'closed_out', 'taken_over'])[CASE e.kind WHEN 3 THEN 1 ELSE e.kind - 16 END] AS kind,
				tradepost_internal.iso(e.time) AS "executedAt"
			FROM unnest(found_seqs[1:lines]) f (seq)
			CROSS JOIN LATERAL (SELECT * FROM tradepost_internal.events y WHERE y.seq = f.seq OFFSET 0) e
			-- A trade with oneself (stp none) is both.
			CROSS JOIN LATERAL (SELECT true AS taker WHERE e.account = asking.account UNION ALL SELECT false WHERE e.counter_account = asking.account) w
			JOIN tradepost_internal.instruments i ON i.id = e.instrument
			JOIN tradepost_internal.assets a ON a.id = i.asset) x;
	ELSE
		SELECT array_agg(row_to_json(x) ORDER BY x.id DESC) INTO found_json
		FROM (SELECT e.seq AS id, i.symbol, a.code AS asset, i.contract, trim_scale(e.price)::text AS price, trim_scale(e.quantity)::text AS quantity,
				trim_scale(e.quantity)::text AS amount, (ARRAY['buy', 'sell'])[e.side + 1] AS side, tradepost_internal.iso(e.time) AS "executedAt"
			FROM unnest(found_seqs[1:lines]) f (seq)
			CROSS JOIN LATERAL (SELECT * FROM tradepost_internal.events y WHERE y.seq = f.seq OFFSET 0) e
			JOIN tradepost_internal.instruments i ON i.id = e.instrument
			JOIN tradepost_internal.assets a ON a.id = i.asset) x;
	END IF;
	next := CASE WHEN cardinality(found_seqs) > lines THEN found_seqs[lines] WHEN above > oldest AND below > above THEN above END;
	RETURN json_build_object('trades', coalesce(array_to_json(found_json), '[]'), 'nextCursor', tradepost_internal.edge_cursor(next));
END
$$;
COMMENT ON FUNCTION tradepost_edge.trades(bigint, bigint, jsonb) IS
'GET trades: newest first: {"trades": [...], "nextCursor"}; id is the event''s seq, side the taker''s. With mine: the caller''s fills, with side, role, orderId and commission of the caller''s. Query: limit (1 to
200, default 50), cursor, symbol, asset, contract, mine. A page may hold fewer than limit and have a cursor: it has looked at 100000 events. Public but for mine. Errors: TP001, TP005, TP016.';

CREATE OR REPLACE FUNCTION tradepost_edge.candles(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	epoch   CONSTANT timestamptz := '2000-01-01 00:00:00+00';
	query   jsonb := args -> 'query';
	wanted  text := args ->> 'param';
	id      integer;
	steps   text;
	step    interval;
	lines   integer;
	first   timestamptz;
	beyond  timestamptz;
	found   json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{resolution,interval,since,until,limit}');
	id := tradepost_internal.instrument_id(wanted, tradepost_internal.edge_tenant(user_id, args));
	IF query ? 'resolution' AND query ? 'interval' THEN
		PERFORM tradepost_internal.refuse('resolution and interval are the same, and both were given', 'Give one of them.');
	END IF;
	steps := coalesce(tradepost_internal.edge_choice(query, 'resolution', '{1m,5m,15m,1h,1d}'), tradepost_internal.edge_choice(query, 'interval', '{1m,5m,15m,1h,1d}'), '1m');
	step := CASE steps WHEN '1m' THEN '1 minute' WHEN '5m' THEN '5 minutes' WHEN '15m' THEN '15 minutes' WHEN '1h' THEN '1 hour' ELSE '24 hours' END;
	lines := tradepost_internal.edge_whole(query, 'limit', 1, 1000, 200);
	beyond := least(coalesce(tradepost_internal.edge_time(query, 'until'), now() + step), now() + step);
	first := date_bin(step, greatest(coalesce(tradepost_internal.edge_time(query, 'since'), beyond - (lines - 1) * step), beyond - 9990 * step), epoch);
	PERFORM tradepost_internal.roll_market();
	SELECT array_to_json(array_agg(row_to_json(x) ORDER BY x.time)) INTO found
	FROM (SELECT tradepost_internal.iso(c.start) AS time, trim_scale(c.open)::text AS open, trim_scale(c.high)::text AS high, trim_scale(c.low)::text AS low,
			trim_scale(c.close)::text AS close, trim_scale(c.volume)::text AS volume, c.trades
		FROM (SELECT date_bin(step, t.start, epoch) AS start, (array_agg(t.open ORDER BY t.start, t.part))[1] AS open, max(t.high) AS high, min(t.low) AS low,
				(array_agg(t.close ORDER BY t.start DESC, t.part DESC))[1] AS close, sum(t.volume) AS volume, sum(t.trades)::bigint AS trades
			FROM tradepost_internal.traded_since(first, ARRAY[id]) t WHERE t.start < beyond GROUP BY 1 ORDER BY 1 DESC LIMIT lines) c) x;
	RETURN json_build_object('symbol', wanted, 'resolution', steps, 'candles', coalesce(found, '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.candles(bigint, bigint, jsonb) IS
'GET candles/:symbol: {"symbol", "resolution", "candles": [...]}, oldest first, the last limit (1 to 1000, default 200) of those in which it traded. Query: resolution or interval (1m 5m 15m 1h 1d), since, until,
limit. Public. Errors: TP001, TP005.';
