-- What is answered in a chat about the user's own: open orders, trades, positions, money.

CREATE OR REPLACE FUNCTION tradepost_internal.reply_line(lang text, side smallint, type smallint, quantity numeric, market text, price numeric, stop_price numeric)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN type IN (2, 3, 4)
		THEN tradepost_internal.text(CASE side WHEN 0 THEN 'order_stop_buy' ELSE 'order_stop_sell' END, lang,
			jsonb_build_object('quantity', tradepost_internal.shown(quantity, lang), 'market', market, 'stop', tradepost_internal.shown(stop_price, lang)))
		ELSE tradepost_internal.reply_command(lang, side, quantity, market, CASE type WHEN 0 THEN price END) END;
END;
COMMENT ON FUNCTION tradepost_internal.reply_line(text, smallint, smallint, numeric, text, numeric, numeric) IS 'An order in a line; side and type as in orders';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_orders(asking tradepost_internal.users, lang text)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
DECLARE
	-- Looked at, as in GET orders: an account that has made millions is answered as fast as a new one.
	most  CONSTANT integer := 10000;
	lines CONSTANT integer := 10;
	ids   bigint[];
	cells text[];
	made  record;
	price numeric;
BEGIN
	IF asking.account IS NULL THEN
		RETURN tradepost_internal.text('account_none', lang);
	END IF;
	PERFORM tradepost_internal.durable();
	SELECT array_agg(o.id) INTO ids
	FROM (SELECT x.id, x.status FROM tradepost_internal.orders x WHERE (x.account, x.id) < (asking.account, 9223372036854775807) AND (x.account, x.id) > (asking.account, 0)
		ORDER BY x.account DESC, x.id DESC LIMIT most) o
	WHERE o.status IN (0, 1, 7);
	IF ids IS NULL THEN
		RETURN tradepost_internal.text('orders_none', lang, jsonb_build_object('command',
			(SELECT tradepost_internal.reply_command(lang, 0::smallint, e.quantity, e.market, e.price) FROM tradepost_internal.reply_examples(asking.tenant, 1) e)));
	END IF;
	SELECT array_agg(c.cell ORDER BY f.n, c.place) INTO cells
	FROM unnest(ids[1:lines]) WITH ORDINALITY f (id, n)
	JOIN tradepost_internal.orders o ON o.id = f.id
	CROSS JOIN LATERAL unnest(ARRAY[o.id::text, tradepost_internal.text(CASE o.side WHEN 0 THEN 'side_buy' ELSE 'side_sell' END, lang),
		concat_ws('/', tradepost_internal.shown(o.quantity - o.filled, lang), CASE WHEN o.filled > 0 THEN tradepost_internal.shown(o.quantity, lang) END),
		concat(CASE WHEN o.status = 7 THEN '>' END, tradepost_internal.shown(CASE o.status WHEN 7 THEN o.stop_price ELSE o.price END, lang)),
		tradepost_internal.market_name(o.instrument)]) WITH ORDINALITY c (cell, place);
	SELECT o.price INTO price FROM tradepost_internal.orders o WHERE o.id = ids[1];
	SELECT * INTO made FROM tradepost_internal.reply_table(ARRAY[tradepost_internal.text('head_number', lang), '', tradepost_internal.text('head_quantity', lang), tradepost_internal.text('head_price', lang),
		tradepost_internal.text('head_market', lang)] || cells, 5, 'rlrrl', 1100);
	RETURN concat_ws(E'\n', tradepost_internal.text('orders_title', lang), made.block,
		CASE WHEN cardinality(ids) > made.rows_shown - 1 THEN tradepost_internal.text('orders_more', lang, jsonb_build_object('shown', made.rows_shown - 1, 'count', cardinality(ids))) END,
		tradepost_internal.text('orders_foot', lang, jsonb_build_object('one', tradepost_internal.text('command_cancel', lang, jsonb_build_object('order', ids[1])),
			'change', tradepost_internal.text('command_amend', lang, jsonb_build_object('order', ids[1], 'price', tradepost_internal.shown(price, lang))),
			'all', tradepost_internal.text('command_cancel_all', lang))));
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_orders(tradepost_internal.users, text) IS 'Answer to Orders: the user''s newest ten open or untriggered orders with what is left of each, how many there are, and how to end them';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_trades(asking tradepost_internal.users, lang text)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, tradepost_internal, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
	lines CONSTANT integer := 10;
	-- The follower may be a moment behind: its newest events, and no more.
	most  CONSTANT bigint := 2000;
	after bigint;
	cells text[];
