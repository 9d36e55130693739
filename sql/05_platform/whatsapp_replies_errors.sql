-- What is answered in a chat when the exchange refuses what was asked for: what is wrong
-- with it, and what to type instead.
--
-- The engine's and the edge's errors are in English, and name field, value and limit in a
-- fixed form: from there the values come.  A refusal that has no text of its own is told in
-- general words, in English with the error's own.

CREATE OR REPLACE FUNCTION tradepost_internal.reply_nearest(of_tenant bigint, wanted text)
	RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT string_agg(x.market, ', ' ORDER BY x.rank, x.expires_at, x.market)
	FROM (SELECT tradepost_internal.market_name(i.symbol, i.contract, a.code) AS market, i.expires_at,
			CASE WHEN lower(wanted) = lower(i.symbol) THEN 0 WHEN lower(w.asset) = lower(a.code) THEN 1 WHEN i.contract IS NULL AND left(lower(i.symbol), 3) = left(lower(wanted), 3) THEN 2
				WHEN left(lower(a.code), 3) = left(lower(w.asset), 3) THEN 3 END AS rank
		FROM tradepost_internal.instruments i
		JOIN tradepost_internal.assets a ON a.id = i.asset
		LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
		CROSS JOIN (SELECT regexp_replace(wanted, '^.*[- ]', '') AS asset) w
		WHERE i.tenant = of_tenant AND coalesce(s.status, 1) <> 2
		ORDER BY 3, i.expires_at, 1 LIMIT 3) x
	WHERE x.rank IS NOT NULL;
END;
COMMENT ON FUNCTION tradepost_internal.reply_nearest(bigint, text) IS 'Up to three listed markets most like a symbol that is not listed: other months of the same asset first; NULL: none is like it';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_step(lang text, said text[], asked jsonb, of_tenant bigint)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	-- price 150.3 of Dec25-Wheat is not a multiple of its tick 0.5
	value  numeric := said[2];
	step   numeric := said[5];
	below  numeric := nullif(floor(value / step) * step, 0);
	above  numeric := floor(value / step) * step + step;
	better numeric := CASE WHEN below IS NULL OR above - value < value - below THEN above ELSE below END;
	of_lot boolean := said[4] = 'lot';
	market text := coalesce((SELECT tradepost_internal.market_name(i.id) FROM tradepost_internal.instruments i WHERE i.symbol = said[3] AND i.tenant = of_tenant), said[3]);
	amount numeric := CASE WHEN of_lot THEN better ELSE (asked ->> 'quantity')::numeric END;
	price  numeric := CASE WHEN of_lot OR said[1] <> 'price' THEN (asked ->> 'price')::numeric ELSE better END;
	sides  smallint := array_position('{buy,sell}'::text[], asked ->> 'side') - 1;
BEGIN
	RETURN tradepost_internal.text(CASE WHEN of_lot THEN 'error_lot' ELSE 'error_tick' END, lang, jsonb_build_object('market', market,
		'tick', tradepost_internal.shown(step, lang), 'lot', tradepost_internal.shown(step, lang), 'price', tradepost_internal.shown(value, lang), 'quantity', tradepost_internal.shown(value, lang),
		'below', tradepost_internal.shown(coalesce(below, CASE WHEN NOT of_lot THEN 0 END), lang), 'above', tradepost_internal.shown(above, lang),
		'command', CASE
			WHEN sides IS NOT NULL AND amount > 0 AND (price IS NOT NULL OR asked ->> 'type' = 'market') THEN tradepost_internal.reply_command(lang, sides, amount, market, price)
			WHEN asked ->> 'action' = 'amend' AND NOT of_lot THEN tradepost_internal.text('command_amend', lang, jsonb_build_object('order', asked ->> 'id', 'price', tradepost_internal.shown(better, lang)))
			END));
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_step(text, text[], jsonb, bigint) IS
'What a price off its tick, or a quantity off its lot, is answered: the nearest that are on it, and the order as it could be typed. said: field, value, symbol, tick or lot, and its size';

CREATE OR REPLACE FUNCTION tradepost_internal.reply_error(lang text, sqlstate text, message text, hint text, symbol text DEFAULT NULL, asked jsonb DEFAULT NULL, asking tradepost_internal.users DEFAULT NULL)
	RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	of_tenant bigint := coalesce(asking.tenant, 1);
	wanted    text := coalesce(symbol, asked ->> 'symbol', substring(message FROM '^symbol "([^"]*)" is unknown'));
	market    text;
	said      text[];
	listed    record;
