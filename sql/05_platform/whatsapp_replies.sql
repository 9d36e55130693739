-- What is answered in a chat: short, aligned, in the user's language, never longer than a
-- message may be.  Here what the others share, the market, and help; the user's own is in
-- whatsapp_replies_account.sql, what became of an order in whatsapp_replies_orders.sql,
-- what was refused in whatsapp_replies_errors.sql.
--
-- They only read, by index, and first ask durable() as every reader of the engine's does.
-- Called by what answers messages, which has found out who asks; nobody else may.

CREATE OR REPLACE FUNCTION tradepost_internal.market_name(symbol text, contract text, asset text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN contract IS NULL THEN symbol ELSE contract || ' ' || asset END;
END;
COMMENT ON FUNCTION tradepost_internal.market_name(text, text, text) IS 'How a market is named in messages: Dec25 Wheat, EURUSD';

CREATE OR REPLACE FUNCTION tradepost_internal.market_name(instrument integer)
	RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT tradepost_internal.market_name(i.symbol, i.contract, a.code) FROM tradepost_internal.instruments i JOIN tradepost_internal.assets a ON a.id = i.asset WHERE i.id = market_name.instrument;
END;
COMMENT ON FUNCTION tradepost_internal.market_name(integer) IS 'How an instrument is named in messages';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_table(cells text[], columns integer, flush text, room integer, OUT block text, OUT rows_shown integer)
	RETURNS record LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH cell AS (
		SELECT (c.n - 1) / columns AS line, ((c.n - 1) % columns)::integer AS place, coalesce(c.cell, '') AS cell FROM unnest(cells) WITH ORDINALITY c (cell, n)
	), wide AS (
		SELECT c.place, max(length(c.cell)) AS width FROM cell c GROUP BY c.place
	), made AS (
		SELECT c.line, rtrim(string_agg(CASE substr(flush, c.place + 1, 1) WHEN 'r' THEN lpad(c.cell, w.width) ELSE rpad(c.cell, w.width) END, ' ' ORDER BY c.place)) AS line_text
		FROM cell c JOIN wide w ON w.place = c.place GROUP BY c.line
	), fits AS (
		SELECT m.line, m.line_text, sum(length(m.line_text) + 1) OVER (ORDER BY m.line) + 6 AS used FROM made m
	)
	SELECT '```' || string_agg(f.line_text, E'\n' ORDER BY f.line) || '```', count(*)::integer FROM fits f WHERE f.used <= room;
END;
COMMENT ON FUNCTION tradepost_internal.reply_table(text[], integer, text, integer) IS
'Cells, row by row, as aligned lines in WhatsApp''s fixed-width letters: flush has l or r for each column. As many rows as fit into room characters: rows_shown';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_command(lang text, side smallint, quantity numeric, market text, price numeric)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		WHEN price IS NULL THEN tradepost_internal.text(CASE side WHEN 0 THEN 'command_market_buy' ELSE 'command_market_sell' END, lang,
			jsonb_build_object('quantity', tradepost_internal.shown(quantity, lang), 'market', market))
		ELSE tradepost_internal.text(CASE side WHEN 0 THEN 'command_limit_buy' ELSE 'command_limit_sell' END, lang,
			jsonb_build_object('quantity', tradepost_internal.shown(quantity, lang), 'market', market, 'price', tradepost_internal.shown(price, lang))) END;
END;
COMMENT ON FUNCTION tradepost_internal.reply_command(text, smallint, numeric, text, numeric) IS 'An order as it is typed; without a price at market';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_examples(of_tenant bigint, most integer, single integer DEFAULT NULL)
	RETURNS TABLE (instrument integer, market text, quantity numeric, price numeric)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
	SELECT i.id, tradepost_internal.market_name(i.symbol, i.contract, a.code), trim_scale(least(i.max_quantity, greatest(1, floor(100 / i.lot)) * i.lot)),
		trim_scale(greatest(1, round(p.price / i.tick)) * i.tick)
	FROM tradepost_internal.instruments i
	JOIN tradepost_internal.assets a ON a.id = i.asset
	LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
	CROSS JOIN LATERAL (SELECT CASE WHEN s.last_trade_seq > 0 THEN s.last_price ELSE coalesce(s.mark, i.initial_mark) END AS price) p
	-- A price below zero is not typed as an example.
	WHERE i.tenant = of_tenant AND p.price > 0 AND (single IS NULL AND s.status = 0 OR i.id = single)
	ORDER BY s.last_trade_seq DESC NULLS LAST, i.id LIMIT most;
END;
COMMENT ON FUNCTION tradepost_internal.reply_examples(bigint, integer, integer) IS
'Markets for examples, those that traded last first, or this one alone: with a quantity near 100 and the last price, which the market takes';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_markets(of_tenant bigint, lang text)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	most   CONSTANT integer := 20;
	cells  text[];
	listed bigint;
	made   record;
BEGIN
	PERFORM tradepost_internal.durable();
	SELECT count(*) INTO listed FROM tradepost_internal.instruments i LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id WHERE i.tenant = of_tenant AND coalesce(s.status, 1) <> 2;
	SELECT array_agg(c.cell ORDER BY x.asset, x.expires_at, x.symbol, c.place) INTO cells
	FROM (SELECT i.id, i.symbol, i.contract, i.expires_at, a.code AS asset, scale(trim_scale(i.tick)) AS places, CASE WHEN s.last_trade_seq > 0 THEN s.last_price END AS last
		FROM tradepost_internal.instruments i
		JOIN tradepost_internal.assets a ON a.id = i.asset
		LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
		WHERE i.tenant = of_tenant AND coalesce(s.status, 1) <> 2
		ORDER BY s.last_trade_seq DESC NULLS LAST, i.id LIMIT most) x
	CROSS JOIN LATERAL (SELECT max(b.price) FILTER (WHERE b.side = 'buy') AS bid, max(b.price) FILTER (WHERE b.side = 'sell') AS ask FROM tradepost_internal.book(x.id, 1) b) best
	CROSS JOIN LATERAL unnest(ARRAY[tradepost_internal.market_name(x.symbol, x.contract, x.asset), coalesce(tradepost_internal.shown_at(best.bid, lang, x.places), '-'),
		coalesce(tradepost_internal.shown_at(best.ask, lang, x.places), '-'), coalesce(tradepost_internal.shown_at(x.last, lang, x.places), '-')]) WITH ORDINALITY c (cell, place);
	IF cells IS NULL THEN
		RETURN tradepost_internal.text('markets_none', lang);
	END IF;
	SELECT * INTO made FROM tradepost_internal.reply_table(ARRAY[tradepost_internal.text('head_market', lang), tradepost_internal.text('head_bid', lang), tradepost_internal.text('head_ask', lang),
		tradepost_internal.text('head_last', lang)] || cells, 4, 'lrrr', 1300);
	RETURN concat_ws(E'\n', tradepost_internal.text('markets_title', lang), made.block,
		tradepost_internal.text('markets_foot', lang, jsonb_build_object('more', nullif(listed - made.rows_shown + 1, 0), 'command', tradepost_internal.text('command_market', lang,
			jsonb_build_object('market', cells[1])))));
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_markets(bigint, text) IS 'A tenant''s markets with best bid, best ask and last price: the 20 that traded last, by name';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_market(asking tradepost_internal.users, lang text, wanted integer DEFAULT NULL)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	depth  CONSTANT integer := 5;
	i      record;
	levels record;
	cells  text[];
BEGIN
	PERFORM tradepost_internal.durable();
	SELECT x.id, tradepost_internal.market_name(x.symbol, x.contract, a.code) AS market, scale(trim_scale(x.tick)) AS places, coalesce(s.status, 1::smallint) AS status,
			CASE WHEN s.last_trade_seq > 0 THEN s.last_price END AS last INTO i
		FROM tradepost_internal.instruments x
		JOIN tradepost_internal.assets a ON a.id = x.asset
		LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = x.id
		WHERE x.id = wanted AND x.tenant = asking.tenant;
	IF i.id IS NULL THEN
		RETURN tradepost_internal.reply_markets(asking.tenant, lang);
	END IF;
	-- The book is read once, so that both sides are of one moment.
	SELECT array_agg(b.price ORDER BY b.price DESC) FILTER (WHERE b.side = 'buy') AS bids, array_agg(b.quantity ORDER BY b.price DESC) FILTER (WHERE b.side = 'buy') AS bid_quantities,
			array_agg(b.price ORDER BY b.price) FILTER (WHERE b.side = 'sell') AS asks, array_agg(b.quantity ORDER BY b.price) FILTER (WHERE b.side = 'sell') AS ask_quantities
		INTO levels FROM tradepost_internal.book(i.id, depth) b;
	cells := ARRAY[tradepost_internal.text('head_quantity', lang), tradepost_internal.text('head_bid', lang), tradepost_internal.text('head_ask', lang), tradepost_internal.text('head_quantity', lang)];
	FOR n IN 1 .. greatest(cardinality(levels.bids), cardinality(levels.asks), 0) LOOP
		cells := cells || ARRAY[tradepost_internal.shown(levels.bid_quantities[n], lang), tradepost_internal.shown_at(levels.bids[n], lang, i.places),
			tradepost_internal.shown_at(levels.asks[n], lang, i.places), tradepost_internal.shown(levels.ask_quantities[n], lang)];
	END LOOP;
	RETURN concat_ws(E'\n', tradepost_internal.text('market_title', lang, jsonb_build_object('market', i.market, 'last', tradepost_internal.shown(i.last, lang))),
		CASE i.status WHEN 1 THEN tradepost_internal.text('market_halted', lang) WHEN 2 THEN tradepost_internal.text('market_expired', lang) END,
		CASE WHEN cardinality(cells) > 4 THEN (tradepost_internal.reply_table(cells, 4, 'rrrr', 1200)).block WHEN i.status = 0 THEN tradepost_internal.text('market_empty', lang) END,
		(SELECT tradepost_internal.text('market_foot', lang, jsonb_build_object('command', tradepost_internal.reply_command(lang, 0::smallint, e.quantity, e.market, e.price)))
			FROM tradepost_internal.reply_examples(asking.tenant, 1, i.id) e WHERE i.status = 0));
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_market(tradepost_internal.users, text, integer) IS
'Answer to Market: a market''s five best levels of each side with the last price; without an instrument, or with one that is not the tenant''s, all markets';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_help(asking tradepost_internal.users, lang text)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp SET jit = off
AS $$
DECLARE
	trading text;
	first   text;
BEGIN
	PERFORM tradepost_internal.durable();
	SELECT string_agg(tradepost_internal.reply_command(lang, ((e.n - 1) % 2)::smallint, e.quantity, e.market, CASE WHEN e.n < 3 THEN e.price END), E'\n' ORDER BY e.n), min(e.market) FILTER (WHERE e.n = 1)
		INTO trading, first
		FROM (SELECT x.*, row_number() OVER () AS n FROM tradepost_internal.reply_examples(asking.tenant, 3) x) e;
	RETURN concat_ws(E'\n',
		CASE WHEN trading IS NOT NULL THEN concat_ws(E'\n', tradepost_internal.text('help_trade', lang), trading) END,
		tradepost_internal.text('help_ask', lang),
		tradepost_internal.text('command_market', lang, jsonb_build_object('market', first)),
		concat_ws(' · ', tradepost_internal.text('command_market', lang), tradepost_internal.text('command_trades', lang), tradepost_internal.text('command_positions', lang), tradepost_internal.text('command_balance', lang)),
		tradepost_internal.text('help_change', lang),
		concat_ws(' · ', tradepost_internal.text('command_orders', lang), tradepost_internal.text('command_cancel', lang, '{"order": 123}'), tradepost_internal.text('command_cancel_all', lang)),
		tradepost_internal.text('help_foot', lang, jsonb_build_object('stop', tradepost_internal.text('command_stop', lang))));
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_help(tradepost_internal.users, text) IS 'Answer to Help: what can be written, with examples from the tenant''s markets at their last prices';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_unlinked(lang text, of_tenant bigint)
	RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT string_agg(tradepost_internal.text('unlinked', l.lang, jsonb_build_object('tenant', (SELECT t.name FROM tradepost_internal.tenants t WHERE t.id = of_tenant AND t.id <> 1),
		'command', tradepost_internal.text('command_link', l.lang, '{"code": "482913"}'))), E'\n\n' ORDER BY l.n)
	FROM unnest(ARRAY['en', 'es', 'pt']) WITH ORDINALITY l (lang, n)
	WHERE l.lang = reply_unlinked.lang OR coalesce(reply_unlinked.lang, '') NOT IN ('en', 'es', 'pt');
END;
COMMENT ON FUNCTION tradepost_internal.reply_unlinked(text, bigint) IS 'What a number that is linked to nobody is answered, whatever it wrote: how to link it; in all languages where none is known';
