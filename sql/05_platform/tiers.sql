-- Tiers: their terms, their limits, and who has which feature.

CREATE OR REPLACE FUNCTION tradepost_internal.require_feature(user_id bigint, feature text)
	RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_require_feature';
COMMENT ON FUNCTION tradepost_internal.require_feature(bigint, text) IS
'Returns if the user''s tier includes the feature now; else TP017, which names the tier that it takes and the user''s, with {"required", "tier"} as detail. Reads the user''s row as last committed, at every call. What is not for
everybody begins with it';

CREATE OR REPLACE FUNCTION tradepost_internal.has_feature(user_id bigint, feature text)
	RETURNS boolean LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tradepost_has_feature';
COMMENT ON FUNCTION tradepost_internal.has_feature(bigint, text) IS 'Whether require_feature() would return; false for a user that there is not';

CREATE OR REPLACE FUNCTION tradepost_internal.tier_limit(tenant bigint, tier text, what text)
	RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE what WHEN 'open_orders' THEN t.max_open_orders WHEN 'api_keys' THEN t.max_api_keys WHEN 'sockets' THEN t.max_sockets ELSE 0 END
	FROM tradepost_internal.tiers t
	WHERE t.tier = tier_limit.tier AND coalesce(t.tenant, 0) IN (0, tier_limit.tenant) ORDER BY t.tenant NULLS LAST LIMIT 1;
END;
COMMENT ON FUNCTION tradepost_internal.tier_limit(bigint, text, text) IS
'How many a user of this tier may have: what is open_orders, api_keys or sockets; NULL: no limit. tier: the one that holds now. C code asks tradepost_open_order_limit()';

CREATE OR REPLACE FUNCTION tradepost_internal.tier_of(tenant bigint, tier text)
	RETURNS tradepost_internal.tiers LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	terms    tradepost_internal.tiers;
	settings jsonb := (SELECT t.settings FROM tradepost_internal.tenants t WHERE t.id = tier_of.tenant);
BEGIN
	SELECT t.* INTO terms FROM tradepost_internal.tiers t WHERE t.tier = tier_of.tier AND coalesce(t.tenant, 0) IN (0, tier_of.tenant) ORDER BY t.tenant NULLS LAST LIMIT 1;
	terms.price := coalesce((settings -> 'prices' ->> tier_of.tier)::numeric, terms.price);
	terms.currency := coalesce(settings ->> 'currency', terms.currency);
	RETURN terms;
END
$$;
COMMENT ON FUNCTION tradepost_internal.tier_of(bigint, text) IS 'The terms of a tier at a tenant: its own, else everybody''s, with the price and the currency of its settings';

CREATE OR REPLACE FUNCTION tradepost_internal.tier_json(terms tradepost_internal.tiers)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT row_to_json(x) FROM (SELECT terms.tier, to_char(terms.price, 'FM9999999990.00') AS price, terms.currency,
		(SELECT coalesce(json_agg(f.feature ORDER BY r.rank, f.feature), '[]') FROM tradepost_internal.features f
			JOIN tradepost_internal.tiers r ON r.tier = f.tier AND r.tenant IS NULL WHERE r.rank <= terms.rank) AS features,
		json_build_object('openOrders', terms.max_open_orders, 'apiKeys', terms.max_api_keys, 'sockets', terms.max_sockets) AS limits,
		json_build_object('channel', terms.support_channel, 'responseHours', trim_scale(round(extract(epoch FROM terms.support_response) / 3600, 2))) AS support) x;
END;
COMMENT ON FUNCTION tradepost_internal.tier_json(tradepost_internal.tiers) IS 'A tier as clients see it; a limit of null is none';

CREATE OR REPLACE FUNCTION tradepost_edge.tiers_list(user_id bigint, session_id bigint, args jsonb)
	RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	of_tenant bigint := tradepost_internal.edge_tenant(user_id, args);
BEGIN
	PERFORM tradepost_internal.edge_takes(args, '{}');
	RETURN json_build_object('tiers', (SELECT coalesce(json_agg(tradepost_internal.tier_json(tradepost_internal.tier_of(of_tenant, t.tier)) ORDER BY t.rank), '[]')
		FROM tradepost_internal.tiers t WHERE t.tenant IS NULL));
END
$$;
COMMENT ON FUNCTION tradepost_edge.tiers_list(bigint, bigint, jsonb) IS
'GET tiers: {"tiers": [{"tier", "price" of a month, "currency", "features", "limits", "support"}]} of the tenant, from the least. Public. Error: TP005.';