BEGIN
	SELECT tradepost_internal.market_name(i.id) AS market, i.tick, i.lot INTO listed FROM tradepost_internal.instruments i WHERE i.symbol = wanted AND i.tenant = of_tenant;
	market := coalesce(listed.market, replace(left(wanted, 64), '-', ' '));
	IF sqlstate = '@tradepost_instrument_unknown@' THEN
		RETURN tradepost_internal.text('error_market', lang, jsonb_build_object('symbol', coalesce(market, '?'), 'nearest', tradepost_internal.reply_nearest(of_tenant, wanted),
			'command', tradepost_internal.text('command_market', lang)));
	ELSIF sqlstate IN ('@tradepost_invalid_order@', '@tradepost_value_overflow@') THEN
		said := regexp_match(message, '^(\S+) (-?[0-9.]+) of (\S+) is not a multiple of its (tick|lot) ([0-9.]+)$');
		IF said IS NOT NULL THEN
			RETURN tradepost_internal.reply_step(lang, said, asked, of_tenant);
		END IF;
		said := regexp_match(message, '^(\S+) (-?[0-9.]+)(?: of (\S+))? is (?:above|beyond) its limit of ([0-9.]+)$');
		IF said IS NOT NULL THEN
			RETURN tradepost_internal.text(CASE said[1] WHEN 'quantity' THEN 'error_quantity_limit' ELSE 'error_price_limit' END, lang, jsonb_build_object('market', coalesce(market, said[3]),
				'quantity', tradepost_internal.shown(said[2]::numeric, lang), 'price', tradepost_internal.shown(said[2]::numeric, lang), 'limit', tradepost_internal.shown(said[4]::numeric, lang)));
		ELSIF message ~ ' is not above zero$' THEN
			RETURN tradepost_internal.text('error_zero', lang, jsonb_build_object('market', listed.market, 'lot', tradepost_internal.shown(listed.lot, lang), 'tick', tradepost_internal.shown(listed.tick, lang)));
		ELSIF message ~ ' (has more than [0-9]+ decimals|is beyond the limit of [0-9]+|is not a finite number)$' THEN
			RETURN tradepost_internal.text('error_number', lang);
		ELSIF message ~ ' order takes no (price|stop_price), ' AND asked ->> 'id' IS NOT NULL THEN
			RETURN tradepost_internal.text('error_amend_market', lang, jsonb_build_object('command', tradepost_internal.text('command_cancel', lang, jsonb_build_object('order', asked ->> 'id'))));
		END IF;
	ELSIF sqlstate IN ('@tradepost_order_unknown@', '@tradepost_not_found@') THEN
		RETURN tradepost_internal.text('error_order', lang, jsonb_build_object('order', coalesce(asked ->> 'id', substring(message FROM '^order "([^"]*)"')),
			'command', tradepost_internal.text('command_orders', lang)));
	ELSIF sqlstate IN ('@tradepost_tier_required@', '@tradepost_limit_reached@') THEN
		said := regexp_match(message, '^this needs the tier "([^"]*)".*; the subscription (?:is )?"([^"]*)"');
		RETURN tradepost_internal.text('error_tier', lang, jsonb_build_object('required', said[1], 'tier', said[2]));
	ELSIF sqlstate IN ('@tradepost_account_unknown@', '@tradepost_account_not_owned@', '@tradepost_session_revoked@', '@tradepost_not_allowed@', '@tradepost_tenant_mismatch@',
			'@tradepost_scope_missing@', '@tradepost_mfa_required@') THEN
		RETURN CASE WHEN asking.id IS NOT NULL AND asking.account IS NULL THEN tradepost_internal.text('account_none', lang) ELSE tradepost_internal.text('error_account', lang) END;
	ELSIF sqlstate = '@tradepost_key_reused@' THEN
		RETURN tradepost_internal.text('error_repeated', lang);
	ELSIF sqlstate IN ('@tradepost_too_many_pending@', '@tradepost_engine_off@', '@tradepost_not_published@', '@tradepost_wait_timeout@', '@tradepost_too_often@')
			OR sqlstate !~ '^TP' THEN
		RETURN tradepost_internal.text('error_busy', lang);
	END IF;
	RETURN tradepost_internal.text('error_other', lang, jsonb_build_object('message', CASE WHEN coalesce(lang, 'en') NOT IN ('es', 'pt') THEN left(message, 300) END,
		'command', tradepost_internal.text('command_help', lang)));
END
$$;
COMMENT ON FUNCTION tradepost_internal.reply_error(text, text, text, text, text, jsonb, tradepost_internal.users) IS
'What is answered when a command raised this error. symbol: the market that it was about; asked: what parse_command() made of the message, for an example of what to type instead; asking: who, for the markets of their tenant';
