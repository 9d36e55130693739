-- What a person wrote, as a command: the parser, and what it has to know of the market.

CREATE OR REPLACE FUNCTION tradepost_internal.parse_spoken(said text, lang text, reference jsonb)
	RETURNS jsonb LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tradepost_parse_spoken';
COMMENT ON FUNCTION tradepost_internal.parse_spoken(text, text, jsonb) IS
'parse_command() by what is in reference alone: assets, spot (those of the assets without contracts), today, last, far_percent (10), large (10000). Only lang may be NULL. TP005 if reference or lang cannot be';

CREATE OR REPLACE FUNCTION tradepost_internal.spoken_reference(tenant bigint DEFAULT NULL)
	RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT jsonb_build_object('today', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
		'assets', coalesce(jsonb_agg(DISTINCT x.name), '[]'),
		'spot', coalesce(jsonb_agg(DISTINCT x.name) FILTER (WHERE x.kind = 0), '[]'),
		'last', coalesce(jsonb_object_agg(x.symbol, x.price) FILTER (WHERE x.price IS NOT NULL), '{}'))
	FROM (SELECT i.symbol, i.kind, CASE i.kind WHEN 0 THEN i.symbol ELSE a.code END AS name,
			trim_scale(CASE WHEN s.last_trade_seq > 0 THEN s.last_price ELSE coalesce(s.mark, i.initial_mark) END)::text AS price
		FROM tradepost_internal.instruments i
		JOIN tradepost_internal.assets a ON a.id = i.asset
		LEFT JOIN tradepost_internal.instrument_state s ON s.instrument = i.id
		WHERE (spoken_reference.tenant IS NULL OR i.tenant = spoken_reference.tenant) AND coalesce(s.status, 1) < 2
			AND (SELECT tradepost_internal.durable())
		ORDER BY i.tenant DESC) x;
END;
COMMENT ON FUNCTION tradepost_internal.spoken_reference(bigint) IS
'What parse_command() goes by: the assets of listed instruments (of spot their symbols), last trades'' prices or marks, the day in UTC; of a tenant, or of all that the caller sees';

CREATE OR REPLACE FUNCTION tradepost.parse_command(text text, lang text DEFAULT NULL, reference jsonb DEFAULT NULL)
	RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN parse_command.text IS NULL THEN NULL ELSE tradepost_internal.parse_spoken(parse_command.text, parse_command.lang,
		CASE WHEN jsonb_exists_all(reference, '{assets,today}') THEN reference
			WHEN reference IS NULL OR jsonb_typeof(reference) <> 'object' OR NOT jsonb_exists(reference, 'assets')
				THEN tradepost_internal.spoken_reference() || coalesce(reference, '{}')
			ELSE jsonb_build_object('today', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')) || reference END) END;
END;
COMMENT ON FUNCTION tradepost.parse_command(text, text, jsonb) IS
'What a message asks for, in English, Spanish or Portuguese (lang: en, es, pt; NULL: found out). An object, each key always there, null without a value: action (order, cancel, cancel_all, amend, market, orders, trades, positions, balance, help, confirm, reject, stop; none: nothing is asked for; clarify: question asks for what is missing or has two readings; error: question says what cannot be), lang, side (buy, sell), type (limit, market), quantity and price (decimal strings; price null for a market order), contract (Dec25), asset (its name in the catalogue), symbol, id (of the order to cancel or amend), code (that confirms or rejects), confidence (0 to 1), needs_confirmation, alternatives (other readings, each with action, side, type, quantity, price, contract, asset, symbol, id), question. It changes nothing: whether the instrument is listed is checked when an order is placed. reference: {"assets": [names], "today": "2025-11-03", "last": {"Dec25-Wheat": "150"}}; default: the caller''s markets, the day in UTC, the last prices (a contract that stands there is not past). It may also hold "spot" (assets without contracts), "far_percent" (10: a price further from the last one is to be confirmed) and "large" (10000: so is a larger quantity). Errors: TP005 lang or reference cannot be.';