BEGIN
	IF asking.account IS NULL THEN
		RETURN tradepost_internal.text('account_none', lang);
	END IF;
	PERFORM tradepost_internal.durable();
	after := greatest(coalesce((SELECT f.seq FROM tradepost_internal.follower f), 0), coalesce((SELECT e.seq FROM tradepost_internal.events e ORDER BY e.seq DESC LIMIT 1), 0) - most);
	SELECT array_agg(c.cell ORDER BY x.seq DESC, x.maker, c.place) INTO cells
	FROM (SELECT y.* FROM (
			(SELECT f.seq, f.maker, f.side, f.quantity, f.price, f.instrument FROM tradepost_internal.fills f
				WHERE (f.account, f.seq) < (asking.account, 9223372036854775807) AND (f.account, f.seq) > (asking.account, 0) ORDER BY f.account DESC, f.seq DESC, f.maker DESC LIMIT lines)
			UNION ALL
			(SELECT e.seq, NOT w.taker, CASE WHEN w.taker THEN e.side ELSE 1 - e.side END, e.quantity, e.price, e.instrument
				FROM tradepost_internal.events e
				CROSS JOIN LATERAL (SELECT true AS taker WHERE e.account = asking.account UNION ALL SELECT false WHERE e.counter_account = asking.account) w
				WHERE e.seq > after AND e.kind IN (3, 18, 19))) y
		ORDER BY y.seq DESC, y.maker LIMIT lines) x
	CROSS JOIN LATERAL unnest(ARRAY[tradepost_internal.text(CASE x.side WHEN 0 THEN 'side_buy' ELSE 'side_sell' END, lang), tradepost_internal.shown(x.quantity, lang),
		tradepost_internal.shown(x.price, lang), tradepost_internal.market_name(x.instrument)]) WITH ORDINALITY c (cell, place);
	IF cells IS NULL THEN
		RETURN tradepost_internal.text('trades_none', lang);
	END IF;
	RETURN concat_ws(E'\n', tradepost_internal.text('trades_title', lang), (tradepost_internal.reply_table(ARRAY['', tradepost_internal.text('head_quantity', lang), tradepost_internal.text('head_price', lang),
		tradepost_internal.text('head_market', lang)] || cells, 4, 'lrrl', 1300)).block);
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_trades(tradepost_internal.users, text) IS 'Answer to Trades: the user''s last ten fills, newest first';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_positions(asking tradepost_internal.users, lang text)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	cells text[];
	made  record;
	more  bigint;
BEGIN
	IF asking.account IS NULL THEN
		RETURN tradepost_internal.text('account_none', lang);
	END IF;
	PERFORM tradepost_internal.durable();
	SELECT array_agg(c.cell ORDER BY x.asset, x.expires_at, x.symbol, c.place) INTO cells
	FROM (SELECT p.quantity, s.mark, i.symbol, i.contract, i.expires_at, a.code AS asset
		FROM tradepost_internal.positions p
		JOIN tradepost_internal.instruments i ON i.id = p.instrument
		JOIN tradepost_internal.assets a ON a.id = i.asset
		JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
		WHERE p.account = asking.account AND p.quantity <> 0) x
	CROSS JOIN LATERAL unnest(ARRAY[tradepost_internal.market_name(x.symbol, x.contract, x.asset), concat(CASE WHEN x.quantity > 0 THEN '+' END, tradepost_internal.shown(x.quantity, lang)),
		tradepost_internal.shown(x.mark, lang)]) WITH ORDINALITY c (cell, place);
	IF cells IS NULL THEN
		RETURN tradepost_internal.text('positions_none', lang, jsonb_build_object('command', tradepost_internal.text('command_balance', lang)));
	END IF;
	SELECT * INTO made FROM tradepost_internal.reply_table(ARRAY[tradepost_internal.text('head_market', lang), tradepost_internal.text('head_quantity', lang), tradepost_internal.text('head_mark', lang)] || cells,
		3, 'lrr', 1300);
	more := cardinality(cells) / 3 + 1 - made.rows_shown;
	RETURN concat_ws(E'\n', tradepost_internal.text('positions_title', lang), made.block,
		CASE WHEN more > 0 THEN tradepost_internal.text('rows_more', lang, jsonb_build_object('more', more)) END);
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_positions(tradepost_internal.users, text) IS 'Answer to Positions: the contracts that the user holds or is short of, at their marks';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_balance(asking tradepost_internal.users, lang text)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	cells text[];
	made  record;
	more  bigint;
BEGIN
	IF asking.account IS NULL THEN
		RETURN tradepost_internal.text('account_none', lang);
	END IF;
	PERFORM tradepost_internal.durable();
	SELECT array_agg(c.cell ORDER BY b.asset, c.place) INTO cells
	FROM tradepost.balances b
	CROSS JOIN LATERAL unnest(ARRAY[b.asset, tradepost_internal.shown(b.available, lang), tradepost_internal.shown(b.equity, lang)]) WITH ORDINALITY c (cell, place)
	WHERE b.account = asking.account AND (b.total <> 0 OR b.equity <> 0 OR b.available <> 0);
	IF cells IS NULL THEN
		RETURN tradepost_internal.text('balance_none', lang);
	END IF;
	SELECT * INTO made FROM tradepost_internal.reply_table(ARRAY['', tradepost_internal.text('head_free', lang), tradepost_internal.text('head_total', lang)] || cells, 3, 'lrr', 1300);
	more := cardinality(cells) / 3 + 1 - made.rows_shown;
	RETURN concat_ws(E'\n', tradepost_internal.text('balance_title', lang), made.block,
		CASE WHEN more > 0 THEN tradepost_internal.text('rows_more', lang, jsonb_build_object('more', more)) END);
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_balance(tradepost_internal.users, text) IS 'Answer to Balance: what is free and what there is of each asset, contracts at their marks';