CREATE OR REPLACE FUNCTION tradepost_edge.configure_tiers(prices jsonb)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost.init();
	PERFORM tradepost_internal.require_prices(prices);
	-- Each proxy says it at each start: what is so already is not written again.
	IF EXISTS (SELECT FROM tradepost_internal.tiers t WHERE t.tenant IS NULL AND t.price <> (prices ->> t.tier)::numeric) THEN
		UPDATE tradepost_internal.tiers t SET price = (prices ->> t.tier)::numeric WHERE t.tenant IS NULL AND t.price <> (prices ->> t.tier)::numeric;
		PERFORM tradepost_internal.note_security('prices_changed', NULL, NULL, 0, jsonb_build_object('prices', prices, 'by', session_user));
	END IF;
END
$$;
COMMENT ON FUNCTION tradepost_edge.configure_tiers(jsonb) IS
'Sets prices of tiers, {"basic": "49", ...}, for tenants that have none of their own: what a proxy does at its start with the ones in its settings. Subscriptions keep the price of their period. Error: TP014.';

CREATE OR REPLACE FUNCTION tradepost.set_tier_terms(tier text, terms jsonb, tenant bigint DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
DECLARE
	known CONSTANT text[] := '{price,currency,supportChannel,supportHours,maxOpenOrders,maxApiKeys,maxSockets}';
	name  text;
	value jsonb;
BEGIN
	PERFORM tradepost.init();
	PERFORM tradepost_internal.require_definition(tier IN ('free', 'basic', 'pro', 'enterprise'), format('tier must be free, basic, pro or enterprise, not %s', coalesce(quote_literal(left(tier, 64)), 'null')), 'There are no others.');
	PERFORM tradepost_internal.require_definition(jsonb_typeof(terms) = 'object', 'terms must be a JSON object', format('It takes: %s.', array_to_string(known, ', ')));
	IF tenant IS NOT NULL THEN
		PERFORM tradepost_internal.require_tenant(tenant);
	END IF;
	FOR name, value IN SELECT * FROM jsonb_each(terms) LOOP
		PERFORM tradepost_internal.require_definition(name = ANY (known), format('term "%s" is unknown', left(name, 64)), format('There are: %s.', array_to_string(known, ', ')));
		PERFORM tradepost_internal.require_definition(CASE name
				WHEN 'price' THEN jsonb_typeof(value) IN ('number', 'string') AND value #>> '{}' ~ '^[0-9]{1,9}([.][0-9]{1,2})?$'
				WHEN 'currency' THEN jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^[A-Z]{3}$'
				WHEN 'supportChannel' THEN jsonb_typeof(value) = 'string' AND length(value #>> '{}') BETWEEN 1 AND 64
				WHEN 'maxOpenOrders' THEN jsonb_typeof(value) = 'null' OR jsonb_typeof(value) = 'number' AND value #>> '{}' ~ '^[1-9][0-9]{0,6}$'
				ELSE jsonb_typeof(value) = 'null' OR jsonb_typeof(value) = 'number' AND value #>> '{}' ~ '^[0-9]{1,6}$' END,
			format('%s cannot be %s', name, left(value::text, 64)), 'price: an amount with at most 2 decimal places; limits and hours: whole numbers, null for none.');
	END LOOP;
	LOCK TABLE tradepost_internal.tiers IN SHARE ROW EXCLUSIVE MODE;
	IF tenant IS NOT NULL THEN
		INSERT INTO tradepost_internal.tiers (tenant, tier, rank, price, currency, support_channel, support_response, max_open_orders, max_api_keys, max_sockets)
			SELECT set_tier_terms.tenant, t.tier, t.rank, t.price, t.currency, t.support_channel, t.support_response, t.max_open_orders, t.max_api_keys, t.max_sockets
			FROM tradepost_internal.tiers t WHERE t.tier = set_tier_terms.tier AND t.tenant IS NULL
			ON CONFLICT DO NOTHING;
	END IF;
	UPDATE tradepost_internal.tiers t SET
		price = coalesce((terms ->> 'price')::numeric, t.price), currency = coalesce(terms ->> 'currency', t.currency), support_channel = coalesce(terms ->> 'supportChannel', t.support_channel),
		support_response = CASE WHEN terms ? 'supportHours' THEN (terms ->> 'supportHours')::integer * interval '1 hour' ELSE t.support_response END,
		max_open_orders = CASE WHEN terms ? 'maxOpenOrders' THEN (terms ->> 'maxOpenOrders')::integer ELSE t.max_open_orders END,
		max_api_keys = CASE WHEN terms ? 'maxApiKeys' THEN (terms ->> 'maxApiKeys')::integer ELSE t.max_api_keys END,
		max_sockets = CASE WHEN terms ? 'maxSockets' THEN (terms ->> 'maxSockets')::integer ELSE t.max_sockets END
		WHERE t.tier = set_tier_terms.tier AND t.tenant IS NOT DISTINCT FROM set_tier_terms.tenant;
	PERFORM tradepost_internal.note_security('tier_changed', NULL, NULL, 0, jsonb_build_object('tier', tier, 'terms', terms, 'tenant', tenant, 'by', session_user));
	PERFORM tradepost_internal.tell_edge(json_build_object('tenant', coalesce(tenant, 1)));
END
$$;
COMMENT ON FUNCTION tradepost.set_tier_terms(text, jsonb, bigint) IS
'Changes the terms of a tier: price (of a month), currency, supportChannel, supportHours, maxOpenOrders, maxApiKeys, maxSockets; null for no limit; what is left out stays. tenant: the one that they are for; NULL: every tenant that has none of
its own. A price in the tenant''s settings goes before both. Running subscriptions keep their price. Error: TP014 with term and value. Administrators only.';

CREATE OR REPLACE FUNCTION tradepost.set_feature(feature text, tier text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, tradepost_internal, pg_temp
AS $$
BEGIN
	PERFORM tradepost.init();
	PERFORM tradepost_internal.require_definition(tier IN ('free', 'basic', 'pro', 'enterprise'), format('tier must be free, basic, pro or enterprise, not %s', coalesce(quote_literal(left(tier, 64)), 'null')), 'There are no others.');
	UPDATE tradepost_internal.features f SET tier = set_feature.tier WHERE f.feature = set_feature.feature;
	PERFORM tradepost_internal.require_definition(FOUND, format('feature %s is unknown', coalesce('"' || left(feature, 64) || '"', 'null')), 'View tradepost.tiers shows them.');
	PERFORM tradepost_internal.note_security('feature_changed', NULL, NULL, 0, jsonb_build_object('feature', feature, 'tier', tier, 'by', session_user));
END
$$;
COMMENT ON FUNCTION tradepost.set_feature(text, text) IS 'Gives a feature to a tier and those above it, from the next call on. Error: TP014. Administrators only.';

CREATE OR REPLACE VIEW tradepost.tiers WITH (security_invoker = true) AS
SELECT t.tenant, t.tier, t.rank, t.price, t.currency, t.support_channel, t.support_response, t.max_open_orders, t.max_api_keys, t.max_sockets,
	ARRAY(SELECT f.feature FROM tradepost_internal.features f WHERE f.tier = t.tier ORDER BY f.feature) AS adds
FROM tradepost_internal.tiers t;
COMMENT ON VIEW tradepost.tiers IS 'What may be subscribed to; for administrators and auditors';
COMMENT ON COLUMN tradepost.tiers.tenant IS 'Tenant that has these terms of its own; NULL: every other';
COMMENT ON COLUMN tradepost.tiers.tier IS 'free, basic, pro or enterprise';
COMMENT ON COLUMN tradepost.tiers.rank IS 'Place among the tiers, from 0';
COMMENT ON COLUMN tradepost.tiers.price IS 'Price of a month, unless the tenant''s settings have another';
COMMENT ON COLUMN tradepost.tiers.currency IS 'Currency of the price, unless the tenant''s settings have another';
COMMENT ON COLUMN tradepost.tiers.support_channel IS 'Where help is to be had';
COMMENT ON COLUMN tradepost.tiers.support_response IS 'Time within which it answers; NULL: not promised';
COMMENT ON COLUMN tradepost.tiers.max_open_orders IS 'Open orders an account may have; NULL: no limit';
COMMENT ON COLUMN tradepost.tiers.max_api_keys IS 'API keys a user may have; NULL: no limit';
COMMENT ON COLUMN tradepost.tiers.max_sockets IS 'WebSockets a user may have open; NULL: no limit';
COMMENT ON COLUMN tradepost.tiers.adds IS 'Features that it has beyond the tier below it';
