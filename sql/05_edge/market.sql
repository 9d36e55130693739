-- The market as everybody may see it: instruments, quotes, the tape, candles.

CREATE OR REPLACE FUNCTION tradepost_edge.instruments(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	query jsonb := args -> 'query';
	of    integer[];
	kinds text;
	found json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{symbol,asset,contract,kind}');
	of := tradepost_internal.edge_instruments(query);
	kinds := tradepost_internal.edge_choice(query, 'kind', '{spot,future}');
	PERFORM tradepost_internal.durable();
	SELECT array_to_json(array_agg(row_to_json(x) ORDER BY x.symbol)) INTO found
	FROM (SELECT i.symbol, i.kind, i.asset, i.contract, i.quote, i.tick::text, i.lot::text, i.multiplier::text, i.status, i.mark::text,
			i.reference_price::text AS "referencePrice", i.band::text, i.max_price::text AS "maxPrice", i.max_quantity::text AS "maxQuantity",
			i.initial_margin_long::text AS "initialMarginLong", i.initial_margin_short::text AS "initialMarginShort",
			i.maintenance_margin_long::text AS "maintenanceMarginLong", i.maintenance_margin_short::text AS "maintenanceMarginShort",
			i.maker_rate::text AS "makerRate", i.taker_rate::text AS "takerRate", i.allow_negative AS "allowNegative",
			tradepost_internal.iso(i.expires_at) AS "expiresAt", tradepost_internal.iso(i.created_at) AS "createdAt"
		FROM tradepost.instruments i WHERE (of IS NULL OR i.id = ANY (of)) AND (kinds IS NULL OR i.kind::text = kinds)) x;
	RETURN json_build_object('instruments', coalesce(found, '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.instruments(bigint, bigint, jsonb) IS
'GET instruments: {"instruments": [...]}, by symbol. Query: symbol, asset, contract, kind. Public. Errors: TP001, TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.market(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	of    integer[];
	found json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{symbol,asset,contract}');
	of := tradepost_internal.edge_instruments(args -> 'query');
	SELECT array_to_json(array_agg(row_to_json(x) ORDER BY x.symbol)) INTO found
	FROM (SELECT m.symbol, a.code AS asset, i.contract, m.last_price::text AS last, m.mark::text, m.bid::text, m.ask::text,
			m.bid_quantity::text AS "bidQuantity", m.ask_quantity::text AS "askQuantity", m.volume_24h::text AS "volume24h",
			m.high_24h::text AS "high24h", m.low_24h::text AS "low24h", m.trades_24h AS "trades24h", m.open_interest::text AS "openInterest", m.status
		FROM tradepost_internal.market() m
		JOIN tradepost_internal.instruments i ON i.symbol = m.symbol
		JOIN tradepost_internal.assets a ON a.id = i.asset
		WHERE of IS NULL OR i.id = ANY (of)) x;
	RETURN json_build_object('markets', coalesce(found, '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.market(bigint, bigint, jsonb) IS
'GET market: {"markets": [...]}, by symbol: best bid and ask, last trade, the last 24 hours. Query: symbol, asset, contract. Public. Errors: TP001, TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.trades(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
	-- Read in one call at most: what trades rarely is found over several pages, and nobody makes the server read all of history.
	most   CONSTANT bigint := 100000;
	query  jsonb := args -> 'query';
	asking tradepost_internal.users;
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
	of := tradepost_internal.edge_instruments(query);
	IF mine THEN
		asking := tradepost_edge.caller(user_id, session_id);
	END IF;
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
			JOIN tradepost_internal.events e ON e.seq = f.seq
			-- A trade with oneself (stp none) is both.
			CROSS JOIN LATERAL (SELECT true AS taker WHERE e.account = asking.account UNION ALL SELECT false WHERE e.counter_account = asking.account) w
			JOIN tradepost_internal.instruments i ON i.id = e.instrument
			JOIN tradepost_internal.assets a ON a.id = i.asset) x;
	ELSE
		SELECT array_agg(row_to_json(x) ORDER BY x.id DESC) INTO found_json
		FROM (SELECT e.seq AS id, i.symbol, a.code AS asset, i.contract, trim_scale(e.price)::text AS price, trim_scale(e.quantity)::text AS quantity,
				trim_scale(e.quantity)::text AS amount, (ARRAY['buy', 'sell'])[e.side + 1] AS side, tradepost_internal.iso(e.time) AS "executedAt"
			FROM unnest(found_seqs[1:lines]) f (seq)
			JOIN tradepost_internal.events e ON e.seq = f.seq
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
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	query   jsonb := args -> 'query';
	wanted  text := args ->> 'param';
	steps   text;
	step    interval;
	lines   integer;
	first   timestamptz;
	beyond  timestamptz;
	found   json;
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{resolution,interval,since,until,limit}');
	PERFORM tradepost_internal.instrument_id(wanted);
	IF query ? 'resolution' AND query ? 'interval' THEN
		PERFORM tradepost_internal.refuse('resolution and interval are the same, and both were given', 'Give one of them.');
	END IF;
	steps := coalesce(tradepost_internal.edge_choice(query, 'resolution', '{1m,5m,15m,1h,1d}'), tradepost_internal.edge_choice(query, 'interval', '{1m,5m,15m,1h,1d}'), '1m');
	step := CASE steps WHEN '1m' THEN '1 minute' WHEN '5m' THEN '5 minutes' WHEN '15m' THEN '15 minutes' WHEN '1h' THEN '1 hour' ELSE '24 hours' END;
	lines := tradepost_internal.edge_whole(query, 'limit', 1, 1000, 200);
	beyond := least(coalesce(tradepost_internal.edge_time(query, 'until'), now() + step), now() + step);
	first := greatest(coalesce(tradepost_internal.edge_time(query, 'since'), beyond - (lines - 1) * step), beyond - 9990 * step);
	SELECT array_to_json(array_agg(row_to_json(x) ORDER BY x.time)) INTO found
	FROM (SELECT tradepost_internal.iso(c.start) AS time, c.open::text, c.high::text, c.low::text, c.close::text, c.volume::text, c.trades
		FROM tradepost.candles(wanted, steps, first, beyond) c WHERE first < beyond ORDER BY c.start DESC LIMIT lines) x;
	RETURN json_build_object('symbol', wanted, 'resolution', steps, 'candles', coalesce(found, '[]'));
END
$$;
COMMENT ON FUNCTION tradepost_edge.candles(bigint, bigint, jsonb) IS
'GET candles/:symbol: {"symbol", "resolution", "candles": [...]}, oldest first, the last limit (1 to 1000, default 200) of those in which it traded. Query: resolution or interval (1m 5m 15m 1h 1d), since, until,
limit. Public. Errors: TP001, TP005.';
